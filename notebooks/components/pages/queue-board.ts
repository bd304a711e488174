import { intervalColumns, measure, usualText } from "../charts/day-charts.js";
import { figure, type TableColumn } from "../charts/figure.js";
import { type Facet, type FacetOptions, facetChart } from "../charts/queue-facets.js";
import { isolated } from "../metrics/bidi.js";
import { count, dayName, longDay, percent, plural, someOf } from "../metrics/format.js";
import { type Interval, offered } from "../metrics/interval.js";
import { isOpen } from "../metrics/interval-state.js";
import {
  contactsOf,
  inconsistent,
  ordered,
  orderText,
  type QueueBoard,
  type QueueOfDay,
  type QueueOrder,
  serviceMetrics,
} from "../metrics/queues/queue-board.js";
import { matchesName } from "../metrics/queues/queue-search.js";
import { lacks, missingText, openHours } from "../metrics/site.js";
import { clockText, ends, formula, gap, serviceLevelOf } from "../metrics/today.js";
import { html } from "../picture/dom.js";
import { type DaySpan, daySpan, hiddenText, isNeeded } from "./day-span.js";
import { queueColumns } from "./queue-table.js";

/** The board in words. */
export function boardSentence({ all, through, day, zone, site, running, ...board }: QueueBoard): {
  title: string;
  lead: string;
} {
  const queues = ordered(board.queues, "day");
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
  const until = running && through !== null ? ` by ${zone.time(through)}` : "";
  return {
    title: worst
      ? `${isolated(worst.queue)} misses the target by ${plural(worst.missing ?? 0, "contact")}${until}, the most of ${base}`
      : `${served.length < busy ? `All of ${base} meet` : busy === 1 ? "The queue meets" : `All ${base} meet`} the ${percent(site.target, 0)} target${until}`,
    lead: [
      worst
        ? `${missed.length} of ${base} ${missed.length === 1 ? "is" : "are"} under the ${percent(site.target, 0)} target.`
        : null,
      `In total ${contactsOf(all, site) === null ? "an unknown number of contacts" : plural(all.offered, "contact")} on ${longDay(day)}${until}`,
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

/** The queues in an order, those whose names match a query. */
export function foundQueues(board: QueueBoard, order: QueueOrder, query: string): QueueOfDay[] {
  const matches = matchesName(query);
  return ordered(board.queues, order).filter(({ queue }) => matches(queue));
}

/** Says that no queue was found; empty otherwise. */
export function noneFound(board: QueueBoard, found: readonly QueueOfDay[], query: string): HTMLElement {
  const none = found.length === 0 && query !== "";
  return html(
    "p",
    { class: "none", role: "status" },
    none ? ["No queue of ", count(board.queues.length), " has ", html("bdi", {}, `“${query}”`), " in its name."] : null,
  );
}

/** How many facets are drawn unless all are asked for. */
export const facetsAtFirst = 12;

/** The small multiples with titles, footer, table and CSV. */
export function boardFigure(
  board: QueueBoard,
  shown: readonly QueueOfDay[],
  options: FacetOptions & { hours?: string }, // "all": closed hours before and after the figures too
): HTMLElement {
  const { all, through, day, zone, site } = board;
  const whole = shown.map((queue) => ({ queue, rows: board.rowsOf(queue.queue, grain) }));
  const span = sharedSpan(board, whole);
  const hidden = options.hours === "all" ? "" : hiddenText(whole[0]?.rows ?? [], span);
  const queues = hidden ? whole.map(({ queue, rows }) => ({ queue, rows: rows.slice(span.from, span.to) })) : whole;
  const usual = queues.some(({ rows }) => rows.some((row) => row.usual !== null));
  const arrived = queues.some(({ queue }) => queue.intervals > 0);
  const countless = lacks(site, "assignments", "abandons");
  return html(
    "div",
    { class: "figures" },
    figure({
      id: "queues",
      title: countless
        ? "No contacts to show"
        : !arrived
          ? "No queue has data for this day"
          : lacks(site, "within_threshold")
            ? "Volume and service level of each queue, busiest first"
            : `Volume and service level of each queue, largest shortfall ${orderText(board, options.order)} first`,
      subtitle:
        `Contacts offered per ${grain} minutes above, share answered in time below, ${day ? longDay(day) : "no day yet"}. ` +
        (options.free
          ? "Each queue has its own scale, printed above it; the bar under its figures is its share of the contacts of the largest one."
          : "All queues share one scale."),
      legend: [
        { text: "Offered", mark: "blue" },
        ...(usual ? [{ text: "The usual (median of the same weekday)", mark: "usual-band" }] : []),
        { text: `Under the ${percent(site.target, 0)} target`, mark: "shortfall" },
      ],
      footer: [
        `Figures are for the day so far: ${formula(site).replace(/^[A-Z]/, (start) => start.toLowerCase())}, mean wait of all contacts, mean handle time and its deviation from the usual (in brackets: within what chance gives)${board.hour ? `, net reps between ${ends(board.hour, zone).join(" and ")}` : ""}.`,
        `Times in ${site.timezone}.`,
        hidden,
        clockText(all.windows),
        through === null ? null : `Data through ${zone.dateTime(through)}.`,
        countless ? null : `n = ${count(all.offered)} contacts.`,
        "Source: queue_wfm, queue_membership_wfm.",
        usual ? usualText({ rows: all.windows, day, site }) : null,
        missingText(site, "queue_wfm"),
        `Faint: fewer than ${site.min_contacts} contacts.`,
      ]
        .filter(Boolean)
        .join(" "),
      draw: (width) => facetChart(board, queues, { ...options, width }),
      ...boardNumbers(board, shown),
      table: false,
      file: `queues-${day}`,
    }),
  );
}

const grain = 30; // minutes

// The hours that any of the queues needs, as all facets have the same.
function sharedSpan({ day, site }: QueueBoard, facets: readonly Facet[]): DaySpan {
  const needs = facets.map(({ queue, rows }) => {
    const opening = openHours(site, queue.queue);
    return rows.map((row) => isNeeded(row, isOpen(opening, day, row.label.slice(0, 5), row.minutes)));
  });
  return daySpan(facets[0]?.rows ?? [], (_, slot) => needs.some((needed) => needed[slot]));
}

/** The plotted values: each queue's intervals, with its figures of the day so far. */
export function boardNumbers(board: QueueBoard, queues: readonly QueueOfDay[]) {
  type Point = { queue: QueueOfDay; row: Interval };
  const { zone, site } = board;
  const [name, ...figures] = queueColumns(board, "").map(
    ({ label, header = label, kind, value }): TableColumn<Point> => ({
      label: header,
      ...(kind && { kind }),
      value: ({ queue }) => value(queue),
    }),
  );
  const columns: TableColumn<Point>[] = [
    ...(name ? [name] : []),
    ...intervalColumns({ zone, site }).map(
      ({ label, header = label, kind, value }): TableColumn<Point> => ({
        label: header,
        ...(kind && { kind }),
        value: ({ row }) => value(row),
      }),
    ),
    measure<Point>("Offered", "contacts", ({ row }) => offered(row)),
    measure<Point>("The usual", "contacts", ({ row }) => row.usual),
    measure<Point>("Service level", "share", ({ row }) => serviceLevelOf(site)(row)),
    ...figures.map((column) => ({ ...column, label: `Day so far: ${column.label}` })),
  ];
  const rows = queues.flatMap((queue) => board.rowsOf(queue.queue, grain).map((row): Point => ({ queue, row })));
  return { columns, rows };
}
