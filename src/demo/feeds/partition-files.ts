import { gzipSync } from "node:zlib";
import { markerName, objectKey } from "../../export/layout.ts";
import type { PartitionId } from "../../export/partition.ts";
import { hash } from "../simulator/random.ts";
import { plainFeeds } from "./oddities.ts";

export interface ExportedObject {
  key: string;
  body: Buffer;
  modified: Date;
  rows: number; // lines, unreadable ones included
}

export interface PartitionPlan {
  id: PartitionId;
  lines: readonly string[];
  doneAt: number; // when the marker is written
  marker: boolean;
  splitAt: number; // lines per file, from which more than one file is needed
}

const empty = Buffer.alloc(0);

/** A partition's objects in the order of their writing: its files, then its marker. No lines, no file. */
export function partitionFiles(
  prefix: string,
  { id, lines, doneAt, marker, splitAt }: PartitionPlan,
): ExportedObject[] {
  const files = lines.length > splitAt ? Math.min(Math.ceil(lines.length / splitAt), 99) : 1;
  const per = Math.ceil(lines.length / files);
  const done = doneAt - (hash(`${id.feed}${id.dt}${id.hr}${id.mi}`) % 60) * 1000;
  const objects: ExportedObject[] = [];
  const plain = plainFeeds.has(id.feed);
  for (let i = 0; i < files && lines.length > 0; i++) {
    const part = files === 1 ? lines : lines.slice(i * per, (i + 1) * per);
    const text = Buffer.from(`${part.join("\n")}\n`);
    const number = files === 1 ? "" : `.${String(i).padStart(2, "0")}`;
    objects.push({
      key: objectKey(prefix, id, `${id.feed}.jsonl${number}${plain ? "" : ".gz"}`),
      body: plain ? text : gzipSync(text, { level: 1 }),
      modified: new Date(done - (files - i) * 9000),
      rows: part.length,
    });
  }
  if (marker)
    objects.push({ key: objectKey(prefix, id, markerName), body: empty, modified: new Date(done), rows: 0 });
  return objects;
}
