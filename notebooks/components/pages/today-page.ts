import { type Card, countDelta, pointsDelta, versusDelta } from "../charts/cards.js";
import type { Crosshair } from "../charts/crosshair.js";
import {
  annotatedIntervals,
  comparisonText,
  type DayChart,
  type DayFacts,
  dayAnnotations,
  dayColumns,
  handleOf,
  intervalColumns,
  measure,
  mergedLegend,
  provenance,
  repsOf,
  serviceLevelOf,
  volumeOf,
  waitsOf,
} from "../charts/day-charts.js";
import { driverPanel, explain } from "../charts/drivers.js";
import { downloads, figure, type TableColumn, table } from "../charts/figure.js";
import { netChart } from "../charts/intraday.js";
import { pickedPanel, pickHint } from "../charts/sheet.js";
import { isolated } from "../metrics/bidi.js";
import {
  clock,
  count,
  decimal,
  fileName,
  longDay,
  percent,
  plural,
  points,
  signed,
  type Zone,
} from "../metrics/format.js";
import { allQueues, hasCounts, type Interval, type IntradayDay, type WindowRow } from "../metrics/interval.js";
import { isOpen } from "../metrics/interval-state.js";
import {
  type Basis,
  basisText,
  type NetRow,
  netRows,
  netTitle,
  type StaffingBasis,
  staffingBasis,
} from "../metrics/net-staffing.js";
import {
  type AtClose,
  type CloseLoad,
  type CloseQueue,
  closeQueueOf,
  closeReason,
  closeText,
  contactsToCome,
  levelsAhead,
  serviceLevelAtClose,
} from "../metrics/queues/at-close.js";
import { projectionText, type RestOfDay, restOfDay } from "../metrics/rest-of-day.js";
import { maximum } from "../metrics/rollup.js";
import { lacks, openHours, type Site, siteIntervals } from "../metrics/site.js";
import { daysLater } from "../metrics/time-zone.js";
import * as today from "../metrics/today.js";
import type { Grain } from "../metrics/windows.js";
import { html, whenIdle } from "../picture/dom.js";
import { valuesDigest } from "../receipt/figure-digest.js";
import { type DayReceipt, dayReceipt, receiptOf } from "./day-receipt.js";
import { daySpan, hiddenText, isNeeded } from "./day-span.js";

/** The contents of the Today page. */
export interface TodayPage extends DayFacts {
  windows: readonly Interval[];
  whole: readonly Interval[]; // of the day, also those that no chart draws
  compared: today.Compared | null;
  rest: RestOfDay | null;
  comparison: today.Comparison;
  close: AtClose | null; // of a running day
  closeQueue: CloseQueue;
  net: NetRow[]; // of the rows
  basis: StaffingBasis;
  crosshair: Crosshair;
  receipt: DayReceipt | null;
}

/** The page's contents, from its files and filters. */
export function todayPage(options: {
  site: Site;
  zone: Zone;
  days: readonly IntradayDay[];
  day: string; // "" without any day
  queue: string;
  grain: Grain;
  comparison: today.Comparison;
  basis: Basis;
  hours?: string; // "all": closed hours before and after the day's figures too
  files: { day: readonly WindowRow[]; weekBefore: readonly WindowRow[] };
  loads: readonly CloseLoad[];
  crosshair: Crosshair;
  knownAt?: string; // in words, where `files` and `days` are those of a past moment
  asOf?: string | null; // that moment, ISO, UTC, where all of the data are of then
}): TodayPage {
  const { site, days, day, queue, grain, files, loads } = options;
  const intervals = (date: string, windows: readonly WindowRow[], length: Grain) =>
    siteIntervals(site, { windows, days, day: date, queue, grain: length });
  const windows = intervals(day, files.day, 15);
  const whole = grain === 15 ? windows : intervals(day, files.day, grain);
  const opening = openHours(site, queue);
  const span = daySpan(whole, (row) => isNeeded(row, isOpen(opening, day, row.label.slice(0, 5), row.minutes)));
  const hidden = options.hours === "all" ? "" : hiddenText(whole, span);
  const rows = hidden ? whole.slice(span.from, span.to) : whole;
  const comparison = today.comparisonOf(options.comparison, windows);
  const weekBefore = day ? intervals(daysLater(day, -7), files.weekBefore, 15) : [];
  const before = grain === 15 || !day ? weekBefore : intervals(daysLater(day, -7), files.weekBefore, grain);
  const rest = restOfDay(windows, rows);
  const basis = staffingBasis(site, loads, queue, options.basis);
  const dayHandle = today.summarize(windows).handle;
  const closeQueue = closeQueueOf(loads, queue);
  const close = rest && serviceLevelAtClose({ windows, rest, queue: closeQueue, site, comparison });
  const net = netRows(rows, basis, { dayHandle, projected: contactsToCome(rows, rest, comparison) });
  return {
    rows,
    whole,
    hidden,
    windows,
    queue,
    day,
    grain,
    comparison,
    rest,
    basis,
    zone: options.zone,
    site,
    crosshair: options.crosshair,
    compared: today.comparedWith(comparison, windows, weekBefore, day, site),
    before,
    close,
    closeQueue,
    net,
    receipt: receiptOf(site, days, options),
    required: net.map(({ ahead, required }) => (ahead && required ? required : null)),
    ...(close && { expected: levelsAhead(close, rows, site) }),
    ...(options.knownAt && { knownAt: options.knownAt }),
  };
}

/** The headline figures of the day so far, with their comparison. */
export function todayCards(page: TodayPage): Card[] {
  const { windows, compared, rest, site, day } = page;
  if (!day) return [];
  const sum = today.summarize(windows);
  const service = today.serviceLevelOf(site)(sum.served);
  const counted = sum.intervals > 0 && !lacks(site, "assignments", "abandons");
  const peak = maximum(windows.map((row) => (row.over?.pooled ? null : row.reps)));
  const available = maximum(windows.map((row) => row.available));
  const projected = rest?.projection.projected;
  const label = compared?.label ?? "";
  const unmapped = (...metrics: string[]) => lacks(site, ...metrics) && "no column is mapped";
  const few = (contacts: number | null) => (contacts ? "held back: too few contacts or reps" : "");
  const none = unmapped("assignments", "abandons") || (sum.intervals === 0 && "no data yet");
  return [
    {
      label: "Offered",
      value: counted ? count(sum.offered) : "–",
      delta: countDelta(counted ? sum.offered : null, compared?.offered, label, compared?.counted),
      note: none || (projected ? `about ${count(projected)} by the end of the day` : `${count(sum.assigned)} assigned`),
    },
    {
      label: `Answered in ${site.seconds} s`,
      value: percent(service),
      ...(service === null
        ? {}
        : {
            delta: {
              text: `${points(service - site.target)} on the target`,
              tone: service < site.target ? "bad" : "good",
            } as const,
          }),
      note:
        (service === null &&
          (unmapped("assignments", "abandons", "within_threshold") ||
            (windows.some((row) => today.contradictory(row, site)) && "inconsistent counts") ||
            today.uncountedText(site))) ||
        `target ${percent(site.target, 0)}${compared?.service ? `; ${label} ${percent(compared.service)}` : ""}`,
    },
    ...closeCard(page),
    {
      label: "Abandoned",
      value: percent(sum.abandonRate),
      delta: pointsDelta(sum.abandonRate, compared?.abandonRate ?? null, label, "lower"),
      note: none || plural(sum.abandoned, "contact"),
    },
    {
      label: "Mean wait",
      value: clock(sum.wait),
      delta: versusDelta(sum.wait, compared?.wait, label, "lower"),
      note: (sum.wait === null && (unmapped("wait_seconds") || few(sum.offered))) || "assigned and abandoned",
    },
    {
      label: "Mean handle time",
      value: sum.handle === null ? "–" : `≈ ${clock(sum.handle)}`,
      delta: versusDelta(sum.handle, compared?.handle, label),
      note:
        (sum.handle === null && (unmapped("handle_seconds") || few(sum.assigned))) ||
        (sum.wrap === null ? unmapped("wrap_seconds") || "held back" : `wrap-up ${clock(sum.wrap)}`),
    },
    {
      label: "Peak reps",
      value: count(peak),
      note:
        peak === null
          ? unmapped("reps") || "held back or none"
          : available === null
            ? unmapped("available") ||
              (windows.some((row) => row.timeContradicts) ? "inconsistent times" : "available time unknown")
            : `${decimal(available)} available (FTE)`,
    },
  ];
}

function closeCard({ close, site }: TodayPage): Card[] {
  if (!close || close.state === "over") return [];
  const { level, low, high, missed, intervals, wait } = close;
  const label = "Expected at close";
  if (level === null || low === null || high === null) return [{ label, value: "–", note: closeReason(close) }];
  const tone = level < site.target ? "bad" : "good";
  return [
    {
      label,
      value: `≈ ${percent(level, 0)}`,
      delta: { text: `${points(level - site.target)} on the target`, tone },
      note: `${percent(low, 0)} to ${percent(high, 0)}; rest of the day: wait ${clock(wait)}, ${missed} of ${plural(intervals.length, "quarter-hour")} under target`,
    },
  ];
}

/** The drivers of the interval that the reader picked. */
export function chosenInterval({ net, basis, zone, site, crosshair, comparison }: TodayPage): HTMLElement {
  return pickedPanel(crosshair, {
    labels: net.map(({ row }) => row.label),
    pickable(slot) {
      const row = net[slot];
      return row !== undefined && (row.ahead ? row.net : row.contacts) !== null;
    },
    panel(slot, onClose) {
      const chosen = net[slot];
      if (!chosen) return null;
      return driverPanel(explain(chosen, basis, comparison), {
        zone,
        service: today.serviceLevelOf(site)(chosen.over),
        basis: `${basisText(basis)} Indicative.`,
        onClose,
      });
    },
  });
}

// With a button for the newest interval; null where none has data.
function takeApart({ net, zone, crosshair }: TodayPage): HTMLElement | null {
  const slot = net.findLastIndex(({ row, ahead }) => !ahead && hasCounts(row));
  const row = net[slot]?.row;
  return row ? pickHint(crosshair, slot, `Take ${today.span(row, zone)} apart`) : null;
}

/** The charts of the day, one below the other on one time axis, with a shared crosshair. */
export function todayFigures(page: TodayPage): HTMLElement {
  if (!page.day) return html("div", { class: "figures" });
  const { rows, rest, net, queue, day, grain, zone, crosshair } = page;
  const shared = { zone, crosshair, annotations: dayAnnotations(page) };
  const where = `${isolated(queue)}, ${longDay(day)}, per ${grain} minutes`;
  const file = (measure: string) => fileName(measure, queue, day);
  const footer = (feed: string, more?: string) => provenance(page, feed, more);
  const shown = (chart: DayChart, more?: string, feed = "queue_wfm") =>
    figure({
      ...chart,
      rows,
      footer: footer(feed, more),
      file: file(chart.id),
      receipt: dayReceipt(page, chart.id, { columns: chart.columns, rows }),
    });
  const heldBack = [
    heldText(page),
    heldWhole(rows) && repCharts(page).size > 0 ? "Forecast, schedule and required reps are plans and are drawn." : "",
  ]
    .filter(Boolean)
    .join(" ");
  return html(
    "div",
    { class: "figures" },
    takeApart(page),
    shown(volumeOf(page), [comparisonText(page), rest ? projectionText(rest) : ""].filter(Boolean).join(" ")),
    shown(serviceLevelOf(page), page.close ? closeText(page.close, page.closeQueue) : ""),
    shown(waitsOf(page)),
    ...(heldBack ? [html("p", { class: "held-back", role: "note" }, heldBack)] : []),
    ...repFigures(),
  );

  function repFigures(): HTMLElement[] {
    const drawn = repCharts(page);
    const figures: [RepChart, () => HTMLElement][] = [
      ["handle-time", () => shown(handleOf(page), merged(page))],
      ["reps", repTime],
      ["net-staffing", netStaffing],
    ];
    return figures.flatMap(([id, draw]) => (drawn.has(id) ? [draw()] : []));
  }

  function repTime(): HTMLElement {
    return shown(
      repsOf(page),
      [
        "Each rep counts once, however many queues they serve.",
        rows.some((row) => row.scheduled !== null) ? "Scheduled: the schedule in kit.yaml." : "",
        page.required?.some((reps) => reps !== null)
          ? `Required, projected: for the contacts still to come, as under Net staffing. ${basisText(page.basis)}`
          : "",
        merged(page),
      ]
        .filter(Boolean)
        .join(" "),
      "queue_membership_wfm",
    );
  }

  function netStaffing(): HTMLElement {
    return figure({
      id: "net-staffing",
      title: netTitle(net),
      subtitle: `Indicative: available minus required reps, in full-time equivalents. ${where}.`,
      legend: [
        { text: "Reps to spare", mark: "blue" },
        { text: "Too few", mark: "orange" },
        ...(net.some((row) => row.ahead && row.net !== null)
          ? [{ text: "Scheduled minus required for the projection", mark: "planned" }]
          : []),
        ...mergedLegend(rows),
      ],
      footer: footer(
        "queue_wfm, queue_membership_wfm",
        [basisText(page.basis), several(page), merged(page)].filter(Boolean).join(" "),
      ),
      draw: (width) => netChart(net, { ...shared, width }),
      rows: net,
      columns: netColumns(page),
      file: file("net-staffing"),
      receipt: dayReceipt(page, "net-staffing", { columns: netColumns(page), rows: net }),
    });
  }
}

/** All figures of the day, per interval. */
export function intervalTable(page: TodayPage): HTMLElement {
  if (!page.day) return html("p", { class: "none" }, "No intervals yet.");
  const { rows } = page;
  const seen = rows.filter(({ state }) => state !== "pending" && state !== "closed");
  const columns = dayColumns(page);
  const element = html(
    "div",
    { class: "figure interval-table waiting" },
    intervalDownloads(page),
    table(columns, seen),
  );
  whenIdle(() => element.classList.remove("waiting"));
  return element;
}

/** Buttons that save every interval of the day. */
export function intervalDownloads(page: TodayPage): HTMLElement {
  const { queue, day, whole } = page;
  return downloads({
    file: fileName("intervals", queue, day),
    name: "intervals",
    title: `Every interval, ${isolated(queue)}, ${longDay(day)}`,
    words: [today.formula(page.site), provenance(page, "queue_wfm, queue_membership_wfm")],
    columns: dayColumns(page),
    rows: () => whole,
    receipt: dayReceipt(page, "intervals", { columns: dayColumns(page), rows: whole }),
  });
}

/** The digest of the values of a chart of the page, or of its table, by its id; null for another. */
export function chartDigest(page: TodayPage, id: string): string | null {
  const { rows, net, whole } = page;
  const charts = [volumeOf, serviceLevelOf, waitsOf, handleOf, repsOf].map((chart) => chart(page));
  const chart = charts.find((each) => each.id === id);
  if (chart) return valuesDigest({ columns: chart.columns, rows });
  if (id === "net-staffing") return valuesDigest({ columns: netColumns(page), rows: net });
  return id === "intervals" ? valuesDigest({ columns: dayColumns(page), rows: whole }) : null;
}

function netColumns(page: TodayPage): TableColumn<NetRow>[] {
  const times = intervalColumns(page).filter(({ label }) => label !== "State");
  return [
    ...times.map(({ value, text, ...column }) => ({
      ...column,
      value: ({ row }: NetRow) => value(row),
      ...(text ? { text: ({ row }: NetRow) => text(row) } : {}),
    })),
    {
      label: "State",
      value: ({ state, ahead, row }) => (state === "none" ? row.state : ahead ? `${state}, planned` : state),
    },
    measure("Available", "FTE", ({ available, ahead }) => (ahead ? null : available), decimal),
    measure("Scheduled", "FTE", ({ row }) => row.scheduled, decimal),
    measure("Required", "FTE", ({ required }) => required, decimal),
    measure(
      "Net",
      "FTE",
      ({ net }) => net,
      (value) => (value === null ? "–" : signed(value, 1)),
    ),
    ...annotatedIntervals<Interval>(page).map(({ label, value }) => ({
      label,
      value: ({ row }: NetRow) => value(row),
    })),
  ];
}

function several({ queue, rows, net }: TodayPage): string {
  return [
    queue === allQueues
      ? ""
      : "A rep of several queues is available to each of them, so this is an upper bound for one queue.",
    rows.some((row) => row.scheduled !== null) ? "Scheduled: the schedule in kit.yaml." : "",
    net.some(({ contacts, handle, row }) => contacts && handle !== null && row.handle === null)
      ? "An interval without a handle time takes the day's mean."
      : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** Whether all rep figures of the day are withheld. */
function heldWhole(rows: readonly Interval[]): boolean {
  return rows.some(({ held }) => held) && rows.every(({ handle, loggedIn }) => handle === null && loggedIn === null);
}

type RepChart = "handle-time" | "reps" | "net-staffing";

// rep figures of the day   plan in the chart   chart
// some, or none held       any                 drawn
// all held                 some                drawn: a forecast or a schedule is of no person
// all held                 none                left out
/** The charts of rep figures that have anything to show. Plans: forecast handle time; scheduled and required reps; both less. */
export function repCharts(page: Pick<TodayPage, "rows" | "comparison" | "required" | "net">): Set<RepChart> {
  const { rows, comparison, required, net } = page;
  const plans: Record<RepChart, boolean> = {
    "handle-time": comparison === "forecast" && rows.some((row) => row.forecast && row.forecastHandle !== null),
    reps: rows.some(({ scheduled }) => scheduled !== null) || (required ?? []).some((reps) => reps !== null),
    "net-staffing": net.some((row) => row.ahead && row.net !== null),
  };
  const ids = Object.keys(plans) as RepChart[];
  return new Set(heldWhole(rows) ? ids.filter((id) => plans[id]) : ids);
}

/** What the three charts of reps lack, with the setting and a way out; "" if nothing. */
export function heldText({ rows, queue, site }: Pick<TodayPage, "rows" | "queue" | "site">): string {
  const small = rows.filter(({ held }) => held).length;
  if (small === 0) return "";
  const which = heldWhole(rows)
    ? `Handle time, reps and net staffing of ${isolated(queue)} are held back`
    : `Handle time, reps and net staffing are held back in ${plural(small, "interval")}`;
  const out = queue === allQueues ? "" : " A queue group (site.queue_groups) shows this queue together with others.";
  const fewer = `fewer than ${site.min_reps} reps (site.privacy.min_reps in kit.yaml)`;
  return `${which}: ${fewer}, over the day so far too, or other figures would give away those of so few.${out}`;
}

// How rep figures of few reps are shown.
function merged({ rows, site }: TodayPage): string {
  return rows.some(({ over }) => over)
    ? `Below a bracket: intervals with fewer than ${site.min_reps} reps, together with their neighbours.`
    : "";
}
