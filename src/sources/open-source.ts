import { CliError } from "../base/errors.ts";
import type { Project } from "../config/project.ts";
import type { Source, SourceTuning } from "./source.ts";

/** What differs from the project's own source for one feed. */
export interface SourceSelection {
  bucket?: string | null;
  prefix?: string;
}

/** The prefix that the source's keys start with: "" or text that ends in "/". */
export function sourcePrefix(project: Project, selection: SourceSelection = {}): string {
  const { source } = project.config;
  const prefix = selection.prefix ?? (source?.type === "s3" ? source.prefix : "");
  const inner = prefix.replace(/^\/+|\/+$/g, "");
  return inner === "" ? "" : `${inner}/`;
}

/**
 * Where the exports, or those of one feed, come from, without what may differ between two ways to the same place, such as
 * an endpoint.
 */
export function sourcePlace(project: Project, selection: SourceSelection = {}): string {
  const source = requireSource(project);
  const prefix = sourcePrefix(project, selection);
  if (source.type === "s3") return `s3://${selection.bucket ?? source.bucket}/${prefix}`;
  const root = source.type === "folder" ? source.path : source.url.replace(/\/$/, "");
  return prefix === "" ? root : `${root}/${prefix}`;
}

/** The configured source. Throws CliError("config") when there is none. */
export function requireSource({ config, configFile }: Project): NonNullable<Project["config"]["source"]> {
  if (config.source !== null) return config.source;
  throw new CliError(
    "config",
    configFile === null
      ? "no kit.yaml here, so no source of exports"
      : `no source of exports in ${configFile}`,
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
  if (source.type === "s3") {
    const { openS3 } = await import("./s3/s3.ts");
    return openS3({ ...source, bucket: selection.bucket ?? source.bucket }, tuning);
  }
  if (source.type === "folder") {
    const { openFolder } = await import("./folder/folder.ts");
    return openFolder(source.path);
  }
  const { openSftp } = await import("./sftp/sftp.ts");
  return openSftp(source, tuning);
}
