import type { Context } from "./command.ts";
import type { Project } from "./project.ts";
import { type CheckReport, checkRaw } from "./sync/check.ts";
import { withLock } from "./sync/lock.ts";
import { partitionName } from "./sync-run.ts";
import { table } from "./table.ts";
import { openCatalog } from "./warehouse/catalog.ts";
import { quoteText } from "./warehouse/database.ts";
import { updateWarehouse } from "./warehouse/update.ts";
import { bytes, count, plural } from "./words.ts";

export interface Verified {
  ok: boolean; // nothing damaged is left, and every line is accounted for
  raw: CheckReport;
  lines: { feed: string; file: string; lines: number; rows: number; quarantined: number }[]; // files that do not add up
}

/** Compares what is on disk with the manifest, and the lines of each file with what became of them. */
export async function runVerify(
  project: Project,
  { remote, repair, feeds }: { remote: boolean; repair: boolean; feeds: string[] | null },
  { output, signal, now }: Pick<Context, "output" | "signal" | "now">,
): Promise<Verified> {
  const raw = await checkRaw(project, {
    ...{ remote, repair, feeds: feeds ?? undefined, signal, now, wait: true },
    onFile: ({ files }) => output.progress({ step: "reading", done: files, total: null, unit: "files" }),
  });
  if (raw.repaired.length > 0)
    await withLock(project, { wait: true, signal }, () => updateWarehouse(project, { signal, now }));
  output.close();
  const left = repair ? raw.unrepaired.length : raw.damaged.length;
  const lines = await unaccounted(project, feeds);
  return { ok: left === 0 && lines.length === 0, raw, lines };
}

async function unaccounted(project: Project, feeds: string[] | null): Promise<Verified["lines"]> {
  const database = await openCatalog(project);
  try {
    const only = feeds === null ? "" : `and feed in (${feeds.map(quoteText).join(", ")})`;
    return await database.objects(
      `select feed, file, lines - blank as lines, rows, quarantined from kit.files
        where lines - blank <> rows + quarantined ${only} order by file`,
    );
  } finally {
    database.close();
  }
}

export function verifyText({ raw, lines }: Verified): string {
  const blocks = [
    `${plural(raw.files, "file")} of ${plural(raw.partitions, "partition")} read, ${bytes(raw.bytes)}: ${
      raw.damaged.length === 0
        ? "each as the manifest has it"
        : `${count(raw.damaged.length)} not as the manifest has them`
    }\n`,
  ];
  if (raw.damaged.length > 0)
    blocks.push(
      table(
        [{ name: "problem" }, { name: "file" }],
        raw.damaged.map(({ problem, path }) => [problem, path]),
      ),
    );
  if (raw.repaired.length > 0) blocks.push(`fetched again: ${raw.repaired.map(partitionName).join(", ")}\n`);
  if (raw.unrepaired.length > 0)
    blocks.push(
      table(
        [{ name: "not repaired" }, { name: "reason" }],
        raw.unrepaired.map(({ path, reason }) => [path, reason]),
      ),
    );
  if (raw.remote !== null)
    blocks.push(
      raw.remote.length === 0
        ? "the bucket has nothing else\n"
        : table(
            [{ name: "bucket" }, { name: "partition" }, { name: "reason" }],
            raw.remote.map(({ action, id, reason }) => [action, partitionName(id), reason]),
          ),
    );
  blocks.push(
    lines.length === 0
      ? "every line delivered is a row or in quarantine\n"
      : table(
          [{ name: "file" }, ...["lines", "rows", "quarantined"].map((name) => ({ name, right: true }))],
          lines.map((file) => [file.file, count(file.lines), count(file.rows), count(file.quarantined)]),
        ),
  );
  return blocks.join("\n");
}
