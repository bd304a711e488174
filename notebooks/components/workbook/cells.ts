import { clockSerial, daySerial, timeSerial } from "./serial.js";
import type { Style } from "./styles.js";
import { fitText, longestText, xmlText } from "./text.js";

export type CellKind = "text" | "number" | "day" | "time" | "clock";
export type CellValue = null | boolean | number | string;

/** A column of a sheet. */
export interface SheetColumn {
  header: string; // with the unit or zone
  kind?: CellKind; // of its texts: "2026-09-01" as a day, "2026-09-01T05:15:00Z" as a time, "05:15:00" as a clock
  format?: string | undefined; // Excel's number format
  width?: number; // characters; by default as its first rows need
  wrap?: boolean;
}

/** A cell as Excel stores it. */
export interface Cell {
  type: "n" | "b" | "inlineStr";
  content: string; // in XML: a number, 0 or 1, or a text
  style: Style;
  cut?: boolean; // the text was longer than a cell holds
}

const formats = { day: "yyyy-mm-dd", time: "yyyy-mm-dd hh:mm:ss", clock: "hh:mm:ss" };

/**
 * value                       kind              cell
 * null                        any               none
 * true, false                 any               boolean
 * number                      any               number, in the column's format
 * Infinity, NaN               any               text
 * text that is such a time    day, time, clock  number of days, shown as the time
 * any other text              any               text, marked as one unless it begins with a letter
 */
export function cellOf(value: CellValue, { kind, format, wrap = false }: SheetColumn): Cell | null {
  if (value === null) return null;
  if (typeof value === "boolean") return { type: "b", content: value ? "1" : "0", style: {} };
  if (typeof value === "number")
    return Number.isFinite(value)
      ? { type: "n", content: Object.is(value, -0) ? "0" : String(value), style: { format } }
      : textCell(String(value), wrap);
  const serial = serialOf(value, kind);
  if (serial === null) return textCell(value, wrap);
  const usual = formats[kind as keyof typeof formats];
  const fine = /\.\d*[1-9]/.test(value) ? `${usual}.000` : (format ?? usual);
  return { type: "n", content: String(serial), style: { format: fine } };
}

function serialOf(text: string, kind: CellKind | undefined): number | null {
  if (kind === "day") return daySerial(text);
  if (kind === "time") return timeSerial(text);
  return kind === "clock" ? clockSerial(text) : null;
}

// An inline text is never a formula, but entering it again, as F2 and Enter do, would make it one, or a number, or a day.
function textCell(text: string, wrap: boolean): Cell {
  const style = { wrap, quoted: text !== "" && !/^\p{L}/u.test(text) };
  return { type: "inlineStr", content: xmlText(fitText(text)), style, cut: text.length > longestText };
}
