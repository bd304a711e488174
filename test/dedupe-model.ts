import type { Feed } from "../src/export/feed.ts";

export type ModelRow = Record<string, string | number | bigint | boolean | null | undefined>;

/** A row with where it came from. */
export interface Delivered {
  row: ModelRow;
  run: string;
  file: string;
  line: number;
  rescued?: string; // what else of the line tells it from others
}

/** The dedupe rule, said once more in the plainest way: the row of each key that no other goes before. */
export function modelWinners(feed: Feed, delivered: Delivered[], columns: string[]): Delivered[] {
  const newest = delivered.reduce((last, { run }) => (run > last ? run : last), "");
  const rows = feed.latestOnly ? delivered.filter(({ run }) => run === newest) : delivered;
  const key = feed.key.map((name) => feed.renamed[name] ?? name).filter((name) => columns.includes(name));
  const gone = key.filter((name) => isGone(name, key, delivered));
  const winners = new Map<string, Delivered>();
  for (const row of rows) {
    const lacks = key.every((name) => row.row[name] == null) || gone.some((name) => row.row[name] == null);
    const content = lacks ? `${keyOf(row.row, columns)} ${row.rescued}` : "";
    const group = `${keyOf(row.row, key)} ${content}`;
    const best = winners.get(group);
    if (!best || goesBefore(feed, row, best)) winners.set(group, row);
  }
  return [...winners.values()];
}

// Filled but for a few rows, except in runs that lack it and in which the rest of the key says too little.
function isGone(name: string, key: string[], delivered: Delivered[]): boolean {
  const lacks = ({ row }: Delivered) => row[name] == null;
  const runs = [...new Set(delivered.map(({ run }) => run))].map((run) => delivered.filter((each) => each.run === run));
  const whole = runs.filter((rows) => rows.every(lacks));
  const others = runs.filter((rows) => !rows.every(lacks)).flat();
  const rest = key.filter((other) => other !== name);
  const ties = whole.some((rows) => new Set(rows.map(({ row }) => keyOf(row, rest))).size < rows.length);
  return ties && others.length > 0 && others.filter(lacks).length * 20 < others.length;
}

/** Text that is the same for rows with the same key; null and absent are one. */
export function keyOf(row: ModelRow, key: string[]): string {
  return JSON.stringify(key.map((name) => (row[name] == null ? null : [typeof row[name], String(row[name])])));
}

function goesBefore(feed: Feed, a: Delivered, b: Delivered): boolean {
  for (const { columns, direction } of feed.order) {
    const [x, y] = [a, b].map(
      ({ row }) => columns.map((name) => row[name] ?? null).find((value) => value !== null) ?? null,
    );
    if (x === y) continue;
    if (x === null) return false;
    if (y === null) return true;
    return direction === "desc" ? x! > y! : x! < y!;
  }
  if (a.run !== b.run) return a.run > b.run;
  if (a.file !== b.file) return a.file > b.file;
  return a.line > b.line;
}
