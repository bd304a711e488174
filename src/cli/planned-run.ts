import { basename } from "node:path";
import { plural } from "../base/words.ts";
import type { Project } from "../config/project.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { type PlannedFile, readPlanned } from "../warehouse/wfm/forecast.ts";
import { type NamedQueues, namedQueues, type UnknownQueue } from "../warehouse/wfm/named-queues.ts";
import type { Output } from "./output.ts";

/**
 * Reads the forecast and the schedule that kit.yaml names, and warns of queues that no feed has. Throws CliError("config")
 * with their mistakes, so that a build stops before it begins.
 */
export async function runPlanned(project: Project, { warn }: Pick<Output, "warn">): Promise<PlannedFile[]> {
  const { forecast, schedule } = project.config.site;
  if (forecast === null && schedule === null) return [];
  const database = await openCatalog(project);
  try {
    const files = await readPlanned(database, project.config);
    for (const file of files)
      if (file.unknownQueues.length > 0) warn(`site.${plannedText(file)}`, plannedNext(file));
    return files;
  } finally {
    database.close();
  }
}

/** What a file holds, in a line. */
export function plannedText(planned: PlannedFile): string {
  const { table, file, queues, windows, minutes, first, last, unknownQueues } = planned;
  const days = first === null || last === null ? "" : `, ${first.slice(0, 10)} to ${last.slice(0, 10)}`;
  const split = minutes === 15 ? "" : `, split from ${minutes} minutes`;
  const unknown = unknownQueues.length === 0 ? "" : `; in no feed: ${unknownText(unknownQueues)}`;
  return `${table}: ${basename(file)}, ${plural(queues, "queue")}, ${plural(windows, "window")}${days}${split}${unknown}`;
}

/** What to do about it. */
export function plannedNext({ table, unknownQueues }: PlannedFile): string {
  return unknownQueues.length === 0
    ? "nothing to do"
    : `write the queues in the file of site.${table} as the exports do: ${listQueues}`;
}

/** Warns of queues that kit.yaml names and no feed has. */
export async function warnOfQueues(project: Project, { warn }: Pick<Output, "warn">): Promise<void> {
  const { queueGroups, openHours } = project.config.site;
  if (queueGroups === null && openHours === null) return;
  const database = await openCatalog(project);
  try {
    for (const named of await namedQueues(database, project.config)) warn(namedText(named), namedNext);
  } finally {
    database.close();
  }
}

/** Which queues an option names without effect. */
export function namedText({ option, unknown }: NamedQueues): string {
  return `${option} names ${plural(unknown.length, "queue")} that no feed has: ${unknownText(unknown)}`;
}

const listQueues = 'asapp-kit sql "from wfm.queue_names"';

/** What to do about it. */
export const namedNext = `write the queues in kit.yaml as the exports do: ${listQueues}`;

function unknownText(queues: readonly UnknownQueue[]): string {
  const names = queues.slice(0, 5).map(({ queue, suggestion }) => {
    const meant = suggestion === null ? "" : ` (did you mean "${suggestion}"?)`;
    return `"${queue}"${meant}`;
  });
  return `${names.join(", ")}${queues.length > names.length ? " and others" : ""}`;
}
