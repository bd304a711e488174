import { own } from "../../base/names.ts";
import type { NewColumn, TypeChange } from "../../config/config.ts";
import type { Feed } from "../../export/feed.ts";
import type { ChangeClass, DataChange, DocChange, SchemaChange } from "../schema/schema-change.ts";
import { documentedType, type Found, foundType } from "../schema/typing.ts";
import type { DaySnapshot, FeedSnapshot, Layout, StagedColumn } from "../snapshot/snapshot.ts";

/** A key that no column stands for yet, and what it came with. */
export interface FoundKey {
  key: string;
  found: ReadonlySet<Found>;
}

/** What a day is read with. Never changed: what days learn makes another. */
export interface StageSchema {
  columns: readonly StagedColumn[];
  rescuedKeys: ReadonlySet<string>; // keys without a column
}

/** What a day has that its schema did not say. */
export interface Learned {
  keys?: readonly FoundKey[]; // that neither columns nor `rescuedKeys` had
  found?: ReadonlyMap<string, ReadonlySet<Found>>; // in columns, by key
}

/** What holds for all days of a feed while they are staged. */
export interface StageRules {
  key: Pick<Feed, "key" | "renamed">;
  rangesOf: ReadonlySet<string>; // documented columns whose least and largest values are noted
  onNewColumn: NewColumn;
  onTypeChange: TypeChange;
}

/** The schema of a feed whose days are staged several at a time: each begins with the current one and adds what it learned. */
export interface SharedSchema {
  rules: StageRules;
  current(): StageSchema;
  /** The schema with that, which is the current one from then on. */
  learn(learned: Learned): StageSchema;
  /** Takes over the columns that a staged day has; false when a name would stand for two keys. */
  adopt(columns: readonly StagedColumn[]): boolean;
}

const reserved = ["_file", "_line", "_run", "_rescued", "_versions", "_decided"]; // columns of the kit's own files
const mostColumns = 1000;

/**
 * The columns to stage with: those of the registry, then the others that earlier days brought. These keep the names they
 * had, or with `rename` get those of `namedByDay`.
 */
export function startColumns(
  feed: Feed,
  known: FeedSnapshot | undefined,
  sameRules: boolean,
  rename = false,
): StagedColumn[] {
  const columns: StagedColumn[] = [];
  for (const { name, type, doc } of feed.columns) {
    const before = known?.columns.find((column) => column.key === name && column.documented);
    if (before && sameRules) columns.push(undated(before));
    else
      columns.push({
        name: freeName(name, columns),
        type,
        key: name,
        documented: true,
        ...(/^1 when\b/.test(doc) ? { flag: true as const } : {}),
        firstSeen: null,
        lastSeen: null,
      });
  }
  for (const column of known?.columns ?? []) {
    if (column.documented || columns.some(({ key }) => key === column.key)) continue;
    columns.push({ ...undated(column), name: freeName(rename ? column.key : column.name, columns) });
  }
  return columns;
}

/** Columns, ordered by the day that first brought them, whose name another would have if the days had come in order. */
export function misnamed(columns: readonly StagedColumn[]): StagedColumn[] {
  const before: { name: string }[] = [];
  return columns.filter(({ key, name }) => {
    const right = freeName(key, before);
    before.push({ name: right });
    return right !== name;
  });
}

/** The column with what was found in it, and the type that follows. Itself when nothing of it is new. */
export function withFound(column: StagedColumn, found: ReadonlySet<Found>): StagedColumn {
  const known = new Set(column.found);
  if ([...found].every((kind) => known.has(kind))) return column;
  return typed(column, new Set([...known, ...found]));
}

function typed(column: StagedColumn, found: ReadonlySet<Found>): StagedColumn {
  const { untyped: _, declared: before, found: __, ...rest } = column;
  const sorted = [...found].sort();
  if (!column.documented) {
    const type = foundType(column.key, found);
    return type === null ? { ...rest, type: "VARCHAR", untyped: true } : { ...rest, type, found: sorted };
  }
  const declared = before ?? column.type;
  const type = documentedType(declared, found);
  return {
    ...rest,
    type,
    ...(type === declared ? {} : { declared }),
    ...(sorted.length > 0 ? { found: sorted } : {}),
  };
}

/** The columns with one more for each key. Keys beyond a thousand columns find no room: they are left out. */
export function withKeys(columns: readonly StagedColumn[], found: readonly FoundKey[]): StagedColumn[] {
  const next = [...columns];
  for (const { key, found: kinds } of found) {
    if (next.length >= mostColumns || next.some((column) => column.key === key)) continue;
    const column = { name: freeName(key, next), type: "VARCHAR", key, documented: false };
    next.push(typed({ ...column, firstSeen: null, lastSeen: null }, kinds));
  }
  return next;
}

export function sharedSchema(rules: StageRules, start: StageSchema): SharedSchema {
  let schema = start;
  return {
    rules,
    current: () => schema,
    learn(learned) {
      schema = withLearned(schema, learned, rules);
      return schema;
    },
    adopt(columns) {
      const merged = mergedColumns(schema.columns, columns);
      if (merged === null) return false;
      schema = { ...schema, columns: merged };
      return true;
    },
  };
}

// on_new_column    a key without a column        on_type_change   values of another kind than the column had
// evolve           a column, `_rescued` beyond   widen            its type follows from all of them
//                  a thousand of them            rescue, fail     the same while it has no value yet, else nothing
// rescue           `_rescued`
// freeze           nothing: the day is refused
/** The schema with what a day has learned. The order of days decides no type, only which of two keys gets the plain name. */
export function withLearned(
  { columns, rescuedKeys }: StageSchema,
  { keys = [], found }: Learned,
  { onNewColumn, onTypeChange }: Pick<StageRules, "onNewColumn" | "onTypeChange">,
): StageSchema {
  const next = (onNewColumn === "evolve" ? withKeys(columns, keys) : columns).map((column) => {
    const kinds = onTypeChange === "widen" || column.untyped ? found?.get(column.key) : undefined;
    return kinds ? withFound(column, kinds) : column;
  });
  if (onNewColumn === "freeze" || keys.length === 0) return { columns: next, rescuedKeys };
  const named = new Set(next.map(({ key }) => key));
  const others = keys.map(({ key }) => key).filter((key) => !named.has(key));
  return { columns: next, rescuedKeys: new Set([...rescuedKeys, ...others]) };
}

/** Those of the keys that a schema does not have. Keys that begin with U+0001 are the kit's own. */
export function unknownKeys({ columns, rescuedKeys }: StageSchema, keys: readonly string[]): string[] {
  const known = new Set(columns.map(({ key }) => key));
  return keys.filter((key) => !known.has(key) && !rescuedKeys.has(key) && !key.startsWith("\u0001"));
}

/** Keys that are delivered and have no column, as there are a thousand before them: their values are in _rescued alone. */
export function crowdedOut({ columns, days }: Pick<FeedSnapshot, "columns" | "days">): string[] {
  if (columns.length < mostColumns) return [];
  const names = new Set(columns.flatMap(({ name, key }) => [name, key]));
  const keys = new Set(days.flatMap(({ rescued }) => Object.keys(rescued ?? {})));
  return [...keys].filter((key) => !names.has(key)).sort();
}

/** The same in words. */
export function crowdedText(keys: readonly string[]): string {
  const some = keys.slice(0, 3).join(", ");
  return `${keys.length} ${keys.length === 1 ? "key has" : "keys have"} no column, as there are ${mostColumns} before: ${some}${keys.length > 3 ? ", …" : ""}`;
}

/** The columns of two states of one feed; null when a name would stand for two keys. */
export function mergedColumns(a: readonly StagedColumn[], b: readonly StagedColumn[]): StagedColumn[] | null {
  const merged = [...a];
  for (const column of b) {
    const at = merged.findIndex(({ key }) => key === column.key);
    const same = merged.findIndex(({ name }) => name.toLowerCase() === column.name.toLowerCase());
    if (at !== same) return null;
    if (at === -1) merged.push(undated(column));
    else merged[at] = mergedColumn(merged[at]!, column);
  }
  return merged;
}

/**
 * First and last days, order of columns, and the history of changes. All of it follows from the days alone, and from what
 * the schema documents `said`: a change they announced, up to a day later, is no silent one.
 */
export function history(
  feed: Pick<Feed, "columns" | "key" | "renamed">,
  columns: readonly StagedColumn[],
  layouts: readonly Layout[],
  days: readonly DaySnapshot[],
  onTypeChange: TypeChange,
  said: readonly SchemaChange[] = [],
): { columns: StagedColumn[]; changes: SchemaChange[] } {
  const first = new Map<string, string>();
  const last = new Map<string, string>();
  const settled = columns.map((column) => withType(column, layouts, days, onTypeChange));
  const widen = onTypeChange === "widen";
  const types = new Map(
    widen ? [] : settled.filter(({ untyped }) => !untyped).map(({ name, type }) => [name, type]),
  );
  const sofar = new Map(columns.map((column) => [column.name, typed(column, new Set())]));
  const changes: Unclassed[] = [];
  const documented = new Set(columns.filter((column) => column.documented).map(({ name }) => name));
  let before: Set<string> | null = null;
  for (const day of days) {
    if (day.rows === 0) continue;
    const { dt } = day;
    const layout = layouts[day.layout]!;
    const seen = new Set(layout.seen);
    for (const { name } of widen ? layout.columns : []) {
      const was = types.get(name);
      const to = typeSoFar(sofar, name, own(layout.found, name));
      if (to === null) continue;
      types.set(name, to);
      if (was !== undefined && was !== to)
        changes.push(
          change(dt, name, "type_widened", was, to, `${name} was ${was}, from ${dt} on it is ${to}`),
        );
    }
    for (const name of layout.seen) {
      const type = types.get(name) ?? null;
      if (!first.has(name)) {
        first.set(name, dt);
        const known = documented.has(name);
        const detail = known ? `${name} is delivered from ${dt} on` : `${name} is new`;
        if (before !== null || !known) changes.push(change(dt, name, "new_column", null, type, detail));
      } else if (before && !before.has(name))
        changes.push(change(dt, name, "column_back", null, type, `${name} is back after ${last.get(name)}`));
      last.set(name, dt);
    }
    for (const name of before ?? []) {
      if (!seen.has(name))
        changes.push(
          change(dt, name, "missing_column", types.get(name) ?? null, null, `${name} is no longer delivered`),
        );
    }
    for (const [name, count] of Object.entries(day.rescued ?? {})) {
      const type = types.get(name) ?? null;
      const detail = `${count} ${count === 1 ? "value" : "values"} of ${name} in _rescued${type && type !== "VARCHAR" ? `: no ${type}` : ""}`;
      changes.push(change(dt, name, "values_rescued", type, type, detail));
    }
    before = seen;
  }
  const firstDay = days.find(({ rows }) => rows > 0)?.dt;
  if (firstDay) changes.push(...missingKeys(feed, first, firstDay));
  const classed = changes.map((entry) => {
    const kind = classOf(entry, documented, said);
    const detail =
      entry.change === "new_column" && kind === "silent"
        ? `${entry.detail}: nothing announced it`
        : entry.detail;
    return { ...entry, class: kind, detail };
  });
  return { columns: ordered(settled, first, last), changes: [...classed, ...said].sort(byDay) };
}

type Unclassed = Omit<SchemaChange, "class">;

// in the data                said before, by the registry or a document      class
// new_column                 the column                                      announced, else silent
// missing_column             its removal or deprecation                      deprecation, else breaking
// type_widened               its type                                        announced, else breaking
// column_back                                                                silent
// values_rescued             another kind of type                            announced, else silent
// key_missing                                                                silent
function classOf(
  { dt, column, change: kind }: Unclassed,
  documented: ReadonlySet<string>,
  said: readonly SchemaChange[],
): ChangeClass {
  const saidThat = (...kinds: DocChange[]) =>
    said.some(
      (entry) =>
        entry.column === column && kinds.includes(entry.change as DocChange) && entry.dt <= dayAfter(dt),
    );
  if (kind === "new_column")
    return documented.has(column) || saidThat("column_announced") ? "announced" : "silent";
  if (kind === "missing_column") return saidThat("column_removed", "deprecated") ? "deprecation" : "breaking";
  if (kind === "type_widened") return saidThat("type_announced") ? "announced" : "breaking";
  if (kind === "values_rescued") return saidThat("type_announced") ? "announced" : "silent";
  return "silent";
}

function dayAfter(dt: string): string {
  return new Date(Date.parse(dt) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
}

// By what the days have brought up to one of them. Null: nothing but nulls.
function typeSoFar(
  sofar: Map<string, StagedColumn>,
  name: string,
  found: readonly Found[] | undefined,
): string | null {
  const before = sofar.get(name);
  if (before === undefined) return null;
  const column = withFound(before, new Set(found));
  sofar.set(name, column);
  return column.untyped ? null : column.type;
}

// widen: what all days that are here have brought decides. rescue: of a column that nothing documents what the earliest of
// them with a value has. fail: what came first, since days that do not fit it are not here.
function withType(
  column: StagedColumn,
  layouts: readonly Layout[],
  days: readonly DaySnapshot[],
  onTypeChange: TypeChange,
): StagedColumn {
  if (onTypeChange === "widen")
    return typed(column, new Set(layouts.flatMap(({ found }) => own(found, column.name) ?? [])));
  if (onTypeChange === "fail" || column.documented) return column;
  const brought = days.map(({ layout }) => own(layouts[layout]!.found, column.name) ?? []);
  return typed(column, new Set(brought.find((found) => found.length > 0)));
}

function missingKeys(
  feed: Pick<Feed, "key" | "renamed">,
  first: ReadonlyMap<string, string>,
  dt: string,
): Unclassed[] {
  return feed.key
    .filter((name) => !first.has(name))
    .map((name) => {
      const names = [
        own(feed.renamed, name),
        ...Object.keys(feed.renamed).filter((old) => own(feed.renamed, old) === name),
      ];
      const other = names.find((each) => each !== undefined && first.has(each));
      const instead = other ? `${other} takes its place` : "it is left out of the key";
      return change(
        dt,
        name,
        "key_missing",
        null,
        null,
        `the key column ${name} has never been delivered: ${instead}`,
      );
    });
}

function ordered(
  columns: readonly StagedColumn[],
  first: ReadonlyMap<string, string>,
  last: ReadonlyMap<string, string>,
): StagedColumn[] {
  const dated = columns
    .map((column) => ({
      ...column,
      firstSeen: first.get(column.name) ?? null,
      lastSeen: last.get(column.name) ?? null,
    }))
    .filter(({ documented, firstSeen }) => documented || firstSeen !== null);
  const found = dated
    .filter(({ documented }) => !documented)
    .sort((a, b) => compare(a.firstSeen ?? "", b.firstSeen ?? "") || compare(a.key, b.key));
  return [...dated.filter(({ documented }) => documented), ...found];
}

function undated(column: StagedColumn): StagedColumn {
  return { ...column, firstSeen: null, lastSeen: null };
}

function mergedColumn(a: StagedColumn, b: StagedColumn): StagedColumn {
  return withFound(a, new Set(b.found));
}

// DuckDB's names know no case and SQL text no NUL: what would clash gets a number, as DuckDB itself does it.
function freeName(key: string, columns: readonly { name: string }[]): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  const base = key.replace(/[\u0000-\u001f]/g, "_") || "_";
  const taken = new Set([...reserved, ...columns.map(({ name }) => name)].map((name) => name.toLowerCase()));
  let name = base;
  for (let n = 1; taken.has(name.toLowerCase()); n += 1) name = `${base}_${n}`;
  return name;
}

function change(
  dt: string,
  column: string,
  kind: DataChange,
  from: string | null,
  to: string | null,
  detail: string,
): Unclassed {
  return { dt, column, change: kind, from, to, detail };
}

function byDay(a: SchemaChange, b: SchemaChange): number {
  return compare(a.dt, b.dt) || compare(a.column, b.column) || compare(a.change, b.change);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
