import { existsSync } from "node:fs";
import { join } from "node:path";
import { CliError, type ExitName } from "../../base/errors.ts";
import { toCliError } from "../../base/faults.ts";
import type { Context } from "../../cli/command.ts";
import type { Output } from "../../cli/output.ts";
import type { Project } from "../../config/project.ts";
import { partitionName } from "../../export/partition.ts";
import { buildSite } from "../../site/build.ts";
import { readLastSync } from "../../sync/last-sync.ts";
import { deniedAll, failures, type SyncReport } from "../../sync/report.ts";
import { stateOf } from "../../warehouse/snapshot/snapshot.ts";
import { failedText, failureOf, runSync } from "./sync.ts";
import { runUpdate, type Updated } from "./update.ts";

/** What one round came to, as `--json` has it. Times are ISO, UTC. */
export interface Round {
  at: string;
  ok: boolean; // nothing failed
  exit: ExitName; // what a sync or build by itself would have ended with
  message: string | null; // why it failed
  failures: number; // rounds in a row that failed, this one included
  added: number; // partitions
  replaced: number;
  waiting: number;
  overdue: number;
  failed: number;
  rows: number; // read anew
  datasets: number | null; // computed anew; null: the site was not looked at
  files: number | null; // of the site, written
  dataThrough: string | null;
  seconds: { sync: number; update: number; site: number };
  next: string | null;
}

const restlessSeconds = 300; // the site is brought up to the time of the sync no less often, whatever that finds

/** What a watcher remembers from round to round. */
export interface Memory {
  looked: number | null; // when warehouse and site were last brought up to date
  seen: string; // the data that they were brought up to
}

/** One round: sync, warehouse, and the site where there is one. What failed stands in `round`. */
export async function runRound(
  project: Project,
  { feeds, site }: { feeds: string[] | null; site: string | null },
  memory: Memory,
  round: Round,
  context: Context,
): Promise<void> {
  const lap = stopwatch();
  let trouble: CliError | null = null;
  let report: SyncReport | null = null;
  let updated: Pick<Updated, "failed"> = { failed: [] };
  try {
    report = await runSync(project, { feeds }, context);
    const { added, replaced, waiting, overdue, failed } = report;
    Object.assign(round, { added, replaced, waiting, overdue, failed: failed.length });
  } catch (error) {
    trouble = toCliError(error);
    if (trouble.exit === "interrupted") throw trouble;
  }
  round.seconds.sync = lap();
  const restless = Date.now() - (memory.looked ?? 0) >= restlessSeconds * 1000;
  const news = report !== null && (report.changedDays.length > 0 || restless);
  if (trouble?.exit !== "locked" && (news || memory.looked === null || foundOut(project) !== memory.seen)) {
    memory.looked = null;
    const update = await runUpdate(project, context);
    updated = update;
    round.rows = update.rows;
    round.seconds.update = lap();
    if (site !== null && existsSync(join(site, "index.html"))) {
      const built = await buildSite(project, {
        out: site,
        changed: true,
        now: context.now,
        signal: context.signal,
      });
      Object.assign(round, { datasets: built.computed, files: built.written });
      round.seconds.site = lap();
    }
    Object.assign(memory, { looked: Date.now(), seen: foundOut(project) });
  }
  if (report !== null) trouble = troubleOf(report, updated);
  if (trouble !== null) fail(round, trouble);
}

function troubleOf(report: SyncReport, updated: Pick<Updated, "failed">): CliError | null {
  if (failures(report) + updated.failed.length === 0) return null;
  if (deniedAll(report)) return failureOf(report, updated);
  const [first] = report.failed;
  const [unlisted] = report.unlisted;
  let reason = unlisted === undefined ? "" : ` (${unlisted.feed}: ${unlisted.reason})`;
  if (first !== undefined) reason = ` (${partitionName(first.id)}: ${first.reason})`;
  return new CliError("someFailed", `${failedText(report, updated)}${reason}`);
}

// What another process may have changed meanwhile, and what a sync that fetched nothing found out.
function foundOut(project: Project): string {
  return `${stateOf(project.data)} ${JSON.stringify(readLastSync(project)?.feeds)}`;
}

export function emptyRound(started: number): Round {
  return {
    at: new Date(started).toISOString(),
    ok: true,
    exit: "ok",
    message: null,
    failures: 0,
    added: 0,
    replaced: 0,
    waiting: 0,
    overdue: 0,
    failed: 0,
    rows: 0,
    datasets: null,
    files: null,
    dataThrough: null,
    seconds: { sync: 0, update: 0, site: 0 },
    next: null,
  };
}

/** Notes why a round failed. */
export function fail(round: Round, { exit, message, next }: CliError): void {
  const after = next === undefined ? "" : ` (${next})`;
  Object.assign(round, { ok: false, exit, message: `${message}${after}`.replaceAll("\n", "; ") });
}

/** What a round says besides its line: a bar on a terminal, and each warning once for as long as it holds. */
export class Told {
  private readonly output: Output;
  private before = new Set<string>();
  private now = new Set<string>();

  constructor(output: Output) {
    this.output = output;
  }

  /** The note of a watcher is not worth its life. */
  tolerate(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.round().output.warn(`watch.json is as it was: ${toCliError(error).message}`);
    }
  }

  round(): { output: Output } {
    this.before = this.now;
    this.now = new Set();
    const { output } = this;
    const quiet: Partial<Output> = {
      say: () => {},
      event: () => {},
      warn: (text, next) => {
        if (!this.before.has(text) && !this.now.has(text)) output.warn(text, next);
        this.now.add(text);
      },
      ...(!output.terminal && { progress: () => {} }),
    };
    return { output: { ...output, ...quiet } };
  }
}

function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return Math.round(last - before) / 1000;
  };
}
