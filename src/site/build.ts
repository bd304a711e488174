import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import { CliError } from "../base/errors.ts";
import { filesBelow, kitRoot, loadersFolder, pagesFolder } from "../base/kit-folders.ts";
import { withLockFile } from "../base/lock.ts";
import type { Holder } from "../base/process.ts";
import type { Project } from "../config/project.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { pagesOf } from "./attachments.ts";
import { pagesBuiltFrom, runFramework, siteOutput } from "./child.ts";
import { type ComputedDataset, computeDatasets } from "./dataset.ts";
import { loaderFiles } from "./dataset-list.ts";
import { completePage } from "./page-html.ts";
import { isPatchable, mergeInto, writeChanged } from "./patch.ts";
import { declaredColumns, declaredOf } from "./privacy/declared.ts";
import { checkFiles } from "./privacy/guard.ts";
import { checkIdentifiers, queueLabels, siteWords } from "./privacy/identifiers.ts";
import { claimSite, requireOwnSite } from "./site-owner.ts";
import { hashInputs, isUpToDate, pagesRecord } from "./staleness.ts";
import { draftOf, removeAbandoned, restoreSite, swapSite } from "./swap.ts";
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
  const draft = draftOf(folder);
  const { changed = false, now = new Date(), signal, onStep } = options;
  const onWait = (holder: Holder) => onStep?.({ step: "waiting", holder });
  return withLockFile(workspaceOf(project).lock, { wait: true, signal, onWait }, async () => {
    const workspace = openWorkspace(project);
    restoreSite(folder);
    removeDrafts(workspace);
    requireOwnSite(project, folder);
    let lapStart = performance.now();
    const lapSeconds = () => {
      const [before, now] = [lapStart, performance.now()];
      lapStart = now;
      return (now - before) / 1000;
    };
    try {
      const computed = await computeDatasets(project, {
        changed,
        signal,
        onDataset: (dataset, done, total) => onStep?.({ step: "datasets", done, total, dataset }),
      });
      const datasetSeconds = lapSeconds();
      const inputs = pageInputs(project);
      const patch = changed && inputs !== null && isUpToDate(pagesRecord(folder), inputs) && isPatchable(folder);
      if (patch) {
        mkdirSync(draft, { recursive: true });
        writeChanged(project, folder, draft, workspace.datasets);
      } else await buildPages(project, draft, inputs, options);
      const pageSeconds = lapSeconds();
      onStep?.({ step: "check" });
      const written = filesBelow(draft);
      await checkPersonal(project, draft, patch ? folder : null);
      const checkSeconds = lapSeconds();
      requireOwnSite(project, folder);
      claimSite(project, folder, options.demo);
      if (patch) mergeInto(folder, draft, now, workspace.datasets);
      else swapSite(draft, folder);
      const files = filesBelow(folder);
      return {
        folder,
        pages: pagesOf(folder).length,
        datasets: filesBelow(workspace.datasets).length,
        computed: computed.length,
        written: written.length,
        bytes: files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0),
        seconds: { datasets: datasetSeconds, pages: pageSeconds, check: checkSeconds },
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
  inputs: string | null,
  { signal, onStep }: BuildOptions,
): Promise<void> {
  const { exit } = runFramework({
    args: ["build"],
    project,
    env: { [siteOutput]: out, [pagesBuiltFrom]: inputs ?? "" },
    signal,
    onLine: (line) => onStep?.({ step: "pages", line }),
  });
  const { code, output } = await exit;
  if (signal?.aborted) throw new CliError("interrupted", "interrupted while building the pages");
  if (code === 0) {
    for (const page of pagesOf(out)) {
      const file = join(out, page);
      writeFileSync(file, completePage(readFileSync(file, "utf8")));
    }
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

const program = /\.\w+\.(m?js|ts|py|r|rs|go|java|jl|php|sh|exe)$/i; // Framework runs days.json.py for days.json

/**
 * A hash of a site's inputs other than the datasets: pages, components, settings and the kit itself. Null when a loader is a
 * program, which may read anything.
 */
export function pageInputs(project: Project): string | null {
  const names = [
    "package.json",
    "package-lock.json",
    "observablehq.config.ts",
    "src/site/framework.ts",
    "src/site/page-html.ts",
  ];
  const kitFiles = names.map((name) => join(kitRoot, name));
  const pages = readdirSync(pagesFolder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === ".observablehq" || entry.name === "data") return [];
    const path = join(pagesFolder, entry.name);
    return entry.isDirectory() ? filesBelow(path).map((file) => join(path, file)) : [path];
  });
  const loaders = filesBelow(loadersFolder).map((file) => join(loadersFolder, file));
  if ([...pages, ...loaders].some((file) => program.test(file))) return null;
  const files = [...kitFiles, ...pages, ...loaders].flatMap((file) => [
    relative(kitRoot, file),
    file.endsWith(".sql") ? "" : readFileSync(file), // the text of a query is an input of its dataset
  ]);
  const settings = project.configFile === null ? "" : readFileSync(project.configFile);
  return hashInputs(...files, settings).slice(0, 32);
}

function removeDrafts({ datasets, cache, folder }: Workspace): void {
  for (const path of [datasets, join(cache, "libraries"), join(folder, "copy")]) removeAbandoned(path);
}
