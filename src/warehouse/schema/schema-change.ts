/** A schema change: a row of kit.schema_changes. */
export interface SchemaChange {
  dt: string; // day of the data or of the schema document
  column: string; // "" for the feed as a whole
  change: DataChange | DocChange;
  class: ChangeClass;
  from: string | null; // type before
  to: string | null; // type after
  detail: string; // a sentence for display
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

/** silent: not announced. breaking: queries that read or join by the column may get other values. */
export type ChangeClass = "announced" | "silent" | "breaking" | "deprecation" | "end_of_life";
