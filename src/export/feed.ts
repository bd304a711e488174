export type FeedKind = "conversation" | "queue" | "rep" | "wfm" | "other";

/**
 * The personal data that a column can hold. Only `none` may be published in a site.
 * id: names a customer, a rep or a conversation. text: words somebody wrote, or a link that may carry them.
 * name: a person's name or contact.
 */
export type PersonalData = "none" | "id" | "text" | "name";

export interface Column {
  name: string;
  type: string; // DuckDB type: VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP, DATE, JSON
  published: string | null; // the type in the export documents
  doc: string;
  personal: PersonalData;
  added: string | null; // YYYY-MM-DD
  deprecated: string | null; // YYYY-MM-DD
  endOfLife: string | null; // YYYY-MM-DD
  assumed: boolean; // no source publishes the name or the type
}

/** One term of the declared order. More than one column means coalesce(columns…). Always nulls last. */
export interface OrderTerm {
  columns: string[];
  direction: "asc" | "desc";
}

export interface Feed {
  name: string;
  kind: FeedKind;
  doc: string;
  documented: boolean; // one of the 45 feeds of the dedupe table
  cadenceMinutes: number | null; // null: not published
  key: string[]; // empty: whole rows are the key
  order: OrderTerm[]; // the declared order; the run is always the last term
  renamed: Record<string, string>; // old name -> new name; the key has the new one, older data may have only the old
  columns: Column[];
  added: string | null; // YYYY-MM-DD
  deprecated: boolean;
  endOfLife: string | null; // YYYY-MM-DD
  latestOnly: boolean; // the table is the newest run alone
  warnings: string[]; // as in the registry, e.g. "order-in-partition"
  note: string | null; // why key or order differ from the documents
}
