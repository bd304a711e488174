import type { SchemaChange } from "../schema/schema-change.ts";
import type { StagedDay } from "../snapshot/detail.ts";
import { type DaySnapshot, type FeedSnapshot, type Layout, layoutOf } from "../snapshot/snapshot.ts";
import { crowdedOut, crowdedText } from "./columns.ts";
import { history } from "./schema-history.ts";
import type { FeedJob } from "./stage-plan.ts";

/** Records a staged day in its feed. */
export function recordDay(job: FeedJob, { dt, stamp, source }: FeedJob["tasks"][number], day: StagedDay): void {
  const { staged, detail, quarantine, summary } = day;
  const before = job.days.get(dt);
  job.days.set(dt, {
    dt,
    stamp,
    source,
    staged,
    detail,
    quarantine,
    current: before?.current ?? null,
    rows: summary.rows,
    quarantined: summary.quarantined,
    currentRows: before?.currentRows ?? 0,
    layout: layoutIndex(job.layouts, {
      columns: summary.columns.filter(({ untyped }) => !untyped).map(({ name, type }) => ({ name, type })),
      seen: summary.seen,
      found: summary.found,
    }),
    ...(summary.ranges ? { ranges: summary.ranges } : {}),
    ...(Object.keys(summary.rescued).length > 0 ? { rescued: summary.rescued } : {}),
    ...(summary.unfit ? { unfit: summary.unfit } : {}),
    ...(summary.spelled ? { spelled: summary.spelled } : {}),
    ...(summary.keyless ? { keyless: summary.keyless } : {}),
    ...(before?.dedupe ? { dedupe: before.dedupe } : {}),
  });
}

function layoutIndex(layouts: Layout[], layout: Layout): number {
  const text = JSON.stringify(layout);
  const index = layouts.findIndex((other) => JSON.stringify(other) === text);
  return index === -1 ? layouts.push(layout) - 1 : index;
}

/** The result of staging a feed. */
export interface FeedResult {
  snapshot: FeedSnapshot | null; // null: no day of it is left
  staged: ReadonlySet<string>; // dt of newly staged days, without refused ones
  refused: { dt: string; reason: string }[]; // staged, then refused
  warnings: string[];
  changes: SchemaChange[]; // new ones
}

/**
 * The next state of a feed. `staged`: newly staged days; `announced`: schema changes in documents; `partly`: some days were
 * skipped or could not be staged. Pure.
 */
export function feedResult(
  job: FeedJob,
  staged: ReadonlySet<string>,
  announced: readonly SchemaChange[] | undefined,
  partly: boolean,
): FeedResult {
  const { feed, before, policy } = job;
  const { days: left, refused, warnings } = withoutMissing(job, staged);
  const kept = new Set([...staged].filter((dt) => !refused.some((day) => day.dt === dt)));
  if (left.length === 0) return { snapshot: null, staged: kept, refused, warnings, changes: [] };
  const { days, layouts } = usedLayouts(job.layouts, left);
  const { columns, changes } = history(
    feed,
    job.schema.current().columns,
    layouts,
    days,
    policy.onTypeChange,
    announced,
  );
  const crowded = crowdedOut({ columns, days });
  if (crowded.length > 0 && kept.size > 0)
    warnings.push(`${feed.name}: ${crowdedText(crowded)}; their values are in _rescued`);
  const rules = partly || refused.length > 0 ? before.rules : job.rules;
  const snapshot = { ...before, rules, columns, layouts, days, changes };
  return { snapshot, staged: kept, refused, warnings, changes: newChanges(before.changes, changes) };
}

/** The changes in `after` that `before` lacks. */
export function newChanges(before: readonly SchemaChange[], after: readonly SchemaChange[]): SchemaChange[] {
  const known = new Set(before.map(changeKey));
  return after.filter((change) => !known.has(changeKey(change)));
}

// A later document may say more about the same change.
function changeKey({ dt, column, change, to }: SchemaChange): string {
  return JSON.stringify([dt, column, change, to]);
}

// a staged day lacks a column of the day before       on_missing_column
// accepted                                            null
// accepted, with a warning                            warn
// refused: its former state stays                     fail
/** The days in order; those staged without a column of the day before are refused or warned about. */
function withoutMissing(
  { feed, policy, before, days, layouts }: FeedJob,
  staged: ReadonlySet<string>,
): { days: DaySnapshot[]; refused: FeedResult["refused"]; warnings: string[] } {
  const warnings: string[] = [];
  const refused: FeedResult["refused"] = [];
  const all = [...days.values()].sort((a, b) => (a.dt < b.dt ? -1 : 1));
  if (policy.onMissingColumn === "null") return { days: all, refused, warnings };
  const earlier = new Map(before.days.map((day) => [day.dt, day]));
  let last: DaySnapshot | undefined;
  const left = all.flatMap((day) => {
    if (day.rows === 0) return [day];
    const { dt } = day;
    const seen = new Set(layoutOf(layouts, day).seen);
    const missing = last ? layoutOf(layouts, last).seen.filter((name) => !seen.has(name)) : [];
    const reason = `${missing.join(", ")} no longer delivered`;
    const refuses = missing.length > 0 && staged.has(dt) && policy.onMissingColumn === "fail";
    if (refuses) {
      refused.push({ dt, reason: `${reason}, and on_missing_column is fail` });
      return earlier.get(dt) ?? [];
    }
    if (missing.length > 0 && staged.has(dt)) warnings.push(`${feed.name} ${dt}: ${reason}`);
    last = day;
    return [day];
  });
  return { days: left, refused, warnings };
}

function usedLayouts(layouts: Layout[], days: DaySnapshot[]): { layouts: Layout[]; days: DaySnapshot[] } {
  const used = [...new Set(days.map((day) => layoutOf(layouts, day)))];
  return {
    layouts: used,
    days: days.map((day) => ({ ...day, layout: used.indexOf(layoutOf(layouts, day)) })),
  };
}
