import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError, type ExitName } from "../base/errors.ts";
import { toCliError } from "../base/faults.ts";
import { thisProcess } from "../base/process.ts";
import { count, duration, minute, plural } from "../base/words.ts";
import { feedOf, openProject, type Project } from "../config/project.ts";
import { buildSite } from "../site/build.ts";
import { readLastSync } from "../sync/last-sync.ts";
import { deniedAll, failures, type SyncReport } from "../sync/report.ts";
import { stateOf } from "../warehouse/snapshot/snapshot.ts";
import type { Context } from "./command.ts";
import type { Output } from "./output.ts";
import { failedText, failureOf, partitionName, runSync } from "./sync-run.ts";
import { dataThrough, runUpdate, type Updated } from "./update-run.ts";
import { readWatch, removeNote, type WatchNote, writeNote } from "./watch-note.ts";

export interface WatchOptions {
  everySeconds: number | null; // null: half the shortest cadence of the feeds
  rounds: number | null; // then it ends; null: it goes on until it is stopped
  feeds: string[] | null;
  site: string | null; // folder of the site that is kept up to date, once there is one; null: none is
}

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

/**
 * Syncs, updates the warehouse and the site, and again every so often, until the signal or the number of rounds. A round
 * that fails is told and the next one tries again; kit.yaml is read anew each time. Returns how the last round ended.
 * Throws CliError("locked") while another watcher looks after the same data folder.
 */
export async function watch(options: WatchOptions, context: Context): Promise<ExitName> {
  const { signal, output, config } = context;
  let project = openProject(config);
  refuseSecond(project);
  const everySeconds = options.everySeconds ?? usualSeconds(project, options.feeds);
  const note: WatchNote = {
    ...{ format: 1, ...thisProcess(), everySeconds },
    ...{ round: null, outcome: null, lastSuccess: null, failures: 0, next: null },
  };
  const told = new Told(output);
  const memory: Memory = { looked: null, seen: "" };
  const { data } = project;
  let exit: ExitName = "ok";
  try {
    for (let done = 1; !signal.aborted && !output.closed; done++) {
      const started = Date.now();
      Object.assign(note, { round: isoOf(started), next: null });
      told.tolerate(() => writeNote({ data }, note));
      const round = emptyRound(started);
      try {
        project = openProject(config);
        await runRound(project, options, memory, round, {
          ...context,
          ...told.round(),
          now: new Date(started),
        });
      } catch (error) {
        if (signal.aborted) break;
        fail(round, toCliError(error));
      }
      exit = round.exit;
      note.failures = round.ok ? 0 : note.failures + 1;
      round.failures = note.failures;
      round.dataThrough = dataThrough(project)?.toISOString() ?? null;
      const last = done === options.rounds;
      const next = Math.max(
        Date.now() + Math.min(500, everySeconds * 1000),
        started + everySeconds * 1000 * (0.9 + Math.random() / 5),
      );
      round.next = last ? null : isoOf(next);
      Object.assign(note, { outcome: outcomeText(round), next: round.next });
      if (round.ok) note.lastSuccess = isoOf(Date.now());
      told.tolerate(() => writeNote({ data }, note));
      await output.result(
        output.json ? `${JSON.stringify({ event: "round", ...round })}\n` : roundText(round),
      );
      if (last) break;
      await until(next, signal);
    }
    return exit;
  } finally {
    removeNote({ data });
  }
}

/** Half the shortest cadence of the feeds, in seconds. */
function usualSeconds(project: Project, wanted: string[] | null): number {
  const { feeds } = project.config;
  const here = Object.keys(readLastSync(project)?.feeds ?? {});
  const names =
    wanted ??
    (feeds !== "all" ? feeds.map(({ name }) => name) : here.length > 0 ? here : [...project.feeds.keys()]);
  const cadences = names.flatMap((name) => feedOf(project, name).cadenceMinutes ?? []);
  return (Math.min(60, ...cadences) / 2) * 60;
}

/** A round in one line. */
function roundText(round: Round): string {
  const next = round.next === null ? "" : `; next ${round.next.slice(11, 16)}`;
  return `${round.at.slice(0, 19).replace("T", " ")} UTC  ${outcomeText(round)}${next}\n`;
}

interface Memory {
  looked: number | null; // when warehouse and site were last brought up to date
  seen: string; // the data that they were brought up to
}

async function runRound(
  project: Project,
  { feeds, site }: WatchOptions,
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

function emptyRound(started: number): Round {
  return {
    ...{ at: isoOf(started), ok: true, exit: "ok", message: null, failures: 0 },
    ...{ added: 0, replaced: 0, waiting: 0, overdue: 0, failed: 0, rows: 0, datasets: null, files: null },
    ...{ dataThrough: null, seconds: { sync: 0, update: 0, site: 0 }, next: null },
  };
}

function fail(round: Round, { exit, message, next }: CliError): void {
  const after = next === undefined ? "" : ` (${next})`;
  Object.assign(round, { ok: false, exit, message: `${message}${after}`.replaceAll("\n", "; ") });
}

function outcomeText(round: Round): string {
  const { added, replaced, waiting, overdue, rows, datasets, files, seconds, failures } = round;
  const parts: string[] = [];
  if (added > 0) parts.push(`${count(added)} new`);
  if (replaced > 0) parts.push(`${count(replaced)} replaced`);
  if (round.message !== null)
    parts.push(`failed${failures > 1 ? ` ${count(failures)} times in a row` : ""}: ${round.message}`);
  else if (parts.length === 0) parts.push("nothing new");
  if (waiting > 0) parts.push(`${count(waiting)} waiting`);
  if (overdue > 0) parts.push(`${count(overdue)} overdue`);
  if (rows > 0) parts.push(plural(rows, "row"));
  if (files) parts.push(`${plural(datasets ?? 0, "dataset")}, ${plural(files, "file")} of the site`);
  if (round.dataThrough !== null) parts.push(`through ${minute(new Date(round.dataThrough))}`);
  parts.push(duration(seconds.sync + seconds.update + seconds.site));
  return parts.join(", ");
}

function refuseSecond(project: Project): void {
  const other = readWatch(project, new Date());
  if (other === null || !other.running || other.pid === process.pid) return;
  throw new CliError(
    "locked",
    `another watcher looks after this data folder: process ${other.pid} on ${other.host}, since ${minute(new Date(other.since))}`,
    "stop that one first, or leave it to it: asapp-kit status tells how it does",
  );
}

/** What a round says besides its line: a bar on a terminal, and each warning once for as long as it holds. */
class Told {
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

// In slices, by the clock: a laptop that slept goes on at once. And no longer than it was to be, if the clock is set back.
async function until(time: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + time - Date.now();
  const left = () => Math.min(time - Date.now(), end - performance.now());
  while (!signal.aborted && left() > 0)
    await delay(Math.min(left(), 10_000), undefined, { signal }).catch(() => {});
}

function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return Math.round(last - before) / 1000;
  };
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
