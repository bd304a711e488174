import { CliError } from "../base/errors.ts";
import { feedOf, type Project } from "../config/project.ts";
import { partitionKey } from "../export/partition.ts";
import {
  addOddities,
  noOddities,
  type Oddities,
  type RemoteObject,
  type RemotePartition,
} from "../export/remote-partition.ts";
import { rawDays } from "./adopt.ts";
import type { RemoteFeed } from "./discovery.ts";
import type { LastSync } from "./last-sync.ts";
import { listFeed } from "./listing.ts";
import { daysOf, type ManifestPartition, readDay } from "./manifest.ts";
import { pack } from "./packed.ts";
import { type PlanEntry, planSync } from "./plan.ts";
import type { SyncEvent } from "./progress.ts";
import { localPartitions } from "./raw.ts";
import { sourcePlace } from "./stores.ts";
import { feedWindow, inWindow, type Window } from "./window.ts";

export interface SurveyOptions {
  full: boolean;
  feeds: string[] | null;
  damagedDays: readonly { feed: string; dt: string }[]; // whose manifest is missing or unreadable
  moved: boolean; // accept that the local data came from another source
  now: Date;
  report: (event: SyncEvent) => void;
}

/** A feed's part of a survey. */
export interface FeedSurvey {
  remote: RemoteFeed;
  comesFrom: string; // see FeedSync.place
  window: Window;
  listedAs: string; // changes when a routine listing would miss configured data
  entries: PlanEntry[]; // except those kept unchanged
  kept: number;
}

/** The work of a sync for one feed and day. */
export interface DayWork {
  remote: RemoteFeed;
  dt: string;
  fetches: PlanEntry[]; // add and replace, sorted
  packed: string; // their listed objects, see pack()
  changes: PlanEntry[]; // manifest changes without a fetch: expired, back again, encrypted, removed
  rebuild: boolean; // the day's manifest is missing or unreadable
  adopted?: ManifestPartition[]; // the partitions below raw/ of such a day
}

interface ListedFeed {
  survey: FeedSurvey;
  works: DayWork[];
  docs: RemoteObject[];
  oddities: Oddities;
  ignored: number; // days before the window
}

const extraDays = 31; // most older days with unfinished partitions that a routine sync lists

/** Lists a feed and plans its days. Throws when its listing is incomplete, or its exports come from another place. */
export async function surveyFeed(
  project: Project,
  remote: RemoteFeed,
  last: LastSync | null,
  { full, moved, now, damagedDays }: Omit<SurveyOptions, "feeds" | "report">,
  onListed: (objects: number) => void,
): Promise<ListedFeed> {
  const { feed, selection, version, format, gone } = remote;
  const { config } = project;
  const lastFeed = last?.feeds[feed];
  const comesFrom = sourcePlace(project, selection);
  if (lastFeed?.place !== undefined && lastFeed.place !== comesFrom && !moved)
    throw otherPlace(`the local data of ${feed}`, lastFeed.place, `${comesFrom} for it`);
  const decrypts = config.decrypt !== null;
  const { since, lookbackDays } = selection;
  const listedAs = listingKey(remote, decrypts);
  const { cadenceMinutes } = feedOf(project, feed);
  const unfinished = lastFeed?.unfinished.filter(({ state }) => state !== "encrypted" && state !== "markerless") ?? [];
  const rebuilt = daysToRebuild(project, feed, damagedDays);
  const days = [...rebuilt, ...new Set(unfinished.map(({ id }) => id.dt).sort())];
  const window = feedWindow({
    since,
    lookbackDays,
    cadenceMinutes,
    now,
    full: full || lastFeed?.listedAs !== listedAs || rebuilt.size > extraDays,
    unfinished: [...new Set([...rebuilt, ...days.slice(-extraDays)])],
  });
  const survey: FeedSurvey = { remote, comesFrom, window, listedAs, entries: [], kept: 0 };
  const result: ListedFeed = { survey, works: [], docs: [], oddities: noOddities(), ignored: 0 };
  const planned = new Set<string>();
  const planDay = (dt: string, listed: RemotePartition[]) => {
    planned.add(dt);
    const day = readDay(project, feed, dt);
    const local = localPartitions(project, day, version, format);
    const { graceMinutes } = config.sync;
    const { entries } = planSync(listed, local, { window, now, cadenceMinutes, graceMinutes, decrypts });
    const work = dayWork(remote, dt, entries, listed, day === null && rebuilt.has(dt));
    if (work.fetches.length > 0 || work.changes.length > 0 || work.rebuild) result.works.push(work);
    for (const entry of entries) {
      if (entry.action === "keep") survey.kept += 1;
      if (entry.action !== "keep" || entry.changed || entry.odd) survey.entries.push(entry);
    }
  };
  if (!gone) {
    const { ignored, oddities } = await listFeed(remote, window, ({ days, listing }) => {
      addOddities(result.oddities, listing.oddities);
      result.docs.push(...listing.docs);
      for (const [dt, listed] of days) planDay(dt, listed);
      onListed(listing.objects);
    });
    addOddities(result.oddities, oddities);
    result.ignored = ignored;
  }
  for (const dt of daysOf(project, feed)) if (!planned.has(dt) && inWindow(window, dt)) planDay(dt, []);
  for (const dt of rebuilt) if (!planned.has(dt)) result.works.push(dayWork(remote, dt, [], [], true));
  survey.entries.sort((a, b) => (partitionKey(a.id) < partitionKey(b.id) ? -1 : 1));
  return result;
}

/** Exports of another place: all local data would look expired, and feeds of the same name would mix two exports. */
export function otherPlace(what: string, before: string, now: string): CliError {
  return new CliError(
    "config",
    `${what} came from ${before}, and kit.yaml now names ${now}; nothing was fetched or changed`,
    "name the former place again, or another folder under `data`; if the same export has moved: asapp-kit sync --moved, once (--dry-run shows what that would do)",
  );
}

// The settings under which a feed was listed, as last-sync.json keeps them.
function listingKey({ selection, version, format, gone }: RemoteFeed, decrypts: boolean): string {
  const { bucket, prefix, since, lookbackDays } = selection;
  return JSON.stringify({ bucket, prefix, version, format, since, lookbackDays, decrypts, ...(gone && { gone }) });
}

/** The days below raw/ without a manifest, and those reported as damaged. */
function daysToRebuild(project: Project, feed: string, damagedDays: SurveyOptions["damagedDays"]): ReadonlySet<string> {
  const recorded = new Set(daysOf(project, feed));
  const unrecorded = rawDays(project, feed).filter((dt) => !recorded.has(dt));
  const damaged = damagedDays.flatMap((day) => (day.feed === feed ? day.dt : []));
  return new Set([...unrecorded, ...damaged].sort());
}

function dayWork(
  remote: RemoteFeed,
  dt: string,
  entries: PlanEntry[],
  listed: RemotePartition[],
  rebuild: boolean,
): DayWork {
  const changed = entries.filter((entry) => entry.changed);
  const partitions = new Map(listed.map((partition) => [partitionKey(partition.id), partition]));
  const toFetch = (entry: PlanEntry) => entry.action === "add" || entry.action === "replace";
  const fetches = changed.filter(toFetch);
  return {
    remote,
    dt,
    fetches,
    packed: pack(fetches.flatMap(({ id }) => partitions.get(partitionKey(id)) ?? [])),
    changes: changed.filter((entry) => !toFetch(entry)),
    rebuild,
  };
}
