import * as Plot from "@observablehq/plot";
import { svg } from "../picture/dom.js";
import { type FigureOptions, figure, type TableColumn } from "./figure.js";
import { emptyPanel } from "./panel.js";

export interface QuickChartOptions<T> extends Omit<FigureOptions<T>, "draw" | "columns"> {
  columns?: TableColumn<T>[]; // default: all fields of the rows
  empty?: string; // message in place of a chart without rows
  plot: Plot.PlotOptions | ((width: number) => Plot.PlotOptions);
}

/** Colours for an ordinal scale, in order of use: `color: { domain, range: palette }`. */
export const palette = ["blue", "orange", "grey", "blue-strong", "blue-soft", "orange-soft", "grey-soft"].map(
  (name) => `var(--${name})`,
);

/**
 * A figure drawn by Observable Plot: options of `Plot.plot` in the kit's style, with the titles, legend, menu, table and
 * empty state of every chart. Titles and legend belong to the figure, so Plot's own are left out. Use theme colours:
 * `fill: "var(--blue)"`.
 */
export function quickChart<T extends object>(options: QuickChartOptions<T>): HTMLElement {
  const { plot, empty = "No rows.", columns = columnsOf(options.rows), ...rest } = options;
  return figure({
    ...rest,
    columns,
    draw: (width) =>
      options.rows.length === 0
        ? emptyPanel(width, empty)
        : drawn(typeof plot === "function" ? plot(width) : plot, width, rest),
  });
}

const plain = "var(--ink-3)"; // for axes and marks without a colour

function drawn(plot: Plot.PlotOptions, width: number, { title, subtitle }: Titles): SVGSVGElement {
  const root = Plot.plot({
    document,
    width,
    height: 240,
    ariaLabel: title,
    ariaDescription: subtitle,
    marginTop: 28,
    marginBottom: 38,
    marginLeft: 48,
    ...plot,
    x: { tickSize: 4, ...plot.x },
    y: { tickSize: 0, ...plot.y },
    figure: false,
    className: "plot",
    style: null,
  }) as SVGSVGElement;
  root.querySelector("style")?.remove();
  root.setAttribute("role", "img");
  // inherited attributes must stay with the marks, as a picture has its own root
  const marks = svg("g", { fill: plain, "font-size": 12, "text-anchor": "middle" });
  marks.append(...root.childNodes);
  root.append(marks);
  for (const name of ["fill", "stroke", "font-family", "font-size", "text-anchor"]) root.removeAttribute(name);
  for (const element of marks.querySelectorAll("*"))
    for (const { name, value } of [...element.attributes])
      if (/^currentcolor$/i.test(value)) element.setAttribute(name, plain);
  return root;
}

type Titles = Pick<FigureOptions<never>, "title" | "subtitle">;

// One column per field; dates as ISO text.
function columnsOf<T extends object>(rows: readonly T[]): TableColumn<T>[] {
  return Object.keys(rows[0] ?? {}).map((label) => ({
    label,
    value: (row) => {
      const value: unknown = new Map(Object.entries(row)).get(label);
      if (value === null || value === undefined) return null;
      if (value instanceof Date) return value.toISOString();
      return typeof value === "number" ? value : String(value);
    },
  }));
}
