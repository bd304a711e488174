/** One difference from the schema known before: a row of kit.schema_changes. */
export interface SchemaChange {
  dt: string; // the day of data, or of the schema document, that shows it
  column: string; // "" where it concerns the feed as a whole
  change: DataChange | DocChange;
  class: ChangeClass;
  from: string | null; // type before
  to: string | null; // type after
  detail: string; // a sentence for people
}

/** Seen in the data. */
export type DataChange =
  | "new_column"
  | "missing_column"
  | "column_back"
  | "type_widened"
  | "values_rescued"
  | "key_missing";

/** Stated by a schema document. */
export type DocChange =
  | "table_announced"
  | "table_removed"
  | "column_announced"
  | "column_removed"
  | "type_announced"
  | "key_changed"
  | "version_changed"
  | "deprecated"
  | "end_of_life";

/** silent: not announced. breaking: queries that read the column, or join by it, may get other values. */
export type ChangeClass = "announced" | "silent" | "breaking" | "deprecation" | "end_of_life";
