import { kitVersion } from "../../base/kit-version.ts";
import type { Config } from "../../config/config.ts";
import { quoteName } from "../../duckdb/quote.ts";
import { rowsSql } from "../current/relation.ts";
import { unfitColumns } from "../snapshot/unfit.ts";
import { wfmColumnRows } from "../wfm/wfm.ts";
import { figureSettingsTable } from "./figure-settings.ts";
import { alertsTable } from "./kit-alerts.ts";
import { changesTable, columnsTable, daysTable, feedsTable } from "./kit-feeds.ts";
import { filesView, partitionsView, quarantineView } from "./kit-files.ts";
import { dedupeTable, keysTable } from "./kit-keys.ts";
import { counts, type KitSource, type KitTable, texts } from "./kit-source.ts";
import { readMacros } from "./macros.ts";

/** The kit.* tables, each created when a query first names it. */
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
  excluded_days: ({ excludedDays }) => excludedDaysTable(excludedDays()),
  figure_settings: ({ project, feeds }) => figureSettingsTable(project.config, feeds),
  wfm_columns: wfmColumnsTable,
  unfit: unfitTable,
  alerts: alertsTable,
};

/** The statement that creates a kit.* table. */
export function createKitTable(name: string, table: KitTable): string {
  const target = `kit.${quoteName(name)}`;
  if ("select" in table) return `create or replace view ${target} as ${table.select}`;
  return `create or replace table ${target} as select * from ${rowsSql(table.types, table.rows)}`;
}

// Without an example, which may be personal: pages read this.
function unfitTable({ snapshot }: KitSource): KitTable {
  return {
    types: {
      ...texts("feed", "column", "type"),
      ...counts("values", "delivered"),
      whole: "BOOLEAN",
      first_day: "DATE",
      last_day: "DATE",
    },
    rows: unfitColumns(snapshot).map(({ firstDay, lastDay, example: _, ...row }) => ({
      ...row,
      first_day: firstDay,
      last_day: lastDay,
    })),
  };
}

function macrosTable(): KitTable {
  const types = texts("name", "parameters", "group", "doc", "example", "source");
  return { types, rows: readMacros().map((macro) => ({ ...macro })) };
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
      source,
      started_at: startedAt,
      finished_at: finishedAt,
      outcome,
      full,
      last_full: lastFull,
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
      ...texts("threshold_counts", "wait_unit", "handle_unit", "rep_unit", "open_hours", "company", "environment"),
      grace_minutes: "DOUBLE",
      forecast: "BOOLEAN",
      kit_version: "VARCHAR",
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
        grace_minutes: config.sync.graceMinutes,
        forecast: site.forecast !== null,
        kit_version: kitVersion().version,
      },
    ],
  };
}

function excludedDaysTable(days: ReadonlyMap<string, string | null>): KitTable {
  return {
    types: { day: "DATE", name: "VARCHAR" },
    rows: [...days].sort().map(([day, name]) => ({ day, name })),
  };
}

function wfmColumnsTable({ project, columnsOf }: KitSource): KitTable {
  return {
    types: { ...texts("view", "metric", "feed", "column", "type"), delivered: "BOOLEAN", doc: "VARCHAR" },
    rows: wfmColumnRows(project.config, columnsOf),
  };
}
