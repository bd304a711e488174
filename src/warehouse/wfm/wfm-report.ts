import { own } from "../../base/names.ts";
import type { Config } from "../../config/config.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteName, quoteText } from "../../duckdb/quote.ts";
import { relationColumns } from "../current/relation.ts";
import type { RelationColumn } from "../dedupe/dedupe.ts";
import type { FeedSnapshot, Snapshot } from "../snapshot/snapshot.ts";
import { isNumeric, keyValue, type WfmColumn, wfmColumns, wfmNames } from "./wfm.ts";
import { clearGuess, type Guess, guesses, type Values } from "./wfm-guess.ts";

/** A delivered column of a WFM feed, with a summary of its values in the newest days. */
export interface DeliveredColumn {
  column: string;
  type: string;
  values: Values | null; // null if not read
  firstSeen: string | null; // days
  lastSeen: string | null;
}

/**
 * The state of a column, or of a metric: that of its best column.
 * mapped: delivered · ended: delivered, but not on the newest days · missing: not delivered · empty: delivered without values ·
 * no numbers: holds other values · off: not delivered, by kit.yaml
 */
export type MetricState = "mapped" | "ended" | "empty" | "no numbers" | "missing" | "off";

const bestFirst: MetricState[] = ["mapped", "ended", "empty", "no numbers", "missing"];

export interface MetricReport {
  metric: string;
  option: string; // its path in kit.yaml
  columns: { column: string; state: MetricState }[]; // as mapped; per row the first with a value counts
  state: MetricState;
  doc: string;
  guesses: Guess[]; // best first; empty for a metric that is mapped or off
  clear: string | null; // the guess that is good enough to write without asking
}

export interface FeedReport {
  feed: WfmColumn["feed"];
  rows: number; // read
  firstDay: string | null; // of these
  lastDay: string | null;
  columns: DeliveredColumn[]; // without those that identify window, queue and rep
  metrics: MetricReport[];
}

/** A setting of the columns that only the customer can decide, with the evidence in the data. */
export interface Switch {
  option: string; // site.wfm.wait_unit
  value: string;
  usual: string; // the default
  choices: string[];
  suggests: string | null; // null: no evidence
  because: string;
}

const newestDays = 28;
const units = ["seconds", "minutes"];

/** The columns of the WFM feeds and their mapping, by name, without reading data. */
export function columnReports(config: Pick<Config, "site">, { feeds }: Snapshot): FeedReport[] {
  return (["queue_wfm", "queue_membership_wfm"] as const).flatMap((feed) => {
    const feedSnapshot = feeds[feed];
    return feedSnapshot?.days.some(({ rows }) => rows > 0) ? [feedReport(config, feed, feedSnapshot, new Map())] : [];
  });
}

/**
 * The same with values, and with the evidence for the switches, from an open catalog. Reads the newest 28 days of both
 * feeds.
 */
export async function wfmReport(
  database: Database,
  config: Pick<Config, "site">,
  snapshot: Snapshot,
): Promise<{ feeds: FeedReport[]; switches: Switch[] }> {
  const reports: FeedReport[] = [];
  for (const { feed } of columnReports(config, snapshot)) {
    const feedSnapshot = snapshot.feeds[feed];
    if (feedSnapshot === undefined) continue;
    const { facts, values } = await readValues(database, feed, relationColumns(feedSnapshot));
    reports.push({ ...feedReport(config, feed, feedSnapshot, values), ...facts });
  }
  return { feeds: reports, switches: reports.length === 0 ? [] : await switches(database, config) };
}

function feedReport(
  config: Pick<Config, "site">,
  feed: WfmColumn["feed"],
  feedSnapshot: FeedSnapshot,
  values: Map<string, Values>,
): FeedReport {
  const lastDay = feedSnapshot.days.reduce<string>((last, { dt, rows }) => (rows > 0 && dt > last ? dt : last), "");
  const columns = feedSnapshot.columns
    .filter(({ key, firstSeen }) => firstSeen !== null && !wfmNames.includes(key.toLowerCase()))
    .map(({ name, type, firstSeen, lastSeen }) => ({
      column: name,
      type,
      values: values.get(name) ?? null,
      firstSeen,
      lastSeen,
    }));
  const metricsOfFeed = wfmColumns(config).filter((each) => each.feed === feed);
  const stateOf = (column: string): MetricState => {
    const delivered = columns.find((each) => each.column.toLowerCase() === column.toLowerCase());
    if (delivered === undefined) return "missing";
    if (!isNumeric(delivered) || (delivered.values?.numeric ?? 1) < 0.9) return "no numbers";
    if (delivered.values?.filled === 0) return "empty";
    return delivered.lastSeen !== null && delivered.lastSeen < lastDay ? "ended" : "mapped";
  };
  const states = metricsOfFeed.map((each) => {
    const columnStates = each.columns.map((column) => ({ column, state: stateOf(column) }));
    const state = bestFirst.find((best) => columnStates.some((column) => column.state === best)) ?? "off";
    return { each, columns: columnStates, state };
  });
  const taken = new Set(
    states
      .flatMap(({ columns }) => columns)
      .filter(({ state }) => state === "mapped")
      .map(({ column }) => column.toLowerCase()),
  );
  const free = columns.filter(
    (each) =>
      !taken.has(each.column.toLowerCase()) && isNumeric(each) && (each.lastSeen === null || each.lastSeen >= lastDay),
  );
  const metrics = states.map(({ each, columns, state }) => {
    const candidates = state === "mapped" || state === "off" ? [] : free;
    const guessed = guesses(
      each,
      candidates.map(({ column, values }) => ({ name: column, values })),
      config.site.serviceLevel.seconds,
    );
    return {
      metric: each.metric,
      option: `site.wfm.${feed === "queue_wfm" ? "queue" : "membership"}.${each.metric}`,
      columns,
      state,
      doc: each.doc,
      guesses: guessed,
      clear: clearGuess(guessed),
    };
  });
  const clear = metrics.map((metric) => metric.clear);
  for (const metric of metrics)
    if (clear.indexOf(metric.clear) !== clear.lastIndexOf(metric.clear)) metric.clear = null; // two metrics claim it
  return { feed, rows: 0, firstDay: null, lastDay: lastDay || null, columns, metrics };
}

async function readValues(database: Database, feed: string, columns: readonly RelationColumn[]) {
  const moment = keyValue(columns, "instance_ts");
  const newest = `(select max(${moment}) from ${quoteName(feed)})`;
  const from = `${quoteName(feed)} where ${moment} > ${newest} - interval ${newestDays} days`;
  const [facts] = await database.objects<{ rows: number; firstDay: string; lastDay: string }>(
    `select count(*) as rows, min(${moment})::date as "firstDay", max(${moment})::date as "lastDay" from ${from}`,
  );
  const values = new Map<string, Values>();
  for (const { name, key, type, seen } of columns) {
    if (!seen || wfmNames.includes((key ?? name).toLowerCase())) continue;
    const column = quoteName(name);
    const number = isNumeric({ type }) ? `try_cast(${column} as double)` : "null::double";
    // A value that did not fit its column's type is in _rescued and is not a number.
    const path = quoteText(`$.${JSON.stringify(name)}`);
    const [summary] = await database.objects<Values>(
      `select count(*) as rows, coalesce(count(value) / nullif(count(*), 0), 0) as filled,
        coalesce(count(number) / nullif(count(value), 0), 1) as numeric,
        coalesce(count(*) filter (number = floor(number)) / nullif(count(number), 0), 0) as whole,
        min(number) as min, median(number) as median, max(number) as max
      from (select coalesce(${column}::varchar, json_extract_string(_rescued, ${path})) as value, case when isfinite(${number}) then ${number} end as number from ${from})`,
    );
    if (summary) values.set(name, summary);
  }
  return { facts: facts ?? {}, values };
}

async function switches(database: Database, { site }: Pick<Config, "site">): Promise<Switch[]> {
  const { wfm } = site;
  const { seconds } = site.serviceLevel;
  const [counts] = await database.objects<Record<string, number | null>>(`
    with windows as (
      select * from wfm.queue_windows
      where instance_ts > (select max(instance_ts) from wfm.queue_windows) - interval ${newestDays} days
    )
    select
      count(*) filter (abandons > 0 and within_threshold is not null) as counted,
      count(*) filter (within_threshold > assignments) as above,
      count(*) filter (within_threshold > assignments + coalesce(abandons, 0)) as beyond,
      count(*) filter (within_threshold = assignments and assignments > 0 and coalesce(abandons, 0) = 0 and wait_seconds > 0)
        as all_soon,
      count(*) filter (within_threshold = assignments and assignments > 0 and coalesce(abandons, 0) = 0
        and wait_seconds > ${seconds}) as too_long,
      count(*) filter (within_threshold = 0 and assignments > 0 and coalesce(abandons, 0) = 0 and wait_seconds is not null)
        as none_soon,
      count(*) filter (within_threshold = 0 and assignments > 0 and coalesce(abandons, 0) = 0 and wait_seconds < ${seconds})
        as too_short,
      median(handle_seconds) filter (handle_seconds > 0) as handle,
      (select median(handle_time_seconds) from rep_convos where handle_time_seconds > 0) as history,
      (select max(logged_in) from wfm.rep_windows) as logged_in
    from windows`);
  const countOf = (name: string) => own(counts ?? {}, name) ?? 0;
  const other = (value: "seconds" | "minutes") => (value === "seconds" ? "minutes" : "seconds");
  return [
    {
      option: "site.wfm.threshold_counts",
      value: wfm.thresholdCounts,
      usual: "answered",
      choices: ["answered", "answered_and_abandoned"],
      ...thresholdEvidence(countOf("counted"), countOf("above"), countOf("beyond")),
    },
    {
      option: "site.wfm.wait_unit",
      value: wfm.waitUnit,
      usual: "seconds",
      choices: units,
      ...waitEvidence(wfm.waitUnit, other(wfm.waitUnit), seconds, {
        all: countOf("all_soon"),
        long: countOf("too_long"),
        none: countOf("none_soon"),
        short: countOf("too_short"),
      }),
    },
    {
      option: "site.wfm.handle_unit",
      value: wfm.handleUnit,
      usual: "seconds",
      choices: units,
      ...handleEvidence(wfm.handleUnit, counts?.handle ?? null, counts?.history ?? null),
    },
    {
      option: "site.wfm.rep_unit",
      value: wfm.repUnit,
      usual: "minutes",
      choices: units,
      ...repEvidence(wfm.repUnit, counts?.logged_in ?? null),
    },
  ];
}

type Evidence = Pick<Switch, "suggests" | "because">;

const minWindows = 20; // windows, below which the data is no evidence

function thresholdEvidence(windows: number, above: number, beyond: number): Evidence {
  if (windows < minWindows) return { suggests: null, because: "too few windows with abandons" };
  if (beyond > 0)
    return {
      suggests: null,
      because: `within_threshold exceeds all contacts in ${beyond} windows: check its column first`,
    };
  return above > 0
    ? {
        suggests: "answered_and_abandoned",
        because: `within_threshold exceeds assignments in ${above} windows`,
      }
    : { suggests: "answered", because: "within_threshold never exceeds assignments" };
}

// If every wait was within the threshold, so is the mean; if none was, the mean is above.
function waitEvidence(
  value: string,
  other: string,
  seconds: number,
  { all, long, none, short }: { all: number; long: number; none: number; short: number },
): Evidence {
  const [windows, wrong] = value === "seconds" ? [none, short] : [all, long];
  const where = value === "seconds" ? `above ${seconds} s` : `within ${seconds} s`;
  if (windows < minWindows) return { suggests: null, because: "too few windows" };
  const because = `of ${windows} windows with every wait ${where}, ${wrong} have a mean wait that contradicts this`;
  return { suggests: wrong > windows / 2 ? other : value, because };
}

function handleEvidence(value: string, handle: number | null, history: number | null): Evidence {
  if (handle === null) return { suggests: null, because: "no handle time" };
  const delivered = value === "minutes" ? handle / 60 : handle;
  const median = `the median is ${rounded(delivered)}`;
  if (history === null)
    return { suggests: delivered > 60 ? "seconds" : delivered < 20 ? "minutes" : null, because: median };
  return {
    suggests: delivered > history / 8 ? "seconds" : "minutes",
    because: `${median}; in rep_convos it is ${rounded(history)} s`,
  };
}

function repEvidence(value: string, loggedIn: number | null): Evidence {
  if (loggedIn === null) return { suggests: null, because: "no time logged in" };
  const delivered = value === "seconds" ? loggedIn * 60 : loggedIn;
  const because = `the maximum time logged in is ${rounded(delivered)}, and a window has 15 minutes`;
  return { suggests: delivered > 900.5 ? null : delivered > 15.1 ? "seconds" : "minutes", because };
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
