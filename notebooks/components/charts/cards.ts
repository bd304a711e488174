import { line } from "d3";
import { isChange } from "../metrics/baseline.js";
import { countVersus, points, versus } from "../metrics/format.js";
import { html, svg } from "../picture/dom.js";

export interface Card {
  label: string;
  value: string;
  /** A comparison, and whether it is good, bad or neutral. Never conveyed by colour alone. */
  delta?: { text: string; tone: "good" | "bad" | "neutral" } | undefined;
  note?: string;
  trend?: readonly (number | null)[];
  href?: string;
}

/** Headline figures side by side. */
export function cards(list: readonly Card[]): HTMLElement {
  return html("div", { class: "cards" }, list.map(card));
}

function card({ label, value, delta, note, trend, href }: Card): HTMLElement {
  const content = [
    html("div", { class: "card-label" }, label),
    html("div", { class: "card-value" }, value),
    delta ? html("div", { class: `card-delta ${delta.tone}` }, delta.text) : null,
    note ? html("div", { class: "card-note" }, note) : null,
    trend ? sparkline(trend) : null,
  ];
  return href ? html("a", { class: "kit-card carry", href }, content) : html("div", { class: "kit-card" }, content);
}

type Better = "higher" | "lower" | "neutral";

/** "+12% on the usual". A difference under 5 % is neutral. */
export function versusDelta(
  now: number | null | undefined,
  then: number | null | undefined,
  label: string,
  better: Better = "neutral",
): Card["delta"] {
  if (now === null || now === undefined || !then) return undefined;
  return { text: versus(now, then, label), tone: tone(now / then - 1, better, 0.05) };
}

/** The same for counts: a difference that chance alone makes is no change. `counted`: see `isChange`. */
export function countDelta(
  now: number | null | undefined,
  then: number | null | undefined,
  label: string,
  counted = false,
): Card["delta"] {
  if (now === null || now === undefined || !then) return undefined;
  return { text: countVersus(now, then, label, isChange(now, then, counted)), tone: "neutral" };
}

/** "+3.6 points on the usual", for shares. A difference under `least` is neutral. */
export function pointsDelta(
  now: number | null,
  then: number | null,
  label: string,
  better: Better = "neutral",
  least = 0.005,
): Card["delta"] {
  if (now === null || then === null) return undefined;
  return { text: `${points(now - then)} on ${label}`, tone: tone(now - then, better, least) };
}

function tone(change: number, better: Better, least: number): "good" | "bad" | "neutral" {
  if (better === "neutral" || Math.abs(change) < least) return "neutral";
  return change > 0 === (better === "higher") ? "good" : "bad";
}

/** A small line without axes, scaled to its range; the last value is marked. */
function sparkline(values: readonly (number | null)[], width = 160, height = 34): SVGSVGElement {
  const points = values.flatMap((value, i) => (value === null ? [] : [{ value, i }]));
  const [low, high] = [Math.min(...points.map(({ value }) => value)), Math.max(...points.map(({ value }) => value))];
  const x = (i: number) => 3 + (i / Math.max(1, values.length - 1)) * (width - 6);
  const y = (value: number) => height - 4 - ((value - low) / (high - low || 1)) * (height - 8);
  const root = svg("svg", {
    class: "panel sparkline",
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const last = points.at(-1);
  if (!last) return root;
  const path = line<number | null>()
    .defined((value) => value !== null)
    .x((_, i) => x(i))
    .y((value) => y(value ?? 0));
  root.append(svg("path", { class: "spark", d: path([...values]) }));
  root.append(svg("circle", { class: "blue", cx: x(last.i), cy: y(last.value), r: 2.6 }));
  return root;
}
