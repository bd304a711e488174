import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../base/errors.ts";
import type { Project } from "../config/project.ts";
import { feedName } from "../export/registry.ts";
import { didYouMean } from "./arguments.ts";

/** The feeds named by --feed, or null for all. A name that nothing here knows is an error, before any request. */
export function checkFeeds(project: Project, names: string[]): string[] | null {
  const here = feedsHere(project);
  const unknown = names.filter((name) => !project.feeds.has(name) && !here.includes(name));
  if (unknown.length > 0) {
    const known = [...project.feeds.keys(), ...here];
    const list = unknown.map((name) => `unknown feed ${name}${didYouMean(name, known)}`);
    throw new CliError(
      "unknownFeed",
      list.join("\n"),
      "asapp-kit status lists the feeds; one that the kit does not know yet is added under `feeds` in kit.yaml",
    );
  }
  return names.length === 0 ? null : [...new Set(names)];
}

// A feed that only the bucket knows is taken when its partitions are here.
function feedsHere(project: Project): string[] {
  const folder = join(project.data, "manifest");
  return existsSync(folder) ? readdirSync(folder).filter((name) => feedName.test(name)) : [];
}
