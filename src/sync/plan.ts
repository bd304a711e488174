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
  objects: number; // data files in the bucket, or local ones when it has none
  bytes: number; // of these objects
  changed: boolean; // the manifest will change
  odd?: "markerless" | "encrypted"; // kept although the bucket's version lost its marker, or cannot be decrypted
}

/** A partition as in the manifest, and whether its files exist. */
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

// marker in the bucket   here                same fingerprint   action    state
// no                     no                  -                  wait      waiting; overdue past cadence + grace
// no                     yes                 -                  keep      as here, "the marker went"
// yes                    no                  -                  add       complete (or empty), as its files tell
// yes                    yes                 yes                keep      as here; complete again after expired
// yes                    yes, files damaged  yes                add       as here
// yes                    yes                 no                 replace   replaced
// (partition gone)       yes                 -                  keep      expired
// no data file, but one of another name:
// yes                    any                 -                  wait      failed; what is here stays
// With files that only a decrypt command can read, and none configured:
// yes                    no                  -                  add       encrypted: noted, not fetched
// yes                    encrypted           yes                keep      encrypted
// yes                    encrypted           no                 add       encrypted
// yes                    yes                 no                 keep      as here, "exported again, encrypted"
// With a decrypt command:
// yes                    encrypted           any                add       complete
// (any) outside the window                                      none, counted as ignored
/** Decides for every partition of the listing or the manifest. Pure: no disk, no network, no clock. */
export function planSync(remote: RemotePartition[], here: LocalPartition[], options: PlanOptions): SyncPlan {
  const local = new Map(here.map((partition) => [partitionKey(partition.id), partition]));
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
  for (const [key, partition] of local) if (!listed.has(key)) add(partition.id, () => gone(partition));
  plan.entries.sort((a, b) => compare(partitionKey(a.id), partitionKey(b.id)));
  return plan;
}

function decide(remote: RemotePartition, here: LocalPartition | undefined, options: PlanOptions): PlanEntry {
  const bytes = bytesOf(remote);
  // No spread: half a million of these objects would take twice the memory.
  const entry = (action: Action, state: PartitionState, reason: string): PlanEntry => ({
    id: remote.id,
    action,
    state,
    reason,
    objects: remote.objects.length,
    bytes,
    changed: action === "add" || action === "replace" || (action === "keep" && state !== here?.state),
  });
  if (remote.marker === null) {
    if (here !== undefined && here.state !== "encrypted")
      return {
        ...entry("keep", here.state, "the marker went from the bucket; kept as it was"),
        odd: "markerless",
      };
    const late = overdueSince(remote.id, options);
    if (late === null) return entry("wait", "waiting", "no _SUCCESS yet");
    return entry("wait", "overdue", `no _SUCCESS, expected by ${late}`);
  }
  if (remote.stray !== undefined)
    return entry("wait", "failed", `${remote.stray} is no data file of ${remote.id.feed} by its name`);
  const same = here !== undefined && here.fingerprint === fingerprint(remote);
  const sealed = !options.decrypts && remote.objects.some((object) => object.key.endsWith(".enc"));
  if (sealed) {
    const unreadable = "encrypted, and no decrypt command configured";
    if (here === undefined) return entry("add", "encrypted", unreadable);
    if (here.state === "encrypted" && !same) return entry("add", "encrypted", unreadable);
    if (here.state === "encrypted") return { ...entry("keep", "encrypted", unreadable), odd: "encrypted" };
    if (!same)
      return {
        ...entry("keep", here.state, `exported again, ${unreadable}; kept as it was`),
        odd: "encrypted",
      };
  }
  const fresh = remote.objects.length === 0 ? "empty" : "complete";
  if (here === undefined) return entry("add", fresh, "complete in the bucket, not here");
  if (here.state === "encrypted") return entry("add", fresh, "can be decrypted now");
  if (!same) return entry("replace", "replaced", "exported again");
  const state = here.state !== "expired" ? here.state : here.lines === 0 ? "empty" : "complete";
  if (!here.intact) return entry("add", state, "its files here are missing or cut short");
  return entry("keep", state, here.state === "expired" ? "is back in the bucket" : "here already");
}

function gone({ id, state, objects, bytes }: LocalPartition): PlanEntry {
  if (state === "encrypted") {
    const reason = "gone from the bucket, never fetched";
    return { id, action: "remove", state, reason, objects, bytes, changed: true };
  }
  const reason = "gone from the bucket; kept here";
  return { id, action: "keep", state: "expired", reason, objects, bytes, changed: state !== "expired" };
}

/** The time by which the marker was due, such as "2026-11-22 05:45"; null while that is not past. */
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
