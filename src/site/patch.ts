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
import { answersOf, filesOf, pagesOf, pointPage } from "./attachments.ts";
import { siteVersion, stampVersion, versionFile, versionText } from "./site-version.ts";

const graceMinutes = 10; // a page that somebody has just opened still asks for its attachments

/** False when a component attaches a dataset: its own name then depends on the data. */
export function isPatchable(site: string): boolean {
  const folder = join(site, "_import");
  if (!existsSync(folder)) return true;
  const components = filesBelow(folder).filter((path) => path.endsWith(".js"));
  return components.every((path) => !readFileSync(join(folder, path), "utf8").includes("_file/data/"));
}

/**
 * Writes into `beside` what the answers in `answers` change of the built site: attachments under the names that Framework
 * would give them, the pages that attach them, and the version. When the data came stands in place of when a file was
 * written, so that the same data give the same bytes.
 */
export function writeChanged(project: Project, site: string, beside: string, answers: string): void {
  const pages = pagesOf(site).map((page) => ({ page, html: readFileSync(join(site, page), "utf8") }));
  const attached = new Set(pages.flatMap(({ page, html }) => filesOf(html, page).map(({ name }) => name)));
  const found = answersOf(answers, attached);
  const synced = readLastSync(project)?.finishedAt ?? null;
  const modified = Date.parse(synced ?? "") || 0;
  const version = siteVersion(pages, found);
  const write = (path: string, put: (target: string) => void) => {
    mkdirSync(dirname(join(beside, path)), { recursive: true });
    put(join(beside, path));
  };
  for (const { path, source } of found.values())
    if (!hasContent(join(site, path), source)) write(path, (target) => copyFileSync(source, target));
  for (const { page, html } of pages) {
    const pointed = stampVersion(pointPage(html, page, found, modified), page, version);
    if (pointed !== html) write(page, (target) => writeFileSync(target, pointed));
  }
  const text = versionText(version, synced);
  const told = join(site, versionFile);
  if (!existsSync(told) || readFileSync(told, "utf8") !== text)
    write(versionFile, (target) => writeFileSync(target, text));
}

/**
 * Moves the files of `beside` into the site, each at once, pages after their attachments and the version last: whoever
 * opens a page gets the one of before with its attachments, or the new one with its own. The former attachments go ten
 * minutes later.
 */
export function mergeInto(site: string, beside: string, now: Date, answers: string): void {
  const former = attachedPaths(site);
  const place = (path: string) => (path === versionFile ? 2 : Number(path.endsWith(".html")));
  for (const path of filesBelow(beside).sort((a, b) => place(a) - place(b))) {
    mkdirSync(dirname(join(site, path)), { recursive: true });
    renameSync(join(beside, path), join(site, path));
  }
  const present = attachedPaths(site);
  for (const path of filesBelow(site)) {
    const file = join(site, path);
    if (path.startsWith("data/") && !existsSync(join(answers, path.slice("data/".length)))) rmSync(file);
    if (!path.startsWith("_file/data/") || present.has(path)) continue;
    if (former.has(path)) utimesSync(file, now, now);
    else if (statSync(file).mtimeMs < now.getTime() - graceMinutes * 60_000) rmSync(file);
  }
}

function attachedPaths(site: string): Set<string> {
  return new Set(
    pagesOf(site).flatMap((page) =>
      filesOf(readFileSync(join(site, page), "utf8"), page).map(({ path }) => path),
    ),
  );
}

function hasContent(file: string, source: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.size === statSync(source).size && readFileSync(file).equals(readFileSync(source));
}
