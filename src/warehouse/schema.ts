/** One thing that is different from what was known before, as a row of kit.schema_changes. */
export interface SchemaChange {
  dt: string; // the day of data that shows it
  column: string; // "" where it concerns the feed as a whole
  change: "new_column" | "missing_column" | "column_back" | "type_widened" | "values_rescued" | "key_missing";
  from: string | null; // type before
  to: string | null; // type after
  detail: string; // a sentence for people
}
