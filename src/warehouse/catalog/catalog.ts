import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { feedOf, type Project } from "../../config/project.ts";
import { type Database, type DatabaseOptions, openDatabase, type QueryOptions } from "../../duckdb/database.ts";
import { quoteName } from "../../duckdb/quote.ts";
import { readLastSync } from "../../sync/last-sync.ts";
import { annotationsOf } from "../annotations/annotations.ts";
import { currentFiles } from "../current/blocks.ts";
import { partitionColumns } from "../current/partitions.ts";
import { parquetRelation, relationColumns, rowsSql, withProvenance } from "../current/relation.ts";
import type { RelationColumn } from "../dedupe/dedupe.ts";
import { knownSelect } from "../past/known.ts";
import { type Past, partitionsThen, pastOf } from "../past/past.ts";
import { deliveredThen, rankThen } from "../past/past-views.ts";
import { loadSnapshot, type Snapshot } from "../snapshot/snapshot.ts";
import { daysSelect, repWindowsSelect, throughSelect, windowsSelect } from "../wfm/completeness.ts";
import {
  checkPlanned,
  createForecast,
  createPlanned,
  dropIssuedAfter,
  relationOf,
  siteFiles,
} from "../wfm/forecast.ts";
import { plannedTables } from "../wfm/planned-csv.ts";
import { wfmSelect, wfmViews } from "../wfm/wfm.ts";
import { windowDays } from "../wfm/window-days.ts";
import { derivedRelations } from "./derived.ts";
import { manifestStamps } from "./kit-files.ts";
import type { KitSource } from "./kit-source.ts";
import { createKitTable, kitTables } from "./kit-tables.ts";
import { inMain, macroStatements, macrosIn, readMacros } from "./macros.ts";
import { odditiesSelect } from "./oddities.ts";
import { rowCountsSelect } from "./reconcile.ts";
import { documentedColumns } from "./views.ts";

export interface CatalogOptions extends Pick<DatabaseOptions, "threads" | "memoryLimit"> {
  snapshot?: Snapshot; // default: the stored one
  past?: PastOptions | undefined;
  files?: string[]; // files outside the data folder that queries may read or write, absolute
}

/** The moment whose state of knowledge a catalog shows, instead of now's. */
export interface PastOptions {
  moment: Date;
  since?: Date; // of the WFM feeds only windows from then on, which reads less
  onPast?: (past: Past) => void; // receives what is known of that moment
}

/** A name of the catalog and the statement that creates it. */
export interface Definition {
  schema: "raw" | "main" | "kit" | "wfm" | "history";
  name: string;
  create: () => string;
  prepare?: (database: Database) => Promise<void>; // creates what `create` reads
  validate?: (database: Database) => Promise<void>; // validates its input before creation; throws CliError
  needs: string[]; // names of definitions it reads, "main.queue_wfm"
  state?: () => string; // content of input files whose names do not change with it
}

/**
 * The warehouse as an in-memory database without access to files outside the data folder: raw.<feed> holds every delivered
 * row, <feed> one row per key, kit.* describes the data, wfm.* holds the WFM feeds under metric names; plus the metric
 * macros. It shows one state, whatever is synced meanwhile. A feed without data is an empty, typed view. Views and macros
 * are created when a query first names them, so that opening does not take longer with a longer history.
 */
export async function openCatalog(project: Project, options: CatalogOptions = {}): Promise<Database> {
  const now = options.snapshot ?? loadSnapshot(project.data);
  const { past: asked } = options;
  const known = asked === undefined ? null : await pastOf(project, now, asked.moment);
  if (known !== null) asked?.onPast?.(known);
  const snapshot = known?.snapshot ?? now;
  const definitions = catalogDefinitions(
    project,
    snapshot,
    known === null ? null : { known, since: asked?.since ?? null },
  );
  const { threads, memoryLimit } = options;
  const spill = known === null ? null : mkdtempSync(join(tmpdir(), "asapp-kit-past-"));
  const database = await openDatabase({
    ...(threads === undefined ? {} : { threads }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(spill === null ? {} : { tempDirectory: spill, memoryLimit: memoryLimit ?? pastMemory }),
  });
  await database.run(schemas);
  await database.sandbox([project.data], [...siteFiles(project.config), ...(options.files ?? [])]);
  const creator = new Creator(database, definitions, catalogMacros(project, snapshot));
  return createLazily(await database.connect(), creator, () => {
    database.close();
    if (spill !== null) rmSync(spill, { recursive: true, force: true });
  });
}

const pastMemory = "1GB"; // beyond which ranking all rows of a feed again writes to disk

const schemas = "create schema raw; create schema kit; create schema wfm; create schema history;";

/** The schemas and macros, which every definition may use. */
export function catalogSetup(project: Pick<Project, "config">, snapshot: Snapshot): string {
  return [schemas, ...catalogMacros(project, snapshot).values()].join("\n\n");
}

function catalogMacros({ config }: Pick<Project, "config">, { horizon }: Snapshot): Map<string, string> {
  const { timezone, site, sync } = config;
  return macroStatements({
    timezone,
    variant: site.serviceLevel.variant,
    groups: [...(site.queueGroups?.keys() ?? [])],
    futureHours: sync.futureHours,
    horizon,
  });
}

/** All definitions of the catalog, by qualified name. `past`: what was known at a past moment, with `snapshot` as its snapshot. */
export function catalogDefinitions(
  project: Project,
  snapshot: Snapshot,
  past: { known: Past; since: Date | null } | null = null,
): Map<string, Definition> {
  const { data, config } = project;
  const lastSync = readLastSync(project);
  const listedFeeds = Object.keys(lastSync?.feeds ?? {});
  const names = [...new Set([...project.feeds.keys(), ...Object.keys(snapshot.feeds), ...listedFeeds])];
  const feeds = new Map(names.map((name) => [name, feedOf(project, name)]));
  const columns = new Map<string, RelationColumn[]>();
  const columnsOf = (name: string) => {
    const cached = columns.get(name);
    if (cached) return cached;
    const feedSnapshot = snapshot.feeds[name];
    const feed = feeds.get(name);
    const result = feedSnapshot ? relationColumns(feedSnapshot) : feed ? documentedColumns(feed) : [];
    columns.set(name, result);
    return result;
  };
  const definitions = new Map<string, Definition>();
  const macros = readMacros().map(({ name }) => name);
  const add = (schema: Definition["schema"], name: string, create: () => string, needs: string[] = []) =>
    definitions.set(`${schema}.${name.toLowerCase()}`, {
      schema,
      name,
      needs,
      create: () => (schema === "wfm" || schema === "history" ? inMain(create(), macros) : create()),
    });
  const layer = (name: string, file: "staged" | "current") => () => {
    const days = snapshot.feeds[name]?.days ?? [];
    const files = file === "current" ? currentFiles(days) : days.flatMap(({ staged }) => staged ?? []);
    const columns = withProvenance(columnsOf(name));
    const schema = file === "staged" ? "raw" : "main";
    const relation = parquetRelation(data, files, columns);
    return `create view ${schema}.${quoteName(name)} as select * replace (${jsonCasts(columns)}) from ${relation}`;
  };
  for (const name of names) {
    const change = past?.known.feeds.get(name);
    const pastFeed = snapshot.feeds[name];
    if (past === null || change === undefined || pastFeed === undefined) {
      add("raw", name, layer(name, "staged"));
      add("main", name, layer(name, "current"));
      continue;
    }
    const feed = feedOf(project, name);
    const relation = { feed, was: pastFeed, change, since: feed.kind === "wfm" ? past.since : null };
    add("raw", name, () => `create view raw.${quoteName(name)} as ${deliveredThen(data, relation)}`);
    let ranked = "";
    add("main", name, () => `create view main.${quoteName(name)} as ${ranked}`);
    definitionOf(definitions, `main.${name.toLowerCase()}`).prepare = async (database) => {
      ranked = await rankThen(database, data, relation);
    };
  }
  const hasRowCounts = snapshot.feeds.export_row_counts?.days.some(({ rows }) => rows > 0);
  const partitions = (files: readonly string[]) =>
    past === null ? knownSelect(project, files) : partitionsThen(project, files, past.known);
  const listed = (files: readonly string[]) => `select * from ${parquetRelation(data, files, partitionColumns)}`;
  const covered = past === null ? listed : partitions;
  const annotations = annotationsOf(config);
  const source: KitSource = {
    project,
    snapshot,
    lastSync: past === null ? lastSync : null,
    feeds,
    columnsOf,
    partitions,
    excludedDays: annotations.excludedDays,
    isPast: past !== null,
  };
  for (const [name, table] of Object.entries(kitTables)) add("kit", name, () => createKitTable(name, table(source)));
  Object.assign(definitionOf(definitions, "kit.excluded_days"), {
    prepare: annotations.prepare,
    state: annotations.excludingContent,
  });
  for (const key of ["kit.partitions", "kit.files"])
    definitionOf(definitions, key).state = () => manifestStamps(snapshot);
  add(
    "kit",
    "row_counts",
    () =>
      createKitTable("row_counts", {
        select: rowCountsSelect(hasRowCounts ? columnsOf("export_row_counts") : []),
      }),
    ["kit.partitions", "main.export_row_counts"],
  );
  for (const view of wfmViews) {
    const feed = view === "queue_windows" ? "queue_wfm" : "queue_membership_wfm";
    const mixed = snapshot.feeds[feed]?.days.some(({ facts }) => facts?.mixed) ?? false;
    const select = () => wfmSelect(config, view, columnsOf(feed), "main", mixed);
    const needs = [`${mixed ? "raw" : "main"}.${feed}`, "main.dim_queues"];
    add("wfm", view, () => `create view wfm.${view} as ${select()}`, needs);
  }
  for (const view of wfmViews) {
    const [feed, name] =
      view === "queue_windows" ? ["queue_wfm", "queue_versions"] : ["queue_membership_wfm", "rep_versions"];
    const select = () => wfmSelect(config, view, columnsOf(feed), "raw");
    add("wfm", name, () => `create view wfm.${name} as ${select()}`, [`raw.${feed}`, "main.dim_queues"]);
  }
  add("wfm", "days", () => {
    const days = windowDays(snapshot, config.timezone).map((day) => ({ day }));
    return `create view wfm.days as select * from ${rowsSql({ day: "DATE" }, days)}`;
  });
  add("kit", "oddities", () => createKitTable("oddities", { select: odditiesSelect(snapshot) }), [
    "wfm.queue_windows",
    "wfm.rep_windows",
  ]);
  add("history", "through", () => `create view history.through as ${throughSelect(snapshot)}`);
  add("history", "days", () => `create view history.days as ${daysSelect(snapshot, covered)}`);
  add("history", "rep_windows", () => `create view history.rep_windows as ${repWindowsSelect(snapshot, covered)}`);
  add("history", "windows", () => `create view history.windows as ${windowsSelect(snapshot, covered)}`);
  for (const { schema, name, needs, select } of derivedRelations(config))
    add(schema, name, () => `create view ${schema}.${name} as ${select}`, needs);
  for (const name of plannedTables) {
    const file = config.site[name];
    const later = past === null || name === "schedule" ? "" : `; ${dropIssuedAfter(past.known.moment)}`;
    add("wfm", relationOf(name), () => createPlanned(name, file) + later);
    if (file === null) continue;
    const definition = definitionOf(definitions, `wfm.${relationOf(name)}`);
    definition.validate = (database) => checkPlanned(database, name, file);
    definition.state = () => readFileSync(file, "utf8");
  }
  add("wfm", "annotations", annotations.create);
  Object.assign(definitionOf(definitions, "wfm.annotations"), {
    prepare: annotations.prepare,
    state: annotations.content,
  });
  add("wfm", "forecast", () => createForecast, ["wfm.forecast_versions"]);
  return definitions;
}

/** A definition by its qualified name; throws without one. */
export function definitionOf(definitions: ReadonlyMap<string, Definition>, key: string): Definition {
  const definition = definitions.get(key);
  if (definition === undefined) throw new Error(`no definition of ${key}`);
  return definition;
}

/**
 * The keys of definitions that a query may name; outside main only with their schema, because words like "files" are also
 * column names. Matches in comments and strings are harmless.
 */
export function definitionsIn(sql: string, definitions: Map<string, Definition>): string[] {
  if (introspectionPattern.test(sql)) return [...definitions.keys()];
  const text = sql.toLowerCase();
  const words = new Set(text.match(/[\p{L}\p{N}_]+/gu));
  const qualified = new Set(
    [...text.matchAll(/([\p{L}\p{N}_]+)"?\s*\.\s*"?(?=([\p{L}\p{N}_]+))/gu)].map(
      ([, schema, name]) => `${schema}.${name}`,
    ),
  );
  return [...definitions].flatMap(([key, { schema, name }]) =>
    (schema === "main" ? words.has(name.toLowerCase()) : qualified.has(key)) ? [key] : [],
  );
}

/** The feeds that a query may read. */
export function feedsIn(sql: string, project: Project, snapshot: Snapshot): string[] {
  const definitions = catalogDefinitions(project, snapshot);
  const keys = withNeeds(definitionsIn(sql, definitions), definitions);
  const read = [...keys].filter((key) => /^(main|raw)\./.test(key)).map((key) => definitionOf(definitions, key).name);
  return [...new Set(read)].filter((name) => snapshot.feeds[name] !== undefined).sort();
}

/** These definitions and all that they need, directly or not. */
export function withNeeds(keys: string[], definitions: Map<string, Definition>): Set<string> {
  const closure = new Set<string>();
  const add = (key: string) => {
    if (closure.has(key)) return;
    closure.add(key);
    definitionOf(definitions, key).needs.forEach(add);
  };
  keys.forEach(add);
  return closure;
}

// DuckDB before 1.5 reads a JSON column of `schema` as text, and would then report that the view has changed.
function jsonCasts(columns: readonly RelationColumn[]): string {
  const json = columns.filter(({ type }) => type === "JSON").map(({ name }) => quoteName(name));
  return json.map((name) => `${name}::JSON as ${name}`).join(", ");
}

// Queries that list relations without naming them, switch the schema, or begin a transaction, which does not see later
// definitions. The word begins a statement or follows a bracket, since `desc` also ends an order.
const introspectionPattern =
  /(?:^|[;(])\s*(?:show|describe|desc|summarize|use|set\s+schema|begin(?=\s+transaction|\s*(?:;|$))|start\s+transaction)\b|\b(?:pragma|search_path|information_schema|duckdb_\w+|sqlite_\w+|pg_\w+|sql_auto_complete)\b/im;

class Creator {
  private readonly database: Database;
  private readonly definitions: Map<string, Definition>;
  private readonly macros: Map<string, string>;
  private readonly created = new Set<string>();
  private readonly defined = new Set<string>(); // macros
  private turn: Promise<void> = Promise.resolve();

  constructor(database: Database, definitions: Map<string, Definition>, macros: Map<string, string>) {
    this.database = database;
    this.definitions = definitions;
    this.macros = macros;
  }

  /** Creates the definitions that a query may name, before it runs. */
  prepare(sql: string): Promise<void> {
    const macros = introspectionPattern.test(sql) ? [...this.macros.keys()] : macrosIn(sql, this.macros);
    return this.create(definitionsIn(sql, this.definitions), macros);
  }

  all(): Promise<void> {
    return this.create([...this.definitions.keys()], [...this.macros.keys()]);
  }

  get complete(): boolean {
    return this.created.size === this.definitions.size && this.defined.size === this.macros.size;
  }

  // In turn, because two connections may need the same view at once.
  private create(keys: string[], macros: string[]): Promise<void> {
    if (keys.every((key) => this.created.has(key)) && macros.every((name) => this.defined.has(name)))
      return Promise.resolve();
    const run = async () => {
      await this.define(macros);
      for (const key of keys) await this.createOne(key);
    };
    const done = this.turn.then(run);
    this.turn = done.catch(() => {});
    return done;
  }

  private async createOne(key: string): Promise<void> {
    if (this.created.has(key)) return;
    const { create, prepare, validate, needs } = definitionOf(this.definitions, key);
    for (const need of needs) await this.createOne(need);
    await prepare?.(this.database);
    const statement = create();
    await this.define(macrosIn(statement, this.macros));
    await validate?.(this.database);
    await this.database.run(statement);
    this.created.add(key);
  }

  private async define(names: string[]): Promise<void> {
    const missing = names.filter((name) => !this.defined.has(name));
    if (missing.length === 0) return;
    await this.database.run(missing.map((name) => this.macros.get(name)).join("\n"));
    for (const name of missing) this.defined.add(name);
  }
}

function createLazily(link: Database, creator: Creator, closeAll: () => void): Database {
  const prepared = async <T>(sql: string, task: () => Promise<T>): Promise<T> => {
    await creator.prepare(sql);
    try {
      return await task();
    } catch (error) {
      // The query may build the name itself; or the name is wrong, and DuckDB then suggests an existing one.
      if (creator.complete || !/does not exist!/.test(String(error)) || /;\s*\S/.test(sql)) throw error;
      await creator.all();
      return task();
    }
  };
  const database: Database = {
    run: (sql: string, options?: QueryOptions) => prepared(sql, () => link.run(sql, options)),
    rows: (sql: string, options?: QueryOptions) => prepared(sql, () => link.rows(sql, options)),
    objects: <T>(sql: string, options?: QueryOptions) => prepared(sql, () => link.objects<T>(sql, options)),
    stream: (sql: string, options?: QueryOptions) => prepared(sql, () => link.stream(sql, options)),
    sandbox: (roots, files) => link.sandbox(roots, files),
    interrupt: () => link.interrupt(),
    connect: async () => createLazily(await link.connect(), creator, () => {}),
    close() {
      link.close();
      closeAll();
    },
  };
  return database;
}
