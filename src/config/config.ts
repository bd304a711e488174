import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { CliError } from "../base/errors.ts";
import { own } from "../base/names.ts";
import { hint, suggest } from "../base/suggest.ts";
import { isNull, keyOffset, type Value, YamlFile } from "../base/yaml.ts";
import type { Feed } from "../export/feed.ts";
import { type FeedOverride, feedOptions, loadRegistry, mergeFeed } from "../export/registry.ts";
import { kindOf, kinds, type SourceConfig } from "../sources/registry.ts";
import { type Alert, checkAlerts } from "./alerts-option.ts";
import { readOptions, type Written } from "./config-options.ts";
import type { FeedEntry } from "./feeds-option.ts";
import { type OpenHours, weekdays } from "./option-values.ts";

export type NewColumn = "evolve" | "rescue" | "freeze";
export type TypeChange = "widen" | "rescue" | "fail";
export type MissingColumn = "null" | "warn" | "fail";

export interface SchemaPolicy {
  onNewColumn: NewColumn;
  onTypeChange: TypeChange;
  onMissingColumn: MissingColumn;
}

/** Which part of a feed is read, with the project's settings filled in. */
export interface FeedSelection extends SchemaPolicy {
  name: string;
  bucket: string | null; // null: the source is not a bucket
  prefix: string;
  version: string | null; // null: the version read before, else the oldest
  format: string | null; // null: any
  since: string | null; // YYYY-MM-DD
  lookbackDays: number | null; // null where `since` is set
}

export type ServiceLevelVariant =
  | "offered"
  | "answered_only"
  | "exclude_abandons"
  | "credit_abandons"
  | "credit_short_abandons"
  | "exclude_short_abandons";

export interface SiteConfig {
  title: string;
  serviceLevel: { target: number; seconds: number; variant: ServiceLevelVariant; shortSeconds: number };
  weekStart: number; // 1, Monday, to 7
  privacy: {
    minReps: number;
    minContacts: number;
  };
  wfm: {
    queue: Record<string, string[]>; // metric -> columns, of which the first with a value counts; empty: not delivered
    membership: Record<string, string[]>;
    thresholdCounts: "answered" | "answered_and_abandoned";
    waitUnit: "seconds" | "minutes";
    handleUnit: "seconds" | "minutes"; // of handle and wrap-up time
    repUnit: "minutes" | "seconds"; // of queue_membership_wfm
  };
  openHours: Map<string, OpenHours[]> | null; // by queue; "default" for all others
  queueGroups: Map<string, string[]> | null; // queues by group; each queue in at most one
  excludedDays: Map<string, string | null>; // YYYY-MM-DD in the zone, left out of baselines -> the reason
  forecast: string | null; // absolute path of a CSV
  schedule: string | null; // absolute path of a CSV
  annotations: string | null; // absolute path of a CSV
}

/** kit.yaml with every default filled in and every path absolute. */
export interface Config {
  environment: string | null;
  company: string | null;
  source: SourceConfig | null;
  feeds: FeedSelection[] | "all"; // `selectFeed` covers both cases
  selections: Map<string, FeedSelection>; // feeds that kit.yaml names, also beside `all`
  excluded: Set<string>; // feeds that kit.yaml excludes from `all`
  overrides: Map<string, FeedOverride>; // what kit.yaml changes in the registry, or adds to it
  since: string | null;
  lookbackDays: number | null;
  schema: SchemaPolicy;
  timezone: string;
  data: string;
  catalog: string | null; // absolute path of the DuckDB file to keep up to date
  output: string; // absolute folder of the built site
  sync: {
    maxAgeMinutes: number;
    concurrency: number;
    graceMinutes: number;
    futureHours: number;
    maxListed: number;
    maxRatio: number;
    keepReplacedMinutes: number;
    knownBy: "auto" | "marker" | "run";
  };
  decrypt: string[] | null;
  site: SiteConfig;
  alerts: Alert[];
}

const defaults = {
  environment: "prod",
  timezone: "UTC",
  schema: { onNewColumn: "evolve", onTypeChange: "widen", onMissingColumn: "null" },
  sync: {
    maxAgeMinutes: 15,
    concurrency: 64, // without a source
    graceMinutes: 60,
    futureHours: 24,
    maxListed: 2_000_000,
    maxRatio: 200,
    keepReplacedMinutes: 14 * 24 * 60,
    knownBy: "auto",
  },
  title: "ASAPP Messaging",
  output: "site",
  serviceLevel: { target: 0.8, seconds: 60, variant: "offered", shortSeconds: 5 },
  weekStart: "monday",
  privacy: { minReps: 5, minContacts: 10 },
  wfm: {
    queue: {
      assignments: "total_assignments",
      abandons: "total_abandons",
      handle_seconds: "avg_handle_time_seconds",
      wrap_seconds: "avg_wrap_time_seconds",
      wait_seconds: "avg_wait_time_seconds",
      reps: "reps_in_queue",
    },
    membership: {
      logged_in: "lin_logged_in_min",
      available: "lin_avail_min",
      busy: "lin_busy_min",
      utilized: "lin_ute_total_min",
      utilized_available: "lin_ute_avail_min",
      utilized_busy: "lin_ute_busy_min",
    },
    thresholdCounts: "answered",
    waitUnit: "seconds",
    handleUnit: "seconds",
    repUnit: "minutes",
  },
} as const;

/**
 * Reads kit.yaml, which messages call `name`. Throws one CliError with every problem, its line and column: "unknownFeed" if
 * all of them are names of feeds, else "config".
 */
export function loadConfig(path: string, name = path, registry: Map<string, Feed> = loadRegistry()): Config {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CliError(
      "config",
      missing ? `no such file: ${name}` : `cannot read ${name}: ${(error as Error).message}`,
      missing ? "copy kit.example.yaml to kit.yaml and fill in your company" : undefined,
      { cause: error },
    );
  }
  return parseConfig(source, name, dirname(resolve(path)), registry);
}

/** Like `loadConfig`, from text. Relative paths start at `folder`. */
export function parseConfig(
  source: string,
  name: string,
  folder: string,
  registry: Map<string, Feed> = loadRegistry(),
): Config {
  const file = new YamlFile(name, source);
  file.throwProblems("correct the line: `option: value`, with the options of a section indented by two spaces");
  file.refuseSecrets();
  const written = isNull(file.top) ? {} : (readOptions(file.top) ?? {});
  const problem = (option: string, message: string) => file.report(keyOffset(file.top, option), message);
  checkSource(written, problem);
  if (written.since !== undefined && written.lookback !== undefined) problem("lookback", onlyOneWindow);
  for (const [feed, { value, entry }] of written.feeds?.named ?? []) checkFeed(feed, entry, value, registry, written);
  for (const [feed, value] of written.feeds?.excluded ?? []) {
    const suggestion = registry.has(feed) ? null : suggest(feed, registry.keys());
    if (suggestion !== null)
      file.report(value.keyAt, `unknown feed "${feed}" (did you mean "${suggestion}"?)`, "unknownFeed");
  }
  const config = resolveConfig(written, folder);
  checkAlerts(written.alerts ?? [], {
    groups: [...(config.site.queueGroups?.keys() ?? [])],
    feeds: [...new Set([...registry.keys(), ...config.overrides.keys()])],
    leastContacts: config.site.privacy.minContacts,
  });
  checkData(config, folder, (message) => problem(written.data === undefined ? "source" : "data", message));
  file.throwProblems("docs/config.md lists every option");
  return config;
}

/** The configuration of a project without kit.yaml: no source, every default. */
export function emptyConfig(folder: string): Config {
  return resolveConfig({}, folder);
}

/** Which part of this feed is read; null when the configuration excludes it. */
export function selectFeed(config: Config, name: string): FeedSelection | null {
  const written = config.selections.get(name);
  if (written !== undefined) return written;
  if (config.excluded.has(name)) return null;
  return config.feeds === "all" ? selection(name, {}, config) : null;
}

/** The policy for schema changes of this feed. */
export function policyOf(config: Config, name: string): SchemaPolicy {
  return selectFeed(config, name) ?? config.schema;
}

function resolveConfig(written: Written, folder: string): Config {
  const source = sourceOf(written, folder);
  const site = written.site ?? {};
  const level = site.service_level ?? {};
  const privacy = site.privacy ?? {};
  const wfm = site.wfm ?? {};
  const config: Config = {
    environment: written.environment ?? (written.company === undefined ? null : defaults.environment),
    company: written.company ?? null,
    source,
    feeds: "all",
    selections: new Map(),
    excluded: new Set(written.feeds?.excluded.keys()),
    overrides: new Map(),
    since: written.since ?? null,
    lookbackDays: written.lookback ?? null,
    schema: schemaPolicy(written, defaults.schema),
    timezone: written.timezone ?? defaults.timezone,
    data: absolutePath(written.data ?? `data/${source === null ? "local" : kindOf(source).dataName(source)}`, folder),
    catalog: written.catalog === undefined ? null : absolutePath(written.catalog, folder),
    output: absolutePath(site.output ?? defaults.output, folder),
    sync: {
      maxAgeMinutes: written.sync?.max_age ?? defaults.sync.maxAgeMinutes,
      concurrency:
        written.sync?.concurrency ?? (source === null ? defaults.sync.concurrency : kindOf(source).concurrency),
      graceMinutes: written.sync?.grace ?? defaults.sync.graceMinutes,
      maxListed: written.sync?.max_listed ?? defaults.sync.maxListed,
      maxRatio: written.sync?.max_ratio ?? defaults.sync.maxRatio,
      futureHours: written.sync?.future_hours ?? defaults.sync.futureHours,
      keepReplacedMinutes: written.sync?.keep_replaced ?? defaults.sync.keepReplacedMinutes,
      knownBy: written.sync?.known_by ?? defaults.sync.knownBy,
    },
    decrypt: written.decrypt === undefined || written.decrypt.length === 0 ? null : written.decrypt,
    site: {
      title: site.title ?? defaults.title,
      serviceLevel: {
        target: level.target ?? defaults.serviceLevel.target,
        seconds: level.seconds ?? defaults.serviceLevel.seconds,
        variant: level.variant ?? defaults.serviceLevel.variant,
        shortSeconds: level.short_seconds ?? defaults.serviceLevel.shortSeconds,
      },
      weekStart: weekdays.indexOf(site.week_start ?? defaults.weekStart) + 1,
      privacy: {
        minReps: privacy.min_reps ?? defaults.privacy.minReps,
        minContacts: privacy.min_contacts ?? defaults.privacy.minContacts,
      },
      wfm: {
        queue: mappedColumns(defaultColumns(level.seconds ?? defaults.serviceLevel.seconds).queue, wfm.queue),
        membership: mappedColumns(defaults.wfm.membership, wfm.membership),
        thresholdCounts: wfm.threshold_counts ?? defaults.wfm.thresholdCounts,
        waitUnit: wfm.wait_unit ?? defaults.wfm.waitUnit,
        handleUnit: wfm.handle_unit ?? defaults.wfm.handleUnit,
        repUnit: wfm.rep_unit ?? defaults.wfm.repUnit,
      },
      openHours: site.open_hours ?? null,
      queueGroups: site.queue_groups ?? null,
      excludedDays: site.exclude_days ?? new Map(),
      forecast: site.forecast === undefined ? null : absolutePath(site.forecast, folder),
      schedule: site.schedule === undefined ? null : absolutePath(site.schedule, folder),
      annotations: site.annotations === undefined ? null : absolutePath(site.annotations, folder),
    },
    alerts: (written.alerts ?? []).map(({ problem: _, ...alert }) => ({
      ...alert,
      minContacts: alert.minContacts ?? privacy.min_contacts ?? defaults.privacy.minContacts,
    })),
  };
  for (const [name, { entry }] of written.feeds?.named ?? []) {
    config.selections.set(name, selection(name, entry, config));
    const override = Object.entries(entry).filter(([option]) => Object.hasOwn(feedOptions, option));
    if (override.length > 0) config.overrides.set(name, Object.fromEntries(override));
  }
  if (written.feeds !== undefined && !written.feeds.all) config.feeds = [...config.selections.values()];
  return config;
}

function mappedColumns(
  defaultColumns: Record<string, string>,
  written: Record<string, string[] | null | undefined> = {},
): Record<string, string[]> {
  const columns = ([metric, defaultColumn]: [string, string]) => {
    const configured = own(written, metric);
    return [metric, configured === undefined ? [defaultColumn] : (configured ?? [])];
  };
  return Object.fromEntries(Object.entries(defaultColumns).map(columns));
}

/** The assumed columns of the WFM feeds. Contacts within the threshold are counted for the service level's own seconds. */
export function defaultColumns(seconds: number): Record<"queue" | "membership", Record<string, string>> {
  const { queue, membership } = defaults.wfm;
  return { queue: { ...queue, within_threshold: `waits_under_${seconds}s` }, membership };
}

function selection(name: string, entry: FeedEntry, config: Config): FeedSelection {
  const { source } = config;
  const inherited = source === null ? { bucket: null, prefix: "" } : kindOf(source).selection(source);
  const hasOwnWindow = entry.since !== undefined || entry.lookback !== undefined;
  return {
    name,
    bucket: entry.bucket ?? inherited.bucket,
    prefix: entry.prefix ?? inherited.prefix,
    version: entry.version ?? null,
    format: entry.format ?? null,
    since: hasOwnWindow ? (entry.since ?? null) : config.since,
    lookbackDays: hasOwnWindow ? (entry.lookback ?? null) : config.lookbackDays,
    ...schemaPolicy(entry, config.schema),
  };
}

function schemaPolicy(
  written: Pick<Written, "on_new_column" | "on_type_change" | "on_missing_column">,
  fallback: SchemaPolicy,
): SchemaPolicy {
  return {
    onNewColumn: written.on_new_column ?? fallback.onNewColumn,
    onTypeChange: written.on_type_change ?? fallback.onTypeChange,
    onMissingColumn:
      written.on_missing_column === null ? "null" : (written.on_missing_column ?? fallback.onMissingColumn),
  };
}

function sourceOf(written: Written, folder: string): SourceConfig | null {
  const environment = written.environment ?? defaults.environment;
  const context = { environment, absolute: (path: string) => absolutePath(path, folder) };
  for (const kind of kinds) {
    const source = kind.read(written, context);
    if (source !== null) return source;
  }
  return null;
}

const onlyOneWindow = "since and lookback are mutually exclusive: keep one of them";

function checkSource(written: Written, problem: (option: string, message: string) => void): void {
  if (written.source === undefined) {
    for (const kind of kinds) kind.validate(written, problem);
    return;
  }
  const choices = kinds.flatMap(({ selectedBy }) => selectedBy ?? []);
  if (choices.filter((option) => written.source?.[option] !== undefined).length !== 1)
    problem("source", `source needs either ${choices.join(" or ")}`);
  for (const { top, noun } of kinds)
    for (const option of Object.keys(top))
      if (own(written, option) !== undefined) problem(option, `${option} applies to ${noun}, but source is not one`);
}

// The data folder may be deleted and made again, so it must hold nothing else.
function checkData(config: Config, folder: string, problem: (message: string) => void): void {
  const { data, source } = config;
  if (contains(data, folder)) problem(`data must be a separate folder, but ${data} contains the project`);
  const local = source === null ? null : kindOf(source).localFolder(source);
  if (local !== null && (contains(data, local) || contains(local, data))) {
    problem(`data and source must be separate folders, but one of ${data} and ${local} contains the other`);
  }
}

function checkFeed(name: string, entry: FeedEntry, value: Value, registry: Map<string, Feed>, document: Written): void {
  const report = (option: string, message: string) => value.file.report(keyOffset(value, option), message);
  if (entry.since !== undefined && entry.lookback !== undefined) report("lookback", onlyOneWindow);
  for (const { feed, noun } of kinds)
    for (const option of Object.keys(feed))
      if (own(entry, option) !== undefined && document.source !== undefined)
        report(option, `${option} applies to ${noun}, but source is not one`);
  const registered = registry.get(name) ?? null;
  if (registered === null && entry.key === undefined && entry.columns === undefined) {
    const suggestion = suggest(name, registry.keys());
    const advice = "a custom feed needs a key or columns; `key: []` takes whole rows";
    const next = suggestion === null ? advice : `did you mean "${suggestion}"?`;
    value.file.report(value.keyAt, `unknown feed "${name}" (${next})`, "unknownFeed");
    return;
  }
  const { columns } = mergeFeed(name, entry, registered);
  const spellings = new Map<string, string>();
  for (const column of columns) {
    const other = spellings.get(column.name.toLowerCase());
    spellings.set(column.name.toLowerCase(), column.name);
    if (other !== undefined)
      report("columns", `column ${column.name} of feed ${name} differs from ${other} only in case`);
  }
  if (columns.length === 0) return;
  const names = columns.map((column) => column.name);
  const columnLists = { key: entry.key ?? [], order: (entry.order ?? []).flatMap((term) => term.columns) };
  for (const [option, list] of Object.entries(columnLists)) {
    for (const column of list.filter((column) => !names.includes(column))) {
      report(
        option,
        `unknown column "${column}" in ${option} of feed ${name} (${hint(column, names, 6)}; new ones go under columns)`,
      );
    }
  }
}

function absolutePath(path: string, folder: string): string {
  return resolve(folder, path === "~" || path.startsWith("~/") ? `${homedir()}${path.slice(1)}` : path);
}

function contains(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}
