import { svg } from "./dom.js";
import type { Colour } from "./looks.js";

export const swatchSize = 12;

/** Legend swatches by mark, 12 units square: layers, bottom first. */
const swatches = new Map<string, Layer[]>(
  Object.entries({
    blue: [square("blue")],
    "blue-strong": [square("blue-strong")],
    "blue-soft": [square("blue-soft")],
    orange: [square("orange")],
    "orange-soft": [square("orange-soft")],
    grey: [square("grey")],
    "grey-soft": [square("grey-soft")],
    "usual-band": [square("grey-soft"), stroke("ink-2", 1)],
    "noise-band": [square("grey-soft", 0.5)],
    "last-week": [stroke("ink-3", 6, "2 2")],
    forecast: [stroke("ink", 6)],
    scheduled: [stroke("ink", 6)],
    required: [stroke("orange-ink", 6, "4 2")],
    expected: [stroke("blue", 6, "4 2")],
    missed: [ring("orange")],
    shortfall: [square("orange-soft")],
    difference: [half("blue", 0), half("ink", 0, 0.45), half("blue-soft", 6, 0.4)],
    projected: [square("blue", 0.14), stroke("blue", 1, "4 2")],
    revised: [triangle("ink")],
    planned: [outline("blue")],
    floor: [stroke("ink", 6)],
    merged: [bracket("ink-2")],
  }),
);

/**
 * The layers of a mark's swatch with its corner at (x, y), in theme colours until painted. Throws for an unknown mark.
 */
export function swatch(mark: string, x = 0, y = 0): SVGElement[] {
  const layers = swatches.get(mark);
  if (!layers) throw new Error(`no swatch for the mark ${mark}`);
  return layers.map((layer) => layer(x, y));
}

type Layer = (x: number, y: number) => SVGElement;

function square(colour: Colour, opacity?: number): Layer {
  const look = { style: `fill:var(--${colour})`, opacity };
  return (x, y) => svg("rect", { x, y, width: swatchSize, height: swatchSize, rx: 2, ...look });
}

function half(colour: Colour, down: number, opacity?: number): Layer {
  const look = { style: `fill:var(--${colour})`, opacity };
  return (x, y) => svg("rect", { x, y: y + down, width: swatchSize, height: swatchSize / 2, ...look });
}

function stroke(colour: Colour, down: number, dash?: string): Layer {
  const look = { style: lines(colour, 2), "stroke-dasharray": dash };
  return (x, y) => svg("path", { d: `M${x},${y + down}h${swatchSize}`, ...look });
}

function ring(colour: Colour): Layer {
  return (x, y) => svg("circle", { cx: x + 6, cy: y + 6, r: 5, style: lines(colour, 2) });
}

function outline(colour: Colour): Layer {
  return (x, y) => svg("rect", { x: x + 1, y: y + 1, width: 10, height: 10, rx: 2, style: lines(colour, 1.5) });
}

function triangle(colour: Colour): Layer {
  return (x, y) => svg("path", { d: `M${x},${y + 2.4}h12l-6,8.4z`, style: `fill:var(--${colour})` });
}

function bracket(colour: Colour): Layer {
  return (x, y) => svg("path", { d: `M${x + 1},${y + 8}v-4h10v4`, style: lines(colour, 1.5) });
}

function lines(colour: Colour, width: number): string {
  return `fill:none;stroke:var(--${colour});stroke-width:${width}`;
}
