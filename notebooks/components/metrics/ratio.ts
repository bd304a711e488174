/** A number that may be missing: the feed lacks the column, or the window is pending. */
export type Maybe = number | null | undefined;

/**
 * The value if it is a valid count, duration or weight: zero to 2^53, beyond which counts are inexact. Anything else,
 * including NaN and Infinity, is null.
 */
export function quantity(value: Maybe): number | null {
  if (typeof value !== "number" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return null;
  return value + 0; // -0 becomes 0
}

/** The value, or null where it is not finite. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The sum; null if any part is missing. */
export function total(...parts: Maybe[]): number | null {
  let sum = 0;
  for (const part of parts) {
    const amount = quantity(part);
    if (amount === null) return null;
    sum += amount;
  }
  return finite(sum);
}

/** whole - part; null if either is missing. */
export function less(whole: Maybe, part: Maybe): number | null {
  const [all, some] = [quantity(whole), quantity(part)];
  return all === null || some === null ? null : all - some;
}

/** part / whole; null without a whole. May exceed 1. */
export function ratio(part: Maybe, whole: Maybe): number | null {
  const [above, below] = [quantity(part), quantity(whole)];
  return above === null || below === null || below === 0 ? null : finite(above / below);
}

/** The same where the part is contained in the whole: null if part > whole. */
export function share(part: Maybe, whole: Maybe): number | null {
  const value = ratio(part, whole);
  return value === null || value > 1 + 1e-9 ? null : Math.min(1, value);
}

export interface Bounds {
  low: number;
  high: number;
}

/** Two-sided 95 % of the normal distribution. */
const z95 = 1.959963984540054;

/**
 * Wilson score interval of k successes in n trials, 0..1: keeps its 95 % coverage for small n and near 0 and 1, unlike the
 * normal approximation. Null for n < 1 or k > n. Source: Newcombe 1998.
 */
export function wilson(k: Maybe, n: Maybe, z: number = z95): Bounds | null {
  const [hits, trials, width] = [quantity(k), quantity(n), quantity(z)];
  if (hits === null || trials === null || width === null || trials < 1 || hits > trials) return null;
  const p = hits / trials;
  const q = (width * width) / trials;
  const middle = p + q / 2;
  const half = width * Math.sqrt((p * (1 - p)) / trials + q / (4 * trials));
  const low = hits === 0 ? 0 : Math.max(0, (middle - half) / (1 + q));
  const high = hits === trials ? 1 : Math.min(1, (middle + half) / (1 + q));
  return Number.isFinite(low) && Number.isFinite(high) ? { low, high } : null;
}
