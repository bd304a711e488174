import type { FeedState, Judgement } from "../../notebooks/components/metrics/freshness.ts";
import { CliError } from "../base/errors.ts";
import { own } from "../base/names.ts";
import { count, minute, plural, span } from "../base/words.ts";
import { feedOf, type Project } from "../config/project.ts";
import type { Database } from "../duckdb/database.ts";
import { quoteText } from "../duckdb/quote.ts";
import { docsName } from "../export/layout.ts";
import { runOf } from "../export/partition.ts";
import { oddFolderText } from "../sync/discovery.ts";
import { type LastSync, lastSyncDamage, lastSyncName, readLastSync } from "../sync/last-sync.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { judgeFeeds } from "../warehouse/catalog/freshness.ts";
import { yearsOf, zoneDifference, zoneNext, zoneText } from "../warehouse/catalog/zone-rules.ts";
import {
  emptySnapshot,
  readSnapshot,
  type Snapshot,
  snapshotName,
  snapshotNext,
} from "../warehouse/snapshot/snapshot.ts";
import { unfitColumns } from "../warehouse/snapshot/unfit.ts";
import { lackingKeys } from "../warehouse/stage/keyless.ts";
import { crowdedOut, crowdedText } from "../warehouse/stage/schema.ts";
import { readPlanned } from "../warehouse/wfm/forecast.ts";
import { namedQueues } from "../warehouse/wfm/named-queues.ts";
import { surveyNames, unmapped } from "../warehouse/wfm/wfm-survey.ts";
import { keylessNext, keylessText } from "./keyless-text.ts";
import { namedNext, namedText, plannedNext, plannedText } from "./planned-run.ts";
import { table } from "./table.ts";
import { unfitNext, unfitText } from "./unfit-text.ts";
import { readWatch, type WatchStatus, watchDamage, watchName } from "./watch-note.ts";
import { unmappedNext } from "./wfm-run.ts";

export interface Status {
  ok: boolean; // nothing in `problems`
  dataThrough: string | null; // ISO, UTC: end of the newest complete window of any feed
  lagMinutes: number | null; // from then to now
  lastSync: { source: string; finishedAt: string; outcome: string; full: boolean } | null;
  watch: WatchStatus | null; // null: there is no watcher
  feeds: FeedStatus[]; // sorted by name
  problems: Problem[];
  notes: Problem[]; // worth knowing, nothing to mend
}

export interface FeedStatus {
  feed: string;
  kind: string;
  complete: number; // partitions by state; replaced and expired ones are complete as well
  empty: number;
  replaced: number;
  expired: number;
  waiting: number;
  overdue: number;
  failed: number;
  encrypted: number;
  rowsDelivered: number;
  rows: number; // one per key
  quarantined: number;
  firstDay: string | null;
  lastDay: string | null;
  dataThrough: string | null;
  lagMinutes: number | null;
  cadenceMinutes: number | null;
  state: FeedState;
  stale: boolean; // later than two cadences and the grace, and nothing of it overdue or failed
  since: Judgement["since"]; // "export": it was so at the last sync already
  unfinished: { run: string; state: string; reason: string }[];
}

export interface Problem {
  feed: string | null;
  what: string;
  next: string;
}

/** The state of the data folder, from disk alone. */
export async function readStatus(
  project: Project,
  now: Date,
  { feeds = null, all = false }: { feeds?: string[] | null; all?: boolean } = {},
): Promise<Status> {
  const last = readLastSync(project);
  const wanted =
    feeds === null ? (all ? "true" : "partitions > 0") : `feed in (${feeds.map(quoteText).join(", ")})`;
  const { value, damage } = readSnapshot(project.data);
  const snapshot = value ?? emptySnapshot();
  const database = await openCatalog(project, { snapshot });
  try {
    const rows = await database.objects<FeedRow>(`select * from kit.feeds where ${wanted} order by feed`);
    const judged = await judgeFeeds(database, now);
    const found = rows.map((row) => feedStatus(row, judged.get(row.feed)!, last, now));
    const counts = await database.objects<CountRow>(
      `select feed, state, count(*) as partitions, min(dt::VARCHAR) as first from kit.row_counts
        where state in ('short', 'over', 'not published') ${feeds === null ? "" : `and ${wanted}`} group by all order by all`,
    );
    const through = found.reduce<string | null>(
      (newest, { dataThrough }) =>
        dataThrough !== null && (newest ?? "") < dataThrough ? dataThrough : newest,
      null,
    );
    const odd = await database.objects<OddRow>(
      `from kit.oddities where ${feeds === null ? "true" : wanted} order by all`,
    );
    const wfm = feeds === null ? await wfmState(project, database, snapshot) : { problems: [], notes: [] };
    const zone = await zoneDifference(database, project.config.timezone, yearsOf(snapshot, now));
    const watch = readWatch(project, now);
    const uncounted = counts.filter(({ state }) => state === "not published");
    const differing = counts.filter(({ state }) => state !== "not published");
    const problems = [
      ...damageProblems(project, damage),
      ...watchProblems(watch),
      ...troubleProblems(snapshot, feeds),
      ...unlistedProblems(last, feeds),
      ...(lastSyncDamage(project) === null
        ? problemsOf(found, differing, last && (now.getTime() - Date.parse(last.finishedAt)) / 60_000)
        : []),
      ...odd.filter(({ kind }) => kind === "partition time").map(oddProblem),
      ...unfitProblems(snapshot, feeds),
      ...keylessProblems(project, snapshot, feeds),
      ...wfm.problems,
    ];
    return {
      ok: problems.length === 0,
      dataThrough: through,
      lagMinutes: lag(through, now),
      lastSync: last && {
        ...{ source: last.source, finishedAt: last.finishedAt, outcome: last.outcome, full: last.full },
      },
      watch,
      feeds: found,
      problems,
      notes: [
        ...oddFolderNotes(last, feeds),
        ...unsyncedNotes(found, last, now),
        ...notesOf(found),
        ...odd.filter(({ kind }) => kind !== "partition time" && kind !== "key").map(oddProblem),
        ...uncountedNotes(uncounted),
        ...(zone === null ? [] : [{ feed: null, what: zoneText(zone), next: zoneNext }]),
        ...wfm.notes,
      ],
    };
  } finally {
    database.close();
  }
}

const oldMinutes = 24 * 60;
const aheadMinutes = 5; // clocks of two machines with one data folder differ by less

interface FeedRow {
  feed: string;
  kind: string;
  complete: number;
  empty: number;
  replaced: number;
  expired: number;
  waiting: number;
  overdue: number;
  failed: number;
  encrypted: number;
  rows_delivered: number;
  rows: number;
  quarantined: number;
  first_day: string | null;
  last_day: string | null;
  data_through: string | null;
  cadence_minutes: number | null;
}

interface CountRow {
  feed: string;
  state: "short" | "over" | "not published";
  partitions: number;
  first: string;
}

interface OddRow {
  feed: string;
  kind: string;
  what: string;
  count: number;
  example: string;
}

function feedStatus(row: FeedRow, judged: Judgement, last: LastSync | null, now: Date): FeedStatus {
  const unfinished = last?.feeds[row.feed]?.unfinished ?? [];
  const { feed, kind, complete, empty, replaced, expired, waiting, overdue, failed, encrypted } = row;
  return {
    ...{ feed, kind, complete, empty, replaced, expired, waiting, overdue, failed, encrypted },
    rowsDelivered: row.rows_delivered,
    rows: row.rows,
    quarantined: row.quarantined,
    firstDay: row.first_day,
    lastDay: row.last_day,
    dataThrough: row.data_through,
    lagMinutes: lag(row.data_through, now),
    cadenceMinutes: row.cadence_minutes,
    state: judged.state,
    stale: judged.state === "stale",
    since: judged.since,
    unfinished: unfinished.map(({ id, state, reason }) => ({ run: runOf(id), state, reason })),
  };
}

function* damageProblems(project: Project, catalog: string | null): Generator<Problem> {
  const file = (name: string, damage: string | null, next: string): Problem[] =>
    damage === null
      ? []
      : [{ feed: null, what: `${name} in the data folder cannot be read: ${damage}`, next }];
  yield* file(snapshotName, catalog, snapshotNext);
  yield* file(lastSyncName, lastSyncDamage(project), "asapp-kit sync lists everything, and writes it anew");
  yield* file(
    watchName,
    watchDamage(project),
    "a watcher writes it anew at its next round; without one remove it",
  );
}

function* troubleProblems(
  { troubles = [], docs, feeds }: Snapshot,
  wanted: string[] | null,
): Generator<Problem> {
  const { unread = [] } = docs ?? {};
  for (const { path, reason } of wanted === null ? unread : [])
    yield {
      feed: null,
      what: `docs/${path} cannot be read: ${reason}`,
      next: "columns are judged by the documents before it; ask ASAPP for a sound one if it stays so",
    };
  for (const [feed, known] of Object.entries(feeds)) {
    const keys = crowdedOut(known);
    if (keys.length > 0 && wanted?.includes(feed) !== false)
      yield {
        feed,
        what: crowdedText(keys),
        next: `their values are in _rescued of raw.${feed}; where keys are values, set on_new_column: rescue for it in kit.yaml`,
      };
  }
  for (const { feed, dt, reason } of troubles)
    if (feed !== docsName && wanted?.includes(feed) !== false)
      yield {
        feed,
        what: `${dt === "" ? "it" : dt} could not be taken in: ${reason}`,
        next: "asapp-kit sync tries again; asapp-kit verify --repair fetches and reads anew what is damaged",
      };
}

function oddFolderNotes(last: LastSync | null, wanted: string[] | null): Problem[] {
  if (wanted !== null) return [];
  return (last?.oddFolders ?? []).map((name) => ({
    feed: null,
    what: oddFolderText(name),
    next: "copy it to a folder of such a name, or ask ASAPP to export it to one",
  }));
}

function* watchProblems(watch: WatchStatus | null): Generator<Problem> {
  if (watch === null) return;
  const { pid, running, late, round, failures, outcome } = watch;
  const last = round === null ? "before its first round" : `last round ${minute(new Date(round))}`;
  if (!running)
    yield { feed: null, what: `the watcher, process ${pid}, has died (${last})`, next: "asapp-kit watch" };
  else if (late)
    yield {
      feed: null,
      what: `the watcher, process ${pid}, is stuck (${last})`,
      next: `stop process ${pid} and start asapp-kit watch again`,
    };
  else if (failures > 0)
    yield { feed: null, what: `the watcher: ${outcome}`, next: "nothing yet: its next round tries again" };
}

function* unlistedProblems(last: LastSync | null, wanted: string[] | null): Generator<Problem> {
  if (last?.docsUnlisted !== undefined && wanted === null)
    yield {
      feed: null,
      what: `the last sync could not list export_docs: ${last.docsUnlisted}`,
      next: "asapp-kit sync tries again; what the documents said before goes on to hold",
    };
  for (const [feed, { unlisted }] of Object.entries(last?.feeds ?? {})) {
    if (unlisted === undefined || wanted?.includes(feed) === false) continue;
    yield {
      feed,
      what: `the last sync could not list it: ${unlisted}`,
      next: "asapp-kit sync tries again; if it stays so, ask ASAPP whether the credentials may list this feed",
    };
  }
}

// `age` is that of the last sync in minutes, less than 0 where it is dated later than now; null: there was none.
function* problemsOf(feeds: FeedStatus[], counts: CountRow[], age: number | null): Generator<Problem> {
  if (age === null) {
    yield { feed: null, what: "nothing was synced so far", next: "asapp-kit sync" };
    return;
  }
  if (age > oldMinutes)
    yield { feed: null, what: `the last sync was ${span(age)} ago`, next: "asapp-kit sync" };
  if (age < -aheadMinutes)
    yield {
      feed: null,
      what: `the last sync is dated ${span(-age)} from now: the clock was set back since, or was ahead then`,
      next: "where the clock is right, asapp-kit sync lists everything and dates it anew",
    };
  for (const { feed, unfinished, state, since, lagMinutes } of feeds) {
    const late = unfinished.filter(({ state }) => state === "overdue");
    if (late.length > 0)
      yield {
        feed,
        what: `${plural(late.length, "partition")} overdue: ${listed(late)}`,
        next: "if the next sync still waits for it, ask ASAPP whether that export failed",
      };
    const failed = unfinished.filter(({ state }) => state === "failed");
    if (failed.length > 0)
      yield {
        feed,
        what: `${plural(failed.length, "partition")} failed: ${listed(failed)}`,
        next: "asapp-kit sync tries again",
      };
    if (state === "stale" && since === "export")
      yield {
        feed,
        what: `no new data for ${span(lagMinutes!)}`,
        next: "the last sync found no newer partition: ask ASAPP whether the feed is still exported",
      };
  }
  for (const { feed, state, partitions, first } of counts)
    yield {
      feed,
      what: `${plural(partitions, "partition")} with ${state === "short" ? "fewer" : "more"} rows than export_row_counts says, first on ${first}`,
      next: `asapp-kit sql "from kit.row_counts where feed = '${feed}' and state = '${state}'"`,
    };
}

function keylessProblems(project: Project, snapshot: Snapshot, wanted: string[] | null): Problem[] {
  return lackingKeys(snapshot)
    .filter(({ feed, other }) => {
      const said = other !== null && own(feedOf(project, feed).renamed, other) !== undefined;
      return !said && (wanted?.includes(feed) ?? true);
    })
    .map((key) => ({ feed: key.feed, what: keylessText(key), next: keylessNext(key) }));
}

function unfitProblems(snapshot: Snapshot, wanted: string[] | null): Problem[] {
  return unfitColumns(snapshot)
    .filter(({ feed }) => wanted?.includes(feed) ?? true)
    .map((column) => ({ feed: column.feed, what: unfitText(column), next: unfitNext(column) }));
}

// What kit.yaml says of the WFM feeds, and the files beside them.
async function wfmState(
  project: Project,
  database: Database,
  snapshot: Snapshot,
): Promise<{ problems: Problem[]; notes: Problem[] }> {
  const surveyed = surveyNames(project.config, snapshot);
  const problems: Problem[] = surveyed.flatMap((feed) => {
    const names = unmapped([feed]).map(({ metric }) => metric);
    const what = `${plural(names.length, "metric")} without a column: ${names.join(", ")}`;
    return names.length === 0 ? [] : [{ feed: feed.feed, what, next: unmappedNext }];
  });
  const notes: Problem[] = [];
  try {
    for (const file of await readPlanned(database, project.config))
      notes.push({ feed: null, what: plannedText(file), next: plannedNext(file) });
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== "config") throw error;
    problems.push({ feed: null, what: error.message.replaceAll("\n", "\n    "), next: error.next ?? "" });
  }
  for (const named of await namedQueues(database, project.config))
    notes.push({ feed: null, what: namedText(named), next: namedNext });
  return { problems, notes };
}

// Not a problem before the last sync is a day old: who syncs once a night has feeds that come every half-hour.
function unsyncedNotes(feeds: FeedStatus[], last: LastSync | null, now: Date): Problem[] {
  const names = feeds.flatMap(({ feed, stale, since }) => (stale && since === "sync" ? [feed] : []));
  if (names.length === 0 || last === null) return [];
  const some = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${count(names.length - 3)} more` : ""}`;
  const ago = span(lag(last.finishedAt, now)!);
  return [
    {
      feed: null,
      what: `no sync for ${ago}: ${some} ${names.length === 1 ? "has" : "have"} become stale since`,
      next: "asapp-kit sync",
    },
  ];
}

function notesOf(feeds: FeedStatus[]): Problem[] {
  const notes: Problem[] = [];
  for (const { feed, quarantined, encrypted, unfinished } of feeds) {
    if (quarantined > 0)
      notes.push({
        feed,
        what: `${plural(quarantined, "line")} could not be read`,
        next: `asapp-kit quarantine --feed ${feed}`,
      });
    if (encrypted > 0)
      notes.push({
        feed,
        what: `${plural(encrypted, "partition")} encrypted`,
        next: "set `decrypt` in kit.yaml to the command that decrypts them",
      });
    const waiting = unfinished.filter(({ state }) => state === "waiting");
    if (waiting.length > 0)
      notes.push({
        feed,
        what: `waiting for ${listed(waiting)}`,
        next: "nothing to do: it is still being exported",
      });
  }
  return notes;
}

function oddProblem({ feed, what, count: n, example }: OddRow): Problem {
  return {
    feed,
    what: `${count(n)} ${what}: ${example}`,
    next: `ask ASAPP about it; pages leave ${n === 1 ? "it" : "them"} out: asapp-kit sql "from kit.oddities where feed = '${feed}'"`,
  };
}

function uncountedNotes(counts: CountRow[]): Problem[] {
  if (counts.length === 0) return [];
  const partitions = counts.reduce((sum, row) => sum + row.partitions, 0);
  const first = counts.map((row) => row.first).sort()[0]!;
  return [
    {
      feed: null,
      what: `${plural(partitions, "partition")} of ${plural(counts.length, "feed")} without a count in export_row_counts, first on ${first}`,
      next: `asapp-kit sql "from kit.row_counts where state = 'not published'"`,
    },
  ];
}

function listed(partitions: { run: string; reason: string }[]): string {
  const [first, ...rest] = partitions;
  return `${first!.run} (${first!.reason})${rest.length > 0 ? ` and ${count(rest.length)} more` : ""}`;
}

/** `asapp-kit status` as people read it. */
export function statusText(status: Status, now: Date, zone = "UTC"): string {
  const { dataThrough, lastSync, watch, feeds, problems, notes } = status;
  const ago = (iso: string) => {
    const seconds = (now.getTime() - Date.parse(iso)) / 1000;
    return seconds < 0 ? "" : `, ${span(seconds / 60)} ago`;
  };
  const time = (iso: string) => minute(new Date(iso), zone);
  const lines: string[] = [];
  if (dataThrough !== null) lines.push(`data through  ${time(dataThrough)}${ago(dataThrough)}`);
  if (lastSync !== null)
    lines.push(
      `last sync     ${time(lastSync.finishedAt)}${ago(lastSync.finishedAt)}: ${lastSync.outcome}, from ${lastSync.source}`,
    );
  if (watch?.running)
    lines.push(
      `watch         process ${watch.pid} since ${time(watch.since)}${watch.lastSuccess === null ? "" : `, last well ${time(watch.lastSuccess)}`}${watch.next === null ? "" : `, next round ${time(watch.next)}`}`,
    );
  lines.push(
    `in all        ${plural(feeds.length, "feed")}, ${problems.length === 0 ? "nothing is wrong" : plural(problems.length, "problem")}`,
  );
  const blocks = [`${lines.join("\n")}\n`];
  if (feeds.length > 0) blocks.push(feedTable(feeds, zone));
  if (problems.length > 0) blocks.push(`problems\n${problems.map(problemText).join("")}`);
  if (notes.length > 0) blocks.push(`notes\n${notes.map(problemText).join("")}`);
  return blocks.join("\n");
}

function feedTable(feeds: FeedStatus[], zone: string): string {
  const states = ["complete", "empty", "expired", "waiting", "overdue", "failed", "encrypted"] as const;
  const shown = states.filter((state) => state === "complete" || feeds.some((feed) => feed[state] > 0));
  const columns = [
    { name: "feed" },
    ...shown.map((name) => ({ name, right: true })),
    { name: "rows", right: true },
    { name: `through (${zone})` },
    { name: "lag", right: true },
  ];
  const rows = feeds.map((feed) => [
    feed.feed,
    ...shown.map((state) => count(feed[state])),
    count(feed.rows),
    feed.dataThrough === null ? "" : minute(new Date(feed.dataThrough), zone).slice(0, 16),
    feed.lagMinutes === null
      ? ""
      : `${span(feed.lagMinutes)}${["current", "late", "none"].includes(feed.state) ? "" : " !"}`,
  ]);
  return table(columns, rows);
}

function problemText({ feed, what, next }: Problem): string {
  return `  ${feed === null ? "" : `${feed}: `}${what}\n    next: ${next}\n`;
}

function lag(through: string | null, now: Date): number | null {
  return through === null ? null : Math.max(0, Math.floor((now.getTime() - Date.parse(through)) / 60_000));
}
