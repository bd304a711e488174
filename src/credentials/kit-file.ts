import { CliError } from "../base/errors.ts";
import { YamlFile } from "../base/yaml.ts";
import { isMap, isScalar, type Pair, stringify } from "../base/yaml-package.ts";
import { lineEnd, parseKit, settled } from "../config/kit-text.ts";

export interface KitChange {
  option: string;
  from: string | null; // null: not in the file
  to: string | null; // null: taken out
}

const neighbours = ["environment", "company", "region", "bucket", "prefix", "endpoint", "profile"];

/**
 * The text of kit.yaml with these options set at its top level, or taken out where the value is null. Everything else
 * stays as it is written, comments and spacing too. Throws CliError("config") when the text is no YAML map, or takes its
 * exports from a `source`. `name` is how the messages call the file.
 */
export function fillKit(
  text: string,
  values: Record<string, string | null>,
  name: string,
): { text: string; changes: KitChange[] } {
  new YamlFile(name, text).throwProblems();
  const document = parseKit(text);
  if (document.contents !== null && !isMap(document.contents) && document.toJS() !== null)
    throw new CliError("config", `${name} must be a map of options`, "docs/config.md lists every option");
  if (document.get("source") !== undefined)
    throw new CliError(
      "config",
      `${name} takes its exports from another place than a bucket: source`,
      "take `source` out of it, or name another file with --config",
    );
  const changes: KitChange[] = [];
  for (const [option, to] of Object.entries(values)) {
    const found = document.get(option);
    const from = found === undefined || found === null ? null : String(found);
    if (from !== to || (to === null && document.has(option))) changes.push({ option, from, to });
  }
  if (changes.length === 0) return { text, changes };
  const spliced = changes.reduce(splice, text);
  for (const { option, to } of changes) {
    if (to === null) document.delete(option);
    else document.set(option, to);
  }
  return { text: settled(text, document, spliced), changes };
}

function splice(text: string, { option, to }: KitChange): string {
  const { contents } = parseKit(text);
  const end = lineEnd(text);
  const line = `${option}: ${to === null ? "" : scalar(to)}${end}`;
  const pairs = isMap(contents) ? contents.items : [];
  const pair = named(pairs, option);
  if (pair !== undefined) {
    const key = place(pair.key)!;
    if (to === null) return text.slice(0, lineStart(text, key[0])) + text.slice(pairEnd(text, pair));
    const [from, until] = place(pair.value) ?? [0, 0];
    if (from < until) return text.slice(0, from) + scalar(to) + text.slice(until);
    const colon = text.indexOf(":", key[1]) + 1;
    return `${text.slice(0, colon)} ${scalar(to)}${text.slice(colon)}`;
  }
  const last = neighbours.map((neighbour) => named(pairs, neighbour)).filter((pair) => pair !== undefined);
  const at = last.length === 0 ? text.length : Math.max(...last.map((pair) => pairEnd(text, pair)));
  const before = text.slice(0, at);
  return `${before}${before === "" || before.endsWith("\n") ? "" : end}${line}${text.slice(at)}`;
}

function named(pairs: Pair[], option: string): Pair | undefined {
  return pairs.find(({ key }) => isScalar(key) && key.value === option);
}

function place(node: unknown): [start: number, end: number] | undefined {
  const range = (node as { range?: [number, number, number] | null } | null)?.range;
  return range ? [range[0], range[1]] : undefined;
}

function pairEnd(text: string, pair: Pair): number {
  const end = Math.max(place(pair.key)![1], place(pair.value)?.[1] ?? 0);
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
