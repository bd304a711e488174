import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CliError } from "../base/errors.ts";
import { filesBelow, loadersFolder } from "../base/kit-folders.ts";
import { withLockFile } from "../base/lock.ts";
import type { Holder } from "../base/process.ts";
import type { Project } from "../config/project.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { pagesOf } from "./attachments.ts";
import { runFramework } from "./child.ts";
import { type ComputedDataset, computeDatasets } from "./dataset.ts";
import { loaderFiles } from "./dataset-list.ts";
import { siteOutput } from "./framework.ts";
import { pagesBuiltFrom, pagesStamp, stampOfSite } from "./pages-stamp.ts";
import { isPatchable, mergeInto, writeChanged } from "./patch.ts";
import { declaredColumns, declaredOf } from "./privacy/declared.ts";
import { checkFiles } from "./privacy/guard.ts";
import { checkIdentifiers, queueLabels, siteWords } from "./privacy/identifiers.ts";
import { claimSite, requireOwnSite, siteSidecar } from "./site-owner.ts";
import { removeStale, restoreSite } from "./stale-files.ts";
import { openWorkspace, type Workspace, workspaceOf } from "./workspace.ts";

export interface BuildOptions {
  out?: string; // the site's folder; the project's own by default
  demo?: boolean; // a site that any project may replace
  changed?: boolean; // rebuild only changed datasets and the pages that attach them
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
  computed: number; // datasets computed in this build
  written: number; // new or changed files of the site; all of them after a full build
  bytes: number; // of the whole site
  seconds: { datasets: number; pages: number; check: number };
}

/**
 * Computes all datasets, has Framework build the pages in a draft folder, checks the draft for personal data, and then
 * swaps it into place: a reader gets the old site or the new one, never a mix. With `changed`, and while pages and settings
 * are those of the last build, Framework does not run: changed datasets and the pages that attach them are replaced file by
 * file, with the same result as a full build.
 * Throws CliError("build") with the message of Framework or of the check, or when the folder belongs to another project; the
 * former site then stays.
 */
export async function buildSite(project: Project, options: BuildOptions = {}): Promise<BuiltSite> {
  const folder = siteFolder(project, options.out);
  const draft = `${siteSidecar(folder)}.next-${process.pid}`;
  const { changed = false, now = new Date(), signal, onStep } = options;
  const onWait = (holder: Holder) => onStep?.({ step: "waiting", holder });
  return withLockFile(workspaceOf(project).lock, { wait: true, signal, onWait }, async () => {
    const workspace = openWorkspace(project);
    clearInterrupted(workspace, folder);
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
        mkdirSync(draft, { recursive: true });
        writeChanged(project, folder, draft, workspace.datasets);
      } else await buildPages(project, draft, stamp, options);
      lap();
      onStep?.({ step: "check" });
      const written = filesBelow(draft);
      await checkPersonal(project, draft, patch ? folder : null);
      lap();
      requireOwnSite(project, folder);
      claimSite(project, folder, options.demo);
      if (patch) mergeInto(folder, draft, now, workspace.datasets);
      else swap(draft, folder);
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
      rmSync(draft, { recursive: true, force: true });
    }
  });
}

// Only words that the former site lacks are checked: the others were checked when that site was built.
async function checkPersonal(project: Project, site: string, former: string | null): Promise<void> {
  checkFiles(site);
  if (filesBelow(site).length === 0) return;
  const database = await openCatalog(project);
  try {
    const labels = await queueLabels(database);
    const declarations = declaredColumns(loaderFiles(), loadersFolder);
    const declared = (dataset: string) => declaredOf(dataset, declarations);
    const words = siteWords(site, { labels, declared });
    if (former !== null) {
      const formerWords = siteWords(former, { labels, declared });
      for (const kind of ["exact", "folded"] as const)
        for (const word of formerWords[kind].keys()) words[kind].delete(word);
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
  throw new CliError("build", `the pages could not be built:\n${reason}`, "fix the page or component named above");
}

/** The absolute path of the site's folder, with links resolved. */
export function siteFolder(project: Project, out = project.config.output): string {
  const folder = resolve(out);
  return existsSync(folder) ? realpathSync(folder) : folder;
}

function clearInterrupted({ datasets, cache, folder }: Workspace, site: string): void {
  restoreSite(site, siteSidecar(site));
  for (const path of [siteSidecar(site), datasets, join(cache, "libraries"), join(folder, "copy")]) removeStale(path);
}

function swap(draft: string, folder: string): void {
  const old = `${siteSidecar(folder)}.old-${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(draft, folder);
  rmSync(old, { recursive: true, force: true });
}
