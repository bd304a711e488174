import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Config, policyOf } from "../config/config.ts";
import type { Project } from "../config/project.ts";
import { docsName } from "../export/layout.ts";
import { withFacts } from "./catalog/facts.ts";
import { type CurrentOptions, type FeedUpdate, updateCurrent } from "./current/current.ts";
import { damagedDays } from "./current/damaged.ts";
import { withReplaced } from "./past/replaced.ts";
import { castsExactly } from "./schema/typing.ts";
import { formerSnapshot, type Snapshot, saveSnapshot, snapshotName, sweep } from "./snapshot/snapshot.ts";
import type { Trouble } from "./snapshot/trouble.ts";
import { misnamed } from "./stage/columns.ts";
import { type StageOptions, type StageReport, stage } from "./stage/stage.ts";
import { newChanges } from "./stage/stage-feed.ts";

export interface UpdateOptions extends StageOptions, CurrentOptions {
  now?: Date;
}

export interface UpdateReport extends Omit<StageReport, "snapshot"> {
  feeds: FeedUpdate[]; // of feeds whose current layer was updated
  snapshot: Snapshot; // as now stored
}

/**
 * Brings staged/ and current/ up to date with the manifests, then makes both visible to readers at once. The caller holds the
 * lock. Without changes it reads only the names of manifests and writes nothing.
 */
export async function updateWarehouse(project: Project, options: UpdateOptions = {}): Promise<UpdateReport> {
  const now = options.now ?? new Date();
  const before = formerSnapshot(project.data);
  const { staged, current, report } = await stageAndRank(project, before, options);
  const { updates } = current;
  const facts = await withFacts(project, current.snapshot, now);
  const kept = await withReplaced(project, before, facts.snapshot, now);
  const failed = [...report.failed, ...current.failed, ...facts.failed, ...unreadDocs(staged, before)];
  const summary = { ...report, failed, feeds: updates };
  const troubles = [...untriedTroubles(before.troubles ?? [], options), ...failed];
  const saved = saveSnapshot(project.data, before, { ...kept, troubles }, now);
  const changed = report.changed.length + updates.length > 0;
  if (!changed && saved.superseded.length === 0) return { ...summary, snapshot: saved };
  const swept = sweep(project.data, saved, now);
  return { ...summary, snapshot: saveSnapshot(project.data, saved, swept, now) };
}

interface Ranked {
  staged: Snapshot;
  current: Awaited<ReturnType<typeof updateCurrent>>;
  report: Omit<StageReport, "snapshot">;
}

/** Stages and ranks. If a feed cannot be ranked because staged files are damaged, stages those days again and ranks again. */
async function stageAndRank(project: Project, before: Snapshot, options: UpdateOptions): Promise<Ranked> {
  const { snapshot: staged, ...report } = await stageConsistently(project, before, options);
  const current = await updateCurrent(project, before, staged, options);
  const days = await damagedDays(
    project.data,
    current.failed.flatMap(({ feed }) => (staged.feeds[feed] ? [[feed, staged.feeds[feed]] as const] : [])),
  );
  if (days.length === 0) return { staged, current, report };
  const { snapshot: repaired, ...repair } = await stage(project, {
    ...options,
    from: staged,
    days,
    force: true,
  });
  const merged = {
    changed: [...report.changed, ...repair.changed],
    days: [...report.days, ...repair.days],
    failed: [...report.failed, ...repair.failed],
    warnings: [...report.warnings, ...repair.warnings],
    changes: [...report.changes, ...repair.changes],
  };
  return {
    staged: repaired,
    current: await updateCurrent(project, before, repaired, options),
    report: merged,
  };
}

// An unreadable document is reported once, by the update that first met it.
function unreadDocs({ docs }: Snapshot, before: Snapshot): Trouble[] {
  const unreadBefore = new Set(before.docs?.unread?.map(({ path }) => path));
  return (docs?.unread ?? [])
    .filter(({ path }) => !unreadBefore.has(path))
    .map(({ path, reason }) => ({ feed: docsName, dt: "", reason: `docs/${path}: ${reason}` }));
}

/** Troubles of days outside an update that was limited to some days. */
function untriedTroubles(troubles: readonly Trouble[], { days }: UpdateOptions): Trouble[] {
  if (days === undefined) return [];
  const triedDays = new Set(days.map(({ feed, dt }) => `${feed} ${dt}`));
  return troubles.filter(({ feed, dt }) => dt !== "" && !triedDays.has(`${feed} ${dt}`));
}

/** True when a manifest or a schema document is newer than the last update of the warehouse. */
export function updateDue({ data }: Pick<Project, "data">): boolean {
  const time = (path: string) => statSync(join(data, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const manifest = join(data, "manifest");
  const feeds = existsSync(manifest) ? readdirSync(manifest) : [];
  const newest = Math.max(0, time("docs/manifest.json"), ...feeds.map((feed) => time(`manifest/${feed}`)));
  return newest > time(snapshotName);
}

/**
 * Stages all changes, and again the days that were read with names or types that a later day changed. A feed keeps its former
 * state if such a day cannot be read again.
 */
async function stageConsistently(project: Project, before: Snapshot, options: UpdateOptions): Promise<StageReport> {
  const first = await stage(project, { ...options, from: before });
  const days = respelledDays(project.config, first.snapshot);
  if (days.length === 0) return first;
  const again = await stage(project, { ...options, from: first.snapshot, days, force: true, rename: true });
  const { feeds } = again.snapshot;
  for (const { feed } of again.failed) {
    if (before.feeds[feed]) feeds[feed] = before.feeds[feed];
    else delete feeds[feed];
  }
  const names = new Set(days.map(({ feed }) => feed));
  const restaged = new Set(again.changed.map(({ feed, dt }) => `${feed} ${dt}`));
  const notRestaged = <T extends { feed: string; dt: string }>(list: T[]) =>
    list.filter(({ feed, dt }) => !restaged.has(`${feed} ${dt}`));
  const newest = [...names].flatMap((feed) =>
    newChanges(before.feeds[feed]?.changes ?? [], feeds[feed]?.changes ?? []).map((change) => ({
      feed,
      ...change,
    })),
  );
  return {
    ...again,
    changed: [...notRestaged(first.changed), ...again.changed],
    days: [...notRestaged(first.days), ...again.days],
    failed: [...first.failed, ...again.failed],
    warnings: [...first.warnings, ...again.warnings],
    changes: [...first.changes.filter(({ feed }) => !names.has(feed)), ...newest],
  };
}

/**
 * Days that were read while a column had another name or type than now. They are read again: cast to text, their values
 * would lose the delivered spelling, and rows would depend on which day came first.
 */
function respelledDays(config: Config, { feeds }: Snapshot): { feed: string; dt: string }[] {
  return Object.entries(feeds).flatMap(([feed, { columns, layouts, days }]) => {
    const types = new Map(columns.map(({ name, type }) => [name, type]));
    const names = new Set(misnamed(columns).map(({ name }) => name));
    const keep = policyOf(config, feed).onTypeChange === "rescue"; // a narrower type rescues other values
    const readsAlike = (from: string, to: string) => (keep ? from === to : castsExactly(from, to));
    const otherTypes = layouts.map(
      (layout) =>
        new Set(
          layout.columns
            .filter(({ name, type }) => (types.get(name) ?? type) !== type || names.has(name))
            .map(({ name }) => name),
        ),
    );
    const outdated = layouts.map(
      (layout) =>
        layout.seen.some((name) => names.has(name)) ||
        layout.columns.some(({ name, type }) => names.has(name) || !readsAlike(type, types.get(name) ?? type)),
    );
    return days
      .filter(
        ({ rows, layout, rescued }) =>
          rows > 0 && (outdated[layout] || Object.keys(rescued ?? {}).some((name) => otherTypes[layout]?.has(name))),
      )
      .map(({ dt }) => ({ feed, dt }));
  });
}
