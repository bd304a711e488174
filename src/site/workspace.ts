import {
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { kitRoot } from "../base/kit-folders.ts";
import type { Project } from "../config/project.ts";
import { loaderFiles } from "./dataset-list.ts";
import { mirrorPages } from "./mirror.ts";

/** Where the pages of one project are made, so that none meets the datasets of another: absolute paths. */
export interface Workspace {
  folder: string; // .asapp-kit/projects/kit.yaml, beside that file
  lock: string; // of whoever builds here
  pages: string; // Framework's root: notebooks/ and, as data/, data-loaders/
  cache: string; // Framework's
  datasets: string; // the answers, where Framework looks for the output of loaders
}

/** The folder beside a kit.yaml or a site that the kit keeps its own things in. */
export const workFolder = ".asapp-kit";

/** One per configuration file: two files in one folder are two projects. Touches nothing. */
export function workspaceOf({ root, configFile }: Pick<Project, "root" | "configFile">): Workspace {
  const name = configFile === null ? "kit.yaml" : basename(configFile);
  const folder = join(root, workFolder, "projects", name);
  const pages = join(folder, "pages");
  const cache = join(pages, ".observablehq", "cache");
  return { folder, lock: join(folder, "lock"), pages, cache, datasets: join(cache, "data") };
}

/** Makes the workspace and brings its copy of the pages up to date. */
export function openWorkspace(project: Pick<Project, "root" | "configFile">): Workspace {
  const workspace = workspaceOf(project);
  mkdirSync(workspace.cache, { recursive: true });
  ignoreInGit(join(project.root, workFolder));
  linkPackages(join(workspace.folder, "node_modules"));
  mirrorPages(workspace.pages);
  return workspace;
}

/** The copies of the .sql files, as Framework runs them for one dataset each. */
export function mirroredLoaders(project: Pick<Project, "root" | "configFile">): string[] {
  return loaderFiles(join(workspaceOf(project).pages, "data"));
}

/** Whatever the kit keeps there can be made again. */
export function ignoreInGit(folder: string): void {
  const file = join(folder, ".gitignore");
  if (!existsSync(file)) writeFileSync(file, "*\n");
}

// Bare imports of components are looked for from Framework's root upwards. A junction needs no rights on Windows.
function linkPackages(link: string, target = join(kitRoot, "node_modules")): void {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) {
    if (readlinkSync(link) === target) return;
    unlinkSync(link);
  }
  try {
    symlinkSync(target, link, process.platform === "win32" ? "junction" : "dir");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was quicker
  }
}
