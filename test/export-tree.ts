import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { gzipSync } from "node:zlib";
import { openOutput } from "../src/cli/output.ts";
import { runSync } from "../src/commands/steps/sync.ts";
import { runUpdate, type Updated } from "../src/commands/steps/update.ts";
import { runVerify, type Verified } from "../src/commands/verify.ts";
import { openProject, type Project } from "../src/config/project.ts";
import { failures, type SyncReport } from "../src/sync/report.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { readStatus, type Status } from "../src/warehouse/status.ts";

const hour = 3_600_000;

/** An export as a folder, with its project, whose hours are counted back from now. */
export interface ExportTree {
  folder: string;
  data: string;
  project: Project;
  /** Puts an hour of a feed, `ago` hours back: rows, or files by name. Returns "2026-11-30/hr=05". */
  put(feed: string, ago: number, content: object[] | Record<string, Buffer>): string;
  write(path: string, body: string | Buffer): void; // below the export
  sync(): Promise<{ sync: SyncReport; update: Updated; ok: boolean }>;
  status(): Promise<Status>;
  verify(repair?: boolean): Promise<Verified>;
  /** Rows of a query of the catalog. */
  rows(sql: string): Promise<unknown[][]>;
  /** The rows of each query, from one catalog. */
  answers(queries: readonly string[]): Promise<unknown[][][]>;
  delete(): void;
}

export function exportTree(more = ""): ExportTree {
  const folder = mkdtempSync(join(tmpdir(), "asapp-kit-tree-"));
  const now = new Date();
  writeFileSync(join(folder, "kit.yaml"), `source: { path: export }\ndata: data\n${more}`);
  mkdirSync(join(folder, "export"));
  const project = openProject(join(folder, "kit.yaml"));
  const stream = new PassThrough().resume() as unknown as NodeJS.WriteStream;
  const output = openOutput({}, { stdout: stream, stderr: stream, env: {}, clock: () => performance.now() });
  const context = { output, signal: new AbortController().signal, now, config: undefined };
  const tree: ExportTree = {
    folder,
    data: project.data,
    project,
    put(feed, ago, content) {
      const iso = new Date(now.getTime() - ago * hour).toISOString();
      const run = `${iso.slice(0, 10)}/hr=${iso.slice(11, 13)}`;
      const place = `${feed}/version=1/format=jsonl/dt=${run}`;
      const files = Array.isArray(content)
        ? { [`${feed}.jsonl.gz`]: gzipSync(content.map((row) => `${JSON.stringify(row)}\n`).join("")) }
        : content;
      for (const [name, body] of Object.entries(files)) tree.write(`${place}/${name}`, body);
      tree.write(`${place}/_SUCCESS`, "");
      return run;
    },
    write(path, body) {
      const file = join(folder, "export", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, body);
    },
    async sync() {
      const sync = await runSync(project, {}, context);
      const update = await runUpdate(project, context);
      return { sync, update, ok: failures(sync) + update.failed.length === 0 };
    },
    status: () => readStatus(project, now),
    verify: (repair = false) => runVerify(project, { raw: false, remote: false, repair, feeds: null }, context),
    rows: async (sql) => (await tree.answers([sql]))[0]!,
    async answers(queries) {
      const database = await openCatalog(project);
      try {
        const found: unknown[][][] = [];
        for (const sql of queries) found.push((await database.rows(sql)).rows);
        return found;
      } finally {
        database.close();
      }
    },
    delete: () => rmSync(folder, { recursive: true, force: true }),
  };
  return tree;
}
