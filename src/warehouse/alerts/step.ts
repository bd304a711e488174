import { createHash } from "node:crypto";
import type { Verdict } from "./evaluate.ts";

/** An alert of one subject that fired and is not over. Times are milliseconds, UTC. */
export interface Firing {
  id: string; // the same in all its messages
  since: number;
  toldAt: number; // when it was last told: fired or reminded
  reminders: number;
}

/** What receivers are told. */
export type Told = "fired" | "reminder" | "over";

// before   verdict          reminder due   after    told
// quiet    holds            -              firing   fired
// quiet    any other        -              quiet    nothing
// firing   holds            yes            firing   reminder
// firing   holds            no             firing   nothing
// firing   not, closed      -              quiet    over
// firing   unknown          -              firing   nothing
/**
 * The next state of an alert of one subject. A reminder is due `remindMinutes` after it was last told; null: never. With a
 * clock that was set back, that time begins anew.
 */
export function step(
  before: Firing | null,
  verdict: Verdict,
  { now, remindMinutes, key }: { now: number; remindMinutes: number | null; key: string },
): { after: Firing | null; told: Told | null } {
  if (before === null) {
    if (verdict !== "holds") return { after: null, told: null };
    return { after: { id: firingId(key, now), since: now, toldAt: now, reminders: 0 }, told: "fired" };
  }
  if (verdict === "not" || verdict === "closed") return { after: null, told: "over" };
  if (now < before.toldAt) return { after: { ...before, toldAt: now }, told: null };
  const due = remindMinutes !== null && now - before.toldAt >= remindMinutes * 60_000;
  if (verdict !== "holds" || !due) return { after: before, told: null };
  return { after: { ...before, toldAt: now, reminders: before.reminders + 1 }, told: "reminder" };
}

function firingId(key: string, since: number): string {
  return createHash("sha256").update(`${key} ${since}`).digest("hex").slice(0, 16);
}
