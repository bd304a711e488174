/** A number that may be missing: a column the feed lacks, a window that has not arrived. */
export type Maybe = number | null | undefined;

/**
 * The value if it can be a count, a duration or a weight: from zero to 2^53, beyond which counts are no longer exact.
 * Everything else is null, NaN and Infinity included.
 */
export function quantity(value: Maybe): number | null {
  if (typeof value !== "number" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return null;
  return value + 0; // -0 becomes 0
}

/** The result of arithmetic, or null where it ran out of the numbers there are. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The sum, or null as soon as one part is not known. */
export function total(...parts: Maybe[]): number | null {
  let sum = 0;
  for (const part of parts) {
    const known = quantity(part);
    if (known === null) return null;
    sum += known;
  }
  return finite(sum);
}

/** What is left of the whole; null as soon as one of them is not known. */
export function less(whole: Maybe, part: Maybe): number | null {
  const [all, some] = [quantity(whole), quantity(part)];
  return all === null || some === null ? null : all - some;
}

/** part / whole of two quantities; null without a whole. May be above 1. */
export function ratio(part: Maybe, whole: Maybe): number | null {
  const [above, below] = [quantity(part), quantity(whole)];
  return above === null || below === null || below === 0 ? null : finite(above / below);
}

/** The same where the part is contained in the whole: null when they contradict each other (part > whole). */
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
 * Wilson score interval of k successes in n, 0..1: holds its 95 % for small n and near 0 and 1, where the textbook one
 * does not. Null without a trial or with k > n. Source: Newcombe 1998.
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
