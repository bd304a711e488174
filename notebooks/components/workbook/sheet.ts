import { type CellValue, cellOf, type SheetColumn } from "./cells.js";
import type { styleSheet } from "./styles.js";
import { xmlText } from "./text.js";

/** Rows and columns of a sheet. Source: Microsoft, Excel specifications and limits. */
export const mostRows = 1_048_576;
export const mostColumns = 16_384;

const namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';

/** The XML of a sheet: its head with the first row, which stays in view, rows, and an end. */
export function sheetXml(columns: readonly SheetColumn[], styles: ReturnType<typeof styleSheet>) {
  const letters = columns.map((_, i) => columnLetters(i));
  let row = 0;
  let cut = 0;
  const rowXml = (cells: readonly (string | null)[]) => `<row r="${row}">${cells.join("")}</row>`;
  const cellXml = (value: CellValue, column: SheetColumn, i: number, head = false) => {
    const cell = cellOf(value, column);
    if (cell === null) return "";
    if (cell.cut) cut++;
    const style = styles.index(head ? { ...cell.style, head, wrap: true } : cell.style);
    const at = `<c r="${letters[i]}${row}"${style ? ` s="${style}"` : ""}`;
    if (cell.type === "n") return `${at}><v>${cell.content}</v></c>`;
    if (cell.type === "b") return `${at} t="b"><v>${cell.content}</v></c>`;
    const space = /^\s|\s$|\n/.test(cell.content) ? ' xml:space="preserve"' : "";
    return `${at} t="inlineStr"><is><t${space}>${cell.content}</t></is></c>`;
  };
  const range = () => `A1:${letters.at(-1)}${row}`;
  return {
    start(sample: readonly (readonly CellValue[])[], active: boolean): string {
      row = 1;
      const widths = columns.map((column, i) => widthOf(column, sample, i));
      const cols = widths.map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`);
      return (
        `<worksheet ${namespace}><sheetViews><sheetView${active ? ' tabSelected="1"' : ""} workbookViewId="0">` +
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' +
        '<selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView></sheetViews>' +
        `<sheetFormatPr defaultRowHeight="15"/>${cols.length > 0 ? `<cols>${cols.join("")}</cols>` : ""}<sheetData>` +
        rowXml(columns.map(({ header }, i) => cellXml(header, { header }, i, true)))
      );
    },
    row(values: readonly CellValue[]): string {
      row++;
      return rowXml(columns.map((column, i) => cellXml(values[i] ?? null, column, i)));
    },
    // Without the last element Excel marks each text of digits with a green corner.
    end: () =>
      `</sheetData>${columns.length > 0 ? `<autoFilter ref="${range()}"/>` : ""}` +
      (columns.length > 0
        ? `<ignoredErrors><ignoredError sqref="${range()}" numberStoredAsText="1"/></ignoredErrors>`
        : "") +
      "</worksheet>",
    /** The filter's range, as the workbook names it. */
    filter: (name: string) => `${xmlText(`'${name.replaceAll("'", "''")}'`)}!$A$1:$${letters.at(-1)}$${row}`,
    rows: () => row,
    cut: () => cut,
  };
}

/** 0 -> "A", 26 -> "AA" */
export function columnLetters(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : columnLetters(Math.floor(index / 26) - 1) + letter;
}

const timeWidths = { day: 12, time: 21, clock: 12 };

// The arrow of the filter takes three characters of a header, which wraps beyond 40.
function widthOf({ header, kind, width }: SheetColumn, sample: readonly (readonly CellValue[])[], i: number): number {
  if (width !== undefined) return width;
  const longest = (values: string[]) =>
    Math.max(0, ...values.map((text) => Math.max(...text.split("\n").map(lengthOf))));
  const cells = sample
    .map((row) => row[i] ?? "")
    .map((value) => (typeof value === "number" ? value.toFixed(0) : `${value}`));
  const least = timeWidths[kind as keyof typeof timeWidths] ?? longest(cells) + 2;
  return Math.min(60, Math.max(8, least, Math.min(40, longest([header]) + 3)));
}

function lengthOf(text: string): number {
  return Math.min(text.length, 200);
}
