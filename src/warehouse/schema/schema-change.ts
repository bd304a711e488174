/** One thing that is different from what was known before, as a row of kit.schema_changes. */
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

/** Said by a schema document. */
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

/** silent: nothing announced it. breaking: what reads the column, or joins by it, may read something else now. */
export type ChangeClass = "announced" | "silent" | "breaking" | "deprecation" | "end_of_life";
