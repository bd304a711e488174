// What Framework runs for one .sql file: `node dist/src/site/loader.js …/pages/data/days.json.sql [--day=2026-11-21]`.
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
import { computeDataset, computeDatasets } from "./dataset.ts";
import { declaredParameter } from "./dataset-list.ts";
import { computeAll, datasetsReady } from "./framework.ts";
import { endWithParent } from "./parent.ts";
import { workspaceOf } from "./workspace.ts";

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, strict: false, allowPositionals: true });
  endWithParent();
  const [named] = positionals;
  if (!named) throw new CliError("usage", "loader: name a .sql file");
  const project = openProject();
  const { datasets, pages } = workspaceOf(project);
  const file = sourceOf(realpathSync(named), join(pages, "data"));
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
    const parameters = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, String(value)]),
    );
    const sql = readFileSync(file, "utf8");
    const dataset = { name: file, file, sql, parameters: { ...parameters, ...declaredParameter(sql) } };
    process.stdout.write((await computeDataset(database, dataset, project)).text);
  } finally {
    database.close();
  }
}

// Framework runs the project's copy of a file; people know the one in data-loaders/.
function sourceOf(file: string, copies: string): string {
  const path = relative(existsSync(copies) ? realpathSync(copies) : copies, file);
  return path.startsWith("..") || isAbsolute(path) ? file : join(loadersFolder, path);
}

// Whichever loader starts first after max_age syncs, once: the others wait for the lock and then find it done. A bucket
// that cannot be reached leaves yesterday's data, which is better than no page. What a sync fetched whose update was cut
// short is taken in as well.
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
