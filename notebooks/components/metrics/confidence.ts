import { type Maybe, quantity } from "./ratio.js";

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
