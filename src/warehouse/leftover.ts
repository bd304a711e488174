import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type DayDetail, emptySnapshot, filesOf } from "./snapshot.ts";
import type { StagedDay } from "./stage-day.ts";
import type { FeedJob } from "./stage-plan.ts";

/** By dt: days to be staged that lie there already, from the same files and rules. Their detail file came last, so they are whole. */
export function leftoverDays(data: string, job: FeedJob): Map<string, StagedDay> {
  const found = new Map<string, StagedDay>();
  const folder = `staged/${job.feed.name}`;
  if (job.tasks.length === 0 || !existsSync(join(data, folder))) return found;
  const known = filesOf({ ...emptySnapshot(), feeds: { [job.feed.name]: job.before } });
  const wanted = new Map(job.tasks.map(({ dt, source }) => [dt, source]));
  for (const name of readdirSync(join(data, folder))) {
    const detail = `${folder}/${name}`;
    if (!name.endsWith(".jsonl") || known.has(detail) || !wanted.has(name.slice(0, 10))) continue;
    const summary = JSON.parse(readFileSync(join(data, detail), "utf8").split("\n", 1)[0]!) as DayDetail;
    if (wanted.get(summary.dt) !== summary.source) continue;
    const staged = summary.rows > 0 ? detail.replace(/jsonl$/, "parquet") : null;
    const quarantine = summary.quarantined > 0 ? detail.replace(/^staged/, "quarantine") : null;
    if (![staged, quarantine].every((file) => file === null || existsSync(join(data, file)))) continue;
    found.set(summary.dt, { staged, detail, quarantine, summary });
  }
  return found;
}
