import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import { isIPv6, type Socket } from "node:net";

/** Set for Framework's preview: further host names to serve, comma-separated. */
export const allowedHosts = "ASAPP_KIT_HOSTS";

export type GuardedRequest = Pick<IncomingMessage, "headers"> & {
  socket: Pick<Socket, "localAddress" | "localPort">;
};

// Any web page can make the reader's browser send requests to this machine, by its address or by a name that the page's
// owner points at it (DNS rebinding). It cannot choose these headers.
//
// Host             Origin          Sec-Fetch-Site                          answered
// not ours, none   any             any                                     no
// ours             not ours, null  any                                     no
// ours             none, ours      none, same-origin, absent               yes
// ours             none, ours      other, opening a page in a tab          yes: a link in a mail
// ours             none, ours      other, anything else                    no
/** Whether a request comes from a page of this server, or opens one in a tab. */
export function isOwnRequest({ headers, socket }: GuardedRequest, allowed: readonly string[] = []): boolean {
  const isOwn = (host: string | null) => host !== null && ownHosts(socket, allowed, host).has(host);
  if (!isOwn(canonical(headers.host))) return false;
  if (headers.origin !== undefined && !isOwn(hostOf(headers.origin))) return false;
  const site = headers["sec-fetch-site"] ?? "none";
  const opensTab = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return ["none", "same-origin"].includes(String(site)) || opensTab;
}

/** Refuses a foreign request. */
export function refuse({ socket }: GuardedRequest, response: ServerResponse): void {
  const address = `http://${hostName("localhost", socket.localPort)}/`;
  response.writeHead(403, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(`This is a server for ${address} alone. To open it by another name: --allow-host NAME\n`);
}

/** Makes every HTTP server of this process refuse foreign requests, WebSockets included. */
export function guardServers(allowed: readonly string[]): void {
  const emit = Server.prototype.emit as (this: Server, event: string, ...rest: unknown[]) => boolean;
  Server.prototype.emit = function (this: Server, event: string, ...rest: unknown[]): boolean {
    const [request, other] = rest as [IncomingMessage, ServerResponse | Socket];
    const isRequest = ["request", "checkContinue", "checkExpectation", "upgrade", "connect"].includes(event);
    if (!isRequest || isOwnRequest(request, allowed)) return emit.call(this, event, ...rest);
    if ("writeHead" in other) refuse(request, other);
    else other.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
    return true;
  };
}

function ownHosts(
  { localAddress = "", localPort }: GuardedRequest["socket"],
  allowed: readonly string[],
  host: string,
): Set<string> {
  const address = localAddress.replace(/^::ffff:/, ""); // unlike a name, an address cannot be pointed elsewhere
  const names = ["localhost", "127.0.0.1", "[::1]", isIPv6(address) ? `[${address}]` : address];
  const name = host.replace(/:\d+$/, "");
  return new Set([
    ...names.filter(Boolean).map((host) => hostName(host, localPort)),
    ...allowed.flatMap((extra) => (extra === name ? [host] : [extra])),
  ]);
}

function hostName(name: string, port: number | undefined): string {
  return new URL(`http://${name}:${port ?? 80}`).host;
}

// "LOCALHOST:80" is "localhost", "127.1:3000" is "127.0.0.1:3000". Null for what is no host.
function canonical(host: string | undefined): string | null {
  if (host === undefined || !/^[^\s/\\?#@]+$/.test(host) || !URL.canParse(`http://${host}`)) return null;
  return new URL(`http://${host}`).host;
}

function hostOf(origin: string): string | null {
  return /^https?:\/\//.test(origin) ? canonical(origin.replace(/^https?:\/\//, "")) : null;
}
