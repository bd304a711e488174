import { CliError } from "../base/errors.ts";
import { own } from "../base/names.ts";
import { count, minute, plural, span } from "../base/words.ts";
import { feedOf, type Project } from "../config/project.ts";
import type { Database } from "../duckdb/database.ts";
import { docsName } from "../export/layout.ts";
import { oddFolderText } from "../sync/discovery.ts";
import { type LastSync, lastSyncDamage, lastSyncName } from "../sync/last-sync.ts";
import { type WatchStatus, watchDamage, watchName } from "../sync/watch-note.ts";
import { annotationsNext, annotationsSummary, annotationsText } from "./annotations/annotations.ts";
import { type FeedStatus, lag } from "./feed-status.ts";
import { type Snapshot, snapshotName, snapshotNext } from "./snapshot/snapshot.ts";
import { unfitColumns, unfitNext, unfitText } from "./snapshot/unfit.ts";
import { crowdedOut, crowdedText } from "./stage/columns.ts";
import { keylessNext, keylessText, lackingKeys } from "./stage/keyless.ts";
import { plannedNext, plannedText, readPlanned } from "./wfm/forecast.ts";
import { namedNext, namedQueues, namedText } from "./wfm/named-queues.ts";
import { unmapped, unmappedNext } from "./wfm/unmapped.ts";
import { columnReports } from "./wfm/wfm-report.ts";

/** A problem or a note, with the next step. */
export interface Problem {
  feed: string | null;
  what: string;
  next: string;
}

const oldMinutes = 24 * 60;
const aheadMinutes = 5; // clocks of machines that share a data folder differ by less

export interface CountRow {
  feed: string;
  state: "short" | "over" | "not published";
  partitions: number;
  first: string;
}

export interface OddRow {
  feed: string;
  kind: string;
  what: string;
  count: number;
  example: string;
}

export function* damageProblems(project: Project, catalog: string | null): Generator<Problem> {
  const file = (name: string, damage: string | null, next: string): Problem[] =>
    damage === null ? [] : [{ feed: null, what: `${name} in the data folder cannot be read: ${damage}`, next }];
  yield* file(snapshotName, catalog, snapshotNext);
  yield* file(lastSyncName, lastSyncDamage(project), "asapp-kit sync lists everything and rewrites it");
  yield* file(watchName, watchDamage(project), "a watcher rewrites it on its next round; if none runs, remove it");
}

export function* troubleProblems({ troubles = [], docs, feeds }: Snapshot, names: string[] | null): Generator<Problem> {
  const { unread = [] } = docs ?? {};
  for (const { path, reason } of names === null ? unread : [])
    yield {
      feed: null,
      what: `docs/${path} cannot be read: ${reason}`,
      next: "columns are classified by earlier documents; ask ASAPP for a valid one if this persists",
    };
  for (const [feed, feedSnapshot] of Object.entries(feeds)) {
    const keys = crowdedOut(feedSnapshot);
    if (keys.length > 0 && names?.includes(feed) !== false)
      yield {
        feed,
        what: crowdedText(keys),
        next: `their values are in _rescued of raw.${feed}; if its keys are data, set on_new_column: rescue for it in kit.yaml`,
      };
  }
  for (const { feed, dt, reason } of troubles)
    if (feed !== docsName && names?.includes(feed) !== false)
      yield {
        feed,
        what: `${dt === "" ? "it" : dt} could not be staged: ${reason}`,
        next: "asapp-kit sync tries again; asapp-kit verify --repair fetches and reads damaged files again",
      };
}

export function oddFolderNotes(last: LastSync | null, wanted: string[] | null): Problem[] {
  if (wanted !== null) return [];
  return (last?.oddFolders ?? []).map((name) => ({
    feed: null,
    what: oddFolderText(name),
    next: "copy it to a folder of such a name, or ask ASAPP to export it to one",
  }));
}

export function* watchProblems(watch: WatchStatus | null): Generator<Problem> {
  if (watch === null) return;
  const { pid, running, late, round, failures, outcome } = watch;
  const last = round === null ? "before its first round" : `last round ${minute(new Date(round))}`;
  if (!running) yield { feed: null, what: `the watcher, process ${pid}, has died (${last})`, next: "asapp-kit watch" };
  else if (late)
    yield {
      feed: null,
      what: `the watcher, process ${pid}, is stuck (${last})`,
      next: `stop process ${pid} and start asapp-kit watch again`,
    };
  else if (failures > 0)
    yield { feed: null, what: `the watcher: ${outcome}`, next: "nothing yet: its next round tries again" };
}

export function* unlistedProblems(last: LastSync | null, wanted: string[] | null): Generator<Problem> {
  if (last?.docsUnlisted !== undefined && wanted === null)
    yield {
      feed: null,
      what: `the last sync could not list export_docs: ${last.docsUnlisted}`,
      next: "asapp-kit sync tries again; until then earlier documents apply",
    };
  for (const [feed, { unlisted }] of Object.entries(last?.feeds ?? {})) {
    if (unlisted === undefined || wanted?.includes(feed) === false) continue;
    yield {
      feed,
      what: `the last sync could not list it: ${unlisted}`,
      next: "asapp-kit sync tries again; if this persists, ask ASAPP whether the credentials may list this feed",
    };
  }
}

// `age` is that of the last sync in minutes, negative if it is dated in the future; null: there was none.
export function* problemsOf(feeds: FeedStatus[], counts: CountRow[], age: number | null): Generator<Problem> {
  if (age === null) {
    yield { feed: null, what: "nothing has been synced so far", next: "asapp-kit sync" };
    return;
  }
  if (age > oldMinutes) yield { feed: null, what: `the last sync was ${span(age)} ago`, next: "asapp-kit sync" };
  if (age < -aheadMinutes)
    yield {
      feed: null,
      what: `the last sync is dated ${span(-age)} from now: the clock was set back since, or was ahead then`,
      next: "if the clock is right, asapp-kit sync lists everything and corrects the date",
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
    if (state === "stale" && since === "export" && lagMinutes !== null)
      yield {
        feed,
        what: `no new data for ${span(lagMinutes)}`,
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

export function keylessProblems(project: Project, snapshot: Snapshot, wanted: string[] | null): Problem[] {
  return lackingKeys(snapshot)
    .filter(({ feed, other }) => {
      const declared = other !== null && own(feedOf(project, feed).renamed, other) !== undefined;
      return !declared && (wanted?.includes(feed) ?? true);
    })
    .map((key) => ({ feed: key.feed, what: keylessText(key), next: keylessNext(key) }));
}

export function unfitProblems(snapshot: Snapshot, wanted: string[] | null): Problem[] {
  return unfitColumns(snapshot)
    .filter(({ feed }) => wanted?.includes(feed) ?? true)
    .map((column) => ({ feed: column.feed, what: unfitText(column), next: unfitNext(column) }));
}

// Settings of the WFM feeds in kit.yaml, and the files beside it.
export async function wfmState(
  project: Project,
  database: Database,
  snapshot: Snapshot,
): Promise<{ problems: Problem[]; notes: Problem[] }> {
  const problems: Problem[] = columnReports(project.config, snapshot).flatMap((feed) => {
    const names = unmapped([feed]).map(({ metric }) => metric);
    const what = `${plural(names.length, "metric")} without a column: ${names.join(", ")}`;
    return names.length === 0 ? [] : [{ feed: feed.feed, what, next: unmappedNext }];
  });
  const notes: Problem[] = [];
  try {
    for (const file of await readPlanned(database, project.config))
      notes.push({ feed: null, what: plannedText(file), next: plannedNext(file) });
    const annotations = await annotationsSummary(database, project.config);
    if (annotations !== null)
      notes.push({ feed: null, what: annotationsText(annotations), next: annotationsNext(annotations) });
  } catch (error) {
    if (!(error instanceof CliError) || error.exit !== "config") throw error;
    problems.push({ feed: null, what: error.message.replaceAll("\n", "\n    "), next: error.next ?? "" });
  }
  for (const named of await namedQueues(database, project.config))
    notes.push({ feed: null, what: namedText(named), next: namedNext });
  return { problems, notes };
}

// A problem only once the last sync is a day old: a nightly sync leaves half-hourly feeds stale by day.
export function unsyncedNotes(feeds: FeedStatus[], last: LastSync | null, now: Date): Problem[] {
  const names = feeds.flatMap(({ feed, stale, since }) => (stale && since === "sync" ? [feed] : []));
  if (names.length === 0 || last === null) return [];
  const some = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${count(names.length - 3)} more` : ""}`;
  const ago = span(lag(last.finishedAt, now) ?? 0);
  return [
    {
      feed: null,
      what: `no sync for ${ago}: ${some} ${names.length === 1 ? "has" : "have"} become stale since`,
      next: "asapp-kit sync",
    },
  ];
}

export function notesOf(feeds: FeedStatus[]): Problem[] {
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

export function oddProblem({ feed, what, count: n, example }: OddRow): Problem {
  return {
    feed,
    what: `${count(n)} ${what}: ${example}`,
    next: `ask ASAPP about it; pages leave ${n === 1 ? "it" : "them"} out: asapp-kit sql "from kit.oddities where feed = '${feed}'"`,
  };
}

export function uncountedNotes(counts: CountRow[]): Problem[] {
  if (counts.length === 0) return [];
  const partitions = counts.reduce((sum, row) => sum + row.partitions, 0);
  const [first] = counts.map((row) => row.first).sort();
  return [
    {
      feed: null,
      what: `${plural(partitions, "partition")} of ${plural(counts.length, "feed")} without a count in export_row_counts, first on ${first}`,
      next: `asapp-kit sql "from kit.row_counts where state = 'not published'"`,
    },
  ];
}

function listed(partitions: { run: string; reason: string }[]): string {
  const [first] = partitions.map(({ run, reason }) => `${run} (${reason})`);
  return `${first}${partitions.length > 1 ? ` and ${count(partitions.length - 1)} more` : ""}`;
}
