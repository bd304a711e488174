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
  sync: SyncReport | null; // null: not requested, or the bucket was unreachable
  warning: string | null; // why the data may be out of date
  warehouse: Updated;
}

/**
 * Syncs on request, and updates the warehouse. An unreachable bucket is a warning if there are earlier data. With `strict` it
 * is an error, and so is a partition that could not be fetched.
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
      warning = `${error.message}; going on with the earlier data, through ${minute(before)}`;
      output.warn(warning, error.next);
    }
  }
  if (report !== null && failures(report) > 0) {
    warning = failedText(report, { failed: [] });
    if (deniedAll(report) && (strict || dataThrough(formerSnapshot(project.data)) === null))
      throw failureOf(report, { failed: [] });
    if (strict)
      throw new CliError("someFailed", warning, "see the reasons above; run again, or build without --strict");
    output.warn(warning, "the next sync tries again; with --strict this is an error");
  }
  return { sync: report, warning, warehouse: await runUpdate(project, context) };
}
