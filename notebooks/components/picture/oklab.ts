/**
 * `color-mix(in oklab, first share%, second)` of CSS, for pictures: few SVG viewers support color-mix. Colours are #rrggbb,
 * the share is 0..100. Uses the matrices of CSS Color 4; mixing happens in LMS, as its step to Lab is linear.
 */
export function mixOklab(first: string, share: number, second: string): string {
  const [a, b] = [cones(first), cones(second)];
  const [l, m, s] = a.map((value, i) => ((value * share + (b[i] ?? 0) * (100 - share)) / 100) ** 3) as Three;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${linear.map((value) => gamma(value).toString(16).padStart(2, "0")).join("")}`;
}

type Three = [number, number, number];

// Cube roots of the long, medium and short cone responses.
function cones(hex: string): Three {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Three;
  return [
    Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b),
    Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b),
    Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b),
  ];
}

// 0..255
function gamma(linear: number): number {
  const part = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, part)));
}
