import { statSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { quoteText } from "../duckdb/quote.ts";
import { lastSyncDamage, readLastSync } from "../sync/last-sync.ts";
import { readWatch, type WatchStatus } from "../sync/watch-note.ts";
import { openCatalog } from "./catalog/catalog.ts";
import { classifyFeeds } from "./catalog/freshness.ts";
import { yearsOf, zoneDifference, zoneNext, zoneText } from "./catalog/zone-rules.ts";
import { type FeedRow, type FeedStatus, feedStatus, lag } from "./feed-status.ts";
import {
  type CountRow,
  damageProblems,
  keylessProblems,
  notesOf,
  type OddRow,
  oddFolderNotes,
  oddProblem,
  type Problem,
  problemsOf,
  troubleProblems,
  uncountedNotes,
  unfitProblems,
  unlistedProblems,
  unsyncedNotes,
  watchProblems,
  wfmState,
} from "./problems.ts";
import { emptySnapshot, readSnapshot, type Snapshot } from "./snapshot/snapshot.ts";

export interface Status {
  ok: boolean; // nothing in `problems`
  dataThrough: string | null; // ISO, UTC: end of the newest complete window of any feed
  lagMinutes: number | null; // from then to now
  lastSync: { source: string; finishedAt: string; outcome: string; full: boolean } | null;
  watch: WatchStatus | null; // null: there is no watcher
  replaced: { partitions: number; bytes: number; days: number } | null; // kept as they were before a re-export; null: none
  feeds: FeedStatus[]; // sorted by name
  problems: Problem[];
  notes: Problem[]; // worth knowing, no action needed
}

/** Partitions kept as they were before they were exported again, the size of their files, and for how many days. */
function replacedRows({ data, config }: Project, { feeds }: Snapshot): Status["replaced"] {
  const runs = Object.values(feeds).flatMap(({ replaced }) => replaced ?? []);
  if (runs.length === 0) return null;
  const files = [...new Set(runs.flatMap(({ rows }) => rows ?? []))];
  const bytes = files.reduce(
    (sum, file) => sum + (statSync(join(data, file), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  return { partitions: runs.length, bytes, days: config.sync.keepReplacedMinutes / 1440 };
}

/** The state of the data folder, from disk alone. */
export async function readStatus(
  project: Project,
  now: Date,
  { feeds = null, all = false }: { feeds?: string[] | null; all?: boolean } = {},
): Promise<Status> {
  const last = readLastSync(project);
  const wanted = feeds === null ? (all ? "true" : "partitions > 0") : `feed in (${feeds.map(quoteText).join(", ")})`;
  const { value, damage } = readSnapshot(project.data);
  const snapshot = value ?? emptySnapshot();
  const database = await openCatalog(project, { snapshot });
  try {
    const rows = await database.objects<FeedRow>(`select * from kit.feeds where ${wanted} order by feed`);
    const freshness = await classifyFeeds(database, now);
    const statuses = rows.flatMap((row) => {
      const state = freshness.get(row.feed);
      return state ? [feedStatus(row, state, last, now)] : [];
    });
    const counts = await database.objects<CountRow>(
      `select feed, state, count(*) as partitions, min(dt::VARCHAR) as first from kit.row_counts
        where state in ('short', 'over', 'not published') ${feeds === null ? "" : `and ${wanted}`} group by all order by all`,
    );
    const through = statuses.reduce<string | null>(
      (newest, { dataThrough }) => (dataThrough !== null && (newest ?? "") < dataThrough ? dataThrough : newest),
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
        ? problemsOf(statuses, differing, last && (now.getTime() - Date.parse(last.finishedAt)) / 60_000)
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
        source: last.source,
        finishedAt: last.finishedAt,
        outcome: last.outcome,
        full: last.full,
      },
      watch,
      replaced: replacedRows(project, snapshot),
      feeds: statuses,
      problems,
      notes: [
        ...oddFolderNotes(last, feeds),
        ...unsyncedNotes(statuses, last, now),
        ...notesOf(statuses),
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
