import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { QuarantinedLine, Snapshot } from "../snapshot/snapshot.ts";

/** Collects the quarantined lines of a day as JSON Lines. The first line creates the file. */
export class QuarantineFile {
  readonly path: string;
  private fd: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  add(line: QuarantinedLine): void {
    this.fd ??= openSync(this.path, "w");
    const { file, line: number, reason, text, bytes, base64 } = line;
    writeSync(this.fd, `${JSON.stringify({ file, line: number, reason, text, bytes, base64 })}\n`);
  }

  /** Adds the lines of another such file. */
  addFile(path: string): void {
    this.fd ??= openSync(this.path, "w");
    writeSync(this.fd, readFileSync(path));
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }
}

/** The quarantined lines of a feed, day by day, in the order of file and line. */
export function* quarantinedLines(
  data: string,
  snapshot: Snapshot,
  feed: string,
): Generator<QuarantinedLine & { dt: string }> {
  for (const { dt, quarantine } of snapshot.feeds[feed]?.days ?? []) {
    if (quarantine === null) continue;
    for (const line of readFileSync(join(data, quarantine), "utf8").split("\n")) {
      if (line !== "") yield { dt, ...(JSON.parse(line) as QuarantinedLine) };
    }
  }
}
