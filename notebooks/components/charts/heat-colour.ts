import { heatColour, type Scale } from "../metrics/heatmap.js";
import { contrast } from "../picture/contrast.js";
import { colours } from "../picture/looks.js";
import { mixOklab } from "../picture/oklab.js";

/** The ground of a heat cell: a share, 0..100, of a colour on the sheet. */
export interface HeatGround {
  colour: "blue" | "orange";
  share: number;
}

/** The ground for a value; a faint one, for a value of few contacts, has less of the colour. */
export function heatGround(value: number, scale: Scale, faint = false): HeatGround {
  const { colour, strength } = heatColour(value, scale);
  const least = scale.middle === null ? 8 : 2;
  return { colour, share: Math.round((least + strength * (100 - least)) * (faint ? 0.45 : 1)) };
}

/** Its fill in CSS. */
export function heatFill({ colour, share }: HeatGround): string {
  return `color-mix(in oklab, var(--${colour}) ${share}%, var(--sheet))`;
}

/** The fill of digits on it: in each theme the first ink with a contrast of 4.5 to 1. */
export function heatInk({ colour, share }: HeatGround): string {
  const [light, dark] = ([0, 1] as const).map((theme) => {
    const ground = mixOklab(colours[colour][theme], share, colours.sheet[theme]);
    const inks = [colours.ink[theme], colours.sheet[theme], "#000000", "#ffffff"];
    return inks.find((ink) => contrast(ink, ground) >= 4.5);
  });
  return `light-dark(${light}, ${dark})`;
}
