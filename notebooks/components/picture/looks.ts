// The looks of charts on pages and in pictures: looks.css is generated from these tables (`npm run renew`), and in a picture
// they are written into the elements.

/** Colours of the light and dark themes. On a page each is a custom property, such as `--ink`. */
export const colours = {
  paper: ["#f6f5f1", "#0f141a"],
  sheet: ["#ffffff", "#161c24"],
  ink: ["#17212b", "#e9ecef"],
  "ink-2": ["#46525e", "#b3bcc6"],
  "ink-3": ["#5f6b76", "#929da8"],
  rule: ["#d8d5cd", "#303a45"],
  "rule-2": ["#e9e7e1", "#222a33"],
  blue: ["#2f6fb7", "#5b9be0"],
  "blue-strong": ["#174a86", "#a5cbf5"],
  "blue-soft": ["#a9c8e8", "#2f5480"],
  "blue-wash": ["#e8f0f8", "#1a2a3c"],
  "blue-ink": ["#1d5596", "#8fc0f5"],
  orange: ["#d9691a", "#f0924c"],
  "orange-soft": ["#f3c39a", "#7d4c28"],
  "orange-wash": ["#fbeee2", "#33241a"],
  "orange-ink": ["#a8480a", "#f5a667"],
  grey: ["#8b949d", "#7f8a95"],
  "grey-soft": ["#c9ced3", "#3f4a55"],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

export type Colour = keyof typeof colours;

/** Framework's and Plot's names for them. */
export const aliases = {
  "theme-background": "paper",
  "theme-background-a": "paper",
  "theme-background-b": "sheet",
  "theme-background-alt": "sheet",
  "theme-foreground": "ink",
  "theme-foreground-alt": "ink",
  "theme-foreground-muted": "ink-2",
  "theme-foreground-faint": "ink-3",
  "theme-foreground-fainter": "rule",
  "theme-foreground-faintest": "rule-2",
  "theme-foreground-focus": "blue-ink",
  "theme-blue": "blue",
  "plot-background": "sheet",
} as const satisfies Record<string, Colour>;

/** The look of a mark. Lengths are CSS pixels. */
export interface Look {
  fill?: Colour | "none";
  share?: number; // of the fill, 0..100; the rest is the sheet's colour
  stroke?: Colour;
  width?: number; // of the stroke
  dash?: string;
  join?: "round";
  opacity?: number;
  size?: number; // of the font
  weight?: number; // of the font; pictures have 400 and 600
  halo?: number; // width of a text's outline in the sheet's colour
  crisp?: true; // aligned to screen pixels; ignored in pictures, which are scaled
}

/** Default text size in a chart. */
export const textSize = 12;

/**
 * The marks of charts by element class, below an element of class "panel"; "blue.few" is for elements of both classes. If an
 * element has several looks, those later in this table win.
 */
export const looks: Record<string, Look> = {
  // the frame
  text: { fill: "ink-3" }, // every text
  grid: { stroke: "rule-2", crisp: true },
  zero: { stroke: "grey", crisp: true },
  tick: { stroke: "grey", crisp: true },
  note: { size: 11 },
  "row-name": { fill: "ink" },
  "shade-closed": { fill: "rule-2", opacity: 0.55 },
  "shade-weekend": { fill: "rule-2", opacity: 0.5 },
  "shade-skipped": { fill: "rule" },
  "shade-missing": { stroke: "orange", width: 1, dash: "2 2" },
  hatch: { stroke: "rule", width: 2 },
  "hatch-missing": { stroke: "orange-soft", width: 2.5 },
  "empty-box": { fill: "none", stroke: "rule", dash: "4 4" },
  "empty-text": { size: 13 },

  // what happened, above and behind the plot
  annotated: { fill: "ink", opacity: 0.055 },
  "annotation-bracket": { fill: "none", stroke: "ink-3" },
  "annotation-rule": { fill: "none", stroke: "ink-2", dash: "2 3" },
  "annotation-label": { fill: "ink-2", weight: 500, halo: 3 },

  // the crosshair and selection
  cross: { fill: "ink", opacity: 0.09 },
  picked: { fill: "none", stroke: "ink", width: 1.5 },
  readout: { fill: "ink", weight: 550, size: 12.5, halo: 4 },

  // columns, areas and dots: blue is measured, orange needs a look, grey is the usual
  blue: { fill: "blue" },
  "blue-strong": { fill: "blue-strong" },
  "blue-soft": { fill: "blue-soft" },
  orange: { fill: "orange" },
  "orange-soft": { fill: "orange-soft" },
  grey: { fill: "grey" },
  "grey-soft": { fill: "grey-soft" },
  "zero-mark": { fill: "grey" },
  "usual-band": { fill: "grey-soft", opacity: 0.55 },
  "noise-band": { fill: "grey-soft", opacity: 0.3 },
  spread: { fill: "blue", opacity: 0.14 },
  shortfall: { fill: "orange-soft", opacity: 0.75 },
  "difference-over": { fill: "ink", opacity: 0.22 },
  "difference-under": { fill: "blue-soft", opacity: 0.4 },
  "projected-fill": { fill: "blue", opacity: 0.12 },
  "planned-blue": { fill: "none", stroke: "blue" },
  "planned-orange": { fill: "none", stroke: "orange" },
  revised: { fill: "ink" },
  "dot-met": { fill: "blue" },
  "dot-expected": { fill: "sheet", stroke: "blue", width: 1.2 },
  "dot-missed": { fill: "sheet", stroke: "orange", width: 2 },
  "dot-met.few": { fill: "blue", share: 40 },
  "dot-missed.few": { stroke: "orange-soft" },
  ...faint("few", 40),
  ...faint("running", 55),

  merged: { fill: "none", stroke: "ink-2", width: 1.2 },

  // lines
  line: { fill: "none", width: 2, join: "round" },
  "blue-line": { stroke: "blue" },
  "blue-strong-line": { stroke: "blue-strong" },
  "blue-soft-line": { stroke: "blue-soft" },
  "orange-line": { stroke: "orange" },
  "grey-line": { stroke: "grey" },
  "usual-line": { stroke: "ink", width: 1.4 },
  "last-week": { stroke: "ink-3", width: 1.2, dash: "1.5 3", opacity: 0.8 },
  "forecast-line": { stroke: "ink", width: 1.4 },
  "scheduled-line": { stroke: "ink", width: 1.6 },
  "required-line": { stroke: "orange-ink", width: 1.6, dash: "5 3" },
  "expected-line": { stroke: "blue", width: 1.4, dash: "5 3" },
  "projected-line": { stroke: "blue", dash: "5 3" },
  thin: { width: 1.4 },
  target: { stroke: "ink-2", dash: "5 3" },
  floor: { stroke: "ink", width: 2 },
  given: { stroke: "ink", width: 1.5, dash: "2 3" },
  spark: { fill: "none", stroke: "blue", width: 1.6 },

  // labels
  beyond: { fill: "ink-2", size: 10 },
  "projected-label": { fill: "blue-ink", halo: 3 },
  "end-label": { weight: 600, halo: 3 },
  "given-label": { fill: "ink", weight: 600 },
  "target-label": { fill: "ink-2", weight: 500 },
  "facet-name": { fill: "ink", size: 14, weight: 650 },
  "facet-state": { weight: 600 },
  "facet-value": { fill: "ink", size: 16, weight: 640 },
  "facet-label": { size: 11 },
  "facet-scale": { size: 11 },
  "blue-text": { fill: "blue-ink" },
  "blue-strong-text": { fill: "blue-strong" },
  "blue-soft-text": { fill: "blue-ink" },
  "orange-text": { fill: "orange-ink" },
  "facet-value.few": { fill: "ink-3" },

  // small multiples
  "facet-back": { fill: "none", stroke: "rule" },
  "facet-zero": { stroke: "grey", crisp: true },

  // heatmaps
  "heat-value": { fill: "ink", size: 11 },
  "on-hatch": { halo: 3 },
  "heat-data": { stroke: "rule-2", width: 0.5 },
  "heat-zero": { fill: "none", stroke: "rule" },
  "heat-zero-dot": { fill: "ink-3" },
  "heat-closed": { fill: "rule-2" },
  "heat-clock": { fill: "none", stroke: "grey", dash: "2 2" },
  "heat-none": { stroke: "orange-soft", width: 0.6 },
  "heat-held": { stroke: "rule" },
  "held-dot": { fill: "grey-soft" },
  "few-hatch": { stroke: "ink-3", width: 1 },
  "none-hatch": { stroke: "orange-soft", width: 2.4 },
  "heat-ring": { fill: "none", stroke: "ink", width: 2 },
  "heat-middle": { stroke: "ink-2" },
};

// Marks of few contacts, or of an interval that is not over: paler, and as opaque as others.
function faint(state: "few" | "running", share: number): Record<string, Look> {
  const marks = ["blue", "blue-strong", "blue-soft", "orange", "orange-soft", "grey", "grey-soft"] as const;
  return Object.fromEntries(marks.map((fill) => [`${fill}.${state}`, { fill, share }]));
}

/** A look as CSS properties, which are SVG attributes too; colours are the theme's custom properties. */
export function declarations(look: Look): [property: string, value: string][] {
  const { fill, share, stroke, width, dash, join, opacity, size, weight, halo, crisp } = look;
  const variable = (name: string) => (name === "none" ? name : `var(--${name})`);
  const fills = fill && (share ? `color-mix(in oklab, ${variable(fill)} ${share}%, var(--sheet))` : variable(fill));
  const all: [string, string | number | undefined][] = [
    ["fill", fills],
    ["stroke", halo ? variable("sheet") : stroke && variable(stroke)],
    ["stroke-width", halo ? `${halo}px` : width],
    ["stroke-dasharray", dash],
    ["stroke-linejoin", join],
    ["paint-order", halo && "stroke"],
    ["opacity", opacity],
    ["font-size", size && `${size}px`],
    ["font-weight", weight],
    ["shape-rendering", crisp && "crispEdges"],
  ];
  return all.flatMap(([property, value]) => (value === undefined ? [] : [[property, String(value)]]));
}
