import { existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { kitRoot } from "../base/kit-folders.ts";
import type { Project } from "../config/project.ts";
import { loaderFiles } from "./dataset-list.ts";
import { mirrorPages } from "./mirror.ts";

/** The folders that one project's pages are built in, apart from those of other projects. Absolute paths. */
export interface Workspace {
  folder: string; // .asapp-kit/projects/kit.yaml, beside that file
  lock: string; // held by the running build
  pages: string; // Framework's root: notebooks/ and, as data/, data-loaders/
  cache: string; // Framework's
  datasets: string; // the answers, in Framework's loader cache
}

/** The kit's own folder, beside a kit.yaml or a site. */
export const workFolder = ".asapp-kit";

/** One workspace per configuration file: two files in one folder are two projects. No I/O. */
export function workspaceOf({ root, configFile }: Pick<Project, "root" | "configFile">): Workspace {
  const name = configFile === null ? "kit.yaml" : basename(configFile);
  const folder = join(root, workFolder, "projects", name);
  const pages = join(folder, "pages");
  const cache = join(pages, ".observablehq", "cache");
  return { folder, lock: join(folder, "lock"), pages, cache, datasets: join(cache, "data") };
}

/** Creates the workspace and updates its copy of the pages. */
export function openWorkspace(project: Pick<Project, "root" | "configFile">): Workspace {
  const workspace = workspaceOf(project);
  mkdirSync(workspace.cache, { recursive: true });
  ignoreInGit(join(project.root, workFolder));
  linkPackages(join(workspace.folder, "node_modules"));
  mirrorPages(workspace.pages);
  return workspace;
}

/** The copies of the .sql files that Framework runs. */
export function mirroredLoaders(project: Pick<Project, "root" | "configFile">): string[] {
  return loaderFiles(join(workspaceOf(project).pages, "data"));
}

/** Keeps the folder out of Git: everything in it can be rebuilt. */
export function ignoreInGit(folder: string): void {
  const file = join(folder, ".gitignore");
  if (!existsSync(file)) writeFileSync(file, "*\n");
}

// Bare imports of components resolve upwards from Framework's root. A junction needs no privilege on Windows.
function linkPackages(link: string, target = join(kitRoot, "node_modules")): void {
  const existing = lstatSync(link, { throwIfNoEntry: false });
  if (existing?.isSymbolicLink()) {
    if (readlinkSync(link) === target) return;
    unlinkSync(link);
  }
  try {
    symlinkSync(target, link, process.platform === "win32" ? "junction" : "dir");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process made it first
  }
}
