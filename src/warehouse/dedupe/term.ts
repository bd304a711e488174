import { quoteName, quoteText } from "../../duckdb/quote.ts";
import { belowMicrosecond } from "../schema/timestamps.ts";

/** A column of a relation of delivered rows. */
export interface RelationColumn {
  name: string;
  type: string; // DuckDB type
  seen?: boolean | null; // false: rows were delivered, none with this column; null: no row was; default true
  key?: string; // as the lines spell it, where that is not the name
  rescued?: string; // its name in `_rescued`, where values of it are there
  keyless?: true; // of the key: some rows have none of its columns
  gone?: true; // of the key: there are runs without it, see goneColumns
}

/** One term of a key or an order. */
export interface Term {
  columns: string[]; // that it reads, as the data spells them
  sql: string;
  label: string; // for people
  whole?: string; // the term is the content of the rows for which this is true, else null
}

/** The value of these columns: of several, the first that has one. */
export function termOf(columns: readonly RelationColumn[]): Term {
  const parts = columns.map(valueIn(columns));
  const sql = parts.length > 1 ? `coalesce(${parts.join(", ")})` : (parts[0] ?? "");
  return { columns: columns.map(({ name }) => name), sql, label: sql.replaceAll('"', "") };
}

// the first column that was delivered         value         text
// fits                                        its value     null
// fits, but for digits below a microsecond    its value     those digits
// does not fit                                null          as it was delivered
/**
 * What the key of a row is made of where values of these columns did not fit: value and text together are different for
 * different values delivered. Where all fit it is the value alone.
 */
export function termsOf(columns: readonly RelationColumn[]): Term[] {
  const value = termOf(columns);
  if (columns.every(({ rescued }) => rescued === undefined)) return [value];
  const names = [...value.columns, "_rescued"];
  const written = valueIn(columns);
  const choose = (fits: (column: RelationColumn) => string, other: (text: string) => string) => {
    const cases = columns.flatMap((column) => {
      const text = deliveredText(column);
      const filled = `when ${quoteName(column.name)} is not null then ${fits(column)}`;
      return text === null ? [filled] : [filled, `when ${text} is not null then ${other(text)}`];
    });
    return `case ${cases.join(" ")} end`;
  };
  const [only] = columns.length === 1 ? columns : [];
  return [
    only ? value : { ...value, columns: names, sql: choose(written, () => "null") },
    {
      columns: names,
      sql: only && only.type !== "TIMESTAMP" ? deliveredText(only)! : choose(beside, (text) => text),
      label: `${value.label} as delivered`,
    },
  ];
}

/** The text that the column was delivered with where it did not fit; null where no value of it ever did not. */
export function deliveredText({ rescued }: RelationColumn): string | null {
  if (rescued === undefined) return null;
  const path = `/${rescued.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return `json_extract_string("_rescued", ${quoteText(path)})`;
}

/** A term as one of a relation called "delivered". */
export function qualified(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (part) =>
    part.startsWith('"') ? `"delivered".${part}` : part,
  );
}

// What the value lacks: of a number that its type rounds, the text has it in full.
function beside(column: RelationColumn): string {
  const text = deliveredText(column);
  if (text === null) return "''";
  return `coalesce(${column.type === "TIMESTAMP" ? belowMicrosecond(text) : text}, '')`;
}

function valueIn(columns: readonly RelationColumn[]): (column: RelationColumn) => string {
  const mixed = new Set(columns.map(({ type }) => type)).size > 1;
  return ({ name }) => (mixed ? `cast(${quoteName(name)} as VARCHAR)` : quoteName(name));
}
