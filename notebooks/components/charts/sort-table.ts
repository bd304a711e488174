import { html } from "../picture/dom.js";
import type { TableColumn } from "./figure.js";

/** A column of a table that can be sorted by it. */
export interface SortColumn<T> extends TableColumn<T> {
  key: string; // unique, in the address
  link?: (row: T) => string; // address behind the text
  mark?: (row: T) => string | null; // class of the cell
}

/** The column by which a table is sorted; null: as the rows came. */
export interface Sorting {
  key: string;
  down: boolean; // largest first
}

/** "contacts" for the largest first, "-contacts" for the smallest; null where no column has that key. */
export function sortingOf(text: string | null, columns: readonly { key: string }[]): Sorting | null {
  const [, up, key] = /^(-?)(.*)$/.exec(text ?? "") ?? [];
  return columns.some((column) => column.key === key) ? { key: key as string, down: up === "" } : null;
}

/** The inverse of sortingOf. */
export function sortingText(sorting: Sorting | null): string | null {
  return sorting && `${sorting.down ? "" : "-"}${sorting.key}`;
}

/** Rows by a column: rows without a value last in both directions, equal ones as they came. Texts as people count: 2 before 10. */
export function sortedRows<T>(rows: readonly T[], columns: readonly SortColumn<T>[], sorting: Sorting | null): T[] {
  const column = columns.find(({ key }) => key === sorting?.key);
  if (!column || !sorting) return [...rows];
  const sign = sorting.down ? -1 : 1;
  return rows
    .map((row) => ({ row, value: column.value(row) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
      return sign * compared(a.value, b.value);
    })
    .map(({ row }) => row);
}

const names = new Intl.Collator("en", { numeric: true });

function compared(a: string | number, b: string | number): number {
  return typeof a === "number" && typeof b === "number" ? a - b : names.compare(String(a), String(b));
}

/**
 * A table whose heads are buttons: the first press sorts numbers with the largest first and texts from A, the next one turns
 * that round. `onSort` is told.
 */
export function sortTable<T>(
  columns: readonly SortColumn<T>[],
  rows: readonly T[],
  options: { label: string; sorting: Sorting | null; faint: (row: T) => boolean; onSort: (sorting: Sorting) => void },
): HTMLElement {
  const isText = new Map(columns.map(({ key, value }) => [key, rows.some((row) => typeof value(row) === "string")]));
  const body = html("tbody", {});
  const cell = (column: SortColumn<T>, row: T, first: boolean) => {
    const text = column.text?.(row) ?? column.value(row) ?? "–";
    const content = column.link ? html("a", { href: column.link(row) }, html("bdi", {}, text)) : text;
    const classes = [isText.get(column.key) ? null : "number", column.mark?.(row)].filter(Boolean).join(" ") || null;
    return first ? html("th", { scope: "row", class: classes }, content) : html("td", { class: classes }, content);
  };
  const line = (row: T) =>
    html(
      "tr",
      { class: options.faint(row) ? "few" : null },
      columns.map((column, i) => cell(column, row, i === 0)),
    );
  const lines = new Map(rows.map((row) => [row, line(row)]));
  const heads = columns.map(({ key, label }) => {
    const press = () => {
      const same = sorting?.key === key;
      sorting = { key, down: same ? !sorting?.down : !isText.get(key) };
      show();
      options.onSort(sorting);
    };
    return html(
      "th",
      { scope: "col", class: isText.get(key) ? null : "number" },
      html(
        "button",
        { type: "button", class: "sort-head", onclick: press },
        label,
        html("span", { "aria-hidden": "true" }),
      ),
    );
  });
  let { sorting } = options;
  const show = () => {
    for (const [i, head] of heads.entries()) {
      const sorted = sorting !== null && columns[i]?.key === sorting.key;
      if (sorted) head.setAttribute("aria-sort", sorting?.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    body.replaceChildren(...sortedRows(rows, columns, sorting).flatMap((row) => lines.get(row) ?? []));
  };
  show();
  return html(
    "div",
    { class: "table-scroll", tabindex: 0, role: "region", "aria-label": options.label },
    html("table", { class: "sort-table" }, html("thead", {}, html("tr", {}, heads)), body),
  );
}
