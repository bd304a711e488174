import { CliError } from "../base/errors.ts";
import { noNames } from "../base/names.ts";
import { hint } from "../base/suggest.ts";
import { type FeedSelection, selectFeed } from "../config/config.ts";
import type { Project } from "../config/project.ts";
import { compareVersions, docsName, feedPrefix, isHidden } from "../export/layout.ts";
import type { RemoteObject } from "../export/remote-partition.ts";
import type { FeedSync, LastSync } from "./last-sync.ts";
import { aloneOrThrow, type Place, type Places } from "./places.ts";

/** One feed of the bucket, in the version and format to read. */
export interface FeedPlace {
  feed: string;
  selection: FeedSelection;
  place: Place;
  version: string;
  format: string;
  versions: string[]; // all in the bucket, sorted
  prefix: string; // ends in `format=…/`
  gone: boolean; // a former sync saw its folder, the root listing no longer does
}

/** A feed whose listing failed while others succeeded. */
export interface Unlisted {
  feed: string;
  error: CliError;
}

export interface Discovery {
  feeds: FeedPlace[]; // sorted by name
  unlisted: Unlisted[];
  missing: string[]; // configured, but not in the bucket
  rootObjects: RemoteObject[]; // directly under the prefix
  hasDocs: boolean; // a folder export_docs exists
  foreign: number; // folders that are not feeds
  oddFolders: string[]; // contain exports, but cannot be a feed by their name
  notes: string[];
}

const defaultFormat = "jsonl";
const feedName = /^[a-z0-9_]+$/;

/**
 * Finds the feeds, their versions and formats. Unless `full`, the result of the last sync is reused, so that a routine sync
 * needs one listing here. Throws noFeeds when the bucket has none, unknownFeed for an unknown name.
 */
export async function discover(
  project: Project,
  places: Places,
  wanted: string[] | null,
  last: LastSync | null,
  { full, moved }: { full: boolean; moved: boolean },
): Promise<Discovery> {
  const { config } = project;
  const home = await places.of();
  // The notes about another source do not apply.
  const knew = last?.source === home.source.describe() && !moved ? last.feeds : noNames<FeedSync>();
  const root = await home.source.folder(home.prefix, home.paging);
  const found = root.folders.filter((name) => feedName.test(name) && name !== docsName);
  const names = new Set(
    wanted ?? (config.feeds === "all" ? [...found, ...Object.keys(knew)] : config.feeds.map(({ name }) => name)),
  );
  if (wanted === null) for (const name of config.selections.keys()) names.add(name);
  const discovery: Discovery = {
    feeds: [],
    unlisted: [],
    missing: [],
    rootObjects: root.objects,
    hasDocs: root.folders.includes(docsName),
    foreign: root.folders.filter((name) => !feedName.test(name)).length,
    oddFolders: [],
    notes: [],
  };
  await Promise.all(
    [...names].map(async (name) => {
      const selection = selectFeed(config, name);
      if (selection === null) return;
      const place = await places.of(selection);
      const elsewhere = place.source !== home.source || place.prefix !== home.prefix;
      const there = elsewhere || found.includes(name);
      let feed: FeedPlace | null = null;
      try {
        if (there) feed = await findFeed(name, selection, place, last, full, discovery.notes);
      } catch (error) {
        discovery.unlisted.push({ feed: name, error: aloneOrThrow(error) });
        return;
      }
      if (!there && found.length > 0) feed = vanished(name, selection, place, knew[name]);
      if (feed?.gone) discovery.notes.push(`${name} is gone from ${home.source.describe()}; what is here is kept`);
      if (feed !== null) discovery.feeds.push(feed);
      else if (there && wanted === null && config.feeds === "all" && !config.selections.has(name))
        discovery.foreign += 1;
      else discovery.missing.push(name);
    }),
  );
  if (wanted === null && config.feeds === "all")
    discovery.oddFolders = await oddFolders(
      home,
      root.folders.filter((name) => !feedName.test(name) && !isHidden(name)),
    );
  discovery.notes.push(...discovery.oddFolders.map(oddFolderText));
  discovery.feeds.sort((a, b) => (a.feed < b.feed ? -1 : 1));
  discovery.missing.sort();
  discovery.notes.sort();
  for (const name of discovery.missing) {
    if (project.feeds.has(name)) discovery.notes.push(`${name} is not in ${home.source.describe()}`);
    else throw unknown(name, [...new Set([...found, ...project.feeds.keys()])], home.source.describe());
  }
  if (discovery.feeds.every(({ gone }) => gone) && discovery.unlisted.length === 0)
    throw noFeeds(home, root.folders, discovery.missing);
  return discovery;
}

/** `Convos-Metrics holds exports and is not read: …` */
export function oddFolderText(name: string): string {
  const meant = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
  return `folder ${name} holds exports and is not read: names of feeds have small letters, digits and _ alone (${meant}?)`;
}

const mostOdd = 20; // folders searched for exports

async function oddFolders(home: Place, names: string[]): Promise<string[]> {
  const odd: string[] = [];
  for (const name of names.slice(0, mostOdd)) {
    const { folders } = await home.source.folder(feedPrefix(home.prefix, name), home.paging);
    if (valuesOf("version", folders).length > 0) odd.push(name);
  }
  return odd.sort();
}

function vanished(feed: string, selection: FeedSelection, place: Place, known: FeedSync | undefined): FeedPlace | null {
  if (!known?.version) return null;
  const { version, format, versions } = known;
  const prefix = `${feedPrefix(place.prefix, feed)}version=${version}/format=${format}/`;
  return { feed, selection, place, version, format, versions, prefix, gone: true };
}

async function findFeed(
  feed: string,
  selection: FeedSelection,
  place: Place,
  last: LastSync | null,
  full: boolean,
  notes: string[],
): Promise<FeedPlace | null> {
  const start = feedPrefix(place.prefix, feed);
  const known = last?.feeds[feed];
  const format = selection.format ?? defaultFormat;
  const at = (version: string, versions: string[]): FeedPlace => ({
    feed,
    selection,
    place,
    version,
    format,
    versions,
    gone: false,
    prefix: `${start}version=${version}/format=${format}/`,
  });
  if (!full && known?.format === format && (selection.version ?? known.version) === known.version)
    return at(known.version, known.versions);

  const { folders } = await place.source.folder(start, place.paging);
  const versions = valuesOf("version", folders).sort(compareVersions);
  if (versions.length === 0) return null;
  const formats = new Map<string, string[]>();
  for (const version of versions) {
    const inside = await place.source.folder(`${start}version=${version}/`, place.paging);
    formats.set(version, valuesOf("format", inside.folders));
  }
  const fit = versions.filter((version) => formats.get(version)!.includes(format));
  const version = selection.version ?? (known && fit.includes(known.version) ? known.version : fit[0]);
  if (version === undefined || !fit.includes(version)) {
    const list = versions.map((name) => `version=${name} has ${formats.get(name)!.join(", ") || "nothing"}`);
    notes.push(`${feed} has no version=${version ?? "…"}/format=${format}: ${list.join("; ")}`);
  }
  if (version === undefined) return null;
  const newer = fit.filter((other) => compareVersions(other, version) > 0);
  if (newer.length > 0) {
    const latest = newer.at(-1);
    notes.push(
      `${feed} has a newer version ${latest}, version ${version} is read: set version: "${latest}" in kit.yaml to change over`,
    );
  }
  return at(version, versions);
}

function valuesOf(name: string, folders: string[]): string[] {
  const start = `${name}=`;
  return folders.filter((folder) => folder.startsWith(start)).map((folder) => folder.slice(start.length));
}

function unknown(name: string, names: string[], where: string): CliError {
  return new CliError("unknownFeed", `no feed ${name} in ${where}, and none documented`, hint(name, names.sort()));
}

function noFeeds({ source, prefix }: Place, folders: string[], missing: string[]): CliError {
  const place = prefix === "" ? source.describe() : `${source.describe()} under ${prefix}`;
  const seen = folders.length === 0 ? "nothing" : folders.slice(0, 5).join(", ");
  const what = missing.length > 0 ? `none of the ${missing.length} feeds asked for` : "no feed";
  return new CliError(
    "noFeeds",
    `${what} in ${place} (found there: ${seen})`,
    "check `prefix` in kit.yaml: it is the sub-folder of the credentials file, and empty when that names none",
  );
}
