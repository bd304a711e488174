import { type ChartColumn, chartSheet } from "./chart-sheet.js";
import { type Fact, factSheet } from "./facts.js";
import { openWorkbook } from "./workbook.js";

/** The values of a chart, and the name of their sheet. */
export interface WorkbookChart<T> {
  name: string;
  columns: readonly ChartColumn<T>[];
  rows: readonly T[];
}

/** A workbook in pieces: a sheet for each chart, then Definitions and Provenance. */
export async function chartWorkbook<T>(
  charts: readonly WorkbookChart<T>[],
  about: { definitions: readonly Fact[]; provenance: readonly Fact[] },
): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const workbook = openWorkbook((bytes) => void pieces.push(new Uint8Array(bytes)));
  for (const { name, columns, rows } of charts) await workbook.sheet(chartSheet(name, columns, rows));
  await workbook.sheet(factSheet("Definitions", about.definitions));
  await workbook.sheet(factSheet("Provenance", about.provenance));
  await workbook.close();
  return pieces;
}

/** The sheet's name of a chart with that id: "service-level" -> "Service level". */
export function chartName(id: string): string {
  return `${id.charAt(0).toUpperCase()}${id.slice(1).replaceAll("-", " ")}`;
}
