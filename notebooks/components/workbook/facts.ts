import type { CellValue } from "./cells.js";
import type { Sheet } from "./workbook.js";

export type Fact = readonly [name: string, value: CellValue];

/** A sheet of names and values, such as where figures are from. A time is ISO in UTC, its name says so. */
export function factSheet(name: string, facts: readonly Fact[]): Sheet {
  return {
    name,
    columns: [
      { header: "What", width: 24, wrap: true },
      { header: "Value", width: 100, wrap: true, kind: "time" },
    ],
    rows: [facts.map(([what, value]) => [what, value])],
  };
}
