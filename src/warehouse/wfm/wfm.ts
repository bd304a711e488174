import { own } from "../../base/names.ts";
import { type Config, defaultColumns } from "../../config/config.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import { type RelationColumn, spellingsOf } from "../dedupe/dedupe.ts";

/** A metric of a wfm view, and the customer's columns that hold it. */
export interface WfmColumn {
  view: "queue_windows" | "rep_windows";
  feed: "queue_wfm" | "queue_membership_wfm";
  metric: string;
  columns: string[]; // the first with a value in a row counts; none: kit.yaml says that it is not delivered
  usual: string; // the assumed column
  unit: "seconds" | "minutes" | null; // of the view; null: a count
  type: "BIGINT" | "DOUBLE";
  doc: string;
}

/** Columns of the views that no metric is in. */
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

/** What kit.yaml maps, in the order of the views' columns. */
export function wfmColumns({ site }: Pick<Config, "site">): WfmColumn[] {
  const usual = defaultColumns(site.serviceLevel.seconds);
  const of = (
    view: WfmColumn["view"],
    feed: WfmColumn["feed"],
    map: Record<string, string[]>,
    assumed: Record<string, string>,
  ) =>
    Object.entries(metrics[view]).map(([metric, [type, doc]]) => ({
      ...{ view, feed, metric, type, doc },
      columns: own(map, metric) ?? [],
      usual: own(assumed, metric)!,
      unit: type === "BIGINT" ? null : view === "rep_windows" ? ("minutes" as const) : ("seconds" as const),
    }));
  return [
    ...of("queue_windows", "queue_wfm", site.wfm.queue, usual.queue),
    ...of("rep_windows", "queue_membership_wfm", site.wfm.membership, usual.membership),
  ];
}

/**
 * The select of a wfm view: windows under the kit's metric names; a metric without column is null. Of the raw rows, every
 * delivery of a window, with its `run`. `mixed`: the feed's key does not tell windows apart as they should be.
 */
export function wfmSelect(
  config: Pick<Config, "site">,
  view: WfmColumn["view"],
  columns: readonly RelationColumn[],
  layer: "main" | "raw" = "main",
  mixed = false,
): string {
  const mapped = wfmColumns(config).filter((column) => column.view === view);
  const known = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  // Only queue_wfm is said to have the name.
  const unnamed =
    view === "rep_windows" &&
    known.has("queue_id") &&
    spellingsOf(columns, "queue_name").every(({ seen }) => seen === false);
  const plain = wfmNames.map((name) => {
    const value = unnamed && name === "queue_name" ? "queue_name::VARCHAR" : keyValue(columns, name);
    return `  ${name === "instance_ts" ? `timely(${value}, _run)` : value} as ${quoteName(name)}`;
  });
  const values = mapped.map(({ metric, columns, type }) => {
    const found = columns
      .map((column) => known.get(column.toLowerCase()))
      .filter((column) => column !== undefined && isNumeric(column))
      .map((column) => numeric(column!, type));
    const value = found.length > 1 ? `coalesce(${found.join(", ")})` : found[0];
    const sql = value ? `${value}${factor(config, metric)}` : `cast(null as ${type})`;
    return { metric, value: value && sql, sql: value ? `case when ${isQuantity(sql)} then ${sql} end` : sql };
  });
  const contradicts = contradiction(
    config,
    view,
    new Map(values.map(({ metric, value }) => [metric, value])),
  );
  const run = layer === "raw" ? ["  _run as run"] : [];
  const feed = mapped[0]!.feed;
  const from = mixed ? newestOfWindows(feed, columns) : `${layer}.${quoteName(feed)}`;
  const metrics = values.map(({ metric, sql }) => `  ${sql} as ${quoteName(metric)}`);
  return `select\n${[...plain, ...run, ...metrics, `  ${contradicts} as contradicts`].join(",\n")}\nfrom ${unnamed ? namedQueues(from, columns) : from}`;
}

// As quantity() has it: a count or a duration is neither negative nor without end.
const isQuantity = (sql: string) => `(${sql}) between 0 and 9007199254740991`;

// Minutes are rounded by the exports: so much may a part be longer than the whole.
const slack = 0.05;

// view            part                  whole                                   why
// queue_windows   within_threshold      assignments, abandons as it counts      more in time than there were
// rep_windows     available, busy       logged_in                               available without being there
// rep_windows     utilized_available    available                               chats in more time than there was
// rep_windows     utilized_busy         busy                                    the same
/** Whether the metrics of a row cannot all be true: one is no quantity, or a part is more than its whole. */
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
  const unfit = [...metrics.values()].flatMap((sql) =>
    sql ? [`${sql} is not null and not ${isQuantity(sql)}`] : [],
  );
  const over = parts.flatMap(([part, whole]) => {
    const sqls = [part, ...whole].map((metric) => metrics.get(metric));
    if (sqls.includes(undefined)) return [];
    const [first, ...rest] = sqls as string[];
    return [`${first} > ${rest.join(" + ")}${view === "rep_windows" ? ` + ${slack}` : ""}`];
  });
  const any = [...unfit, ...over];
  return any.length === 0 ? "false" : `coalesce(${any.join("\n    or ")}, false)`;
}

/** What tells a row of a WFM feed from others: its window's `start`, its own time, its queue and its rep. */
export function windowKeys(columns: readonly RelationColumn[]): [name: string, sql: string][] {
  const value = (key: (typeof wfmNames)[number]) => keyValue(columns, key);
  const keys = ["instance_ts", "queue_id", "queue_name", "rep_id"] as const;
  return [
    ["start", `window_start(${value("instance_ts")})`],
    ...keys.map((key): [string, string] => [key, value(key)]),
  ];
}

/** One of `wfmNames` in a row of a WFM feed: the value of whichever spelling of the name has one. */
export function keyValue(columns: readonly RelationColumn[], key: (typeof wfmNames)[number]): string {
  const type = key === "instance_ts" ? "TIMESTAMP" : "VARCHAR";
  const found = spellingsOf(columns, key).map(({ name }) => `try_cast(${quoteName(name)} as ${type})`);
  return found.length > 1 ? `coalesce(${found.join(", ")})` : (found[0] ?? `cast(null as ${type})`);
}

/** Rows of kit.wfm_columns. */
export function wfmColumnRows(
  config: Pick<Config, "site">,
  columnsOf: (feed: string) => readonly RelationColumn[],
) {
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

// Of each window, queue and rep the newest row: two times in one quarter-hour are one window, two ids of one name two queues.
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
  const own = columns.map(({ name }) => name).filter((name) => name.toLowerCase() !== "queue_name");
  return `(
  select ${[...own, "_run"].map((name) => `feed.${quoteName(name)}`).join(", ")}, names.queue_name
  from ${from} as feed
  left join (
    select queue_id::varchar as id, arg_max(queue_name, _run) as queue_name from main.dim_queues group by all
  ) as names on id = feed.queue_id::varchar
)`;
}

/** Whether values of this type can be a metric's; text can, where it holds numbers. */
export function isNumeric({ type }: Pick<RelationColumn, "type">): boolean {
  return /^(BIGINT|HUGEINT|DOUBLE|DECIMAL.*|VARCHAR)$/.test(type);
}

// From the delivered unit to that of the view.
function factor({ site: { wfm } }: Pick<Config, "site">, metric: string): string {
  if (metric === "wait_seconds") return wfm.waitUnit === "minutes" ? " * 60" : "";
  if (metric === "handle_seconds" || metric === "wrap_seconds")
    return wfm.handleUnit === "minutes" ? " * 60" : "";
  return Object.hasOwn(metrics.rep_windows, metric) && wfm.repUnit === "seconds" ? " / 60" : "";
}

// A count that comes with decimals, or as text, is not rounded.
function numeric({ name, type }: RelationColumn, wanted: string): string {
  if (type === wanted) return quoteName(name);
  return `try_cast(${quoteName(name)} as ${wanted === "BIGINT" && type !== "BIGINT" ? "DOUBLE" : wanted})`;
}

export const wfmViews = ["queue_windows", "rep_windows"] as const;
