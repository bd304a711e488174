import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Feed } from "../export/feed.ts";
import { runOf } from "../export/partition.ts";
import type { Project } from "../project.ts";
import type { LastSync } from "../sync/last-sync.ts";
import { quoteList, quoteName, quoteText } from "./database.ts";
import { type DedupeRule, dedupeRule, type RelationColumn } from "./dedupe.ts";
import { readMacros } from "./macros.ts";
import { partitionColumns } from "./partitions.ts";
import { parquetRelation, rowsSql } from "./relation.ts";
import type { DaySnapshot, FeedSnapshot, Snapshot } from "./snapshot.ts";
import { wfmColumnRows } from "./wfm.ts";

/** What the tables about the data are made from. */
export interface KitSource {
  project: Pick<Project, "config" | "data">;
  snapshot: Snapshot;
  lastSync: LastSync | null;
  feeds: Map<string, Feed>; // all of the registry, and all that are here
  columnsOf: (feed: string) => RelationColumn[];
}

type Cell = string | number | boolean | null;

/** A table as its columns' types and its rows; a view as a select. */
export type KitTable = { types: Record<string, string>; rows: Record<string, Cell>[] } | { select: string };

/** kit.*: each made when it is first asked for. */
export const kitTables: Record<string, (source: KitSource) => KitTable> = {
  feeds: feedsTable,
  days: daysTable,
  partitions: partitionsView,
  files: filesView,
  columns: columnsTable,
  schema_changes: changesTable,
  quarantine: quarantineView,
  dedupe: dedupeTable,
  keys: keysTable,
  macros: macrosTable,
  sync: syncTable,
  settings: ({ project }) => settingsTable(project.config),
  excluded_days: ({ project }) => excludedDaysTable(project.config),
  wfm_columns: wfmColumnsTable,
};

/** The statement that creates a table of the kit's own. */
export function createKitTable(name: string, table: KitTable): string {
  const target = `kit.${quoteName(name)}`;
  if ("select" in table) return `create or replace view ${target} as ${table.select}`;
  return `create or replace table ${target} as select * from ${rowsSql(table.types, table.rows)}`;
}

function feedsTable({ snapshot, lastSync, feeds, columnsOf }: KitSource): KitTable {
  const rows = [...feeds.values()].map((feed) => {
    const known = snapshot.feeds[feed.name];
    const days = known?.days ?? [];
    const unfinished = lastSync?.feeds[feed.name];
    const states = total(days.map(({ facts }) => facts?.states ?? {}));
    const { waiting = 0, overdue = 0, failed = 0, encrypted = 0 } = unfinished ?? {};
    const here = sum(Object.values(states));
    const delivered = sum(days.map((day) => day.rows));
    const kept = sum(days.map(({ currentRows }) => currentRows));
    const through = newest(days.map(({ facts }) => facts?.through ?? null));
    return {
      feed: feed.name,
      kind: feed.kind,
      doc: feed.doc,
      documented: feed.documented,
      cadence_minutes: feed.cadenceMinutes,
      partitions: here + waiting + overdue + failed + encrypted,
      complete: (states.complete ?? 0) + (states.replaced ?? 0) + (states.expired ?? 0),
      empty: states.empty ?? 0,
      replaced: states.replaced ?? 0,
      expired: states.expired ?? 0,
      waiting,
      overdue,
      failed,
      encrypted,
      rows_delivered: delivered,
      rows: kept,
      duplicates: delivered - kept,
      ties: total(days.map(({ dedupe }) => dedupe ?? {})).tie ?? 0,
      quarantined: sum(days.map(({ quarantined }) => quarantined)),
      rescued: sum(days.flatMap(({ rescued }) => Object.values(rescued ?? {}))),
      first_day: days[0]?.dt ?? null,
      last_day: days.at(-1)?.dt ?? null,
      data_through: through,
      version: unfinished?.version ?? null,
      suspect: known ? suspicion(feed, known, columnsOf(feed.name)) : null,
    };
  });
  return {
    types: {
      ...texts("feed", "kind", "doc"),
      documented: "BOOLEAN",
      ...counts(
        "cadence_minutes",
        "partitions",
        "complete",
        "empty",
        "replaced",
        "expired",
        "waiting",
        "overdue",
      ),
      ...counts(
        "failed",
        "encrypted",
        "rows_delivered",
        "rows",
        "duplicates",
        "ties",
        "quarantined",
        "rescued",
      ),
      first_day: "DATE",
      last_day: "DATE",
      data_through: "TIMESTAMP",
      ...texts("version", "suspect"),
    },
    rows,
  };
}

function keysTable({ snapshot, feeds, columnsOf }: KitSource): KitTable {
  const rows = [...feeds.values()].map((feed) => {
    const known = snapshot.feeds[feed.name];
    const rule = dedupeRule(feed, columnsOf(feed.name));
    const groups = total((known?.days ?? []).map(({ dedupe }) => dedupe ?? {}));
    return {
      feed: feed.name,
      documented_key: feed.key.join(", ") || null,
      key: rule.wholeRows ? "whole rows" : rule.key.map(({ sql }) => plain(sql)).join(", "),
      order: [...rule.order.map(({ sql, direction }) => `${plain(sql)} ${direction}`), "the run"].join(", "),
      absent: rule.missing.join(", ") || null,
      renamed: rule.renamed.map(({ column, used }) => `${column}: ${used.join(", ")}`).join("; ") || null,
      latest_only: feed.latestOnly,
      by_order: groups.order ?? 0,
      by_run: groups.run ?? 0,
      by_tie: groups.tie ?? 0,
      suspect: known ? suspicion(feed, known, columnsOf(feed.name)) : null,
      warnings: feed.warnings.join(", ") || null,
      note: feed.note,
    };
  });
  return {
    types: {
      ...texts("feed", "documented_key", "key", "order", "absent", "renamed"),
      latest_only: "BOOLEAN",
      ...counts("by_order", "by_run", "by_tie"),
      ...texts("suspect", "warnings", "note"),
    },
    rows,
  };
}

/** Why the key of a feed may not be what tells its records apart, judging by the data; null when nothing speaks against it. */
function suspicion(feed: Feed, known: FeedSnapshot, columns: readonly RelationColumn[]): string | null {
  const delivered = sum(known.days.map(({ rows }) => rows));
  const kept = sum(known.days.map(({ currentRows }) => currentRows));
  if (delivered === 0) return null;
  const rule = dedupeRule(feed, columns);
  const { order = 0, run = 0, tie = 0 } = total(known.days.map(({ dedupe }) => dedupe ?? {}));
  const several = order + run + tie;
  const reasons: string[] = [];
  if (tie > 0 && tie * 20 >= several && !rule.wholeRows)
    reasons.push(
      kept <= 1 && delivered > 1
        ? "the key folds the whole table into one row"
        : `one run delivers ${tie} ${tie === 1 ? "key" : "keys"} more than once: the key may be too coarse`,
    );
  if (rule.missing.length > 0)
    reasons.push(
      rule.wholeRows
        ? `no key column is delivered (${rule.missing.join(", ")}): whole rows are the key`
        : `key ${rule.missing.length === 1 ? "column" : "columns"} not delivered: ${rule.missing.join(", ")}`,
    );
  if (feed.order.length > 0 && several >= 20 && order * 100 < several)
    reasons.push(
      `the declared order decides ${order === 0 ? "nothing" : `${order} of ${several} keys`}: the run decides`,
    );
  return reasons.join("; ") || null;
}

function dedupeTable({ snapshot }: KitSource): KitTable {
  const rows = Object.entries(snapshot.feeds).flatMap(([feed, { days }]) =>
    days.map((day) => ({
      feed,
      dt: day.dt,
      rows_delivered: day.rows,
      rows: day.currentRows,
      duplicates: day.rows - day.currentRows,
      by_order: day.dedupe?.order ?? 0,
      by_run: day.dedupe?.run ?? 0,
      by_tie: day.dedupe?.tie ?? 0,
    })),
  );
  return {
    types: {
      feed: "VARCHAR",
      dt: "DATE",
      ...counts("rows_delivered", "rows", "duplicates", "by_order", "by_run", "by_tie"),
    },
    rows,
  };
}

/** One row per feed and day, from the snapshot alone: a year of all feeds takes a moment. */
function daysTable({ snapshot, lastSync }: KitSource): KitTable {
  const unfinished = new Map<string, Record<string, number>>();
  for (const feed of Object.values(lastSync?.feeds ?? {})) {
    for (const { id, state } of feed.unfinished) {
      const key = `${id.feed} ${id.dt}`;
      unfinished.set(key, total([unfinished.get(key) ?? {}, { [state]: 1 }]));
    }
  }
  const known = new Map<string, DaySnapshot>(
    Object.entries(snapshot.feeds).flatMap(([feed, { days }]) =>
      days.map((day): [string, DaySnapshot] => [`${feed} ${day.dt}`, day]),
    ),
  );
  const keys = [...new Set([...known.keys(), ...unfinished.keys()])].sort();
  const rows = keys.map((key) => {
    const day = known.get(key);
    const states = day?.facts?.states ?? {};
    const others = unfinished.get(key) ?? {};
    const [feed, dt] = key.split(" ") as [string, string];
    return {
      feed,
      dt,
      complete: states.complete ?? 0,
      empty: states.empty ?? 0,
      replaced: states.replaced ?? 0,
      expired: states.expired ?? 0,
      waiting: others.waiting ?? 0,
      overdue: others.overdue ?? 0,
      failed: others.failed ?? 0,
      encrypted: others.encrypted ?? 0,
      rows_delivered: day?.rows ?? 0,
      rows: day?.currentRows ?? 0,
      quarantined: day?.quarantined ?? 0,
      rescued: sum(Object.values(day?.rescued ?? {})),
      data_through: day?.facts?.through ?? null,
    };
  });
  return {
    types: {
      feed: "VARCHAR",
      dt: "DATE",
      ...counts("complete", "empty", "replaced", "expired", "waiting", "overdue", "failed", "encrypted"),
      ...counts("rows_delivered", "rows", "quarantined", "rescued"),
      data_through: "TIMESTAMP",
    },
    rows,
  };
}

function columnsTable({ snapshot, feeds, columnsOf }: KitSource): KitTable {
  const rows = [...feeds.values()].flatMap((feed) => {
    const documented = new Map(feed.columns.map((column) => [column.name, column]));
    const staged = new Map(snapshot.feeds[feed.name]?.columns.map((column) => [column.name, column]));
    const rule: DedupeRule = dedupeRule(feed, columnsOf(feed.name));
    const keys = new Set(rule.wholeRows ? [] : rule.key.flatMap((term) => term.columns));
    return columnsOf(feed.name).map(({ name, type }, i) => {
      const doc = documented.get(name);
      return {
        feed: feed.name,
        position: i + 1,
        column: name,
        type,
        doc: doc?.doc ?? null,
        personal: doc?.personal ?? null,
        key: keys.has(name),
        documented: doc !== undefined,
        assumed: doc?.assumed ?? false,
        published_type: doc?.published ?? null,
        added: doc?.added ?? null,
        deprecated: doc?.deprecated ?? null,
        first_seen: staged.get(name)?.firstSeen ?? null,
        last_seen: staged.get(name)?.lastSeen ?? null,
      };
    });
  });
  return {
    types: {
      feed: "VARCHAR",
      position: "BIGINT",
      ...texts("column", "type", "doc", "personal"),
      key: "BOOLEAN",
      documented: "BOOLEAN",
      assumed: "BOOLEAN",
      published_type: "VARCHAR",
      added: "DATE",
      deprecated: "DATE",
      first_seen: "DATE",
      last_seen: "DATE",
    },
    rows,
  };
}

function changesTable({ snapshot }: KitSource): KitTable {
  // What a document says of a feed that is not here stands nowhere else.
  const told = Object.entries(snapshot.docs?.changes ?? {}).filter(([feed]) => !snapshot.feeds[feed]);
  const here = Object.entries(snapshot.feeds).map(([feed, { changes }]) => [feed, changes] as const);
  const rows = [...here, ...told].flatMap(([feed, changes]) =>
    changes.map(({ dt, column, change, class: kind, from, to, detail }) => ({
      ...{ feed, dt, column, change, class: kind },
      ...{ from, to, detail },
    })),
  );
  return {
    types: { feed: "VARCHAR", dt: "DATE", ...texts("column", "change", "class", "from", "to", "detail") },
    rows,
  };
}

function macrosTable(): KitTable {
  const rows = readMacros().map(({ name, parameters, group, doc, example, source }) => ({
    ...{ name, parameters, group, doc, example, source },
  }));
  return { types: texts("name", "parameters", "group", "doc", "example", "source"), rows };
}

function syncTable({ lastSync }: KitSource): KitTable {
  const rows = lastSync === null ? [] : [lastSync];
  return {
    types: {
      source: "VARCHAR",
      started_at: "TIMESTAMP",
      finished_at: "TIMESTAMP",
      outcome: "VARCHAR",
      full: "BOOLEAN",
      last_full: "TIMESTAMP",
    },
    rows: rows.map(({ source, startedAt, finishedAt, outcome, full, lastFull }) => ({
      ...{ source, started_at: startedAt, finished_at: finishedAt, outcome, full, last_full: lastFull },
    })),
  };
}

function settingsTable(config: Config): KitTable {
  const { site } = config;
  return {
    types: {
      ...texts("title", "timezone"),
      service_level_target: "DOUBLE",
      service_level_seconds: "DOUBLE",
      service_level_variant: "VARCHAR",
      service_level_short_seconds: "DOUBLE",
      ...counts("week_start", "min_reps", "min_contacts"),
      ...texts(
        "threshold_counts",
        "wait_unit",
        "handle_unit",
        "rep_unit",
        "open_hours",
        "company",
        "environment",
      ),
    },
    rows: [
      {
        title: site.title,
        timezone: config.timezone,
        service_level_target: site.serviceLevel.target,
        service_level_seconds: site.serviceLevel.seconds,
        service_level_variant: site.serviceLevel.variant,
        service_level_short_seconds: site.serviceLevel.shortSeconds,
        week_start: site.weekStart,
        min_reps: site.privacy.minReps,
        min_contacts: site.privacy.minContacts,
        threshold_counts: site.wfm.thresholdCounts,
        wait_unit: site.wfm.waitUnit,
        handle_unit: site.wfm.handleUnit,
        rep_unit: site.wfm.repUnit,
        open_hours: site.openHours === null ? null : JSON.stringify(Object.fromEntries(site.openHours)),
        company: config.company,
        environment: config.environment,
      },
    ],
  };
}

function excludedDaysTable({ site }: Config): KitTable {
  return {
    types: { day: "DATE", name: "VARCHAR" },
    rows: [...site.excludedDays].sort().map(([day, name]) => ({ day, name })),
  };
}

function wfmColumnsTable({ project, columnsOf }: KitSource): KitTable {
  return {
    types: { ...texts("view", "metric", "feed", "column", "type"), delivered: "BOOLEAN", doc: "VARCHAR" },
    rows: wfmColumnRows(project.config, columnsOf),
  };
}

// The names of feed and day come from the path of the file read: a query for one feed then opens no file of another.
const placeSql = `regexp_extract(filename, '([^/]+)/[^/]+$', 1) as feed, regexp_extract(filename, '/([0-9-]{10})[^/]*$', 1)::DATE as dt`;

const partitionType = `STRUCT(version VARCHAR, format VARCHAR, hr VARCHAR, mi VARCHAR, state VARCHAR,
    marker STRUCT(modified TIMESTAMP), objects STRUCT("name" VARCHAR, size BIGINT, md5 VARCHAR, lines BIGINT)[])[]`;

/** One row per partition: those here by the manifests, those not finished by the last sync. */
function partitionsView(source: KitSource): KitTable {
  const unfinished = Object.values(source.lastSync?.feeds ?? {}).flatMap((feed) =>
    feed.unfinished.map(({ id, state, reason }) => ({ ...id, run: runOf(id), state, reason })),
  );
  const files = Object.values(source.snapshot.feeds).flatMap(({ partitions }) => partitions ?? []);
  const here = `select feed, dt, hr, mi, run, version, format, state, cast(null as VARCHAR) as reason, files, bytes, lines, blank,
      completed_at
    from ${parquetRelation(source.project.data, files, partitionColumns)}`;
  const shape = {
    ...{ feed: "VARCHAR", dt: "DATE" },
    ...texts("hr", "mi", "run", "version", "format", "state", "reason"),
  };
  const others = `select feed, dt, hr, mi, run, version, format, state, reason, 0 as files, 0 as bytes, 0 as lines, 0 as blank,
      cast(null as TIMESTAMP) as completed_at
    from ${rowsSql(shape, unfinished)} as u
    where not exists (
      from (${here}) as here
      where here.feed = u.feed and here.dt = u.dt and here.run = u.run and here.version = u.version and here.format = u.format
    )`;
  return { select: unfinished.length === 0 ? here : `${here} union all ${others}` };
}

/** One row per staged file: what was delivered, and what became of its lines. */
function filesView(source: KitSource): KitTable {
  const files = Object.values(source.snapshot.feeds).flatMap(({ days }) =>
    days.map(({ detail }) => join(source.project.data, detail)),
  );
  const shape = { file: "VARCHAR", run: "VARCHAR", ...counts("lines", "blank", "rows", "quarantined") };
  const read =
    files.length === 0
      ? rowsSql({ feed: "VARCHAR", dt: "DATE", ...shape }, [])
      : `(select ${placeSql}, * exclude (filename)
      from read_json(${quoteList(files)}, format = 'newline_delimited', filename = true, columns = ${columnsSql(shape)})
      where file is not null)`;
  const folder = `concat(feed, '/version=', p.version, '/format=', p.format, '/dt=', dt::VARCHAR, '/hr=' || p.hr, '/mi=' || p.mi, '/')`;
  return {
    select: `select feed, dt, d.run, file, l.bytes, l.md5, d.lines, d.blank, d.rows, d.quarantined
    from ${read} as d left join (
      select feed, dt, path || o.name as file, o.size as bytes, o.md5 as md5 from (
        select feed, dt, ${folder} as path, unnest(p.objects) as o
        from (select feed, dt, unnest(partitions) as p from ${manifests(source)})
      )
    ) as l using (feed, dt, file)`,
  };
}

function manifests({ project, snapshot }: KitSource): string {
  const files = Object.entries(snapshot.feeds).flatMap(([feed, { days }]) =>
    days.map(({ dt }) => join(project.data, "manifest", feed, `${dt}.json`)),
  );
  if (files.length === 0)
    return `(select cast(null as VARCHAR) as feed, cast(null as DATE) as dt, cast(null as ${partitionType}) as partitions where false)`;
  return `(select ${placeSql}, partitions from read_json(${quoteList(files)}, format = 'unstructured', records = true,
    maximum_object_size = 67108864, filename = true, columns = {partitions: ${quoteText(partitionType)}}))`;
}

/** What changes when a manifest does: the views over them name the files alone. */
export function manifestStamps({ feeds }: Snapshot): string {
  return Object.entries(feeds)
    .map(([feed, { days }]) => `${feed} ${days.map(({ dt, stamp }) => `${dt} ${stamp}`).join(" ")}`)
    .join("\n");
}

function quarantineView({ project, snapshot }: KitSource): KitTable {
  const files = Object.values(snapshot.feeds).flatMap(({ days }) =>
    days.flatMap(({ quarantine }) => (quarantine ? [join(project.data, quarantine)] : [])),
  );
  const shape = {
    file: "VARCHAR",
    line: "BIGINT",
    ...texts("reason", "text"),
    bytes: "BIGINT",
    base64: "VARCHAR",
  };
  if (files.length === 0) return { types: { feed: "VARCHAR", dt: "DATE", ...shape }, rows: [] };
  return {
    select: `select ${placeSql}, * exclude (filename)
      from read_json(${quoteList(files)}, format = 'newline_delimited', maximum_object_size = 67108864, filename = true,
        columns = ${columnsSql(shape)})`,
  };
}

function columnsSql(types: Record<string, string>): string {
  return `{${Object.entries(types)
    .map(([name, type]) => `${quoteName(name)}: ${quoteText(type)}`)
    .join(", ")}}`;
}

function texts(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, "VARCHAR"]));
}

function counts(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, "BIGINT"]));
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function total(records: Record<string, number>[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const record of records)
    for (const [name, number] of Object.entries(record)) totals[name] = (totals[name] ?? 0) + number;
  return totals;
}

function newest(times: (string | null)[]): string | null {
  return times.reduce((last, time) => (time !== null && (last === null || time > last) ? time : last), null);
}

function plain(sql: string): string {
  return sql.replaceAll('"', "");
}
