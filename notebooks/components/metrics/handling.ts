import { type Maybe, ratio, share } from "./ratio.js";

/**
 * Average handle time, seconds: assignment to disposition / assignments. For chat it holds idle gaps and overlap, so it
 * grows with concurrency. Null when nothing was handled.
 */
export function aht(handleSeconds: Maybe, handled: Maybe): number | null {
  return ratio(handleSeconds, handled);
}

/** Share of handle time that is wrap-up, 0..1. Null without handle time, or with more wrap-up than handle time. */
export function wrapShare(wrapSeconds: Maybe, handleSeconds: Maybe): number | null {
  return share(wrapSeconds, handleSeconds);
}

/** Mean seconds to respond: summed seconds / responses, never a mean of per-contact means. */
export function responseTime(seconds: Maybe, responses: Maybe): number | null {
  return ratio(seconds, responses);
}
