import { isDeepStrictEqual } from "node:util";
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
} from "../base/yaml-package.ts";

/** The text of a new kit.yaml. */
export const newConfigText = "# Every option: docs/config.md. No secret belongs in this file.\n";

/** An option of kit.yaml by its path, and its new value; null: an empty value. */
export interface Setting {
  path: string[]; // ["site", "wfm", "queue", "abandons"]
  value: string | string[] | null;
}

/**
 * The text of kit.yaml with these options set. Comments and spacing stay; only unusual syntax around the options (maps in
 * braces, anchors) may lose its spacing.
 */
export function setOptions(text: string, settings: readonly Setting[]): string {
  return settings.reduce((before, { path, value }) => {
    const document = parseConfigText(before);
    for (const depth of path.keys())
      if (depth > 0 && document.getIn(path.slice(0, depth)) === null)
        document.setIn(path.slice(0, depth), document.createNode({}));
    document.setIn(path, document.createNode(value, { flow: true }));
    return settledText(before, document, splice(before, path, value));
  }, text);
}

/** The spliced text if it parses to the document, else the document printed with the line ends of `before`. */
export function settledText(before: string, document: Document, spliced: string | null): string {
  if (spliced !== null) {
    const parsed = parseConfigText(spliced);
    if (parsed.errors.length === 0 && isDeepStrictEqual(parsed.toJS(), document.toJS())) return spliced;
  }
  const rendered = document.toString({ lineWidth: 0 });
  return /\r\n/.test(before) ? rendered.replace(/\r?\n/g, "\r\n") : rendered;
}

// Replaces the value, or adds lines at the end of the innermost block map on the path.
function splice(text: string, path: string[], value: Setting["value"]): string | null {
  const style = { lineWidth: 0, collectionStyle: "flow", flowCollectionPadding: false } as const;
  const written = value === null ? "" : stringify(value, style).trimEnd();
  let map: YAMLMap | null = null;
  let node: unknown = parseConfigText(text).contents;
  for (const [depth, name] of path.entries()) {
    if (!isMap(node)) return map === null && node === null ? append(text, path, written) : null;
    map = node;
    const pair: Pair | undefined = map.items.find(({ key }) => isScalar(key) && key.value === name);
    if (pair === undefined) return map.flow ? null : insert(text, map, path.slice(depth), written);
    if (depth < path.length - 1) {
      node = pair.value;
      if (node === null || (isScalar(node) && node.value === null))
        return insertBelow(text, pair, path.slice(depth + 1), written);
      continue;
    }
    if (!isScalar(pair.value) && !(isSeq(pair.value) && pair.value.flow)) return null;
    const [from, until] = rangeOf(pair.value);
    if (from < until) return text.slice(0, from) + written + text.slice(until);
    const colon = text.indexOf(":", rangeOf(pair.key)[1]) + 1;
    return `${text.slice(0, colon)}${written === "" ? "" : ` ${written}`}${text.slice(colon)}`;
  }
  return null;
}

function insertBelow(text: string, { key }: Pair, path: string[], written: string): string | null {
  const [start, until] = rangeOf(key);
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  if (!/^ *$/.test(indent)) return null;
  const newline = text.indexOf("\n", until);
  const at = newline < 0 ? text.length : newline + 1;
  const end = lineEnd(text);
  const before = text.slice(0, at);
  return `${before}${newline < 0 ? end : ""}${lines(`${indent}  `, path, written, end)}${text.slice(at)}`;
}

function append(text: string, path: string[], written: string): string {
  const end = lineEnd(text);
  return `${text}${text === "" || text.endsWith("\n") ? "" : end}${lines("", path, written, end)}`;
}

// After the last line of the map's last value: comments after it belong to the next entry.
function insert(text: string, map: YAMLMap, path: string[], written: string): string | null {
  const last = map.items.at(-1);
  const first = map.items[0];
  if (last === undefined || first === undefined) return null;
  const start = rangeOf(first.key)[0];
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  if (!/^ *$/.test(indent)) return null;
  const until = contentEnd(last.value) ?? rangeOf(last.key)[1] + 1;
  const newline = text.indexOf("\n", until === 0 ? 0 : text[until - 1] === "\n" ? until - 1 : until);
  const at = newline < 0 ? text.length : newline + 1;
  const end = lineEnd(text);
  const before = text.slice(0, at);
  return `${before}${before.endsWith("\n") ? "" : end}${lines(indent, path, written, end)}${text.slice(at)}`;
}

function contentEnd(node: unknown): number | null {
  const last = isMap(node) && !node.flow ? node.items.at(-1) : undefined;
  if (last) return contentEnd(last.value) ?? rangeOf(last.key)[1] + 1;
  const range = (node as { range?: [number, number, number] | null } | null)?.range;
  return range ? range[1] : null;
}

function lines(indent: string, path: string[], written: string, end: string): string {
  return path
    .map((name, depth) => {
      const value = depth === path.length - 1 && written !== "" ? ` ${written}` : "";
      return `${indent}${"  ".repeat(depth)}${stringify(name).trimEnd()}:${value}${end}`;
    })
    .join("");
}

function rangeOf(node: unknown): [number, number, number] {
  return (node as { range: [number, number, number] }).range;
}

/** The line end that a text uses. */
export function lineEnd(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}

/** Parses a text, which may have mistakes. */
export function parseConfigText(text: string): Document {
  return parseDocument(text, { prettyErrors: false, uniqueKeys: false, version: "1.2" });
}
