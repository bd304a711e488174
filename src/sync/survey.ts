import { setFlagsFromString } from "node:v8";
import { CliError } from "../base/errors.ts";
import { feedOf, type Project } from "../config/project.ts";
import { docsName, feedPrefix, partitionPath } from "../export/layout.ts";
import { partitionKey } from "../export/partition.ts";
import { groupPartitions, keysShown, type RemoteObject, type RemotePartition } from "../export/remote-partition.ts";
import { rawDays } from "./adopt.ts";
import { type DayWork, pack } from "./day-work.ts";
import { type Discovery, discover, type FeedPlace, type Unlisted } from "./discovery.ts";
import type { LastSync } from "./last-sync.ts";
import { listFeed } from "./listing.ts";
import { daysOf, readDay } from "./manifest.ts";
import { sourcePlace } from "./open-source.ts";
import { aloneOrThrow, type Place, type Places } from "./places.ts";
import { type PlanEntry, planSync } from "./plan.ts";
import type { SyncEvent } from "./progress.ts";
import { localPartitions } from "./raw.ts";
import { feedWindow, fullReason, inWindow, type Window } from "./window.ts";

/** The state of the bucket and the work that follows. Nothing is fetched or written for it. */
export interface Survey {
  full: boolean;
  fullReason: string | null;
  feeds: FeedSurvey[]; // sorted by name
  unlisted: Unlisted[]; // feeds, and the schema documents, whose listing failed; sorted by name
  works: DayWork[]; // newest day first
  docs: { place: Place; objects: RemoteObject[] };
  foreign: number;
  hostile: number;
  hostileKeys: { key: string; reason: string }[];
  strays: number;
  strayKeys: string[];
  ignored: number; // days before the window
  notes: string[];
  oddFolders: string[] | null; // see Discovery; null: not searched for
}

type Finds = Pick<Survey, "works" | "foreign" | "hostile" | "hostileKeys" | "strays" | "strayKeys" | "ignored"> & {
  docs: RemoteObject[];
};

export interface FeedSurvey {
  place: FeedPlace;
  comesFrom: string; // see FeedSync.place
  window: Window;
  listedAs: string; // changes when a routine listing would miss configured data
  entries: PlanEntry[]; // except those kept unchanged
  kept: number;
}

export interface SurveyOptions {
  full: boolean;
  feeds: string[] | null;
  lost: readonly { feed: string; dt: string }[]; // days whose manifest was lost: missing or unreadable
  moved: boolean; // go on although the data came from another source
  now: Date;
  report: (event: SyncEvent) => void;
}

const extraDays = 31; // most older days with unfinished partitions that a routine sync lists
const manyObjects = 200_000;

/** Lists the bucket and plans: the open days of every feed, or all days when a full listing is due. */
export async function survey(
  project: Project,
  places: Places,
  last: LastSync | null,
  options: SurveyOptions,
): Promise<Survey> {
  const { now, report } = options;
  const home = await places.of();
  const moved = last?.place !== undefined && last.place !== sourcePlace(project);
  const fullFor = fullReason(options.full, last, moved ? "" : home.source.describe(), now);
  const how = { full: fullFor !== null, moved };
  const discovery = await discover(project, places, options.feeds, last, how);
  if (moved && !options.moved) throw exportsElsewhere(last.place!, sourcePlace(project), discovery);
  const result: Survey = {
    full: fullFor !== null,
    fullReason: fullFor,
    feeds: [],
    unlisted: discovery.unlisted,
    works: [],
    docs: { place: home, objects: [] },
    foreign: discovery.foreign,
    hostile: 0,
    hostileKeys: [],
    strays: 0,
    strayKeys: [],
    ignored: 0,
    notes: discovery.notes,
    oddFolders: options.feeds === null ? discovery.oddFolders : null,
  };
  let feedsDone = 0;
  let objects = 0;
  const tell = () => {
    if (objects > manyObjects) growHeapBy(40);
    const requests = home.requests.listings;
    report({
      type: "listing",
      feeds: discovery.feeds.length,
      feedsDone,
      requests,
      objects,
      full: result.full,
      why: fullFor,
    });
  };
  tell();
  await Promise.all(
    discovery.feeds.map(async (feed) => {
      const finds: Finds = {
        works: [],
        docs: [],
        foreign: 0,
        ignored: 0,
        hostile: 0,
        hostileKeys: [],
        strays: 0,
        strayKeys: [],
      };
      try {
        const found = await surveyFeed(project, feed, last, { ...options, full: result.full, finds }, (count) => {
          objects += count;
          tell();
        });
        result.feeds.push(found);
        take(result, finds);
      } catch (error) {
        result.unlisted.push({ feed: feed.feed, error: aloneOrThrow(error) });
      }
      feedsDone += 1;
      tell();
    }),
  );
  growHeapBy(0);
  if (result.feeds.length === 0 && result.unlisted.length > 0) throw result.unlisted[0]!.error;
  if (options.feeds === null) await surveyDocs(discovery, home, result);
  result.unlisted.sort((a, b) => (a.feed < b.feed ? -1 : 1));
  result.feeds.sort((a, b) => (a.place.feed < b.place.feed ? -1 : 1));
  result.works.sort((a, b) => (a.dt === b.dt ? (a.feed.feed < b.feed.feed ? -1 : 1) : a.dt > b.dt ? -1 : 1));
  refuseOnlyWaiting(project, home, result);
  return result;
}

function show<T>(shown: T[], more: readonly T[]): void {
  shown.push(...more.slice(0, keysShown - shown.length));
}

/** Only for a feed that was listed completely. */
function take(result: Survey, finds: Finds): void {
  const { docs, works, hostileKeys, foreign, hostile, strays, strayKeys, ignored } = finds;
  for (const work of works) result.works.push(work);
  for (const object of docs) result.docs.objects.push(object);
  show(result.hostileKeys, hostileKeys);
  show(result.strayKeys, strayKeys);
  result.foreign += foreign;
  result.hostile += hostile;
  result.strays += strays;
  result.ignored += ignored;
}

async function surveyFeed(
  project: Project,
  place: FeedPlace,
  last: LastSync | null,
  { full, moved, finds, now, lost }: Omit<SurveyOptions, "feeds" | "report"> & { finds: Finds },
  onListed: (objects: number) => void,
): Promise<FeedSurvey> {
  const { selection, version, format, gone } = place;
  const { config } = project;
  const known = last?.feeds[place.feed];
  const comesFrom = sourcePlace(project, selection);
  if (known?.place !== undefined && known.place !== comesFrom && !moved)
    throw otherPlace(`what is here of ${place.feed}`, known.place, `${comesFrom} for it`);
  const decrypts = config.decrypt !== null;
  const { bucket, prefix, since, lookbackDays } = selection;
  const listedAs = JSON.stringify({
    bucket,
    prefix,
    version,
    format,
    since,
    lookbackDays,
    decrypts,
    ...(gone && { gone }),
  });
  const { cadenceMinutes } = feedOf(project, place.feed);
  const unfinished = known?.unfinished.filter(({ state }) => state !== "encrypted" && state !== "markerless") ?? [];
  const mend = daysToMend(project, place.feed, lost);
  const days = [...mend, ...new Set(unfinished.map(({ id }) => id.dt).sort())];
  const window = feedWindow({
    since,
    lookbackDays,
    cadenceMinutes,
    now,
    full: full || known?.listedAs !== listedAs || mend.size > extraDays,
    unfinished: [...new Set([...mend, ...days.slice(-extraDays)])],
  });
  const found: FeedSurvey = { place, comesFrom, window, listedAs, entries: [], kept: 0 };
  const planned = new Set<string>();
  const plan = (dt: string, remote: RemotePartition[]) => {
    planned.add(dt);
    const day = readDay(project, place.feed, dt);
    const here = localPartitions(project, day, version, format);
    const graceMinutes = config.sync.graceMinutes;
    const { entries } = planSync(remote, here, { window, now, cadenceMinutes, graceMinutes, decrypts });
    const work = workOf(place, dt, entries, remote, day === null && mend.has(dt));
    if (work.fetches.length > 0 || work.changes.length > 0 || work.mend) finds.works.push(work);
    for (const entry of entries) {
      if (entry.action === "keep") found.kept += 1;
      if (entry.action !== "keep" || entry.changed || entry.odd) found.entries.push(entry);
    }
  };
  const nothing = { ignored: 0, strays: [] };
  const { ignored, strays } = gone
    ? nothing
    : await listFeed(place, window, ({ days, listing }) => {
        finds.foreign += listing.foreign;
        finds.hostile += listing.hostileCount;
        show(finds.hostileKeys, listing.hostile);
        finds.strays += listing.strayCount;
        show(finds.strayKeys, listing.strays);
        finds.docs.push(...listing.docs);
        for (const [dt, remote] of days) plan(dt, remote);
        onListed(listing.objects);
      });
  finds.ignored += ignored;
  finds.strays += strays.length;
  show(finds.strayKeys, strays);
  for (const dt of daysOf(project, place.feed)) if (!planned.has(dt) && inWindow(window, dt)) plan(dt, []);
  for (const dt of mend) if (!planned.has(dt)) finds.works.push(workOf(place, dt, [], [], true));
  found.entries.sort((a, b) => (partitionKey(a.id) < partitionKey(b.id) ? -1 : 1));
  return found;
}

/** Days in raw/ without a manifest, and those reported as lost. */
function daysToMend(
  project: Project,
  feed: string,
  lost: readonly { feed: string; dt: string }[],
): ReadonlySet<string> {
  const here = new Set(daysOf(project, feed));
  const unlisted = rawDays(project, feed).filter((dt) => !here.has(dt));
  const known = lost.flatMap((day) => (day.feed === feed ? day.dt : []));
  return new Set([...unlisted, ...known].sort());
}

function workOf(feed: FeedPlace, dt: string, entries: PlanEntry[], remote: RemotePartition[], mend: boolean): DayWork {
  const changed = entries.filter((entry) => entry.changed);
  const listed = new Map(remote.map((partition) => [partitionKey(partition.id), partition]));
  const toFetch = (entry: PlanEntry) => entry.action === "add" || entry.action === "replace";
  const fetches = changed.filter(toFetch);
  const changes = changed.filter((entry) => !toFetch(entry));
  return {
    feed,
    dt,
    fetches,
    changes,
    mend,
    remote: pack(fetches.map(({ id }) => listed.get(partitionKey(id))!)),
  };
}

// ASAPP does not publish where the documents lie: at the root, in their own folder, or beside the data.
async function surveyDocs(discovery: Discovery, home: Place, result: Survey): Promise<void> {
  const root = await groupPartitions([discovery.rootObjects], home.prefix);
  result.docs.objects.push(...root.docs);
  result.foreign += root.foreign;
  if (!discovery.hasDocs) return;
  const prefix = feedPrefix(home.prefix, docsName);
  try {
    const { docs } = await groupPartitions(home.source.list(prefix, home.paging), home.prefix);
    result.docs.objects.push(...docs);
  } catch (error) {
    result.unlisted.push({ feed: docsName, error: aloneOrThrow(error) });
  }
}

function exportsElsewhere(before: string, now: string, { feeds }: Discovery): CliError {
  const names = feeds.map(({ feed }) => feed);
  const some = names.length > 3 ? `${names.slice(0, 3).join(", ")}, …` : names.join(", ");
  const has = `which has ${names.length} ${names.length === 1 ? "feed" : "feeds"} (${some})`;
  return otherPlace("the data here", before, `${now}, ${has}`);
}

// All local data would look expired, and feeds of the same name would mix two exports.
function otherPlace(what: string, before: string, now: string): CliError {
  return new CliError(
    "config",
    `${what} came from ${before}, and kit.yaml now names ${now}; nothing was fetched or changed`,
    "name the former place again, or another folder under `data`; if it is the same export that moved: asapp-kit sync --moved, once (with --dry-run it shows what that would do)",
  );
}

function refuseOnlyWaiting(project: Project, home: Place, { feeds, works, unlisted }: Survey): void {
  if (unlisted.length > 0) return;
  const waiting = feeds.flatMap(({ entries }) => entries.filter(({ action }) => action === "wait"));
  if (waiting.length === 0 || works.length > 0 || waiting.some(({ state }) => state === "failed")) return;
  if (feeds.some(({ place, kept }) => kept > 0 || daysOf(project, place.feed).length > 0)) return;
  const [first] = waiting;
  throw new CliError(
    "onlyWaiting",
    waiting.length === 1
      ? `the only partition in ${home.source.describe()} is still being written: ${partitionPath(first!.id)} has no _SUCCESS`
      : `all ${waiting.length} partitions in ${home.source.describe()} are still being written: none has a _SUCCESS`,
    "run again when ASAPP has finished the first one; if that is overdue, ask ASAPP about the export job",
  );
}

/**
 * How far the heap may grow between collections, in percent of live data; 0: V8's default, by which a listing of a million
 * keys grows to three times its need on a machine with much memory.
 */
function growHeapBy(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
