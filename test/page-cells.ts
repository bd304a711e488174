import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { kitRoot, pagesFolder } from "../src/base/kit-folders.ts";

/** A page of notebooks/ that has run once: what its cells define, and what they have put into the page, in order. */
export interface RunPage {
  values: Map<string, unknown>;
  displayed: Node[];
}

export interface PageInput {
  files: Record<string, unknown>; // by name below data/, without ".json"
  source?: string; // the page's text, where it is not that of notebooks/
  search?: string; // of the address: "?queue=Billing"
  width?: number; // that every figure gets
  resized?: { widths: number[]; look: (displayed: Node[], width: number) => void }; // one after the other, once it is drawn
}

/**
 * Runs the JavaScript cells of a page in Node, each when all that it takes is there, as Framework's runtime does: parsed by
 * Framework itself, over the compiled components and a DOM without a browser. So a chart that a page draws is found by
 * running the page, whoever made it and however. Fails for a cell that throws, and for one that waits for what nothing defines.
 */
export async function runPage(
  name: string,
  { files, source = pageText(name), search = "", width = 760, resized }: PageInput,
): Promise<RunPage> {
  const origin = `http://page-${++pages}.test`; // components keep files by address
  const { leave, resize } = enter(`${origin}/${name}.html${search}`, width, (url) => answer(url, files));
  try {
    const attachment = (path: string) => {
      const href = `${origin}/_file/${path.replace(/^(\.\/)?/, "")}`;
      return { href, json: () => answer(href, files).json() };
    };
    const displayed: Node[] = [];
    const values = new Map<string, unknown>(Object.entries({ FileAttachment: attachment }));
    const display = (value: Node) => {
      assert.ok(value instanceof Node, `${name} displays what is no element: ${String(value)}`);
      displayed.push(value);
    };
    values.set("display", display);
    values.set("view", (element: HTMLElement & { value: unknown }) => {
      display(element);
      return element.value;
    });
    let waiting = await cellsOf(name, source);
    while (waiting.length > 0) {
      const ready = waiting.filter(({ inputs }) => inputs.every((input) => values.has(input) || isGlobal(input)));
      const missing = waiting.flatMap(({ inputs }) => inputs.filter((input) => !values.has(input)));
      assert.ok(ready.length > 0, `${name}.md waits for ${missing.join(", ")}, which no cell defines`);
      for (const { inputs, body } of ready) {
        const given = inputs.map((input) => (values.has(input) ? values.get(input) : globalOf(input)));
        for (const [output, value] of Object.entries((await body(...given)) ?? {}))
          values.set(output, await settled(value));
      }
      waiting = waiting.filter((cell) => !ready.includes(cell));
    }
    for (const width of resized?.widths ?? []) {
      resize(width);
      resized?.look(displayed, width);
    }
    return { values, displayed };
  } finally {
    leave();
  }
}

function pageText(name: string): string {
  return readFileSync(join(pagesFolder, `${name}.md`), "utf8");
}

interface Cell {
  inputs: string[];
  body: (...inputs: unknown[]) => Promise<Record<string, unknown> | undefined>;
}

async function cellsOf(name: string, source: string): Promise<Cell[]> {
  const [{ parseJavaScript }, { transpileJavaScript }] = await framework;
  const cells: Cell[] = [];
  const define = ({ inputs = [], body }: Cell) => cells.push({ inputs, body });
  for (const [, code] of source.matchAll(/^```js\n([\s\S]*?)^```/gm)) {
    const node = parseJavaScript(code!, { path: `/${name}.md` });
    const resolveImport = (path: string) =>
      path.startsWith("./")
        ? new URL(path.replace(/^\.\//, "../notebooks/"), import.meta.url).href
        : import.meta.resolve(path);
    const text = transpileJavaScript(node, { id: name, path: `/${name}`, resolveImport });
    new Function("define", text)(define);
  }
  assert.ok(cells.length > 0, `${name}.md has no cell`);
  return cells;
}

// What Framework itself makes of a page's code. Not exported by the package, whose version is pinned.
const framework = Promise.all(
  ["parse", "transpile"].map(
    (file) => import(join(kitRoot, `node_modules/@observablehq/framework/dist/javascript/${file}.js`)),
  ),
) as Promise<[{ parseJavaScript: Parse }, { transpileJavaScript: Transpile }]>;

type Parse = (code: string, options: { path: string }) => object;
type Transpile = (
  node: object,
  options: { id: string; path: string; resolveImport: (path: string) => string },
) => string;

// As the runtime takes it: what a promise becomes, and the first value of a generator.
async function settled(value: unknown): Promise<unknown> {
  const generator = value as AsyncGenerator | undefined;
  return typeof generator?.[Symbol.asyncIterator] === "function" ? (await generator.next()).value : value;
}

let pages = 0;

function answer(url: string, files: Record<string, unknown>): Response {
  const name = /\/(?:_file\/)?data\/(.*)\.json$/.exec(url)?.[1] ?? "";
  const there = Object.hasOwn(files, name);
  return there ? Response.json(files[name]) : new Response(null, { status: 404, statusText: "Not Found" });
}

function isGlobal(name: string): boolean {
  return name in globalThis;
}

function globalOf(name: string): unknown {
  return (globalThis as Record<string, unknown>)[name];
}

// Puts a browser's names into place until `leave` is called.
function enter(
  url: string,
  width: number,
  load: (url: string) => Response,
): { leave: () => void; resize: (width: number) => void } {
  const { window } = new JSDOM('<!doctype html><title>Page | Site</title><div id="page"></div>', { url });
  const names = [
    "document",
    "location",
    "history",
    "Node",
    "Event",
    "SVGSVGElement",
    "localStorage",
    "innerWidth",
  ] as const;
  const added: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, window[name]]));
  added.fetch = async (address: string | URL) => load(String(address));
  added.setInterval = () => 0; // nothing goes on after the page has been drawn
  added.addEventListener = () => {};
  added.requestIdleCallback = () => 0;
  added.matchMedia = () => ({ matches: false });
  const resizes: ((width: number) => void)[] = [];
  added.ResizeObserver = class {
    private readonly changed: (width: number) => void;
    constructor(changed: (entries: object[]) => void) {
      this.changed = (width) => changed([{ contentRect: { width } }]);
    }
    observe(): void {
      this.changed(width);
      resizes.push(this.changed);
    }
  };
  const former = Object.keys(added).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(added))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  const leave = () => {
    for (const [name, descriptor] of former) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete (globalThis as Record<string, unknown>)[name];
    }
    window.close();
  };
  const resize = (width: number) => {
    for (const changed of resizes) changed(width);
  };
  return { leave, resize };
}
