import { CliError } from "../../base/errors.ts";
import type { Holder } from "../../base/process.ts";
import { bytes, count, duration, plural } from "../../base/words.ts";
import type { Context } from "../../cli/command.ts";
import type { Output } from "../../cli/output.ts";
import { table } from "../../cli/table.ts";
import type { Project } from "../../config/project.ts";
import { partitionName } from "../../export/partition.ts";
import type { PlanEntry } from "../../sync/plan.ts";
import type { SyncEvent } from "../../sync/progress.ts";
import { deniedAll, failures, type SyncReport } from "../../sync/report.ts";
import { sync } from "../../sync/sync.ts";
import { formerSnapshot } from "../../warehouse/snapshot/snapshot.ts";
import { daysWithoutManifest } from "../../warehouse/stage/stage-plan.ts";
import type { Updated } from "./update.ts";

export interface SyncRun {
  dryRun?: boolean;
  full?: boolean;
  moved?: boolean;
  feeds?: string[] | null;
  wait?: boolean;
}

/** Syncs, and shows the progress on stderr. */
export async function runSync(
  project: Project,
  { feeds = null, ...options }: SyncRun,
  { output, signal, now }: Pick<Context, "output" | "signal" | "now">,
): Promise<SyncReport> {
  const report = await sync(project, {
    ...options,
    damagedDays: daysWithoutManifest(project, formerSnapshot(project.data)),
    feeds: feeds ?? undefined,
    signal,
    now,
    onProgress: (event) => showEvent(output, event),
  });
  output.close();
  for (const note of report.notes) output.warn(note);
  if (report.hostile > 0) {
    const keys = report.hostileKeys.map(({ key, reason }) => `${JSON.stringify(key)} (${reason})`);
    output.warn(`${plural(report.hostile, "key")} of the bucket refused${firstOf(keys)}`);
  }
  if (report.strays > 0) {
    const keys = report.strayKeys.map((key) => JSON.stringify(key));
    const paths = `${plural(report.strays, "path")} below feeds`;
    output.warn(`not read, as they do not fit the layout of exports: ${paths}${firstOf(keys)}`);
  }
  return report;
}

function firstOf(keys: string[]): string {
  return `, e.g.\n${keys.slice(0, 3).join("\n")}`;
}

function showEvent(output: Output, event: SyncEvent): void {
  const { type, ...facts } = event;
  output.event({ event: type, ...facts });
  if (output.json) return;
  switch (event.type) {
    case "listing":
      output.progress({ step: "listing", done: event.feedsDone, total: event.feeds, unit: "feeds" });
      break;
    case "progress":
      output.progress({
        step: "downloading",
        done: event.partitions.done + event.partitions.failed,
        total: event.partitions.total,
        unit: "partitions",
        bytes: event.bytes.done,
        totalBytes: event.bytes.total,
        rate: event.rate,
        secondsLeft: event.secondsLeft,
      });
      break;
    case "failed":
      output.say(`failed: ${partitionName(event.id)}: ${event.reason}`);
      break;
    case "locked":
      output.say(`waiting for another sync (${holderText(event)})`);
      break;
    case "slowdown":
      output.say(`the store asks to slow down: ${plural(event.atOnce, "request")} at once from now on`);
      break;
    case "note":
      output.say(event.text);
      break;
  }
}

/** The holder of a lock, in messages. */
export function holderText({ pid, host, since }: Pick<Holder, "pid" | "host" | "since">): string {
  return `process ${pid} on ${host}, since ${short(since)}`;
}

/** The plan, for `sync --dry-run` and `status --remote`. */
export function planText(report: SyncReport): string {
  const rows = report.plan.map((entry) => [
    entry.action,
    partitionName(entry.id),
    entry.state,
    count(entry.objects),
    bytes(entry.bytes),
    entry.reason,
  ]);
  const columns = [
    { name: "action" },
    { name: "partition" },
    { name: "state" },
    { name: "files", right: true },
    { name: "size", right: true },
    { name: "reason" },
  ];
  const body = rows.length === 0 ? "" : `${table(columns, rows)}\n`;
  const { added, replaced, kept, waiting, overdue } = report;
  const totals = [
    `${count(added)} to add`,
    `${count(replaced)} to replace`,
    `${bytes(report.bytes)} to fetch`,
    `${count(waiting + overdue)} to wait for`,
    `${count(kept)} kept as they are`,
  ];
  const unlisted = report.unlisted.map(({ feed, reason }) => `${feed} could not be listed: ${reason}\n`);
  return `${body}${totals.join(", ")}\n${unlisted.join("")}`;
}

/** The outcome of a sync in a few lines. Names the partitions that are missing, with the reason. */
export function summaryText(report: SyncReport): string {
  const lines: [string, string][] = [];
  const add = (what: string, value: number, rest: string) => {
    if (value > 0) lines.push([what, `${count(value)}${rest}`]);
  };
  const news = report.added + report.replaced;
  if (news === 0 && failures(report) === 0) lines.push(["nothing new", ""]);
  add("new", report.added, ` ${report.added === 1 ? "partition" : "partitions"} of ${feedsWith(report, "added")}`);
  add("replaced", report.replaced, ` exported again`);
  add("kept", report.kept, " already here");
  add("waiting", report.waiting, listed(report, "waiting"));
  add("overdue", report.overdue, listed(report, "overdue"));
  add("encrypted", report.encrypted, " (no `decrypt` command in kit.yaml)");
  add("expired", report.expired, " gone from the bucket, kept here");
  add(
    "failed",
    report.failed.length,
    `: ${some(report.failed.map(({ id, reason }) => `${partitionName(id)}: ${reason}`))}`,
  );
  add(
    "not listed",
    report.unlisted.length,
    `: ${some(report.unlisted.map(({ feed, reason }) => `${feed}: ${reason}`))}`,
  );
  const seconds = (Date.parse(report.finishedAt) - Date.parse(report.startedAt)) / 1000;
  const size = news > 0 ? `${bytes(report.bytes)} in ${plural(report.objects, "file")}, ` : "";
  lines.push(["fetched", `${size}${duration(seconds)}, from ${report.source}`]);
  return `${lines.map(([what, text]) => `${what.padEnd(10)}  ${text}`.trimEnd()).join("\n")}\n`;
}

/** The failures, in one line. */
export function failedText(report: SyncReport, update: Pick<Updated, "failed">): string {
  const parts: string[] = [];
  if (report.failed.length > 0) parts.push(`${plural(report.failed.length, "partition")} could not be fetched`);
  if (report.unlisted.length > 0) parts.push(`${plural(report.unlisted.length, "folder")} could not be listed`);
  if (update.failed.length > 0) parts.push(`${plural(update.failed.length, "day")} of a feed could not be staged`);
  return parts.join(", ");
}

/** The error of a sync or update with failures. */
export function failureOf(report: SyncReport, update: Pick<Updated, "failed">): CliError {
  if (deniedAll(report)) {
    const [{ id, reason }] = report.failed as [SyncReport["failed"][number]];
    return new CliError(
      "accessDenied",
      `access denied to everything requested, ${plural(report.failed.length, "partition")} from ${report.source}; ${partitionName(id)}: ${reason}`,
      "the credentials may list and not read: ask ASAPP for s3:GetObject on the prefix, or for other credentials; the next run tries again",
    );
  }
  return new CliError("someFailed", failedText(report, update), failedNext(update));
}

function failedNext({ failed }: Pick<Updated, "failed">): string {
  const policies = failed.flatMap(({ reason }) => /, and (on_\w+) is (?:freeze|fail)$/.exec(reason)?.[1] ?? []);
  if (policies.length === 0) return "run it again; if it fails again, see the reasons above";
  return `the earlier state of these days stays; to stage them, change ${[...new Set(policies)].join(", ")} in kit.yaml`;
}

function listed({ plan }: SyncReport, state: PlanEntry["state"]): string {
  return `: ${some(plan.filter((entry) => entry.state === state).map(({ id, reason }) => `${partitionName(id)} (${reason})`))}`;
}

function feedsWith({ feeds }: SyncReport, what: "added"): string {
  return plural(feeds.filter((feed) => feed[what] > 0).length, "feed");
}

function some(texts: string[], most = 5): string {
  const rest = texts.length - most;
  const lines = rest > 0 ? [...texts.slice(0, most), `and ${count(rest)} more`] : texts;
  return lines.join(`\n${" ".repeat(12)}`);
}

const short = (iso: string) => `${iso.slice(0, 16).replace("T", " ")} UTC`;
