import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError, type ExitName } from "../base/errors.ts";
import { toCliError } from "../base/faults.ts";
import { thisProcess } from "../base/process.ts";
import { count, duration, minute, plural } from "../base/words.ts";
import { span, whole } from "../cli/arguments.ts";
import type { Context } from "../cli/command.ts";
import { command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { feedOf, openProject, type Project } from "../config/project.ts";
import { readLastSync } from "../sync/last-sync.ts";
import { readWatch, removeNote, type WatchNote, writeNote } from "../sync/watch-note.ts";
import type { Memory, Round } from "./steps/round.ts";

const port = whole(1, 65_535);
const rounds = whole(1, 1_000_000);

export default command({
  summary: "sync, update and rebuild again and again",
  about: [
    "Each round syncs, brings the warehouse up to date, and then, in the site that `build` made, the datasets and pages",
    "whose data changed, and checks the alerts of kit.yaml. One line a round. A failure is shown, and the next round tries",
    "again: the network, the bucket, expired credentials, another sync at work. Ctrl-C ends it; `asapp-kit status` shows its",
    "state.",
  ].join("\n"),
  options: {
    every: {
      type: "string",
      value: "TIME",
      doc: "from round to round, e.g. 5m or 30s, give or take a tenth (half the shortest cadence of the feeds)",
      parse: span,
    },
    feed: shared.feed,
    "no-site": { type: "boolean", doc: "leave the site alone" },
    output: {
      type: "string",
      short: "o",
      value: "FOLDER",
      doc: "where the site is (site/ beside kit.yaml)",
    },
    serve: { type: "boolean", doc: "serve the site as well, and build it first if there is none" },
    port: { type: "string", value: "N", doc: "port on 127.0.0.1 (3000, or the next free one)", parse: port },
    "allow-host": shared.allowHost,
    rounds: {
      type: "string",
      value: "N",
      doc: "end after N rounds, with the exit code of the last",
      parse: rounds,
    },
  },
  examples: [
    ["asapp-kit watch", "keep the data and the site fresh"],
    ["asapp-kit watch --serve --every 5m", "and look at it on http://127.0.0.1:3000"],
    ["asapp-kit watch --no-site --json", "the data alone, and a line of JSON a round for a monitor"],
  ],
  async run(options, _rest, context) {
    const { output, signal } = context;
    if (options.serve && options["no-site"])
      throw new CliError("usage", "--serve and --no-site exclude each other", "leave one of them out");
    if (options.port !== undefined && !options.serve)
      throw new CliError("usage", "--port goes with --serve", "add --serve, or leave --port out");
    if (options["allow-host"].length > 0 && !options.serve)
      throw new CliError("usage", "--allow-host goes with --serve", "add --serve, or leave --allow-host out");
    const project = openProject(context.config);
    const feeds = checkFeeds(project, options.feed);
    const { requireSource } = await import("../sync/stores.ts");
    requireSource(project);
    const { runBuild } = await import("./steps/build.ts");
    const { announce, defaultPort } = await import("./steps/serve.ts");
    const { serveSite } = await import("../site/serve.ts");
    const site = options["no-site"] ? null : resolve(options.output ?? project.config.output);
    const built = site !== null && existsSync(join(site, "index.html"));
    if (site !== null && options.serve && !built) await runBuild(project, { out: site }, context);
    else if (site !== null && !built)
      output.warn(
        `no site in ${site}: only the data are kept fresh`,
        "asapp-kit build makes one, which the next round updates",
      );
    const server =
      site !== null && options.serve
        ? await serveSite(site, { port: options.port ?? defaultPort, allowed: options["allow-host"] })
        : null;
    try {
      if (server !== null) await announce(server.url, options.port, output);
      const everySeconds = options.every ?? null;
      const exit = await watch({ everySeconds, rounds: options.rounds ?? null, feeds, site }, context);
      return signal.aborted ? "ok" : exit;
    } finally {
      await server?.close();
    }
  },
});

interface WatchOptions {
  everySeconds: number | null; // null: half the shortest cadence of the feeds
  rounds: number | null; // after which it ends; null: never
  feeds: string[] | null;
  site: string | null; // folder of the site to keep up to date, once it exists; null: none
}

/**
 * Syncs, and updates the warehouse and the site, round after round until the signal aborts or `rounds` are done. A failed
 * round is reported, and the next one tries again. Each round reads kit.yaml anew. Returns the exit of the last round. Throws
 * CliError("locked") if another watcher has the same data folder.
 */
async function watch(options: WatchOptions, context: Context): Promise<ExitName> {
  const { emptyRound, fail, RoundOutput, runRound } = await import("./steps/round.ts");
  const { dataThrough } = await import("../warehouse/snapshot/through.ts");
  const { formerSnapshot } = await import("../warehouse/snapshot/snapshot.ts");
  const { signal, output, config } = context;
  let project = openProject(config);
  refuseSecond(project);
  const everySeconds = options.everySeconds ?? defaultSeconds(project, options.feeds);
  const note: WatchNote = {
    format: 1,
    ...thisProcess(),
    everySeconds,
    round: null,
    outcome: null,
    lastSuccess: null,
    failures: 0,
    next: null,
  };
  const roundOutput = new RoundOutput(output);
  const memory: Memory = { updatedAt: null, state: "" };
  const { data } = project;
  let exit: ExitName = "ok";
  try {
    for (let done = 1; !signal.aborted && !output.closed; done++) {
      const started = Date.now();
      Object.assign(note, { round: isoOf(started), next: null });
      roundOutput.tolerate(() => writeNote({ data }, note));
      const round = emptyRound(started);
      try {
        project = openProject(config);
        await runRound(project, options, memory, round, {
          ...context,
          output: roundOutput.next(),
          now: new Date(started),
        });
      } catch (error) {
        if (signal.aborted) break;
        fail(round, toCliError(error));
      }
      exit = round.exit;
      note.failures = round.ok ? 0 : note.failures + 1;
      round.failures = note.failures;
      round.dataThrough = dataThrough(formerSnapshot(project.data))?.toISOString() ?? null;
      const last = done === options.rounds;
      const next = Math.max(
        Date.now() + Math.min(500, everySeconds * 1000),
        started + everySeconds * 1000 * (0.9 + Math.random() / 5),
      );
      round.next = last ? null : isoOf(next);
      Object.assign(note, { outcome: outcomeText(round), next: round.next });
      if (round.ok) note.lastSuccess = isoOf(Date.now());
      roundOutput.tolerate(() => writeNote({ data }, note));
      await output.result(output.json ? `${JSON.stringify({ event: "round", ...round })}\n` : roundText(round));
      if (last) break;
      await until(next, signal);
    }
    return exit;
  } finally {
    removeNote({ data });
  }
}

/** Half the shortest cadence of the feeds, in seconds. */
function defaultSeconds(project: Project, chosen: string[] | null): number {
  const { feeds } = project.config;
  const synced = Object.keys(readLastSync(project)?.feeds ?? {});
  const all = synced.length > 0 ? synced : [...project.feeds.keys()];
  const names = chosen ?? (feeds === "all" ? all : feeds.map(({ name }) => name));
  const cadences = names.flatMap((name) => feedOf(project, name).cadenceMinutes ?? []);
  return (Math.min(60, ...cadences) / 2) * 60;
}

/** A round in one line. */
function roundText(round: Round): string {
  const next = round.next === null ? "" : `; next ${round.next.slice(11, 16)}`;
  return `${round.at.slice(0, 19).replace("T", " ")} UTC  ${outcomeText(round)}${next}\n`;
}

function outcomeText(round: Round): string {
  const { added, replaced, waiting, overdue, rows, datasets, files, alerts, seconds, failures } = round;
  const parts: string[] = [];
  if (added > 0) parts.push(`${count(added)} new`);
  if (replaced > 0) parts.push(`${count(replaced)} replaced`);
  if (round.message !== null)
    parts.push(`failed${failures > 1 ? ` ${count(failures)} times in a row` : ""}: ${round.message}`);
  else if (parts.length === 0) parts.push("nothing new");
  if (waiting > 0) parts.push(`${count(waiting)} waiting`);
  if (overdue > 0) parts.push(`${count(overdue)} overdue`);
  if (rows > 0) parts.push(plural(rows, "row"));
  if (files) parts.push(`${plural(datasets ?? 0, "dataset")}, ${plural(files, "file")} of the site`);
  if (alerts !== null && alerts.fired + alerts.over + alerts.firing > 0)
    parts.push(`alerts: ${alerts.fired} fired, ${alerts.over} over, ${alerts.firing} on`);
  if (round.dataThrough !== null) parts.push(`through ${minute(new Date(round.dataThrough))}`);
  parts.push(duration(seconds.sync + seconds.update + seconds.site + seconds.alerts));
  return parts.join(", ");
}

function refuseSecond(project: Project): void {
  const other = readWatch(project, new Date());
  if (other === null || !other.running || other.pid === process.pid) return;
  throw new CliError(
    "locked",
    `another watcher has this data folder: process ${other.pid} on ${other.host}, since ${minute(new Date(other.since))}`,
    "stop that one first, or leave it to it: asapp-kit status shows its state",
  );
}

// Waits in slices, by the clock: after a laptop's sleep it goes on at once, and a clock set back does not lengthen it.
async function until(time: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + time - Date.now();
  const left = () => Math.min(time - Date.now(), end - performance.now());
  while (!signal.aborted && left() > 0) await delay(Math.min(left(), 10_000), undefined, { signal }).catch(() => {});
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
