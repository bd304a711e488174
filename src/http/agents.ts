import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as tls from "node:tls";
import { CliError } from "../base/errors.ts";
import type { Open } from "./connections.ts";
import { HttpProxyAgent, HttpsProxyAgent } from "./proxy-agents.ts";

export interface Agents {
  agent: http.Agent; // for requests to the given URL
  open: Open; // connections to it, without one
  /** What a request's path starts with, and its further headers, where a proxy passes on requests. */
  asked: { start: string; headers: Record<string, string> };
  forSdk: { httpAgent?: http.Agent; httpsAgent?: https.Agent };
  proxy: string | null; // its host and port, for messages
  close(): void;
}

const readBytes = 256 * 1024; // at once from one connection

/**
 * Connections that are kept open, `sockets` at most: through HTTPS_PROXY or HTTP_PROXY unless NO_PROXY names the host,
 * and trusting the certificates of AWS_CA_BUNDLE besides the usual ones (the SDK heeds none of these).
 */
export function openAgents(url: string, sockets: number, env: NodeJS.ProcessEnv = process.env): Agents {
  const { protocol } = new URL(url);
  const secure = protocol === "https:";
  const options = {
    keepAlive: true,
    maxSockets: sockets,
    maxFreeSockets: sockets,
    scheduling: "lifo" as const,
  };
  const ca = secure ? authorities(env) : {};
  const proxy = proxyFor(url, env);
  const agent = openAgent(secure, proxy, { ...options, ...ca });
  return {
    agent,
    open: opener(new URL(url), proxy === null ? null : new URL(proxy), agent, ca),
    asked: asked(new URL(url), proxy === null ? null : new URL(proxy)),
    forSdk: secure ? { httpsAgent: agent as https.Agent } : { httpAgent: agent },
    proxy: proxy === null ? null : new URL(proxy).host,
    close: () => agent.destroy(),
  };
}

function openAgent(secure: boolean, proxy: string | null, options: https.AgentOptions): http.Agent {
  if (proxy === null) return secure ? new https.Agent(options) : new http.Agent(options);
  if (!secure) return new HttpProxyAgent(proxy, options);
  const agent = new HttpsProxyAgent(proxy, options);
  // It keeps the options for the proxy and forgets them for what lies behind.
  if (options.ca !== undefined) Object.assign(agent.options, { ca: options.ca });
  return agent;
}

function opener(url: URL, proxy: URL | null, agent: http.Agent, ca: { ca?: string[] }): Open {
  if (agent instanceof HttpsProxyAgent) return (onBytes) => openTunnel(agent, url, ca, onBytes);
  const { secure, host, port } = addressOf(proxy ?? url);
  return async (onBytes) => {
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    const onread = {
      buffer,
      callback: (length: number) => {
        onBytes(buffer.subarray(0, length));
        return true;
      },
    };
    // The types do not know that TLS has `onread` too.
    const secured: tls.ConnectionOptions & { onread: object } = {
      host,
      port,
      ...serverName(host),
      ...ca,
      onread,
    };
    return secure ? tls.connect(secured) : net.connect({ host, port, onread });
  };
}

async function openTunnel(
  agent: HttpsProxyAgent<string>,
  url: URL,
  ca: { ca?: string[] },
  onBytes: (bytes: Buffer) => void,
): Promise<net.Socket> {
  const { host, port } = addressOf(url);
  // The agent wants a request to tell of the socket: that is how a proxy's refusal comes to be the answer.
  const request = new EventEmitter() as http.ClientRequest;
  const socket = await agent.connect(request, {
    host,
    port,
    secureEndpoint: true,
    ...serverName(host),
    ...ca,
  });
  socket.on("data", onBytes);
  request.emit("socket", socket);
  return socket;
}

function asked(url: URL, proxy: URL | null): Agents["asked"] {
  if (proxy === null || url.protocol === "https:") return { start: "", headers: {} };
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const basic = { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` };
  return { start: url.origin, headers: login === ":" ? {} : basic };
}

function addressOf({ protocol, hostname, port }: URL): { secure: boolean; host: string; port: number } {
  const secure = protocol === "https:";
  return { secure, host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (secure ? 443 : 80) };
}

function serverName(host: string): { servername?: string } {
  return net.isIP(host) === 0 ? { servername: host } : {};
}

/** The proxy for a URL by the usual variables, in either case; null for none. */
export function proxyFor(url: string, env: NodeJS.ProcessEnv): string | null {
  const { protocol, hostname, port } = new URL(url);
  const get = (name: string) => env[name.toLowerCase()] || env[name.toUpperCase()] || "";
  const proxy = get(protocol === "https:" ? "https_proxy" : "http_proxy") || get("all_proxy");
  if (proxy === "") return null;
  const host = hostname.replace(/^\[|\]$/g, "");
  const number = port || (protocol === "https:" ? "443" : "80");
  for (const entry of get("no_proxy")
    .split(/[\s,]+/)
    .filter(Boolean)) {
    if (entry === "*") return null;
    const [, name = "", only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (only !== undefined && only !== number) continue;
    const tail = name.replace(/^\*?\./, "").toLowerCase();
    if (host === tail || host.endsWith(`.${tail}`)) return null;
  }
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function authorities(env: NodeJS.ProcessEnv): { ca?: string[] } {
  const file = env.AWS_CA_BUNDLE;
  if (!file) return {};
  try {
    const more = [file, env.NODE_EXTRA_CA_CERTS].filter((path) => path !== undefined && path !== "");
    return { ca: [...tls.rootCertificates, ...more.map((path) => readFileSync(path!, "utf8"))] };
  } catch (error) {
    throw new CliError(
      "config",
      `cannot read the certificates of AWS_CA_BUNDLE: ${file} (${(error as NodeJS.ErrnoException).code})`,
      "correct or unset AWS_CA_BUNDLE",
    );
  }
}
