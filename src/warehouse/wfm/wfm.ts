import { own } from "../../base/names.ts";
import { type Config, defaultColumns } from "../../config/config.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import { type RelationColumn, spellingsOf } from "../dedupe/dedupe.ts";

/** A metric of a wfm view and the export columns that hold it. */
export interface WfmColumn {
  view: "queue_windows" | "rep_windows";
  feed: "queue_wfm" | "queue_membership_wfm";
  metric: string;
  columns: string[]; // per row the first with a value counts; empty: not delivered, by kit.yaml
  usual: string; // the default column
  unit: "seconds" | "minutes" | null; // of the view; null: a count
  type: "BIGINT" | "DOUBLE";
  doc: string;
}

/** The view columns that identify a row and hold no metric. */
export const wfmNames = ["instance_ts", "company_marker", "company_id", "queue_id", "queue_name", "rep_id"];

const metrics = {
  queue_windows: {
    assignments: ["BIGINT", "Assignments to reps in the window"],
    abandons: ["BIGINT", "Customers who left the queue in the window"],
    handle_seconds: ["DOUBLE", "Mean handle time, seconds"],
    wrap_seconds: ["DOUBLE", "Mean wrap-up time, seconds"],
    wait_seconds: ["DOUBLE", "Mean wait in the queue, seconds"],
    within_threshold: ["BIGINT", "Waits within the service level's threshold"],
    reps: ["BIGINT", "Reps in the queue; one in several queues counts in each"],
  },
  rep_windows: {
    logged_in: ["DOUBLE", "Minutes logged in"],
    available: ["DOUBLE", "Minutes available"],
    busy: ["DOUBLE", "Minutes busy"],
    utilized: ["DOUBLE", "Minutes with at least one assignment"],
    utilized_available: ["DOUBLE", "Minutes available with at least one assignment"],
    utilized_busy: ["DOUBLE", "Minutes busy with at least one assignment"],
  },
} as const;

/** The mapping of kit.yaml, in the order of the views' columns. */
export function wfmColumns({ site }: Pick<Config, "site">): WfmColumn[] {
  const defaults = defaultColumns(site.serviceLevel.seconds);
  const columnsOfView = (
    view: WfmColumn["view"],
    feed: WfmColumn["feed"],
    map: Record<string, string[]>,
    defaultNames: Record<string, string>,
  ) =>
    Object.entries(metrics[view]).map(([metric, [type, doc]]) => ({
      view,
      feed,
      metric,
      type,
      doc,
      columns: own(map, metric) ?? [],
      usual: own(defaultNames, metric) ?? metric,
      unit: type === "BIGINT" ? null : view === "rep_windows" ? ("minutes" as const) : ("seconds" as const),
    }));
  return [
    ...columnsOfView("queue_windows", "queue_wfm", site.wfm.queue, defaults.queue),
    ...columnsOfView("rep_windows", "queue_membership_wfm", site.wfm.membership, defaults.membership),
  ];
}

/**
 * The select of a wfm view: windows under the kit's metric names; a metric without a column is null. For layer "raw", every
 * delivery of a window with its `run`. `mixed`: the feed's key does not identify windows correctly.
 */
export function wfmSelect(
  config: Pick<Config, "site">,
  view: WfmColumn["view"],
  columns: readonly RelationColumn[],
  layer: "main" | "raw" = "main",
  mixed = false,
): string {
  const mapped = wfmColumns(config).filter((column) => column.view === view);
  const delivered = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  // The documents give only queue_wfm a queue name.
  const unnamed =
    view === "rep_windows" &&
    delivered.has("queue_id") &&
    spellingsOf(columns, "queue_name").every(({ seen }) => seen === false);
  const nameColumns = wfmNames.map((name) => {
    const value = unnamed && name === "queue_name" ? "queue_name::VARCHAR" : keyValue(columns, name);
    return `  ${name === "instance_ts" ? `timely(${value}, _run)` : value} as ${quoteName(name)}`;
  });
  const values = mapped.map(({ metric, columns, type }) => {
    const candidates = columns.flatMap((name) => {
      const column = delivered.get(name.toLowerCase());
      return column !== undefined && isNumeric(column) ? [numeric(column, type)] : [];
    });
    const value = candidates.length > 1 ? `coalesce(${candidates.join(", ")})` : candidates[0];
    const sql = value ? `${value}${factor(config, metric)}` : `cast(null as ${type})`;
    return { metric, value: value && sql, sql: value ? `case when ${isQuantity(sql)} then ${sql} end` : sql };
  });
  const contradicts = contradiction(config, view, new Map(values.map(({ metric, value }) => [metric, value])));
  const run = layer === "raw" ? ["  _run as run"] : [];
  const feed = view === "queue_windows" ? "queue_wfm" : "queue_membership_wfm";
  const from = mixed ? newestOfWindows(feed, columns) : `${layer}.${quoteName(feed)}`;
  const metrics = values.map(({ metric, sql }) => `  ${sql} as ${quoteName(metric)}`);
  return `select\n${[...nameColumns, ...run, ...metrics, `  ${contradicts} as contradicts`].join(",\n")}\nfrom ${unnamed ? namedQueues(from, columns) : from}`;
}

// The same rule as macro quantity(): a count or a duration is finite and not negative.
const isQuantity = (sql: string) => `(${sql}) between 0 and 9007199254740991`;

// Exports round minutes, so that a part may exceed the whole by this much.
const slack = 0.05;

// view            part                  whole                                   why
// queue_windows   within_threshold      assignments, plus abandons if counted   more contacts in time than contacts
// rep_windows     available, busy       logged_in                               status without login
// rep_windows     utilized_available    available                               chats beyond the available time
// rep_windows     utilized_busy         busy                                    chats beyond the busy time
/** SQL that is true if the metrics of a row contradict: one is not a quantity, or a part exceeds its whole. */
function contradiction(
  { site }: Pick<Config, "site">,
  view: WfmColumn["view"],
  metrics: ReadonlyMap<string, string | undefined>,
): string {
  const answered = site.wfm.thresholdCounts === "answered" ? ["assignments"] : ["assignments", "abandons"];
  const parts: [part: string, whole: string[]][] =
    view === "queue_windows"
      ? [["within_threshold", answered]]
      : [
          ["available", ["logged_in"]],
          ["busy", ["logged_in"]],
          ["utilized_available", ["available"]],
          ["utilized_busy", ["busy"]],
        ];
  const unfit = [...metrics.values()].flatMap((sql) => (sql ? [`${sql} is not null and not ${isQuantity(sql)}`] : []));
  const over = parts.flatMap(([part, whole]) => {
    const sqls = [part, ...whole].map((metric) => metrics.get(metric));
    if (sqls.includes(undefined)) return [];
    const [first, ...rest] = sqls as string[];
    return [`${first} > ${rest.join(" + ")}${view === "rep_windows" ? ` + ${slack}` : ""}`];
  });
  const conditions = [...unfit, ...over];
  return conditions.length === 0 ? "false" : `coalesce(${conditions.join("\n    or ")}, false)`;
}

/** The identity of a row of a WFM feed: its window's `start`, its own time, its queue and its rep. */
export function windowKeys(columns: readonly RelationColumn[]): [name: string, sql: string][] {
  const value = (key: (typeof wfmNames)[number]) => keyValue(columns, key);
  const keys = ["instance_ts", "queue_id", "queue_name", "rep_id"] as const;
  return [
    ["start", `window_start(${value("instance_ts")})`],
    ...keys.map((key): [string, string] => [key, value(key)]),
  ];
}

/** SQL for one of `wfmNames` in a row of a WFM feed: the value of the first spelling that has one. */
export function keyValue(columns: readonly RelationColumn[], key: (typeof wfmNames)[number]): string {
  const type = key === "instance_ts" ? "TIMESTAMP" : "VARCHAR";
  const candidates = spellingsOf(columns, key).map(({ name }) => `try_cast(${quoteName(name)} as ${type})`);
  return candidates.length > 1 ? `coalesce(${candidates.join(", ")})` : (candidates[0] ?? `cast(null as ${type})`);
}

/** Rows of kit.wfm_columns. */
export function wfmColumnRows(config: Pick<Config, "site">, columnsOf: (feed: string) => readonly RelationColumn[]) {
  return wfmColumns(config).map(({ view, feed, metric, columns, type, doc }) => {
    const names = columns.map((column) => column.toLowerCase());
    const delivered = columnsOf(feed).some(
      (column) =>
        names.includes(column.name.toLowerCase()) &&
        !wfmNames.includes(column.name.toLowerCase()) &&
        isNumeric(column) &&
        (column.seen ?? false),
    );
    return { view, metric, feed, column: columns.join(", ") || null, type, delivered, doc };
  });
}

// The newest row of each window, queue and rep: two times in a quarter-hour are one window, two ids of one name two queues.
function newestOfWindows(feed: string, columns: readonly RelationColumn[]): string {
  const keys = windowKeys(columns).map(([name, sql]) => `${quoteText(name)}: ${sql}`);
  return `(
  select * exclude (_window, _copy)
  from (
    select *, row_number() over (
      partition by _window.start, _window.queue_id, _window.queue_name, _window.rep_id,
        case when _window.start is null then (_file, _line) end
      order by _run desc, _window.instance_ts desc, _file desc, _line desc
    ) as _copy
    from (select *, {${keys.join(", ")}} as _window from raw.${quoteName(feed)})
  )
  where _copy = 1
)`;
}

function namedQueues(from: string, columns: readonly RelationColumn[]): string {
  const otherNames = columns.map(({ name }) => name).filter((name) => name.toLowerCase() !== "queue_name");
  return `(
  select ${[...otherNames, "_run"].map((name) => `feed.${quoteName(name)}`).join(", ")}, names.queue_name
  from ${from} as feed
  left join (
    select queue_id::varchar as id, arg_max(queue_name, _run) as queue_name from main.dim_queues group by all
  ) as names on id = feed.queue_id::varchar
)`;
}

/** True if a column of this type can hold a metric; text may hold numbers. */
export function isNumeric({ type }: Pick<RelationColumn, "type">): boolean {
  return /^(BIGINT|HUGEINT|DOUBLE|DECIMAL.*|VARCHAR)$/.test(type);
}

// The factor from the delivered unit to that of the view.
function factor({ site: { wfm } }: Pick<Config, "site">, metric: string): string {
  if (metric === "wait_seconds") return wfm.waitUnit === "minutes" ? " * 60" : "";
  if (metric === "handle_seconds" || metric === "wrap_seconds") return wfm.handleUnit === "minutes" ? " * 60" : "";
  return Object.hasOwn(metrics.rep_windows, metric) && wfm.repUnit === "seconds" ? " / 60" : "";
}

// Counts with decimals or as text are not rounded.
function numeric({ name, type }: RelationColumn, target: string): string {
  if (type === target) return quoteName(name);
  return `try_cast(${quoteName(name)} as ${target === "BIGINT" && type !== "BIGINT" ? "DOUBLE" : target})`;
}

export const wfmViews = ["queue_windows", "rep_windows"] as const;
