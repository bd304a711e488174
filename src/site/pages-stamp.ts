import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { filesBelow, kitRoot, loadersFolder, pagesFolder } from "../base/kit-folders.ts";
import type { Project } from "../config/project.ts";

/** Set for Framework: the result of `pagesStamp`, which every page then carries. */
export const pagesBuiltFrom = "ASAPP_KIT_PAGES";

const program = /\.\w+\.(m?js|ts|py|r|rs|go|java|jl|php|sh|exe)$/i; // Framework runs days.json.py for days.json

/**
 * A hash of a site's sources other than the datasets: pages, components, settings and the kit itself. Null when a loader is
 * a program, which may read anything.
 */
export function pagesStamp(project: Project): string | null {
  const hash = createHash("sha256");
  const names = ["package.json", "package-lock.json", "observablehq.config.ts", "src/site/framework.ts"];
  const kitFiles = names.map((name) => join(kitRoot, name));
  const pages = readdirSync(pagesFolder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === ".observablehq" || entry.name === "data") return [];
    const path = join(pagesFolder, entry.name);
    return entry.isDirectory() ? filesBelow(path).map((file) => join(path, file)) : [path];
  });
  const loaders = filesBelow(loadersFolder).map((file) => join(loadersFolder, file));
  if ([...pages, ...loaders].some((file) => program.test(file))) return null;
  for (const file of [...kitFiles, ...pages, ...loaders]) {
    hash.update(`${relative(kitRoot, file)}\0`);
    if (!file.endsWith(".sql")) hash.update(readFileSync(file));
  }
  if (project.configFile) hash.update(readFileSync(project.configFile));
  return hash.digest("hex").slice(0, 32);
}

/** The `pagesStamp` of a built site; null without a site or a stamp. */
export function stampOfSite(site: string): string | null {
  const index = join(site, "index.html");
  if (!existsSync(index)) return null;
  return /<meta name="asapp-kit" content="(\w+)">/.exec(readFileSync(index, "utf8"))?.[1] ?? null;
}
