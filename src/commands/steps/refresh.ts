import { CliError } from "../../base/errors.ts";
import { minute } from "../../base/words.ts";
import type { Context } from "../../cli/command.ts";
import type { Project } from "../../config/project.ts";
import { deniedAll, failures, type SyncReport } from "../../sync/report.ts";
import { formerSnapshot } from "../../warehouse/snapshot/snapshot.ts";
import { dataThrough } from "../../warehouse/snapshot/through.ts";
import { failedText, failureOf, runSync } from "./sync.ts";
import { runUpdate, type Updated } from "./update.ts";

export interface Refreshed {
  sync: SyncReport | null; // null: not asked for, or the bucket could not be reached
  warning: string | null; // why the data may be older than they should be
  warehouse: Updated;
}

/**
 * Syncs if asked to, and brings the warehouse up to date. A bucket that cannot be reached is a warning as long as there
 * are data from before; with `strict` it is an error, and so is a partition that could not be fetched.
 */
export async function refresh(
  project: Project,
  { sync, strict }: { sync: boolean; strict: boolean },
  context: Context,
): Promise<Refreshed> {
  const { output } = context;
  let report: SyncReport | null = null;
  let warning: string | null = null;
  if (sync) {
    try {
      report = await runSync(project, { wait: true }, context);
    } catch (error) {
      const before = dataThrough(formerSnapshot(project.data));
      if (strict || before === null || !(error instanceof CliError) || error.exit !== "unreachable") throw error;
      warning = `${error.message}; going on with the data of before, through ${minute(before)}`;
      output.warn(warning, error.next);
    }
  }
  if (report !== null && failures(report) > 0) {
    warning = failedText(report, { failed: [] });
    if (deniedAll(report) && (strict || dataThrough(formerSnapshot(project.data)) === null))
      throw failureOf(report, { failed: [] });
    if (strict)
      throw new CliError("someFailed", warning, "the reasons stand above; run again, or build without --strict");
    output.warn(warning, "the next sync tries again; with --strict this is an error");
  }
  return { sync: report, warning, warehouse: await runUpdate(project, context) };
}
