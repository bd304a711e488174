import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../base/errors.ts";
import { SourceError } from "../sources/source.ts";

/** When a sync gives up on a request, an object or the store. Times in milliseconds. */
export interface RetryLimits {
  attempts: number; // of one request with transient errors
  refetches: number; // fetches of one object whose bytes are wrong
  base: number; // first wait; doubles each time, with jitter
  cap: number; // longest wait
  idle: number; // longest time without a byte on a connection
  first: number; // longest time from the start to the first success
  silence: number; // longest time without a success after that
  slowest: number; // bytes a second, below which an object is given up
  grace: number; // time before `slowest` applies
}

export const defaultRetryLimits: RetryLimits = {
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
 * Runs requests, at most `concurrency` at once, and retries transient errors. A throttled request halves the limit, each
 * round of successes raises it by one, as in TCP. One budget covers all requests: CliError("unreachable") after `silence`
 * without any success, however many requests still wait.
 */
export class Retry {
  private readonly limits: RetryLimits;
  private readonly concurrency: number;
  private readonly events: RetryEvents;
  private readonly where: string;
  private limit: number;
  private running = 0;
  private readonly queue: (() => void)[] = [];
  private lastCut = 0; // sequence number of the newest request when the limit was last cut
  private sequence = 0;
  private lastSuccess: number | null = null;
  private readonly started = performance.now();

  constructor(where: string, concurrency: number, limits = defaultRetryLimits, events: RetryEvents = {}) {
    this.where = where;
    this.concurrency = Math.max(1, concurrency);
    this.limit = this.concurrency;
    this.limits = limits;
    this.events = events;
  }

  /** The current limit of concurrent requests. */
  get atOnce(): number {
    return Math.max(1, Math.floor(this.limit));
  }

  /** Notes that the store is reachable, as bytes arrive. */
  alive(): void {
    this.lastSuccess = performance.now();
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
      const last = attempt >= this.limits.attempts;
      this.throwIfSilent(failure, last);
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
    while (this.running < this.atOnce) {
      const next = this.queue.shift();
      if (next === undefined) return;
      this.running += 1;
      next();
    }
  }

  private grow(): void {
    if (this.limit < this.concurrency) this.limit = Math.min(this.concurrency, this.limit + 1 / this.limit);
  }

  // Requests that began before the last cut do not cut again.
  private slowDown(ticket: number): void {
    if (ticket <= this.lastCut) return;
    this.lastCut = this.sequence;
    this.limit = Math.max(1, this.limit / 2);
    this.events.onSlowDown?.(this.atOnce);
  }

  private wait(attempt: number, failure: SourceError): number {
    const factor = failure.trouble === "throttled" ? 4 : 1;
    const longest = Math.min(this.limits.cap, this.limits.base * factor * 2 ** (attempt - 1));
    return Math.max(Math.min(failure.retryAfterMs, this.limits.cap * 4), longest * (0.5 + Math.random() / 2));
  }

  private throwIfSilent(failure: SourceError, last: boolean): void {
    const since = this.lastSuccess ?? this.started;
    const allowed = this.lastSuccess === null ? this.limits.first : this.limits.silence;
    const silent = performance.now() - since;
    if (silent < allowed && !(last && this.lastSuccess === null)) return;
    const seconds = Math.round(silent / 1000);
    throw new CliError(
      "unreachable",
      this.lastSuccess === null
        ? `cannot reach ${this.where}: ${failure.message}`
        : `${this.where} has not answered for ${seconds} s: ${failure.message}`,
      `check the network, the VPN or proxy, and ${this.events.settings ?? "the source"} in kit.yaml; what was fetched so far is kept`,
      { cause: failure },
    );
  }
}
