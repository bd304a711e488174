import { CliError, type ExitName, reasonOf } from "./errors.ts";
import { own } from "./names.ts";
import { hint } from "./suggest.ts";
import * as yaml from "./yaml-package.ts";

/** A mistake in a configuration file, with its position. */
export interface Problem {
  line: number;
  column: number;
  message: string;
  exit: ExitName;
}

/** A value in the file, and what messages call it. */
export interface Value {
  file: YamlFile;
  node: yaml.Node | null; // null: a key without a value
  at: number; // offset in the text
  keyAt: number; // offset of its key
  name: string; // its key; "" at the top
  where: string; // the map it is in, such as "feed conversations"; "" at the top
}

/**
 * Reads a value, or reports what is wrong with it and returns undefined. Never throws. `options` are the paths of the keys
 * that it reads, such as "sync.max_age".
 */
export interface Reader<T> {
  (value: Value): T | undefined;
  options?: string[];
}

type Read<S> = { [K in keyof S]?: S[K] extends Reader<infer T> ? T : never };

const secretName = /secret|password|passphrase|passwd|access_?key|session_?token|credential|private_?key/i;
const secretValue = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN[^-]*-----|(?<=\/\/)[^/\s:@]*:[^/\s@]+(?=@)/g;
const secretAdvice =
  "secrets belong in the AWS credentials file (name its profile with `profile`), in the environment, or in the SSH agent";

/** A YAML text and its mistakes. Reading goes on after a mistake, so that one run reports them all. */
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
    for (const error of parsed.errors) this.report(error.pos[0], `not valid YAML: ${reasonOf(error)}`);
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
    return ((yaml.isAlias(node) ? node.resolve(this.document) : node) ?? null) as yaml.Node | null;
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

  /** Throws one CliError with every problem, in the order of the file. Does nothing when there is none. */
  throwProblems(next?: string): void {
    const sorted = [...this.problems].sort((a, b) => a.line - b.line || a.column - b.column);
    const [first] = sorted;
    if (first === undefined) return;
    const lines = sorted.map(({ line, column, message }) => `${this.name}:${line}:${column} ${message}`);
    const exits = new Set(sorted.map((problem) => problem.exit));
    throw new CliError(exits.size === 1 ? first.exit : "config", [...new Set(lines)].join("\n"), next);
  }
}

/** Reads a map with these keys and no others. A missing key is undefined in the result. */
export function record<S extends Record<string, Reader<unknown>>>(shape: S): Reader<Read<S>> {
  const names = Object.keys(shape);
  const read: Reader<Read<S>> = (value) => {
    const inside = pathOf(value);
    const result = new Map<string, unknown>();
    for (const entry of entries(value, inside) ?? []) {
      const reader = own(shape, entry.name);
      if (reader !== undefined) result.set(entry.name, reader(entry));
      else entry.file.report(entry.keyAt, unknownOption(entry.name, inside, names));
    }
    return Object.fromEntries(result) as Read<S>;
  };
  read.options = Object.entries(shape).flatMap(([name, { options = [] }]) => [
    name,
    ...options.map((path) => `${name}.${path}`),
  ]);
  return read;
}

/** Reads a map from the user's names to values of one kind, which messages call `noun`: "feed", "column". */
export function mapOf<T>(noun: string, reader: Reader<T>, pattern = /^.+$/s): Reader<Map<string, T>> {
  const read: Reader<Map<string, T>> = (value) => {
    const result = new Map<string, T>();
    for (const entry of entries(value, pathOf(value)) ?? []) {
      if (!pattern.test(entry.name)) value.file.report(entry.keyAt, `invalid ${noun} name: ${entry.name}`);
      const item = reader({
        ...entry,
        where: `${noun} ${entry.name}${value.where === "" ? "" : ` of ${value.where}`}`,
        name: "",
      });
      if (item !== undefined) result.set(entry.name, item);
    }
    return result;
  };
  read.options = (reader.options ?? []).map((path) => `<${noun}>.${path}`);
  return read;
}

/** Reads a list; with `single`, also a value that is not a list, as its only item. */
export function listOf<T>(reader: Reader<T>, single = false): Reader<T[]> {
  const read: Reader<T[]> = (value) => {
    const node = value.file.resolve(value.node);
    if (!yaml.isSeq(node)) {
      if (!single || node === null || yaml.isMap(node)) return wrong(value, "a list");
      const item = reader(value);
      return item === undefined ? undefined : [item];
    }
    const items = node.items.map((item) => reader({ ...value, node: item as yaml.Node, at: start(item) ?? value.at }));
    return items.filter((item) => item !== undefined) as T[];
  };
  if (reader.options !== undefined) read.options = reader.options;
  return read;
}

/** Reads text. A number counts as it is spelled (`version: 1`). `parse` rejects by throwing an Error with the reason. */
export function text(what: string): Reader<string>;
export function text<T>(what: string, parse: (text: string) => T): Reader<T>;
export function text<T>(what: string, parse?: (text: string) => T): Reader<T | string> {
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

/** Parses a name of letters, digits and `._-`, which messages call `kind`: "region". */
export function token(kind: string): (written: string) => string {
  return (written) => {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(written)) return written;
    throw new Error(`invalid ${kind}: ${written}`);
  };
}

export function oneOf<const T extends string>(...choices: T[]): Reader<T> {
  return text(`one of ${choices.join(", ")}`, (written) => {
    const choice = choices.find((choice) => choice === written);
    if (choice === undefined) throw new Error(`unknown value "${written}" (${hint(written, choices)})`);
    return choice;
  });
}

export function number(what: string, least: number, most: number, whole = false): Reader<number> {
  return (value) => {
    const node = value.file.resolve(value.node);
    if (!yaml.isScalar(node) || typeof node.value !== "number") return wrong(value, what);
    const given = node.value;
    if (given >= least && given <= most && (!whole || Number.isInteger(given))) return given;
    return fail(value, `invalid ${label(value)}: ${node.source ?? given} (${what})`);
  };
}

export function flag(): Reader<boolean> {
  return (value) => {
    const node = value.file.resolve(value.node);
    return yaml.isScalar(node) && typeof node.value === "boolean" ? node.value : wrong(value, "true or false");
  };
}

/** Reads `null`, also as nothing after the colon, or what `reader` reads. */
export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  const read: Reader<T | null> = (value) => (isNull(value) ? null : reader(value));
  if (reader.options !== undefined) read.options = reader.options;
  return read;
}

/** The value of a scalar; undefined for a map or a list. */
export function scalar(value: Value): unknown {
  const node = value.file.resolve(value.node);
  if (node === null) return null;
  return yaml.isScalar(node) ? node.value : undefined;
}

export function isMap(value: Value): boolean {
  return yaml.isMap(value.file.resolve(value.node));
}

/** The items of a list; a value that is not a list counts as its only item. */
export function items(value: Value): Value[] {
  const node = value.file.resolve(value.node);
  if (!yaml.isSeq(node)) return [value];
  return node.items.map((item) => {
    const at = start(item) ?? value.at;
    return { ...value, node: item as yaml.Node | null, at, keyAt: at };
  });
}

/** Reads a map with `map`, anything else with `other`. */
export function mapOr<A, B>(map: Reader<A>, other: Reader<B>): Reader<A | B> {
  const read: Reader<A | B> = (value) => (yaml.isMap(value.file.resolve(value.node)) ? map(value) : other(value));
  read.options = [...(map.options ?? []), ...(other.options ?? [])];
  return read;
}

/** The offset of the key `name` of a map, for problems that show only when several values are compared. */
export function keyOffset(value: Value, name: string): number {
  const node = value.file.resolve(value.node);
  if (!yaml.isMap(node)) return value.at;
  const pair = node.items.find((item) => yaml.isScalar(item.key) && String(item.key.value) === name);
  return start(pair?.key) ?? value.at;
}

/** The entries of a map. Reports duplicates; reports a value that is not a map, and returns undefined. */
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

/** Reports a problem at the value. Returns undefined, as a reader then does. */
export function fail(value: Value, message: string): undefined {
  value.file.report(value.at, message);
  return undefined;
}

function wrong(value: Value, expected: string): undefined {
  const node = value.file.resolve(value.node);
  const actual = isNull(value)
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
  return fail(value, `${label(value)} must be ${expected}, not ${actual}`);
}

function label(value: Value): string {
  if (value.name === "") return value.where === "" ? "the file" : value.where;
  return `option "${value.name}"${value.where === "" ? "" : ` in ${value.where}`}`;
}

function pathOf(value: Value): string {
  if (value.name === "") return value.where;
  if (value.where === "") return value.name;
  return value.where.includes(" ") ? `${value.name} of ${value.where}` : `${value.where}.${value.name}`;
}

function unknownOption(name: string, where: string, options: string[]): string {
  if (secretName.test(name)) return `"${name}" has no place in this file: ${secretAdvice}`;
  return `unknown option "${name}"${where === "" ? "" : ` in ${where}`} (${hint(name, options)})`;
}

function start(node: unknown): number | undefined {
  return (node as yaml.Node | null)?.range?.[0];
}
