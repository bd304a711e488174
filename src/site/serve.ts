import { createReadStream, type Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { CliError } from "../base/errors.ts";
import { own } from "../base/names.ts";
import { isOwnRequest, refuse } from "./request-guard.ts";

export interface ServeOptions {
  host?: string;
  port?: number; // the next free one if taken; 0: any
  allowed?: string[]; // further host names to serve
}

export interface SiteServer {
  url: string;
  port: number;
  close(): Promise<void>;
}

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
};

/** Serves a built site on loopback: GET and HEAD only, no foreign requests, gzip where it helps, no file outside the folder. */
export async function serveSite(folder: string, options: ServeOptions = {}): Promise<SiteServer> {
  const { host = "127.0.0.1", port: firstPort = 3000, allowed } = options;
  let root: string;
  try {
    root = await realpath(folder);
    await stat(join(root, "index.html"));
  } catch {
    throw new CliError("build", `no site in ${folder}`, "build one first: asapp-kit build");
  }
  const server = createServer((request, response) => {
    if (!isOwnRequest(request, allowed)) return refuse(request, response);
    respond(root, request, response).catch(() => {
      if (!response.headersSent) plain(response, 500, "Something went wrong.");
      else response.destroy();
    });
  });
  const port = await listenOnFreePort(server, host, firstPort);
  return {
    url: `http://${host}:${port}/`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Listens on `firstPort` or the next free one after it (0: any), and returns it. Gives up after 100 ports. */
export async function listenOnFreePort(server: Server, host: string, firstPort: number): Promise<number> {
  for (let port = firstPort; port < firstPort + 100 && port < 65_536; port++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    }
  }
  throw new CliError("portTaken", `no free port from ${firstPort} on ${host}`, "name another one with --port");
}

async function respond(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Referrer-Policy", "no-referrer");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return plain(response, 405, "Only GET and HEAD.");
  }
  const path = decodePath(request.url ?? "/");
  if (path === null) return plain(response, 400, "This address cannot be read.");
  let page = await siteFile(root, path.endsWith("/") ? `${path}index.html` : path);
  let status = 200;
  if (!page) {
    const name = await fullName(root, path);
    if (name !== null) return redirect(response, name, request.url ?? "/");
    status = 404;
    page = await siteFile(root, "/404.html");
    if (!page) return plain(response, 404, "No such page.");
  }
  const { file, stats } = page;
  const type = own(types, extname(file)) ?? "application/octet-stream";
  const etag = `W/"${stats.size.toString(36)}-${stats.mtimeMs.toString(36)}"`;
  response.setHeader("ETag", etag);
  response.setHeader("Cache-Control", "no-cache"); // revalidate, so that a rebuilt site shows at once
  response.setHeader("Content-Type", type);
  response.setHeader("Vary", "Accept-Encoding");
  if (status === 200 && request.headers["if-none-match"] === etag) {
    response.writeHead(304).end();
    return;
  }
  const gzip =
    stats.size > 1000 &&
    /^(text|application\/(json|wasm))|svg/.test(type) &&
    /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  if (gzip) response.setHeader("Content-Encoding", "gzip");
  else response.setHeader("Content-Length", stats.size);
  response.writeHead(status);
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const source = createReadStream(file);
  if (gzip) await pipeline(source, createGzip(), response);
  else await pipeline(source, response);
}

// Null for links that lead out of the folder.
async function siteFile(root: string, path: string): Promise<{ file: string; stats: Stats } | null> {
  try {
    const file = await realpath(join(root, path));
    if (!file.startsWith(root + sep)) return null;
    const stats = await stat(file);
    return stats.isFile() ? { file, stats } : null;
  } catch {
    return null;
  }
}

// Links name files. Addresses without .html come from older sites.
// address   file             answer
// /today    today.html       today.html
// /notes    notes/index.html notes/
async function fullName(root: string, path: string): Promise<string | null> {
  const name = encodeURIComponent(path.slice(path.lastIndexOf("/") + 1));
  if (name === "") return null;
  if (await siteFile(root, `${path}.html`)) return `./${name}.html`;
  return (await siteFile(root, `${path}/index.html`)) ? `./${name}/` : null;
}

// Relative to the address, so that no path leads to another host.
function redirect(response: ServerResponse, target: string, url: string): void {
  response.writeHead(302, { Location: `${target}${/\?[^#]*/.exec(url)?.[0] ?? ""}` }).end();
}

function decodePath(url: string): string | null {
  try {
    const path = decodeURIComponent(url.split(/[?#]/)[0] || "/");
    const parts = path.split(/[/\\]/);
    return path.startsWith("/") && !path.includes("\0") && !parts.includes("..") ? path : null;
  } catch {
    return null;
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
