import { atOnce } from "../base/at-once.ts";
import { CliError, reasonOf } from "../base/errors.ts";
import { concernsAll } from "../base/faults.ts";
import type { FeedSelection } from "../config/config.ts";
import type { Project } from "../config/project.ts";
import { kindOf } from "../sources/registry.ts";
import { type FolderOptions, type Source, SourceError } from "../sources/source.ts";
import { openSource, requireSource, sourceBucket, sourcePrefix } from "./open-source.ts";
import type { SyncEvent } from "./progress.ts";
import { type Patience, Retry } from "./retry.ts";

/** An open source with its own retry budget and the prefix of its keys. */
export interface Place {
  source: Source;
  retry: Retry;
  prefix: string;
  paging: Required<FolderOptions>;
  requests: { listings: number };
}

const listingsAtOnce = 16; // more are not faster and hold more pages in memory

/** Opens each bucket once, however many feeds it has. */
export class Places {
  private readonly project: Project;
  private readonly patience: Patience;
  private readonly signal: AbortSignal;
  private readonly report: (event: SyncEvent) => void;
  private readonly open = new Map<string, Promise<Omit<Place, "prefix">>>();

  constructor(project: Project, patience: Patience, signal: AbortSignal, report: (event: SyncEvent) => void) {
    this.project = project;
    this.patience = patience;
    this.signal = signal;
    this.report = report;
  }

  /** The place of a feed, or that of the project. */
  async of(selection?: FeedSelection): Promise<Place> {
    const { source } = this.project.config;
    const bucket = (source === null ? null : sourceBucket(source, selection)) ?? "";
    let opening = this.open.get(bucket);
    if (opening === undefined) {
      opening = this.openPlace(bucket);
      this.open.set(bucket, opening);
    }
    return { ...(await opening), prefix: sourcePrefix(this.project, selection) };
  }

  async close(): Promise<void> {
    for (const opening of this.open.values()) {
      const place = await opening.catch(() => null);
      await place?.source.close();
    }
  }

  private async openPlace(bucket: string): Promise<Omit<Place, "prefix">> {
    const { concurrency, maxListed } = this.project.config.sync;
    const source = await openSource(this.project, bucket === "" ? {} : { bucket }, {
      concurrency,
      maxListed,
      idleMs: this.patience.idle,
    });
    const retry = new Retry(source.describe(), concurrency, this.patience, {
      onRetry: (what, reason, waitMs) => this.report({ type: "retry", what, reason, waitMs }),
      onSlowDown: (atOnce) => this.report({ type: "slowdown", atOnce }),
      settings: kindOf(requireSource(this.project)).settings,
    });
    const requests = { listings: 0 };
    const { signal } = this;
    const inTurn = atOnce(listingsAtOnce);
    const request = <T>(page: () => Promise<T>) => {
      requests.listings += 1;
      return inTurn(() => retry.run("listing", page, signal)).catch((error) => {
        throw error instanceof SourceError ? unlistable(source, error) : error;
      });
    };
    return { source, retry, requests, paging: { signal, request } };
  }
}

/**
 * True when the store answered and just this listing was refused or unusable: only its feed fails. An unreachable network
 * or refused credentials concern all feeds.
 */
function failsAlone(error: unknown): error is CliError {
  if (!(error instanceof CliError)) return false;
  if (error.exit === "accessDenied") return true;
  const { cause } = error;
  return cause instanceof SourceError && cause.trouble !== "transient" && cause.trouble !== "throttled";
}

/** The error of a listing that fails alone; any other is thrown. An internal error counts for one listing. */
export function aloneOrThrow(error: unknown): CliError {
  if (failsAlone(error)) return error;
  if (error instanceof CliError || concernsAll(error)) throw error;
  return new CliError("internal", reasonOf(error), "run again with --debug for the stack trace", {
    cause: error,
  });
}

function unlistable(source: Source, cause: SourceError): CliError {
  if (cause.trouble === "denied")
    return new CliError(
      "accessDenied",
      `cannot list ${source.describe()}: ${cause.message}`,
      "let this user list and read the folder of the exports",
      { cause },
    );
  const next = "run again later; without a whole listing nothing was planned or fetched";
  return new CliError("unreachable", `cannot list ${source.describe()}: ${cause.message}`, next, { cause });
}
