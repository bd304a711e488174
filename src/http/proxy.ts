import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { CliError } from "../base/errors.ts";

/** The proxy for a URL by the usual variables, in either case; null for none. */
export function proxyFor(url: string, env: NodeJS.ProcessEnv): URL | null {
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
  return proxyUrl(proxy);
}

/** The login of a URL as the header `name` carries it; no header without a login. */
export function basicLogin(name: string, { username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const login = `${decoded(username)}:${decoded(password)}`;
  return { [name]: `Basic ${Buffer.from(login).toString("base64")}` };
}

/** Certificates to trust: Node's own, and those of AWS_CA_BUNDLE and NODE_EXTRA_CA_CERTS. Empty without AWS_CA_BUNDLE: Node knows the rest. */
export function authorities(env: NodeJS.ProcessEnv): { ca?: string[] } {
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

function proxyUrl(text: string): URL {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  const next = "write it as http://host:port, with user:password@ before the host where it wants a login";
  const kind = url === null ? "no address" : `of a kind the kit does not know, ${url.protocol}//`;
  throw new CliError("config", `the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is ${kind}`, next);
}

/** A lone "%" stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
