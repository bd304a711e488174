import type { Row } from "../tables/issue-state.ts";

/** Lines of text collected as bytes, and reused for many partitions: a million strings would need more memory. */
export interface Lines {
  readonly count: number;
  add(line: string): void;
  addRows(rows: readonly Row[]): void;
  slice(from: number, to: number): Buffer; // with line ends; valid until the next clear
  clear(): void;
}

export function openLines(): Lines {
  let bytes = Buffer.allocUnsafe(64 * 1024);
  let ends: number[] = [];
  const end = () => ends[ends.length - 1] ?? 0;
  const lines: Lines = {
    get count() {
      return ends.length;
    },
    add(line) {
      const start = end();
      const capacity = start + line.length * 3 + 1;
      if (capacity > bytes.length) {
        const larger = Buffer.allocUnsafe(capacity * 2);
        bytes.copy(larger, 0, 0, start);
        bytes = larger;
      }
      const written = start + bytes.write(line, start);
      bytes[written] = 0x0a;
      ends.push(written + 1);
    },
    addRows(rows) {
      for (const row of rows) lines.add(JSON.stringify(row));
    },
    slice: (from, to) => bytes.subarray(from === 0 ? 0 : ends[from - 1], ends[to - 1] ?? 0),
    clear() {
      ends = [];
    },
  };
  return lines;
}
