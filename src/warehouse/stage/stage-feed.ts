import type { SchemaChange } from "../schema/schema-change.ts";
import type { StagedDay } from "../snapshot/detail.ts";
import type { DaySnapshot, FeedSnapshot, Layout } from "../snapshot/snapshot.ts";
import { crowdedOut, crowdedText } from "./columns.ts";
import { history } from "./schema-history.ts";
import type { FeedJob } from "./stage-plan.ts";

/** Notes a staged day among those of its feed. */
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

/** What a feed came to. */
export interface FeedResult {
  snapshot: FeedSnapshot | null; // null: no day of it is left
  staged: ReadonlySet<string>; // dt of the days staged anew, without those refused
  refused: { dt: string; reason: string }[]; // staged, and given up
  warnings: string[];
  changes: SchemaChange[]; // those not known before
}

/**
 * The next state of a feed. `staged`: days staged anew; `said`: changes of its schema that documents announce; `partly`:
 * there are days that were not looked at, or could not be staged. Pure.
 */
export function feedResult(
  job: FeedJob,
  staged: ReadonlySet<string>,
  said: readonly SchemaChange[] | undefined,
  partly: boolean,
): FeedResult {
  const { feed, before, policy } = job;
  const { days: left, refused, warnings } = withoutMissing(job, staged);
  const kept = new Set([...staged].filter((dt) => !refused.some((day) => day.dt === dt)));
  if (left.length === 0) return { snapshot: null, staged: kept, refused, warnings, changes: [] };
  const { days, layouts } = usedLayouts(job.layouts, left);
  const { columns, changes } = history(feed, job.schema.current().columns, layouts, days, policy.onTypeChange, said);
  const crowded = crowdedOut({ columns, days });
  if (crowded.length > 0 && kept.size > 0)
    warnings.push(`${feed.name}: ${crowdedText(crowded)}; their values are in _rescued`);
  const rules = partly || refused.length > 0 ? before.rules : job.rules;
  const snapshot = { ...before, rules, columns, layouts, days, changes };
  return { snapshot, staged: kept, refused, warnings, changes: newChanges(before.changes, changes) };
}

/** Those changes of a feed that were not known before. */
export function newChanges(before: readonly SchemaChange[], after: readonly SchemaChange[]): SchemaChange[] {
  const known = new Set(before.map(changeKey));
  return after.filter((change) => !known.has(changeKey(change)));
}

// A document that comes later may tell more about a change: it is the same change.
function changeKey({ dt, column, change, to }: SchemaChange): string {
  return JSON.stringify([dt, column, change, to]);
}

// a staged day lacks a column of the day before       on_missing_column
// taken as it is                                      null
// taken as it is, with a warning                      warn
// refused: what was there of it before stays          fail
/** The days in their order, and those that were staged and lack a column that the day before them had. */
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
    const seen = new Set(layouts[day.layout]!.seen);
    const missing = last ? layouts[last.layout]!.seen.filter((name) => !seen.has(name)) : [];
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
  const used = [...new Set(days.map(({ layout }) => layout))];
  return {
    layouts: used.map((index) => layouts[index]!),
    days: days.map((day) => ({ ...day, layout: used.indexOf(day.layout) })),
  };
}
