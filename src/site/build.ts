import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { CliError } from "../errors.ts";
import type { Project } from "../project.ts";
import { openCatalog } from "../warehouse/catalog.ts";
import { withBuildLock } from "./build-lock.ts";
import { runFramework } from "./child.ts";
import { type ComputedDataset, computeDatasets } from "./dataset.ts";
import { kitRoot } from "./folders.ts";
import { siteOutput } from "./framework.ts";
import { checkFiles, checkIdentifiers } from "./guard.ts";

export interface BuildOptions {
  out?: string; // the site's folder; site/ in the kit by default
  signal?: AbortSignal | undefined;
  onStep?: (step: BuildStep) => void;
}

export type BuildStep =
  | { step: "waiting"; pid: number } // for another build
  | { step: "datasets"; done: number; total: number; dataset: ComputedDataset }
  | { step: "pages"; line: string }
  | { step: "check" };

export interface BuiltSite {
  folder: string; // absolute
  pages: number;
  datasets: number;
  bytes: number; // of the whole site
  seconds: { datasets: number; pages: number; check: number };
}

/**
 * Computes all datasets, lets Framework build the pages beside the site, looks the result over for personal data, and
 * only then swaps it into place: whoever serves the folder sees the old site or the new one.
 * Throws CliError("build") with what Framework or the check said; the former site then stays.
 */
export async function buildSite(project: Project, options: BuildOptions = {}): Promise<BuiltSite> {
  const folder = resolve(options.out ?? join(kitRoot, "site"));
  const beside = `${folder}.next-${process.pid}`;
  const { signal, onStep } = options;
  const onWait = (pid: number) => onStep?.({ step: "waiting", pid });
  return withBuildLock({ signal, onWait }, async () => {
    const times = [performance.now()];
    const lap = () => times.push(performance.now());
    try {
      const datasets = await computeDatasets(project, {
        signal,
        onDataset: (dataset, done, total) => onStep?.({ step: "datasets", done, total, dataset }),
      });
      lap();
      await buildPages(project, beside, options);
      lap();
      onStep?.({ step: "check" });
      checkFiles(beside);
      const database = await openCatalog(project);
      try {
        await checkIdentifiers(database, project.feeds, beside);
      } finally {
        database.close();
      }
      lap();
      swap(beside, folder);
      const files = filesBelow(folder);
      const seconds = (lap: number) => (times[lap + 1]! - times[lap]!) / 1000;
      return {
        folder,
        pages: files.filter((file) => file.endsWith(".html")).length,
        datasets: datasets.length,
        bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
        seconds: { datasets: seconds(0), pages: seconds(1), check: seconds(2) },
      };
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
  });
}

async function buildPages(project: Project, out: string, { signal, onStep }: BuildOptions): Promise<void> {
  const { exit } = runFramework({
    args: ["build"],
    project,
    env: { [siteOutput]: relative(kitRoot, out) },
    signal,
    onLine: (line) => onStep?.({ step: "pages", line }),
  });
  const { code, output } = await exit;
  if (signal?.aborted) throw new CliError("interrupted", "interrupted while building the pages");
  if (code === 0) return;
  const reason = output.split("\n").slice(-15).join("\n");
  throw new CliError(
    "build",
    `the pages could not be built:\n${reason}`,
    "mend the page or component named above",
  );
}

function swap(beside: string, folder: string): void {
  const old = `${folder}.old-${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(beside, folder);
  rmSync(old, { recursive: true, force: true });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
