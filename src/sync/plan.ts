import { type PartitionId, partitionKey, partitionStart } from "../export/partition.ts";
import { fingerprint, type RemotePartition } from "../export/remote-partition.ts";
import type { LocalState } from "./manifest.ts";
import { inWindow, type Window } from "./window.ts";

export type Action = "add" | "replace" | "keep" | "wait" | "remove";
export type PartitionState = "waiting" | "overdue" | "failed" | LocalState;

export interface PlanEntry {
  id: PartitionId;
  action: Action;
  state: PartitionState; // after the action
  reason: string;
  objects: number; // data files in the bucket, or local ones when the bucket has none
  bytes: number; // of these objects
  changed: boolean; // the manifest will change
  odd?: "markerless" | "encrypted"; // kept, while the bucket's version has no marker or cannot be decrypted
}

/** A partition of the manifest. */
export interface LocalPartition {
  id: PartitionId;
  state: LocalState;
  fingerprint: string;
  objects: number;
  bytes: number;
  lines: number;
  intact: boolean; // names and sizes on disk match the manifest
}

export interface PlanOptions {
  window: Window;
  now: Date;
  cadenceMinutes: number | null; // null counts as a day
  graceMinutes: number;
  decrypts: boolean; // a decrypt command is configured
}

export interface SyncPlan {
  entries: PlanEntry[]; // sorted by partition
  ignored: number; // partitions outside the window
}

// marker in the bucket   local               same fingerprint   action    state
// no                     no                  -                  wait      waiting; overdue past cadence + grace
// no                     yes                 -                  keep      unchanged
// yes                    no                  -                  add       complete, or empty without data files
// yes                    yes                 yes                keep      unchanged; complete again after expired
// yes                    yes, files damaged  yes                add       unchanged
// yes                    yes                 no                 replace   replaced
// (partition gone)       yes                 -                  keep      expired
// No data file, and a file of another name:
// yes                    any                 -                  wait      failed; the local files stay
// Encrypted files without a decrypt command:
// yes                    no                  -                  add       encrypted: recorded, not fetched
// yes                    encrypted           yes                keep      encrypted
// yes                    encrypted           no                 add       encrypted
// yes                    yes                 no                 keep      unchanged
// With a decrypt command:
// yes                    encrypted           any                add       complete
// Outside the window:
// any                    any                 any                none      counted as ignored
/** Decides on every partition of the listing or the manifest. Pure: no disk, no network, no clock. */
export function planSync(remote: RemotePartition[], recorded: LocalPartition[], options: PlanOptions): SyncPlan {
  const local = new Map(recorded.map((partition) => [partitionKey(partition.id), partition]));
  const listed = new Set<string>();
  const plan: SyncPlan = { entries: [], ignored: 0 };
  const add = (id: PartitionId, entry: () => PlanEntry) => {
    if (inWindow(options.window, id.dt)) plan.entries.push(entry());
    else plan.ignored += 1;
  };
  for (const partition of remote) {
    const key = partitionKey(partition.id);
    listed.add(key);
    add(partition.id, () => decide(partition, local.get(key), options));
  }
  for (const [key, partition] of local) if (!listed.has(key)) add(partition.id, () => decideGone(partition));
  plan.entries.sort((a, b) => compare(partitionKey(a.id), partitionKey(b.id)));
  return plan;
}

function decide(remote: RemotePartition, local: LocalPartition | undefined, options: PlanOptions): PlanEntry {
  const bytes = bytesOf(remote);
  // Built without spread: half a million of these objects would take twice the memory.
  const entry = (action: Action, state: PartitionState, reason: string): PlanEntry => ({
    id: remote.id,
    action,
    state,
    reason,
    objects: remote.objects.length,
    bytes,
    changed: action === "add" || action === "replace" || (action === "keep" && state !== local?.state),
  });
  if (remote.marker === null) {
    if (local !== undefined && local.state !== "encrypted") {
      const reason = "the marker is gone from the bucket; kept as it was";
      return { ...entry("keep", local.state, reason), odd: "markerless" };
    }
    const late = overdueSince(remote.id, options);
    if (late === null) return entry("wait", "waiting", "no _SUCCESS yet");
    return entry("wait", "overdue", `no _SUCCESS, expected by ${late}`);
  }
  if (remote.stray !== undefined)
    return entry("wait", "failed", `${remote.stray} is not named like a data file of ${remote.id.feed}`);
  const same = local !== undefined && local.fingerprint === fingerprint(remote);
  if (!options.decrypts && remote.objects.some((object) => object.key.endsWith(".enc"))) {
    const reason = "encrypted, and no decrypt command configured";
    if (local === undefined) return entry("add", "encrypted", reason);
    if (local.state === "encrypted" && !same) return entry("add", "encrypted", reason);
    if (local.state === "encrypted") return { ...entry("keep", "encrypted", reason), odd: "encrypted" };
    if (!same) return { ...entry("keep", local.state, `exported again, ${reason}; kept as it was`), odd: "encrypted" };
  }
  const fresh = remote.objects.length === 0 ? "empty" : "complete";
  if (local === undefined) return entry("add", fresh, "complete in the bucket, not local");
  if (local.state === "encrypted") return entry("add", fresh, "can be decrypted now");
  if (!same) return entry("replace", "replaced", "exported again");
  const state = local.state !== "expired" ? local.state : local.lines === 0 ? "empty" : "complete";
  if (!local.intact) return entry("add", state, "its local files are missing or cut short");
  return entry("keep", state, local.state === "expired" ? "is back in the bucket" : "here already");
}

function decideGone({ id, state, objects, bytes }: LocalPartition): PlanEntry {
  if (state === "encrypted") {
    const reason = "gone from the bucket, never fetched";
    return { id, action: "remove", state, reason, objects, bytes, changed: true };
  }
  const reason = "gone from the bucket; kept here";
  return { id, action: "keep", state: "expired", reason, objects, bytes, changed: state !== "expired" };
}

/** The time by which the marker was due, such as "2026-11-22 05:45"; null before that time. */
function overdueSince(id: PartitionId, { now, cadenceMinutes, graceMinutes }: PlanOptions): string | null {
  const cadence = cadenceMinutes ?? 1440;
  const span = id.hr === null ? Math.max(cadence, 1440) : cadence; // a folder without hour holds a day
  const due = new Date(partitionStart(id).getTime() + (span + graceMinutes) * 60_000);
  return due < now ? due.toISOString().slice(0, 16).replace("T", " ") : null;
}

function bytesOf({ objects }: RemotePartition): number {
  return objects.reduce((sum, { size }) => sum + size, 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
