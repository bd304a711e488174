import type { PartitionId } from "../export/partition.ts";
import type { Action, PartitionState } from "./plan.ts";

/** The events of a running sync, in this order; the last five may occur at any time. */
export type SyncEvent =
  | {
      type: "listing";
      feeds: number;
      feedsDone: number;
      requests: number;
      objects: number;
      full: boolean;
      why: string | null;
    }
  | {
      type: "planned";
      add: number;
      replace: number;
      keep: number;
      wait: number;
      objects: number;
      bytes: number;
    }
  | ({ type: "progress" } & Progress)
  | {
      type: "partition";
      id: PartitionId;
      action: Action;
      state: PartitionState;
      objects: number;
      bytes: number;
    }
  | { type: "failed"; id: PartitionId; reason: string }
  | { type: "retry"; what: string; reason: string; waitMs: number }
  | { type: "slowdown"; atOnce: number } // the new limit of concurrent requests
  | { type: "locked"; pid: number; host: string; since: string } // the process waited for
  | { type: "note"; text: string };

export interface Progress {
  partitions: { done: number; failed: number; total: number };
  bytes: { done: number; total: number }; // of data files, as stored in the bucket
  rate: number; // bytes a second over the last ten seconds
  secondsLeft: number | null; // null: too early to tell
}

const spanMs = 10_000;
const everyMs = 200;

/** Counts the work done, and reports it at most five times a second. */
export class ProgressMeter {
  private readonly report: (event: SyncEvent) => void;
  private readonly clock: () => number;
  private readonly total: { partitions: number; bytes: number };
  private readonly marks: { at: number; bytes: number }[] = [];
  private done = 0;
  private failed = 0;
  private bytes = 0;
  private last = Number.NEGATIVE_INFINITY;

  constructor(
    total: { partitions: number; bytes: number },
    report: (event: SyncEvent) => void,
    clock: () => number = () => performance.now(),
  ) {
    this.total = total;
    this.report = report;
    this.clock = clock;
    this.marks.push({ at: clock(), bytes: 0 });
  }

  /** Bytes received; negative when they are dropped and fetched again. */
  received(bytes: number): void {
    this.bytes += bytes;
    this.tick(false);
  }

  finished(failed: boolean): void {
    if (failed) this.failed += 1;
    else this.done += 1;
    this.tick(this.done + this.failed === this.total.partitions);
  }

  private tick(always: boolean): void {
    const now = this.clock();
    if (!always && now - this.last < everyMs) return;
    this.last = now;
    const { marks } = this;
    marks.push({ at: now, bytes: this.bytes });
    while (marks.length > 2 && (marks[1]?.at ?? now) < now - spanMs) marks.shift();
    const [first = { at: now, bytes: this.bytes }] = marks;
    const seconds = (now - first.at) / 1000;
    const rate = seconds > 0 ? Math.max(0, (this.bytes - first.bytes) / seconds) : 0;
    const left = Math.max(0, this.total.bytes - this.bytes);
    this.report({
      type: "progress",
      partitions: { done: this.done, failed: this.failed, total: this.total.partitions },
      bytes: { done: this.bytes, total: this.total.bytes },
      rate,
      secondsLeft: rate > 0 && seconds >= 1 ? left / rate : null,
    });
  }
}
