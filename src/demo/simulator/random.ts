/** Draws from one stream of numbers. The same seed always gives the same stream. */
export interface Random {
  next(): number; // 0 <= x < 1
  chance(probability: number): boolean;
  between(low: number, high: number): number;
  int(below: number): number;
  pick<T>(items: readonly T[]): T;
  weighted<T>(items: readonly T[], weight: (item: T) => number): T;
  exponential(mean: number): number;
  lognormal(median: number, sigma: number): number;
  poisson(mean: number): number;
}

/** A stream named by its parts, independent of every other: seeded(7, "arrivals", "2026-11-02"). */
export function seeded(...parts: (string | number)[]): Random {
  const next = generator(parts.join("/"));
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    chance: (probability) => next() < probability,
    between: (low, high) => low + (high - low) * next(),
    int: (below) => Math.floor(next() * below),
    pick: (items) => itemAt(items, Math.floor(next() * items.length)),
    weighted(items, weight) {
      let left = next() * items.reduce((sum, item) => sum + weight(item), 0);
      for (const item of items) {
        left -= weight(item);
        if (left < 0) return item;
      }
      return itemAt(items, items.length - 1);
    },
    exponential: (mean) => -mean * Math.log(1 - next()),
    lognormal: (median, sigma) => median * Math.exp(sigma * normal()),
    poisson(mean) {
      if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      let count = 0;
      for (let product = next(); product > Math.exp(-mean); product *= next()) count++;
      return count;
    },
  };
}

function itemAt<T>(items: readonly T[], index: number): T {
  if (index < 0 || index >= items.length) throw new Error(`no item ${index} of ${items.length}`);
  return items[index] as T;
}

/** A hash of a text: FNV-1a, 32 bits. */
export function hash(text: string, start = 0x811c9dc5): number {
  let value = start;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

// sfc32, Chris Doty-Humphrey's small fast counter generator (public domain).
function generator(seed: string): () => number {
  let a = hash(seed);
  let b = hash(seed, a);
  let c = hash(seed, b);
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}
