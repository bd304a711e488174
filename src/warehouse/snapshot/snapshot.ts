import { createHash } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { entriesOf, writeAtomically } from "../../base/files.ts";
import { type Names, namesOf, noNames } from "../../base/names.ts";
import { allOfKind, damagedFile, type Fields, isFields, isText, readStored, type Stored } from "../../base/stored.ts";
import type { DocsHistory } from "../schema/export-docs-history.ts";
import type { SchemaChange } from "../schema/schema-change.ts";
import type { Found } from "../schema/typing.ts";
import type { Trouble } from "./trouble.ts";

/** The file of the data folder that defines the state that readers see. */
export const snapshotName = "catalog.json";

/** The state of the warehouse in one file: a reader sees the state before or after an update, never between. */
export interface Snapshot {
  format: 2;
  feeds: Names<FeedSnapshot>;
  superseded: Superseded[];
  docs?: DocsHistory; // from the first schema document on
  horizon?: string; // ISO, UTC: later times were in the future at the last update; absent if there were none
  troubles?: Trouble[]; // failures of the last update
}

export interface FeedSnapshot {
  columns: StagedColumn[]; // all documented or delivered: registry order, then by first day and name
  rules: string; // hash of staged's inputs: documented types, schema policy, format; "" while days are outdated
  rule: string; // hash of current's inputs: dedupe rule, types, format; "" before the first build
  layouts: Layout[]; // the distinct shapes of day files
  days: DaySnapshot[]; // sorted by dt
  changes: SchemaChange[]; // by dt and column
  partitions?: string; // its partitions as Parquet, for kit.partitions; path below the data folder
  replaced?: ReplacedRun[]; // by run, then by time
}

/** A partition as it was before it was exported again, or before it was gone. */
export interface ReplacedRun {
  run: string; // as runOf()
  from: string; // when it was known, as in known.sql; ISO, UTC
  until: string; // when its successor was known, or it was gone
  rows: string | null; // Parquet with the rows of this and other runs of the day, below the data folder; null: it had none
  partition: Record<string, string | number | null>; // its row in kit.partitions
}

export interface StagedColumn {
  name: string;
  type: string; // DuckDB type, the widest so far
  key: string; // the JSON key; differs from the name where two keys differ only in case
  documented: boolean; // in the registry
  flag?: true; // documented as 1 or 0
  declared?: string; // the registry's type, where it differs
  untyped?: true; // without a value so far, VARCHAR meanwhile
  found?: Found[]; // kinds of its values, which decide the type; sorted
  firstSeen: string | null; // dt; null: never delivered
  lastSeen: string | null; // dt
}

/** The shape of a day file: its columns in order, without provenance, and those delivered, if only as nulls. */
export interface Layout {
  columns: { name: string; type: string }[];
  seen: string[];
  found: Record<string, Found[]>; // kinds of values by column; of documented columns those that the declared type cannot hold
}

/** The provenance columns of every staged file, after the feed's columns: path below raw/, line from 1, run, unfit values. */
export const provenance = [
  { name: "_file", type: "VARCHAR" },
  { name: "_line", type: "BIGINT" },
  { name: "_run", type: "VARCHAR" }, // as runOf(): "2026-09-01", "2026-09-01 05", "2026-09-01 05:15"
  { name: "_rescued", type: "JSON" }, // {"key": "text of a value that did not fit its column"}; null: all fit
] as const;

export interface DaySnapshot {
  dt: string;
  stamp: string; // size and time of the day's manifest file, to detect changes
  source: string; // fingerprint of the listed files and of the staging rules
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
  spelled?: string[]; // time columns with spellings beyond DuckDB's cast, see instants.ts
  keyless?: Keyless; // present if rows lack a key column
  dedupe?: Record<string, number>; // keys with several versions, by the deciding term: order, run, tie
  facts?: DayFacts;
}

/** The least and largest value of a day, as text, by key column; unknown ranges are left out. */
export type Ranges = Record<string, [least: string, most: string]>;

/** The facts of a day for kit.feeds, so that its manifest is not read again. */
export interface DayFacts {
  stamp: string; // of the manifest and the staged file
  states: Record<string, number>; // partitions by state
  lines: number; // of all their files, counted by the sync
  through: string | null; // end of the newest complete partition, or window for the WFM feeds, that is not odd; ISO, UTC
  windows?: WindowRun[]; // of queue_wfm: its quarter-hours
  mixed?: true; // of the WFM feeds: windows not named by their start, or rows of one queue under several ids
  odd?: OddTimes; // rows with impossible times
  oddRuns?: string[]; // partitions with impossible times
  horizon?: string; // the horizon applied, if it mattered; ISO, UTC
}

/** Consecutive quarter-hours. */
export type WindowRun = [start: string, count: number]; // ISO, UTC

/** Rows with a time before the first export or too late for their run; the first is the example. */
export interface OddTimes {
  rows: number;
  column: string;
  value: string;
  run: string;
}

/** First line of the detail file: all that a later run needs to reuse the day without staging it again. */
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

/** Rows of a day that lack key columns. */
export interface Keyless {
  rows: number; // without any key column
  since?: string; // the first run with such a row
  columns: KeylessColumn[];
  instead?: { column: string; name: string; rows: number; since: string }[]; // rows with a column that may be the key
}

export interface KeylessColumn {
  column: string; // key column
  names: string[]; // its possible names
  rows: number; // that lack it
  wholeRuns: number; // of these, rows in runs where every row lacks it
  ties: number; // of those, rows that the rest of the key does not distinguish from another of their run
  since: string; // the first such run, else the first run with a row that lacks it
}

/** The values of a column on one day that do not fit its type and are in `_rescued`. */
export interface UnfitValues {
  column: string;
  values: number;
  fit: number; // values that fit
  example: string; // shortened
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
  text: string; // at most 1 MB; the file in raw/ has all of it
  bytes: number; // of the full line
  base64?: string; // only where the line is not UTF-8
}

/** A file that readers of an older snapshot may still have open. */
export interface Superseded {
  path: string; // below the data folder
  at: string; // ISO, UTC
}

const graceMinutes = 10;
const layers = ["staged", "current", "quarantine", "replaced"];

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
 * The snapshot of a data folder, empty if there is none. Throws CliError("verifyFailed") that names the file if it is damaged
 * or of another format.
 */
export function loadSnapshot(data: string): Snapshot {
  const { value, damage } = readSnapshot(data);
  if (damage !== null) throw damagedFile(snapshotName, damage, snapshotNext);
  return value ?? emptySnapshot();
}

export const snapshotNext = "asapp-kit sync or asapp-kit verify --repair rebuilds it from the files in the data folder";

/** The snapshot before an update; empty if the file is damaged, so that everything is rebuilt. */
export function formerSnapshot(data: string): Snapshot {
  return readSnapshot(data).value ?? emptySnapshot();
}

/** The snapshot, or the reason why there is none. A missing file counts as damage if current/ has files. */
export function readSnapshot(data: string): Stored<Snapshot> {
  const stored = readStored(data, snapshotName, 2, snapshotIn);
  const isMissing = stored.value === null && stored.damage === null && filesBelow(data, "current").length > 0;
  return isMissing ? { value: null, damage: "it is missing, although current/ has files" } : stored;
}

function snapshotIn(fields: Fields): Snapshot | null {
  const { feeds, docs, horizon } = fields as Partial<Snapshot>;
  if (!isFields(feeds) || allOfKind(feeds, isFeed) === null) return null;
  const superseded = allOfKind(fields.superseded, isSuperseded);
  if (superseded === null) return null;
  const troubles = allOfKind(fields.troubles, isTrouble);
  if (docs !== undefined && !isDocs(docs)) return null;
  return {
    format: 2,
    feeds: namesOf(Object.entries(feeds)),
    superseded,
    ...(docs && { docs: { ...docs, changes: namesOf(Object.entries(docs.changes)) } }),
    ...(isText(horizon) && { horizon }),
    ...(troubles !== null && { troubles }),
  };
}

function isFeed(value: unknown): value is FeedSnapshot {
  if (!isFields(value)) return false;
  const { columns, layouts, days, changes, rules, rule, partitions, replaced } = value as Partial<FeedSnapshot>;
  return (
    [rules, rule, partitions ?? ""].every(isText) &&
    allOfKind(replaced ?? [], isReplaced) !== null &&
    allOfKind(columns, isColumn) !== null &&
    allOfKind(layouts, isLayout) !== null &&
    allOfKind(changes, isFields) !== null &&
    allOfKind(days, isDay) !== null
  );
}

function isReplaced(value: unknown): value is ReplacedRun {
  return (
    isFields(value) && [value.run, value.from, value.until, value.rows ?? ""].every(isText) && isFields(value.partition)
  );
}

function isColumn(value: unknown): value is StagedColumn {
  return isFields(value) && [value.name, value.type, value.key].every(isText);
}

/** The shape of a day's file. */
export function layoutOf(layouts: readonly Layout[], { layout: index }: Pick<DaySnapshot, "layout">): Layout {
  const layout = layouts[index];
  if (layout === undefined) throw new Error(`internal: no layout ${index}`);
  return layout;
}

function isLayout(value: unknown): value is Layout {
  if (!isFields(value)) return false;
  const { columns, seen, found } = value as Partial<Layout>;
  return allOfKind(columns, isFields) !== null && allOfKind(seen, isText) !== null && isFields(found);
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
  return allOfKind(files, isFields) !== null && allOfKind(tables, isFields) !== null && isFields(changes);
}

/** A text that identifies the state that readers see, without reading it; it changes with every update that has news. */
export function stateOf(data: string): string {
  const stats = statSync(join(data, snapshotName), { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}

/**
 * Atomically makes `next` the state that new readers see. Files of `previous` that `next` lacks are recorded as superseded;
 * `sweep` deletes them in a later run. Writes nothing if nothing changed. Returns the stored snapshot.
 */
export function saveSnapshot(data: string, previous: Snapshot, next: Snapshot, now: Date): Snapshot {
  const used = filesOf(next);
  const superseding = new Map(next.superseded.map((entry) => [entry.path, entry]));
  for (const path of filesOf(previous)) {
    if (!used.has(path) && !superseding.has(path)) superseding.set(path, { path, at: now.toISOString() });
  }
  const superseded = [...superseding.values()].filter(({ path }) => !used.has(path)).sort(byPath);
  const { docs, horizon, troubles = [] } = next;
  const stored: Snapshot = {
    format: 2,
    feeds: sorted(next.feeds),
    superseded,
    ...(docs && { docs }),
    ...(horizon && { horizon }),
    ...(troubles.length > 0 && { troubles }),
  };
  writeAtomically(data, snapshotName, `${JSON.stringify(stored)}\n`, { flush: true });
  return stored;
}

/**
 * Deletes files superseded before the grace period, and files that no snapshot names, left by a killed run. The caller holds
 * the lock and saves the returned snapshot, which lacks the deleted files.
 */
export function sweep(data: string, snapshot: Snapshot, now: Date): Snapshot {
  const before = new Date(now.getTime() - graceMinutes * 60_000).toISOString();
  const latest = now.toISOString();
  const pending = snapshot.superseded
    .map(({ path, at }) => ({ path, at: at > latest ? latest : at })) // recorded while the clock was ahead
    .filter(({ at }) => at >= before);
  const keptFiles = new Set([...filesOf(snapshot), ...pending.map(({ path }) => path)]);
  for (const layer of layers) {
    for (const path of filesBelow(data, layer)) if (!keptFiles.has(path)) rmSync(join(data, path), { force: true });
  }
  return { ...snapshot, superseded: pending };
}

/** Every file that the snapshot names, as paths below the data folder. */
export function filesOf(snapshot: Snapshot): Set<string> {
  const files = new Set<string>();
  for (const feed of Object.values(snapshot.feeds)) {
    if (feed.partitions) files.add(feed.partitions);
    for (const { rows } of feed.replaced ?? []) if (rows) files.add(rows);
    for (const day of feed.days) {
      for (const path of [day.staged, day.detail, day.quarantine, day.current]) if (path) files.add(path);
    }
  }
  return files;
}

/** A short hash for file names, the same on every machine. */
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
