import { type Maybe, quantity, ratio, share, total } from "./ratio.js";

/**
 * Average speed of answer, seconds: waits of answered contacts / answered contacts, including zero waits, excluding
 * abandoned contacts. Booked when answered. Null when nothing was answered.
 */
export function asa(answeredWaitSeconds: Maybe, answered: Maybe): number | null {
  return ratio(answeredWaitSeconds, answered);
}

/** Summed waits in seconds, and contacts. The two groups do not overlap. */
export interface WaitSums {
  assignedWait: Maybe; // of contacts assigned to a rep, including zero waits
  assigned: Maybe;
  waitingWait: Maybe; // so far, of contacts still waiting
  waiting: Maybe;
}

export interface Waits {
  averageWait: number | null; // waiting and assigned, including zero waits
  timeInQueue: number | null; // waiting only
  timeToAssign: number | null; // assigned only, including zero waits
}

/** ASAPP's three waits, seconds. They answer different questions; never draw two of them on one axis. */
export function waits(sums: WaitSums): Waits {
  return {
    averageWait: ratio(total(sums.assignedWait, sums.waitingWait), total(sums.assigned, sums.waiting)),
    timeInQueue: ratio(sums.waitingWait, sums.waiting),
    timeToAssign: ratio(sums.assignedWait, sums.assigned),
  };
}

/** Mean wait of all contacts, answered or abandoned, seconds. */
export function meanWait(waitSeconds: Maybe, answered: Maybe, abandoned: Maybe): number | null {
  return ratio(waitSeconds, total(answered, abandoned));
}

/**
 * Share of offered contacts that abandoned, 0..1. With `short` (abandons before the short threshold) these count as
 * neither abandoned nor offered. Null without contacts, or with more short abandons than abandons.
 */
export function abandonRate(abandoned: Maybe, answered: Maybe, short: Maybe = 0): number | null {
  const [all, early] = [quantity(abandoned), quantity(short)];
  if (all === null || early === null || early > all) return null;
  return share(all - early, total(all - early, answered));
}

export interface Patience {
  theta: number; // abandons per second of waiting
  meanSeconds: number | null; // 1 / theta; null if nobody abandoned
}

/**
 * Patience, assumed exponential: abandons / total waiting time of all contacts, answered or abandoned
 * (P(abandon) = theta E[wait]). Needs waits per contact, as in `issue_queues`. Null without waiting time.
 */
export function patience(abandoned: Maybe, totalWaitSeconds: Maybe): Patience | null {
  const theta = ratio(abandoned, totalWaitSeconds);
  return theta === null ? null : { theta, meanSeconds: ratio(totalWaitSeconds, abandoned) };
}

/**
 * Average handle time, seconds: assignment to disposition / assignments. For chat it includes idle gaps and overlaps, so
 * it grows with concurrency. Null when nothing was handled.
 */
export function aht(handleSeconds: Maybe, handled: Maybe): number | null {
  return ratio(handleSeconds, handled);
}

/** Share of handle time that is wrap-up, 0..1. Null without handle time, or with more wrap-up than handle time. */
export function wrapShare(wrapSeconds: Maybe, handleSeconds: Maybe): number | null {
  return share(wrapSeconds, handleSeconds);
}

/** Mean seconds to respond: total seconds / responses, never a mean of per-contact means. */
export function responseTime(seconds: Maybe, responses: Maybe): number | null {
  return ratio(seconds, responses);
}
