import type { Dispatcher } from "undici";
import { noNames } from "../base/names.ts";
import { HttpError, httpError } from "./http-error.ts";
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
  headers: Record<string, string>; // by lower-case name; repeated ones are joined by a comma
}

/** Takes the next piece of a body, which is valid until it returns. After a promise, the next piece waits until that settles. */
export type Take = (bytes: Buffer) => Promise<unknown> | undefined;

/** Returns the consumer of a response's body, or throws to refuse it. */
export type Begin = (head: Head) => Take;

export interface HttpOptions {
  connections: number; // limit per origin
  idleMs: number; // a connection is given up after this time without a byte
  env?: NodeJS.ProcessEnv;
}

/**
 * An HTTP/1.1 client with kept connections. It uses HTTPS_PROXY or HTTP_PROXY unless NO_PROXY names the host, and trusts the
 * certificates of AWS_CA_BUNDLE besides Node's. No redirects, no retries.
 */
export class Http {
  private readonly options: Required<HttpOptions>;
  private readonly ca: { ca?: string[] };
  private readonly routes = new Map<string, Route>();
  private readonly calls = new Set<Call>();
  private readonly listeners = new Map<AbortSignal, () => void>();

  constructor(options: HttpOptions) {
    this.options = { env: process.env, ...options };
    this.ca = authorities(this.options.env);
  }

  /**
   * Resolves when the whole body was taken. Rejects with what `begin` or its Take throws, an error of the system, an
   * HttpError, or an AbortError.
   */
  async send(request: Request, begin: Begin): Promise<void> {
    const { signal, origin, path, headers, method, body = null } = request;
    validate(request);
    if (signal !== undefined) this.listenTo(signal);
    const route = this.routeTo(origin);
    const call = new Call(begin, signal, this.options.idleMs);
    this.calls.add(call);
    try {
      await call.run((handler) =>
        route.pool.dispatch(
          { method, body, path: route.pathPrefix + path, headers: { ...headers, ...route.headers } },
          handler,
        ),
      );
    } finally {
      this.calls.delete(call);
    }
  }

  /** Host and port of the proxy for an origin; null for none. */
  proxyOf(origin: string): string | null {
    return proxyFor(origin, this.options.env)?.host ?? null;
  }

  async close(): Promise<void> {
    for (const [signal, abort] of this.listeners) signal.removeEventListener("abort", abort);
    await Promise.all([...this.routes.values()].map((route) => route.close()));
  }

  // One listener per signal: adding and removing one for each object takes as long as signing its request.
  private listenTo(signal: AbortSignal): void {
    if (signal.aborted) throw abortError();
    if (this.listeners.has(signal)) return;
    const abort = () => {
      this.listeners.delete(signal);
      for (const call of this.calls) if (call.signal === signal) call.abort();
    };
    this.listeners.set(signal, abort);
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

/** A request in progress. */
class Call implements Dispatcher.DispatchHandler {
  readonly signal: AbortSignal | undefined;
  private readonly begin: Begin;
  private readonly idleMs: number;
  private controller: Dispatcher.DispatchController | null = null;
  private take: Take | null = null;
  private taking: Promise<unknown> | null = null;
  private aborted = false;
  private resolve: () => void = () => {};
  private reject: (error: unknown) => void = () => {};

  constructor(begin: Begin, signal: AbortSignal | undefined, idleMs: number) {
    this.begin = begin;
    this.signal = signal;
    this.idleMs = idleMs;
  }

  /** Resolves or rejects when the request is over. */
  run(dispatch: (handler: Call) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      dispatch(this);
    });
  }

  abort(): void {
    this.aborted = true;
    this.reject(abortError());
    this.controller?.abort(abortError());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.aborted) controller.abort(abortError());
  }

  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status >= 200) this.take = this.begin({ status, headers: joined(headers) });
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    // undici flushes its parser with an empty piece after each pause: pausing for that one would never end.
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

  // The consumer finishes first: it would otherwise go on with the bytes of the next request.
  onResponseError(_: unknown, error: Error): void {
    const fail = () => this.reject(httpError(error, this.idleMs));
    if (this.taking === null) fail();
    else this.taking.then(fail, () => {});
  }
}

const invalidInHeader = /[^\t\x20-\x7e\x80-\xff]/;
const invalidInPath = /[^\x21-\xff]/;

// Not left to undici: a request that it refuses blocks a connection of its pool for good.
function validate({ path, headers }: Request): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const invalid = invalidInPath.test(path) ? path : lines.find((line) => invalidInHeader.test(line));
  if (invalid !== undefined) throw new HttpError("EINVAL", `invalid in HTTP: ${JSON.stringify(invalid)}`);
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const single = noNames<string>();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) single[name] = typeof value === "string" ? value : value.join(", ");
  return single;
}

function abortError(): DOMException {
  return new DOMException("aborted", "AbortError");
}
