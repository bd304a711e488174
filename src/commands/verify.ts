import { CliError } from "../base/errors.ts";
import { withLock } from "../base/lock.ts";
import { bytes, count, plural } from "../base/words.ts";
import type { Context } from "../cli/command.ts";
import { command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { table } from "../cli/table.ts";
import type { Project } from "../config/project.ts";
import { openProject } from "../config/project.ts";
import { partitionName } from "../export/partition.ts";
import type { RawReport } from "../sync/verify-raw.ts";
import type { Verification } from "../warehouse/verify.ts";

export default command({
  summary: "prove what is on disk: raw files, and the warehouse made of them",
  about: [
    "Reads every raw file and compares it with the manifest, byte for byte: what is missing, cut short, changed or added",
    "is named. Then dedupes all raw rows anew and compares the outcome with the warehouse, row by row. Exit code 8 when",
    "anything is wrong and was not repaired.",
  ].join("\n"),
  options: {
    feed: shared.feed,
    raw: { type: "boolean", doc: "only the raw files" },
    remote: { type: "boolean", doc: "also compare the manifest with a full listing of the bucket" },
    repair: { type: "boolean", doc: "fetch damaged partitions again, and make wrong warehouse files anew" },
  },
  examples: [
    ["asapp-kit verify", "all that is here"],
    ["asapp-kit verify --raw --remote", "the raw files, and whether the bucket still says the same"],
    ["asapp-kit verify --feed convos_metrics --repair", "one feed, and mend what is wrong"],
  ],
  async run(options, _rest, context) {
    const { output } = context;
    const project = openProject(context.config);
    const feeds = checkFeeds(project, options.feed);
    const { raw, remote, repair } = options;
    const verified = await runVerify(project, { raw, remote, repair, feeds }, context);
    if (output.json) await output.document(verified);
    else await output.result(verifyText(verified));
    if (!verified.ok)
      throw new CliError(
        "verifyFailed",
        "what is on disk is not what it should be",
        repair ? "see above for what could not be repaired" : "asapp-kit verify --repair mends it",
      );
    return undefined;
  },
});

export interface VerifyOptions {
  raw: boolean; // only the raw files
  remote: boolean;
  repair: boolean;
  feeds: string[] | null;
}

export interface Verified {
  ok: boolean; // everything is sound or was repaired
  raw: RawReport;
  feeds: Verification[]; // after any repair
  rebuilt: string[]; // feeds whose warehouse files were made anew from raw
}

/** Compares raw with the manifest, then the warehouse with raw. Holds the lock, so that no sync runs meanwhile. */
export function runVerify(project: Project, options: VerifyOptions, context: Context): Promise<Verified> {
  const { signal, output } = context;
  const onWait = ({ pid }: { pid: number }) => output.say(`waiting for a sync (process ${pid})`);
  return withLock(project, { wait: true, signal, onWait }, () => verify(project, options, context));
}

async function verify(project: Project, options: VerifyOptions, { output, signal, now }: Context): Promise<Verified> {
  const { verifyRaw } = await import("../sync/verify-raw.ts");
  const { listDays } = await import("../sync/manifest.ts");
  const { loadSnapshot, readSnapshot } = await import("../warehouse/snapshot/snapshot.ts");
  const { updateWarehouse } = await import("../warehouse/update.ts");
  const { remote, repair } = options;
  const raw = await verifyRaw(project, {
    remote,
    repair,
    feeds: options.feeds ?? undefined,
    signal,
    now,
    held: true,
    onFile({ files }) {
      if (files % 100 === 0) output.progress({ step: "reading", done: files, total: null, unit: "files" });
    },
  });
  const catalog = readSnapshot(project.data).damage;
  if (raw.repaired.length > 0 || (repair && catalog !== null)) await updateWarehouse(project, { signal, now });
  const names = options.raw ? [] : Object.keys(loadSnapshot(project.data).feeds).sort();
  const chosen = names.filter((name) => options.feeds?.includes(name) ?? true);
  let feeds = await verifyFeeds(project, chosen, output, signal);
  const wrong = feeds.filter(({ ok }) => !ok).map(({ feed }) => feed);
  const rebuilt = repair ? wrong : [];
  if (rebuilt.length > 0) {
    const days = rebuilt.flatMap((feed) => listDays(project, feed));
    await updateWarehouse(project, { days, force: true, rebuild: true, signal, now });
    const again = await verifyFeeds(project, rebuilt, output, signal);
    feeds = feeds.map((feed) => again.find((other) => other.feed === feed.feed) ?? feed);
  }
  output.close();
  const left = repair ? raw.unrepaired.length : raw.damaged.length;
  return { ok: left === 0 && feeds.every(({ ok }) => ok), raw, feeds, rebuilt };
}

async function verifyFeeds(
  project: Project,
  names: string[],
  output: Context["output"],
  signal: AbortSignal,
): Promise<Verification[]> {
  const { verifyFeed } = await import("../warehouse/verify.ts");
  const feeds: Verification[] = [];
  for (const name of names) {
    feeds.push(await verifyFeed(project, name, { signal }));
    output.progress({ step: "comparing", done: feeds.length, total: names.length, unit: "feeds" });
  }
  return feeds;
}

function verifyText({ raw, feeds, rebuilt }: Verified): string {
  const blocks = [rawText(raw)];
  if (feeds.length > 0) blocks.push(feedsText(feeds));
  if (rebuilt.length > 0) blocks.push(`made anew from the raw files: ${rebuilt.join(", ")}\n`);
  return blocks.join("\n");
}

function rawText({ files, partitions, bytes: size, damaged, repaired, unrepaired, remote }: RawReport): string {
  const verdict = damaged.length === 0 ? "all as in the manifest" : `${count(damaged.length)} not as in the manifest`;
  const blocks = [`${plural(files, "file")} of ${plural(partitions, "partition")} read, ${bytes(size)}: ${verdict}\n`];
  if (damaged.length > 0)
    blocks.push(
      table(
        [{ name: "problem" }, { name: "file" }],
        damaged.map(({ problem, path }) => [problem, path]),
      ),
    );
  if (repaired.length > 0) blocks.push(`fetched again: ${repaired.map(partitionName).join(", ")}\n`);
  if (unrepaired.length > 0)
    blocks.push(
      table(
        [{ name: "not repaired" }, { name: "reason" }],
        unrepaired.map(({ path, reason }) => [path, reason]),
      ),
    );
  if (remote !== null && remote.length === 0) blocks.push("the bucket holds nothing else\n");
  if (remote !== null && remote.length > 0)
    blocks.push(
      table(
        [{ name: "bucket" }, { name: "partition" }, { name: "reason" }],
        remote.map(({ action, id, reason }) => [action, partitionName(id), reason]),
      ),
    );
  return blocks.join("\n");
}

function feedsText(feeds: Verification[]): string {
  const sum = (of: "lines" | "rows" | "quarantined" | "blank" | "currentRows") =>
    feeds.reduce((total, feed) => total + feed[of], 0);
  const wrong = feeds.filter(({ ok }) => !ok);
  const verdict =
    wrong.length === 0
      ? "the warehouse matches the raw files"
      : `${plural(wrong.length, "feed")} not as in the raw files`;
  const blank = sum("blank") === 0 ? "" : ` + ${count(sum("blank"))} blank`;
  const lines = `${plural(feeds.length, "feed")}: ${count(sum("lines"))} lines = ${count(sum("rows"))} rows + ${count(sum("quarantined"))} quarantined${blank}, ${count(sum("currentRows"))} rows after dedupe: ${verdict}\n`;
  if (wrong.length === 0) return lines;
  const rows = wrong.flatMap(({ feed, differences }) =>
    differences.map(({ kind, dt, file, line, detail }) => [
      feed,
      kind,
      dt,
      `${file ?? ""}${line === null ? "" : `:${line}`}`,
      detail,
    ]),
  );
  const most = 20;
  const more = rows.length - most + wrong.reduce((total, feed) => total + feed.more, 0);
  const names = ["feed", "wrong", "day", "place", "detail"].map((name) => ({ name }));
  return `${lines}\n${table(names, rows.slice(0, most))}${more > 0 ? `and ${count(more)} more\n` : ""}`;
}
