import { scaleLinear } from "d3";
import { type Card, cards } from "../charts/cards.js";
import { annotatedColumn, countColumn, figure, shareColumn, sharedColumn, type TableColumn } from "../charts/figure.js";
import { emptyPanel, panel } from "../charts/panel.js";
import { type AddedErrors, accuracy, addedAccuracy } from "../metrics/accuracy.js";
import { annotationsFor, onDays, type SlotAnnotation } from "../metrics/annotations/annotation.js";
import { isolated, unmarked } from "../metrics/bidi.js";
import { count, dayName, decimal, percent, plural, roundTo, signed, type Zone } from "../metrics/format.js";
import { type CloseLoad, closeQueueOf } from "../metrics/queues/at-close.js";
import { type CloseAccuracy, type CloseDay, closeAccuracy } from "../metrics/queues/close-backtest.js";
import { excludedDay, excludedDays, type Site } from "../metrics/site.js";
import { daysLater } from "../metrics/time-zone.js";
import { chartRoot, svg } from "../picture/dom.js";
import { widestFont } from "../picture/font.js";
import { cutText } from "../picture/lines.js";

/** One queue or group on one local day, as data-loaders/accuracy.json.sql ships it: the scored half-hours. */
export interface ScoredDay extends AddedErrors {
  queue: string;
  kind: Guess;
  day: string;
  complete: boolean;
  expected: number;
}

/** "same": the baseline over the half-hours that the forecast covers. */
export type Guess = "baseline" | "forecast" | "same";

/** A half-hour with a large error, as data-loaders/accuracy-worst.json.sql ships it. */
export interface FarOff {
  queue: string;
  day: string;
  start: string; // ISO, UTC
  weeks: number; // in the baseline
  expected: number;
  offered: number;
}

/** A queue's forecasts over a range of days. */
export interface QueueAccuracy extends ReturnType<typeof addedAccuracy> {
  queue: string;
  days: number;
  daily: number | null; // WAPE of whole days
  forecast: number | null; // WAPE of the customer's forecast
  same: number | null; // of the baseline over the same half-hours
  forecastN: number;
}

export interface AccuracyPage {
  queue: string;
  site: Site;
  zone: Zone;
  days: ScoredDay[]; // of the queue, for the baseline
  own: QueueAccuracy;
  queues: QueueAccuracy[]; // with "All queues", by contacts
  worst: FarOff[];
  excluded: string[]; // days in the range or the ten weeks before it that kit.yaml excludes
  forecasts: boolean;
  close: CloseAccuracy[]; // by hour; empty without a complete day
}

/** The page's contents for a queue over the newest `range` days. */
export function accuracyPage(options: {
  rows: readonly ScoredDay[];
  worst: readonly FarOff[];
  queue: string;
  range: number;
  site: Site;
  zone: Zone;
  closeDays?: readonly CloseDay[]; // of the queue
  loads?: readonly CloseLoad[];
}): AccuracyPage {
  const { queue, range, site, zone, closeDays = [], loads = [] } = options;
  const recent = [...new Set(options.rows.map(({ day }) => day))].sort().slice(-range);
  const [from = "", to = ""] = [recent.at(0), recent.at(-1)];
  const rows = options.rows.filter(({ day }) => day >= from);
  const names = [...new Set(rows.map((row) => row.queue))];
  return {
    queue,
    site,
    zone,
    days: rows.filter((row) => row.queue === queue && row.kind === "baseline"),
    own: queueAccuracy(queue, rows),
    queues: names.map((name) => queueAccuracy(name, rows)).sort((a, b) => b.contacts - a.contacts),
    worst: options.worst.filter((row) => row.queue === queue && row.day >= from),
    excluded: from ? [...excludedDays(site)].filter((day) => day >= daysLater(from, -70) && day <= to) : [],
    forecasts: rows.some(({ kind }) => kind === "forecast"),
    close: closeDays.length ? closeAccuracy(closeDays, closeQueueOf(loads, queue).concurrency, site) : [],
  };
}

function queueAccuracy(queue: string, all: readonly ScoredDay[]): QueueAccuracy {
  const of = (kind: Guess) => all.filter((row) => row.queue === queue && row.kind === kind);
  const [baseline, forecast] = [of("baseline"), of("forecast")];
  const whole = baseline.filter(({ complete, without }) => complete && without === 0);
  return {
    ...addedAccuracy(baseline),
    queue,
    days: baseline.length,
    daily: accuracy(whole.map((row) => ({ forecast: row.expected, actual: row.contacts }))).wape,
    forecast: addedAccuracy(forecast).wape,
    same: addedAccuracy(of("same")).wape,
    forecastN: addedAccuracy(forecast).n,
  };
}

/** The page in words. */
export function accuracySentence({ queue, own, queues, site }: AccuracyPage): {
  title: string;
  lead: string;
} {
  if (queues.every(({ n }) => n === 0))
    return {
      title: "No day can be scored yet",
      lead: "A baseline needs four earlier days of the same weekday, from issue_queues and rep_convos. Sync five weeks of both.",
    };
  if (own.n === 0)
    return {
      title: `${isolated(queue)}: nothing to score yet`,
      lead: "A baseline needs four earlier days of the same weekday with contacts of this queue.",
    };
  if (own.wape === null)
    return {
      title: `${isolated(queue)}: nothing to score`,
      lead: "There were no contacts in the half-hours with a baseline.",
    };
  const { bias } = own;
  const lean =
    bias === null || Math.abs(bias) < 0.01
      ? "Its bias is below 1%."
      : `It expected ${percent(Math.abs(bias))} too ${bias > 0 ? "many" : "few"}.`;
  const beyond = own.floor === null ? null : own.wape - own.floor;
  return {
    title: `${isolated(queue)}: the baseline missed half-hours by ${percent(own.wape)}${own.floor === null ? "" : `; chance alone accounts for ${percent(own.floor)}`}`,
    lead: [
      `Over ${plural(own.days, "day")} and ${count(own.contacts)} contacts. ${lean}`,
      beyond === null
        ? null
        : beyond <= 0.03
          ? "Hardly any forecast could do better."
          : `The ${decimal(beyond * 100)} points between are what a better forecast could gain.`,
      own.contacts / own.n < site.min_contacts
        ? `At ${decimal(own.contacts / own.n)} contacts per half-hour no forecast can be accurate: look at whole days.`
        : null,
    ]
      .filter(Boolean)
      .join(" "),
  };
}

export function accuracyCards({ own, queues }: AccuracyPage): HTMLElement {
  if (queues.length === 0) return cards([]);
  const list: Card[] = [
    { label: "Error per half-hour", value: percent(own.wape), note: `WAPE over ${count(own.n)} half-hours` },
    { label: "Noise floor", value: percent(own.floor), note: "error due to chance alone" },
    {
      label: "Bias",
      value: own.bias === null ? "–" : `${signed(own.bias * 100, 1)}%`,
      note: "above zero: expected too many",
    },
    {
      label: "Error per day",
      value: percent(own.daily),
      note: own.daily === null ? "no whole day scored yet" : "WAPE of whole days",
    },
  ];
  if (own.forecast !== null)
    list.push({
      label: "Your forecast",
      value: percent(own.forecast),
      note: `baseline over the same ${count(own.forecastN)} half-hours: ${percent(own.same)}`,
    });
  return cards(list);
}

/** Each day's error, with the noise floor. */
export function dailyFigure(page: AccuracyPage): HTMLElement {
  const { days, queue, own, site } = page;
  const annotations = onDays(annotationsFor(site.annotations, queue), days, site.timezone);
  const columns: TableColumn<ScoredDay>[] = [
    sharedColumn("Queue", queue),
    {
      label: "Day",
      kind: "day",
      value: ({ day }) => day,
      text: ({ day, complete }) => `${dayName(day)}${complete ? "" : ", incomplete"}`,
    },
    { label: "Half-hours", value: ({ n }) => n },
    countColumn("Contacts", ({ contacts }) => contacts),
    countColumn("Expected", ({ expected }) => expected),
    share("WAPE", (row) => addedAccuracy([row]).wape),
    share("Noise floor", (row) => addedAccuracy([row]).floor),
    share("Bias", (row) => addedAccuracy([row]).bias),
    ...annotatedColumn(annotations, days),
  ];
  return figure({
    id: "daily",
    title: own.wape === null ? "No day scored" : `Error per day, ${isolated(queue)}`,
    subtitle:
      "Sum of absolute errors / contacts, by half-hour, per local day. Each day's baseline uses earlier days only. Lighter: incomplete day.",
    legend: [
      { text: "Error (WAPE)", mark: "blue" },
      { text: "Noise floor", mark: "floor" },
    ],
    footer: accuracyFooter(page),
    rows: days,
    columns,
    draw: (width) => dailyChart(days, width, annotations),
    file: "baseline-accuracy-by-day",
  });
}

/** All queues, largest first. */
export function queuesFigure(page: AccuracyPage): HTMLElement {
  const { queues, forecasts } = page;
  const columns: TableColumn<QueueAccuracy>[] = [
    { label: "Queue", value: ({ queue }) => queue },
    { label: "Days", value: ({ days }) => days },
    countColumn("Half-hours", ({ n }) => n),
    countColumn("Contacts", ({ contacts }) => contacts),
    share("WAPE", ({ wape }) => wape),
    share("Noise floor", ({ floor }) => floor),
    share("Bias", ({ bias }) => bias),
    share("WAPE, whole days", ({ daily }) => daily),
    ...(forecasts
      ? [
          share<QueueAccuracy>("Forecast WAPE", ({ forecast }) => forecast),
          share<QueueAccuracy>("Baseline, same half-hours", ({ same }) => same),
        ]
      : []),
  ];
  return figure({
    id: "queues",
    title: chanceTitle(queues),
    subtitle: "Sum of absolute errors / contacts, by half-hour, largest queue first; bars end at the noise floor.",
    legend: [
      { text: "Error (WAPE)", mark: "blue" },
      { text: "Chance alone", mark: "grey-soft" },
      ...(forecasts ? [{ text: "Your forecast", mark: "orange" }] : []),
    ],
    footer: accuracyFooter(page),
    rows: queues,
    columns,
    draw: (width) => queuesChart(queues, width),
    file: "baseline-accuracy-by-queue",
  });
}

/** The share of the error that is chance, for the queues with the lowest and highest share. */
export function chanceTitle(queues: readonly QueueAccuracy[]): string {
  const shares = queues
    .flatMap(({ queue, wape, floor }) => (wape && floor !== null ? [{ queue, share: floor / wape }] : []))
    .sort((a, b) => a.share - b.share);
  const [least, most] = [shares.at(0), shares.at(-1)];
  if (!least || !most) return "No error to explain";
  const part = ({ share }: { share: number }) => (share >= 1 ? "all" : percent(share, 0));
  if (part(least) === part(most)) return `Chance alone explains ${part(least)} of the error`;
  return `Chance alone explains ${part(least)} of the error in ${isolated(least.queue)}, ${part(most)} in ${isolated(most.queue)}`;
}

/** What was expected of the whole day at several hours, against what came. */
export function closeFigure(page: AccuracyPage): HTMLElement {
  const { close, queue, site } = page;
  const days = Math.max(0, ...close.map(({ days }) => days));
  const middle = close.find(({ hour }) => hour === 12);
  const columns: TableColumn<CloseAccuracy>[] = [
    sharedColumn("Queue", queue),
    { label: "As known at", value: ({ hour }) => hour, text: ({ hour }) => `${hour}:00` },
    { label: "Days with a projection", value: ({ volumeDays }) => volumeDays },
    share("Volume, WAPE", ({ wape }) => wape),
    share("Volume, bias", ({ volumeBias }) => volumeBias),
    { label: "Days with a level", value: ({ days }) => days },
    ...pointColumns(),
  ];
  return figure({
    id: "at-close",
    title:
      middle?.error === null || middle === undefined
        ? "The day's close cannot be scored yet"
        : `At 12:00 the service level at close was off by ${decimal(middle.error * 100)} points${middle.wape === null ? "" : `, the day's volume by ${percent(middle.wape)}`}`,
    subtitle: `Mean absolute error of the whole day's service level, in points, as expected at that hour; ${isolated(queue)}, ${plural(days, "day")}.`,
    legend: [
      { text: "Expected at close", mark: "blue" },
      { text: "If the level so far were to stay", mark: "floor" },
    ],
    footer: [
      closeVerdict(close),
      `Hours in ${site.timezone}. The newest 28 complete days without a clock change${page.excluded.length ? " or exclusion" : ""}; means of days, not weighted.`,
      "Contacts, reps and handle time of the rest: the usual of earlier days, contacts times the day so far; patience of the 28 days before; concurrency of the last four weeks. The hours before count as they were known then, without what was exported or corrected later; schedules are left out, since their versions are not kept.",
      "Per half-hour, on Today per quarter-hour and at the day's own handle time. Source: queue_wfm, queue_membership_wfm, issue_queues, rep_convos, rep_utilized.",
    ]
      .filter(Boolean)
      .join(" "),
    rows: close,
    columns,
    draw: (width) => closeChart(close, width),
    file: "accuracy-at-close",
  });
}

// hours with both errors   the level so far as close or closer   mean bias            said
// none                     -                                     -                    nothing
// some                     never                                 -                    closer than the level so far
// some                     at some of them                       half the error       at which hours, and why probably
// some                     at some of them                       less                 at which hours
/** Whether the model was worth it: its error against that of the level so far, and what a bias is a sign of. */
export function closeVerdict(close: readonly CloseAccuracy[]): string {
  const scored = close.flatMap(({ hour, error, bias, unchanged }) =>
    error === null || bias === null || unchanged === null ? [] : [{ hour, error, bias, unchanged }],
  );
  if (scored.length === 0) return "";
  const beaten = scored.filter(({ error, unchanged }) => unchanged <= error);
  if (beaten.length === 0) return "Closer than the level so far at each of these hours.";
  const hours = beaten.map(({ hour }) => `${hour}:00`).join(", ");
  const where = beaten.length === scored.length ? "each of these hours" : hours;
  const mean = (of: (row: (typeof beaten)[number]) => number) =>
    beaten.reduce((all, row) => all + of(row), 0) / beaten.length;
  const [bias, error] = [mean((row) => row.bias), mean((row) => row.error)];
  const sign =
    Math.abs(bias) < error / 2
      ? ""
      : bias < 0
        ? " Expected too low; reps may hold more chats under load than on average."
        : " Expected too high; reps of several queues, who count in each, or contacts that pile up may be the reason.";
  return `At ${where} the level so far was as close or closer: rely on that.${sign}`;
}

function pointColumns(): TableColumn<CloseAccuracy>[] {
  const points = (label: string, value: (row: CloseAccuracy) => number | null): TableColumn<CloseAccuracy> => ({
    label,
    header: `${label} (points)`,
    value: (row) => roundTo(value(row) === null ? null : (value(row) ?? 0) * 100, 2),
    text: (row) => {
      const share = value(row);
      return share === null ? "–" : label.includes("bias") ? signed(share * 100, 1) : decimal(share * 100);
    },
  });
  return [
    points("Level, mean error", ({ error }) => error),
    points("Level, bias", ({ bias }) => bias),
    points("Level so far, mean error", ({ unchanged }) => unchanged),
  ];
}

function closeChart(rows: readonly CloseAccuracy[], width: number): SVGSVGElement {
  if (!rows.some(({ error }) => error !== null))
    return emptyPanel(width, "No complete day has a projection, usual reps and a patience at these hours.");
  const { root, marks, x, y } = panel({
    width,
    height: 180,
    slots: rows.length,
    max: Math.max(0.02, ...rows.map(({ error, unchanged }) => Math.max(error ?? 0, unchanged ?? 0))),
    format: (value) => decimal(value * 100, value * 100 < 10 ? 1 : 0),
    tick: (slot) => (rows[slot] ? `${rows[slot].hour}:00` : null),
    label: "Error of the expected service level at close by hour",
    description: "Columns: mean absolute error in points. Lines: the error if the level so far were to stay.",
  });
  const size = Math.min(64, x(1) - x(0) - 8);
  rows.forEach(({ error, unchanged }, slot) => {
    const left = (x(slot) + x(slot + 1) - size) / 2;
    if (error !== null)
      marks.append(svg("rect", { class: "blue", x: left, width: size, y: y(error), height: y(0) - y(error) }));
    if (unchanged !== null)
      marks.append(
        svg("line", { class: "floor", x1: left - 3, x2: left + size + 3, y1: y(unchanged), y2: y(unchanged) }),
      );
  });
  return root;
}

/** The half-hours with the largest errors. */
export function worstColumns(zone: Zone): TableColumn<FarOff>[] {
  return [
    { label: "Queue", value: ({ queue }) => queue, hidden: true },
    { label: "Start, UTC", kind: "time", value: ({ start }) => start, hidden: true },
    { label: "Half-hour", value: ({ start }) => zone.moment(start) },
    { label: "Offered", value: ({ offered }) => offered, text: ({ offered }) => decimal(offered, 0) },
    { label: "Expected", value: ({ expected }) => expected, text: ({ expected }) => decimal(expected) },
    {
      label: "Difference",
      value: (row) => row.offered - row.expected,
      text: (row) => signed(row.offered - row.expected, 1),
    },
    {
      label: "Times the noise",
      value: (row) => (row.expected > 0 ? (row.offered - row.expected) / Math.sqrt(row.expected) : null),
      text: (row) => (row.expected > 0 ? signed((row.offered - row.expected) / Math.sqrt(row.expected), 1) : "–"),
    },
    { label: "Weeks in baseline", value: ({ weeks }) => weeks },
  ];
}

/** The basis of the scores. */
export function accuracyFooter({ site, days, own, forecasts, excluded }: AccuracyPage): string {
  const last = days.at(-1);
  return [
    `Days in ${site.timezone}.`,
    last ? `Data through ${dayName(last.day)}${last.complete ? "" : " (incomplete)"}.` : null,
    `n = ${count(own.contacts)} contacts in ${count(own.n)} half-hours${own.unscored ? `; ${count(own.unscored)} had too few earlier weeks` : ""}.`,
    "Baseline: median of the last eight days of the same weekday with data. Source: issue_queues, rep_convos.",
    excluded.length
      ? `Excluded from scores and baselines: ${excluded.map((day) => excludedDay(site, day)).join(", ")}.`
      : null,
    forecasts ? "Forecast: the file in kit.yaml." : null,
  ]
    .filter(Boolean)
    .join(" ");
}

function dailyChart(days: readonly ScoredDay[], width: number, annotations: readonly SlotAnnotation[]): SVGSVGElement {
  if (days.length === 0) return emptyPanel(width, "No day can be scored yet: that takes four earlier weeks.");
  const figures = days.map((row) => ({ ...addedAccuracy([row]), complete: row.complete }));
  const every = Math.max(1, Math.ceil(days.length / (width < 520 ? 4 : 10)));
  const { root, marks, x, y } = panel({
    width,
    height: 200,
    slots: days.length,
    max: Math.max(0.1, ...figures.map(({ wape, floor }) => Math.max(wape ?? 0, floor ?? 0))),
    format: (value) => percent(value, 0),
    tick: (slot) => (days[slot] && slot % every === 0 ? dayName(days[slot].day) : null),
    label: "Error of the baseline by day",
    description: "Columns: sum of absolute errors over contacts. Lines: the noise floor.",
    annotations,
  });
  const size = Math.min(48, x(1) - x(0) - 1);
  figures.forEach(({ wape, floor, complete }, slot) => {
    const left = (x(slot) + x(slot + 1) - size) / 2;
    const running = complete ? "" : " running";
    if (wape !== null)
      marks.append(svg("rect", { class: `blue${running}`, x: left, width: size, y: y(wape), height: y(0) - y(wape) }));
    if (floor !== null)
      marks.append(svg("line", { class: "floor", x1: left - 1, x2: left + size + 1, y1: y(floor), y2: y(floor) }));
  });
  return root;
}

function queuesChart(queues: readonly QueueAccuracy[], width: number): SVGSVGElement {
  if (queues.length === 0) return emptyPanel(width, "No queue can be scored yet.");
  const [line, top, left, right] = [24, 22, Math.min(190, width * 0.36), 76];
  const most = Math.max(
    0.1,
    ...queues.map(({ wape, floor, forecast }) => Math.max(wape ?? 0, floor ?? 0, forecast ?? 0)),
  );
  // lengths beyond 200 % are cut off
  const x = scaleLinear([0, Math.min(most, 2)], [left, width - right])
    .nice(4)
    .clamp(true);
  const height = top + queues.length * line + 6;
  const root = chartRoot(width, height, {
    role: "img",
    "aria-label": "Error of the baseline by queue",
    "aria-description":
      "Dots: sum of absolute errors over contacts. Bars: the noise floor, the error due to chance alone.",
  });
  for (const value of x.ticks(width < 520 ? 2 : 4))
    root.append(
      svg("line", { class: "grid", x1: x(value), x2: x(value), y1: top - 4, y2: height }),
      svg("text", { x: x(value), y: 12, "text-anchor": "middle" }, percent(value, 0)),
    );
  queues.forEach(({ queue, wape, floor, forecast, bias }, i) => {
    const y = top + i * line + line / 2;
    const short = cutText(unmarked(queue), { width: (left - 8) / widestFont, size: 12 });
    root.append(svg("text", { x: left - 8, y, dy: "0.32em", "text-anchor": "end", class: "row-name" }, short));
    if (floor !== null)
      root.append(svg("rect", { class: "grey-soft", x: left, width: x(floor) - left, y: y - 5, height: 10 }));
    if (forecast !== null) root.append(svg("circle", { class: "orange", cx: x(forecast), cy: y, r: 4 }));
    if (wape === null) return;
    root.append(
      svg("circle", { class: "blue", cx: x(wape), cy: y, r: 5 }),
      svg(
        "text",
        { x: width, y, dy: "0.32em", "text-anchor": "end" },
        bias === null ? "" : `bias ${signed(bias * 100)}%`,
      ),
    );
  });
  return root;
}

/** A column of shares, in files with four digits. */
export function share<T>(label: string, value: (row: T) => number | null): TableColumn<T> {
  return { ...shareColumn(label, value), value: (row) => roundTo(value(row), 4) };
}
