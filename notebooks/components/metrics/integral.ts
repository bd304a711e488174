export interface Range {
  from: number;
  to?: number; // default: as far as the function reaches
  peak: number; // where it is highest, at or after `from`
  width: number; // roughly how far from the peak it first changes
}

/**
 * The integral of a density times `weight`. The density rises to one peak and falls again at least as fast as an
 * exponential; the weight is smooth and changes no faster.
 * Gauss-Legendre on panels that double in length on both sides of the peak, so that sharp peaks and long tails alike
 * come out to about 14 digits.
 */
export function integrate(
  density: (x: number) => number,
  { from, to = Infinity, peak, width }: Range,
  weight: (x: number) => number = () => 1,
): number {
  const f = (x: number) => weight(x) * density(x);
  let sum = 0;
  for (const direction of [-1, 1]) {
    const end = direction < 0 ? peak - from : Infinity;
    let near = 0;
    for (let far = width; near < end; far *= 2) {
      const until = Math.min(far, end);
      const [low, high] = direction < 0 ? [peak - until, peak - near] : [peak + near, peak + until];
      if (low < to) sum += panel(f, low, Math.min(high, to));
      if (direction > 0 && low >= to) break;
      near = until;
      if (density(peak + direction * near) < 1e-30 || far > 1e300) break;
    }
  }
  return sum;
}

function panel(f: (x: number) => number, low: number, high: number): number {
  const [middle, half] = [(low + high) / 2, (high - low) / 2];
  let sum = 0;
  for (const { node, weight } of rule) sum += weight * (f(middle + half * node) + f(middle - half * node));
  return sum * half;
}

// Nodes above zero of the 20-point rule: roots of the Legendre polynomial, by Newton's method.
const order = 20;
const rule = Array.from({ length: order / 2 }, (_, i) => {
  let node = Math.cos((Math.PI * (i + 0.75)) / (order + 0.5));
  let slope = 0;
  for (let step = 0; step < 10; step++) {
    let [now, before] = [1, 0];
    for (let k = 1; k <= order; k++) [now, before] = [((2 * k - 1) * node * now - (k - 1) * before) / k, now];
    slope = (order * (node * now - before)) / (node * node - 1);
    node -= now / slope;
  }
  return { node, weight: 2 / ((1 - node * node) * slope * slope) };
});
