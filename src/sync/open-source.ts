import { CliError } from "../base/errors.ts";
import type { Project } from "../config/project.ts";
import { kindOf, type SourceConfig } from "../sources/registry.ts";
import type { Source, SourceTuning } from "../sources/source.ts";

/** What differs from the project's own source for one feed. */
export interface SourceSelection {
  bucket?: string | null;
  prefix?: string;
}

/** The bucket of a source, or that of a feed with its own; null for a source that has none. */
export function sourceBucket(source: SourceConfig, { bucket }: SourceSelection = {}): string | null {
  return bucket ?? kindOf(source).selection(source).bucket;
}

/** The prefix that the source's keys start with: "" or text that ends in "/". */
export function sourcePrefix(project: Project, selection: SourceSelection = {}): string {
  const { source } = project.config;
  const prefix = selection.prefix ?? (source === null ? "" : kindOf(source).selection(source).prefix);
  const inner = prefix.replace(/^\/+|\/+$/g, "");
  return inner === "" ? "" : `${inner}/`;
}

/**
 * Where the exports, or those of one feed, come from, without what may differ between two ways to the same place, such as
 * an endpoint.
 */
export function sourcePlace(project: Project, selection: SourceSelection = {}): string {
  const source = requireSource(project);
  return kindOf(source).place(source, sourceBucket(source, selection), sourcePrefix(project, selection));
}

/** The configured source. Throws CliError("config") when there is none. */
export function requireSource({ config, configFile }: Project): SourceConfig {
  if (config.source !== null) return config.source;
  throw new CliError(
    "config",
    configFile === null ? "no kit.yaml here, so no source of exports" : `no source of exports in ${configFile}`,
    "copy kit.example.yaml to kit.yaml and fill in the bucket, or run `npm run demo` to see the kit at work",
  );
}

/** Opens the configured source; loads only the code that this kind of source needs. */
export async function openSource(
  project: Project,
  selection: SourceSelection = {},
  tuning: SourceTuning = {},
): Promise<Source> {
  const source = requireSource(project);
  return kindOf(source).open(source, sourceBucket(source, selection), tuning);
}
