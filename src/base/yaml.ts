import { CliError, type ExitName } from "./errors.ts";
import { own } from "./names.ts";
import { hint } from "./suggest.ts";
import * as yaml from "./yaml-package.ts";

/** One mistake in a file people write, with its place. */
export interface Problem {
  line: number;
  column: number;
  message: string;
  exit: ExitName;
}

/** A value in the file: its node, and how to speak of it. `node` is null where a key has no value. */
export interface Value {
  file: YamlFile;
  node: yaml.Node | null;
  at: number; // offset in the text
  keyAt: number; // offset of its key
  name: string; // the key it stands under, "" at the top
  where: string; // of the map it stands in, such as "feed conversations"; "" at the top
}

/**
 * Reads a value, or reports what is wrong with it and returns undefined; it never throws.
 * `options` are the paths of the keys it knows, such as "sync.max_age".
 */
export interface Check<T> {
  (value: Value): T | undefined;
  options?: string[];
}

type Read<S> = { [K in keyof S]?: S[K] extends Check<infer T> ? T : never };

const secretName = /secret|password|passphrase|passwd|access_?key|session_?token|credential|private_?key/i;
const secretValue = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN[^-]*-----|(?<=\/\/)[^/\s:@]*:[^/\s@]+(?=@)/g;
const secretAdvice =
  "secrets belong in the AWS credentials file (name its profile with `profile`), in the environment, or in the SSH agent";

/** A YAML text with everything that is wrong with it. Reading goes on after a mistake, so that one run names them all. */
export class YamlFile {
  readonly name: string;
  readonly top: Value;
  readonly problems: Problem[] = [];
  private readonly lines: yaml.LineCounter;
  private readonly document: yaml.Document;

  constructor(name: string, text: string) {
    const { LineCounter, parseDocument } = yaml;
    this.name = name;
    this.lines = new LineCounter();
    const parsed = parseDocument(text, {
      lineCounter: this.lines,
      prettyErrors: false, // its code frames would print the line, and the line may hold a secret
      uniqueKeys: false, // reported here, by name
      version: "1.2",
    });
    this.document = parsed;
    this.top = {
      file: this,
      node: parsed.contents as yaml.Node | null,
      at: 0,
      keyAt: 0,
      name: "",
      where: "",
    };
    for (const error of parsed.errors) this.report(error.pos[0], `not valid YAML: ${firstLine(error.message)}`);
  }

  report(at: number, message: string, exit: ExitName = "config"): void {
    const { line, col } = this.lines.linePos(Math.max(0, at));
    this.problems.push({
      line: Math.max(1, line),
      column: Math.max(1, col),
      message: message.replace(secretValue, "…"),
      exit,
    });
  }

  resolve(node: unknown): yaml.Node | null {
    const found = yaml.isAlias(node) ? node.resolve(this.document) : node;
    return (found ?? null) as yaml.Node | null;
  }

  /** Reports values that look like secrets, without repeating them. */
  refuseSecrets(): void {
    yaml.visit(this.document, {
      Scalar: (_, node) => {
        if (typeof node.value !== "string" || node.value.search(secretValue) < 0) return;
        this.report(start(node) ?? 0, `a value that looks like a secret has no place in this file: ${secretAdvice}`);
      },
    });
  }

  /** Throws one CliError that lists every problem in the order of the file; does nothing when there is none. */
  throwProblems(next?: string): void {
    if (this.problems.length === 0) return;
    const sorted = [...this.problems].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = sorted.map(({ line, column, message }) => `${this.name}:${line}:${column} ${message}`);
    const exits = new Set(sorted.map((problem) => problem.exit));
    throw new CliError(exits.size === 1 ? sorted[0]!.exit : "config", [...new Set(lines)].join("\n"), next);
  }
}

/** A map with these keys and no others. Missing keys are undefined in the result. */
export function record<S extends Record<string, Check<unknown>>>(shape: S): Check<Read<S>> {
  const names = Object.keys(shape);
  const check: Check<Read<S>> = (value) => {
    const inside = place(value);
    const result = new Map<string, unknown>();
    for (const entry of entries(value, inside) ?? []) {
      const known = own(shape, entry.name);
      if (known !== undefined) result.set(entry.name, known(entry));
      else entry.file.report(entry.keyAt, unknownOption(entry.name, inside, names));
    }
    return Object.fromEntries(result) as Read<S>;
  };
  check.options = Object.entries(shape).flatMap(([name, { options = [] }]) => [
    name,
    ...options.map((path) => `${name}.${path}`),
  ]);
  return check;
}

/** A map from names of the user's own to values of one kind. `noun` is how such an entry is called: "feed", "column". */
export function mapOf<T>(noun: string, check: Check<T>, pattern = /^.+$/s): Check<Map<string, T>> {
  const read: Check<Map<string, T>> = (value) => {
    const result = new Map<string, T>();
    for (const entry of entries(value, place(value)) ?? []) {
      if (!pattern.test(entry.name)) value.file.report(entry.keyAt, `invalid ${noun} name: ${entry.name}`);
      const item = check({
        ...entry,
        where: `${noun} ${entry.name}${value.where === "" ? "" : ` of ${value.where}`}`,
        name: "",
      });
      if (item !== undefined) result.set(entry.name, item);
    }
    return result;
  };
  read.options = (check.options ?? []).map((path) => `<${noun}>.${path}`);
  return read;
}

/** A list; a single value may stand for a list of one when `single` is set. */
export function listOf<T>(check: Check<T>, single = false): Check<T[]> {
  const read: Check<T[]> = (value) => {
    const node = value.file.resolve(value.node);
    if (!yaml.isSeq(node)) {
      if (!single || node === null || yaml.isMap(node)) return wrong(value, "a list");
      const item = check(value);
      return item === undefined ? undefined : [item];
    }
    const items = node.items.map((item) => check({ ...value, node: item as yaml.Node, at: start(item) ?? value.at }));
    return items.filter((item) => item !== undefined) as T[];
  };
  if (check.options !== undefined) read.options = check.options;
  return read;
}

/** Text. Numbers count as their own spelling (`version: 1`). `parse` may refuse by throwing an Error with the reason. */
export function text(what: string): Check<string>;
export function text<T>(what: string, parse: (text: string) => T): Check<T>;
export function text<T>(what: string, parse?: (text: string) => T): Check<T | string> {
  return (value) => {
    const node = value.file.resolve(value.node);
    if (!yaml.isScalar(node) || node.value === null || typeof node.value === "boolean") return wrong(value, what);
    const written = typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
    if (written === "") return wrong(value, what);
    if (parse === undefined) return written;
    try {
      return parse(written);
    } catch (error) {
      return fail(value, (error as Error).message);
    }
  };
}

/** A name of letters, digits and `._-`; `kind` is how a message calls it: "region". */
export function token(kind: string): (written: string) => string {
  return (written) => {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(written)) return written;
    throw new Error(`invalid ${kind}: ${written}`);
  };
}

export function oneOf<const T extends string>(...choices: T[]): Check<T> {
  return text(`one of ${choices.join(", ")}`, (written) => {
    const found = choices.find((choice) => choice === written);
    if (found === undefined) throw new Error(`unknown value "${written}" (${hint(written, choices)})`);
    return found;
  });
}

export function number(what: string, least: number, most: number, whole = false): Check<number> {
  return (value) => {
    const node = value.file.resolve(value.node);
    if (!yaml.isScalar(node) || typeof node.value !== "number") return wrong(value, what);
    const given = node.value;
    if (given >= least && given <= most && (!whole || Number.isInteger(given))) return given;
    return fail(value, `invalid ${label(value)}: ${node.source ?? given} (${what})`);
  };
}

export function flag(): Check<boolean> {
  return (value) => {
    const node = value.file.resolve(value.node);
    return yaml.isScalar(node) && typeof node.value === "boolean" ? node.value : wrong(value, "true or false");
  };
}

/** `null` (written, or nothing after the colon) or what `check` reads. */
export function orNull<T>(check: Check<T>): Check<T | null> {
  const read: Check<T | null> = (value) => (isNull(value) ? null : check(value));
  if (check.options !== undefined) read.options = check.options;
  return read;
}

/** The plain value of a scalar; undefined for a map or a list. */
export function scalar(value: Value): unknown {
  const node = value.file.resolve(value.node);
  if (node === null) return null;
  return yaml.isScalar(node) ? node.value : undefined;
}

export function isMap(value: Value): boolean {
  return yaml.isMap(value.file.resolve(value.node));
}

/** The items of a list, one value each; a single value that is no list counts as its only item. */
export function items(value: Value): Value[] {
  const node = value.file.resolve(value.node);
  if (!yaml.isSeq(node)) return [value];
  return node.items.map((item) => {
    const at = start(item) ?? value.at;
    return { ...value, node: item as yaml.Node | null, at, keyAt: at };
  });
}

/** Reads a map with `map`, anything else with `other`. */
export function mapOr<A, B>(map: Check<A>, other: Check<B>): Check<A | B> {
  const read: Check<A | B> = (value) => (yaml.isMap(value.file.resolve(value.node)) ? map(value) : other(value));
  read.options = [...(map.options ?? []), ...(other.options ?? [])];
  return read;
}

/** Where the key `name` of a map stands, for problems that show only when several values are compared. */
export function keyPlace(value: Value, name: string): number {
  const node = value.file.resolve(value.node);
  if (!yaml.isMap(node)) return value.at;
  const pair = node.items.find((item) => yaml.isScalar(item.key) && String(item.key.value) === name);
  return start(pair?.key) ?? value.at;
}

/** The entries of a map, with duplicates reported; undefined (and reported) when it is no map. */
export function entries(value: Value, inside: string): Value[] | undefined {
  const node = value.file.resolve(value.node);
  if (isNull(value)) return [];
  if (!yaml.isMap(node)) return wrong(value, "a map of options");
  const seen = new Set<string>();
  const result: Value[] = [];
  for (const pair of node.items) {
    const key = value.file.resolve(pair.key);
    const at = start(pair.key) ?? value.at;
    const name = yaml.isScalar(key)
      ? typeof key.value === "string"
        ? key.value
        : (key.source ?? String(key.value))
      : null;
    if (name === null) value.file.report(at, "a key must be plain text");
    else if (seen.has(name)) value.file.report(at, `duplicate option "${name}"${inside === "" ? "" : ` in ${inside}`}`);
    else {
      seen.add(name);
      result.push({
        file: value.file,
        node: pair.value as yaml.Node | null,
        at: start(pair.value) ?? at,
        keyAt: at,
        name,
        where: inside,
      });
    }
  }
  return result;
}

export function isNull(value: Value): boolean {
  return scalar(value) === null;
}

/** Reports a problem at the value; returns undefined, so that a check can end with it. */
export function fail(value: Value, message: string): undefined {
  value.file.report(value.at, message);
  return undefined;
}

function wrong(value: Value, expected: string): undefined {
  const node = value.file.resolve(value.node);
  const found = isNull(value)
    ? "nothing"
    : yaml.isMap(node)
      ? "a map"
      : yaml.isSeq(node)
        ? "a list"
        : yaml.isScalar(node)
          ? typeof node.value === "string"
            ? node.value === ""
              ? "empty text"
              : `"${node.value}"`
            : String(node.source ?? node.value)
          : "something else";
  return fail(value, `${label(value)} must be ${expected}, not ${found}`);
}

function label(value: Value): string {
  if (value.name === "") return value.where === "" ? "the file" : value.where;
  return `option "${value.name}"${value.where === "" ? "" : ` in ${value.where}`}`;
}

function place(value: Value): string {
  if (value.name === "") return value.where;
  if (value.where === "") return value.name;
  return value.where.includes(" ") ? `${value.name} of ${value.where}` : `${value.where}.${value.name}`;
}

function unknownOption(name: string, where: string, known: string[]): string {
  if (secretName.test(name)) return `"${name}" has no place in this file: ${secretAdvice}`;
  return `unknown option "${name}"${where === "" ? "" : ` in ${where}`} (${hint(name, known)})`;
}

function start(node: unknown): number | undefined {
  return (node as yaml.Node | null)?.range?.[0];
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]!;
}
