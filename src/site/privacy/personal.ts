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

/** What a loader says it ships of people all the same: "-- Personal: rep_name, because the team agreed to it". */
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
  place: string; // data-loaders/days.json.sql
  source: string; // its text
  query: string; // with its parameters in place
  columns: readonly string[]; // of its answer
}

/** The declarations of a loader. Throws CliError("build") at one without a reason. */
export function declarationsOf(place: string, source: string): Declaration[] {
  return [...source.matchAll(/^-- Personal:(.*)$/gm)].map(([, text]) => {
    const match = /^\s*([^,\s][^,]*(?:,[^,]+)*?)\s*,\s*because\s+(\S.*)$/.exec(text!);
    if (match === null)
      throw refused(
        `${place} declares personal columns without a reason:${text}`,
        'write "-- Personal: rep_name, because …"',
      );
    return { columns: match[1]!.split(",").map((name) => name.trim()), reason: match[2]!.trim() };
  });
}

/**
 * Throws CliError("build") unless each column of a loader's answer is made of nothing personal, whatever it is called and
 * however it is wrapped, or the loader declares it. A personal column may be counted, joined, filtered and grouped by.
 */
async function checkMadeOf(
  database: Database,
  { feeds, data }: Pick<Project, "feeds" | "data">,
  loader: Loader,
): Promise<void> {
  const { place, source, query, columns } = loader;
  const declared = new Set(declarationsOf(place, source).flatMap((declaration) => declaration.columns));
  const made = await madeOf(database, query, personalScan(data, feeds), place);
  if (made.length !== columns.length)
    throw refused(`${place}: what its columns are made of cannot be told`, "write it as one query");
  for (const [i, name] of columns.entries()) {
    const origins = [...made[i]!.keys()].filter((origin) => !declared.has(columnOf(origin)));
    if (origins.length === 0 || declared.has(name)) continue;
    const [origin] = origins;
    throw refused(
      `${place} ships ${quoteName(name)}, which is made of ${origin} (${kindOf(origin!, feeds)})`,
      `count it or leave it out; or say why everybody with the link may read it: "-- Personal: ${name}, because …"`,
    );
  }
}

async function madeOf(database: Database, query: string, scan: Scan, place: string): Promise<Lineage[]> {
  const { rows } = await database.rows(`select json_serialize_plan(${quoteText(query)}, optimize := false)`);
  const answer = JSON.parse(String(rows[0]![0])) as {
    error: boolean;
    error_message?: string;
    plans?: PlanNode[];
  };
  if (answer.error || answer.plans?.length !== 1)
    throw refused(
      `${place}: what it ships cannot be traced: ${answer.error_message ?? "it is more than one statement"}`,
      "write it as one query over feeds and views of the catalog",
    );
  try {
    return lineageOf(answer.plans[0]!, scan);
  } catch (error) {
    if (!(error instanceof UnknownPlan)) throw error;
    throw refused(
      `${place}: what it ships cannot be traced through ${error.message}`,
      "write it as one query over feeds and views of the catalog",
    );
  }
}

/** Looks each loader over once, in a catalog of its own: where views are kept as tables, a plan ends at the table. */
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
        await checkMadeOf(await opening, project, loader);
      };
      const check = checked.get(file) ?? open();
      checked.set(file, check);
      return check;
    },
    close: async () => (await opening?.catch(() => null))?.close(),
  };
}

/** Views over files whose reading a plan cannot say: tables of the same shape stand for them. */
const unplanned = ["kit.files", "kit.quarantine"];

async function openShapes(project: Project, snapshot?: Snapshot): Promise<Database> {
  const database = await openCatalog(project, snapshot === undefined ? {} : { snapshot });
  for (const name of unplanned) {
    await database.run(`create table ${name}_shape as from ${name} limit 0`);
    await database.run(`drop view if exists ${name}`).catch(() => {}); // without any file it is a table
    await database.run(`create view if not exists ${name} as from ${name}_shape`);
  }
  return database;
}

const rowsOfNothing = new Set([
  "range",
  "generate_series",
  "repeat",
  "repeat_row",
  "unnest",
  "json_each",
  "json_tree",
]);

// Columns of kit.quarantine that repeat what stood in the data, and so may repeat what people wrote.
const repeats = new Set(["text", "base64"]);

/** What a scan's columns hold: of a feed's files as its columns are marked, of the kit's own tables nothing personal. */
export function personalScan(data: string, feeds: Map<string, Feed>): Scan {
  return (node) => {
    const name = String(node.name);
    const bound = (node.function_data ?? {}) as BoundScan;
    if (name === "seq_scan") {
      if (!["kit", "wfm", "history"].includes(bound.schema ?? "")) return null;
      const quarantine = /^quarantine(_shape)?$/.test(bound.table ?? "");
      return (column) => (quarantine && repeats.has(column) ? origin("kit.quarantine", column) : new Map());
    }
    if (rowsOfNothing.has(name)) return () => new Map();
    if (name !== "read_parquet" && name !== "parquet_scan") return null;
    const places = new Set((bound.files ?? []).map((file) => placeOf(data, file)));
    const [place] = places;
    if (places.size !== 1 || !place) return null;
    if (place === ownFiles) return () => new Map();
    const types = (node.returned_types ?? bound.types ?? []) as { id: string }[];
    return (column, index) => personal(place, column, types[index]?.id ?? "VARCHAR", feeds.get(place));
  };
}

interface BoundScan {
  files?: string[];
  types?: { id: string }[];
  schema?: string;
  table?: string;
}

function personal(feed: string, column: string, type: string, known: Feed | undefined): Lineage {
  if (column === "_rescued") return origin(feed, column);
  if (provenance.some(({ name }) => name === column)) return new Map();
  const lower = column.toLowerCase();
  const judged = known?.columns.find(({ name }) => name.toLowerCase() === lower)?.personal;
  return (judged ?? unjudged(type)) === "none" ? new Map() : origin(feed, column);
}

/**
 * A column that neither the registry nor kit.yaml judges. Whole numbers are ids as often as counts, texts can be anything;
 * what cannot name a person by itself may ship.
 */
function unjudged(type: string): PersonalData {
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
  const judged = feed?.columns.find(({ name }) => name === column)?.personal ?? "none";
  return judged === "none" ? "a column that nobody has judged: kit.yaml may, under feeds" : kinds[judged];
}

const ownFiles = "the kit's own";

// The feed of data/current/<feed>/…parquet and data/staged/<feed>/…parquet, beside which its list of partitions lies.
function placeOf(data: string, file: string): string | null {
  const [layer, feed, name] = slashes(relative(data, file)).split("/");
  if ((layer !== "current" && layer !== "staged") || !feed || name === undefined) return null;
  return name.startsWith("partitions.") ? ownFiles : feed;
}

function refused(message: string, next: string): CliError {
  return new CliError("build", message, next);
}
