import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { CliError } from "../base/errors.ts";
import { slashes } from "../base/kit-folders.ts";
import type { Project } from "../config/project.ts";
import { ignoreInGit, workFolder } from "./workspace.ts";

/** Whose site a folder holds. It is written beside the folder, as the site itself tells nothing of where it was built. */
export interface SiteOwner {
  format: 1;
  project: string; // kit.yaml as seen from beside the site; a hash of that where it lies elsewhere
  title: string;
  demo: boolean; // anybody may replace it
}

const hashed = "sha256:";

type Claimant = Pick<Project, "root" | "configFile" | "config">;

/** What the kit keeps beside a site begins with this path: the note, and the site while it is built. On the same disk. */
export function besideSite(folder: string): string {
  return join(dirname(folder), workFolder, "sites", basename(folder));
}

// the folder                                   this project
// is not there, or empty                       may write it
// holds a site of this project                 may write it
// holds a site of the demo                     may write it
// holds a site of another project              may not
// holds a site, nobody knows whose             may write it: older versions did not say
// holds something else                         may not
/** Throws CliError("build") where the folder holds what is not this project's to replace. */
export function requireOwnSite(project: Pick<Claimant, "root" | "configFile">, folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  const owner = readOwner(folder);
  if (owner === null) {
    if (isSite(folder)) return;
    throw new CliError(
      "build",
      `${folder} holds files that are no site of the kit`,
      "name a folder that is empty or not there yet, with --output or site.output of kit.yaml",
    );
  }
  if (owner.demo || owner.project === nameOf(project, folder)) return;
  const whose = owner.project.startsWith(hashed)
    ? "of another project"
    : `of ${join(dirname(folder), owner.project)}`;
  throw new CliError(
    "build",
    `${folder} holds the site "${owner.title}" ${whose}`,
    "name another folder with --output or site.output of kit.yaml; or remove that site first if nobody needs it",
  );
}

/** Notes that the folder is this project's from now on. */
export function claimSite(project: Claimant, folder: string, demo = false): void {
  mkdirSync(dirname(folder), { recursive: true });
  const former = readOwner(folder);
  const name = nameOf(project, folder);
  const owner: SiteOwner = {
    format: 1,
    project: name,
    title: project.config.site.title,
    demo: demo || (former?.project === name && former.demo),
  };
  if (JSON.stringify(owner) === JSON.stringify(former)) return;
  const file = `${besideSite(folder)}.json`;
  mkdirSync(dirname(file), { recursive: true });
  ignoreInGit(join(dirname(folder), workFolder));
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify(owner)}\n`);
  renameSync(beside, file);
}

function readOwner(folder: string): SiteOwner | null {
  try {
    const { format, project, title, demo } = JSON.parse(
      readFileSync(`${besideSite(folder)}.json`, "utf8"),
    ) as SiteOwner;
    const told = format === 1 && typeof project === "string" && typeof title === "string";
    return told ? { format, project, title, demo: demo === true } : null;
  } catch {
    return null;
  }
}

// Relative, so that a folder that is moved with its project stays the project's.
function nameOf({ root, configFile }: Pick<Claimant, "root" | "configFile">, folder: string): string {
  const config = join(realpathSync(root), basename(configFile ?? "kit.yaml"));
  const name = slashes(relative(realpathSync(dirname(folder)), config));
  return /^(\.\.|\/|\w:)/.test(name) ? `${hashed}${createHash("sha256").update(name).digest("hex")}` : name;
}

function isSite(folder: string): boolean {
  const index = join(folder, "index.html");
  return existsSync(index) && readFileSync(index, "utf8").includes('content="Observable Framework ');
}
