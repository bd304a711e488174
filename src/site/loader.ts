// Framework runs this for one .sql file: `node dist/src/site/loader.js …/pages/data/days.json.sql [--day=2026-11-21]`.
// The answer goes to stdout as JSON, everything else to stderr.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { CliError } from "../base/errors.ts";
import { loadersFolder } from "../base/kit-folders.ts";
import { withLock } from "../base/lock.ts";
import { own } from "../base/names.ts";
import { openProject, type Project } from "../config/project.ts";
import { syncDue } from "../sync/last-sync.ts";
import { syncIfOlder } from "../sync/sync.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { updateDue, updateWarehouse } from "../warehouse/update.ts";
import { computeAll, datasetsReady, endWithParent } from "./child.ts";
import { computeDataset, computeDatasets } from "./dataset.ts";
import { declaredParameter } from "./dataset-list.ts";
import { workspaceOf } from "./workspace.ts";

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, strict: false, allowPositionals: true });
  endWithParent();
  const [argument] = positionals;
  if (!argument) throw new CliError("usage", "loader: name a .sql file");
  const project = openProject();
  const { datasets, pages } = workspaceOf(project);
  const file = sourceOf(realpathSync(argument), join(pages, "data"));
  await bringUpToDate(project);
  if (process.env[computeAll] && !existsSync(join(datasets, "site.json"))) {
    await computeDatasets(project, { keep: true });
    const target = relative(loadersFolder, file).replace(/\.sql$/, "");
    const name = target.replace(/\[(\w+)\]/, (_, parameter: string) => String(own(values, parameter)));
    process.stdout.write(readFileSync(join(datasets, name)));
    return;
  }
  const database = await openCatalog(project);
  try {
    const parameters = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
    const sql = readFileSync(file, "utf8");
    const dataset = { name: file, file, sql, parameters: { ...parameters, ...declaredParameter(sql) } };
    process.stdout.write((await computeDataset(database, dataset, project)).text);
  } finally {
    database.close();
  }
}

// Framework runs the project's copy of a file; messages name the original in data-loaders/.
function sourceOf(file: string, copies: string): string {
  const path = relative(existsSync(copies) ? realpathSync(copies) : copies, file);
  return path.startsWith("..") || isAbsolute(path) ? file : join(loadersFolder, path);
}

// The first loader to start after max_age syncs; the others wait for the lock and find the sync done. An unreachable bucket
// leaves the former data, which is better than no page. Files of a sync whose update was interrupted are staged too.
async function bringUpToDate(project: Project): Promise<void> {
  if (process.env[datasetsReady] || !(syncDue(project, new Date()) || updateDue(project))) return;
  try {
    await withLock(project, { wait: true }, async () => {
      try {
        await syncIfOlder(project, project.config.sync.maxAgeMinutes, { held: true });
      } finally {
        if (updateDue(project)) await updateWarehouse(project);
      }
    });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    console.error(`not synced: ${error.message}`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof CliError ? [error.message, error.next].filter(Boolean).join("\n") : error);
  process.exit(1);
});
