import { countColumn, figure, sharedColumn, type TableColumn } from "../charts/figure.js";
import { emptyPanel, panel } from "../charts/panel.js";
import { isolated } from "../metrics/bidi.js";
import { count, decimal, percent, plural, roundTo } from "../metrics/format.js";
import { believedFrom, type Movement, type Moving, movements, type Settling } from "../metrics/queues/settling.js";
import { svg } from "../picture/dom.js";
import { share } from "./accuracy-page.js";

const figures: readonly { of: Moving; name: string; mark: string }[] = [
  { of: "volume", name: "volume", mark: "blue" },
  { of: "level", name: "service level", mark: "orange" },
  { of: "handle", name: "handle time", mark: "grey-soft" },
];

/** How long to wait before a quarter-hour's figures can be believed. */
export function settlingFigure(rows: readonly Settling[], queue: string): HTMLElement {
  const moving = movements(rows, queue);
  const columns: TableColumn<Movement>[] = [
    sharedColumn("Queue", queue),
    { label: "Minutes after its end", value: ({ minutes }) => minutes },
    countColumn("Quarter-hours", ({ windows }) => windows),
    share("Exported by then", ({ known }) => known),
    share("Counts final", ({ settled }) => settled),
    share("Volume still moves", ({ volume }) => volume),
    {
      label: "Service level still moves",
      header: "Service level still moves (points)",
      value: ({ level }) => roundTo(level === null ? null : level * 100, 2),
      text: ({ level }) => (level === null ? "–" : decimal(level * 100, 2)),
    },
    share("Handle time still moves", ({ handle }) => handle),
  ];
  return figure({
    id: "settling",
    title: settlingTitle(moving),
    subtitle: `What a quarter-hour's figures still move by, some minutes after its end; ${isolated(queue)}.`,
    legend: figures.map(({ name, mark }) => ({ text: `${name[0]?.toUpperCase()}${name.slice(1)}`, mark })),
    footer: settlingFooter(moving),
    rows: moving,
    columns,
    draw: (width) => settlingChart(moving, width),
    file: "settling",
  });
}

/** How long to wait, in a sentence. */
export function settlingTitle(rows: readonly Movement[]): string {
  if (rows.length === 0) return "How long figures move cannot be told yet";
  const times = figures.flatMap(({ of, name }) =>
    rows.some((row) => row[of] !== null) ? [{ name, from: believedFrom(rows, of) }] : [],
  );
  const byTime = new Map<number | null, string[]>();
  for (const { name, from } of times) byTime.set(from, [...(byTime.get(from) ?? []), name]);
  const parts = [...byTime]
    .sort(([a], [b]) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY))
    .map(([from, names]) => `${from === null ? "longer than all of these" : `${from} minutes`} for ${listed(names)}`);
  return `Wait ${parts.join(", ")}`;
}

function settlingFooter(rows: readonly Movement[]): string {
  const [first] = rows;
  if (first === undefined) return "Source: queue_wfm.";
  const late = rows.find(({ known }) => known !== null && known >= 0.99);
  return [
    "A figure is believed once it moves by less than 1%, or a point of service level, and 99% of the quarter-hours have been exported.",
    late ? null : "Some quarter-hours were exported later than all of these.",
    `n = ${plural(first.windows, "quarter-hour")} with contacts of up to 28 days. Volume and handle time: sum of absolute differences / present figure; service level: mean absolute difference, weighted by contacts.`,
    `Exported by then: ${rows
      .slice(0, late ? rows.indexOf(late) + 1 : undefined)
      .map(({ minutes, known }) => `${percent(known, 0)} at ${count(minutes)} min`)
      .join(", ")}.`,
    "Source: all runs of queue_wfm, by the times of their markers.",
  ]
    .filter(Boolean)
    .join(" ");
}

function settlingChart(rows: readonly Movement[], width: number): SVGSVGElement {
  const all = rows.flatMap((row) => figures.flatMap(({ of }) => row[of] ?? []));
  if (all.length === 0) return emptyPanel(width, "No quarter-hour with contacts is older than a day.");
  const { root, marks, x, y } = panel({
    width,
    height: 180,
    slots: rows.length,
    max: Math.max(0.02, ...all),
    format: (value) => `${decimal(value * 100, value * 100 < 10 && value > 0 ? 1 : 0)}%`,
    tick: (slot) => (rows[slot] ? `${rows[slot].minutes} min` : null),
    label: "How much a quarter-hour's figures still move, by minutes after its end",
    description: "Columns for volume, service level and handle time, in percent, points and percent.",
  });
  const size = Math.min(20, (x(1) - x(0) - 8) / figures.length);
  rows.forEach((row, slot) => {
    figures.forEach(({ of, mark }, place) => {
      const moved = row[of];
      if (moved === null) return;
      const left = (x(slot) + x(slot + 1)) / 2 + (place - figures.length / 2) * size;
      marks.append(svg("rect", { class: mark, x: left, width: size - 1, y: y(moved), height: y(0) - y(moved) }));
    });
  });
  return root;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
