import type { Feed } from "../../export/feed.ts";
import { documentedType, type Found, foundType } from "../schema/typing.ts";
import type { FeedSnapshot, StagedColumn } from "../snapshot/snapshot.ts";

/** A key without a column yet, and the kinds of its values. */
export interface FoundKey {
  key: string;
  found: ReadonlySet<Found>;
}

const reserved = ["_file", "_line", "_run", "_rescued", "_versions", "_decided"]; // columns that the kit adds
const mostColumns = 1000;

/**
 * The columns to stage with: the registry's, then others from earlier days. These keep their names or, with `rename`, get
 * those they would have if the days had arrived in order.
 */
export function startColumns(
  feed: Feed,
  former: FeedSnapshot | undefined,
  sameRules: boolean,
  rename = false,
): StagedColumn[] {
  const columns: StagedColumn[] = [];
  for (const { name, type, doc } of feed.columns) {
    const before = former?.columns.find((column) => column.key === name && column.documented);
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
  for (const column of former?.columns ?? []) {
    if (column.documented || columns.some(({ key }) => key === column.key)) continue;
    columns.push({ ...undated(column), name: freeName(rename ? column.key : column.name, columns) });
  }
  return columns;
}

/** Columns whose name would differ if the days had arrived in order. `columns` is ordered by first day. */
export function misnamed(columns: readonly StagedColumn[]): StagedColumn[] {
  const before: { name: string }[] = [];
  return columns.filter(({ key, name }) => {
    const right = freeName(key, before);
    before.push({ name: right });
    return right !== name;
  });
}

/** The column with these kinds of values and the type that follows; the same object when no kind is new. */
export function withFound(column: StagedColumn, found: ReadonlySet<Found>): StagedColumn {
  const before = new Set(column.found);
  if ([...found].every((kind) => before.has(kind))) return column;
  return typed(column, new Set([...before, ...found]));
}

/** The column with the type that follows from the kinds of its values. */
export function typed(column: StagedColumn, found: ReadonlySet<Found>): StagedColumn {
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

/** The columns with one more for each key, up to a thousand; further keys are left out. */
export function withKeys(columns: readonly StagedColumn[], found: readonly FoundKey[]): StagedColumn[] {
  const next = [...columns];
  for (const { key, found: kinds } of found) {
    if (next.length >= mostColumns || next.some((column) => column.key === key)) continue;
    const column = { name: freeName(key, next), type: "VARCHAR", key, documented: false };
    next.push(typed({ ...column, firstSeen: null, lastSeen: null }, kinds));
  }
  return next;
}

/** Delivered keys without a column, as the feed has a thousand: their values are in _rescued only. */
export function crowdedOut({ columns, days }: Pick<FeedSnapshot, "columns" | "days">): string[] {
  if (columns.length < mostColumns) return [];
  const names = new Set(columns.flatMap(({ name, key }) => [name, key]));
  const keys = new Set(days.flatMap(({ rescued }) => Object.keys(rescued ?? {})));
  return [...keys].filter((key) => !names.has(key)).sort();
}

/** `3 keys have no column, as the feed has 1000 already: a, b, c`. */
export function crowdedText(keys: readonly string[]): string {
  const some = keys.slice(0, 3).join(", ");
  return `${keys.length} ${keys.length === 1 ? "key has" : "keys have"} no column, as the feed has ${mostColumns} already: ${some}${keys.length > 3 ? ", …" : ""}`;
}

/** The columns of two states of a feed; null when a name would stand for two keys. */
export function mergedColumns(a: readonly StagedColumn[], b: readonly StagedColumn[]): StagedColumn[] | null {
  const merged = [...a];
  for (const column of b) {
    const at = merged.findIndex(({ key }) => key === column.key);
    const same = merged.findIndex(({ name }) => name.toLowerCase() === column.name.toLowerCase());
    if (at !== same) return null;
    const before = merged[at];
    if (before === undefined) merged.push(undated(column));
    else merged[at] = withFound(before, new Set(column.found));
  }
  return merged;
}

function undated(column: StagedColumn): StagedColumn {
  return { ...column, firstSeen: null, lastSeen: null };
}

// DuckDB names are case-insensitive, and SQL text cannot hold NUL. A clashing name gets a number, as in DuckDB.
function freeName(key: string, columns: readonly { name: string }[]): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are replaced
  const base = key.replace(/[\u0000-\u001f]/g, "_") || "_";
  const taken = new Set([...reserved, ...columns.map(({ name }) => name)].map((name) => name.toLowerCase()));
  let name = base;
  for (let n = 1; taken.has(name.toLowerCase()); n += 1) name = `${base}_${n}`;
  return name;
}
