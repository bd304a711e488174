import { type Maybe, quantity, ratio, share, total } from "./ratio.js";

// Rep time may be in any unit, as long as both arguments share it. "Linear" counts a minute once however many chats were
// open, "cumulative" once per chat or slot.

/** Voice: handle / (handle + available), 0..1; logged-in time only. */
export function occupancy(handle: Maybe, available: Maybe): number | null {
  return share(handle, total(handle, available));
}

/** Voice: handle / logged-in time, 0..1. For chat use the linear ratios below: summed handle time overlaps. */
export function occupancyOfLoggedIn(handle: Maybe, loggedIn: Maybe): number | null {
  return share(handle, loggedIn);
}

/** Chat: available time with at least one chat / available time, 0..1 (lin_ute_avail / lin_avail). */
export function linearOccupancy(utilizedAvailable: Maybe, available: Maybe): number | null {
  return share(utilizedAvailable, available);
}

/** Logged-in time with at least one chat, 0..1 (lin_ute_total / lin_logged_in). The total includes chats open while busy,
 * so over available time it could exceed 1. */
export function utilizedShare(utilized: Maybe, loggedIn: Maybe): number | null {
  return share(utilized, loggedIn);
}

/**
 * Observed concurrency: chat time / time with at least one chat (cum_ute_total / lin_ute_total, or summed handle
 * seconds / engaged seconds). At least 1; not the slot cap. Null when nobody was utilized, or where it is below 1.
 */
export function concurrency(cumulative: Maybe, linear: Maybe): number | null {
  const value = ratio(cumulative, linear);
  return value === null || value < 1 - 1e-9 ? null : Math.max(1, value);
}

/** Slots in use while available (cum_ute_avail / cum_avail). Above 1 where reps hold more chats than slots. */
export function slotUtilization(cumulativeUtilized: Maybe, cumulativeAvailable: Maybe): number | null {
  return ratio(cumulativeUtilized, cumulativeAvailable);
}

/** The same over logged-in time: cum_ute_total / (max_slots x lin_logged_in). */
export function slotLoad(cumulativeUtilized: Maybe, slots: Maybe, loggedIn: Maybe): number | null {
  const [most, time] = [quantity(slots), quantity(loggedIn)];
  return most === null || time === null ? null : ratio(cumulativeUtilized, most * time);
}

/** (handle + available) / paid time, which no export has: it comes from a schedule. Above 1 with overtime. */
export function utilization(handle: Maybe, available: Maybe, paid: Maybe): number | null {
  return ratio(total(handle, available), paid);
}
