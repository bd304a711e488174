import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../base/errors.ts";
import type { Project } from "../config/project.ts";
import { feedName } from "../export/registry.ts";
import { didYouMean } from "./arguments.ts";

/** The feeds of --feed, or null for all. Throws CliError("unknownFeed") for an unknown name. */
export function checkFeeds(project: Project, names: string[]): string[] | null {
  const feeds = [...project.feeds.keys(), ...localFeeds(project)];
  const unknown = names.filter((name) => !feeds.includes(name));
  if (unknown.length > 0) {
    const list = unknown.map((name) => `unknown feed ${name}${didYouMean(name, feeds)}`);
    throw new CliError(
      "unknownFeed",
      list.join("\n"),
      "asapp-kit status lists the feeds; add a custom one under `feeds` in kit.yaml",
    );
  }
  return names.length === 0 ? null : [...new Set(names)];
}

// The feeds with local partitions, whether or not they are in the registry.
function localFeeds(project: Project): string[] {
  const folder = join(project.data, "manifest");
  return existsSync(folder) ? readdirSync(folder).filter((name) => feedName.test(name)) : [];
}
