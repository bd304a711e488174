import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Feed } from "../export/feed.ts";
import { loadRegistry, mergeFeed, unknownFeed } from "../export/registry.ts";
import { type Config, emptyConfig, loadConfig } from "./config.ts";

/** The environment variable with the folder of a project without kit.yaml, for Framework, which runs in the kit's folder. */
export const projectFolder = "ASAPP_KIT_FOLDER";

export interface Project {
  root: string; // the folder of kit.yaml, absolute
  configFile: string | null; // absolute
  config: Config;
  feeds: Map<string, Feed>; // the registry with the overrides of kit.yaml
  data: string; // absolute data folder of this environment
}

/**
 * The project of `configFile`, else of $ASAPP_KIT_CONFIG, else of ./kit.yaml, else one without a source. Reads kit.yaml and
 * feeds.yaml only. Throws CliError("config" or "unknownFeed") with every problem.
 */
export function openProject(configFile?: string, env: NodeJS.ProcessEnv = process.env): Project {
  const registry = loadRegistry();
  const chosenFile = configFile ?? (env.ASAPP_KIT_CONFIG || undefined);
  const folder = resolve(env[projectFolder] ?? ".");
  const file = chosenFile ?? (env[projectFolder] === undefined && existsSync("kit.yaml") ? "kit.yaml" : null);
  const config = file === null ? emptyConfig(folder) : loadConfig(file, file, registry);
  const feeds = new Map(registry);
  for (const [name, override] of config.overrides) {
    feeds.set(name, mergeFeed(name, override, registry.get(name) ?? null));
  }
  const configPath = file === null ? null : resolve(file);
  const root = configPath === null ? folder : dirname(configPath);
  return { root, configFile: configPath, config, feeds, data: config.data };
}

/** The feed by name. One that is only in the bucket has whole rows as its key. */
export function feedOf(project: Pick<Project, "feeds">, name: string): Feed {
  return project.feeds.get(name) ?? unknownFeed(name);
}
