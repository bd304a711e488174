import { parseArgs } from "node:util";
import { CliError } from "../base/errors.ts";
import { own } from "../base/names.ts";
import { suggest } from "../base/suggest.ts";

export interface Option {
  type: "boolean" | "string";
  short?: string;
  multiple?: boolean; // may be repeated, or be a comma-separated list
  separator?: RegExp; // of the list, if an item may have a comma
  value?: string; // its name in --help: "N", "FILE"
  doc: string;
  parse?: (text: string) => unknown; // rejects by throwing a one-line reason
}
export type Options = Record<string, Option>;

type Parsed<O extends Option> = O["parse"] extends (text: string) => infer T ? T : string;
export type Values<O extends Options> = {
  [K in keyof O]: O[K]["type"] extends "boolean"
    ? boolean
    : O[K]["multiple"] extends true
      ? Parsed<O[K]>[]
      : Parsed<O[K]> | undefined;
};

export interface Positionals {
  name: string; // in the usage line: "QUERY"
  least: number;
  most: number;
}

/**
 * Reads a command's arguments. Throws one CliError("usage") with every mistake: unknown options, with the nearest one,
 * missing and invalid values, too few and too many arguments.
 */
export function readArguments<O extends Options>(
  argv: string[],
  command: string,
  options: O,
  positionals: Positionals,
): { options: Values<O>; rest: string[] } {
  const problems: string[] = [];
  const values = new Map<string, unknown>();
  for (const [name, option] of Object.entries(options)) {
    values.set(name, option.type === "boolean" ? false : option.multiple ? [] : undefined);
  }
  const given = new Set<string>();
  const rest: string[] = [];
  const { tokens } = parseArgs({ args: argv, options: parseArgsOptions(options), strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") rest.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const option = own(options, name);
    if (option === undefined) {
      const names = Object.keys(options).map((option) => `--${option}`);
      problems.push(`unknown option ${rawName}${didYouMean(rawName, names)}`);
    } else if (option.type === "boolean") {
      if (value !== undefined) problems.push(`option ${rawName} takes no value: ${value}`);
      values.set(name, true);
    } else if (value === undefined || (!inlineValue && value.startsWith("-") && value !== "-")) {
      problems.push(`option ${rawName} needs a value${option.value ? `: ${rawName} ${option.value}` : ""}`);
    } else if (given.has(name) && !option.multiple) {
      problems.push(`option ${rawName} is given twice`);
    } else {
      given.add(name);
      const texts = option.multiple ? value.split(option.separator ?? ",").filter((text) => text !== "") : [value];
      if (texts.length === 0) problems.push(`option ${rawName} needs a value`);
      for (const text of texts) {
        try {
          const parsed = option.parse ? option.parse(text) : text;
          if (option.multiple) (values.get(name) as unknown[]).push(parsed);
          else values.set(name, parsed);
        } catch (error) {
          problems.push(`option ${rawName}: ${(error as Error).message}`);
        }
      }
    }
  }
  // An option without its value swallows the next word, which would then be reported as missing.
  if (problems.length === 0) {
    if (rest.length < positionals.least) problems.push(`${positionals.name} is missing`);
    for (const extra of rest.slice(positionals.most)) problems.push(`unexpected argument: ${extra}`);
  }
  if (problems.length > 0)
    throw new CliError("usage", problems.join("\n"), `asapp-kit ${command} --help lists the options`);
  return { options: Object.fromEntries(values) as Values<O>, rest };
}

function parseArgsOptions(
  options: Options,
): Record<string, { type: "boolean" | "string"; short?: string; multiple?: boolean }> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type, multiple: true } : { type, short, multiple: true },
    ]),
  );
}

/** A parser for whole numbers from `least` to `most`. */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new Error(`not a whole number from ${least} to ${most}: ${text}`);
    return value;
  };
}

/** Parses a duration from a second to a day, in seconds: `30s`, `5m` or `5`, `7.5m`, `1h`. */
export function span(text: string): number {
  const [, number, unit = "m"] = /^(\d+(?:\.\d+)?)(s|m|min|h)?$/.exec(text) ?? [];
  const seconds = Number(number) * (unit === "s" ? 1 : unit === "h" ? 3600 : 60);
  if (!(seconds >= 1 && seconds <= 86_400))
    throw new Error(`not a length of time from 1s to 24h, like 30s or 5m: ${text}`);
  return seconds;
}

/** Parses the host of a request, with or without a port. */
export function host(text: string): string {
  if (!/^[^\s/\\?#@,]+$/.test(text) || !URL.canParse(`http://${text}`))
    throw new Error(`not a host such as kit.example.com or kit.example.com:8080: ${text}`);
  return new URL(`http://${text}`).host;
}

/** A parser for one of these words. */
export function oneOf<const W extends readonly string[]>(words: W): (text: string) => W[number] {
  return (text) => {
    const word = words.find((word) => word === text);
    if (word === undefined) throw new Error(`not one of ${words.join(", ")}: ${text}${didYouMean(text, words)}`);
    return word;
  };
}

/** Parses an IANA time zone. */
export function zone(text: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
  } catch {
    throw new Error(`not an IANA time zone: ${text}${didYouMean(text, Intl.supportedValuesOf("timeZone"))}`);
  }
  return text;
}

/** Parses an ISO 8601 time with its offset: 2026-09-01T05:15:00Z. A date alone is midnight in UTC. */
export function moment(text: string): Date {
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;
  const date = new Date(text);
  if (!iso.test(text) || Number.isNaN(date.getTime())) throw new Error(`not a time like 2026-09-01T05:15:00Z: ${text}`);
  return date;
}

/** ` (did you mean "sync"?)`, or "" when no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const suggestion = suggest(word, candidates);
  return suggestion === null ? "" : ` (did you mean "${suggestion}"?)`;
}
