import { CliError } from "../base/errors.ts";
import { noNames } from "../base/names.ts";
import { hint } from "../base/suggest.ts";
import { type FeedSelection, selectFeed } from "../config/config.ts";
import type { Project } from "../config/project.ts";
import { compareVersions, docsName, feedPrefix, isHidden } from "../export/layout.ts";
import type { RemoteObject } from "../export/remote-partition.ts";
import type { FeedSync, LastSync } from "./last-sync.ts";
import { aloneOrThrow, type Store, type Stores } from "./stores.ts";

/** A feed in the bucket, in the version and format to read. */
export interface RemoteFeed {
  feed: string;
  selection: FeedSelection;
  store: Store;
  version: string;
  format: string;
  versions: string[]; // all in the bucket, sorted
  prefix: string; // ends in `format=…/`
  gone: boolean; // its folder is no longer in the root listing, and was in an earlier sync's
}

/** A feed whose listing failed while others succeeded. */
export interface Unlisted {
  feed: string;
  error: CliError;
}

export interface Discovery {
  feeds: RemoteFeed[]; // sorted by name
  unlisted: Unlisted[];
  missing: string[]; // configured, but not in the bucket
  rootObjects: RemoteObject[]; // directly under the prefix
  hasDocs: boolean; // a folder export_docs exists
  foreign: number; // folders that are not feeds
  oddFolders: string[]; // hold exports under a name that no feed can have
  notes: string[];
}

const defaultFormat = "jsonl";
const feedName = /^[a-z0-9_]+$/;

/**
 * Finds the feeds, their versions and formats. Unless `full`, reuses the result of the last sync, so that a routine sync
 * needs a single listing here. Throws noFeeds when the bucket has none, unknownFeed for an unknown name.
 */
export async function discover(
  project: Project,
  stores: Stores,
  chosen: string[] | null,
  last: LastSync | null,
  { full, moved }: { full: boolean; moved: boolean },
): Promise<Discovery> {
  const { config } = project;
  const home = await stores.of();
  // Notes on another source do not apply.
  const lastFeeds = last?.source === home.source.describe() && !moved ? last.feeds : noNames<FeedSync>();
  const root = await home.source.folder(home.prefix, home.paging);
  const listed = root.folders.filter((name) => feedName.test(name) && name !== docsName);
  const names = new Set(
    chosen ?? (config.feeds === "all" ? [...listed, ...Object.keys(lastFeeds)] : config.feeds.map(({ name }) => name)),
  );
  if (chosen === null) for (const name of config.selections.keys()) names.add(name);
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
      const store = await stores.of(selection);
      const isHome = store.source === home.source && store.prefix === home.prefix;
      const present = !isHome || listed.includes(name);
      let feed: RemoteFeed | null = null;
      try {
        if (present) feed = await findFeed(name, selection, store, last, full, discovery.notes);
      } catch (error) {
        discovery.unlisted.push({ feed: name, error: aloneOrThrow(error) });
        return;
      }
      if (!present && listed.length > 0) feed = goneFeed(name, selection, store, lastFeeds[name]);
      if (feed?.gone) discovery.notes.push(`${name} is gone from ${home.source.describe()}; the local data are kept`);
      if (feed !== null) discovery.feeds.push(feed);
      else if (present && chosen === null && config.feeds === "all" && !config.selections.has(name))
        discovery.foreign += 1;
      else discovery.missing.push(name);
    }),
  );
  if (chosen === null && config.feeds === "all")
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
    else throw unknownFeed(name, [...new Set([...listed, ...project.feeds.keys()])], home.source.describe());
  }
  if (discovery.feeds.every(({ gone }) => gone) && discovery.unlisted.length === 0)
    throw noFeeds(home, root.folders, discovery.missing);
  return discovery;
}

/** `folder Convos-Metrics holds exports and is not read: …` */
export function oddFolderText(name: string): string {
  const suggested = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
  return `folder ${name} holds exports and is not read: a feed's name has lower-case letters, digits and _ only (${suggested}?)`;
}

const maxSearched = 20; // folders searched for exports

async function oddFolders(home: Store, names: string[]): Promise<string[]> {
  const odd: string[] = [];
  for (const name of names.slice(0, maxSearched)) {
    const { folders } = await home.source.folder(feedPrefix(home.prefix, name), home.paging);
    if (valuesOf("version", folders).length > 0) odd.push(name);
  }
  return odd.sort();
}

function goneFeed(
  feed: string,
  selection: FeedSelection,
  store: Store,
  lastFeed: FeedSync | undefined,
): RemoteFeed | null {
  if (!lastFeed?.version) return null;
  const { version, format, versions } = lastFeed;
  const prefix = `${feedPrefix(store.prefix, feed)}version=${version}/format=${format}/`;
  return { feed, selection, store, version, format, versions, prefix, gone: true };
}

async function findFeed(
  feed: string,
  selection: FeedSelection,
  store: Store,
  last: LastSync | null,
  full: boolean,
  notes: string[],
): Promise<RemoteFeed | null> {
  const start = feedPrefix(store.prefix, feed);
  const lastFeed = last?.feeds[feed];
  const format = selection.format ?? defaultFormat;
  const at = (version: string, versions: string[]): RemoteFeed => ({
    feed,
    selection,
    store,
    version,
    format,
    versions,
    gone: false,
    prefix: `${start}version=${version}/format=${format}/`,
  });
  if (!full && lastFeed?.format === format && (selection.version ?? lastFeed.version) === lastFeed.version)
    return at(lastFeed.version, lastFeed.versions);

  const { folders } = await store.source.folder(start, store.paging);
  const versions = valuesOf("version", folders).sort(compareVersions);
  if (versions.length === 0) return null;
  const formats = new Map<string, string[]>();
  for (const version of versions) {
    const inVersion = await store.source.folder(`${start}version=${version}/`, store.paging);
    formats.set(version, valuesOf("format", inVersion.folders));
  }
  const fit = versions.filter((version) => formats.get(version)?.includes(format));
  const version = selection.version ?? (lastFeed && fit.includes(lastFeed.version) ? lastFeed.version : fit[0]);
  if (version === undefined || !fit.includes(version)) {
    const list = [...formats].map(([name, held]) => `version=${name} has ${held.join(", ") || "nothing"}`);
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

function unknownFeed(name: string, names: string[], where: string): CliError {
  return new CliError("unknownFeed", `no feed ${name} in ${where}, and none documented`, hint(name, names.sort()));
}

function noFeeds({ source, prefix }: Store, folders: string[], missing: string[]): CliError {
  const where = prefix === "" ? source.describe() : `${source.describe()} under ${prefix}`;
  const seen = folders.length === 0 ? "nothing" : folders.slice(0, 5).join(", ");
  const what = missing.length > 0 ? `none of the ${missing.length} feeds asked for` : "no feed";
  return new CliError(
    "noFeeds",
    `${what} in ${where} (found there: ${seen})`,
    "check `prefix` in kit.yaml: it is the sub-folder of the credentials file, and empty when that names none",
  );
}
