import { quoteName, quoteText } from "../../duckdb/quote.ts";
import { belowMicrosecond } from "../schema/timestamps.ts";

/** A column of a relation of delivered rows. */
export interface RelationColumn {
  name: string;
  type: string; // DuckDB type
  seen?: boolean | null; // false: rows were delivered without this column; null: no rows yet; default true
  key?: string; // the JSON key, where it differs from the name
  rescued?: string; // its name in `_rescued`, if that holds values of it
  keyless?: true; // a key column: some rows have no key column at all
  gone?: true; // a key column that some runs lack, see goneColumns
}

/** One term of a key or an order. */
export interface Term {
  columns: string[]; // the columns it reads, spelled as in the data
  sql: string;
  label: string; // for display
  whole?: string; // SQL: the term is the content of rows for which this is true, else null
}

/** The value of these columns: the first that is not null. */
export function termOf(columns: readonly RelationColumn[]): Term {
  const parts = columns.map(valueIn(columns));
  const sql = parts.length > 1 ? `coalesce(${parts.join(", ")})` : (parts[0] ?? "");
  return { columns: columns.map(({ name }) => name), sql, label: sql.replaceAll('"', "") };
}

// first delivered column                          value         text
// fits                                            its value     null
// fits, except for digits below a microsecond     its value     those digits
// does not fit                                    null          the delivered text
/**
 * The key terms of columns with values that did not fit: value and text together differ wherever the delivered values do.
 * Where all values fit, the value alone.
 */
export function termsOf(columns: readonly RelationColumn[]): [value: Term] | [value: Term, text: Term] {
  const value = termOf(columns);
  if (columns.every(({ rescued }) => rescued === undefined)) return [value];
  const names = [...value.columns, "_rescued"];
  const valueText = valueIn(columns);
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
    only ? value : { ...value, columns: names, sql: choose(valueText, () => "null") },
    {
      columns: names,
      sql: (only?.type === "TIMESTAMP" ? null : only && deliveredText(only)) ?? choose(remainder, (text) => text),
      label: `${value.label} as delivered`,
    },
  ];
}

/** SQL for the delivered text of a value that did not fit; null for a column whose values all fit. */
export function deliveredText({ rescued }: RelationColumn): string | null {
  if (rescued === undefined) return null;
  const path = `/${rescued.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return `json_extract_string("_rescued", ${quoteText(path)})`;
}

/** The SQL with its columns qualified by a relation called "delivered". */
export function qualified(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (part) => (part.startsWith('"') ? `"delivered".${part}` : part));
}

// The part that the typed value loses: digits below a microsecond, or all digits of a rounded number.
function remainder(column: RelationColumn): string {
  const text = deliveredText(column);
  if (text === null) return "''";
  return `coalesce(${column.type === "TIMESTAMP" ? belowMicrosecond(text) : text}, '')`;
}

function valueIn(columns: readonly RelationColumn[]): (column: RelationColumn) => string {
  const mixed = new Set(columns.map(({ type }) => type)).size > 1;
  return ({ name }) => (mixed ? `cast(${quoteName(name)} as VARCHAR)` : quoteName(name));
}
