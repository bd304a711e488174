import type { Project } from "../project.ts";
import { type CurrentOptions, type FeedUpdate, updateCurrent } from "./current.ts";
import { withFacts } from "./facts.ts";
import { loadSnapshot, type Snapshot, saveSnapshot, sweep } from "./snapshot.ts";
import { type StageOptions, type StageReport, stage } from "./stage.ts";

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
  const report = await updateOnce(project, options);
  const respelled = respelledDays(report.snapshot);
  if (respelled.length === 0) return report;
  const again = await updateOnce(project, { ...options, days: respelled, force: true });
  return {
    ...again,
    changed: [...report.changed, ...again.changed],
    days: [...report.days, ...again.days],
    failed: [...report.failed, ...again.failed],
    warnings: [...report.warnings, ...again.warnings],
    changes: [...report.changes, ...again.changes],
    feeds: [...report.feeds, ...again.feeds],
  };
}

async function updateOnce(project: Project, options: UpdateOptions): Promise<UpdateReport> {
  const now = options.now ?? new Date();
  const before = loadSnapshot(project.data);
  const { snapshot: staged, ...report } = await stage(project, options);
  const { snapshot: current, updates } = await updateCurrent(project, before, staged, options);
  const saved = saveSnapshot(project.data, before, await withFacts(project, current), now);
  const news = report.changed.length + updates.length > 0;
  if (!news && saved.superseded.length === 0) return { ...report, feeds: updates, snapshot: saved };
  const swept = sweep(project.data, saved, now);
  return { ...report, feeds: updates, snapshot: saveSnapshot(project.data, saved, swept, now) };
}

/**
 * Days that were read when a column was taken for something else than text. Cast to text, their values would not be
 * spelled as they were delivered, and the rows would depend on which day came first: they are read again.
 */
function respelledDays({ feeds }: Snapshot): { feed: string; dt: string }[] {
  return Object.entries(feeds).flatMap(([feed, { columns, layouts, days }]) => {
    const texts = new Set(columns.filter(({ type }) => type === "VARCHAR").map(({ name }) => name));
    const old = layouts.map((layout) =>
      layout.columns.some(({ name, type }) => type !== "VARCHAR" && texts.has(name)),
    );
    return days.filter((day) => day.rows > 0 && old[day.layout]).map(({ dt }) => ({ feed, dt }));
  });
}
