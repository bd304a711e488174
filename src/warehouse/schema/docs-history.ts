import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Names, namesOf, noNames } from "../../base/names.ts";
import type { Feed } from "../../export/feed.ts";
import { parseKey } from "../../export/layout.ts";
import { compareDocs, compareWithRegistry, type DocTable, parseDocs } from "./docs.ts";
import type { SchemaChange } from "./schema-change.ts";

/** What the schema documents said, day by day, as far as they were read. */
export interface DocsHistory {
  files: DocFile[]; // by day
  tables: DocTable[]; // as the last of them has them
  changes: Names<SchemaChange[]>; // by feed, oldest first
  unread?: { path: string; reason: string }[]; // documents that could not be read
}

export interface DocFile {
  dt: string;
  path: string; // below docs/
  stamp: string; // size and time of change
}

/**
 * Reads the documents under docs/ that came since, and says what they changed. A document that cannot be read is passed
 * over, and named in `unread`. One that changed, or came late, has all read anew. Returns `known` itself when there is none.
 */
export async function readDocs(
  data: string,
  feeds: ReadonlyMap<string, Feed>,
  known: DocsHistory | undefined,
): Promise<DocsHistory | undefined> {
  const files = docFiles(data);
  const before = known?.files.map(key) ?? [];
  if (files.length === before.length && files.every((file, i) => key(file) === before[i])) return known;
  const goesOn = known !== undefined && before.every((text, i) => files[i] && key(files[i]) === text);
  const history: DocsHistory = goesOn
    ? { ...known, files, changes: namesOf(Object.entries(known.changes)) }
    : { files, tables: [], changes: noNames() };
  let last: DocTable[] | null = goesOn && known.tables.length > 0 ? known.tables : null;
  let lastText: string | null = null;
  const unread = goesOn ? [...(known.unread ?? [])] : [];
  for (const { path, dt } of goesOn ? files.slice(before.length) : files) {
    let tables: DocTable[];
    try {
      const text = readText(join(data, "docs", path));
      if (text === lastText) continue;
      lastText = text;
      tables = await tablesOf(text);
    } catch (error) {
      unread.push({ path, reason: (error as Error).message.split("\n", 1)[0]! });
      continue;
    }
    if (tables.length === 0) continue;
    unread.length = 0; // a later one tells as much
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
  if (tables === null) throw new Error("it is no YAML");
  return tables;
}

function add(history: DocsHistory, changes: Names<SchemaChange[]>): void {
  for (const [feed, list] of Object.entries(changes)) {
    if (list.length > 0) history.changes[feed] = [...(history.changes[feed] ?? []), ...list];
  }
}

// One without a day in its path has its own time alone.
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

const mostBytes = 16 * 1024 * 1024; // the documents of 53 feeds come to some 200 kB; YAML takes a hundred times its size to read

/** Throws where it is no file, no sound gzip, or too large to be a document of tables. */
function readText(path: string): string {
  const { size } = statSync(path);
  if (size > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
  const bytes = readFileSync(path);
  if (!path.endsWith(".gz") || size === 0) return bytes.toString("utf8");
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes }).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    throw new Error(`it is larger than ${mostBytes} bytes, unpacked`);
  }
}

function key({ dt, path, stamp }: DocFile): string {
  return `${dt} ${path} ${stamp}`;
}
