import type { Project } from "../../config/project.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { sqlFile, withRelations } from "../../duckdb/sql-file.ts";
import { partitionColumns } from "../current/partitions.ts";
import { parquetRelation } from "../current/relation.ts";

/** The columns of `knownSelect`. */
export const knownTypes = {
  ...Object.fromEntries(partitionColumns.map(({ name, type }) => [name, type])),
  run_end: "TIMESTAMP",
  known_at: "TIMESTAMP",
  known_by: "VARCHAR",
};

/**
 * A select of the fetched partitions in these files, with the end of their run (`run_end`), when their content was known
 * (`known_at`, UTC) and what says so (`known_by`: marker, run). `until`: only those known by then.
 */
export function knownSelect(
  { data, config }: Pick<Project, "data" | "config">,
  files: readonly string[],
  until?: Date,
): string {
  const partitions = `select * from ${parquetRelation(data, files, partitionColumns)}`;
  const known = withRelations(
    { partitions, setting: `select ${quoteText(config.sync.knownBy)} as known_by` },
    sqlFile("warehouse/past/known.sql").select,
  );
  return until === undefined ? known : `select * from (\n${known}\n) where known_at <= ${timestamp(until)}`;
}

/** An instant as a literal, UTC. */
export function timestamp(instant: Date): string {
  return `${quoteText(instant.toISOString().slice(0, 23))}::TIMESTAMP`;
}
