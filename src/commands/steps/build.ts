import { relative } from "node:path";
import { bytes, duration, plural } from "../../base/words.ts";
import type { Context } from "../../cli/command.ts";
import type { Output } from "../../cli/output.ts";
import type { Project } from "../../config/project.ts";
import { openDatabase } from "../../duckdb/database.ts";
import { type BuildOptions, type BuiltSite, buildSite } from "../../site/build.ts";
import {
  type AnnotationsFile,
  annotationsNext,
  annotationsSummary,
  annotationsText,
} from "../../warehouse/annotations/annotations.ts";
import { openCatalog } from "../../warehouse/catalog/catalog.ts";
import {
  yearsOf,
  type ZoneDifference,
  zoneDifference,
  zoneNext,
  zoneText,
} from "../../warehouse/catalog/zone-rules.ts";
import { loadSnapshot } from "../../warehouse/snapshot/snapshot.ts";
import { type PlannedFile, plannedNext, plannedText, readPlanned } from "../../warehouse/wfm/forecast.ts";
import { namedNext, namedQueues, namedText } from "../../warehouse/wfm/named-queues.ts";
import { renewRecord } from "./alerts.ts";
import type { Refreshed } from "./refresh.ts";
import { holderText, summaryText } from "./sync.ts";
import { updateText } from "./update.ts";

/** Builds the site, and shows the progress on stderr. */
export async function runBuild(
  project: Project,
  options: Pick<BuildOptions, "out" | "demo" | "changed">,
  { output, signal, now }: Pick<Context, "output" | "signal" | "now">,
): Promise<BuiltSite> {
  await renewRecord(project, now);
  let announced = false;
  const site = await buildSite(project, {
    ...options,
    signal,
    onStep(step) {
      if (step.step === "datasets") {
        const { done, total } = step;
        output.progress({ step: "computing", done, total, unit: "datasets" });
      } else if (step.step === "waiting") output.say(`waiting for another build (${holderText(step.holder)})`);
      else if (step.step === "pages" && !announced) {
        announced = true;
        output.say("building the pages");
      }
    },
  });
  output.close();
  const zone = await differingZone(project);
  if (zone !== null) output.say(`warning: ${zoneText(zone)}\n  next: ${zoneNext}`);
  return site;
}

async function differingZone({ config, data }: Project): Promise<ZoneDifference | null> {
  const database = await openDatabase({ threads: 1 });
  try {
    return await zoneDifference(database, config.timezone, yearsOf(loadSnapshot(data), new Date()));
  } finally {
    database.close();
  }
}

/** The text of `build` and `demo`. */
export function buildText({ folder, pages, datasets, bytes: size, seconds }: BuiltSite, fresh: Refreshed): string {
  const total = seconds.datasets + seconds.pages + seconds.check;
  const path = relative(process.cwd(), folder);
  return [
    fresh.sync === null ? "" : summaryText(fresh.sync),
    updateText(fresh.warehouse),
    `site        ${path.startsWith("..") || path === "" ? folder : `${path}/`}: `,
    `${plural(pages, "page")}, ${plural(datasets, "dataset")}, ${bytes(size)}, ${duration(total)}\n`,
  ].join("");
}

/**
 * Reads the forecast and the schedule that kit.yaml names, and warns about queues that no feed has. Throws CliError("config")
 * with their mistakes before a build begins.
 */
export async function runPlanned(project: Project, { warn }: Pick<Output, "warn">): Promise<PlannedFile[]> {
  const { forecast, schedule } = project.config.site;
  if (forecast === null && schedule === null) return [];
  const database = await openCatalog(project);
  try {
    const files = await readPlanned(database, project.config);
    for (const file of files) if (file.unknownQueues.length > 0) warn(`site.${plannedText(file)}`, plannedNext(file));
    return files;
  } finally {
    database.close();
  }
}

/** Reads the annotations that kit.yaml names, and warns about queues as `runPlanned` does; null without such a file. */
export async function runAnnotations(
  project: Project,
  { warn }: Pick<Output, "warn">,
): Promise<AnnotationsFile | null> {
  if (project.config.site.annotations === null) return null;
  const database = await openCatalog(project);
  try {
    const file = await annotationsSummary(database, project.config);
    if (file?.unknownQueues.length) warn(`site.${annotationsText(file)}`, annotationsNext(file));
    return file;
  } finally {
    database.close();
  }
}

/** Warns about queues that kit.yaml names and no feed has. */
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
