import { intervalColumns, measure, usualText } from "../charts/day-charts.js";
import { countColumn, figure, shareColumn, type TableColumn } from "../charts/figure.js";
import { closed, emptyPanel, runs, stepCurves } from "../charts/panel.js";
import { todayLink } from "../charts/url-state.js";
import { isolated, unmarked } from "../metrics/bidi.js";
import { clock, count, dayName, decimal, longDay, percent, plural, someOf, type Zone } from "../metrics/format.js";
import {
  allQueues,
  dayOfIntervals,
  hasCounts,
  type Interval,
  type IntradayDay,
  offered,
  type WindowRow,
} from "../metrics/interval.js";
import { excludedDays, lacks, missingText, openHours, type Site } from "../metrics/site.js";
import {
  clockText,
  contradictory,
  type DaySummary,
  formula,
  gap,
  serviceLevelOf,
  shortfallOf,
  summarize,
} from "../metrics/today.js";
import type { Grain } from "../metrics/windows.js";
import { csv } from "../picture/csv.js";
import { chartRoot, html, svg } from "../picture/dom.js";
import { textWidth, widestFont } from "../picture/font.js";
import { cutText } from "../picture/lines.js";

/** One queue's day so far. Rates are null without contacts. */
export interface QueueOfDay extends DaySummary {
  queue: string;
  rows: readonly Interval[];
  service: number | null; // 0..1
  abandonRate: number | null; // of contacts offered
  missing: number | null; // shortfall: further answers in time needed to meet the target
  few: boolean; // too few contacts for meaningful rates
}

export interface QueueBoard {
  queues: QueueOfDay[]; // largest shortfall first; without a service level last
  all: QueueOfDay;
  through: number | null; // end of the newest complete window, UTC, ms
  day: string;
  grain: Grain;
  zone: Zone;
  site: Site;
}

/** All queues of a day from its windows. */
export function queueBoard(options: {
  windows: readonly WindowRow[];
  days: readonly IntradayDay[];
  queues: readonly string[];
  day: string;
  grain: Grain;
  zone: Zone;
  site: Site;
}): QueueBoard {
  const { windows, days, day, grain, zone, site } = options;
  const names = options.queues.filter((queue) => queue !== allQueues);
  const of = (queue: string): QueueOfDay => {
    const frame = { windows, days, day, queue, grain, timezone: site.timezone, excluded: excludedDays(site) };
    const rows = windows.length ? dayOfIntervals({ ...frame, openHours: openHours(site, queue) }) : [];
    return queueOfDay(queue, rows, site);
  };
  const through = days.find((entry) => entry.day === day)?.through ?? null;
  return {
    queues: names.map(of).sort(worstFirst),
    all: of(allQueues),
    through: through === null ? null : Date.parse(through),
    day,
    grain,
    zone,
    site,
  };
}

/** The intervals of a queue rolled up: rates from summed counts. */
function queueOfDay(queue: string, rows: readonly Interval[], site: Site): QueueOfDay {
  const sum = summarize(rows);
  return {
    ...sum,
    queue,
    rows,
    service: serviceLevelOf(site)(sum.served),
    missing: shortfallOf(sum.served, site),
    few: sum.offered < site.min_contacts,
  };
}

/** Largest shortfall first, then the lower service level, then the busier queue. */
function worstFirst(a: QueueOfDay, b: QueueOfDay): number {
  return (
    (b.missing ?? -1) - (a.missing ?? -1) ||
    (a.service ?? 2) - (b.service ?? 2) ||
    b.offered - a.offered ||
    (a.queue < b.queue ? -1 : 1)
  );
}

// The metrics of the service level.
const serviceMetrics = ["assignments", "abandons", "within_threshold"];

const inconsistent = ({ rows }: QueueOfDay, site: Site) => rows.some((row) => contradictory(row, site));

/** The contacts of a queue; null where unknown because a column is missing. */
function contacts({ intervals, offered }: QueueOfDay, site: Site): number | null {
  return intervals === 0 || lacks(site, "assignments", "abandons") ? null : offered;
}

/** The board in words. */
export function boardSentence({ queues, all, through, day, zone, site }: QueueBoard): {
  title: string;
  lead: string;
} {
  const served = queues.filter(({ missing }) => missing !== null);
  if (served.length === 0 && through !== null && lacks(site, ...serviceMetrics))
    return {
      title: `No service level to show for ${dayName(day)}`,
      lead: missingText(site, "queue_wfm"),
    };
  if (served.length === 0 && queues.some((queue) => inconsistent(queue, site)))
    return {
      title: `No service level to show for ${dayName(day)}: inconsistent counts`,
      lead: "The windows that arrived have impossible counts, such as more contacts answered in time than offered; Data health has an example.",
    };
  if (served.length === 0)
    return {
      title: day ? `No queue has data for ${dayName(day)}` : "No queue has data yet",
      lead: day
        ? "No data for this day has arrived. Choose another day."
        : "Run a sync, then build the site again to fill the page.",
    };
  const busy = queues.filter(({ offered, missing }) => offered > 0 || missing !== null).length;
  const base = served.length === busy ? plural(busy, "queue") : `the ${someOf(served.length, busy, "queue")}`;
  const missed = served.filter(({ missing }) => (missing ?? 0) > 0);
  const worst = missed[0];
  const running = all.rows.some(({ state }) => state === "pending");
  const until = running && through !== null ? ` by ${zone.time(through)}` : "";
  return {
    title: worst
      ? `${isolated(worst.queue)} misses the target by ${plural(worst.missing ?? 0, "contact")}${until}, the most of ${base}`
      : `${served.length < busy ? `All of ${base} meet` : busy === 1 ? "The queue meets" : `All ${base} meet`} the ${percent(site.target, 0)} target${until}`,
    lead: [
      worst
        ? `${missed.length} of ${base} ${missed.length === 1 ? "is" : "are"} under the ${percent(site.target, 0)} target.`
        : null,
      `In total ${contacts(all, site) === null ? "an unknown number of contacts" : plural(all.offered, "contact")} on ${longDay(day)}${until}`,
      all.service === null
        ? "."
        : `, ${percent(all.service)} answered within ${site.seconds} s, ${gap(all.service, site.target)}.`,
    ]
      .filter(Boolean)
      .join(" ")
      .replace(" , ", ", ")
      .replace(" .", "."),
  };
}

/** The small multiples with titles, footer, table and CSV. */
export function boardFigure(board: QueueBoard, options: { free: boolean; search: string }): HTMLElement {
  const { queues, all, through, day, grain, zone, site } = board;
  const usual = queues.some(({ rows }) => rows.some((row) => row.usual !== null));
  const shown = queues.some(({ rows }) => rows.some(hasCounts));
  const countless = lacks(site, "assignments", "abandons");
  return html(
    "div",
    { class: "figures" },
    figure({
      id: "queues",
      title: countless
        ? "No contacts to show"
        : !shown
          ? "No queue has data for this day"
          : lacks(site, "within_threshold")
            ? "Volume of each queue through the day, busiest first"
            : "Volume of each queue through the day, largest shortfall first",
      subtitle:
        `Contacts offered per ${grain} minutes, ${day ? longDay(day) : "no day yet"}. ` +
        (options.free
          ? "Each queue has its own scale: heights cannot be compared between queues."
          : "All queues share one scale.") +
        ` Figures are for the day so far: contacts, ${formula(site).replace(/^[A-Z]/, (start) => start.toLowerCase())}, share abandoned, mean wait of all contacts.`,
      legend: [
        { text: "Offered", mark: "blue" },
        ...(usual ? [{ text: "The usual (median of the same weekday)", mark: "usual-band" }] : []),
      ],
      footer: [
        `Times in ${site.timezone}.`,
        clockText(all.rows),
        through === null ? null : `Data through ${zone.dateTime(through)}.`,
        countless ? null : `n = ${count(all.offered)} contacts.`,
        "Source: queue_wfm.",
        usual ? usualText({ rows: all.rows, day, site }) : null,
        missingText(site, "queue_wfm"),
        `Faint: fewer than ${site.min_contacts} contacts.`,
      ]
        .filter(Boolean)
        .join(" "),
      draw: (width) => boardChart(board, { ...options, width }),
      rows: queues,
      columns: boardColumns(site),
      csv: () => boardCsv(board),
      file: `queues-${day}`,
    }),
  );
}

export function boardColumns(site: Site): TableColumn<QueueOfDay>[] {
  return [
    { label: "Queue", value: ({ queue }) => queue },
    countColumn("Contacts", (row) => contacts(row, site)),
    countColumn("The usual", (row) => (row.usual === null ? null : Math.round(row.usual))),
    shareColumn(`Answered in ${site.seconds} s`, ({ service }) => service),
    countColumn("Shortfall", ({ missing }) => missing),
    shareColumn("Abandoned", ({ abandonRate }) => abandonRate),
    countColumn("Abandons", (row) => (row.intervals && !lacks(site, "abandons") ? row.abandoned : null)),
    { label: "Mean wait, s", value: ({ wait }) => wait, text: ({ wait }) => decimal(wait, 0) },
  ];
}

/** The plotted values: each queue's intervals, with its figures of the day so far. */
export function boardCsv({ queues, zone, site }: QueueBoard): string {
  type Point = { queue: QueueOfDay; row: Interval };
  const board = boardColumns(site).map(
    ({ label, value }): TableColumn<Point> => ({ label, value: ({ queue }) => value(queue) }),
  );
  const columns: TableColumn<Point>[] = [
    ...board.slice(0, 1),
    ...intervalColumns({ zone, site }).map(
      ({ label, header = label, value }): TableColumn<Point> => ({
        label: header,
        value: ({ row }) => value(row),
      }),
    ),
    measure<Point>("Offered", "contacts", ({ row }) => offered(row)),
    measure<Point>("The usual", "contacts", ({ row }) => row.usual),
    ...board.slice(1).map((column) => ({ ...column, label: `Day so far: ${column.label}` })),
  ];
  return csv(
    columns,
    queues.flatMap((queue) => queue.rows.map((row) => ({ queue, row }))),
  );
}

const facet = { height: 168, gap: 18, least: 290, top: 78, bottom: 150 };

/** One facet per queue: name, four figures, and the day against the usual. */
function boardChart(
  { queues, day, zone, site }: QueueBoard,
  { width, free, search }: { width: number; free: boolean; search: string },
): SVGSVGElement {
  if (!queues.some(({ rows }) => rows.some(hasCounts)))
    return emptyPanel(
      width,
      lacks(site, "assignments") ? "No column is mapped to assignments." : "No data for this day.",
    );
  const across = Math.max(1, Math.min(queues.length, Math.floor((width + facet.gap) / (facet.least + facet.gap))));
  const wide = (width - facet.gap * (across - 1)) / across;
  const height = Math.ceil(queues.length / across) * (facet.height + facet.gap) - facet.gap;
  const highest = Math.max(1, ...queues.map(peak));
  const root = chartRoot(width, height, {
    class: "panel queue-board",
    role: "group",
    "aria-label": "Queues, largest shortfall first",
  });
  queues.forEach((queue, i) => {
    const [x, y] = [(i % across) * (wide + facet.gap), Math.floor(i / across) * (facet.height + facet.gap)];
    const top = free ? Math.max(1, peak(queue)) : highest;
    root.append(
      svg(
        "a",
        {
          class: "facet",
          href: todayLink(search, queue.queue, day),
          transform: `translate(${x},${y})`,
          "aria-label": spoken(queue, site),
        },
        svg("rect", {
          class: "facet-back",
          x: 0.5,
          y: 0.5,
          width: wide - 1,
          height: facet.height - 1,
          rx: 7,
        }),
        head(queue, wide, site),
        spark(queue, wide, top, zone),
      ),
    );
  });
  return root;
}

// "100.0%" is too wide beside three other figures.
function brief(share: number | null): string {
  return percent(share).replace("100.0%", "100%");
}

// The texts of a facet: state, and figures with their labels.
function facetTexts(queue: QueueOfDay, site: Site): { state: string; numbers: [string, string, string][] } {
  const { missing, service, abandonRate, wait } = queue;
  const state =
    missing !== null
      ? missing > 0
        ? `${count(missing)} short`
        : "target met"
      : lacks(site, ...serviceMetrics)
        ? "no column"
        : inconsistent(queue, site)
          ? "inconsistent counts"
          : "no contacts";
  return {
    state,
    numbers: [
      [count(contacts(queue, site)), "contacts", ""],
      [brief(service), `in ${site.seconds} s`, missing ? "orange-text" : ""],
      [brief(abandonRate), "abandoned", ""],
      [clock(wait), "mean wait", ""],
    ],
  };
}

function head(queue: QueueOfDay, wide: number, site: Site): SVGGElement {
  const { state, numbers } = facetTexts(queue, site);
  const room = (wide - 24 - 12) / widestFont - textWidth(state, 12, 600);
  const name = cutText(unmarked(queue.queue), { width: room, size: 14, weight: 600 });
  const step = (wide - 24) / 4;
  return svg(
    "g",
    { "aria-hidden": "true" },
    svg("text", { class: "facet-name", x: 12, y: 22 }, name),
    svg(
      "text",
      {
        class: `facet-state ${queue.missing ? "orange-text" : "blue-text"}`,
        x: wide - 12,
        y: 22,
        "text-anchor": "end",
      },
      state,
    ),
    numbers.map(([value, label, mark], i) =>
      svg(
        "g",
        {},
        svg(
          "text",
          { class: `facet-value ${mark} ${i > 0 && queue.few ? "few" : ""}`, x: 12 + i * step, y: 46 },
          value,
        ),
        svg("text", { class: "facet-label", x: 12 + i * step, y: 60 }, label),
      ),
    ),
  );
}

function spark({ rows }: QueueOfDay, wide: number, top: number, zone: Zone): SVGGElement {
  const x = (slot: number) => 12 + (slot / Math.max(1, rows.length)) * (wide - 24);
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
      { class: "facet-scale", x: wide - 12, y: facet.top - 3, "text-anchor": "end" },
      `scale to ${count(Math.ceil(top))}`,
    ),
  );
  rows.forEach((row, slot) => {
    const time = zone.time(row.start);
    if (row.minutes > 0 && ["06:00", "12:00", "18:00"].includes(time))
      group.append(
        svg("text", { class: "facet-scale", x: x(slot), y: facet.bottom + 12, "text-anchor": "middle" }, time),
      );
  });
  return group;
}

function peak({ rows }: QueueOfDay): number {
  return Math.max(0, ...rows.map((row) => Math.max(offered(row) ?? 0, row.usual ?? 0)));
}

// The facet's own words, with the whole name.
function spoken(queue: QueueOfDay, site: Site): string {
  const { state, numbers } = facetTexts(queue, site);
  return [isolated(queue.queue), state, ...numbers.map(([value, label]) => `${value} ${label}`), "open in Today"].join(
    ", ",
  );
}
