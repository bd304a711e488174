export type FeedKind = "conversation" | "queue" | "rep" | "wfm" | "other";

/**
 * The personal data that a column can hold. Only `none` may be published in a site.
 * id: identifies a customer, a rep or a conversation. text: what somebody wrote, or a link that may contain it.
 * name: a person's name or contact.
 */
export type PersonalData = "none" | "id" | "text" | "name";

export interface Column {
  name: string;
  type: string; // DuckDB type: VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP, DATE, JSON
  published: string | null; // the type in ASAPP's export documents
  doc: string;
  personal: PersonalData;
  added: string | null; // YYYY-MM-DD
  deprecated: string | null; // YYYY-MM-DD
  endOfLife: string | null; // YYYY-MM-DD
  assumed: boolean; // ASAPP publishes neither its name nor its type
}

/** A term of the declared order. Several columns mean coalesce(columns…). Nulls always come last. */
export interface OrderTerm {
  columns: string[];
  direction: "asc" | "desc";
}

export interface Feed {
  name: string;
  kind: FeedKind;
  doc: string;
  documented: boolean; // one of the 45 feeds of ASAPP's dedupe table
  cadenceMinutes: number | null; // null: not published
  key: string[]; // empty: whole rows are the key
  order: OrderTerm[]; // the declared order; the run is always the last term
  renamed: Record<string, string>; // old name -> new name; the key uses the new one, older data may have only the old
  columns: Column[];
  added: string | null; // YYYY-MM-DD
  deprecated: boolean;
  endOfLife: string | null; // YYYY-MM-DD
  latestOnly: boolean; // the table holds the newest run alone
  warnings: string[]; // as in the registry, e.g. "order-in-partition"
  note: string | null; // why key or order differ from ASAPP's documents
}
