import { annotatedText, annotationsFor, onIntervals, type SlotAnnotation } from "../metrics/annotations/annotation.js";
import { isolated, isolatedLines, unmarked } from "../metrics/bidi.js";
import { clock, count, decimal, percent, signed, type Zone } from "../metrics/format.js";
import { type Interval, offered } from "../metrics/interval.js";
import { deviationText, handleDeviation, volumeDeviation } from "../metrics/queues/deviation.js";
import {
  contactsOf,
  inconsistent,
  missingBy,
  orderText,
  type QueueBoard,
  type QueueOfDay,
  type QueueOrder,
  serviceMetrics,
} from "../metrics/queues/queue-board.js";
import { lacks, type Site } from "../metrics/site.js";
import { serviceLevelOf } from "../metrics/today.js";
import { chartRoot, svg } from "../picture/dom.js";
import { textWidth, widestFont } from "../picture/font.js";
import { cutText } from "../picture/lines.js";
import { closed, emptyPanel, runs, stepCurves } from "./panel.js";
import { todayLink } from "./url-state.js";

/** A queue with the intervals to be drawn, of the same hours as all others. */
export interface Facet {
  queue: QueueOfDay;
  rows: readonly Interval[];
}

export interface FacetOptions {
  order: QueueOrder; // decides which shortfall is shown
  free: boolean; // each queue has its own scale
  search: string; // of the address, for links
}

const facet = { height: 254, gap: 18, least: 290, size: 106, top: 126, bottom: 176, levelTop: 192, levelBottom: 228 };

/** One facet per queue: name, eight figures, and the day's contacts and service level. */
export function facetChart(
  board: QueueBoard,
  queues: readonly Facet[],
  { width, free, search, order }: FacetOptions & { width: number },
): SVGSVGElement {
  const { day, site } = board;
  if (!queues.some(({ queue }) => queue.intervals > 0))
    return emptyPanel(
      width,
      lacks(site, "assignments") ? "No column is mapped to assignments." : "No data for this day.",
    );
  const across = Math.max(1, Math.min(queues.length, Math.floor((width + facet.gap) / (facet.least + facet.gap))));
  const wide = (width - facet.gap * (across - 1)) / across;
  const height = Math.ceil(queues.length / across) * (facet.height + facet.gap) - facet.gap;
  const highest = Math.max(1, ...queues.map(peak));
  const largest = Math.max(1, ...board.queues.map((queue) => queue.offered));
  const root = chartRoot(width, height, {
    class: "panel queue-board",
    role: "group",
    "aria-label": `Queues, largest shortfall ${orderText(board, order)} first`,
  });
  queues.forEach((one, i) => {
    const [x, y] = [(i % across) * (wide + facet.gap), Math.floor(i / across) * (facet.height + facet.gap)];
    const { queue } = one;
    const annotations = onIntervals(annotationsFor(site.annotations, queue.queue), one.rows, site.timezone);
    root.append(
      svg(
        "a",
        {
          class: "facet",
          href: todayLink(search, queue.queue, day),
          transform: `translate(${x},${y})`,
        },
        svg("title", {}, [spoken(queue, board, order), annotatedText(annotations)].filter(Boolean).join(". ")),
        svg("rect", {
          class: "facet-back",
          x: 0.5,
          y: 0.5,
          width: wide - 1,
          height: facet.height - 1,
          rx: 7,
        }),
        annotated(one, wide, annotations),
        head(queue, wide, board, order),
        svg("rect", {
          class: "grey",
          x: 12,
          y: facet.size - 3,
          width: Math.max(1, (queue.offered / largest) * (wide - 24)),
          height: 3,
        }),
        spark(one, wide, free ? Math.max(1, peak(one)) : highest, board.zone),
        levels(one, wide, site),
      ),
    );
  });
  return root;
}

// "100.0%" is too wide beside three other figures.
function brief(share: number | null): string {
  return percent(share).replace("100.0%", "100%");
}

function stateText(queue: QueueOfDay, { site, hour }: QueueBoard, order: QueueOrder): string {
  const missing = missingBy(order, queue);
  const when = order === "risk" ? " at close" : order === "now" && hour ? ` from ${hour.label}` : "";
  if (missing !== null) return missing > 0 ? `${count(missing)} short${when}` : `target met${when}`;
  if (lacks(site, ...serviceMetrics)) return "no column";
  if (inconsistent(queue, site)) return "inconsistent counts";
  return order === "risk" && queue.missing !== null ? "not expected" : `no contacts${when}`;
}

type Figure = [value: string, label: string, mark?: string];

// The texts of a facet: state, and figures with their labels.
function facetTexts(queue: QueueOfDay, board: QueueBoard, order: QueueOrder): { state: string; figures: Figure[] } {
  const { missing, service, abandonRate, projection, close, hour, usual } = queue;
  const { site, running } = board;
  const deviation = handleDeviation(queue);
  const net = hour?.net ?? null;
  return {
    state: stateText(queue, board, order),
    figures: [
      [count(contactsOf(queue, site)), "contacts"],
      [brief(service), `in ${site.seconds} s`, missing ? "orange-text" : ""],
      [brief(abandonRate), "abandoned"],
      [clock(queue.wait), "mean wait"],
      [clock(queue.handle), deviation.share === null ? "handle time" : `handle ${deviationText(deviation)}`],
      [net === null ? "–" : signed(net, 1), "net reps", net !== null && net <= -0.5 ? "orange-text" : ""],
      running ? [decimal(projection?.projected, 0), "by close"] : [decimal(usual, 0), "usual"],
      running
        ? [brief(close?.level ?? null), "at close", close?.missing ? "orange-text" : ""]
        : [deviationText(volumeDeviation(queue)), "vs usual"],
    ],
  };
}

function head(queue: QueueOfDay, wide: number, board: QueueBoard, order: QueueOrder): SVGGElement {
  const { state, figures } = facetTexts(queue, board, order);
  const late = (missingBy(order, queue) ?? 0) > 0;
  const room = (wide - 24 - 12) / widestFont - textWidth(state, 12, 600);
  const name = cutText(unmarked(queue.queue), { width: room, size: 14, weight: 600 });
  const step = (wide - 24) / 4;
  return svg(
    "g",
    {},
    svg("text", { class: "facet-name", x: 12, y: 22 }, name),
    svg(
      "text",
      {
        class: `facet-state ${late ? "orange-text" : "blue-text"}`,
        x: wide - 12,
        y: 22,
        "text-anchor": "end",
      },
      state,
    ),
    figures.map(([value, label, mark = ""], i) => {
      const [x, y] = [12 + (i % 4) * step, i < 4 ? 46 : 82];
      return svg(
        "g",
        {},
        svg("text", { class: `facet-value ${mark} ${i > 0 && queue.few ? "few" : ""}`, x, y }, shortValue(value, step)),
        svg("text", { class: "facet-label", x, y: y + 14 }, shortLabel(label, step)),
      );
    }),
  );
}

// "−1,971.0" as "−1,971" and "158,430" as "158k" where there is no room; the table has them in full.
function shortValue(value: string, room: number): string {
  const fits = (text: string) => textWidth(text, 16, 600) + 4 < room;
  const whole = value.replace(/(\d)\.\d$/, "$1");
  return [value, whole].find(fits) ?? whole.replace(/,\d{3}$/, "k");
}

// "handle (+3%)" as "handle".
function shortLabel(label: string, room: number): string {
  return textWidth(label, 11) + 4 < room ? label : (label.split(" ")[0] ?? label);
}

function across(rows: readonly Interval[], wide: number) {
  return (slot: number) => 12 + (slot / Math.max(1, rows.length)) * (wide - 24);
}

function spark({ rows }: Facet, wide: number, top: number, zone: Zone): SVGGElement {
  const x = across(rows, wide);
  const y = (value: number) => facet.bottom - (value / top) * (facet.bottom - facet.top);
  const group = svg("g", { "aria-hidden": "true" });
  const { edge, fill } = stepCurves(x, y);
  const expected = runs(rows, ({ usual }) => (usual !== null && usual > 0 ? usual : null)).map(closed);
  for (const run of expected) group.append(svg("path", { class: "usual-band", d: fill(run) }));
  const bar = Math.max(0.8, x(1) - x(0) - 0.7);
  // one path for all bars of a mark, as fifty queues have thousands
  for (const mark of ["blue", "blue running"]) {
    const bars = rows.map((row, slot) => {
      const top = (row.state === "partial") === (mark !== "blue") ? offered(row) : null;
      return top ? `M${x(slot)},${y(0)}V${y(top)}h${bar}V${y(0)}Z` : "";
    });
    group.append(svg("path", { class: mark, d: bars.join("") }));
  }
  for (const run of expected) group.append(svg("path", { class: "line usual-line thin", d: edge(run) }));
  group.append(svg("line", { class: "facet-zero", x1: 12, x2: wide - 12, y1: y(0), y2: y(0) }));
  group.append(
    svg(
      "text",
      { class: "facet-scale", x: wide - 12, y: facet.top - 4, "text-anchor": "end" },
      `scale to ${count(Math.ceil(top))}`,
    ),
  );
  rows.forEach((row, slot) => {
    const time = zone.time(row.start);
    if (row.minutes > 0 && ["06:00", "12:00", "18:00"].includes(time))
      group.append(
        svg("text", { class: "facet-scale", x: x(slot), y: facet.levelBottom + 14, "text-anchor": "middle" }, time),
      );
  });
  return group;
}

// Bands and rules over volume and service level, and the name of the first beside the scale.
function annotated({ rows }: Facet, wide: number, annotations: readonly SlotAnnotation[]): SVGGElement | null {
  const [head] = annotations;
  if (head === undefined) return null;
  const x = across(rows, wide);
  const group = svg("g", { class: "annotations", "aria-hidden": "true" });
  for (const { first, last, moment } of annotations) {
    const [from, to, top] = [x(first), x(last + 1), facet.top - 2];
    if (!moment)
      group.append(
        svg("rect", { class: "annotated", x: from, width: to - from, y: top, height: facet.levelBottom - top }),
      );
    const mark = moment ? `M${from},${top}V${facet.levelBottom}` : `M${from},${top + 4}V${top}H${to}V${top + 4}`;
    group.append(svg("path", { class: moment ? "annotation-rule" : "annotation-bracket", d: mark }));
  }
  const more = annotations.length > 1 ? ` +${annotations.length - 1}` : "";
  const room = (wide - 24 - 84) / widestFont - textWidth(more, 11);
  const [words] = isolatedLines([cutText(head.label, { width: room, size: 11 })]);
  group.append(svg("text", { class: "facet-scale", x: 12, y: facet.top - 4 }, `${words}${more}`));
  return group;
}

// The service level of each interval, from 0 to 100 %, with the gap to the target filled. An interval alone is a dot.
function levels({ rows }: Facet, wide: number, site: Site): SVGGElement {
  const x = across(rows, wide);
  const y = (share: number) => facet.levelBottom - share * (facet.levelBottom - facet.levelTop);
  const middle = (slot: number) => x(slot + 0.5);
  const level = serviceLevelOf(site);
  const found = runs(rows, (row) => level(row));
  const under = found.map((run) => {
    const bottom = run.map(({ slot, value }) => `${middle(slot)},${y(Math.min(site.target, value))}`);
    const [first, last] = [run[0]?.slot ?? 0, run.at(-1)?.slot ?? 0];
    return `M${middle(first)},${y(site.target)}L${bottom.join("L")}L${middle(last)},${y(site.target)}Z`;
  });
  const lines = found.map((run) => `M${run.map(({ slot, value }) => `${middle(slot)},${y(value)}`).join("L")}`);
  return svg(
    "g",
    { "aria-hidden": "true" },
    svg("path", { class: "shortfall", d: under.join("") }),
    svg("path", { class: "line blue-line thin", d: lines.join("") }),
    found
      .filter((run) => run.length === 1)
      .flat()
      .map(({ slot, value }) => svg("circle", { class: "blue", cx: middle(slot), cy: y(value), r: 1.6 })),
    svg("line", { class: "target", x1: 12, x2: wide - 12, y1: y(site.target), y2: y(site.target) }),
  );
}

function peak({ rows }: Facet): number {
  return Math.max(0, ...rows.map((row) => Math.max(offered(row) ?? 0, row.usual ?? 0)));
}

// The facet's own words, with the whole name.
function spoken(queue: QueueOfDay, board: QueueBoard, order: QueueOrder): string {
  const { state, figures } = facetTexts(queue, board, order);
  return [isolated(queue.queue), state, ...figures.map(([value, label]) => `${value} ${label}`), "open in Today"].join(
    ", ",
  );
}
