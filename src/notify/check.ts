import type { Alert, Channel } from "../config/alerts-option.ts";
import type { Config } from "../config/config.ts";
import type { AlertState, Pending, SeenAlert } from "../warehouse/alerts/alert-state.ts";
import type { Observation, Watched } from "../warehouse/alerts/evaluate.ts";
import { alertKey } from "../warehouse/alerts/replay.ts";
import { step } from "../warehouse/alerts/step.ts";
import { messageOf, type Occasion } from "./message.ts";

/** What the alerts of kit.yaml say at a moment. */
export interface Observed {
  watched: Watched;
  observation: Observation;
}

/**
 * The state after a check, with the messages that follow from it. An alert that fires and that kit.yaml no longer has is over;
 * one of `each` whose queue has no data stays as it was. Pure: whoever saves the result before telling loses nothing.
 */
export function afterCheck(
  before: AlertState,
  observed: readonly Observed[],
  alerts: readonly Alert[],
  { now, config }: { now: number; config: Pick<Config, "site" | "timezone"> },
): { state: AlertState; occasions: Occasion[] } {
  const former = new Map(before.seen.map((seen) => [alertKey(seen.alert, seen.subject), seen]));
  const occasions: Occasion[] = [];
  let pending = before.pending;
  const tell = (occasion: Occasion, channels: readonly Channel[]) => {
    occasions.push(occasion);
    const message = messageOf(occasion, config);
    const { firing, kind, id } = message;
    // a reminder that was not taken yet has nothing left to say
    pending = pending.filter((one) => one.firing !== firing || one.kind !== "reminder");
    const entries = channels.map(
      (channel): Pending => ({
        id,
        firing,
        kind,
        channel,
        message,
        since: now,
        attempts: 0,
        notBefore: now,
        error: null,
      }),
    );
    pending = [...pending, ...entries];
  };
  const seen: SeenAlert[] = [];
  for (const { watched, observation } of observed) {
    const { alert, subject } = watched;
    const key = alertKey(alert.name, subject);
    const last = former.get(key);
    former.delete(key);
    const { verdict, reason, through, figures } = observation;
    const was = last?.firing ?? null;
    const { after, told } = step(was, verdict, { now, remindMinutes: alert.remindMinutes, key });
    const firing = after ?? was;
    if (told !== null && firing !== null)
      tell(
        { kind: told, alert, name: alert.name, subject, firing, figures, through, reason, now },
        told === "over" ? (last?.tell ?? alert.tell) : alert.tell,
      );
    // who was told that it fired is told that it is over
    const receivers =
      after === null ? [] : was === null ? alert.tell : together(last?.tell ?? [], told === null ? [] : alert.tell);
    seen.push({ alert: alert.name, subject, verdict, reason, through, figures, firing: after, tell: receivers });
  }
  for (const last of former.values()) {
    if (last.firing === null) continue;
    const alert = alerts.find(({ name }) => name === last.alert);
    if (alert !== undefined && isOfEach(alert)) {
      seen.push({ ...last, verdict: "unknown", reason: "no data" });
      continue;
    }
    const { alert: name, subject, firing, through } = last;
    const reason = "kit.yaml no longer has it";
    tell({ kind: "over", alert: null, name, subject, firing, figures: null, through, reason, now }, last.tell);
  }
  return { state: { format: 1, checkedAt: now, seen, pending }, occasions };
}

function isOfEach({ subject }: Alert): boolean {
  return subject.kind === "each" || (subject.kind === "feeds" && subject.each);
}

function together(some: readonly Channel[], more: readonly Channel[]): Channel[] {
  const texts = new Set([...some, ...more].map((channel) => JSON.stringify(channel)));
  return [...texts].map((text) => JSON.parse(text) as Channel);
}
