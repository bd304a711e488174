import { CliError } from "../base/errors.ts";
import type { Project } from "../config/project.ts";
import { docsName, feedPrefix, partitionPath } from "../export/layout.ts";
import {
  addOddities,
  groupPartitions,
  noOddities,
  type Oddities,
  type RemoteObject,
} from "../export/remote-partition.ts";
import { type Discovery, discover, type Unlisted } from "./discovery.ts";
import type { LastSync } from "./last-sync.ts";
import { daysOf } from "./manifest.ts";
import { growHeapBy } from "./packed.ts";
import { aloneOrThrow, type Store, type Stores, sourcePlace } from "./stores.ts";
import { type DayWork, type FeedSurvey, otherPlace, type SurveyOptions, surveyFeed } from "./survey-feed.ts";
import { fullReason } from "./window.ts";

/** The state of the bucket and the work that follows from it. Making one fetches and writes nothing. */
export interface Survey {
  full: boolean;
  fullReason: string | null;
  feeds: FeedSurvey[]; // sorted by name
  unlisted: Unlisted[]; // feeds, and the schema documents, whose listing failed; sorted by name
  works: DayWork[]; // newest day first
  docs: { store: Store; objects: RemoteObject[] };
  oddities: Oddities;
  ignored: number; // days before the window
  notes: string[];
  oddFolders: string[] | null; // see Discovery; null: not searched for
}

const manyObjects = 200_000;

/** Lists the bucket and plans: the open days of every feed, or all days when a full listing is due. */
export async function survey(
  project: Project,
  stores: Stores,
  last: LastSync | null,
  options: SurveyOptions,
): Promise<Survey> {
  const { now, report } = options;
  const home = await stores.of();
  const lastPlace = last?.place ?? null;
  const place = sourcePlace(project);
  const moved = lastPlace !== null && lastPlace !== place;
  const fullFor = fullReason(options.full, last, moved ? "" : home.source.describe(), now);
  const full = fullFor !== null;
  const discovery = await discover(project, stores, options.feeds, last, { full, moved });
  if (moved && !options.moved) throw exportsElsewhere(lastPlace, place, discovery);
  const result: Survey = {
    full,
    fullReason: fullFor,
    feeds: [],
    unlisted: discovery.unlisted,
    works: [],
    docs: { store: home, objects: [] },
    oddities: noOddities(discovery.foreign),
    ignored: 0,
    notes: discovery.notes,
    oddFolders: options.feeds === null ? discovery.oddFolders : null,
  };
  let feedsDone = 0;
  let objects = 0;
  const reportListing = () => {
    if (objects > manyObjects) growHeapBy(40);
    const { length: feeds } = discovery.feeds;
    report({ type: "listing", feeds, feedsDone, requests: home.requests.listings, objects, full, why: fullFor });
  };
  reportListing();
  await Promise.all(
    discovery.feeds.map(async (feed) => {
      try {
        const listed = await surveyFeed(project, feed, last, { ...options, full }, (count) => {
          objects += count;
          reportListing();
        });
        result.feeds.push(listed.survey);
        for (const work of listed.works) result.works.push(work);
        for (const object of listed.docs) result.docs.objects.push(object);
        addOddities(result.oddities, listed.oddities);
        result.ignored += listed.ignored;
      } catch (error) {
        result.unlisted.push({ feed: feed.feed, error: aloneOrThrow(error) });
      }
      feedsDone += 1;
      reportListing();
    }),
  );
  growHeapBy(0);
  const [unlisted] = result.unlisted;
  if (result.feeds.length === 0 && unlisted) throw unlisted.error;
  if (options.feeds === null) await surveyDocs(discovery, home, result);
  result.unlisted.sort((a, b) => (a.feed < b.feed ? -1 : 1));
  result.feeds.sort((a, b) => (a.remote.feed < b.remote.feed ? -1 : 1));
  result.works.sort((a, b) => (a.dt === b.dt ? (a.remote.feed < b.remote.feed ? -1 : 1) : a.dt > b.dt ? -1 : 1));
  refuseOnlyWaiting(project, home, result);
  return result;
}

// ASAPP does not publish where the documents are: at the root, in a folder of their own, or among the data.
async function surveyDocs(discovery: Discovery, home: Store, result: Survey): Promise<void> {
  const root = await groupPartitions([discovery.rootObjects], home.prefix);
  result.docs.objects.push(...root.docs);
  result.oddities.foreign += root.oddities.foreign;
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
  return otherPlace("the local data", before, `${now}, ${has}`);
}

function refuseOnlyWaiting(project: Project, home: Store, { feeds, works, unlisted }: Survey): void {
  if (unlisted.length > 0) return;
  const waiting = feeds.flatMap(({ entries }) => entries.filter(({ action }) => action === "wait"));
  const [first] = waiting;
  if (!first || works.length > 0 || waiting.some(({ state }) => state === "failed")) return;
  if (feeds.some(({ remote, kept }) => kept > 0 || daysOf(project, remote.feed).length > 0)) return;
  throw new CliError(
    "onlyWaiting",
    waiting.length === 1
      ? `the only partition in ${home.source.describe()} is still being written: ${partitionPath(first.id)} has no _SUCCESS`
      : `all ${waiting.length} partitions in ${home.source.describe()} are still being written: none has a _SUCCESS`,
    "run again when ASAPP has finished the first one; if that is overdue, ask ASAPP about the export job",
  );
}
