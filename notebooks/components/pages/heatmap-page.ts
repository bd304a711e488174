import { countColumn, figure, sharedColumn, type TableColumn } from "../charts/figure.js";
import { cellStates, heatmapChart } from "../charts/heatmap-chart.js";
import {
  type Annotation,
  annotatedText,
  annotationsFor,
  annotationsWithin,
  annotationText,
  onLocalInterval,
} from "../metrics/annotations/annotation.js";
import { isolated } from "../metrics/bidi.js";
import {
  clock,
  count,
  dayName,
  decimal,
  fileName,
  percent,
  plural,
  points,
  roundTo,
  signed,
  weekdayName,
} from "../metrics/format.js";
import {
  type Heat,
  type HeatCell,
  type HeatOptions,
  heat,
  heatScale,
  type Measure,
  type View,
} from "../metrics/heatmap.js";
import { allQueues } from "../metrics/interval.js";
import { excludedDay, excludedDays, lacks, type Site } from "../metrics/site.js";
import { daysLater, weekday } from "../metrics/time-zone.js";
import { formula } from "../metrics/today.js";
import { html } from "../picture/dom.js";
import type { QueueLoad } from "./queue-load.js";

export const measureNames: Record<Measure, string> = {
  volume: "Volume",
  service: "Service level",
  wait: "Mean wait",
  abandons: "Abandon rate",
  staffing: "Net staffing",
};

export const viewNames: Record<View, string> = {
  usual: "Median",
  last: "Last week",
  difference: "Difference",
};

export interface HeatmapPageOptions extends Omit<HeatOptions, "minContacts" | "timezone" | "workSeconds" | "excluded"> {
  queue: string;
  loads: readonly QueueLoad[];
  site: Site;
}

/** The Heatmaps page for one queue, measure and view: texts and figure. */
export function heatmapPage(options: HeatmapPageOptions) {
  const { queue, measure, view, grain, site, loads, rows } = options;
  const load = loads.find((entry) => entry.queue === queue);
  const chats = load?.concurrency ?? loads.find(({ kind }) => kind === "all")?.concurrency ?? null;
  const workSeconds = load?.handle_mean && chats ? load.handle_mean / chats : null;
  const staffed = rows.some(({ available }) => available !== null);
  const computable = measure !== "staffing" || (staffed && workSeconds !== null);
  const result = heat({
    ...options,
    rows: computable ? options.rows : [],
    known: computable ? options.known : [],
    timezone: site.timezone,
    minContacts: site.min_contacts,
    workSeconds,
    excluded: excludedDays(site),
  });
  const write = writing(measure, view);
  const { lastWeek } = result;
  const annotations =
    view === "usual" || lastWeek === null
      ? []
      : annotationsWithin(annotationsFor(site.annotations, queue), lastWeek.from, lastWeek.to, site.timezone);
  const tell = (annotation: Annotation) => annotationText(annotation, site.timezone);
  const during = ({ weekday: of, slot }: HeatCell) => {
    const from = lastWeek?.from ?? "";
    const day = annotations.length ? daysLater(from, (of - weekday(from) + 7) % 7) : "";
    return onLocalInterval(annotations, { day, slot, minutes: grain }, site.timezone).map(tell).join(" · ");
  };
  const words = computable ? headline(result, options, write) : noStaffingWords(queue, { staffed, site });
  const scale = heatScale(result.cells, measure, view, site);
  const body = figure({
    id: "heatmap",
    title: words.chart,
    subtitle: subtitle(result, options, workSeconds),
    footer: [heatmapFooter(result, options), annotatedText(annotations.map((of) => ({ text: tell(of) })))]
      .filter(Boolean)
      .join(" "),
    draw: (width) =>
      heatmapChart(result, {
        width,
        scale,
        short: write.short,
        tick: write.tick,
        ends: ends[measure][view === "difference" ? 1 : 0],
        say: (cell) => [sayCell(cell, write.full, measure, view), during(cell)].filter(Boolean).join(" · "),
        label: `${measureNames[measure]} by weekday and time, ${isolated(queue)}`,
        name: (weekday) => nameOf(weekday).slice(0, 3),
      }),
    rows: result.cells.filter(({ state }) => state !== "closed"),
    columns: [
      sharedColumn("Queue", queue),
      ...columns(
        measure,
        view,
        grain,
        result.cells.some(({ excluded }) => excluded > 0),
      ),
      ...(annotations.length
        ? [{ label: "Annotations, last week", value: (cell: HeatCell) => during(cell) || null }]
        : []),
    ],
    file: fileName(`heatmap-${measure}-${view}`, queue, String(grain)),
  });
  return { title: words.title, lead: words.lead, figure: html("div", { class: "figures" }, body) };
}

interface Writing {
  full: (value: number | null) => string;
  short: (value: number) => string;
  tick: (value: number) => string;
}

function writing(measure: Measure, view: View): Writing {
  const difference = view === "difference";
  const or = (write: (value: number) => string) => (value: number | null) => (value === null ? "–" : write(value));
  switch (measure) {
    case "volume": {
      const plain = (value: number) => decimal(value, Number.isInteger(value) ? 0 : 1);
      const write = difference ? (value: number) => signed(value, Number.isInteger(value) ? 0 : 1) : plain;
      return {
        full: or((value) => `${write(value)} contacts`),
        short: (value) => (difference ? signed(value) : decimal(value, 0)),
        tick: (value) => (difference ? signed(value) : count(value)),
      };
    }
    case "service":
    case "abandons":
      return difference
        ? { full: or(points), short: (value) => signed(value * 100), tick: (value) => signed(value * 100) }
        : {
            full: or((value) => percent(value)),
            short: (value) => (value * 100).toFixed(0),
            tick: (value) => percent(value, 0),
          };
    case "wait": {
      const write = difference
        ? (value: number) => `${value < -0.5 ? "−" : value < 0.5 ? "" : "+"}${clock(Math.abs(value))}`
        : clock;
      return { full: or(write), short: write, tick: write };
    }
    case "staffing": {
      const write = (value: number) => signed(value, 1);
      return {
        full: or((value) => `${write(value)} FTE`),
        short: (value) => signed(value),
        tick: (value) => signed(value),
      };
    }
  }
}

const ends: Record<Measure, [plain: [string, string], difference: [string, string]]> = {
  volume: [
    ["", "contacts"],
    ["fewer", "more"],
  ],
  service: [
    ["or less", ""],
    ["points, worse", "better"],
  ],
  wait: [
    ["", "or more"],
    ["shorter", "longer"],
  ],
  abandons: [
    ["", "or more"],
    ["points, fewer", "more"],
  ],
  staffing: [
    ["FTE short", "spare"],
    ["FTE tighter", "looser"],
  ],
};

interface Words {
  title: string;
  lead: string;
  chart: string;
}

function noStaffingWords(queue: string, { staffed, site }: { staffed: boolean; site: Site }): Words {
  const feed = queue === allQueues ? "rep_utilized" : "queue_membership_wfm";
  const why = staffed
    ? `the handle time of ${isolated(queue)} over the last four weeks is from fewer than ${site.min_reps} reps or ${site.min_contacts} handled contacts, or the number of concurrent chats is unknown (rep_utilized)`
    : queue !== allQueues && lacks(site, "available")
      ? "no column of queue_membership_wfm is mapped to available (asapp-kit wfm columns)"
      : `${feed}, which has the reps of ${isolated(queue)}, has no data for these weeks`;
  return {
    title: "No net staffing to show",
    lead: `Net staffing cannot be computed: ${why}.`,
    chart: "No net staffing",
  };
}

/** The finding, in words. */
export function headline(
  { cells, lastWeek, usualWeeks }: Heat,
  { queue, measure, view, site }: Pick<HeatmapPageOptions, "queue" | "measure" | "view" | "site">,
  write: Pick<Writing, "full"> = writing(measure, view),
): Words {
  const prefix = queue === allQueues ? "" : `${isolated(queue)}: `;
  const solid = cells.flatMap(({ state, value, ...cell }) =>
    (state === "data" || state === "zero") && value !== null ? [{ ...cell, value }] : [],
  );
  if (lastWeek === null || solid.length === 0)
    return {
      title: `${prefix}${prefix ? "no" : "No"} ${measureNames[measure].toLowerCase()} to show`,
      lead:
        lastWeek === null
          ? "No whole day of both issue_queues and rep_convos has arrived."
          : "No time of the week has enough contacts.",
      chart: `No ${measureNames[measure].toLowerCase()} to show`,
    };
  const rate = measure === "service" || measure === "wait" || measure === "abandons";
  const lowest = measure === "service" || measure === "staffing";
  const most = solid.reduce((best, cell) => {
    const better = lowest ? cell.value < best.value : cell.value > best.value;
    return better ? cell : best;
  });
  const at = `${nameOf(most.weekday)} at ${most.slot}`;
  const when = view === "usual" ? "usually " : "";
  const value = `${write.full(most.value)}${rate ? ` (n = ${count(most.n)})` : ""}`;
  // The extreme value; the largest change for the worse; the text if nothing got worse.
  const titles: Record<Measure, [plain: string, change: string, none: string]> = {
    volume: [
      `busiest on ${at}, ${when}${value}`,
      `biggest rise on ${at}, ${value} against the median`,
      "no rise in volume",
    ],
    service: [
      `lowest service level on ${at}, ${when}${value}`,
      `biggest drop in service level on ${at}, ${value}`,
      "no drop in service level",
    ],
    wait: [`longest wait on ${at}, ${when}${value}`, `biggest rise in wait on ${at}, ${value}`, "no rise in wait"],
    abandons: [
      `highest abandon rate on ${at}, ${when}${value}`,
      `biggest rise in abandon rate on ${at}, ${value}`,
      "no rise in abandon rate",
    ],
    staffing: [
      `tightest staffing on ${at}, ${when}${value}`,
      `biggest drop in net staffing on ${at}, ${value}`,
      "no drop in net staffing",
    ],
  };
  const worse = lowest ? most.value < 0 : most.value > 0;
  const [plain, change, none] = titles[measure];
  const text = view !== "difference" ? plain : worse ? change : `${none} against the median`;
  const range = usualWeeks ? `Median of up to ${plural(usualWeeks.weeks, "earlier week")}` : "No earlier weeks";
  return {
    title: `${prefix}${prefix ? text : capital(text)}`,
    lead: [
      summary(solid, measure, view, site),
      `${range}; last week is ${dayName(lastWeek.from)} to ${dayName(lastWeek.to)}.`,
    ]
      .filter(Boolean)
      .join(" "),
    chart: capital(text),
  };
}

function summary(cells: readonly { value: number }[], measure: Measure, view: View, site: Site): string | null {
  const of = (test: (value: number) => boolean) =>
    `${count(cells.filter(({ value }) => test(value)).length)} of ${plural(cells.length, "interval")} with enough contacts`;
  if (view === "difference") return null;
  if (measure === "service")
    return `${of((value) => value < site.target)} are under the ${percent(site.target, 0)} target.`;
  if (measure === "wait") return `In ${of((value) => value > site.seconds)} the mean wait is over ${site.seconds} s.`;
  if (measure === "staffing")
    return `${count(cells.filter(({ value }) => value < 0).length)} of ${plural(cells.length, "interval")} are short of staff.`;
  return null;
}

function subtitle(
  { usualWeeks, lastWeek }: Heat,
  { queue, measure, view, grain, site }: HeatmapPageOptions,
  workSeconds: number | null,
): string {
  const what: Record<Measure, string> = {
    volume: `Contacts offered per ${grain} minutes`,
    service: `${formula(site)}, per ${grain} minutes`,
    wait: `Mean wait of assigned and abandoned contacts, per ${grain} minutes`,
    abandons: `Abandoned / offered, per ${grain} minutes`,
    staffing: `Available minus required reps, full-time equivalents per ${grain} minutes; required = contacts × ${decimal(workSeconds, 0)} s of rep time (mean handle time / concurrent chats) / interval. Indicative`,
  };
  const weeks = usualWeeks?.weeks ?? 0;
  const when: Record<View, string> = {
    usual: `Median of the weeks from ${range(usualWeeks)}${weeks < 4 ? `; only ${plural(weeks, "week")}, so approximate` : ""}`,
    last: `Week of ${range(lastWeek)}`,
    difference: `Week of ${range(lastWeek)} minus the median of the ${plural(weeks, "week")} before${weeks < 4 ? ", so approximate" : ""}`,
  };
  return `${what[measure]}. ${isolated(queue)}.${lastWeek ? ` ${when[view]}.` : ""}`;
}

function range(span: { from: string; to: string } | null): string {
  return span ? `${dayName(span.from)} to ${dayName(span.to)}` : "none";
}

/** Source and reach of the cells. */
export function heatmapFooter(
  { cells, lastWeek, usualWeeks }: Heat,
  { queue, measure, site }: Pick<HeatmapPageOptions, "queue" | "measure" | "site">,
): string {
  const n = cells.reduce((sum, cell) => sum + cell.n, 0);
  const excluded = lastWeek ? [...excludedDays(site)].filter((day) => day >= lastWeek.from && day <= lastWeek.to) : [];
  return [
    `Local time of ${site.timezone}.`,
    lastWeek ? `Data through the end of ${dayName(lastWeek.to)}, the last whole day.` : null,
    `n = ${count(n)} contacts.`,
    usualWeeks?.excluded.length
      ? `Excluded from the median: ${usualWeeks.excluded.map((day) => excludedDay(site, day)).join(", ")}.`
      : null,
    excluded.length
      ? `Excluded days of the last week are shown: ${excluded.map((day) => excludedDay(site, day)).join(", ")}.`
      : null,
    measure === "staffing"
      ? `Source: ${queue === allQueues ? "rep_utilized" : "queue_membership_wfm"}, issue_queues, rep_convos.`
      : "Source: issue_queues, rep_convos.",
    measure === "staffing" && queue !== allQueues
      ? "Each rep counts once. A rep of several queues is available to each of them, so this is an upper bound for one queue, and net staffing of queues does not add up."
      : null,
    measure === "volume" || measure === "staffing" ? null : `Hatched: fewer than ${site.min_contacts} contacts.`,
    "Hours skipped or repeated by a clock change are left out.",
  ]
    .filter(Boolean)
    .join(" ");
}

function sayCell(cell: HeatCell, full: Writing["full"], measure: Measure, view: View): string {
  const time = `${nameOf(cell.weekday).slice(0, 3)} ${cell.slot}`;
  const state = cellStates.find(({ state }) => state === cell.state)?.text;
  if (["closed", "none", "clock", "held"].includes(cell.state)) return `${time}  ${state}`;
  if (cell.state === "zero" && measure !== "volume") return `${time}  no contacts`;
  const parts = [full(cell.value), `n = ${count(cell.n)}`, view === "last" ? null : weeksText(cell), state];
  return `${time}  ${parts.filter(Boolean).join(" · ")}`;
}

function weeksText({ weeks, excluded }: HeatCell): string {
  return `${plural(weeks, "week")}${excluded ? `, ${excluded} excluded` : ""}`;
}

function columns(measure: Measure, view: View, grain: number, excluded: boolean): TableColumn<HeatCell>[] {
  const plain = writing(measure, "usual");
  const exact = (
    label: string,
    value: (cell: HeatCell) => number | null,
    write: Writing["full"],
  ): TableColumn<HeatCell> => ({
    label,
    value: (cell) => roundTo(value(cell), 4),
    text: (cell) => write(value(cell)),
  });
  return [
    { label: "Weekday", value: ({ weekday }) => nameOf(weekday) },
    { label: `From, ${grain} min`, value: ({ slot }) => slot },
    { label: "State", value: ({ state }) => state },
    exact(viewNames[view], ({ value }) => value, writing(measure, view).full),
    countColumn("n", ({ n }) => n),
    { label: "Weeks", value: ({ weeks }) => weeks },
    ...(excluded ? [{ label: "Excluded", value: ({ excluded }: HeatCell) => excluded }] : []),
    ...(view === "usual" ? [] : [exact("Median", ({ usual }) => usual, plain.full)]),
    ...(view === "last" ? [] : [exact("Last week", ({ last }) => last, plain.full)]),
    exact(
      measure === "volume" || measure === "staffing" ? "Mean of the weeks" : "All weeks together",
      ({ together }) => together,
      plain.full,
    ),
  ];
}

// 1 January 2024 was a Monday.
function nameOf(weekday: number): string {
  return weekdayName(`2024-01-0${weekday}`);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
