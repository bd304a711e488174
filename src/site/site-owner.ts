import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { CliError } from "../base/errors.ts";
import { replaceFile } from "../base/files.ts";
import { slashes } from "../base/kit-folders.ts";
import type { Project } from "../config/project.ts";
import { ignoreInGit, workFolder } from "./workspace.ts";

/** The owner of a site's folder. It is stored beside the folder, since the site must not reveal where it was built. */
export interface SiteOwner {
  format: 1;
  project: string; // path of kit.yaml from the folder that holds the site; its hash where it leads out of that folder
  title: string;
  demo: boolean; // any project may replace it
}

const hashPrefix = "sha256:";

type Claimant = Pick<Project, "root" | "configFile" | "config">;

/** The path prefix of a site's owner file and of its drafts, on the site's disk. */
export function siteSidecar(folder: string): string {
  return join(dirname(folder), workFolder, "sites", basename(folder));
}

// folder                      this project
// missing or empty            may write it
// a site of this project      may write it
// a site of the demo          may write it
// a site of another project   may not
// a site of unknown owner     may write it: older versions recorded none
// other files                 may not
/** Throws CliError("build") unless this project may replace the folder's content. */
export function requireOwnSite(project: Pick<Claimant, "root" | "configFile">, folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  const owner = readOwner(folder);
  if (owner === null) {
    if (isSite(folder)) return;
    throw new CliError(
      "build",
      `${folder} holds files that are not a site of the kit`,
      "name an empty or new folder with --output, or with site.output in kit.yaml",
    );
  }
  if (owner.demo || owner.project === ownerName(project, folder)) return;
  const whose = owner.project.startsWith(hashPrefix)
    ? "of another project"
    : `of ${join(dirname(folder), owner.project)}`;
  throw new CliError(
    "build",
    `${folder} holds the site "${owner.title}" ${whose}`,
    "name another folder with --output, or with site.output in kit.yaml; or remove that site first if it is no longer needed",
  );
}

/** Records this project as the folder's owner. */
export function claimSite(project: Claimant, folder: string, demo = false): void {
  mkdirSync(dirname(folder), { recursive: true });
  const former = readOwner(folder);
  const name = ownerName(project, folder);
  const owner: SiteOwner = {
    format: 1,
    project: name,
    title: project.config.site.title,
    demo: demo || (former?.project === name && former.demo),
  };
  if (JSON.stringify(owner) === JSON.stringify(former)) return;
  const file = `${siteSidecar(folder)}.json`;
  mkdirSync(dirname(file), { recursive: true });
  ignoreInGit(join(dirname(folder), workFolder));
  replaceFile(file, (draft) => writeFileSync(draft, `${JSON.stringify(owner)}\n`));
}

function readOwner(folder: string): SiteOwner | null {
  try {
    const { format, project, title, demo } = JSON.parse(
      readFileSync(`${siteSidecar(folder)}.json`, "utf8"),
    ) as SiteOwner;
    const isValid = format === 1 && typeof project === "string" && typeof title === "string";
    return isValid ? { format, project, title, demo: demo === true } : null;
  } catch {
    return null;
  }
}

// Relative, so that a folder moved together with its project keeps its owner.
function ownerName({ root, configFile }: Pick<Claimant, "root" | "configFile">, folder: string): string {
  const config = join(realpathSync(root), basename(configFile ?? "kit.yaml"));
  const name = slashes(relative(realpathSync(dirname(folder)), config));
  return /^(\.\.|\/|\w:)/.test(name) ? `${hashPrefix}${createHash("sha256").update(name).digest("hex")}` : name;
}

function isSite(folder: string): boolean {
  const index = join(folder, "index.html");
  return existsSync(index) && readFileSync(index, "utf8").includes('content="Observable Framework ');
}
