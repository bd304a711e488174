import { CliError } from "../base/errors.ts";
import { YamlFile } from "../base/yaml.ts";
import { isMap, isScalar, type Pair, stringify } from "../base/yaml-package.ts";
import { lineEnd, parseConfigText, settledText } from "../config/config-text.ts";

export interface ConfigChange {
  option: string;
  from: string | null; // null: not in the file
  to: string | null; // null: removed
}

const neighbours = ["environment", "company", "region", "bucket", "prefix", "endpoint", "profile"];

/**
 * The text of kit.yaml with these top-level options set, or removed where the value is null. Everything else keeps its
 * comments and spacing. Throws CliError("config") when the text is not a YAML map or has a `source`. Messages call the
 * file `name`.
 */
export function setTopOptions(
  text: string,
  values: Record<string, string | null>,
  name: string,
): { text: string; changes: ConfigChange[] } {
  new YamlFile(name, text).throwProblems();
  const document = parseConfigText(text);
  if (document.contents !== null && !isMap(document.contents) && document.toJS() !== null)
    throw new CliError("config", `${name} must be a map of options`, "docs/config.md lists every option");
  if (document.get("source") !== undefined)
    throw new CliError(
      "config",
      `${name} reads its exports from \`source\`, not from a bucket`,
      "remove `source`, or name another file with --config",
    );
  const changes: ConfigChange[] = [];
  for (const [option, to] of Object.entries(values)) {
    const current = document.get(option);
    const from = current === undefined || current === null ? null : String(current);
    if (from !== to || (to === null && document.has(option))) changes.push({ option, from, to });
  }
  if (changes.length === 0) return { text, changes };
  const spliced = changes.reduce(splice, text);
  for (const { option, to } of changes) {
    if (to === null) document.delete(option);
    else document.set(option, to);
  }
  return { text: settledText(text, document, spliced), changes };
}

function splice(text: string, { option, to }: ConfigChange): string {
  const { contents } = parseConfigText(text);
  const end = lineEnd(text);
  const line = `${option}: ${to === null ? "" : scalar(to)}${end}`;
  const pairs = isMap(contents) ? contents.items : [];
  const pair = pairOf(pairs, option);
  if (pair !== undefined) {
    const [keyStart, keyEnd] = rangeOf(pair.key);
    if (to === null) return text.slice(0, lineStart(text, keyStart)) + text.slice(pairEnd(text, pair));
    const [from, until] = rangeOf(pair.value);
    if (from < until) return text.slice(0, from) + scalar(to) + text.slice(until);
    const colon = text.indexOf(":", keyEnd) + 1;
    return `${text.slice(0, colon)} ${scalar(to)}${text.slice(colon)}`;
  }
  const last = neighbours.map((neighbour) => pairOf(pairs, neighbour)).filter((pair) => pair !== undefined);
  const at = last.length === 0 ? text.length : Math.max(...last.map((pair) => pairEnd(text, pair)));
  const before = text.slice(0, at);
  return `${before}${before === "" || before.endsWith("\n") ? "" : end}${line}${text.slice(at)}`;
}

function pairOf(pairs: Pair[], option: string): Pair | undefined {
  return pairs.find(({ key }) => isScalar(key) && key.value === option);
}

/** Where a node is in the text; [0, 0] for a value that is missing. */
function rangeOf(node: unknown): [start: number, end: number] {
  const [start, end] = (node as { range?: [number, number, number] | null } | null)?.range ?? [0, 0];
  return [start, end];
}

function pairEnd(text: string, pair: Pair): number {
  const end = Math.max(rangeOf(pair.key)[1], rangeOf(pair.value)[1]);
  if (text[end - 1] === "\n") return end;
  const next = text.indexOf("\n", end);
  return next < 0 ? text.length : next + 1;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

function scalar(value: string): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}
