import { limitConcurrency } from "../base/concurrency.ts";
import { CliError, reasonOf } from "../base/errors.ts";
import { isFatal } from "../base/faults.ts";
import type { FeedSelection } from "../config/config.ts";
import type { Project } from "../config/project.ts";
import { folderPrefix } from "../export/layout.ts";
import { kindOf, type SourceConfig } from "../sources/registry.ts";
import { type FolderOptions, type Source, SourceError, type SourceTuning } from "../sources/source.ts";
import type { SyncEvent } from "./progress.ts";
import { Retry, type RetryLimits } from "./retry.ts";

/** An open source, with a retry budget of its own and the prefix of its keys. */
export interface Store {
  source: Source;
  retry: Retry;
  prefix: string;
  paging: Required<FolderOptions>;
  requests: { listings: number }; // counted over all feeds of the bucket
}

const concurrentListings = 16; // more are no faster, and hold more pages in memory

/** Opens each bucket once, however many feeds it has. */
export class Stores {
  private readonly project: Project;
  private readonly limits: RetryLimits;
  private readonly signal: AbortSignal;
  private readonly report: (event: SyncEvent) => void;
  private readonly open = new Map<string, Promise<Omit<Store, "prefix">>>();

  constructor(project: Project, limits: RetryLimits, signal: AbortSignal, report: (event: SyncEvent) => void) {
    this.project = project;
    this.limits = limits;
    this.signal = signal;
    this.report = report;
  }

  /** The store of a feed, or the project's. */
  async of(selection?: FeedSelection): Promise<Store> {
    const { source } = this.project.config;
    const bucket = (source === null ? null : sourceBucket(source, selection)) ?? "";
    let opening = this.open.get(bucket);
    if (opening === undefined) {
      opening = this.openStore(bucket);
      this.open.set(bucket, opening);
    }
    return { ...(await opening), prefix: sourcePrefix(this.project, selection) };
  }

  async close(): Promise<void> {
    for (const opening of this.open.values()) {
      const store = await opening.catch(() => null);
      await store?.source.close();
    }
  }

  private async openStore(bucket: string): Promise<Omit<Store, "prefix">> {
    const { concurrency, maxListed } = this.project.config.sync;
    const source = await openSource(this.project, bucket === "" ? {} : { bucket }, {
      concurrency,
      maxListed,
      idleMs: this.limits.idle,
    });
    const retry = new Retry(source.describe(), concurrency, this.limits, {
      onRetry: (what, reason, waitMs) => this.report({ type: "retry", what, reason, waitMs }),
      onSlowDown: (atOnce) => this.report({ type: "slowdown", atOnce }),
      settings: kindOf(requireSource(this.project)).settings,
    });
    const requests = { listings: 0 };
    const { signal } = this;
    const limited = limitConcurrency(concurrentListings);
    const request = <T>(page: () => Promise<T>) => {
      requests.listings += 1;
      return limited(() => retry.run("listing", page, signal)).catch((error) => {
        throw error instanceof SourceError ? listingError(source, error) : error;
      });
    };
    return { source, retry, requests, paging: { signal, request } };
  }
}

/** What a feed overrides of the project's source. */
interface SourceSelection {
  bucket?: string | null;
  prefix?: string;
}

/** The bucket of a feed, by default the source's; null for a source without buckets. */
function sourceBucket(source: SourceConfig, { bucket }: SourceSelection = {}): string | null {
  return bucket ?? kindOf(source).selection(source).bucket;
}

/** The prefix of the source's keys: "", or text that ends in "/". */
function sourcePrefix(project: Project, selection: SourceSelection = {}): string {
  const { source } = project.config;
  const prefix = selection.prefix ?? (source === null ? "" : kindOf(source).selection(source).prefix);
  return folderPrefix(prefix);
}

/** Where the exports, or one feed's, come from. Two ways to the same exports, such as two endpoints, give the same place. */
export function sourcePlace(project: Project, selection: SourceSelection = {}): string {
  const source = requireSource(project);
  return kindOf(source).place(source, sourceBucket(source, selection), sourcePrefix(project, selection));
}

/** The configured source. Throws CliError("config") when there is none. */
export function requireSource({ config, configFile }: Project): SourceConfig {
  if (config.source !== null) return config.source;
  throw new CliError(
    "config",
    configFile === null
      ? "no kit.yaml in this folder, so no source of exports"
      : `no source of exports in ${configFile}`,
    "copy kit.example.yaml to kit.yaml and fill in the bucket, or run `npm run demo` to see the kit at work",
  );
}

/** Opens the configured source. Loads only the code of its kind. */
async function openSource(
  project: Project,
  selection: SourceSelection = {},
  tuning: SourceTuning = {},
): Promise<Source> {
  const source = requireSource(project);
  return kindOf(source).open(source, sourceBucket(source, selection), tuning);
}

/**
 * True when the store answered, and refused or garbled this listing only: its feed alone fails. An unreachable network and
 * refused credentials concern every feed.
 */
function failsAlone(error: unknown): error is CliError {
  if (!(error instanceof CliError)) return false;
  if (error.exit === "accessDenied") return true;
  const { cause } = error;
  return cause instanceof SourceError && cause.trouble !== "transient" && cause.trouble !== "throttled";
}

/** Returns the error of a listing that fails alone, and throws any other. An internal error fails its listing alone. */
export function aloneOrThrow(error: unknown): CliError {
  if (failsAlone(error)) return error;
  if (error instanceof CliError || isFatal(error)) throw error;
  return new CliError("internal", reasonOf(error), "run again with --debug for the stack trace", {
    cause: error,
  });
}

function listingError(source: Source, cause: SourceError): CliError {
  if (cause.trouble === "denied")
    return new CliError(
      "accessDenied",
      `cannot list ${source.describe()}: ${cause.message}`,
      "let this user list and read the folder of the exports",
      { cause },
    );
  const next = "run again later; without a complete listing nothing was planned or fetched";
  return new CliError("unreachable", `cannot list ${source.describe()}: ${cause.message}`, next, { cause });
}
