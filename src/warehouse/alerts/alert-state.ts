import { writeAtomically } from "../../base/files.ts";
import { isFields, isText, readStored } from "../../base/stored.ts";
import type { Channel } from "../../config/alerts-option.ts";
import type { Figures, Verdict } from "./evaluate.ts";
import type { Firing } from "./step.ts";

export const alertStateName = "alerts.json";

/** What the last check saw of an alert of one subject. Times are milliseconds, UTC. */
export interface SeenAlert {
  alert: string;
  subject: string;
  verdict: Verdict;
  reason: string | null;
  through: number | null;
  figures: Figures | null;
  firing: Firing | null;
  tell: Channel[]; // while it fires: who is told that it is over, also once kit.yaml no longer has it
}

/** A message that a receiver has yet to take. */
export interface Pending {
  id: string; // of the message
  firing: string;
  kind: "fired" | "reminder" | "over";
  channel: Channel;
  message: object; // see docs/alerts.md
  since: number;
  attempts: number;
  notBefore: number;
  error: string | null; // of the last attempt
}

/** `alerts.json` of a data folder. */
export interface AlertState {
  format: 1;
  checkedAt: number | null;
  seen: SeenAlert[];
  pending: Pending[]; // in order, for each receiver
}

export function noAlertState(): AlertState {
  return { format: 1, checkedAt: null, seen: [], pending: [] };
}

/** The state of the last check, and why it is unreadable, if it is: then as without one. */
export function readAlertState(data: string): { state: AlertState; damage: string | null } {
  const { value, damage } = readStored<AlertState>(data, alertStateName, 1, (fields) => {
    const { checkedAt, seen, pending } = fields;
    if (checkedAt !== null && typeof checkedAt !== "number") return null;
    if (!Array.isArray(seen) || !Array.isArray(pending)) return null;
    if (!seen.every((one) => isFields(one) && isText(one.alert) && isText(one.subject) && isText(one.verdict)))
      return null;
    if (!pending.every((one) => isFields(one) && isText(one.id) && isFields(one.channel) && isFields(one.message)))
      return null;
    return fields as object as AlertState;
  });
  return { state: value ?? noAlertState(), damage };
}

/** Writes the state atomically. On disk before this returns, as receivers are told by it. */
export function writeAlertState(data: string, state: AlertState): void {
  writeAtomically(data, alertStateName, `${JSON.stringify(state)}\n`, { flush: true });
}
