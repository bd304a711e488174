import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../../base/errors.ts";
import type { Project } from "../../config/project.ts";
import { openDatabase } from "../../duckdb/database.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { loadSnapshot, snapshotName } from "../snapshot/snapshot.ts";
import { siteFiles } from "../wfm/forecast.ts";
import { catalogDefinitions, catalogSetup, definitionOf } from "./catalog.ts";

/** The record of kit.written in a catalog file. */
export interface CatalogFile {
  stamp: string; // of its inputs
  own: boolean; // it holds only what the kit wrote
}

// The oldest storage version that DuckDB offers, readable by DuckDB 1.0 and later.
const storageVersion = "v1.0.0";
const madeBy = "asapp-notebook-kit";
const contentsSql = `select coalesce(md5(string_agg(name, ' ' order by name)), '') as names, count(*)::integer as relations from (
  select schema_name || '.' || table_name as name from duckdb_tables() where database_name = 'file' and not internal
  union all
  select schema_name || '.' || view_name from duckdb_views() where database_name = 'file' and not internal)
  where name <> 'kit.written'`;

/**
 * Writes the catalog as a new DuckDB file: the views, macros and kit.* tables of `openCatalog` over the present Parquet files,
 * by absolute path. Returns the number of tables and views.
 */
export async function createCatalogFile(project: Project, path: string, now: Date): Promise<number> {
  if (!path.includes("?")) return fillCatalogFile(project, path, now);
  // DuckDB reads the part after a question mark as the query of a URL and puts its log in another folder.
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
    await database.run(`attach ${quoteText(path)} as file (storage_version ${quoteText(storageVersion)}); use file;`);
    await database.run(catalogSetup(project, snapshot));
    const created = new Set<string>();
    const create = async (key: string) => {
      if (created.has(key)) return;
      created.add(key);
      const definition = definitionOf(definitions, key);
      for (const need of definition.needs) await create(need);
      await definition.prepare?.(database);
      await definition.validate?.(database);
      await database.run(definition.create());
    };
    await database.run("begin");
    for (const key of definitions.keys()) await create(key);
    await database.run("commit");
    await database.run(
      `create table kit.written as select ${quoteText(madeBy)} as made_by, ${quoteText(stamp)} as stamp,
        ${quoteText(now.toISOString())}::timestamp as written_at, ${quoteText(project.data)} as data,
        (select max(data_through) from kit.feeds) as data_through, names, relations from (${contentsSql})`,
    );
    await database.run("use memory; detach file");
    return created.size;
  } finally {
    database.close();
  }
}

/** The stamp of a catalog file written now: equal stamps mean the same names over the same files. */
export function catalogStamp(project: Project): string {
  const hash = createHash("sha256").update(catalogSetup(project, loadSnapshot(project.data)));
  hash.update(JSON.stringify([project.data, project.config.site, [...project.feeds]]));
  const snapshot = join(project.data, snapshotName);
  for (const file of [snapshot, ...siteFiles(project.config)]) if (existsSync(file)) hash.update(readFileSync(file));
  return hash.digest("hex");
}

/** Reads the record of an existing file; null for a database that the kit did not write. Throws if it cannot be opened. */
export async function inspectCatalogFile(path: string): Promise<CatalogFile | null> {
  const database = await openDatabase();
  try {
    await database.run(`attach ${quoteText(path)} as file (read_only)`);
    const marker = await database.rows(
      "select 1 from duckdb_tables() where database_name = 'file' and schema_name = 'kit' and table_name = 'written'",
    );
    if (marker.rows.length === 0) return null;
    const [written] = await database.objects<{ stamp: string; own: boolean }>(
      `select stamp, written.names = contents.names as own from file.kit.written, (${contentsSql}) as contents
        where made_by = ${quoteText(madeBy)}`,
    );
    return written === undefined || existsSync(`${path}.wal`) ? null : written;
  } catch (error) {
    throw openError(path, error);
  } finally {
    database.close();
  }
}

function openError(path: string, error: unknown): CliError {
  const text = (error as Error).message;
  const holder = /held in (.*?)(?:\. |$)/.exec(text)?.[1];
  if (holder !== undefined)
    return new CliError(
      "notWritable",
      `${path} is open for writing in ${holder}`,
      "disconnect there, or connect read-only (duckdb -readonly, access_mode=READ_ONLY): readers do not block",
      { cause: error },
    );
  return new CliError(
    "notWritable",
    `${path} is not a readable DuckDB file`,
    "choose another name, or --force to overwrite its content",
    { cause: error },
  );
}
