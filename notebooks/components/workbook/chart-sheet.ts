import type { CellValue } from "./cells.js";
import type { Sheet } from "./workbook.js";

/** A column of a chart's table. */
export interface ChartColumn<T> {
  label: string;
  header?: string; // with the unit
  kind?: "day" | "time" | "share"; // of its values: ISO in UTC or a local time, a share from 0 to 1
  value: (row: T) => string | number | null;
}

/** The rows of a chart as a sheet: the values of its CSV file, days and times as such, shares in percent. */
export function chartSheet<T>(name: string, columns: readonly ChartColumn<T>[], rows: readonly T[]): Sheet {
  const values = rows.map((row) => columns.map(({ value }): CellValue => value(row)));
  const numberFormat = (at: number) =>
    values.every((row) => typeof row[at] !== "number" || Number.isInteger(row[at])) ? "#,##0" : "#,##0.00";
  return {
    name,
    columns: columns.map(({ label, header = label, kind }, at) =>
      kind === "day" || kind === "time"
        ? { header, kind, format: kind === "day" ? undefined : "yyyy-mm-dd hh:mm" }
        : { header, format: kind === "share" ? "0.0%" : numberFormat(at) },
    ),
    rows: [values],
  };
}
