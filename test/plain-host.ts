// A host that serves files as they are called and knows nothing else: no index of a folder, no .html left out.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, extname, join } from "node:path";

export interface PlainHost {
  url: string; // of the site, with a slash at the end
  missing: string[]; // paths that were asked for and are not there
  close(): Promise<void>;
}

const types = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript"],
  [".css", "text/css"],
  [".json", "application/json"],
]);

/** Serves `folder` below `path`, which begins and ends with a slash. */
export async function plainHost(folder: string, path: string): Promise<PlainHost> {
  const missing: string[] = [];
  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url!, "http://host").pathname);
    const file = join(folder, name.slice(path.length));
    if (!name.startsWith(path) || !isFile(file)) {
      missing.push(name);
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "Content-Type": types.get(extname(file)) ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    missing,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Addresses in a file, as they stand there: of links, styles, modules and attachments. */
export function addressesIn(text: string, type: string): string[] {
  const patterns: Record<string, RegExp[]> = {
    ".html": [
      /<[^>]*?\s(?:href|src)="([^"]*)"/g,
      /^registerFile\(.*"path":"([^"]*)"/gm,
      /\bfrom\s*"(\.[^"]*)"/g,
      /\bimport\("(\.[^"]*)"\)/g,
    ],
    ".js": [/\bfrom\s*"(\.[^"]*)"/g, /\bimport\s*"(\.[^"]*)"/g, /\bimport\("(\.[^"]*)"\)/g],
    ".css": [/\burl\("?([^")]*)"?\)/g],
  };
  return (patterns[type] ?? [])
    .flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!.replaceAll("&amp;", "&")))
    .filter((address) => !/^(data|blob|mailto):/.test(address));
}

// Also on a disk that does not tell capitals apart.
function isFile(file: string): boolean {
  return existsSync(file) && statSync(file).isFile() && readdirSync(dirname(file)).includes(basename(file));
}
