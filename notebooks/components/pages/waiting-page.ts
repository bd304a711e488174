import { type Card, cards } from "../charts/cards.js";
import { type Crosshair, crosshair } from "../charts/crosshair.js";
import { annotatedIntervals, dayAnnotations, intervalColumns, measure } from "../charts/day-charts.js";
import { downloads, figure, type TableColumn, table } from "../charts/figure.js";
import { readUrl, reportUnknown, writeUrl } from "../charts/url-state.js";
import {
  bandNames,
  bandsChart,
  leaversChart,
  loadChart,
  loadParts,
  oldestChart,
  short,
  type WithinStep,
  waitingChart,
  withinChart,
} from "../charts/waiting.js";
import { isolated } from "../metrics/bidi.js";
import {
  clock,
  count,
  dayName,
  decimal,
  duration,
  fileName,
  longDay,
  percent,
  plural,
  points,
  type Zone,
} from "../metrics/format.js";
import { allQueues } from "../metrics/interval.js";
import { isOpen } from "../metrics/interval-state.js";
import {
  bands,
  countsBy,
  type Exit,
  loadOf,
  type SlotDay,
  type SlotInterval,
  secondsToReach,
  slotIntervals,
  type WaitingDate,
  type WaitingDay,
  type WaitingInterval,
  waitingIntervals,
} from "../metrics/queues/waiting.js";
import { ratio } from "../metrics/ratio.js";
import { maximum, sum } from "../metrics/rollup.js";
import {
  type ServiceLevelVariant,
  serviceLevel,
  serviceLevelFormulas,
  serviceLevelVariants,
} from "../metrics/service-level.js";
import { openHours, type Site } from "../metrics/site.js";
import { clockText, variantOf } from "../metrics/today.js";
import type { Grain } from "../metrics/windows.js";
import { html } from "../picture/dom.js";
import { cachedRows, datasetUrl, noPiece, type Piece, piece } from "./day-fetch.js";
import { daySpan, hiddenText, isWaitingNeeded } from "./day-span.js";
import { serviceNames } from "./definitions.js";
import { whenOffersDiffer } from "./last-day.js";

/** The two files of a day. */
export interface WaitingFiles {
  waiting: Piece<WaitingDay>;
  slots: Piece<SlotDay>;
}

/** Reads the files of a day. `index` is the attachment that lists the days. */
export async function waitingFiles(index: { href: string }, day: string): Promise<WaitingFiles> {
  if (!day) return { waiting: noPiece, slots: noPiece };
  const [waiting, slots] = await Promise.all([
    piece(cachedRows<WaitingDay>(index, datasetUrl(index.href, `waiting/${day}.json`))),
    piece(cachedRows<SlotDay>(index, datasetUrl(index.href, `slots/${day}.json`))),
  ]);
  return { waiting, slots };
}

/** The contents of the Waiting page. */
export interface WaitingPage {
  site: Site;
  zone: Zone;
  day: string; // "" without any day
  queue: string;
  grain: Grain;
  chats: "all" | "active"; // those that take a slot
  through: number | null;
  file: WaitingDay | undefined; // of the queue
  rows: readonly WaitingInterval[]; // drawn
  whole: readonly WaitingInterval[]; // of the day, also those that no chart draws
  hidden: string; // what the charts leave out, in words
  windows: WaitingInterval[]; // the same day in quarter-hours
  slots: readonly SlotInterval[]; // of the rows
  slotWindows: SlotInterval[];
  lacking: readonly string[];
  crosshair: Crosshair;
}

export function waitingPage(options: {
  site: Site;
  zone: Zone;
  days: readonly WaitingDate[];
  day: string;
  queue: string;
  grain: Grain;
  chats: "all" | "active";
  hours?: string; // "all": closed hours before and after the day's figures too
  files: WaitingFiles;
}): WaitingPage {
  const { site, days, day, queue, grain, files, hours, ...rest } = options;
  const date = days.find((each) => each.day === day);
  const through = date ? Date.parse(date.through) : null;
  const { timezone } = site;
  const [slotFile] = files.slots.rows;
  const opening = openHours(site, queue);
  const intervals = (length: Grain) =>
    day
      ? waitingIntervals(files.waiting.rows, {
          ...{ day, queue, grain: length, timezone, through },
          openHours: opening,
        })
      : [];
  const slots = (length: Grain) => (day ? slotIntervals(slotFile, { day, grain: length, timezone, through }) : []);
  const [whole, wholeSlots] = [intervals(grain), slots(grain)];
  const span = daySpan(whole, (row, slot) =>
    isWaitingNeeded(
      row,
      queue === allQueues ? (wholeSlots[slot]?.reps ?? null) : null,
      isOpen(opening, day, row.label.slice(0, 5), row.minutes),
    ),
  );
  const hidden = hours === "all" ? "" : hiddenText(whole, span);
  const drawn = <Row>(of: readonly Row[]) => (hidden ? of.slice(span.from, span.to) : of);
  return {
    ...rest,
    ...{ site, day, queue, grain, through, whole, hidden },
    file: files.waiting.rows.find((row) => row.queue === queue),
    rows: drawn(whole),
    windows: intervals(15),
    slots: drawn(wholeSlots),
    slotWindows: slots(15),
    lacking: slotFile?.lacking ?? [],
    crosshair: crosshair({ picks: true }),
  };
}

/** Title and lead of the page: who waits where the data end, or the worst of a whole day. */
export function waitingWords(page: WaitingPage): { title: string; lead: string } {
  const { site, zone, day, queue, file, windows } = page;
  if (!day) return { title: "No queue data yet", lead: "No issue_queues and rep_convos data has been synced." };
  const prefix = queue === allQueues ? "" : `${isolated(queue)}: `;
  const last = windows.findLast(({ waiting }) => waiting !== null);
  if (!file || !last)
    return { title: `${prefix}no data for ${dayName(day)}`, lead: "No quarter-hour of this day has arrived." };
  const most = peak(windows, (row) => row.waiting);
  const running = last.end !== windows.at(-1)?.end;
  const total = totals(windows);
  const level = levelAt(page, site.seconds);
  const oldest = last.oldest === null ? "" : `, the oldest for ${duration(last.oldest)}`;
  const title = running
    ? `${prefix}${last.waiting ? plural(last.waiting, "contact") : "nobody"} waiting at ${zone.time(last.end)}${oldest}`
    : most
      ? `${prefix}most waiting at ${zone.time(most.end)}: ${plural(most.waiting ?? 0, "contact")}`
      : `${prefix}nobody waiting at the end of any quarter-hour`;
  const sentences = [
    `${plural(total.entered, "contact")} entered the queue and ${count(total.direct)} were assigned without it${running ? ` by ${zone.time(last.end)}` : ` on ${longDay(day)}`}.`,
    level === null ? null : `${percent(level)} served within ${site.seconds} s.`,
    total.abandoned === 0
      ? "Nobody gave up."
      : `${count(total.abandoned)} gave up${file.gone_mean === null ? "" : `, after ${duration(file.gone_mean)} on average`}; ${count(total.timedOut)} timed out.`,
  ];
  return { title: prefix ? title : capital(title), lead: sentences.filter(Boolean).join(" ") };
}

/** The headline figures. */
export function waitingCards(page: WaitingPage): HTMLElement {
  const { site, zone, file, windows, slotWindows } = page;
  const last = windows.findLast(({ waiting }) => waiting !== null);
  if (!file || !last) return cards([]);
  const most = peak(windows, (row) => row.waiting);
  const longest = peak(windows, (row) => row.oldest);
  const total = totals(windows);
  const level = levelAt(page, site.seconds);
  const use = slotUse(slotWindows);
  const few = `held back: fewer than ${site.min_contacts}`;
  const list: Card[] = [
    {
      label: `Waiting at ${zone.time(last.end)}`,
      value: count(last.waiting),
      note: most ? `most ${count(most.waiting)} at ${zone.time(most.end)}` : "nobody at any quarter-hour",
    },
    {
      label: "Oldest wait then",
      value: clock(last.oldest),
      note: longest
        ? `longest ${clock(longest.oldest)} at ${zone.time(longest.end)}`
        : most
          ? `${few} contacts`
          : "nobody waited",
    },
    {
      label: `Served in ${site.seconds} s`,
      value: percent(level),
      ...(level === null
        ? {}
        : {
            delta: {
              text: `${points(level - site.target)} on the target`,
              tone: level < site.target ? "bad" : "good",
            } as const,
          }),
      note: file.steps ? `target ${percent(site.target, 0)}` : `${few} contacts`,
    },
    {
      label: "Wait of those who left",
      value: clock(file.gone_mean),
      note:
        file.gone_mean === null
          ? total.abandoned
            ? total.abandoned < site.min_contacts
              ? `${few} abandoned`
              : "held back: would give away a queue where few did"
            : "nobody left"
          : `of ${count(total.abandoned)}: half within ${clock(file.gone_p50)}, 90% within ${clock(file.gone_p90)}`,
    },
    { label: "Timed out", value: count(total.timedOut), note: `of ${plural(total.gone, "visit")} that ended` },
    {
      label: "Slots with a chat",
      value: percent(use, 0),
      note: use === null ? "not delivered, or held back" : "reps of all queues",
    },
  ];
  return cards(list);
}

/** The charts of the day on one time axis, and the waits of its contacts. */
export function waitingFigures(page: WaitingPage): HTMLElement {
  const { site, zone, day, queue, grain, file, rows, hidden } = page;
  if (!day || !file) return html("div", { class: "figures" });
  const annotations = dayAnnotations({ rows, queue, site });
  const shared = { zone, crosshair: page.crosshair, annotations };
  const { seconds } = site;
  const where = `${isolated(queue)}, ${longDay(day)}`;
  const columns = flowColumns(page);
  const named = (id: string) => ({ id, file: fileName(id, queue, day) });
  const total = totals(page.windows);
  return html(
    "div",
    { class: "figures" },
    figure({
      ...named("waiting"),
      title: waitingTitle(page),
      subtitle: `Contacts waiting at the end of each interval: entered before it, and not left by then. ${where}, per ${grain} minutes.`,
      footer: footer(
        page,
        "issue_queues, rep_convos",
        hidden,
        `n = ${plural(total.entered, "visit")} that began.`,
        openVisits(file.exits),
      ),
      rows,
      columns,
      draw: (width) => waitingChart(rows, { ...shared, width }),
    }),
    figure({
      ...named("oldest-wait"),
      title: oldestTitle(page),
      subtitle: `The longest wait of those waiting at the end of each interval, rounded up to the minute. ${where}, per ${grain} minutes.`,
      legend: [
        { text: `Up to ${seconds} s`, mark: "blue" },
        { text: "Longer", mark: "orange" },
      ],
      footer: footer(
        page,
        "issue_queues, rep_convos",
        hidden,
        `Held back for queues with fewer than ${site.min_contacts} contacts in the day; those count in no group's either.`,
      ),
      rows,
      columns,
      draw: (width) => oldestChart(rows, { ...shared, width, seconds }),
    }),
    figure({
      ...named("leavers"),
      title: leaversTitle(page),
      subtitle: `The mean and the longest wait, the latter rounded up to the minute, of those who left without an answer in each interval. ${where}, per ${grain} minutes.`,
      legend: [
        { text: `Mean, up to ${seconds} s`, mark: "blue" },
        { text: "Longer", mark: "orange" },
        { text: "Longest", mark: "floor" },
      ],
      footer: footer(
        page,
        "issue_queues",
        hidden,
        `n = ${count(total.leavers)} of ${plural(total.abandoned, "contact")} that left.`,
        total.abandoned > 0
          ? `Faint: fewer than ${site.min_contacts} left; both are those of a queue's neighbouring quarter-hours together. Held back for queues that fewer left in the day, or that a total would give away.`
          : "",
      ),
      rows,
      columns,
      draw: (width) => leaversChart(rows, { ...shared, width, seconds, minContacts: site.min_contacts }),
    }),
    loadFigure(page, shared),
    within(page, where),
    bandsFigure(page, where),
  );
}

function waitingTitle({ windows, zone }: WaitingPage): string {
  const most = peak(windows, (row) => row.waiting);
  const known = windows.filter(({ waiting }) => waiting !== null);
  if (known.length === 0) return "No quarter-hour has arrived";
  if (!most) return "Nobody was waiting at the end of any quarter-hour";
  const some = known.filter(({ waiting }) => waiting).length;
  return `Most waiting at ${zone.time(most.end)}: ${count(most.waiting)}; anybody at ${count(some)} of ${plural(known.length, "quarter-hour")}`;
}

function oldestTitle({ windows, zone, site }: WaitingPage): string {
  const longest = peak(windows, (row) => row.oldest);
  if (!longest) {
    return windows.some(({ waiting }) => waiting)
      ? "Oldest waits are held back"
      : "Nobody was waiting at the end of any quarter-hour";
  }
  const late = windows.filter(({ oldest }) => oldest !== null && oldest > site.seconds).length;
  return `Longest wait at ${zone.time(longest.end)}: ${duration(longest.oldest)}; over ${site.seconds} s at ${plural(late, "quarter-hour")}`;
}

function leaversTitle({ windows, file, zone }: WaitingPage): string {
  const most = peak(windows, (row) => row.abandonedWait);
  if (!most)
    return windows.some(({ abandoned }) => abandoned) ? "Waits of those who left are held back" : "Nobody left";
  const mean = file?.gone_mean ?? null;
  return `Those who left from ${zone.time(most.start)} had waited longest: ${duration(most.abandonedWait)} on average${mean === null ? "" : `; ${duration(mean)} over the day`}`;
}

/** The distribution of waits, with a slider for the time within which contacts are served. */
function within(page: WaitingPage, where: string): HTMLElement {
  const { site, file, queue, day } = page;
  const steps = file?.steps ?? [];
  const offered = (sum(file?.answered ?? []) ?? 0) + (sum(file?.abandoned ?? []) ?? 0);
  const rows: WithinStep[] = steps.map((seconds, i) => ({
    seconds,
    answered: ratio(file?.answered_by?.[i], offered) ?? 0,
    abandoned: ratio(file?.abandoned_by?.[i], offered) ?? 0,
  }));
  const written = readUrl("within");
  const known = written === null || steps.length === 0 || steps.includes(Number(written));
  reportUnknown("within", known ? null : { label: "Within", value: written ?? "", shown: `${site.seconds} s` });
  let chosen = written !== null && steps.includes(Number(written)) ? Number(written) : site.seconds;
  const place = html("div", {});
  const output = html("output", { for: "within-slider", "aria-live": "polite" });
  const draw = () => {
    output.textContent = withinText(page, chosen);
    place.replaceChildren(
      figure({
        id: "within",
        file: fileName("within", queue, day),
        title: withinTitle(page, chosen),
        subtitle: `Contacts answered, and abandoned, within each time, as a share of those offered. ${where}.`,
        legend: [
          { text: "Answered", mark: "blue" },
          { text: "Abandoned", mark: "orange" },
        ],
        footer: footer(
          page,
          "issue_queues, rep_convos",
          `n = ${plural(offered, "contact")}. Exact at ${count(steps.length)} times from 0 to 60 min; a contact counts in the interval in which its wait ended.`,
        ),
        rows,
        columns: [
          measure<WithinStep>(
            "Within",
            "seconds",
            ({ seconds }) => seconds,
            (value) => short(value ?? 0),
          ),
          measure<WithinStep>("Answered", "share, 0 to 1", ({ answered }) => answered, percent),
          measure<WithinStep>("Abandoned", "share, 0 to 1", ({ abandoned }) => abandoned, percent),
        ],
        draw: (width) => withinChart(rows, { width, seconds: chosen, threshold: site.seconds, target: site.target }),
      }),
      ...(rows.length ? [formulaTable(page, chosen)] : []),
    );
  };
  const slider = html("input", {
    type: "range",
    id: "within-slider",
    min: 0,
    max: Math.max(0, steps.length - 1),
    step: 1,
    value: Math.max(0, steps.indexOf(chosen)),
    "aria-valuetext": short(chosen),
    disabled: steps.length === 0,
  });
  slider.addEventListener("input", () => {
    chosen = steps[Number(slider.value)] ?? site.seconds;
    slider.setAttribute("aria-valuetext", short(chosen));
    writeUrl({ within: chosen === site.seconds ? null : String(chosen) });
    draw();
  });
  draw();
  return html(
    "div",
    { class: "within" },
    html(
      "div",
      { class: "within-control" },
      html("label", { for: "within-slider" }, "Served within T"),
      slider,
      output,
    ),
    place,
  );
}

function withinText(page: WaitingPage, seconds: number): string {
  const level = levelAt(page, seconds);
  return level === null ? `T = ${short(seconds)}` : `T = ${short(seconds)}: ${percent(level)} by this site's formula`;
}

function withinTitle(page: WaitingPage, seconds: number): string {
  const { site, file } = page;
  if (!file?.steps) return `Waits are held back: fewer than ${site.min_contacts} contacts`;
  const level = levelAt(page, seconds);
  if (level === null) return "No service level to show";
  const reached = secondsToReach(file, site.target, variantOf(site));
  const goal = `${percent(site.target, 0)} ${reached === null ? "are not within 60 min" : `are within ${short(reached)}`}`;
  return `${percent(level)} served within ${short(seconds)}; ${goal}`;
}

function formulaTable(page: WaitingPage, seconds: number): HTMLElement {
  const counts = countsBy(page.file, seconds);
  const columns: TableColumn<ServiceLevelVariant>[] = [
    { label: "Formula", value: (variant) => serviceNames[variant].replace(/^Service level, /, "") },
    { label: `With T = ${short(seconds)}`, value: (variant) => serviceLevelFormulas[variant] },
    { label: "Service level", value: (variant) => (counts ? percent(serviceLevel(counts, variant)) : "–") },
  ];
  return html("details", {}, html("summary", {}, "By every formula"), table(columns, serviceLevelVariants));
}

function bandsFigure(page: WaitingPage, where: string): HTMLElement {
  const { windows, queue, day } = page;
  const add = (lists: readonly (readonly number[] | null)[]) =>
    bands.map((_, band) => sum(lists.map((list) => list?.[band])) ?? 0);
  const answered = add(windows.map((row) => row.answeredBands));
  const abandoned = add(windows.map((row) => row.abandonedBands));
  const total = totals(windows);
  const unknown = total.answered + total.abandoned - [...answered, ...abandoned].reduce((a, b) => a + b, 0);
  const rows = bandNames.map((band, i) => ({ band, answered: answered[i] ?? 0, abandoned: abandoned[i] ?? 0 }));
  type Row = (typeof rows)[number];
  return figure({
    id: "bands",
    file: fileName("bands", queue, day),
    title: bandsTitle(answered, abandoned),
    subtitle: `Contacts by wait, those answered beside those who left. ${where}.`,
    legend: [
      { text: "Answered", mark: "blue" },
      { text: "Abandoned", mark: "orange" },
    ],
    footer: footer(
      page,
      "issue_queues, rep_convos",
      `n = ${plural(total.answered + total.abandoned, "contact")}.`,
      unknown > 0 ? `${plural(unknown, "contact")} with no valid wait ${unknown === 1 ? "is" : "are"} in no band.` : "",
    ),
    rows,
    columns: [
      { label: "Wait", value: ({ band }: Row) => band },
      measure<Row>("Answered", "contacts", (row) => row.answered),
      measure<Row>("Abandoned", "contacts", (row) => row.abandoned),
    ],
    draw: (width) => bandsChart({ answered, abandoned }, { width }),
  });
}

function bandsTitle(answered: readonly number[], abandoned: readonly number[]): string {
  const all = answered.map((n, i) => n + (abandoned[i] ?? 0));
  const total = all.reduce((a, b) => a + b, 0);
  if (total === 0) return "No contacts to show";
  const long = (all.at(-2) ?? 0) + (all.at(-1) ?? 0);
  return `${percent((all[0] ?? 0) / total, 0)} did not wait; ${percent(long / total, 0)} waited longer than 2 min`;
}

function loadFigure(page: WaitingPage, shared: { zone: Zone; crosshair: Crosshair }): HTMLElement {
  const { site, day, grain, chats, queue, slots, lacking } = page;
  const load = (row: SlotInterval) => loadOf(row, chats);
  const lacks = levelColumns[chats].filter((column) => lacking.includes(column));
  const merged = slots.filter((row) => row.merged !== null && row.merged > 15).length;
  const effort = slots.some(({ figures }) => figures.effort !== null);
  const figures = (row: SlotInterval) => row.figures;
  const of = measure<SlotInterval>;
  const annotations = dayAnnotations({ rows: slots, queue, site });
  return figure({
    id: "load",
    file: fileName("load", "", day),
    title: loadTitle(page, lacks),
    subtitle: `Logged-in reps by load, full-time equivalents: their ${chats === "all" ? "chats" : "active chats"} compared with their slots. All queues, ${longDay(day)}, per ${grain} minutes.`,
    legend: loadParts.map(({ text, mark }) => ({ text, mark })),
    footer: footer(
      page,
      "rep_utilized",
      page.hidden,
      queue === allQueues
        ? ""
        : "The feed has no queues: these are the reps of all queues. Reps on Today has the rep time of one queue, with and without chats.",
      merged
        ? `${plural(merged, "interval")} with fewer than ${site.min_reps} reps reported together with neighbours.`
        : "",
      slots.some((row) => row.merged === 0) ? `Held back: fewer than ${site.min_reps} reps.` : "",
      lacking.includes("cum_weighted_seconds")
        ? "No effort: rep_utilized lacks cum_weighted_seconds."
        : effort
          ? "Effort: chats weighted by ASAPP's effort estimate."
          : "",
    ),
    rows: slots,
    columns: [
      ...intervalColumns<SlotInterval>(page),
      of("Reps", "distinct", (row) => row.reps),
      ...[...loadParts].reverse().map(({ name, text }) => of(text, "FTE", (row) => load(row)?.[name] ?? null, decimal)),
      of("Slots", "slots", (row) => figures(row).slots, decimal),
      of("Chats", "chats", (row) => figures(row).chats, decimal),
      of("Effort", "chats, weighted", (row) => figures(row).effort, decimal),
      of("Flex protected", "FTE", (row) => figures(row).flex, decimal),
      of("Reported over", "minutes", (row) => row.merged),
      ...annotatedIntervals<SlotInterval>(page),
    ],
    draw: (width) => loadChart(slots, { ...shared, annotations, width, load }),
  });
}

const levelColumns = {
  all: ["lin_utilization_level_light_min", "lin_utilization_level_full_min", "lin_utilization_level_over_min"],
  active: ["workload_level_no_min", "workload_level_light_min", "workload_level_full_min", "workload_level_over_min"],
};

function loadTitle({ slotWindows, chats }: WaitingPage, lacks: readonly string[]): string {
  const loads = slotWindows.flatMap((row) => loadOf(row, chats) ?? []);
  const part = (of: (load: (typeof loads)[number]) => number) => loads.reduce((total, load) => total + of(load), 0);
  const time = part(({ none, light, full, over }) => none + light + full + over);
  if (time === 0) {
    if (lacks.length > 0) return `No rep time by load: rep_utilized lacks ${lacks.join(", ")}`;
    return slotWindows.some(({ merged }) => merged === 0)
      ? "Rep time by load is held back"
      : "No rep time by load to show";
  }
  const use = slotUse(slotWindows);
  return `Reps had no slot free ${percent(part(({ full, over }) => full + over) / time, 0)} of the time${use === null ? "" : `; chats took ${percent(use, 0)} of all slots`}`;
}

/** How the visits that began on the day ended, in the export's own words. */
export function exitsTable({ file, day }: WaitingPage): HTMLElement {
  const exits = file?.exits ?? [];
  const total = exits.reduce((all, { visits }) => all + visits, 0);
  const columns: TableColumn<Exit>[] = [
    { label: "exit_queue_eventtype", value: ({ event, exited }) => event ?? (exited ? "(none)" : "no exit yet") },
    { label: "Meaning", value: ({ event }) => exitMeanings.get((event ?? "").toUpperCase()) ?? "not documented" },
    { label: "Abandoned", value: ({ abandoned }) => (abandoned ? "yes" : "no") },
    { label: "Visits", value: ({ visits }) => visits, text: ({ visits }) => count(visits) },
    {
      label: "Share",
      value: ({ visits }) => ratio(visits, total),
      text: ({ visits }) => percent(ratio(visits, total)),
    },
  ];
  if (total === 0)
    return html("p", { class: "none" }, day ? "No visits to a queue began on this day." : "No days yet.");
  return html("div", { class: "figure" }, table(columns, exits));
}

const exitMeanings = new Map([
  ["NEW_REP", "assigned to a rep"],
  ["CUSTOMER_TIMEDOUT", "timed out"],
]);

/** All figures of the day, per interval. */
export function flowTable(page: WaitingPage): HTMLElement {
  const { day, queue, rows, whole } = page;
  if (!day) return html("p", { class: "none" }, "No intervals yet.");
  const columns = flowColumns(page);
  const seen = rows.filter(({ state }) => state !== "pending" && state !== "closed");
  return html(
    "div",
    { class: "figure interval-table" },
    downloads({
      file: fileName("waiting-intervals", queue, day),
      name: "intervals",
      title: `Waiting: every interval, ${isolated(queue)}, ${longDay(day)}`,
      words: [whenOffersDiffer, footer(page, "issue_queues, rep_convos")],
      columns,
      rows: () => whole,
    }),
    table(columns, seen),
    html("p", {}, whenOffersDiffer),
  );
}

function flowColumns(page: WaitingPage): TableColumn<WaitingInterval>[] {
  const of = measure<WaitingInterval>;
  const band = (of: (row: WaitingInterval) => readonly number[] | null, name: string) =>
    bandNames.map((text, i) => ({
      ...measure<WaitingInterval>(`${name}, ${text}`, "contacts", (row) => of(row)?.[i] ?? null),
      hidden: true,
    }));
  return [
    ...intervalColumns<WaitingInterval>(page),
    of("Entered (as Live Insights counts offered)", "contacts", ({ entered, direct }) =>
      entered === null ? null : entered + (direct ?? 0),
    ),
    of("Into the queue", "visits", (row) => row.entered),
    of("Directly", "contacts", (row) => row.direct),
    of("Offered", "contacts", ({ answered, abandoned }) => (answered === null ? null : answered + (abandoned ?? 0))),
    of("Answered", "contacts", (row) => row.answered),
    of("Abandoned", "contacts", (row) => row.abandoned),
    of("Timed out", "visits", (row) => row.timedOut),
    of("Mean wait of the abandoned", "seconds", (row) => row.abandonedWait, clock),
    of("Longest wait of the abandoned", "seconds, rounded up to the minute", (row) => row.abandonedLongest, clock),
    { ...of("Abandoned behind both", "contacts", (row) => row.leavers), hidden: true },
    of("Left the queue", "visits", (row) => row.gone),
    of("Waiting at the end", "contacts", (row) => row.waiting),
    of("Oldest wait then", "seconds, rounded up to the minute", (row) => row.oldest, clock),
    ...band((row) => row.answeredBands, "Answered"),
    ...band((row) => row.abandonedBands, "Abandoned"),
    ...annotatedIntervals<WaitingInterval>(page),
  ];
}

function footer({ site, zone, windows, through }: WaitingPage, feed: string, ...more: string[]): string {
  return [
    `Times in ${site.timezone}.`,
    clockText(windows),
    through ? `Data through ${zone.dateTime(through)}.` : "",
    ...more,
    `Source: ${feed}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

function openVisits(exits: readonly Exit[] | null): string {
  const open = (exits ?? []).reduce((all, { exited, visits }) => all + (exited ? 0 : visits), 0);
  return open
    ? `${plural(open, "visit")} without an exit ${open === 1 ? "counts" : "count"} as waiting for a day at most.`
    : "";
}

function totals(windows: readonly WaitingInterval[]) {
  const add = (of: (row: WaitingInterval) => number | null) => sum(windows.map(of)) ?? 0;
  return {
    entered: add((row) => row.entered),
    direct: add((row) => row.direct),
    gone: add((row) => row.gone),
    answered: add((row) => row.answered),
    abandoned: add((row) => row.abandoned),
    timedOut: add((row) => row.timedOut),
    leavers: add((row) => row.leavers),
  };
}

/** The first window with the largest value above zero. */
function peak(
  windows: readonly WaitingInterval[],
  of: (row: WaitingInterval) => number | null,
): WaitingInterval | undefined {
  const most = maximum(windows.map(of));
  return most ? windows.find((row) => of(row) === most) : undefined;
}

function slotUse(windows: readonly SlotInterval[]): number | null {
  const known = windows.filter(({ figures }) => figures.slots !== null && figures.chats !== null);
  return ratio(sum(known.map(({ figures }) => figures.chats)), sum(known.map(({ figures }) => figures.slots)));
}

function levelAt({ file, site }: WaitingPage, seconds: number): number | null {
  const counts = countsBy(file, seconds);
  return counts && serviceLevel(counts, variantOf(site));
}

function capital(text: string): string {
  return text.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
