import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../../base/errors.ts";
import type { Project } from "../../config/project.ts";
import { openDatabase } from "../../duckdb/database.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { loadSnapshot, snapshotName } from "../snapshot/snapshot.ts";
import { plannedFiles } from "../wfm/forecast.ts";
import { catalogDefinitions, catalogSetup } from "./catalog.ts";

/** What kit.written tells of a file of the catalog. */
export interface CatalogFile {
  stamp: string; // of what it was made from
  own: boolean; // it holds what the kit wrote, and nothing else
}

// The oldest that DuckDB offers: what DuckDB 1.0 and later read.
const storage = "v1.0.0";
const maker = "asapp-notebook-kit";
const contents = `select coalesce(md5(string_agg(name, ' ' order by name)), '') as names, count(*)::integer as relations from (
  select schema_name || '.' || table_name as name from duckdb_tables() where database_name = 'file' and not internal
  union all
  select schema_name || '.' || view_name from duckdb_views() where database_name = 'file' and not internal)
  where name <> 'kit.written'`;

/**
 * Writes the catalog as a new DuckDB file: the names, macros and kit.* tables of `openCatalog`, over the Parquet files that
 * the warehouse consists of now, by their absolute paths. Returns how many tables and views it holds.
 */
export async function createCatalogFile(project: Project, path: string, now: Date): Promise<number> {
  if (!path.includes("?")) return fillCatalogFile(project, path, now);
  // DuckDB takes what follows a question mark for the query of a URL, and looks for its log in another folder.
  const folder = mkdtempSync(join(tmpdir(), "asapp-kit-catalog-"));
  try {
    const relations = await fillCatalogFile(project, join(folder, "catalog.duckdb"), now);
    copyFileSync(join(folder, "catalog.duckdb"), path);
    return relations;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fillCatalogFile(project: Project, path: string, now: Date): Promise<number> {
  const snapshot = loadSnapshot(project.data);
  const definitions = catalogDefinitions(project, snapshot);
  const stamp = catalogStamp(project);
  const database = await openDatabase();
  try {
    await database.run(
      `attach ${quoteText(path)} as file (storage_version ${quoteText(storage)}); use file;`,
    );
    await database.run(catalogSetup(project, snapshot));
    const created = new Set<string>();
    const create = async (key: string) => {
      if (created.has(key)) return;
      created.add(key);
      const { needs, check, create: statement } = definitions.get(key)!;
      for (const need of needs) await create(need);
      await check?.(database);
      await database.run(statement());
    };
    await database.run("begin");
    for (const key of definitions.keys()) await create(key);
    await database.run("commit");
    await database.run(
      `create table kit.written as select ${quoteText(maker)} as made_by, ${quoteText(stamp)} as stamp,
        ${quoteText(now.toISOString())}::timestamp as written_at, ${quoteText(project.data)} as data,
        (select max(data_through) from kit.feeds) as data_through, names, relations from (${contents})`,
    );
    await database.run("use memory; detach file");
    return created.size;
  } finally {
    database.close();
  }
}

/** What a file made now would be made from: the same stamp, the same names over the same files. */
export function catalogStamp(project: Project): string {
  const hash = createHash("sha256").update(catalogSetup(project, loadSnapshot(project.data)));
  hash.update(JSON.stringify([project.data, project.config.site, [...project.feeds]]));
  const snapshot = join(project.data, snapshotName);
  for (const file of [snapshot, ...plannedFiles(project.config)])
    if (existsSync(file)) hash.update(readFileSync(file));
  return hash.digest("hex");
}

/** What a file that exists is; null for a database that the kit did not write. Throws when it cannot be opened. */
export async function inspectCatalogFile(path: string): Promise<CatalogFile | null> {
  const database = await openDatabase();
  try {
    await database.run(`attach ${quoteText(path)} as file (read_only)`);
    const kept = await database.rows(
      "select 1 from duckdb_tables() where database_name = 'file' and schema_name = 'kit' and table_name = 'written'",
    );
    if (kept.rows.length === 0) return null;
    const [written] = await database.objects<{ stamp: string; own: boolean }>(
      `select stamp, written.names = here.names as own from file.kit.written, (${contents}) as here
        where made_by = ${quoteText(maker)}`,
    );
    return written === undefined || existsSync(`${path}.wal`) ? null : written;
  } catch (error) {
    throw unopened(path, error);
  } finally {
    database.close();
  }
}

function unopened(path: string, error: unknown): CliError {
  const text = (error as Error).message;
  const holder = /held in (.*?)(?:\. |$)/.exec(text)?.[1];
  if (holder !== undefined)
    return new CliError(
      "notWritable",
      `${path} is open for writing in ${holder}`,
      "disconnect there, or connect read-only (duckdb -readonly, access_mode=READ_ONLY): readers are never in the way",
      { cause: error },
    );
  return new CliError(
    "notWritable",
    `${path} is no DuckDB file that can be read here`,
    "choose another name, or --force to lose what it holds",
    { cause: error },
  );
}
