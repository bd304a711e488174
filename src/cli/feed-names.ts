import { existsSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { feedName } from "../export/registry.ts";
import type { Project } from "../project.ts";
import { didYouMean } from "./arguments.ts";

/** The feeds named by --feed, or null for all. A name that nothing here knows is an error, before any request. */
export function checkFeeds(project: Project, names: string[]): string[] | null {
  const unknown = names.filter((name) => !isKnown(project, name));
  if (unknown.length > 0) {
    const list = unknown.map((name) => `unknown feed ${name}${didYouMean(name, project.feeds.keys())}`);
    throw new CliError(
      "unknownFeed",
      list.join("\n"),
      "asapp-kit status lists the feeds; one that the kit does not know yet is added under `feeds` in kit.yaml",
    );
  }
  return names.length === 0 ? null : [...new Set(names)];
}

// A feed that only the bucket knows is taken when its partitions are here.
function isKnown(project: Project, name: string): boolean {
  return project.feeds.has(name) || (feedName.test(name) && existsSync(join(project.data, "manifest", name)));
}
