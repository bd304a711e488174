import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Feed } from "../export/feed.ts";
import { loadRegistry, mergeFeed, unknownFeed } from "../export/registry.ts";
import { type Config, emptyConfig, loadConfig } from "./config.ts";

/** Set for Framework, which runs in the kit's own folder: the folder of a project without kit.yaml. */
export const projectFolder = "ASAPP_KIT_FOLDER";

export interface Project {
  root: string; // the folder of kit.yaml, absolute
  configFile: string | null; // absolute
  config: Config;
  feeds: Map<string, Feed>; // the registry with what kit.yaml changes and adds
  data: string; // absolute data folder of this environment
}

/**
 * The project of `configFile`, else of $ASAPP_KIT_CONFIG, else of ./kit.yaml, else one without a source. A process that
 * runs in another folder is told by `projectFolder` that there is none.
 * Reads the two files and nothing more. Throws CliError("config" or "unknownFeed") with every problem.
 */
export function openProject(configFile?: string, env: NodeJS.ProcessEnv = process.env): Project {
  const registry = loadRegistry();
  const named = configFile ?? (env.ASAPP_KIT_CONFIG || undefined);
  const bare = resolve(env[projectFolder] ?? ".");
  const file = named ?? (env[projectFolder] === undefined && existsSync("kit.yaml") ? "kit.yaml" : null);
  const config = file === null ? emptyConfig(bare) : loadConfig(file, file, registry);
  const feeds = new Map(registry);
  for (const [name, override] of config.overrides) {
    feeds.set(name, mergeFeed(name, override, registry.get(name) ?? null));
  }
  const configPath = file === null ? null : resolve(file);
  const root = configPath === null ? bare : dirname(configPath);
  return { root, configFile: configPath, config, feeds, data: config.data };
}

/** What is known of a feed; for one that is only in the bucket, a feed whose whole rows are the key. */
export function feedOf(project: Pick<Project, "feeds">, name: string): Feed {
  return project.feeds.get(name) ?? unknownFeed(name);
}
