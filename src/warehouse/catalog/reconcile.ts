import { quoteName } from "../../duckdb/quote.ts";
import { sqlFile, withRelations } from "../../duckdb/sql-file.ts";
import type { RelationColumn } from "../dedupe/dedupe.ts";

/** The select of kit.row_counts for an export_row_counts with these columns; empty if it lacks a required one. */
export function rowCountsSelect(columns: readonly RelationColumn[]): string {
  const has = (name: string) => columns.some((column) => column.name.toLowerCase() === name);
  const names = ["export_name", "export_job"].filter(has).map(quoteName);
  const text = (name: string) => (has(name) ? `cast(${quoteName(name)} as VARCHAR)` : "cast(null as VARCHAR)");
  if (names.length === 0 || !has("exported_rows") || !has("export_date")) return emptyCounts;
  const written = `select
    lower(trim(coalesce(${names.map((name) => `cast(${name} as VARCHAR)`).join(", ")}))) as feed,
    trim(${text("export_date")}) as day,
    lower(trim(coalesce(${text("export_interval")}, ''))) as span,
    try_cast("exported_rows" as BIGINT) as announced
  from main."export_row_counts"`;
  return withRelations({ written }, sqlFile("warehouse/catalog/row-counts.sql").select);
}

const emptyCounts = `select
  cast(null as VARCHAR) as feed, cast(null as DATE) as dt, cast(null as VARCHAR) as hr, cast(null as VARCHAR) as mi,
  cast(null as BIGINT) as announced, cast(null as BIGINT) as delivered, cast(null as BIGINT) as difference,
  cast(null as VARCHAR) as state
where false`;
