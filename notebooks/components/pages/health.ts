import type { Card } from "../charts/cards.js";
import { countColumn, figure, type TableColumn, table } from "../charts/figure.js";
import { emptyPanel } from "../charts/panel.js";
import { compact, count, dayName, plural, signed, type Zone } from "../metrics/format.js";
import { ageText, classifyFeed, type FeedArrival, type FeedFreshness, type FeedState } from "../metrics/freshness.js";
import type { Site } from "../metrics/site.js";
import { chartRoot, html, svg } from "../picture/dom.js";

/** One feed, as data-loaders/health-feeds.json.sql ships it. */
export interface FeedHealth extends FeedArrival {
  kind: string;
  about: string;
  partitions: number;
  complete: number;
  empty: number;
  waiting: number;
  delivered: number; // rows
  kept: number; // rows, one per key
  duplicates: number;
  ties: number; // keys whose versions the declared order does not distinguish
  quarantined: number; // unreadable lines
  first_day: string | null;
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
  oddities?: readonly Oddity[];
  unfit?: readonly Unfit[];
  zone: Zone;
  site: Pick<Site, "synced_at" | "grace_minutes">;
  now: number; // milliseconds
}

/** Impossible values in a feed. */
export interface Oddity {
  feed: string;
  kind: string;
  what: string; // "rows dated …", in the plural
  count: number;
  first_day: string | null; // of the export
  last_day: string | null;
  example: string;
}

const delivered = (feeds: readonly FeedHealth[]) =>
  feeds.filter(({ partitions, unlisted }) => partitions > 0 || unlisted);

/** A feed with its current freshness. */
type ClassifiedFeed = FeedHealth & { freshness: FeedFreshness };

function classifyFeeds({ feeds, site, now }: HealthPage): ClassifiedFeed[] {
  const synced = site.synced_at === null ? null : Date.parse(site.synced_at);
  return delivered(feeds).map((feed) => ({
    ...feed,
    freshness: classifyFeed(feed, { now, synced, graceMinutes: site.grace_minutes }),
  }));
}

// delivered feeds                 title                          start of the lead
// none                            Nothing has been synced yet
// some need a look                2 of 12 feeds need a look      which are failed, overdue, stale …
// none does, some are stale       3 of 12 feeds are stale        since the last sync
// no value of a column fits       1 column has no valid value    which
// some are late                   2 of 12 feeds are late         that they are not stale yet
// otherwise                       All 12 feeds are up to date
export function healthWords(page: HealthPage): { title: string; lead: string } {
  const feeds = classifyFeeds(page);
  if (feeds.length === 0)
    return { title: "Nothing has been synced yet", lead: "Run a sync, then build the site again." };
  const bad = feeds.filter(({ freshness }) => freshness.look);
  const unsynced = feeds.filter(({ freshness }) => freshness.state === "stale" && freshness.since === "sync");
  const late = feeds.filter(({ freshness }) => freshness.state === "late");
  const quarantined = sum(feeds, (row) => row.quarantined);
  const whole = (page.unfit ?? []).filter((row) => row.whole);
  const all = plural(feeds.length, "feed");
  const verb = (n: number, one: string, many: string) => `${n} of ${all} ${n === 1 ? one : many}`;
  const title = bad.length
    ? verb(bad.length, "needs a look", "need a look")
    : unsynced.length
      ? verb(unsynced.length, "is stale", "are stale")
      : whole.length
        ? `${plural(whole.length, "column")} ${whole.length === 1 ? "has" : "have"} no valid value`
        : late.length
          ? verb(late.length, "is late", "are late")
          : `${feeds.length === 1 ? "The feed is" : `All ${all} are`} up to date`;
  return {
    title,
    lead: [
      ...(["failed", "overdue", "stale", "to come"] as const).map((state) =>
        stateText(
          state,
          bad.filter(({ freshness }) => freshness.state === state && freshness.since === "export"),
        ),
      ),
      unsynced.length
        ? `Stale since the last sync${page.site.synced_at === null ? "" : `, ${page.zone.dateTime(page.site.synced_at)}`}: ${some(unsynced)}.`
        : null,
      bad.length + unsynced.length === 0 ? "No partition is overdue, none has failed, and no feed is stale." : null,
      late.length ? `Late, more than two cadences old: ${some(late)}.` : null,
      quarantined
        ? `${plural(quarantined, "line")} could not be read and ${quarantined === 1 ? "is" : "are"} in quarantine.`
        : null,
      unfitWords(page.unfit ?? []),
      ...(page.oddities ?? []).map(({ feed, what, count: n }) => `${feed}: ${count(n)} ${what}.`),
    ]
      .filter(Boolean)
      .join(" "),
  };
}

function unfitWords(rows: readonly Unfit[]): string | null {
  if (rows.length === 0) return null;
  const values = rows.reduce((total, { unfit }) => total + unfit, 0);
  const named = [...rows].sort((a, b) => Number(b.whole) - Number(a.whole)).slice(0, 3);
  const names = named.map(({ feed, column, whole }) => `${feed}.${column}${whole ? " (none fits)" : ""}`);
  const more = rows.length > named.length ? ` and ${count(rows.length - named.length)} more` : "";
  return `${plural(values, "value")} of ${names.join(", ")}${more} ${values === 1 ? "does" : "do"} not fit ${rows.length === 1 ? "its column" : "their columns"}.`;
}

function stateText(state: "failed" | "overdue" | "stale" | "to come", feeds: readonly ClassifiedFeed[]): string | null {
  if (feeds.length === 0) return null;
  const partitions = (value: (row: FeedHealth) => number) => plural(sum(feeds, value), "partition");
  switch (state) {
    case "failed":
      return `${partitions((row) => row.failed)} failed, or a feed could not be listed: ${some(feeds)}.`;
    case "overdue":
      return `${partitions((row) => row.overdue)} past the cadence and its grace: ${some(feeds)}.`;
    case "stale":
      return `Stale, as the last sync found nothing newer: ${some(feeds)}.`;
    case "to come":
      return `Dated in the future: ${some(feeds)}.`;
  }
}

function some(feeds: readonly ClassifiedFeed[]): string {
  const names = feeds.slice(0, 6).map(({ feed }) => feed);
  return `${names.join(", ")}${feeds.length > 6 ? ` and ${count(feeds.length - 6)} more` : ""}`;
}

const sum = (feeds: readonly FeedHealth[], value: (row: FeedHealth) => number) =>
  feeds.reduce((total, row) => total + value(row), 0);

export function healthCards(page: HealthPage): Card[] {
  const feeds = classifyFeeds(page);
  const rows = sum(feeds, (row) => row.delivered);
  const duplicates = sum(feeds, (row) => row.duplicates);
  const open = sum(feeds, (row) => row.overdue + row.failed);
  const stale = feeds.filter(({ freshness }) => freshness.state === "stale").length;
  return [
    { label: "Feeds delivered", value: count(feeds.length), note: `of ${count(page.feeds.length)} known` },
    {
      label: "Partitions complete",
      value: count(sum(feeds, (row) => row.complete + row.empty)),
      note: `${count(sum(feeds, (row) => row.empty))} of them empty, ${count(sum(feeds, (row) => row.waiting))} waiting`,
    },
    {
      label: "Overdue or failed",
      value: count(open),
      delta: { text: open || stale ? "needs a look" : "nothing to do", tone: open || stale ? "bad" : "good" },
      ...(stale ? { note: `and ${plural(stale, "feed")} stale` } : {}),
    },
    { label: "Rows delivered", value: compact(rows), note: `${compact(sum(feeds, (row) => row.kept))} kept` },
    {
      label: "Duplicates removed",
      value: compact(duplicates),
      note: `${plural(
        sum(feeds, (row) => row.ties),
        "tie",
      )}`,
    },
    ...(page.unfit?.length
      ? [
          {
            label: "Values that do not fit",
            value: count(page.unfit.reduce((total, { unfit }) => total + unfit, 0)),
            delta: { text: "needs a look", tone: "bad" as const },
          },
        ]
      : []),
    {
      label: "Lines in quarantine",
      value: count(sum(feeds, (row) => row.quarantined)),
      note: "with file, line and reason",
    },
  ];
}

// worst first; the first that occurs colours the cell
const states: { name: keyof FeedDay; text: string; mark: string }[] = [
  { name: "failed", text: "Failed", mark: "orange" },
  { name: "overdue", text: "Overdue", mark: "orange-soft" },
  { name: "waiting", text: "Waiting", mark: "grey" },
  { name: "replaced", text: "Exported again", mark: "blue" },
  { name: "complete", text: "Complete", mark: "blue-soft" },
  { name: "empty", text: "Empty", mark: "grey-soft" },
  { name: "other", text: "Other", mark: "blue-strong" },
];

export function stateFigure({ feeds, days }: { feeds: readonly FeedHealth[]; days: readonly FeedDay[] }): HTMLElement {
  const names = delivered(feeds).map(({ feed }) => feed);
  const dates = [...new Set(days.map(({ day }) => day))].sort().slice(-60);
  const shown = days.filter(({ day, feed }) => dates.includes(day) && names.includes(feed));
  const columns: TableColumn<FeedDay>[] = [
    { label: "Feed", value: ({ feed }) => feed },
    { label: "Day", kind: "day", value: ({ day }) => day },
    ...states.map(({ name, text }) => ({ label: text, value: (row: FeedDay) => row[name] as number })),
  ];
  return figure({
    id: "states",
    title: dates.length
      ? `${plural(names.length, "feed")} over ${plural(dates.length, "export day")}`
      : "No partitions yet",
    subtitle: "Partitions by feed and export day (UTC), coloured by the worst state.",
    legend: states.filter(({ name }) => shown.some((row) => (row[name] as number) > 0)),
    footer: `n = ${count(shown.length)} feed days. Days as in the export's folders, in UTC. Source: the kit's record of the bucket.`,
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
    "aria-description": "One row per feed, one cell per export day, coloured by the worst state.",
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
          svg("title", {}, `${feed}, ${dayName(day)}: ${partitionText(entry)}`),
        ),
      );
    });
  });
  root.append(marks);
  const every = Math.ceil(56 / cell);
  dates.forEach((day, j) => {
    if (j % every !== 0) return;
    const x = Math.min(width - 20, left + (j + 0.5) * cell);
    root.append(svg("text", { x, y: height - 6, "text-anchor": "middle" }, dayName(day).slice(4)));
  });
  return root;
}

/** What is delivered, by subject, with its age. */
export function arrivedTable({ feeds, zone, now }: HealthPage): HTMLElement {
  const kinds: Record<string, string> = {
    conversation: "Conversations",
    queue: "Queues",
    rep: "Reps",
    wfm: "WFM intraday",
    other: "Other",
  };
  const rows = Object.entries(kinds).flatMap(([kind, name]) => {
    const delivered = feeds.filter((row) => row.kind === kind && row.partitions > 0);
    if (delivered.length === 0) return [];
    const through = delivered.map((row) => row.through ?? "").reduce((a, b) => (a > b ? a : b), "");
    return [
      {
        name,
        feeds: delivered.length,
        rows: delivered.reduce((sum, row) => sum + row.kept, 0),
        through: through || null,
        age: through === "" || Date.parse(through) > now ? null : (now - Date.parse(through)) / 60_000,
        open: delivered.reduce((sum, row) => sum + row.overdue + row.failed, 0),
      },
    ];
  });
  type Row = (typeof rows)[number];
  const columns: TableColumn<Row>[] = [
    { label: "Subject", value: (row) => row.name },
    { label: "Feeds", value: (row) => row.feeds },
    countColumn("Rows", (row) => row.rows),
    {
      label: "Newest data",
      value: (row) => row.through,
      text: (row) => (row.through ? zone.dateTime(row.through) : "–"),
    },
    {
      label: "Age",
      value: (row) => (row.age === null ? null : Math.floor(row.age)),
      text: (row) => minutesText(row.age),
    },
    { label: "Overdue or failed", value: (row) => row.open },
  ];
  return html("div", { class: "figure wide-table" }, table(columns, rows));
}

export function feedTable(page: HealthPage): HTMLElement {
  const { zone } = page;
  const columns: TableColumn<ClassifiedFeed>[] = [
    { label: "Feed", value: ({ feed }) => feed },
    { label: "State", value: ({ freshness }) => stateNames[freshness.state] },
    {
      label: "Data through",
      value: ({ through }) => through,
      text: (row) => (row.through ? zone.dateTime(row.through) : "–"),
    },
    {
      label: "Age",
      value: ({ freshness }) => (freshness.ageMinutes === null ? null : Math.floor(freshness.ageMinutes)),
      text: ({ freshness }) => minutesText(freshness.ageMinutes),
    },
    {
      label: "Every",
      value: ({ cadence_minutes }) => cadence_minutes,
      text: ({ cadence_minutes }) => minutesText(cadence_minutes),
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
  return html("div", { class: "figure wide-table" }, table(columns, classifyFeeds(page)));
}

export function minutesText(minutes: number | null): string {
  return minutes === null ? "–" : ageText(minutes);
}

const stateNames: Record<FeedState, string> = {
  failed: "Failed",
  overdue: "Overdue",
  stale: "Stale",
  "to come": "Dated in the future",
  late: "Late",
  none: "No data",
  current: "Up to date",
};

function partitionText(entry: FeedDay): string {
  return states
    .filter(({ name }) => (entry[name] as number) > 0)
    .map(({ name, text }) => `${entry[name]} ${text.toLowerCase()}`)
    .join(", ");
}

/** A column that was added, removed or changed its type. */
export interface SchemaChange {
  feed: string;
  day: string;
  class: string; // announced, silent, breaking, deprecation, end of life
  change: string;
  field: string; // the column
  before: string | null;
  after: string | null;
}

/** Rows announced by export_row_counts and rows delivered, and partitions by agreement of the two. */
export interface RowCount {
  feed: string;
  day: string;
  announced: number;
  delivered: number; // in counted partitions
  match: number;
  short: number; // fewer delivered
  over: number; // more delivered
  uncounted: number; // partitions without a count
}

/** How a feed's rows are reduced to one per key. */
export interface Dedupe {
  feed: string;
  key: string;
  delivered: number;
  kept: number;
  by_order: number; // keys with several versions, decided by the declared order
  by_run: number;
  by_tie: number; // versions in one run: the last line counts
  remark: string | null; // why the key may not identify records
}

/** Unreadable lines, without their text. */
export interface Quarantine {
  feed: string;
  day: string;
  reason: string;
  lines: number;
}

export function oddTable(rows: readonly Oddity[]): HTMLElement {
  if (rows.length === 0) return html("p", { class: "none" }, "No inconsistent times or counts.");
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
  if (rows.length === 0) return html("p", { class: "none" }, "The exports published no row counts.");
  const total = (value: (row: RowCount) => number) => rows.reduce((sum, row) => sum + value(row), 0);
  const off = rows.filter(({ short, over }) => short + over > 0);
  const uncounted = total((row) => row.uncounted);
  const words = [
    `${count(total((row) => row.match))} counts match the rows delivered, ${count(total((row) => row.short))} are short (fewer rows delivered), ${count(total((row) => row.over))} over (more delivered).`,
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

/** Doubts about feeds' keys, then what decided between the versions of a key. */
export function dedupeTable(rows: readonly Dedupe[]): HTMLElement {
  if (rows.length === 0) return html("p", { class: "none" }, "No rows.");
  const doubtful = rows.filter(({ remark }) => remark !== null);
  return html(
    "div",
    { class: "figure wide-table" },
    doubtful.length === 0
      ? html("p", {}, "The data gives no reason to doubt a key.")
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
        countColumn("By order", (row) => row.by_order),
        countColumn("By run", (row) => row.by_run),
        countColumn("By tie", (row) => row.by_tie),
        { label: "Key", value: ({ key }) => key },
      ],
      rows,
    ),
  );
}

/** A column with values that do not fit, as data-loaders/health-unfit.json.sql ships it. */
export interface Unfit {
  feed: string;
  column: string;
  type: string;
  unfit: number;
  delivered: number; // values of the column on the days with such values
  whole: boolean; // none fits on the newest of these days
  since: string;
}

export function unfitTable(rows: readonly Unfit[]): HTMLElement {
  if (rows.length === 0) return html("p", { class: "none" }, "Every value fits its column.");
  return html(
    "div",
    { class: "figure wide-table" },
    table<Unfit>(
      [
        { label: "Feed", value: ({ feed }) => feed },
        { label: "Column", value: ({ column }) => column },
        {
          label: "State",
          value: ({ whole }) => (whole ? "none fits" : "some do not fit"),
        },
        countColumn("Values that do not fit", ({ unfit }) => unfit),
        countColumn("Of", ({ delivered }) => delivered),
        { label: "Should be", value: ({ type }) => type },
        { label: "Since", value: ({ since }) => since },
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
