import type { ExitName } from "../base/errors.ts";
import { host, type Options, type Positionals, type Values, zone } from "./arguments.ts";
import type { Output } from "./output.ts";

/** What every command receives besides its options. */
export interface Context {
  config: string | undefined; // --config
  output: Output;
  signal: AbortSignal; // aborted by Ctrl-C or SIGTERM
  now: Date;
}

interface Spec<O extends Options> {
  summary: string; // one line, for the list of commands
  about?: string; // the details
  positionals?: Positionals;
  options: O;
  examples: [line: string, doc: string][];
  run(options: Values<O>, rest: string[], context: Context): Promise<ExitName | undefined>;
}

export interface Command extends Omit<Spec<Options>, "run" | "positionals"> {
  positionals: Positionals;
  run(options: Record<string, unknown>, rest: string[], context: Context): Promise<ExitName | undefined>;
}

/** Declares a command. The type of `options` in `run` follows from the declaration. */
export function command<const O extends Options>(spec: Spec<O>): Command {
  return { positionals: { name: "", least: 0, most: 0 }, ...spec } as unknown as Command;
}

/** The options of every command. */
export const common = {
  config: {
    type: "string",
    short: "c",
    value: "FILE",
    doc: "the project's kit.yaml (else $ASAPP_KIT_CONFIG, else ./kit.yaml)",
  },
  json: { type: "boolean", doc: "facts for a machine: one JSON document on stdout, JSON lines on stderr" },
  debug: { type: "boolean", doc: "show stack traces" },
  help: { type: "boolean", short: "h", doc: "show this" },
  version: { type: "boolean", short: "V", doc: "print the version" },
} as const satisfies Options;

/** Options that several commands have. */
export const shared = {
  feed: {
    type: "string",
    multiple: true,
    value: "NAME",
    doc: "only this feed; may be given again, or as a,b,c",
  },
  allowHost: {
    type: "string",
    multiple: true,
    value: "NAME",
    doc: "answer to this host too, as a tunnel or proxy names it; may be given again",
    parse: host,
  },
  timezone: {
    type: "string",
    value: "ZONE",
    doc: "show times in this IANA zone instead of UTC",
    parse: zone,
  },
} as const satisfies Options;
