import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { CliError } from "../base/errors.ts";

/** The proxy for a URL, by the usual variables in upper or lower case; null for none. */
export function proxyFor(url: string, env: NodeJS.ProcessEnv): URL | null {
  const { protocol, hostname, port } = new URL(url);
  const get = (name: string) => env[name.toLowerCase()] || env[name.toUpperCase()] || "";
  const proxy = get(protocol === "https:" ? "https_proxy" : "http_proxy") || get("all_proxy");
  if (proxy === "") return null;
  const host = hostname.replace(/^\[|\]$/g, "");
  const portNumber = port || (protocol === "https:" ? "443" : "80");
  for (const entry of get("no_proxy")
    .split(/[\s,]+/)
    .filter(Boolean)) {
    if (entry === "*") return null;
    const [, name = "", entryPort = portNumber] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (entryPort !== portNumber) continue;
    const suffix = name.replace(/^\*?\./, "").toLowerCase();
    if (host === suffix || host.endsWith(`.${suffix}`)) return null;
  }
  return proxyUrl(proxy);
}

/** The login of a URL as the header `name`; no header without a login. */
export function basicLogin(name: string, { username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const login = `${decoded(username)}:${decoded(password)}`;
  return { [name]: `Basic ${Buffer.from(login).toString("base64")}` };
}

/** The certificates to trust: Node's own, and those of AWS_CA_BUNDLE and NODE_EXTRA_CA_CERTS. Empty without AWS_CA_BUNDLE. */
export function authorities(env: NodeJS.ProcessEnv): { ca?: string[] } {
  const file = env.AWS_CA_BUNDLE;
  if (!file) return {};
  try {
    const files = [file, env.NODE_EXTRA_CA_CERTS].flatMap((path) => path || []);
    return { ca: [...rootCertificates, ...files.map((path) => readFileSync(path, "utf8"))] };
  } catch (error) {
    throw new CliError(
      "config",
      `cannot read the certificates of AWS_CA_BUNDLE: ${file} (${(error as NodeJS.ErrnoException).code})`,
      "correct or unset AWS_CA_BUNDLE",
    );
  }
}

function proxyUrl(text: string): URL {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  const next = "write it as http://host:port, with user:password@ before the host if it requires a login";
  const problem = url === null ? "not a URL" : `of an unsupported kind, ${url.protocol}//`;
  throw new CliError("config", `the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is ${problem}`, next);
}

/** Decodes a login; one with a lone "%" is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
