import type { Card } from "./cards.js";
import { chartRoot, html, svg } from "./dom.js";
import { countColumn, figure, type TableColumn, table } from "./figure.js";
import { compact, count, dayName, plural, signed, type Zone } from "./format.js";
import type { Site } from "./masthead.js";
import { emptyPanel } from "./panel.js";

/** One feed, as data-loaders/health-feeds.json.sql ships it. */
export interface FeedHealth {
  feed: string;
  kind: string;
  about: string;
  cadence_minutes: number | null;
  partitions: number;
  complete: number;
  empty: number;
  waiting: number;
  overdue: number;
  failed: number;
  delivered: number; // rows as they arrived
  kept: number; // one per key
  duplicates: number;
  ties: number; // keys whose copies the declared order could not tell apart
  quarantined: number; // lines that could not be read
  first_day: string | null;
  through: string | null; // ISO
}

/** Partitions of one feed and export day by state. */
export interface FeedDay {
  feed: string;
  day: string;
  complete: number;
  empty: number;
  replaced: number;
  waiting: number;
  overdue: number;
  failed: number;
  other: number;
}

export interface HealthPage {
  feeds: readonly FeedHealth[];
  days: readonly FeedDay[];
  oddities?: readonly Oddity[];
  zone: Zone;
  site: Pick<Site, "synced_at">;
}

/** What is in the data of a feed and cannot be. */
export interface Oddity {
  feed: string;
  kind: string;
  what: string; // "rows dated …", in the plural
  count: number;
  first_day: string | null; // of the export
  last_day: string | null;
  example: string;
}

const late = (row: FeedHealth) => row.overdue > 0 || row.failed > 0;
const delivered = (feeds: readonly FeedHealth[]) => feeds.filter(({ partitions }) => partitions > 0);
const sum = (feeds: readonly FeedHealth[], value: (row: FeedHealth) => number) =>
  feeds.reduce((total, row) => total + value(row), 0);

export function healthWords({ feeds, oddities = [] }: HealthPage): { title: string; lead: string } {
  const here = delivered(feeds);
  const bad = here.filter(late);
  const failed = sum(here, (row) => row.failed);
  const overdue = sum(here, (row) => row.overdue);
  const quarantined = sum(here, (row) => row.quarantined);
  if (here.length === 0)
    return { title: "Nothing has been synced yet", lead: "Run a sync, then build the site again." };
  return {
    title: bad.length
      ? `${bad.length} of ${plural(here.length, "feed")} need a look`
      : `All ${plural(here.length, "feed")} are up to date`,
    lead: [
      bad.length
        ? `Late or failed: ${bad
            .slice(0, 6)
            .map(({ feed }) => feed)
            .join(", ")}${bad.length > 6 ? " and others" : ""}.`
        : "No partition is overdue and none has failed.",
      failed ? `${plural(failed, "partition")} failed.` : null,
      overdue ? `${plural(overdue, "partition")} past the cadence and its grace.` : null,
      quarantined
        ? `${plural(quarantined, "line")} could not be read and ${quarantined === 1 ? "is" : "are"} in quarantine.`
        : null,
      ...oddities.map(({ feed, what, count: n }) => `${feed}: ${count(n)} ${what}.`),
    ]
      .filter(Boolean)
      .join(" "),
  };
}

export function healthCards({ feeds }: HealthPage): Card[] {
  const here = delivered(feeds);
  const rows = sum(here, (row) => row.delivered);
  const duplicates = sum(here, (row) => row.duplicates);
  const open = sum(here, (row) => row.overdue + row.failed);
  return [
    { label: "Feeds delivered", value: count(here.length), note: `of ${count(feeds.length)} known` },
    {
      label: "Partitions complete",
      value: count(sum(here, (row) => row.complete + row.empty)),
      note: `${count(sum(here, (row) => row.empty))} of them empty, ${count(sum(here, (row) => row.waiting))} waiting`,
    },
    {
      label: "Overdue or failed",
      value: count(open),
      delta: { text: open ? "needs a look" : "nothing to do", tone: open ? "bad" : "good" },
    },
    { label: "Rows delivered", value: compact(rows), note: `${compact(sum(here, (row) => row.kept))} kept` },
    {
      label: "Duplicates removed",
      value: compact(duplicates),
      note: `${plural(
        sum(here, (row) => row.ties),
        "tie",
      )}`,
    },
    {
      label: "Lines in quarantine",
      value: count(sum(here, (row) => row.quarantined)),
      note: "with file, line and reason",
    },
  ];
}

// worst first; the first one present colours the cell
const states: { name: keyof FeedDay; text: string; mark: string }[] = [
  { name: "failed", text: "Failed", mark: "orange" },
  { name: "overdue", text: "Overdue", mark: "orange-soft" },
  { name: "waiting", text: "Waiting", mark: "grey" },
  { name: "replaced", text: "Exported again", mark: "blue" },
  { name: "complete", text: "Complete", mark: "blue-soft" },
  { name: "empty", text: "Empty", mark: "grey-soft" },
  { name: "other", text: "Other", mark: "blue-strong" },
];

export function stateFigure({ feeds, days }: HealthPage): HTMLElement {
  const names = delivered(feeds).map(({ feed }) => feed);
  const dates = [...new Set(days.map(({ day }) => day))].sort().slice(-60);
  const shown = days.filter(({ day, feed }) => dates.includes(day) && names.includes(feed));
  const columns: TableColumn<FeedDay>[] = [
    { label: "Feed", value: ({ feed }) => feed },
    { label: "Day", value: ({ day }) => day },
    ...states.map(({ name, text }) => ({ label: text, value: (row: FeedDay) => row[name] as number })),
  ];
  return figure({
    id: "states",
    title: dates.length
      ? `${plural(names.length, "feed")} over ${plural(dates.length, "export day")}`
      : "No partitions yet",
    subtitle: "State of the partitions of each feed and export day (UTC): the worst one colours the field.",
    legend: states.filter(({ name }) => shown.some((row) => (row[name] as number) > 0)),
    footer: `n = ${count(shown.length)} feed days. Days as in the export's folders, in UTC. Source: the kit's own record of the bucket.`,
    rows: shown,
    columns,
    draw: (width) => stateChart(shown, { names, dates, width }),
  });
}

/** Feeds down, days across, coloured by state. */
function stateChart(
  rows: readonly FeedDay[],
  options: { names: readonly string[]; dates: readonly string[]; width: number },
): SVGSVGElement {
  const { names, dates, width } = options;
  if (rows.length === 0) return emptyPanel(width, "No partitions.");
  const left = Math.min(215, Math.max(110, width * 0.3));
  const row = 17;
  const cell = (width - left - 4) / dates.length;
  const height = names.length * row + 26;
  const root = chartRoot(width, height, {
    role: "img",
    "aria-label": "Partition states by feed and day",
    "aria-description": "One row per feed, one field per export day, coloured by the worst state.",
  });
  const marks = svg("g", { class: "marks" });
  const at = new Map(rows.map((entry) => [`${entry.feed} ${entry.day}`, entry]));
  names.forEach((feed, i) => {
    const y = 4 + i * row;
    const label = feed.length * 7.1 > left - 8 ? `${feed.slice(0, Math.floor((left - 16) / 7.1))}…` : feed;
    root.append(svg("text", { x: 0, y: y + row / 2, dy: "0.32em" }, svg("title", {}, feed), label));
    dates.forEach((day, j) => {
      const entry = at.get(`${feed} ${day}`);
      const state = entry && states.find(({ name }) => (entry[name] as number) > 0);
      if (!entry || !state) return;
      marks.append(
        svg(
          "rect",
          {
            class: state.mark,
            x: left + j * cell + 0.75,
            y: y + 1.5,
            width: Math.max(1, cell - 1.5),
            height: row - 3,
            rx: 1.5,
          },
          svg("title", {}, `${feed}, ${dayName(day)}: ${stateText(entry)}`),
        ),
      );
    });
  });
  root.append(marks);
  const every = Math.ceil(56 / cell);
  dates.forEach((day, j) => {
    if (j % every === 0)
      root.append(svg("text", { x: left + j * cell, y: height - 6 }, dayName(day).slice(4)));
  });
  return root;
}

export function feedTable({ feeds, zone, site }: HealthPage): HTMLElement {
  const columns: TableColumn<FeedHealth>[] = [
    { label: "Feed", value: ({ feed }) => feed },
    {
      label: "Data through",
      value: ({ through }) => through,
      text: (row) => (row.through ? zone.dateTime(row.through) : "–"),
    },
    {
      label: "Lag",
      value: ({ through }) => lagMinutes(through, site),
      text: ({ through }) => lagText(lagMinutes(through, site)),
    },
    {
      label: "Every",
      value: ({ cadence_minutes }) => cadence_minutes,
      text: ({ cadence_minutes }) => lagText(cadence_minutes),
    },
    countColumn("Partitions", (row) => row.complete + row.empty),
    countColumn("Waiting", (row) => row.waiting),
    countColumn("Overdue", (row) => row.overdue),
    countColumn("Failed", (row) => row.failed),
    countColumn("Rows", (row) => row.kept),
    countColumn("Duplicates", (row) => row.duplicates),
    countColumn("Ties", (row) => row.ties),
    countColumn("Quarantine", (row) => row.quarantined),
  ];
  return html("div", { class: "figure wide-table" }, table(columns, delivered(feeds)));
}

/** Minutes from the end of data to the last sync; null without data or sync. */
export function lagMinutes(through: string | null, { synced_at }: Pick<Site, "synced_at">): number | null {
  if (through === null || synced_at === null) return null;
  return Math.round((Date.parse(synced_at) - Date.parse(through)) / 60_000);
}

/** 20 -> "20 min", 90 -> "1.5 h", 4000 -> "2.8 d", null -> "–" */
export function lagText(minutes: number | null): string {
  if (minutes === null) return "–";
  if (minutes < 90) return `${Math.round(minutes)} min`;
  if (minutes < 2880) return `${(minutes / 60).toFixed(minutes % 60 ? 1 : 0)} h`;
  return `${(minutes / 1440).toFixed(1)} d`;
}

function stateText(entry: FeedDay): string {
  return states
    .filter(({ name }) => (entry[name] as number) > 0)
    .map(({ name, text }) => `${entry[name]} ${text.toLowerCase()}`)
    .join(", ");
}

/** A column that came, went or changed its type. */
export interface SchemaChange {
  feed: string;
  day: string;
  class: string; // announced, silent, breaking, deprecation, end of life
  change: string;
  field: string; // the column
  before: string | null;
  after: string | null;
}

/** Rows that export_row_counts announces against rows that arrived, and the partitions by how the two agree. */
export interface RowCount {
  feed: string;
  day: string;
  announced: number;
  delivered: number; // of what is counted
  match: number;
  short: number; // fewer delivered
  over: number; // more delivered
  uncounted: number; // partitions that no count covers
}

/** How a feed's rows become one per key. */
export interface Dedupe {
  feed: string;
  key: string;
  delivered: number;
  kept: number;
  by_order: number; // keys with several copies that the declared order decided
  by_run: number;
  by_tie: number; // copies in one run: the last line counts
  remark: string | null; // why the key may not be what tells records apart
}

/** Lines that could not be read, without their text. */
export interface Quarantine {
  feed: string;
  day: string;
  reason: string;
  lines: number;
}

export function oddTable(rows: readonly Oddity[]): HTMLElement {
  if (rows.length === 0)
    return html("p", { class: "none" }, "No time and no count contradicts what it stands beside.");
  return html(
    "div",
    { class: "figure wide-table" },
    table<Oddity>(
      [
        { label: "Feed", value: ({ feed }) => feed },
        countColumn("Count", (row) => row.count),
        { label: "What", value: ({ what }) => what },
        { label: "First export day", value: (row) => row.first_day },
        { label: "Last", value: (row) => row.last_day },
        { label: "Example", value: ({ example }) => example },
      ],
      rows,
    ),
  );
}

export function changeTable(rows: readonly SchemaChange[]): HTMLElement {
  if (rows.length === 0) return html("p", { class: "none" }, "No column has changed.");
  return html(
    "div",
    { class: "figure wide-table" },
    table<SchemaChange>(
      [
        { label: "Day", value: ({ day }) => day },
        { label: "Feed", value: ({ feed }) => feed },
        { label: "Column", value: ({ field }) => field || null },
        { label: "Change", value: ({ change }) => change.replaceAll("_", " ") },
        { label: "Kind", value: (row) => row.class },
        { label: "Before", value: ({ before }) => before },
        { label: "After", value: ({ after }) => after },
      ],
      rows,
    ),
  );
}

export function countTable(rows: readonly RowCount[]): HTMLElement {
  if (rows.length === 0) return html("p", { class: "none" }, "The exports announced no row counts.");
  const total = (value: (row: RowCount) => number) => rows.reduce((sum, row) => sum + value(row), 0);
  const off = rows.filter(({ short, over }) => short + over > 0);
  const uncounted = total((row) => row.uncounted);
  const words = [
    `${count(total((row) => row.match))} counts match what was delivered, ${count(total((row) => row.short))} are short (fewer rows came), ${count(total((row) => row.over))} over (more came).`,
    uncounted > 0
      ? `${plural(uncounted, "partition")} of ${plural(new Set(rows.filter((row) => row.uncounted > 0).map(({ feed }) => feed)).size, "feed")}: no count was published.`
      : "Every partition has a count.",
  ];
  const difference = (row: RowCount) => row.delivered - row.announced;
  return html(
    "div",
    { class: "figure wide-table" },
    html("p", {}, words.join(" ")),
    off.length > 0 &&
      table<RowCount>(
        [
          { label: "Day", value: ({ day }) => day },
          { label: "Feed", value: ({ feed }) => feed },
          countColumn("Announced", ({ announced }) => announced),
          countColumn("Delivered", (row) => row.delivered),
          { label: "Difference", value: difference, text: (row) => signed(difference(row)) },
          countColumn("Short", ({ short }) => short),
          countColumn("Over", ({ over }) => over),
          countColumn("Match", ({ match }) => match),
        ],
        off,
      ),
  );
}

/** What makes a feed's key doubtful, then what decided among the copies of a key. */
export function dedupeTable(rows: readonly Dedupe[]): HTMLElement {
  if (rows.length === 0) return html("p", { class: "none" }, "No rows.");
  const doubtful = rows.filter(({ remark }) => remark !== null);
  return html(
    "div",
    { class: "figure wide-table" },
    doubtful.length === 0
      ? html("p", {}, "Nothing in the data speaks against the keys.")
      : html(
          "ul",
          { class: "remarks" },
          [...new Set(doubtful.map(({ remark }) => remark))].map((text) => {
            const feeds = doubtful.filter(({ remark }) => remark === text).map(({ feed }) => feed);
            return html("li", {}, html("b", {}, feeds.join(", ")), ` ${text}`);
          }),
        ),
    table<Dedupe>(
      [
        { label: "Feed", value: ({ feed }) => feed },
        countColumn("Delivered", ({ delivered }) => delivered),
        countColumn("Duplicates", ({ delivered, kept }) => delivered - kept),
        countColumn("By its order", (row) => row.by_order),
        countColumn("By the run", (row) => row.by_run),
        countColumn("By a tie", (row) => row.by_tie),
        { label: "Key", value: ({ key }) => key },
      ],
      rows,
    ),
  );
}

export function quarantineTable(rows: readonly Quarantine[]): HTMLElement {
  if (rows.length === 0) return html("p", { class: "none" }, "Every line could be read.");
  return html(
    "div",
    { class: "figure wide-table" },
    table<Quarantine>(
      [
        { label: "Day", value: ({ day }) => day },
        { label: "Feed", value: ({ feed }) => feed },
        { label: "Reason", value: ({ reason }) => reason },
        countColumn("Lines", ({ lines }) => lines),
      ],
      rows,
    ),
  );
}
