import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { filesBelow } from "../base/kit-folders.ts";
import type { Project } from "../config/project.ts";
import { readLastSync } from "../sync/last-sync.ts";
import { answerFiles, filesOf, pagesOf, pointPage } from "./attachments.ts";
import { siteVersion, stampVersion, versionFile, versionText } from "./site-version.ts";

const graceMinutes = 10; // a page opened before the merge still loads its former attachments

/** False when a component attaches a dataset: the component's file name then depends on the data. */
export function isPatchable(site: string): boolean {
  const folder = join(site, "_import");
  if (!existsSync(folder)) return true;
  const components = filesBelow(folder).filter((path) => path.endsWith(".js"));
  return components.every((path) => !readFileSync(join(folder, path), "utf8").includes("_file/data/"));
}

/**
 * Writes into `draft` the files of the built site that the answers in `datasets` change: attachments under Framework's names,
 * the pages that attach them, and the version. Pages carry the time of the sync, not of the build, so that the same data
 * gives the same bytes.
 */
export function writeChanged(project: Project, site: string, draft: string, datasets: string): void {
  const pages = pagesOf(site).map((page) => ({ page, html: readFileSync(join(site, page), "utf8") }));
  const attached = new Set(pages.flatMap(({ page, html }) => filesOf(html, page).map(({ name }) => name)));
  const answers = answerFiles(datasets, attached);
  const synced = readLastSync(project)?.finishedAt ?? null;
  const modified = Date.parse(synced ?? "") || 0;
  const version = siteVersion(pages, answers);
  const write = (path: string, fill: (target: string) => void) => {
    mkdirSync(dirname(join(draft, path)), { recursive: true });
    fill(join(draft, path));
  };
  for (const { path, source } of answers.values())
    if (!hasContent(join(site, path), source)) write(path, (target) => copyFileSync(source, target));
  for (const { page, html } of pages) {
    const patched = stampVersion(pointPage(html, page, answers, modified), page, version);
    if (patched !== html) write(page, (target) => writeFileSync(target, patched));
  }
  const text = versionText(version, synced);
  const versionPath = join(site, versionFile);
  if (!existsSync(versionPath) || readFileSync(versionPath, "utf8") !== text)
    write(versionFile, (target) => writeFileSync(target, text));
}

/**
 * Renames the files of `draft` into the site, pages after their attachments and the version last: a reader gets the old page
 * with its attachments or the new page with its own. Former attachments are removed ten minutes later.
 */
export function mergeInto(site: string, draft: string, now: Date, datasets: string): void {
  const former = attachedPaths(site);
  const order = (path: string) => (path === versionFile ? 2 : Number(path.endsWith(".html")));
  for (const path of filesBelow(draft).sort((a, b) => order(a) - order(b))) {
    mkdirSync(dirname(join(site, path)), { recursive: true });
    renameSync(join(draft, path), join(site, path));
  }
  const attached = attachedPaths(site);
  for (const path of filesBelow(site)) {
    const file = join(site, path);
    if (path.startsWith("data/") && !existsSync(join(datasets, path.slice("data/".length)))) rmSync(file);
    if (!path.startsWith("_file/data/") || attached.has(path)) continue;
    if (former.has(path)) utimesSync(file, now, now);
    else if (statSync(file).mtimeMs < now.getTime() - graceMinutes * 60_000) rmSync(file);
  }
}

function attachedPaths(site: string): Set<string> {
  return new Set(
    pagesOf(site).flatMap((page) => filesOf(readFileSync(join(site, page), "utf8"), page).map(({ path }) => path)),
  );
}

function hasContent(file: string, source: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats?.size === statSync(source).size && readFileSync(file).equals(readFileSync(source));
}
