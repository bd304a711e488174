import { aliases, type Colour, colours, declarations, type Look, looks, textSize } from "./looks.js";
import { mixOklab } from "./oklab.js";

/** A colour's value in the light theme. */
export function light(name: Colour): string {
  return colours[name][0];
}

/**
 * Writes the looks of marks into an SVG element and its descendants and removes what only a page needs, so that it looks the
 * same without a style sheet. Always the light theme.
 */
export function paint(root: Element): void {
  const inPanel = root.getAttribute("class")?.split(" ").includes("panel") ?? false;
  for (const element of [root, ...below(root)]) {
    if (element.localName === "svg") element.setAttribute("font-size", String(textSize));
    const look = declarations(lookOf(element, inPanel));
    for (const [property, value] of [...attributes(element), ...look, ...inline(element)])
      if (property !== "shape-rendering") element.setAttribute(property, painted(property, value));
    for (const name of ["class", "style", "tabindex"]) element.removeAttribute(name);
  }
}

/** An element's descendants in document order. */
export function below(root: Element): Element[] {
  return [...root.children].flatMap((child) => [child, ...below(child)]);
}

const marks = Object.entries(looks);

const lights = new Map<string, string>([
  ...Object.entries(colours).map(([name, [value]]): [string, string] => [name, value]),
  ...Object.entries(aliases).map(([name, colour]): [string, string] => [name, light(colour)]),
]);

function lookOf(element: Element, inPanel: boolean): Look {
  const names = element.getAttribute("class")?.split(" ") ?? [];
  if (inPanel && element.localName === "text") names.push("text");
  return Object.assign(
    {},
    ...marks.filter(([name]) => name.split(".").every((part) => names.includes(part))).map(([, look]) => look),
  );
}

// Attributes with theme colours, as Plot writes them.
function attributes(element: Element): [property: string, value: string][] {
  return [...element.attributes].flatMap(({ name, value }): [string, string][] =>
    name !== "style" && value.includes("var(--") ? [[name, value]] : [],
  );
}

function inline(element: Element): [property: string, value: string][] {
  return (element.getAttribute("style") ?? "").split(";").flatMap((line): [string, string][] => {
    const [property, value] = line.split(/:(.*)/s);
    return property && value ? [[property.trim(), value.trim()]] : [];
  });
}

function painted(property: string, value: string): string {
  if (property === "font-weight") return Number(value) >= 550 ? "600" : "400"; // the two weights of pictures
  return value
    .replace(/var\(--([\w-]+)(?:, *([^()]+))?\)/g, (_, name, other) => lights.get(name) ?? other ?? light("ink-3"))
    .replace(/color-mix\(in oklab, (#\w+) (\d+)%, (#\w+)\)/, (_, a, share, b) => mixOklab(a, Number(share), b))
    .replace(/light-dark\((#\w+), #\w+\)/, "$1")
    .replace(/px$/, "");
}
