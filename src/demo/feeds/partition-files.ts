import { gzipSync } from "node:zlib";
import { markerName, objectKey } from "../../export/layout.ts";
import type { PartitionId } from "../../export/partition.ts";
import { hash } from "../simulator/random.ts";
import type { Lines } from "./lines.ts";
import { plainFeeds } from "./oddities.ts";

export interface ExportedObject {
  key: string;
  body: Buffer;
  modified: Date;
  rows: number; // lines, unreadable ones included
}

export interface PartitionPlan {
  id: PartitionId;
  lines: Lines;
  doneAt: number; // when the marker is written
  marker: boolean;
  splitAt: number; // lines per file; more lines make more files
}

const empty = Buffer.alloc(0);

/** A partition's objects in writing order: its files, then its marker. Without lines there is no file. */
export function partitionFiles(
  prefix: string,
  { id, lines, doneAt, marker, splitAt }: PartitionPlan,
): ExportedObject[] {
  const files = lines.count > splitAt ? Math.min(Math.ceil(lines.count / splitAt), 99) : 1;
  const per = Math.ceil(lines.count / files);
  const done = doneAt - (hash(`${id.feed}${id.dt}${id.hr}${id.mi}`) % 60) * 1000;
  const objects: ExportedObject[] = [];
  const plain = plainFeeds.has(id.feed);
  for (let i = 0; i < files && lines.count > 0; i++) {
    const from = i * per;
    const to = Math.min(from + per, lines.count);
    const text = lines.slice(from, to);
    const number = files === 1 ? "" : `.${String(i).padStart(2, "0")}`;
    objects.push({
      key: objectKey(prefix, id, `${id.feed}.jsonl${number}${plain ? "" : ".gz"}`),
      body: plain ? Buffer.from(text) : gzipSync(text, { level: 1 }),
      modified: new Date(done - (files - i) * 9000),
      rows: to - from,
    });
  }
  if (marker) objects.push({ key: objectKey(prefix, id, markerName), body: empty, modified: new Date(done), rows: 0 });
  return objects;
}
