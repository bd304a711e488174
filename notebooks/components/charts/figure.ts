import { type SlotAnnotation, slotText } from "../metrics/annotations/annotation.js";
import { count, percent } from "../metrics/format.js";
import type { CsvColumn } from "../picture/csv.js";
import { html, svg } from "../picture/dom.js";
import type { LegendEntry } from "../picture/picture.js";
import { swatch, swatchSize } from "../picture/swatch.js";
import type { ReceiptOf } from "../receipt/receipt.js";
import { type Saved, saveCsv, saveWorkbook, tellStatus } from "./save.js";
import { shareMenu } from "./share-menu.js";

export interface TableColumn<T> extends CsvColumn<T> {
  text?: (row: T) => string; // as displayed; default: the value
  hidden?: boolean; // only in saved files
}

export interface FigureOptions<T> {
  id: string;
  title: string; // the finding
  subtitle: string; // measure, unit, population, period
  footer: string; // zone, data through, n, source feed
  draw: (width: number) => SVGSVGElement;
  legend?: LegendEntry[];
  rows: readonly T[];
  columns: TableColumn<T>[];
  table?: boolean; // default: true; false where the page has these rows as a table of its own
  file?: string; // name of saved files, without extension
  receipt?: ReceiptOf;
}

/** A chart with titles, footer, and its rows as a table, as CSV and as a workbook. Redrawn when its width changes. */
export function figure<T>(options: FigureOptions<T>): HTMLElement {
  const body = html("div", { class: "figure-body" });
  const details = html("details", { class: "figure-table" }, html("summary", {}, "Table"));
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector("table")) details.append(table(options.columns, options.rows));
  });
  const element = html(
    "figure",
    { class: "figure", id: options.id },
    html(
      "header",
      {},
      html("h2", { class: "figure-title" }, options.title),
      html("p", { class: "figure-subtitle" }, options.subtitle),
      options.legend ? legend(options.legend) : null,
      shareMenu(options.title, {
        file: options.file ?? options.id,
        name: options.id,
        anchor: options.id,
        numbers: () => options,
        receipt: options.receipt,
        picture: () => ({
          kicker: document.title.replace(" | ", " · "),
          title: options.title,
          lead: options.subtitle,
          charts: [{ legend: options.legend, draw: options.draw }],
          notes: [options.footer],
        }),
      }),
    ),
    body,
    html("figcaption", {}, html("span", {}, options.footer)),
    options.table === false ? null : details,
  );
  let drawn = 0;
  const draw = (width: number) => {
    if (width < 50 || Math.abs(width - drawn) < 1) return;
    drawn = width;
    body.replaceChildren(options.draw(Math.floor(width)));
  };
  new ResizeObserver(([entry]) => draw(entry?.contentRect.width ?? 0)).observe(body);
  return element;
}

/** Rows as an HTML table. */
export function table<T>(all: TableColumn<T>[], rows: readonly T[]): HTMLElement {
  const columns = all.filter(({ hidden }) => !hidden);
  if (rows.length === 0) return html("p", { class: "none" }, "No rows.");
  const numeric = columns.map(({ value }) => rows.every((row) => typeof value(row) !== "string"));
  return html(
    "div",
    { class: "table-scroll", tabindex: 0, role: "group", "aria-label": "Table" },
    html(
      "table",
      {},
      tableHead(columns.map(({ label }, i) => ({ label, number: numeric[i] ?? false }))),
      html(
        "tbody",
        {},
        rows.map((row) =>
          html(
            "tr",
            {},
            columns.map((column, i) =>
              html("td", { class: numeric[i] ? "number" : null }, column.text?.(row) ?? column.value(row) ?? "–"),
            ),
          ),
        ),
      ),
    ),
  );
}

export function tableHead(columns: readonly { label: string; number: boolean }[]): HTMLElement {
  const cells = columns.map(({ label, number }) =>
    html("th", { scope: "col", class: number ? "number" : null }, label),
  );
  return html("thead", {}, html("tr", {}, cells));
}

/** A value that all rows share, such as the queue, for saved files, whose rows have no title. */
export function sharedColumn<T>(label: string, value: string): TableColumn<T> {
  return { label, value: () => value, hidden: true };
}

/** What happened in each row's slot; none where no annotation is drawn. */
export function annotatedColumn<T>(annotations: readonly SlotAnnotation[], rows: readonly T[]): TableColumn<T>[] {
  if (annotations.length === 0) return [];
  const slots = new Map(rows.map((row, slot) => [row, slot]));
  const text = (row: T) => slotText(annotations, slots.get(row) ?? -1);
  return [{ label: "Annotations", value: (row) => text(row) || null, text: (row) => text(row) }];
}

/** A column of counts with thousands separators. */
export function countColumn<T>(label: string, value: (row: T) => number | null): TableColumn<T> {
  return { label, value, text: (row) => count(value(row)) };
}

export function shareColumn<T>(label: string, value: (row: T) => number | null): TableColumn<T> {
  return { label, kind: "share", value, text: (row) => percent(value(row)) };
}

/** Buttons above a table that save its rows, or those of the moment, as CSV and as an Excel workbook. */
export function downloads<T>({ rows, ...saved }: Omit<Saved<T>, "rows"> & { rows: () => readonly T[] }): HTMLElement {
  const status = html("span", { class: "share-status", role: "status" });
  const numbers = () => ({ ...saved, rows: rows() });
  const toWorkbook = () => tellStatus(status, () => saveWorkbook(numbers()));
  return html(
    "div",
    { class: "figure-tools" },
    status,
    html("button", { type: "button", onclick: () => saveCsv(numbers(), saved.file) }, "Download CSV"),
    html("button", { type: "button", onclick: toWorkbook }, "Excel workbook"),
  );
}

function legend(entries: LegendEntry[]): HTMLElement {
  const viewBox = `0 0 ${swatchSize} ${swatchSize}`;
  return html(
    "ul",
    { class: "legend" },
    entries.map(({ text, mark }) =>
      html("li", {}, svg("svg", { class: "mark", viewBox, "aria-hidden": "true" }, swatch(mark)), text),
    ),
  );
}
