import { constants, deflateRawSync } from "node:zlib";
import type { CellValue, SheetColumn } from "../../notebooks/components/workbook/cells.ts";
import { factSheet } from "../../notebooks/components/workbook/facts.ts";
import {
  type Deflate,
  openWorkbook,
  WorkbookLimitError,
  type WrittenSheet,
} from "../../notebooks/components/workbook/workbook.ts";
import { CliError } from "../base/errors.ts";
import { madeBy } from "../base/kit-version.ts";
import { plural, zoned } from "../base/words.ts";
import type { Project } from "../config/project.ts";
import type { RowStream } from "../duckdb/database.ts";
import type { ColumnType, Value } from "../duckdb/values.ts";
import { formerSnapshot } from "../warehouse/snapshot/snapshot.ts";
import { dataThrough } from "../warehouse/snapshot/through.ts";
import { exact } from "./output.ts";
import { writeOutputPieces } from "./output-file.ts";

/** What the workbook of a query says about itself. */
export interface QueryFacts {
  query: string;
  timezone: string;
  through: string | null; // ISO, UTC
  asOf: Date | null; // the moment whose knowledge was asked for
  made: Date;
}

export function factsOf(project: Project, query: string, timezone = "UTC", asOf: Date | null = null): QueryFacts {
  const through = dataThrough(formerSnapshot(project.data))?.toISOString() ?? null;
  return { query: query.trim(), timezone, through: asOf === null ? through : null, asOf, made: new Date() };
}

/**
 * Writes rows as an Excel workbook in bounded memory, replacing `file` atomically: the rows, then the provenance. A header
 * says the zone of its times. Throws CliError("query") for more than a workbook holds.
 */
export async function writeWorkbook(
  { columns, batches }: RowStream,
  file: string,
  facts: QueryFacts,
): Promise<WrittenSheet> {
  let written: WrittenSheet = { names: [], rows: 0, cut: 0 };
  try {
    await writeOutputPieces<Uint8Array>(file, async (write) => {
      const workbook = openWorkbook(write, deflate);
      const sheets = columns.map((column) => sheetColumn(column, facts.timezone));
      const rows = cells(batches, columns, facts.timezone);
      written = await workbook.sheet({ name: "Rows", columns: sheets, rows });
      await workbook.sheet(provenance(facts, written));
      await workbook.close();
    });
  } catch (error) {
    if (!(error instanceof WorkbookLimitError)) throw error;
    throw new CliError("query", error.message, "select less of it, or write parquet or csv", { cause: error });
  }
  return written;
}

// Less CPU time than fflate's, see bench/RESULTS.md.
const deflate: Deflate = (bytes, last) =>
  deflateRawSync(bytes, { level: 3, finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH });

/** What the rows' sheet does not show, each with what to do about it. */
export function notesOf({ names, cut }: WrittenSheet): [what: string, next: string | undefined][] {
  return [
    ...(cut > 0
      ? [
          [`${plural(cut, "text")} cut to the 32,767 characters of a cell`, "parquet and csv hold them whole"] as [
            string,
            string,
          ],
        ]
      : []),
    ...(names.length > 1
      ? [[`more rows than a sheet holds: they go on in ${names.slice(1).join(", ")}`, undefined] as [string, undefined]]
      : []),
  ];
}

function provenance({ query, timezone, through, asOf, made }: QueryFacts, written: WrittenSheet) {
  return factSheet("Provenance", [
    ["Query", query],
    ["Rows", written.rows],
    ...notesOf(written).map(([what]): [string, string] => ["Note", what]),
    ...(asOf === null
      ? [["Data through (UTC)", through] as const]
      : [["As known at (UTC)", asOf.toISOString()] as const]),
    ["Zone of times", timezone],
    ["Numbers", "integers beyond 15 digits, and decimals beyond 15, are texts, so that no digit is lost"],
    ["Made (UTC)", made.toISOString()],
    ["Made by", madeBy()],
  ]);
}

// type                                     column of the sheet
// TIMESTAMP…                               time, its zone in the header
// DATE, TIME                               day, clock
// DECIMAL(18,3)                            number with 3 decimals
// other integers                           number without thousands separators
// FLOAT, DOUBLE                            number
// any other                                text
function sheetColumn({ name, type }: ColumnType, timezone: string): SheetColumn {
  if (/^TIMESTAMP/.test(type)) return { header: `${name} (${timezone})`, kind: "time" };
  if (type === "DATE") return { header: name, kind: "day" };
  if (type === "TIME") return { header: name, kind: "clock" };
  const scale = Number(/^DECIMAL\(\d+,\s*(\d+)\)$/.exec(type)?.[1] ?? 0);
  const float = type === "FLOAT" || type === "DOUBLE";
  return { header: name, format: float ? undefined : scale > 0 ? `0.${"0".repeat(scale)}` : "0" };
}

async function* cells(
  batches: AsyncIterable<Value[][]>,
  columns: ColumnType[],
  timezone: string,
): AsyncGenerator<CellValue[][]> {
  const isTime = columns.map(({ type }) => type.startsWith("TIMESTAMP") && timezone !== "UTC");
  for await (const batch of batches)
    yield batch.map((row) =>
      row.map((value, i) => (isTime[i] && typeof value === "string" ? zoned(value, timezone) : cell(value))),
    );
}

function cell(value: Value): CellValue {
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) >= 1e15 && Math.abs(value) <= 2 ** 53)
    return String(value);
  if (typeof value === "bigint") return String(value);
  return value !== null && typeof value === "object" ? JSON.stringify(value, exact) : value;
}
