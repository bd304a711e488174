// The looks that style.css gives to the marks of a chart, written into the elements themselves, so that a picture looks
// the same without the sheet. Always the light theme.

/** What is read of a sheet: rules for tags and classes, and the custom properties in their light value. */
export interface Sheet {
  rules: Rule[];
  variables: Map<string, string>;
}

interface Rule {
  chain: Simple[]; // from the outermost ancestor to the element itself
  weight: number; // specificity
  declarations: [property: string, value: string][];
}

interface Simple {
  tag: string | null;
  classes: string[];
}

/** Reads the text of style sheets. Rules for states, media and anything but tags and classes are left out. */
export function readSheet(css: string): Sheet {
  const rules: Rule[] = [];
  const variables = new Map<string, string>();
  const text = withoutBlocks(css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/@import[^;]*;/g, ""));
  for (const [, selectors, body] of text.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    const declarations = body!.split(";").flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
    });
    for (const selector of selectors!.split(",")) {
      if (selector.trim() === ":root")
        for (const [name, value] of declarations) if (name.startsWith("--")) variables.set(name, value);
      const chain = selector.trim().split(/\s+/).map(simple);
      if (chain.every((part) => part !== null))
        rules.push({ chain, declarations, weight: chain.reduce((sum, part) => sum + weightOf(part), 0) });
    }
  }
  return { rules: rules.sort((a, b) => a.weight - b.weight), variables };
}

/** The light value of a custom property such as "--ink". */
export function colour(sheet: Sheet, name: string): string {
  return resolved(sheet, `var(${name})`);
}

/** What the sheet's rules say about one element; what it would inherit is not in it. */
export function looks(sheet: Sheet, element: Element): Map<string, string> {
  const found = new Map<string, string>();
  for (const { chain, declarations } of sheet.rules)
    if (matches(element, chain))
      for (const [property, value] of declarations) found.set(property, resolved(sheet, value));
  return found;
}

/** Writes the sheet's looks into an element of SVG and all below it, and takes out what only a page has a use for. */
export function paint(sheet: Sheet, root: Element): void {
  const all = [root, ...below(root)];
  const painted = all.map((element) => {
    const style = looks(sheet, element);
    for (const line of element.getAttribute("style")?.split(";") ?? []) {
      const [property, value] = line.split(/:(.*)/s);
      if (property && value) style.set(property.trim(), resolved(sheet, value.trim()));
    }
    return style;
  });
  for (const [i, element] of all.entries()) {
    for (const [property, value] of attributesOf(painted[i]!)) element.setAttribute(property, value);
    for (const name of ["class", "style", "tabindex"]) element.removeAttribute(name);
  }
}

/** The elements below one, in order. */
export function below(root: Element): Element[] {
  return [...root.children].flatMap((child) => [child, ...below(child)]);
}

const kept = new Set([
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "stroke-opacity",
  "opacity",
  "font-size",
  "font-weight",
  "paint-order",
]);

function attributesOf(style: Map<string, string>): [string, string][] {
  const found: [string, string][] = [];
  for (const [property, value] of style) {
    const font = property === "font" ? /^(?:(\d+) )?([\d.]+)px/.exec(value) : null;
    if (font?.[1]) found.push(["font-weight", font[1]]);
    if (font?.[2]) found.push(["font-size", font[2]]);
    if (kept.has(property)) found.push([property, plain(property, value)]);
  }
  return found;
}

// One spelling for a value, whether a bundler has shortened it or not.
function plain(property: string, value: string): string {
  const hex = /^#([\da-f])([\da-f])([\da-f])$/i.exec(value);
  if (hex)
    return `#${hex
      .slice(1)
      .map((digit) => digit + digit)
      .join("")}`;
  if (property === "font-weight") return Number(value) >= 550 ? "600" : "400"; // the two that pictures carry
  if (property === "stroke-dasharray") return value.replace(/\s*,\s*|\s+/g, " ").replace(/(^| )\./g, "$10.");
  return value.replace(/px$/, "").replace(/^\./, "0.");
}

function resolved(sheet: Sheet, value: string): string {
  const inner = /var\((--[\w-]+)(?:,\s*([^()]*))?\)/.exec(value);
  if (inner) {
    const found = sheet.variables.get(inner[1]!) ?? inner[2] ?? "none";
    return resolved(sheet, value.replace(inner[0], found));
  }
  return value.replace(/light-dark\(\s*([^(),]+(?:\([^()]*\))?)\s*,[^()]*(?:\([^()]*\))?\)/g, "$1").trim();
}

function matches(element: Element, chain: readonly Simple[]): boolean {
  if (!fits(element, chain.at(-1)!)) return false;
  let at = chain.length - 2;
  for (let parent = element.parentElement; parent && at >= 0; parent = parent.parentElement)
    if (fits(parent, chain[at]!)) at--;
  return at < 0;
}

function fits(element: Element, { tag, classes }: Simple): boolean {
  if (tag !== null && tag !== element.localName) return false;
  const own = element.getAttribute("class")?.split(/\s+/) ?? [];
  return classes.every((name) => own.includes(name));
}

function simple(text: string): Simple | null {
  const found = /^([a-z][\w-]*)?((?:\.[\w-]+)*)$/i.exec(text);
  if (!found || text === "") return null;
  return { tag: found[1] ?? null, classes: found[2]!.split(".").filter(Boolean) };
}

function weightOf({ tag, classes }: Simple): number {
  return classes.length * 100 + (tag === null ? 0 : 1);
}

// Without @media and the like, whose rules hold only at times.
function withoutBlocks(css: string): string {
  let rest = css;
  for (let start = rest.indexOf("@"); start >= 0; start = rest.indexOf("@", start)) {
    let depth = 0;
    let end = start;
    for (; end < rest.length; end++) {
      if (rest[end] === "{") depth++;
      else if (rest[end] === "}" && --depth === 0) break;
      else if (rest[end] === ";" && depth === 0) break;
    }
    rest = rest.slice(0, start) + rest.slice(end + 1);
  }
  return rest;
}
