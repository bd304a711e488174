import { unmarked } from "../metrics/bidi.js";
import { csv, csvFile, type Numbers } from "../picture/csv.js";
import { html } from "../picture/dom.js";
import type { ReceiptOf } from "../receipt/receipt.js";
import type { Fact } from "../workbook/facts.js";
import { asOf, pinnedUrl } from "./url-state.js";

/** Values to save as a file, with what a reader of the file needs to know. */
export interface Saved<T> extends Numbers<T> {
  file: string; // without extension
  name: string; // names the sheet of a workbook: "service-level"
  title: string;
  words: readonly string[]; // measure, formula, n, source
  anchor?: string | undefined; // id of the link's target
  receipt?: ReceiptOf | undefined;
}

/** Tells the status message that an action resolves to, or why it failed, for a few seconds. */
export async function tellStatus(status: HTMLElement, act: () => Promise<string>): Promise<void> {
  status.textContent = "…";
  status.textContent = await act().catch((error: Error) => `Not possible here: ${error.message}`);
  setTimeout(() => {
    status.textContent = "";
  }, 4000);
}

/** Saves a file and returns a status message. */
export function save(blob: Blob, name: string): string {
  const url = URL.createObjectURL(blob);
  html("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return `Saved ${name}`;
}

/** Saves values as a CSV file and returns a status message. */
export function saveCsv<T>({ columns, rows }: Numbers<T>, file: string): string {
  return save(new Blob([csvFile(csv(columns, rows))], { type: "text/csv;charset=utf-8" }), `${file}.csv`);
}

/** Saves values as an Excel workbook and resolves to a status message. Its code is loaded when asked for. */
export async function saveWorkbook<T>({
  file,
  name,
  title,
  words,
  anchor,
  receipt,
  columns,
  rows,
}: Saved<T>): Promise<string> {
  const line = receipt?.("workbook");
  const provenance: Fact[] = [
    ["What", unmarked(title)],
    ...pageFacts(anchor),
    ...(line ? [["Receipt", line] as const] : []),
  ];
  const { chartName, chartWorkbook } = await import("../workbook/chart-workbook.js");
  const sheet = chartName(name);
  const definitions = words.filter(Boolean).map((text, i): Fact => [i === 0 ? sheet : "Note", unmarked(text)]);
  const pieces = await chartWorkbook([{ name: sheet, columns, rows }], { definitions, provenance });
  const type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  return save(new Blob(pieces, { type }), `${file}.xlsx`);
}

// A mailed file has no address to share.
function pageFacts(anchor?: string): Fact[] {
  const { standalone, through, timezone = "UTC" } = document.documentElement.dataset;
  const link = standalone ? null : new URL(pinnedUrl(anchor));
  const filters = [...(link?.searchParams ?? [])].filter(([name]) => name !== asOf);
  return [
    ["Page", unmarked(document.title)],
    ...filters.map(([name, value]): Fact => [`Filter: ${name}`, value]),
    ["Data through (UTC)", through ?? null],
    ["Zone of local times", timezone],
    ...(link ? [["Link", link.href] as const] : []),
    ["Made (UTC)", new Date().toISOString()],
    ["Made by", document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content ?? null],
  ];
}
