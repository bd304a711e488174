import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../base/errors.ts";
import { SourceError } from "../sources/source.ts";

/** The retry limits of a sync. Times in milliseconds. */
export interface Patience {
  attempts: number; // attempts of one request with transient errors
  refetches: number; // fetches of one object whose bytes are wrong
  base: number; // first wait; doubles each time, with jitter
  cap: number; // longest wait
  idle: number; // longest time without a byte on a connection
  first: number; // longest time without any success since the start: then unreachable
  silence: number; // the same after a first success
  slowest: number; // bytes a second: an object slower than this after `grace` is given up
  grace: number; // milliseconds before `slowest` applies
}

export const defaultPatience: Patience = {
  attempts: 12,
  refetches: 3,
  base: 100,
  cap: 5_000,
  idle: 20_000,
  first: 8_000,
  silence: 120_000,
  slowest: 512,
  grace: 120_000,
};

export interface RetryEvents {
  onRetry?: (what: string, reason: string, waitMs: number) => void;
  onSlowDown?: (atOnce: number) => void;
  settings?: string; // the options of kit.yaml for reaching the source
}

/**
 * Runs requests, at most `concurrency` at once, and retries transient errors. SlowDown halves the limit, each round of
 * successes raises it by one (as TCP does). One budget covers the whole run: `unreachable` after `silence` without any
 * success, however many requests still wait.
 */
export class Retry {
  private readonly patience: Patience;
  private readonly most: number;
  private readonly events: RetryEvents;
  private readonly where: string;
  private limit: number;
  private running = 0;
  private readonly queue: (() => void)[] = [];
  private lastCut = 0; // sequence number of the newest request when the limit was last cut
  private sequence = 0;
  private lastGood: number | null = null;
  private readonly started = performance.now();

  constructor(where: string, concurrency: number, patience = defaultPatience, events: RetryEvents = {}) {
    this.where = where;
    this.most = Math.max(1, concurrency);
    this.limit = this.most;
    this.patience = patience;
    this.events = events;
  }

  /** The present limit of concurrent requests. */
  get atOnce(): number {
    return Math.max(1, Math.floor(this.limit));
  }

  /** Bytes are coming in: the store is reachable. */
  alive(): void {
    this.lastGood = performance.now();
  }

  async run<T>(what: string, request: (attempt: number) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const ticket = await this.enter();
      let failure: SourceError;
      try {
        signal?.throwIfAborted();
        const result = await request(attempt);
        this.alive();
        this.grow();
        return result;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        if (error.trouble !== "transient" && error.trouble !== "throttled") {
          this.alive(); // an error response also proves that the store is reachable
          throw error;
        }
        failure = error;
      } finally {
        this.leave();
      }
      if (failure.progressed) attempt = 0;
      if (failure.trouble === "throttled") this.slowDown(ticket);
      const last = attempt >= this.patience.attempts;
      this.complainOfSilence(failure, last);
      if (last) throw new SourceError("broken", `${failure.message} (${attempt} tries)`, { cause: failure });
      const wait = this.wait(Math.max(attempt, 1), failure);
      this.events.onRetry?.(what, failure.message, wait);
      await delay(wait, undefined, signal ? { signal } : undefined);
    }
  }

  private async enter(): Promise<number> {
    if (this.running < this.atOnce) this.running += 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    return ++this.sequence;
  }

  private leave(): void {
    this.running -= 1;
    while (this.running < this.atOnce && this.queue.length > 0) {
      this.running += 1; // for the request that is let in
      this.queue.shift()!();
    }
  }

  private grow(): void {
    if (this.limit < this.most) this.limit = Math.min(this.most, this.limit + 1 / this.limit);
  }

  // Requests from before the last cut do not count again.
  private slowDown(ticket: number): void {
    if (ticket <= this.lastCut) return;
    this.lastCut = this.sequence;
    this.limit = Math.max(1, this.limit / 2);
    this.events.onSlowDown?.(this.atOnce);
  }

  private wait(attempt: number, failure: SourceError): number {
    const factor = failure.trouble === "throttled" ? 4 : 1;
    const longest = Math.min(this.patience.cap, this.patience.base * factor * 2 ** (attempt - 1));
    return Math.max(Math.min(failure.retryAfterMs, this.patience.cap * 4), longest * (0.5 + Math.random() / 2));
  }

  private complainOfSilence(failure: SourceError, last: boolean): void {
    const since = this.lastGood ?? this.started;
    const allowed = this.lastGood === null ? this.patience.first : this.patience.silence;
    const silent = performance.now() - since;
    if (silent < allowed && !(last && this.lastGood === null)) return;
    const seconds = Math.round(silent / 1000);
    throw new CliError(
      "unreachable",
      this.lastGood === null
        ? `cannot reach ${this.where}: ${failure.message}`
        : `${this.where} has not answered for ${seconds} s: ${failure.message}`,
      `check the network, the VPN or proxy, and ${this.events.settings ?? "the source"} in kit.yaml; what was fetched so far is kept`,
      { cause: failure },
    );
  }
}
