import { basename } from "node:path";
import type { Project } from "../project.ts";
import { openCatalog } from "../warehouse/catalog.ts";
import { type PlannedFile, readPlanned } from "../warehouse/forecast.ts";
import { plural } from "../words.ts";
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
  const names = unknownQueues.slice(0, 5).map(({ queue, suggestion }) => {
    const meant = suggestion === null ? "" : ` (did you mean "${suggestion}"?)`;
    return `"${queue}"${meant}`;
  });
  const more = unknownQueues.length > names.length ? " and others" : "";
  const unknown = names.length === 0 ? "" : `; in no feed: ${names.join(", ")}${more}`;
  return `${table}: ${basename(file)}, ${plural(queues, "queue")}, ${plural(windows, "window")}${days}${split}${unknown}`;
}

/** What to do about it. */
export function plannedNext({ table, unknownQueues }: PlannedFile): string {
  return unknownQueues.length === 0
    ? "nothing to do"
    : `write the queues in the file of site.${table} as the exports do: asapp-kit sql "select distinct queue_name from wfm.queue_windows"`;
}
