import { mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { diskError } from "../base/faults.ts";
import { writeAtomically } from "../base/files.ts";
import { type Names, namesOf, noNames } from "../base/names.ts";
import { type Fields, isFields, isText, readStored } from "../base/stored.ts";
import type { RemoteObject } from "../export/remote-partition.ts";
import { SourceError } from "../sources/source.ts";
import { type Download, fetchObject } from "./download.ts";
import { tmpFolder } from "./raw.ts";

const manifest = "docs/manifest.json";

/** A local schema document, in `docs/manifest.json` by its key without the prefix. */
interface Document {
  size: number;
  etag: string;
  md5: string;
}

/** The listed documents that are missing locally or have changed, sorted by key. */
export function newDocs(project: { data: string }, listed: RemoteObject[], prefix: string): RemoteObject[] {
  const local = read(project);
  const isNew = ({ key, etag }: RemoteObject) =>
    !key.endsWith(".enc") && local[key.slice(prefix.length)]?.etag !== etag;
  return listed.filter(isNew).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Fetches documents to `docs/<path>` and returns their paths. One that cannot be fetched is left to the next sync. */
export async function fetchDocs(objects: RemoteObject[], prefix: string, download: Download): Promise<string[]> {
  const local = read(download);
  const fetched: string[] = [];
  for (const object of objects) {
    const path = object.key.slice(prefix.length);
    const fresh = join(tmpFolder(download), download.tmp, "docs");
    try {
      mkdirSync(dirname(fresh), { recursive: true });
      const { md5, size } = await fetchObject(object, fresh, path.endsWith(".gz"), download);
      const target = join(download.data, "docs", datedPath(path, object.modified));
      mkdirSync(dirname(target), { recursive: true });
      renameSync(fresh, target);
      local[path] = { size, etag: object.etag, md5 };
      fetched.push(path);
    } catch (error) {
      rmSync(fresh, { force: true });
      if (!(error instanceof SourceError)) throw diskError(error, download.data);
    }
  }
  if (fetched.length > 0) {
    const sorted = Object.entries(local).sort(([a], [b]) => (a < b ? -1 : 1));
    writeAtomically(download.data, manifest, `${JSON.stringify(namesOf(sorted), null, 1)}\n`);
  }
  return fetched;
}

// A document that is overwritten in place is kept once per day.
function datedPath(path: string, modified: string): string {
  if (/(^|\/)dt=\d{4}-\d\d-\d\d\//.test(path)) return path;
  return join(dirname(path), `dt=${modified.slice(0, 10)}`, basename(path));
}

// Without a readable manifest all documents are fetched again.
function read({ data }: { data: string }): Names<Document> {
  return readStored(data, manifest, null, documentsIn).value ?? noNames();
}

function documentsIn(fields: Fields): Names<Document> | null {
  const isEntry = (entry: [string, unknown]): entry is [string, Document] => isDocument(entry[1]);
  const entries = Object.entries(fields);
  return entries.every(isEntry) ? namesOf(entries) : null;
}

function isDocument(value: unknown): value is Document {
  return isFields(value) && isText(value.etag);
}
