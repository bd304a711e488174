import { daysLater } from "../../../notebooks/components/metrics/time-zone.ts";
import { own } from "../../base/names.ts";
import type { TypeChange } from "../../config/config.ts";
import type { Feed } from "../../export/feed.ts";
import type { ChangeClass, DataChange, DocChange, SchemaChange } from "../schema/schema-change.ts";
import type { Found } from "../schema/typing.ts";
import { type DaySnapshot, type Layout, layoutOf, type StagedColumn } from "../snapshot/snapshot.ts";
import { typed, withFound } from "./columns.ts";

/**
 * First and last days, column order and the history of schema changes. They follow from the days alone and from `announced`,
 * the changes in schema documents: a change announced at most a day later is not silent.
 */
export function history(
  feed: Pick<Feed, "columns" | "key" | "renamed">,
  columns: readonly StagedColumn[],
  layouts: readonly Layout[],
  days: readonly DaySnapshot[],
  onTypeChange: TypeChange,
  announced: readonly SchemaChange[] = [],
): { columns: StagedColumn[]; changes: SchemaChange[] } {
  const first = new Map<string, string>();
  const last = new Map<string, string>();
  const settled = columns.map((column) => withType(column, layouts, days, onTypeChange));
  const widen = onTypeChange === "widen";
  const types = new Map(widen ? [] : settled.filter(({ untyped }) => !untyped).map(({ name, type }) => [name, type]));
  const sofar = new Map(columns.map((column) => [column.name, typed(column, new Set())]));
  const changes: Unclassed[] = [];
  const documented = new Set(columns.filter((column) => column.documented).map(({ name }) => name));
  let before: Set<string> | null = null;
  for (const day of days) {
    if (day.rows === 0) continue;
    const { dt } = day;
    const layout = layoutOf(layouts, day);
    const seen = new Set(layout.seen);
    for (const { name } of widen ? layout.columns : []) {
      const was = types.get(name);
      const to = typeSoFar(sofar, name, own(layout.found, name));
      if (to === null) continue;
      types.set(name, to);
      if (was !== undefined && was !== to)
        changes.push(change(dt, name, "type_widened", was, to, `${name} was ${was}, from ${dt} on it is ${to}`));
    }
    for (const name of layout.seen) {
      const type = types.get(name) ?? null;
      if (!first.has(name)) {
        first.set(name, dt);
        const isDocumented = documented.has(name);
        const detail = isDocumented ? `${name} is delivered from ${dt} on` : `${name} is new`;
        if (before !== null || !isDocumented) changes.push(change(dt, name, "new_column", null, type, detail));
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
    const kind = classOf(entry, documented, announced);
    const detail =
      entry.change === "new_column" && kind === "silent" ? `${entry.detail}: nothing announced it` : entry.detail;
    return { ...entry, class: kind, detail };
  });
  return { columns: ordered(settled, first, last), changes: [...classed, ...announced].sort(byDay) };
}

type Unclassed = Omit<SchemaChange, "class">;

// in the data                announced by the registry or a document         class
// new_column                 the column                                      announced, else silent
// missing_column             its removal or deprecation                      deprecation, else breaking
// type_widened               its type                                        announced, else breaking
// column_back                                                                silent
// values_rescued             another kind of type                            announced, else silent
// key_missing                                                                silent
function classOf(
  { dt, column, change: kind }: Unclassed,
  documented: ReadonlySet<string>,
  announced: readonly SchemaChange[],
): ChangeClass {
  const isAnnounced = (...kinds: DocChange[]) =>
    announced.some(
      (entry) => entry.column === column && kinds.includes(entry.change as DocChange) && entry.dt <= daysLater(dt, 1),
    );
  if (kind === "new_column") return documented.has(column) || isAnnounced("column_announced") ? "announced" : "silent";
  if (kind === "missing_column") return isAnnounced("column_removed", "deprecated") ? "deprecation" : "breaking";
  if (kind === "type_widened") return isAnnounced("type_announced") ? "announced" : "breaking";
  if (kind === "values_rescued") return isAnnounced("type_announced") ? "announced" : "silent";
  return "silent";
}

// The type by the values of the days so far; null if all are null.
function typeSoFar(sofar: Map<string, StagedColumn>, name: string, found: readonly Found[] | undefined): string | null {
  const before = sofar.get(name);
  if (before === undefined) return null;
  const column = withFound(before, new Set(found));
  sofar.set(name, column);
  return column.untyped ? null : column.type;
}

// widen: the values of all present days decide. rescue: for an undocumented column, those of the earliest day with a value.
// fail: the first values, since days that do not fit them are refused.
function withType(
  column: StagedColumn,
  layouts: readonly Layout[],
  days: readonly DaySnapshot[],
  onTypeChange: TypeChange,
): StagedColumn {
  if (onTypeChange === "widen")
    return typed(column, new Set(layouts.flatMap(({ found }) => own(found, column.name) ?? [])));
  if (onTypeChange === "fail" || column.documented) return column;
  const kindsByDay = days.map((day) => own(layoutOf(layouts, day).found, column.name) ?? []);
  return typed(column, new Set(kindsByDay.find((kinds) => kinds.length > 0)));
}

function missingKeys(feed: Pick<Feed, "key" | "renamed">, first: ReadonlyMap<string, string>, dt: string): Unclassed[] {
  return feed.key
    .filter((name) => !first.has(name))
    .map((name) => {
      const names = [
        own(feed.renamed, name),
        ...Object.keys(feed.renamed).filter((old) => own(feed.renamed, old) === name),
      ];
      const other = names.find((each) => each !== undefined && first.has(each));
      const instead = other ? `${other} takes its place` : "it is left out of the key";
      return change(dt, name, "key_missing", null, null, `the key column ${name} has never been delivered: ${instead}`);
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
  const others = dated
    .filter(({ documented }) => !documented)
    .sort((a, b) => compare(a.firstSeen ?? "", b.firstSeen ?? "") || compare(a.key, b.key));
  return [...dated.filter(({ documented }) => documented), ...others];
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
