import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Names, namesOf, noNames } from "../../base/names.ts";
import type { Feed } from "../../export/feed.ts";
import { parseKey } from "../../export/layout.ts";
import { compareDocs, compareWithRegistry, type DocTable, parseDocs } from "./export-docs.ts";
import type { SchemaChange } from "./schema-change.ts";

/** The history of the schema documents read so far. */
export interface DocsHistory {
  files: DocFile[]; // by day
  tables: DocTable[]; // of the last document
  changes: Names<SchemaChange[]>; // by feed, oldest first
  unread?: { path: string; reason: string }[]; // unreadable documents
}

export interface DocFile {
  dt: string;
  path: string; // below docs/
  stamp: string; // size and time of change
}

/**
 * Reads the new documents under docs/ and records their changes. An unreadable document is skipped and listed in `unread`. If
 * a former document changed, or one arrived late, all are read again. Returns `former` itself without news.
 */
export async function readDocs(
  data: string,
  feeds: ReadonlyMap<string, Feed>,
  former: DocsHistory | undefined,
): Promise<DocsHistory | undefined> {
  const files = docFiles(data);
  const before = former?.files.map(key) ?? [];
  if (files.length === before.length && files.every((file, i) => key(file) === before[i])) return former;
  const isContinued = former !== undefined && before.every((text, i) => files[i] && key(files[i]) === text);
  const history: DocsHistory = isContinued
    ? { ...former, files, changes: namesOf(Object.entries(former.changes)) }
    : { files, tables: [], changes: noNames() };
  let last: DocTable[] | null = isContinued && former.tables.length > 0 ? former.tables : null;
  let lastText: string | null = null;
  const unread = isContinued ? [...(former.unread ?? [])] : [];
  for (const { path, dt } of isContinued ? files.slice(before.length) : files) {
    let tables: DocTable[];
    try {
      const text = readText(join(data, "docs", path));
      if (text === lastText) continue;
      lastText = text;
      tables = await tablesOf(text);
    } catch (error) {
      const [reason = ""] = (error as Error).message.split("\n", 1);
      unread.push({ path, reason });
      continue;
    }
    if (tables.length === 0) continue;
    unread.length = 0; // superseded by this document
    add(history, compareDocs(last, tables, dt));
    if (last === null) {
      for (const table of tables) {
        const feed = feeds.get(table.name);
        if (feed) add(history, namesOf([[table.name, compareWithRegistry(feed, table, dt)]]));
      }
    }
    last = tables;
  }
  history.tables = last ?? [];
  const { unread: _, ...rest } = history;
  return unread.length === 0 ? rest : { ...rest, unread };
}

async function tablesOf(text: string): Promise<DocTable[]> {
  if (text.replaceAll("\u0000", "").trim() === "") throw new Error("it is empty");
  const tables = await parseDocs(text);
  if (tables === null) throw new Error("it is not YAML");
  return tables;
}

function add(history: DocsHistory, changes: Names<SchemaChange[]>): void {
  for (const [feed, list] of Object.entries(changes)) {
    if (list.length > 0) history.changes[feed] = [...(history.changes[feed] ?? []), ...list];
  }
}

// A document without a day in its path is dated by its file time.
function docFiles(data: string): DocFile[] {
  const root = join(data, "docs");
  if (!existsSync(root)) return [];
  const files: DocFile[] = [];
  for (const entry of readdirSync(root, { recursive: true })) {
    const path = String(entry);
    const parsed = parseKey(path);
    if (parsed.kind !== "docs" || parsed.encrypted || !parsed.file.startsWith("export_docs")) continue;
    const { size, mtime, mtimeMs } = statSync(join(root, path));
    files.push({ dt: parsed.dt ?? mtime.toISOString().slice(0, 10), path, stamp: `${size}:${mtimeMs}` });
  }
  return files.sort((a, b) => (a.dt === b.dt ? (a.path < b.path ? -1 : 1) : a.dt < b.dt ? -1 : 1));
}

const maxBytes = 16 * 1024 * 1024; // a document of 53 feeds has some 200 kB; parsing YAML takes a hundred times its size in memory

/** Throws for anything but a file, for damaged gzip, and for a file too large to be a schema document. */
function readText(path: string): string {
  const { size } = statSync(path);
  if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
  const bytes = readFileSync(path);
  if (!path.endsWith(".gz") || size === 0) return bytes.toString("utf8");
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes }).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    throw new Error(`it is larger than ${maxBytes} bytes, unpacked`);
  }
}

function key({ dt, path, stamp }: DocFile): string {
  return `${dt} ${path} ${stamp}`;
}
