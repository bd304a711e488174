import type { Dispatcher } from "undici";
import { noNames } from "../base/names.ts";
import { HttpError, plain } from "./http-error.ts";
import { openRoute, type Route } from "./http-route.ts";
import { authorities, proxyFor } from "./proxy.ts";

export interface Request {
  method: "GET" | "POST" | "PUT" | "HEAD" | "DELETE" | "PATCH";
  origin: string; // https://host:port
  path: string; // escaped, with its query
  headers: Record<string, string>;
  body?: string | Uint8Array | null;
  signal?: AbortSignal | undefined;
}

export interface Head {
  status: number;
  headers: Record<string, string>; // by names in lower case; what comes twice is joined by a comma
}

/** Takes the next piece of a body, which is lent until this returns; with a promise, none follows before it settles. */
export type Take = (bytes: Buffer) => Promise<unknown> | undefined;

/** Says what is to become of the answer's body; to refuse it, throws. */
export type Begin = (head: Head) => Take;

export interface HttpOptions {
  connections: number; // at most, to each origin
  idleMs: number; // a connection without a byte for so long is given up
  env?: NodeJS.ProcessEnv;
}

/**
 * HTTP/1.1 over connections that are kept: through HTTPS_PROXY or HTTP_PROXY unless NO_PROXY names the host, and trusting
 * the certificates of AWS_CA_BUNDLE besides the usual ones. No redirects, no retries.
 */
export class Http {
  private readonly options: Required<HttpOptions>;
  private readonly ca: { ca?: string[] };
  private readonly routes = new Map<string, Route>();
  private readonly calls = new Set<Call>();
  private readonly heeded = new Map<AbortSignal, () => void>();

  constructor(options: HttpOptions) {
    this.options = { env: process.env, ...options };
    this.ca = authorities(this.options.env);
  }

  /**
   * Resolves when the whole body was taken. What `begin` or its Take throws comes out as it is, and so does an error of the
   * system; the rest is an HttpError, or an AbortError.
   */
  async send(request: Request, begin: Begin): Promise<void> {
    const { signal, origin, path, headers, method, body = null } = request;
    refuseUnfit(request);
    if (signal !== undefined) this.heed(signal);
    const route = this.routeTo(origin);
    const call = new Call(begin, signal, this.options.idleMs);
    this.calls.add(call);
    try {
      await call.over((handler) =>
        route.pool.dispatch(
          { method, body, path: route.start + path, headers: { ...headers, ...route.headers } },
          handler,
        ),
      );
    } finally {
      this.calls.delete(call);
    }
  }

  /** Host and port of the proxy on the way to an origin; null for none. */
  proxyOf(origin: string): string | null {
    return proxyFor(origin, this.options.env)?.host ?? null;
  }

  async close(): Promise<void> {
    for (const [signal, abort] of this.heeded) signal.removeEventListener("abort", abort);
    await Promise.all([...this.routes.values()].map((route) => route.close()));
  }

  // One listener for a whole run: to add and remove one for each object takes as long as to sign it.
  private heed(signal: AbortSignal): void {
    if (signal.aborted) throw aborted();
    if (this.heeded.has(signal)) return;
    const abort = () => {
      this.heeded.delete(signal);
      for (const call of this.calls) if (call.signal === signal) call.abort();
    };
    this.heeded.set(signal, abort);
    signal.addEventListener("abort", abort, { once: true });
  }

  private routeTo(origin: string): Route {
    let route = this.routes.get(origin);
    if (route === undefined) {
      route = openRoute(new URL(origin), proxyFor(origin, this.options.env), this.ca, this.options);
      this.routes.set(origin, route);
    }
    return route;
  }
}

/** One request under way. */
class Call implements Dispatcher.DispatchHandler {
  readonly signal: AbortSignal | undefined;
  private readonly begin: Begin;
  private readonly idleMs: number;
  private controller: Dispatcher.DispatchController | null = null;
  private take: Take | null = null;
  private taking: Promise<unknown> | null = null;
  private stopped = false;
  private resolve!: () => void;
  private reject!: (error: unknown) => void;

  constructor(begin: Begin, signal: AbortSignal | undefined, idleMs: number) {
    this.begin = begin;
    this.signal = signal;
    this.idleMs = idleMs;
  }

  over(dispatch: (handler: Call) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      dispatch(this);
    });
  }

  abort(): void {
    this.stopped = true;
    this.reject(aborted());
    this.controller?.abort(aborted());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.stopped) controller.abort(aborted());
  }

  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status >= 200) this.take = this.begin({ status, headers: joined(headers) });
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    // undici flushes its parser with an empty piece after each pause: to pause for that would go on for ever.
    const taken = bytes.length === 0 ? undefined : this.take?.(bytes);
    if (taken === undefined) return;
    controller.pause();
    this.taking = taken;
    taken.then(
      () => {
        this.taking = null;
        controller.resume();
      },
      (error) => {
        this.taking = null;
        controller.abort(error);
        this.reject(error);
      },
    );
  }

  onResponseEnd(): void {
    this.resolve();
  }

  // The taker is let finish first: it would go on with what the next request brings.
  onResponseError(_: unknown, error: Error): void {
    const fail = () => this.reject(plain(error, this.idleMs));
    if (this.taking === null) fail();
    else this.taking.then(fail, () => {});
  }
}

const unfitValue = /[^\t\x20-\x7e\x80-\xff]/;
const unfitPath = /[^\x21-\xff]/;

// Not left to undici: a request that it refuses takes a connection of its pool out of use for good.
function refuseUnfit({ path, headers }: Request): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const unfit = unfitPath.test(path) ? path : lines.find((line) => unfitValue.test(line));
  if (unfit !== undefined) throw new HttpError("EINVAL", `no line of HTTP: ${JSON.stringify(unfit)}`);
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const all = noNames<string>();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) all[name] = typeof value === "string" ? value : value.join(", ");
  return all;
}

function aborted(): DOMException {
  return new DOMException("aborted", "AbortError");
}
