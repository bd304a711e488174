import { createHash } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { entriesOf, writeAtomically } from "../../base/files.ts";
import { type Names, namesOf, noNames } from "../../base/names.ts";
import {
  damagedFile,
  everyOne,
  type Fields,
  isFields,
  isText,
  readStored,
  type Stored,
} from "../../base/stored.ts";
import type { DocsHistory } from "../schema/docs-history.ts";
import type { SchemaChange } from "../schema/schema-change.ts";
import type { Found } from "../schema/typing.ts";
import type { Trouble } from "./trouble.ts";

/** The file of the data folder that says what readers see. */
export const snapshotName = "catalog.json";

/** What the warehouse holds, in one file: whoever loads it sees the state before or after an update, never between. */
export interface Snapshot {
  format: 2;
  feeds: Names<FeedSnapshot>;
  superseded: Superseded[];
  docs?: DocsHistory; // once there is a schema document
  horizon?: string; // ISO, UTC: what is dated later was to come at the last update; only where something is
  troubles?: Trouble[]; // what the last update could not take in
}

export interface FeedSnapshot {
  columns: StagedColumn[]; // all documented or ever seen: registry order, then by first day and name
  rules: string; // hash of what staged was built with: documented types, schema policy, format; "" while days lag behind
  rule: string; // hash of what current was built with: dedupe rule, types, format; "" before the first time
  layouts: Layout[]; // the distinct shapes of day files
  days: DaySnapshot[]; // sorted by dt
  changes: SchemaChange[]; // by dt and column
  partitions?: string; // Parquet of the partitions of its days, for kit.partitions; path below the data folder
}

export interface StagedColumn {
  name: string;
  type: string; // DuckDB type, the widest so far
  key: string; // the JSON key; differs from the name where two keys differ in case alone
  documented: boolean; // the registry has it
  flag?: true; // and says that it is 1 or 0
  declared?: string; // type by the registry, where that is another
  untyped?: true; // no value seen so far: VARCHAR stands in
  found?: Found[]; // sorted: the type follows from it
  firstSeen: string | null; // dt; null: never delivered
  lastSeen: string | null; // dt
}

/** The shape of a day file: columns in its order without provenance, and which of them were delivered, be it as nulls. */
export interface Layout {
  columns: { name: string; type: string }[];
  seen: string[];
  found: Record<string, Found[]>; // by column: of documented ones what their declared type does not hold
}

/** Provenance columns of every staged file, after the feed's own: path below raw/, line from 1, run, unfit values. */
export const provenance = [
  { name: "_file", type: "VARCHAR" },
  { name: "_line", type: "BIGINT" },
  { name: "_run", type: "VARCHAR" }, // as runOf(): "2026-09-01", "2026-09-01 05", "2026-09-01 05:15"
  { name: "_rescued", type: "JSON" }, // {"key": "text of a value that did not fit its column"}; null: all fit
] as const;

export interface DaySnapshot {
  dt: string;
  stamp: string; // size and time of the manifest day's file: unchanged means nothing to look at
  source: string; // fingerprint of the listed files and of the rules they were staged with
  staged: string | null; // Parquet, path below the data folder; null: no row at all
  detail: string; // JSON Lines beside it: one DayDetail, then one FileDetail per file
  quarantine: string | null; // JSON Lines of QuarantinedLine; null: nothing quarantined
  current: string | null;
  rows: number; // staged
  quarantined: number;
  currentRows: number;
  layout: number; // index in layouts
  ranges?: Ranges;
  rescued?: Record<string, number>; // column: values in _rescued
  unfit?: UnfitValues[]; // of its columns, sorted
  spelled?: string[]; // columns of times of which some value takes more than DuckDB's cast: see instants.ts
  keyless?: Keyless; // where rows lack a column of the key
  dedupe?: Record<string, number>; // groups of several versions in current, by what decided: order, run, tie
  facts?: DayFacts;
}

/** Of columns of the key: the least and the largest value of a day, as text. One that is not known is left out. */
export type Ranges = Record<string, [least: string, most: string]>;

/** What kit.feeds tells of a day without reading its manifest again. */
export interface DayFacts {
  stamp: string; // of the manifest they were taken from, and of the staged file
  states: Record<string, number>; // partitions by state
  lines: number; // of all their files, as counted when they were fetched
  through: string | null; // end of the newest complete partition, or window for the WFM feeds, that is not odd; ISO, UTC
  windows?: WindowRun[]; // of queue_wfm: the quarter-hours that it tells of
  mixed?: true; // of the WFM feeds: windows not named by their start, or one queue's in rows of several ids
  odd?: OddTimes; // rows dated as they cannot be; none: left out
  oddRuns?: string[]; // partitions dated so
  horizon?: string; // by which they were judged, where it mattered; ISO, UTC
}

/** Quarter-hours one after another. */
export type WindowRun = [start: string, count: number]; // ISO, UTC

/** Rows with a time before there was anything to export, or too late for the run that tells it; the first as an example. */
export interface OddTimes {
  rows: number;
  column: string;
  value: string;
  run: string;
}

/** First line of the detail file: what a later run needs to take the day over without staging it again. */
export interface DayDetail {
  feed: string;
  dt: string;
  source: string;
  rows: number;
  quarantined: number;
  path: StagePath;
  columns: StagedColumn[];
  seen: string[];
  found: Record<string, Found[]>;
  ranges?: Ranges;
  rescued: Record<string, number>;
  unfit?: UnfitValues[]; // as in DaySnapshot
  spelled?: string[]; // as in DaySnapshot
  keyless?: Keyless; // as in DaySnapshot
}

/** Rows of a day without columns of the key. */
export interface Keyless {
  rows: number; // without any column of it
  since?: string; // the first run with such a row
  columns: KeylessColumn[];
  instead?: { column: string; name: string; rows: number; since: string }[]; // rows with a key that may be it
}

export interface KeylessColumn {
  column: string; // of the key
  names: string[]; // that it is read under
  rows: number; // that lack it
  wholeRuns: number; // those of them that are in runs where every row lacks it
  ties: number; // those of these that the rest of the key does not tell from another of their run
  since: string; // the first such run, else the first with a row that lacks it
}

/** Values of a column, on one day, that are in `_rescued` as they did not fit. */
export interface UnfitValues {
  column: string;
  values: number;
  fit: number; // values of the column that do
  example: string; // cut
}

export type StagePath = "typed" | "text" | "careful";

/** lines = blank + rows + quarantined, always. */
export interface FileDetail {
  file: string; // path below raw/
  md5: string; // hex, of the bytes on disk
  run: string;
  lines: number; // physical lines
  blank: number;
  rows: number;
  quarantined: number;
}

export interface QuarantinedLine {
  file: string; // path below raw/
  line: number; // from 1, blank lines counted
  reason: string;
  text: string; // cut after 1 MB; the file in raw/ has it whole
  bytes: number; // of the whole line
  base64?: string; // only where the line is not UTF-8
}

/** A file that readers of an older snapshot may still have open. */
export interface Superseded {
  path: string; // below the data folder
  at: string; // ISO, UTC
}

const graceMinutes = 10;
const layers = ["staged", "current", "quarantine"];

export const emptyFeed = (): FeedSnapshot => ({
  columns: [],
  rules: "",
  rule: "",
  layouts: [],
  days: [],
  changes: [],
});

export const emptySnapshot = (): Snapshot => ({ format: 2, feeds: noNames(), superseded: [] });

/**
 * The snapshot of a data folder; an empty one if there is none. Throws CliError("verifyFailed") naming the file when it is
 * damaged, or of another format.
 */
export function loadSnapshot(data: string): Snapshot {
  const { value, damage } = readSnapshot(data);
  if (damage !== null) throw damagedFile(snapshotName, damage, snapshotNext);
  return value ?? emptySnapshot();
}

export const snapshotNext =
  "asapp-kit sync makes it anew from what is here, as asapp-kit verify --repair does";

/** What the next snapshot follows: an empty one as well where the file is damaged, so that everything is built anew. */
export function formerSnapshot(data: string): Snapshot {
  return readSnapshot(data).value ?? emptySnapshot();
}

/** The snapshot, or why there is none. One that is gone is missed where days of it are here. */
export function readSnapshot(data: string): Stored<Snapshot> {
  const stored = readStored(data, snapshotName, 2, snapshotIn);
  const missed = stored.value === null && stored.damage === null && filesBelow(data, "current").length > 0;
  return missed ? { value: null, damage: "it is not there, and days that it tells of are" } : stored;
}

function snapshotIn(fields: Fields): Snapshot | null {
  const { feeds, superseded, docs, troubles, horizon } = fields as Partial<Snapshot>;
  if (!isFields(feeds) || everyOne(feeds, isFeed) === null) return null;
  if (everyOne(superseded, isSuperseded) === null) return null;
  if (docs !== undefined && !isDocs(docs)) return null;
  return {
    format: 2,
    feeds: namesOf(Object.entries(feeds)),
    superseded: superseded!,
    ...(docs && { docs: { ...docs, changes: namesOf(Object.entries(docs.changes)) } }),
    ...(isText(horizon) && { horizon }),
    ...(everyOne(troubles, isTrouble) !== null && { troubles: troubles! }),
  };
}

function isFeed(value: unknown): value is FeedSnapshot {
  if (!isFields(value)) return false;
  const { columns, layouts, days, changes, rules, rule, partitions } = value as Partial<FeedSnapshot>;
  return (
    [rules, rule, partitions ?? ""].every(isText) &&
    everyOne(columns, isColumn) !== null &&
    everyOne(layouts, isLayout) !== null &&
    everyOne(changes, isFields) !== null &&
    everyOne(days, isDay) !== null
  );
}

function isColumn(value: unknown): value is StagedColumn {
  return isFields(value) && [value.name, value.type, value.key].every(isText);
}

function isLayout(value: unknown): value is Layout {
  if (!isFields(value)) return false;
  const { columns, seen, found } = value as Partial<Layout>;
  return everyOne(columns, isFields) !== null && everyOne(seen, isText) !== null && isFields(found);
}

function isDay(value: unknown): value is DaySnapshot {
  if (!isFields(value)) return false;
  const { dt, stamp, source, detail, staged, quarantine, current, layout } = value as Partial<DaySnapshot>;
  return (
    [dt, stamp, source, detail].every(isText) &&
    [staged, quarantine, current].every((path) => path === null || isText(path)) &&
    [value.rows, value.quarantined, value.currentRows].every(Number.isSafeInteger) &&
    Number.isInteger(layout)
  );
}

function isSuperseded(value: unknown): value is Superseded {
  return isFields(value) && isText(value.path) && isText(value.at);
}

function isTrouble(value: unknown): value is Trouble {
  return isFields(value) && [value.feed, value.dt, value.reason].every(isText);
}

function isDocs(value: unknown): value is DocsHistory {
  if (!isFields(value)) return false;
  const { files, tables, changes } = value as Partial<DocsHistory>;
  return everyOne(files, isFields) !== null && everyOne(tables, isFields) !== null && isFields(changes);
}

/** Which state readers see, without reading it: another text after each update that changed something. */
export function stateOf(data: string): string {
  const found = statSync(join(data, snapshotName), { throwIfNoEntry: false });
  return found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeMs}`;
}

/**
 * Makes `next` the state that new readers see, atomically. Files that `previous` names and `next` does not are noted as
 * superseded; `sweep` deletes them in a later run. Writes nothing when nothing changed. Returns what is now stored.
 */
export function saveSnapshot(data: string, previous: Snapshot, next: Snapshot, now: Date): Snapshot {
  const used = filesOf(next);
  const noted = new Map(next.superseded.map((entry) => [entry.path, entry]));
  for (const path of filesOf(previous)) {
    if (!used.has(path) && !noted.has(path)) noted.set(path, { path, at: now.toISOString() });
  }
  const superseded = [...noted.values()].filter(({ path }) => !used.has(path)).sort(byPath);
  const { docs, horizon, troubles = [] } = next;
  const stored: Snapshot = {
    ...{ format: 2, feeds: sorted(next.feeds), superseded },
    ...(docs && { docs }),
    ...(horizon && { horizon }),
    ...(troubles.length > 0 && { troubles }),
  };
  writeAtomically(data, snapshotName, `${JSON.stringify(stored)}\n`, { flush: true });
  return stored;
}

/**
 * Deletes files superseded longer ago than the grace, and files that no snapshot names (left by a run that was killed).
 * Only for the holder of the lock. Returns the snapshot without the deleted ones; save it.
 */
export function sweep(data: string, snapshot: Snapshot, now: Date): Snapshot {
  const before = new Date(now.getTime() - graceMinutes * 60_000).toISOString();
  const latest = now.toISOString();
  const kept = snapshot.superseded
    .map(({ path, at }) => ({ path, at: at > latest ? latest : at })) // noted while the clock was ahead
    .filter(({ at }) => at >= before);
  const keep = new Set([...filesOf(snapshot), ...kept.map(({ path }) => path)]);
  for (const layer of layers) {
    for (const path of filesBelow(data, layer))
      if (!keep.has(path)) rmSync(join(data, path), { force: true });
  }
  return { ...snapshot, superseded: kept };
}

/** Every file the snapshot names, as paths below the data folder. */
export function filesOf(snapshot: Snapshot): Set<string> {
  const files = new Set<string>();
  for (const feed of Object.values(snapshot.feeds)) {
    if (feed.partitions) files.add(feed.partitions);
    for (const day of feed.days) {
      for (const path of [day.staged, day.detail, day.quarantine, day.current]) if (path) files.add(path);
    }
  }
  return files;
}

/** A short hash for file names: the same parts give the same name on every machine. */
export function shortHash(...parts: string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest("hex").slice(0, 16);
}

function filesBelow(data: string, layer: string): string[] {
  return entriesOf(join(data, layer), { recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(data.length + 1));
}

function sorted<T>(names: Names<T>): Names<T> {
  return namesOf(Object.entries(names).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function byPath(a: Superseded, b: Superseded): number {
  return a.path < b.path ? -1 : 1;
}
