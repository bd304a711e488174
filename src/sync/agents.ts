import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { rootCertificates } from "node:tls";
import { HttpProxyAgent } from "http-proxy-agent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { CliError } from "../errors.ts";

export interface Agents {
  agent: http.Agent; // for requests to the given URL
  forSdk: { httpAgent?: http.Agent; httpsAgent?: https.Agent };
  close(): void;
}

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
    forSdk: secure ? { httpsAgent: agent as https.Agent } : { httpAgent: agent },
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
    return { ca: [...rootCertificates, ...more.map((path) => readFileSync(path!, "utf8"))] };
  } catch (error) {
    throw new CliError(
      "config",
      `cannot read the certificates of AWS_CA_BUNDLE: ${file} (${(error as NodeJS.ErrnoException).code})`,
      "correct or unset AWS_CA_BUNDLE",
    );
  }
}
