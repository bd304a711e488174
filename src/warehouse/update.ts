import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Config, policyOf } from "../config/config.ts";
import type { Project } from "../config/project.ts";
import { docsName } from "../export/layout.ts";
import { withFacts } from "./catalog/facts.ts";
import { type CurrentOptions, type FeedUpdate, updateCurrent } from "./current/current.ts";
import { damagedDays } from "./current/damaged.ts";
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
  feeds: FeedUpdate[]; // those whose current layer was looked at
  snapshot: Snapshot; // as it is now stored
}

/**
 * Brings staged/ and current/ up to the manifests, then makes both the state that readers see, at once. For the holder of
 * the lock. Without news it reads the manifests' names and writes nothing.
 */
export async function updateWarehouse(project: Project, options: UpdateOptions = {}): Promise<UpdateReport> {
  const now = options.now ?? new Date();
  const before = formerSnapshot(project.data);
  const { staged, current, report } = await stageAndRank(project, before, options);
  const { updates } = current;
  const facts = await withFacts(project, current.snapshot, now);
  const failed = [...report.failed, ...current.failed, ...facts.failed, ...unreadDocs(staged, before)];
  const told = { ...report, failed, feeds: updates };
  const troubles = [...untried(before.troubles ?? [], options), ...failed];
  const saved = saveSnapshot(project.data, before, { ...facts.snapshot, troubles }, now);
  const news = report.changed.length + updates.length > 0;
  if (!news && saved.superseded.length === 0) return { ...told, snapshot: saved };
  const swept = sweep(project.data, saved, now);
  return { ...told, snapshot: saveSnapshot(project.data, saved, swept, now) };
}

interface Ranked {
  staged: Snapshot;
  current: Awaited<ReturnType<typeof updateCurrent>>;
  report: Omit<StageReport, "snapshot">;
}

/** Where a feed cannot be ranked for staged files that are damaged, these are staged again, and it is ranked again. */
async function stageAndRank(project: Project, before: Snapshot, options: UpdateOptions): Promise<Ranked> {
  const { snapshot: staged, ...report } = await stageAlike(project, before, options);
  const current = await updateCurrent(project, before, staged, options);
  const days = await damagedDays(
    project.data,
    current.failed.flatMap(({ feed }) => (staged.feeds[feed] ? [[feed, staged.feeds[feed]] as const] : [])),
  );
  if (days.length === 0) return { staged, current, report };
  const { snapshot: mended, ...again } = await stage(project, {
    ...options,
    from: staged,
    days,
    force: true,
  });
  const merged = {
    changed: [...report.changed, ...again.changed],
    days: [...report.days, ...again.days],
    failed: [...report.failed, ...again.failed],
    warnings: [...report.warnings, ...again.warnings],
    changes: [...report.changes, ...again.changes],
  };
  return { staged: mended, current: await updateCurrent(project, before, mended, options), report: merged };
}

// A document is a new trouble once, in the update that met it.
function unreadDocs({ docs }: Snapshot, before: Snapshot): Trouble[] {
  const known = new Set(before.docs?.unread?.map(({ path }) => path));
  return (docs?.unread ?? [])
    .filter(({ path }) => !known.has(path))
    .map(({ path, reason }) => ({ feed: docsName, dt: "", reason: `docs/${path}: ${reason}` }));
}

/** Troubles of days that an update of some days did not look at. */
function untried(troubles: readonly Trouble[], { days }: UpdateOptions): Trouble[] {
  if (days === undefined) return [];
  const looked = new Set(days.map(({ feed, dt }) => `${feed} ${dt}`));
  return troubles.filter(({ feed, dt }) => dt !== "" && !looked.has(`${feed} ${dt}`));
}

/** Whether a manifest or a schema document was written after the warehouse was last brought up to date. */
export function updateDue({ data }: Pick<Project, "data">): boolean {
  const time = (path: string) => statSync(join(data, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const manifest = join(data, "manifest");
  const feeds = existsSync(manifest) ? readdirSync(manifest) : [];
  const newest = Math.max(0, time("docs/manifest.json"), ...feeds.map((feed) => time(`manifest/${feed}`)));
  return newest > time(snapshotName);
}

/**
 * Stages what there is, and again those days that a later one shows to be read otherwise. A feed of which such a day cannot
 * be read again stays as it was.
 */
async function stageAlike(project: Project, before: Snapshot, options: UpdateOptions): Promise<StageReport> {
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
  const once = new Set(again.changed.map(({ feed, dt }) => `${feed} ${dt}`));
  const left = <T extends { feed: string; dt: string }>(list: T[]) =>
    list.filter(({ feed, dt }) => !once.has(`${feed} ${dt}`));
  const anew = [...names].flatMap((feed) =>
    newChanges(before.feeds[feed]?.changes ?? [], feeds[feed]?.changes ?? []).map((change) => ({
      feed,
      ...change,
    })),
  );
  return {
    ...again,
    changed: [...left(first.changed), ...again.changed],
    days: [...left(first.days), ...again.days],
    failed: [...first.failed, ...again.failed],
    warnings: [...first.warnings, ...again.warnings],
    changes: [...first.changes.filter(({ feed }) => !names.has(feed)), ...anew],
  };
}

/**
 * Days that were read when a column had another name or type than it has by now. Cast to text, their values would not be
 * spelled as they were delivered, and the rows would depend on which day came first: they are read again.
 */
function respelledDays(config: Config, { feeds }: Snapshot): { feed: string; dt: string }[] {
  return Object.entries(feeds).flatMap(([feed, { columns, layouts, days }]) => {
    const types = new Map(columns.map(({ name, type }) => [name, type]));
    const names = new Set(misnamed(columns).map(({ name }) => name));
    const keep = policyOf(config, feed).onTypeChange === "rescue"; // a narrower type rescues other values
    const alike = (from: string, to: string) => (keep ? from === to : castsExactly(from, to));
    const other = layouts.map(
      (layout) =>
        new Set(
          layout.columns
            .filter(({ name, type }) => (types.get(name) ?? type) !== type || names.has(name))
            .map(({ name }) => name),
        ),
    );
    const old = layouts.map(
      (layout) =>
        layout.seen.some((name) => names.has(name)) ||
        layout.columns.some(({ name, type }) => names.has(name) || !alike(type, types.get(name) ?? type)),
    );
    return days
      .filter(
        ({ rows, layout, rescued }) =>
          rows > 0 && (old[layout] || Object.keys(rescued ?? {}).some((name) => other[layout]!.has(name))),
      )
      .map(({ dt }) => ({ feed, dt }));
  });
}
