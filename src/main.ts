import { CliError, exitCodes } from "./base/errors.ts";
import { toCliError } from "./base/faults.ts";
import { own } from "./base/names.ts";
import { didYouMean, type Options, readArguments } from "./cli/arguments.ts";
import { type Command, common } from "./cli/command.ts";
import { type Effects, openOutput } from "./cli/output.ts";
import { commandHelp, mainHelp } from "./commands/help.ts";
import { commands } from "./commands/index.ts";

/** Runs a command line and returns the exit code. Never throws. `effects` receive its output. */
export async function main(argv: string[], effects?: Effects): Promise<number> {
  const { name, rest } = splitCommand(argv);
  const output = openOutput({ json: argv.includes("--json") }, effects);
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(exitCodes.interrupted);
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    if (name === null) return await withoutCommand(rest, output);
    const listed = own(commands, name);
    if (listed === undefined) {
      const suggestion = didYouMean(name, Object.keys(commands));
      throw new CliError("usage", `unknown command ${name}${suggestion}`, "asapp-kit --help lists the commands");
    }
    const command = (await listed.load()).default;
    const all: Options = { ...command.options, ...common };
    if (asksFor(rest, "--help", "-h")) {
      await output.result(commandHelp(name, command));
      return exitCodes.ok;
    }
    const given = readArguments(rest, name, all, command.positionals);
    if (given.options.version) return await version(output);
    const context = {
      config: given.options.config as string | undefined,
      output,
      signal: stop.signal,
      now: new Date(),
    };
    const exit = await (command as Command).run(given.options, given.rest, context);
    return exitCodes[exit ?? "ok"];
  } catch (error) {
    const failure = toCliError(error);
    output.error(failure, argv.includes("--debug"));
    return exitCodes[failure.exit];
  } finally {
    output.close();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

async function withoutCommand(rest: string[], output: ReturnType<typeof openOutput>): Promise<number> {
  if (asksFor(rest, "--version", "-V")) return version(output);
  if (asksFor(rest, "--help", "-h")) {
    await output.result(mainHelp());
    return exitCodes.ok;
  }
  readArguments(rest, "", common, { name: "", least: 0, most: 0 });
  throw new CliError("usage", "which command?", "asapp-kit --help lists the commands");
}

async function version(output: ReturnType<typeof openOutput>): Promise<number> {
  const { kitVersion } = await import("./base/kit-version.ts");
  const { name, version } = kitVersion();
  await output.result(output.json ? `${JSON.stringify({ name, version })}\n` : `${version}\n`);
  return exitCodes.ok;
}

// `asapp-kit --config a.yaml status` equals `asapp-kit status --config a.yaml`, `asapp-kit help status` equals `… status --help`.
function splitCommand(argv: string[]): { name: string | null; rest: string[] } {
  const takesValue = new Set(["--config", "-c"]);
  let isValue = false;
  for (const [i, word] of argv.entries()) {
    if (isValue || word.startsWith("-")) {
      isValue = !isValue && takesValue.has(word);
      continue;
    }
    const rest = argv.toSpliced(i, 1);
    if (word !== "help") return { name: word, rest };
    const [name = null, ...others] = rest;
    return { name, rest: [...others, "--help"] };
  }
  return { name: null, rest: argv };
}

function asksFor(argv: string[], ...flags: string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => flags.includes(word));
}
