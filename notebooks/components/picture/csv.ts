export interface CsvColumn<T> {
  label: string;
  header?: string; // with the unit; the label by default
  kind?: "day" | "time" | "share"; // of the values, for a workbook: ISO in UTC or a local time, a share from 0 to 1
  value: (row: T) => string | number | null;
}

/** The values of a chart or table, as a file has them. */
export interface Numbers<T> {
  columns: readonly CsvColumn<T>[];
  rows: readonly T[];
}

/**
 * A CSV file with a byte order mark, without which spreadsheets assume the machine's own encoding.
 * Source: Microsoft, "Opening CSV UTF-8 files correctly in Excel".
 */
export function csvFile(text: string): string {
  return `\ufeff${text}`;
}

/**
 * RFC 4180. Text that a spreadsheet would run as a formula is prefixed with an apostrophe. Source: OWASP, CSV injection.
 */
export function csv<T>(columns: readonly CsvColumn<T>[], rows: readonly T[]): string {
  const cell = (value: string | number | null) => {
    const formula = typeof value === "string" && /^([\t\r\n]|\s*[=+@\-\uff1d\uff0b\uff0d\uff20])/.test(value);
    const text = value === null ? "" : `${formula ? "'" : ""}${value}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [
    columns.map(({ label, header = label }) => cell(header)),
    ...rows.map((row) => columns.map(({ value }) => cell(value(row)))),
  ];
  return `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}
