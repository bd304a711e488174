import { relative } from "node:path";
import { CliError } from "../../base/errors.ts";
import { slashes } from "../../base/kit-folders.ts";
import type { Project } from "../../config/project.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed, PersonalData } from "../../export/feed.ts";
import { openCatalog } from "../../warehouse/catalog/catalog.ts";
import { provenance, type Snapshot } from "../../warehouse/snapshot/snapshot.ts";
import { type Lineage, lineageOf, type PlanNode, type Scan, UnknownPlan } from "./lineage.ts";

/** Personal columns that a loader ships on purpose: "-- Personal: rep_name, because the team agreed to it". */
export interface Declaration {
  columns: string[]; // of the answer, or of a feed
  reason: string;
}

const kinds: Record<Exclude<PersonalData, "none">, string> = {
  id: "ids",
  text: "what people wrote",
  name: "names",
};

export interface Loader {
  path: string; // data-loaders/days.json.sql
  source: string; // its text
  query: string; // with its parameters bound
  columns: readonly string[]; // of its answer
}

/** The declarations of a loader. Throws CliError("build") at one without a reason. */
export function declarationsOf(path: string, source: string): Declaration[] {
  return [...source.matchAll(/^-- Personal:(.*)$/gm)].map(([, text = ""]) => {
    const [, names, reason] = /^\s*([^,\s][^,]*(?:,[^,]+)*?)\s*,\s*because\s+(\S.*)$/.exec(text) ?? [];
    if (names === undefined || reason === undefined)
      throw refused(
        `${path} declares personal columns without a reason:${text}`,
        'write "-- Personal: rep_name, because …"',
      );
    return { columns: names.split(",").map((name) => name.trim()), reason: reason.trim() };
  });
}

/**
 * Throws CliError("build") if a column of a loader's answer derives from personal data, under any name and any wrapping, and
 * the loader does not declare it. A personal column may be counted, joined, filtered and grouped by.
 */
async function checkLineage(
  database: Database,
  { feeds, data }: Pick<Project, "feeds" | "data">,
  loader: Loader,
): Promise<void> {
  const { path, source, query, columns } = loader;
  const declared = new Set(declarationsOf(path, source).flatMap((declaration) => declaration.columns));
  const lineages = await traceColumns(database, query, personalScan(data, feeds), path);
  if (lineages.length !== columns.length)
    throw refused(`${path}: the lineage of its columns is unknown`, "write it as one query");
  for (const [i, name] of columns.entries()) {
    const origin = [...(lineages[i]?.keys() ?? [])].find((origin) => !declared.has(columnOf(origin)));
    if (origin === undefined || declared.has(name)) continue;
    throw refused(
      `${path} ships ${quoteName(name)}, which derives from ${origin} (${kindOf(origin, feeds)})`,
      `count it or leave it out; or state why everybody with the link may read it: "-- Personal: ${name}, because …"`,
    );
  }
}

async function traceColumns(database: Database, query: string, scan: Scan, path: string): Promise<Lineage[]> {
  const { rows } = await database.rows(`select json_serialize_plan(${quoteText(query)}, optimize := false)`);
  const answer = JSON.parse(String(rows[0]?.[0])) as {
    error: boolean;
    error_message?: string;
    plans?: PlanNode[];
  };
  const [plan, ...otherPlans] = answer.plans ?? [];
  if (answer.error || plan === undefined || otherPlans.length > 0)
    throw refused(
      `${path}: cannot trace the columns it ships: ${answer.error_message ?? "more than one statement"}`,
      "write it as one query over feeds and views of the catalog",
    );
  try {
    return lineageOf(plan, scan);
  } catch (error) {
    if (!(error instanceof UnknownPlan)) throw error;
    throw refused(
      `${path}: cannot trace the columns it ships through ${error.message}`,
      "write it as one query over feeds and views of the catalog",
    );
  }
}

/** Checks each loader once, in a separate catalog: where a view is kept as a table, a plan ends at that table. */
export interface Tracing {
  check(file: string, loader: Loader): Promise<void>;
  close(): Promise<void>;
}

export function openTracing(project: Project, snapshot?: Snapshot): Tracing {
  let opening: Promise<Database> | null = null;
  const checked = new Map<string, Promise<void>>();
  return {
    check(file, loader) {
      const open = async () => {
        opening ??= openShapes(project, snapshot);
        await checkLineage(await opening, project, loader);
      };
      const check = checked.get(file) ?? open();
      checked.set(file, check);
      return check;
    },
    close: async () => (await opening?.catch(() => null))?.close(),
  };
}

/** Views whose plans do not name the files they read: tables of the same shape replace them. */
const opaqueViews = ["kit.files", "kit.quarantine"];

async function openShapes(project: Project, snapshot?: Snapshot): Promise<Database> {
  const database = await openCatalog(project, snapshot === undefined ? {} : { snapshot });
  for (const name of opaqueViews) {
    await database.run(`create table ${name}_shape as from ${name} limit 0`);
    await database.run(`drop view if exists ${name}`).catch(() => {}); // a table when there are no files
    await database.run(`create view if not exists ${name} as from ${name}_shape`);
  }
  return database;
}

const generators = new Set(["range", "generate_series", "repeat", "repeat_row", "unnest", "json_each", "json_tree"]);

// Columns of kit.quarantine that quote the data, and so may quote what people wrote.
const quotedColumns = new Set(["text", "base64"]);

/** The lineage of a scan: a feed's files by the marks of its columns, the kit's own tables without personal data. */
export function personalScan(data: string, feeds: Map<string, Feed>): Scan {
  return (node) => {
    const name = String(node.name);
    const bound = (node.function_data ?? {}) as BoundScan;
    if (name === "seq_scan") {
      if (!["kit", "wfm", "history"].includes(bound.schema ?? "")) return null;
      const quarantine = /^quarantine(_shape)?$/.test(bound.table ?? "");
      return (column) => (quarantine && quotedColumns.has(column) ? origin("kit.quarantine", column) : new Map());
    }
    if (generators.has(name)) return () => new Map();
    if (name !== "read_parquet" && name !== "parquet_scan") return null;
    const feedsRead = new Set((bound.files ?? []).map((file) => feedOfFile(data, file)));
    const [feed] = feedsRead;
    if (feedsRead.size !== 1 || !feed) return null;
    if (feed === partitionLists) return () => new Map();
    const types = (node.returned_types ?? bound.types ?? []) as { id: string }[];
    return (column, index) => columnOrigin(feed, column, types[index]?.id ?? "VARCHAR", feeds.get(feed));
  };
}

interface BoundScan {
  files?: string[];
  types?: { id: string }[];
  schema?: string;
  table?: string;
}

function columnOrigin(feed: string, column: string, type: string, registered: Feed | undefined): Lineage {
  if (column === "_rescued") return origin(feed, column);
  if (provenance.some(({ name }) => name === column)) return new Map();
  const lower = column.toLowerCase();
  const mark = registered?.columns.find(({ name }) => name.toLowerCase() === lower)?.personal;
  return (mark ?? defaultMark(type)) === "none" ? new Map() : origin(feed, column);
}

/**
 * The mark of a column that neither the registry nor kit.yaml marks. Integers are ids as often as counts, and texts can hold
 * anything; other types cannot identify a person and may ship.
 */
function defaultMark(type: string): PersonalData {
  return /^(BOOLEAN|DOUBLE|FLOAT|DECIMAL|DATE|TIME|TIMESTAMP|INTERVAL)/.test(type) ? "none" : "text";
}

function origin(feed: string, column: string): Lineage {
  return new Map([[`${feed}.${column}`, "value"]]);
}

function columnOf(origin: string): string {
  return origin.slice(origin.lastIndexOf(".") + 1);
}

function kindOf(origin: string, feeds: Map<string, Feed>): string {
  const column = columnOf(origin);
  const feed = feeds.get(origin.slice(0, -column.length - 1));
  const mark = feed?.columns.find(({ name }) => name === column)?.personal ?? "none";
  return mark === "none" ? "a column without a `personal` mark: set it in kit.yaml under feeds" : kinds[mark];
}

const partitionLists = "the kit's own";

// The feed of data/current/<feed>/…parquet and data/staged/<feed>/…parquet, or `partitionLists` for the lists beside them.
function feedOfFile(data: string, file: string): string | null {
  const [layer, feed, name] = slashes(relative(data, file)).split("/");
  if ((layer !== "current" && layer !== "staged") || !feed || name === undefined) return null;
  return name.startsWith("partitions.") ? partitionLists : feed;
}

function refused(message: string, next: string): CliError {
  return new CliError("build", message, next);
}
