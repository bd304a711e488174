import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CliError } from "../base/errors.ts";
import { filesBelow, loadersFolder } from "../base/kit-folders.ts";
import { type Holder, withLockFile } from "../base/lock.ts";
import type { Project } from "../config/project.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { pagesOf } from "./attachments.ts";
import { runFramework } from "./child.ts";
import { type ComputedDataset, computeDatasets } from "./dataset.ts";
import { loaderFiles } from "./dataset-list.ts";
import { siteOutput } from "./framework.ts";
import { clearLeftovers, restoreSite } from "./leftover.ts";
import { pagesBuiltFrom, pagesStamp, stampOfSite } from "./pages-stamp.ts";
import { isPatchable, mergeInto, writeChanged } from "./patch.ts";
import { declaredColumns, declaredOf } from "./privacy/declared.ts";
import { checkFiles } from "./privacy/guard.ts";
import { checkIdentifiers, queueLabels, siteWords } from "./privacy/identifiers.ts";
import { besideSite, claimSite, requireOwnSite } from "./site-owner.ts";
import { openWorkspace, type Workspace, workspaceOf } from "./workspace.ts";

export interface BuildOptions {
  out?: string; // the site's folder; the project's own by default
  demo?: boolean; // any other project may replace the site
  changed?: boolean; // only what changed since the site was built: datasets, and the pages that attach them
  now?: Date;
  signal?: AbortSignal | undefined;
  onStep?: (step: BuildStep) => void;
}

export type BuildStep =
  | { step: "waiting"; holder: Holder } // for another build
  | { step: "datasets"; done: number; total: number; dataset: ComputedDataset }
  | { step: "pages"; line: string }
  | { step: "check" };

export interface BuiltSite {
  folder: string; // absolute
  pages: number;
  datasets: number;
  computed: number; // datasets
  written: number; // files of the site that are new or others than before; all of them after a whole build
  bytes: number; // of the whole site
  seconds: { datasets: number; pages: number; check: number };
}

/**
 * Computes all datasets, lets Framework build the pages beside the site, looks the result over for personal data, and
 * only then swaps it into place: whoever serves the folder sees the old site or the new one. With `changed`, and while
 * pages and settings are those that the site was built from, Framework has nothing to do: the site gets the datasets that
 * changed and the pages that attach them, file by file, and ends as a whole build would.
 * Throws CliError("build") with what Framework or the check said, or where the folder is another project's; the former site
 * then stays.
 */
export async function buildSite(project: Project, options: BuildOptions = {}): Promise<BuiltSite> {
  const folder = siteFolder(project, options.out);
  const beside = `${besideSite(folder)}.next-${process.pid}`;
  const { changed = false, now = new Date(), signal, onStep } = options;
  const onWait = (holder: Holder) => onStep?.({ step: "waiting", holder });
  return withLockFile(workspaceOf(project).lock, { wait: true, signal, onWait }, async () => {
    const workspace = openWorkspace(project);
    clearKilled(workspace, folder);
    requireOwnSite(project, folder);
    const times = [performance.now()];
    const lap = () => times.push(performance.now());
    try {
      const computed = await computeDatasets(project, {
        changed,
        signal,
        onDataset: (dataset, done, total) => onStep?.({ step: "datasets", done, total, dataset }),
      });
      lap();
      const stamp = pagesStamp(project);
      const patch = changed && stamp !== null && stampOfSite(folder) === stamp && isPatchable(folder);
      if (patch) {
        mkdirSync(beside, { recursive: true });
        writeChanged(project, folder, beside, workspace.datasets);
      } else await buildPages(project, beside, stamp, options);
      lap();
      onStep?.({ step: "check" });
      const written = filesBelow(beside);
      await check(project, beside, patch ? folder : null);
      lap();
      requireOwnSite(project, folder);
      claimSite(project, folder, options.demo);
      if (patch) mergeInto(folder, beside, now, workspace.datasets);
      else swap(beside, folder);
      const files = filesBelow(folder);
      const seconds = (lap: number) => (times[lap + 1]! - times[lap]!) / 1000;
      return {
        folder,
        pages: pagesOf(folder).length,
        datasets: filesBelow(workspace.datasets).length,
        computed: computed.length,
        written: written.length,
        bytes: files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0),
        seconds: { datasets: seconds(0), pages: seconds(1), check: seconds(2) },
      };
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
  });
}

// What the site has shown already was looked up when it was written.
async function check(project: Project, site: string, former: string | null): Promise<void> {
  checkFiles(site);
  if (filesBelow(site).length === 0) return;
  const database = await openCatalog(project);
  try {
    const labels = await queueLabels(database);
    const all = declaredColumns(loaderFiles(), loadersFolder);
    const declared = (dataset: string) => declaredOf(dataset, all);
    const words = siteWords(site, { labels, declared });
    if (former !== null) {
      const shown = siteWords(former, { labels, declared });
      for (const kind of ["exact", "folded"] as const)
        for (const word of shown[kind].keys()) words[kind].delete(word);
    }
    await checkIdentifiers(database, project.feeds, words, labels);
  } finally {
    database.close();
  }
}

async function buildPages(
  project: Project,
  out: string,
  stamp: string | null,
  { signal, onStep }: BuildOptions,
): Promise<void> {
  const { exit } = runFramework({
    args: ["build"],
    project,
    env: { [siteOutput]: out, [pagesBuiltFrom]: stamp ?? "" },
    signal,
    onLine: (line) => onStep?.({ step: "pages", line }),
  });
  const { code, output } = await exit;
  if (signal?.aborted) throw new CliError("interrupted", "interrupted while building the pages");
  if (code === 0) {
    writeChanged(project, out, out, workspaceOf(project).datasets);
    return;
  }
  const reason = output.split("\n").slice(-15).join("\n");
  throw new CliError(
    "build",
    `the pages could not be built:\n${reason}`,
    "mend the page or component named above",
  );
}

/** Where the site goes: absolute, and where a link leads. */
export function siteFolder(project: Project, out = project.config.output): string {
  const folder = resolve(out);
  return existsSync(folder) ? realpathSync(folder) : folder;
}

function clearKilled({ datasets, cache, folder: own }: Workspace, site: string): void {
  restoreSite(site, besideSite(site));
  for (const path of [besideSite(site), datasets, join(cache, "libraries"), join(own, "copy")])
    clearLeftovers(path);
}

function swap(beside: string, folder: string): void {
  const old = `${besideSite(folder)}.old-${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(beside, folder);
  rmSync(old, { recursive: true, force: true });
}
