// The options of kit.yaml, and how each value is read. config.ts says what they mean.
import { listOf, mapOf, number, oneOf, orNull, type Reader, record, text } from "../base/yaml.ts";
import { minutes } from "../export/registry.ts";
import { insideSourceOptions, topSourceOptions } from "../sources/registry.ts";
import { alertsOption } from "./alerts-option.ts";
import { feedsOption, schemaOptions, windowOptions } from "./feeds-option.ts";
import {
  environment,
  excludedDays,
  openHours,
  queueGroups,
  repLevel,
  serviceLevel,
  timezone,
  weekdays,
} from "./option-values.ts";

/** The kit's names for the WFM metrics. kit.yaml maps each to columns of the export. */
const queueMetrics = [
  "assignments",
  "abandons",
  "handle_seconds",
  "wrap_seconds",
  "wait_seconds",
  "within_threshold",
  "reps",
] as const;
const membershipMetrics = [
  "logged_in",
  "available",
  "busy",
  "utilized",
  "utilized_available",
  "utilized_busy",
] as const;

const columnName = text("a column name");
const duration = text("a duration such as 15m, 2h or 1d", minutes);

const wfmOptions = {
  queue: record(metrics(queueMetrics)),
  membership: record(metrics(membershipMetrics)),
  threshold_counts: oneOf("answered", "answered_and_abandoned"),
  wait_unit: oneOf("seconds", "minutes"),
  handle_unit: oneOf("seconds", "minutes"),
  rep_unit: oneOf("minutes", "seconds"),
};

const siteOptions = {
  title: text("a title"),
  output: text("a folder"),
  service_level: serviceLevel({
    target: number("a share between 0 and 1, such as 0.8", 0.01, 1),
    seconds: number("seconds from 1 to 86400", 1, 86_400),
    variant: oneOf(
      "offered",
      "answered_only",
      "exclude_abandons",
      "credit_abandons",
      "credit_short_abandons",
      "exclude_short_abandons",
    ),
    short_seconds: number("seconds from 0 to 86400", 0, 86_400),
  }),
  week_start: oneOf(...weekdays),
  privacy: record({
    min_reps: number("a whole number from 1", 1, 10_000, true),
    min_contacts: number("a whole number from 1", 1, 1_000_000, true),
    rep_level: text("none", repLevel),
  }),
  wfm: record(wfmOptions),
  open_hours: mapOf("queue", openHours),
  queue_groups: queueGroups,
  exclude_days: excludedDays,
  forecast: text("a CSV file such as forecast.csv"),
  schedule: text("a CSV file such as forecast.csv"),
  annotations: text("a CSV file such as annotations.csv"),
};

const kitOptions = {
  environment: text("an environment such as prod", environment),
  ...topSourceOptions,
  source: record(insideSourceOptions),
  feeds: feedsOption(),
  ...windowOptions,
  ...schemaOptions,
  timezone: text("an IANA time zone such as Europe/Berlin", timezone),
  data: text("a folder such as data/prod"),
  catalog: text("a DuckDB file such as catalog.duckdb"),
  sync: record({
    max_age: duration,
    concurrency: number("a whole number from 1 to 256", 1, 256, true),
    grace: duration,
    max_listed: number("a whole number from 1000", 1000, 1_000_000_000, true),
    max_ratio: number("a whole number from 10 to 2000", 10, 2000, true),
    future_hours: number("whole hours from 1 to 8784", 1, 8784, true),
    keep_replaced: duration,
    known_by: oneOf("auto", "marker", "run"),
  }),
  decrypt: listOf(text("a program or argument")),
  site: record(siteOptions),
  alerts: alertsOption(),
};

export const readOptions = record(kitOptions);
export type Written = NonNullable<ReturnType<typeof readOptions>>;

/** Every option of kit.yaml by its path, such as "site.service_level.target". */
export function configOptions(): string[] {
  return readOptions.options ?? [];
}

function metrics(names: readonly string[]): Record<string, Reader<string[] | null>> {
  return Object.fromEntries(names.map((name) => [name, orNull(listOf(columnName, true))]));
}
