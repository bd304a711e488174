import { own } from "../base/names.ts";
import { zoned } from "../base/words.ts";
import type { RowStream } from "../duckdb/database.ts";
import type { ColumnType, Value } from "../duckdb/values.ts";
import { exact } from "./output.ts";
import { table, textWidth } from "./table.ts";
import { visible } from "./visible.ts";

export const formats = ["table", "line", "csv", "json", "jsonl", "markdown", "parquet", "xlsx"] as const;
export type Format = (typeof formats)[number];
export type TextFormat = Exclude<Format, "parquet" | "xlsx">;

export function isText(format: Format): format is TextFormat {
  return format !== "parquet" && format !== "xlsx";
}

const extensions: Record<string, Format> = {
  csv: "csv",
  json: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  md: "markdown",
  parquet: "parquet",
  txt: "table",
  xlsx: "xlsx",
};

/** The format of a file's extension, or null. */
export function formatOf(file: string): Format | null {
  const extension = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase();
  return own(extensions, extension ?? "") ?? null;
}

/**
 * Writes rows as text and returns their number. csv, json and jsonl never hold all rows in memory. Times are ISO 8601 with
 * their offset. In json and jsonl an integer beyond 2^53 and a decimal beyond 15 digits are text.
 */
export async function writeRows(
  { columns, batches }: RowStream,
  format: TextFormat,
  write: (text: string) => Promise<void>,
  timezone = "UTC",
): Promise<number> {
  const isTime = columns.map(({ type }) => type.startsWith("TIMESTAMP"));
  const local = (row: Value[]) =>
    timezone === "UTC"
      ? row
      : row.map((value, i) => (isTime[i] && typeof value === "string" ? zoned(value, timezone) : value));
  const names = distinct(columns.map(({ name }) => name));
  const record = (row: Value[]) =>
    JSON.stringify(Object.fromEntries(local(row).map((value, i) => [names[i], value])), exact);
  const all: string[][] = [];
  let rows = 0;
  if (format === "csv") await write(csvLine(columns.map(({ name }) => name)));
  for await (const batch of batches) {
    switch (format) {
      case "csv":
        await write(batch.map((row) => csvLine(local(row))).join(""));
        break;
      case "jsonl":
        await write(batch.map((row) => `${record(row)}\n`).join(""));
        break;
      case "json":
        await write(batch.map((row, i) => `${rows + i === 0 ? "[\n" : ",\n"}  ${record(row)}`).join(""));
        break;
      default:
        for (const row of batch) all.push(local(row).map((value, i) => cellText(value, isTime[i])));
    }
    rows += batch.length;
  }
  if (format === "json") await write(rows === 0 ? "[]\n" : "\n]\n");
  if (format === "table") await write(table(heads(columns), all));
  if (format === "markdown") await write(markdown(heads(columns), all));
  if (format === "line") await write(all.map((row) => lines(columns, row)).join("\n"));
  return rows;
}

function heads(columns: ColumnType[]) {
  const number = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM|DECIMAL.*|FLOAT|DOUBLE)$/;
  return columns.map(({ name, type }) => ({ name: visible(name), right: number.test(type) }));
}

function cellText(value: Value, isTime = false): string {
  if (value === null) return "";
  if (typeof value === "string") return isTime ? value.replace("T", " ") : visible(value);
  return typeof value === "object" ? visible(JSON.stringify(value, exact)) : numberText(value);
}

function csvLine(values: Value[]): string {
  return `${values.map(csvCell).join(",")}\n`;
}

// An empty text is quoted, to differ from null.
function csvCell(value: Value): string {
  if (value === null) return "";
  const text =
    typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value, exact) : numberText(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function numberText(value: boolean | number | bigint): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** A row with one value per line, for rows wider than the screen. */
function lines(columns: ColumnType[], row: string[]): string {
  const names = columns.map(({ name }) => visible(name));
  const width = Math.max(...names.map(textWidth));
  return names.map((name, i) => `${" ".repeat(width - textWidth(name))}${name} = ${row[i]}\n`).join("");
}

function markdown(columns: { name: string; right: boolean }[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("\\", "\\\\").replaceAll("|", "\\|")).join(" | ")} |\n`;
  const rule = `| ${columns.map(({ right }) => (right ? "---:" : "---")).join(" | ")} |\n`;
  return line(columns.map(({ name }) => name)) + rule + rows.map(line).join("");
}

/** Makes names distinct as DuckDB does in a subquery: a, a_1, a_2. */
function distinct(names: string[]): string[] {
  const taken = new Set<string>(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let i = 1; seen.has(unique) || (unique !== name && taken.has(unique)); i++) unique = `${name}_${i}`;
    seen.add(unique);
    return unique;
  });
}
