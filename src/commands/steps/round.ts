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
import { type AlertsRound, renewRecord, runAlerts } from "./alerts.ts";
import { failedText, failureOf, runSync } from "./sync.ts";
import { runUpdate, type Updated } from "./update.ts";

/** The outcome of a round, as in `--json`. Times are ISO, UTC. */
export interface Round {
  at: string;
  ok: boolean; // nothing failed
  exit: ExitName; // of the sync or build alone
  message: string | null; // why it failed
  failures: number; // consecutive failed rounds, including this one
  added: number; // partitions
  replaced: number;
  waiting: number;
  overdue: number;
  failed: number;
  rows: number; // read
  datasets: number | null; // computed; null: the site was not updated
  files: number | null; // of the site, written
  dataThrough: string | null;
  alerts: AlertsRound | null; // null: kit.yaml has none, or they could not be checked
  seconds: { sync: number; update: number; site: number; alerts: number };
  next: string | null;
}

const maxSiteAge = 300; // seconds, after which the site is updated even without new data: it shows the time of the sync

/** What a watcher keeps from round to round. */
export interface Memory {
  updatedAt: number | null; // when warehouse and site were last updated
  state: string; // of the data then
}

/** Runs a round: sync, warehouse, the site if it exists, and alerts. Failures are written to `round`. */
export async function runRound(
  project: Project,
  { feeds, site }: { feeds: string[] | null; site: string | null },
  memory: Memory,
  round: Round,
  context: Context,
): Promise<void> {
  const lap = stopwatch();
  let failure: CliError | null = null;
  let report: SyncReport | null = null;
  let updated: Pick<Updated, "failed"> = { failed: [] };
  try {
    report = await runSync(project, { feeds }, context);
    const { added, replaced, waiting, overdue, failed } = report;
    Object.assign(round, { added, replaced, waiting, overdue, failed: failed.length });
  } catch (error) {
    failure = toCliError(error);
    if (failure.exit === "interrupted") throw failure;
  }
  round.seconds.sync = lap();
  const isOld = Date.now() - (memory.updatedAt ?? 0) >= maxSiteAge * 1000;
  const isDue = report !== null && (report.changedDays.length > 0 || isOld);
  if (failure?.exit !== "locked" && (isDue || memory.updatedAt === null || dataState(project) !== memory.state)) {
    memory.updatedAt = null;
    const update = await runUpdate(project, context);
    updated = update;
    round.rows = update.rows;
    round.seconds.update = lap();
    if (site !== null && existsSync(join(site, "index.html"))) {
      const { now, signal } = context;
      await renewRecord(project, now);
      const built = await buildSite(project, { out: site, changed: true, now, signal });
      Object.assign(round, { datasets: built.computed, files: built.written });
      round.seconds.site = lap();
    }
    Object.assign(memory, { updatedAt: Date.now(), state: dataState(project) });
  }
  if (report !== null) failure = roundFailure(report, updated);
  lap();
  // also after a failed sync, as its feeds are late
  try {
    await runAlerts(project, { ...context, now: new Date() }, (alerts) => {
      round.alerts = alerts;
    });
  } catch (error) {
    const problem = toCliError(error);
    if (problem.exit === "interrupted") throw problem;
    if (failure === null) failure = problem;
    else context.output.warn(`alerts: ${problem.message}`, problem.next);
  }
  round.seconds.alerts = lap();
  if (failure !== null) fail(round, failure);
}

function roundFailure(report: SyncReport, updated: Pick<Updated, "failed">): CliError | null {
  if (failures(report) + updated.failed.length === 0) return null;
  if (deniedAll(report)) return failureOf(report, updated);
  const [first] = report.failed;
  const [unlisted] = report.unlisted;
  let reason = unlisted === undefined ? "" : ` (${unlisted.feed}: ${unlisted.reason})`;
  if (first !== undefined) reason = ` (${partitionName(first.id)}: ${first.reason})`;
  return new CliError("someFailed", `${failedText(report, updated)}${reason}`);
}

// What another process may have changed, and what a sync without new partitions may have noted.
function dataState(project: Project): string {
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
    alerts: null,
    seconds: { sync: 0, update: 0, site: 0, alerts: 0 },
    next: null,
  };
}

/** Records why a round failed. */
export function fail(round: Round, { exit, message, next }: CliError): void {
  const after = next === undefined ? "" : ` (${next})`;
  Object.assign(round, { ok: false, exit, message: `${message}${after}`.replaceAll("\n", "; ") });
}

/** The output of rounds besides their lines: progress on a terminal, and each warning once for as long as it recurs. */
export class RoundOutput {
  private readonly output: Output;
  private lastWarnings = new Set<string>();
  private warnings = new Set<string>();

  constructor(output: Output) {
    this.output = output;
  }

  /** Writes the watcher's note, whose failure is only a warning. */
  tolerate(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.next().warn(`watch.json was not updated: ${toCliError(error).message}`);
    }
  }

  /** The output of the next round. */
  next(): Output {
    this.lastWarnings = this.warnings;
    this.warnings = new Set();
    const { output } = this;
    const quiet: Partial<Output> = {
      say: () => {},
      event: () => {},
      warn: (text, next) => {
        if (!this.lastWarnings.has(text) && !this.warnings.has(text)) output.warn(text, next);
        this.warnings.add(text);
      },
      ...(!output.terminal && { progress: () => {} }),
    };
    return { ...output, ...quiet };
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
