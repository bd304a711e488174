import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { namesOf } from "../../base/names.ts";
import { readDetail, type StagedDay, stagedDay } from "../snapshot/detail.ts";
import { emptySnapshot, filesOf } from "../snapshot/snapshot.ts";
import type { FeedJob } from "./stage-plan.ts";

/** By dt: days to be staged that lie there already, from the same files and rules. Their detail file came last, so they are whole. */
export function leftoverDays(data: string, job: FeedJob): Map<string, StagedDay> {
  const found = new Map<string, StagedDay>();
  const folder = `staged/${job.feed.name}`;
  if (job.tasks.length === 0 || !statSync(join(data, folder), { throwIfNoEntry: false })?.isDirectory())
    return found;
  const known = filesOf({ ...emptySnapshot(), feeds: namesOf([[job.feed.name, job.before]]) });
  const wanted = new Map(job.tasks.map(({ dt, source }) => [dt, source]));
  for (const name of readdirSync(join(data, folder))) {
    const detail = `${folder}/${name}`;
    if (!name.endsWith(".jsonl") || known.has(detail) || !wanted.has(name.slice(0, 10))) continue;
    const summary = readDetail(data, { detail })?.summary;
    if (summary === undefined || wanted.get(summary.dt) !== summary.source) continue;
    const day = stagedDay(detail, summary);
    const files = [day.staged, day.quarantine].filter((file) => file !== null);
    if (files.every((file) => existsSync(join(data, file)))) found.set(summary.dt, day);
  }
  return found;
}
