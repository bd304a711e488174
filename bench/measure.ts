import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";

export interface Usage {
  seconds: number; // wall
  cpuSeconds: number; // user and system
  peakMiB: number; // largest resident set of the process
  output: string; // what it printed
}

const gnuTime = "/usr/bin/time";

/** Runs a command to its end under GNU time. Throws with its output when it fails. */
export function measure(command: string[], env: NodeJS.ProcessEnv = {}): Usage {
  if (!existsSync(gnuTime)) throw new Error(`${gnuTime} is missing: install the Debian package "time"`);
  const folder = mkdtempSync(join(tmpdir(), "kit-bench-"));
  const report = join(folder, "usage");
  try {
    const result = spawnSync(gnuTime, ["-f", "%e %U %S %M", "-o", report, ...command], {
      env: { ...process.env, ...env },
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (result.status !== 0) throw new Error(`${command.join(" ")} ended with ${result.status}\n${result.stderr}`);
    const [wall, user, system, kib] = readFileSync(report, "utf8").trim().split("\n").at(-1)!.split(" ").map(Number);
    return { seconds: wall!, cpuSeconds: user! + system!, peakMiB: kib! / 1024, output: result.stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The run in the middle by wall time. */
export function middle(runs: Usage[]): Usage {
  return [...runs].sort((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)]!;
}

/** A Markdown table: each row's figures, and its wall time as a ratio to the baseline's. */
export function usageTable(rows: { name: string; usage: Usage }[], baseline: string): string {
  const base = rows.find((row) => row.name === baseline)!.usage.seconds;
  const lines = rows.map(({ name, usage }) =>
    [
      name,
      usage.seconds.toFixed(2),
      `${(usage.seconds / base).toFixed(2)}x`,
      usage.cpuSeconds.toFixed(2),
      usage.peakMiB.toFixed(0),
    ].join(" | "),
  );
  return [
    `| client | seconds | ratio to ${baseline} | CPU seconds | peak MiB |`,
    "|---|---|---|---|---|",
    ...lines.map((line) => `| ${line} |`),
  ].join("\n");
}

/** What a measurement ran on, and how busy it was just then. */
export function machine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${cpus().length} cores, ${memory}, Node ${process.versions.node}, load average ${loadavg()[0]!.toFixed(1)}`;
}
