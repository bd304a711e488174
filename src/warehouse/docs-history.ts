import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Feed } from "../export/feed.ts";
import { parseKey } from "../export/layout.ts";
import { compareDocs, compareWithRegistry, type DocTable, parseDocs } from "./docs.ts";
import type { SchemaChange } from "./schema-change.ts";

/** What the schema documents said, day by day, as far as they were read. */
export interface DocsHistory {
  files: DocFile[]; // by day
  tables: DocTable[]; // as the last of them has them
  changes: Record<string, SchemaChange[]>; // by feed, oldest first
}

export interface DocFile {
  dt: string;
  path: string; // below docs/
  stamp: string; // size and time of change
}

/**
 * Reads the documents under docs/ that came since, and says what they changed. A document that is no YAML is passed over.
 * One that changed, or came late, has all read anew. Returns `known` itself when there is none.
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
    ? { ...known, files, changes: { ...known.changes } }
    : { files, tables: [], changes: {} };
  let last: DocTable[] | null = goesOn && known.tables.length > 0 ? known.tables : null;
  let lastText = "";
  for (const { path, dt } of goesOn ? files.slice(before.length) : files) {
    const text = readText(join(data, "docs", path));
    if (text === null || text === lastText) continue;
    lastText = text;
    const tables = await parseDocs(text);
    if (tables === null || tables.length === 0) continue;
    add(history, compareDocs(last, tables, dt));
    if (last === null) {
      for (const table of tables) {
        const feed = feeds.get(table.name);
        if (feed) add(history, { [table.name]: compareWithRegistry(feed, table, dt) });
      }
    }
    last = tables;
  }
  history.tables = last ?? [];
  return history;
}

function add(history: DocsHistory, changes: Record<string, SchemaChange[]>): void {
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

function readText(path: string): string | null {
  try {
    const bytes = readFileSync(path);
    return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  } catch {
    return null;
  }
}

function key({ dt, path, stamp }: DocFile): string {
  return `${dt} ${path} ${stamp}`;
}
