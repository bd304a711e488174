import { mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { diskError } from "../base/faults.ts";
import { writeAtomically } from "../base/files.ts";
import { type Names, namesOf, noNames } from "../base/names.ts";
import { everyOne, type Fields, isFields, isText, readStored } from "../base/stored.ts";
import type { RemoteObject } from "../export/remote-partition.ts";
import { SourceError } from "../sources/source.ts";
import { type Download, fetchObject } from "./download.ts";
import { tmpFolder } from "./raw.ts";

const manifest = "docs/manifest.json";

/** `docs/manifest.json`: the local schema documents, by their path in the bucket without the prefix. */
interface Document {
  size: number;
  etag: string;
  md5: string;
}

/** The listed documents that are missing locally or have changed. */
export function newDocs(project: { data: string }, listed: RemoteObject[], prefix: string): RemoteObject[] {
  const here = read(project);
  const unread = listed.filter(
    ({ key, etag }) => !key.endsWith(".enc") && here[key.slice(prefix.length)]?.etag !== etag,
  );
  return unread.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Fetches documents to `docs/<their path>`. Returns the paths; one that cannot be fetched is left for the next sync. */
export async function fetchDocs(objects: RemoteObject[], prefix: string, download: Download): Promise<string[]> {
  const here = read(download);
  const fetched: string[] = [];
  for (const object of objects) {
    const path = object.key.slice(prefix.length);
    const fresh = join(tmpFolder(download), download.run, "docs");
    try {
      mkdirSync(dirname(fresh), { recursive: true });
      const { md5, size } = await fetchObject(object, fresh, path.endsWith(".gz"), download);
      const target = join(download.data, "docs", pathOfDay(path, object.modified));
      mkdirSync(dirname(target), { recursive: true });
      renameSync(fresh, target);
      here[path] = { size, etag: object.etag, md5 };
      fetched.push(path);
    } catch (error) {
      rmSync(fresh, { force: true });
      if (!(error instanceof SourceError)) throw diskError(error, download.data);
    }
  }
  if (fetched.length > 0) {
    const sorted = Object.entries(here).sort(([a], [b]) => (a < b ? -1 : 1));
    writeAtomically(download.data, manifest, `${JSON.stringify(namesOf(sorted), null, 1)}\n`);
  }
  return fetched;
}

// A document that is overwritten in place is kept by the day it was written.
function pathOfDay(path: string, modified: string): string {
  if (/(^|\/)dt=\d{4}-\d\d-\d\d\//.test(path)) return path;
  return join(dirname(path), `dt=${modified.slice(0, 10)}`, basename(path));
}

// An unreadable manifest counts as none: all documents are fetched again.
function read({ data }: { data: string }): Names<Document> {
  return readStored(data, manifest, null, documentsIn).value ?? noNames();
}

function documentsIn(fields: Fields): Names<Document> | null {
  const documents = everyOne(fields, isDocument);
  return documents && namesOf(Object.keys(fields).map((path, i) => [path, documents[i]!] as const));
}

function isDocument(value: unknown): value is Document {
  return isFields(value) && isText(value.etag);
}
