import type { Pool as PoolType, buildConnector as Undici } from "undici";
import { HttpError, httpError } from "./http-error.ts";
import { basicLogin } from "./proxy.ts";
import { buildConnector, Pool } from "./undici-package.ts";

/** How requests reach an origin. */
export interface Route {
  pool: PoolType;
  pathPrefix: string; // of every request's path
  headers: Record<string, string>;
  close(): Promise<unknown>;
}

// origin   proxy     route
// any      none      a connection to the origin
// http:    any       a request for the whole URL to the proxy
// https:   any       a tunnel through the proxy
export function openRoute(
  url: URL,
  proxy: URL | null,
  ca: { ca?: string[] },
  { connections, idleMs }: { connections: number; idleMs: number },
): Route {
  const limits = { connections, headersTimeout: idleMs, bodyTimeout: idleMs };
  const direct = guarded(buildConnector({ ...ca, timeout: idleMs }));
  if (proxy === null) {
    const pool = new Pool(url.origin, { ...limits, connect: direct });
    return { pool, pathPrefix: "", headers: {}, close: () => pool.destroy() };
  }
  // A request names the origin's host, but a proxy with TLS presents its own certificate.
  const toProxy: Undici.connector = (to, done) => direct({ ...to, servername: undefined }, done);
  const login = basicLogin("proxy-authorization", proxy);
  if (url.protocol === "http:") {
    const pool = new Pool(proxy.origin, { ...limits, connect: toProxy });
    return { pool, pathPrefix: url.origin, headers: login, close: () => pool.destroy() };
  }
  const tunnels = new Pool(proxy.origin, { ...limits, connect: toProxy });
  const pool = new Pool(url.origin, { ...limits, connect: tunnelled(tunnels, login, direct, idleMs) });
  return { pool, pathPrefix: "", headers: {}, close: () => Promise.all([pool.destroy(), tunnels.destroy()]) };
}

/**
 * Connects through CONNECT. undici's ProxyAgent is not used: if a proxy hangs up on a CONNECT, that of undici 7 reconnects
 * endlessly, a thousand times a second (nodejs/undici#3897, fixed in 8), and it reports a refusal only as text.
 */
function tunnelled(
  tunnels: PoolType,
  login: Record<string, string>,
  secure: Undici.connector,
  idleMs: number,
): Undici.connector {
  return (to, done) => {
    const target = to.port === "" ? `${to.host}:443` : `${to.host}`;
    tunnels.connect({ path: target, headers: { host: target, ...login } }).then(
      ({ socket, statusCode: status }) => {
        if (status === 200) return secure({ ...to, httpSocket: socket as never }, done);
        socket.on("error", () => {}).destroy();
        done(new HttpError("EPROXY", `the proxy refused a tunnel (${status})`, { status }), null);
      },
      (error) => done(httpError(error, idleMs), null),
    );
  };
}

/**
 * undici 7 fails an assertion, which ends the process, when a connection that is to be closed ends or is reset while the
 * consumer of a body is busy (nodejs/undici#5360, fixed in 8, which needs Node 22). So the end is delayed until undici has
 * read everything, and a reset gets another code.
 */
function guarded(connect: Undici.connector): Undici.connector {
  return (to, done) =>
    connect(to, (...[error, socket]: Parameters<Undici.Callback>) => {
      if (error !== null) return done(error, null);
      const { push, read, destroy } = socket;
      let ended = false;
      socket.push = (bytes, encoding) => {
        if (bytes !== null) return push.call(socket, bytes, encoding);
        ended = true;
        socket.emit("readable");
        return false;
      };
      socket.read = (size) => {
        const bytes = read.call(socket, size);
        if (bytes === null && ended && size !== 0) {
          ended = false;
          push.call(socket, null);
        }
        return bytes;
      };
      socket.destroy = (reason?: NodeJS.ErrnoException) =>
        destroy.call(socket, reason?.code === "ECONNRESET" ? reset(reason) : reason);
      done(null, socket);
    });
}

function reset(cause: Error): Error {
  return Object.assign(new Error("connection reset", { cause }), { code: "UND_ERR_SOCKET" });
}
