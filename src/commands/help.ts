import type { Option, Options } from "../cli/arguments.ts";
import { type Command, common } from "../cli/command.ts";
import { commands } from "./index.ts";

/** The text of `asapp-kit --help`. */
export function mainHelp(): string {
  const list = Object.entries(commands).map(([name, { summary }]) => [name, summary] as const);
  return [
    "usage: asapp-kit <command> [options]",
    "",
    ...columns(list),
    "",
    ...columns(describe(common)),
    "",
    "asapp-kit <command> --help shows a command's options and examples.",
    "",
  ].join("\n");
}

/** The text of `asapp-kit <command> --help`. */
export function commandHelp(name: string, { summary, about, positionals, options, examples }: Command): string {
  const argument =
    positionals.name === "" ? "" : positionals.least > 0 ? ` ${positionals.name}` : ` [${positionals.name}]`;
  return [
    `usage: asapp-kit ${name}${argument} [options]`,
    "",
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(about === undefined ? [] : [about]),
    "",
    ...columns([...describe(options), ...describe(common)]),
    "",
    "examples:",
    ...examples.flatMap(([line, doc]) => [`  # ${doc}`, `  ${line}`]),
    "",
  ].join("\n");
}

function describe(options: Options): [string, string][] {
  return Object.entries(options).map(([name, option]) => [flag(name, option), option.doc]);
}

function flag(name: string, { short, value, type }: Option): string {
  return `${short === undefined ? "    " : `-${short}, `}--${name}${type === "string" ? ` ${value ?? "VALUE"}` : ""}`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
