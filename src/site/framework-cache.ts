import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { filesBelow, kitRoot } from "../base/kit-folders.ts";

// Framework resolves implicit imports (Plot, d3, html, Inputs, .csv()) as "npm:…" and bare imports of components
// through its own bundles. Both are looked up in its cache first, so a cache filled from node_modules means that
// the versions are those of package-lock.json and that nothing is ever downloaded.
//
// folder   asked for by              file of an entry
// _npm     implicit imports, npm:…   <name>@<version>/_esm.js
// _node    bare imports              <name>@<version>/index.js
const libraries: Record<"_npm" | "_node", string[]> = {
  _npm: ["@observablehq/plot", "d3", "d3-dsv", "htl", "isoformat"],
  _node: ["@observablehq/plot", "d3"],
};

// Named by Framework's client, so their version is asked for in every build though no page uses them.
// An empty folder answers that question; a page that does use one fails the build by refuseNetwork().
const unused = [
  "@duckdb/duckdb-wasm",
  "@observablehq/sample-datasets",
  "@uwdata/vgplot",
  "@viz-js/viz",
  "apache-arrow",
  "arquero",
  "echarts",
  "exceljs",
  "jszip",
  "katex",
  "leaflet",
  "lodash",
  "mapbox-gl",
  "mermaid",
  "parquet-wasm",
  "react",
  "react-dom",
  "sql.js",
  "topojson-client",
  "vega",
  "vega-lite",
  "vega-lite-api",
];

/**
 * Fills Framework's caches of libraries below `cache`. They are made from node_modules once, kept there by a hash of what
 * they are made from, and copied for each project: Framework may add to its own. Does nothing when they are up to date.
 */
export async function fillFrameworkCache(cache: string): Promise<void> {
  const stampFile = join(cache, "libraries.stamp");
  const stamp = createHash("sha256")
    .update(readFileSync(join(kitRoot, "package-lock.json")))
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .digest("hex");
  const current = existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (current && existsSync(join(cache, "_npm")) && existsSync(join(cache, "_node"))) return;

  const kept = join(kitRoot, "node_modules", ".cache", "asapp-kit", `libraries-${stamp}`);
  const fresh = join(cache, `libraries.${process.pid}`);
  if (existsSync(kept)) copy(kept, fresh);
  else {
    for (const folder of ["_npm", "_node"] as const)
      await bundle(libraries[folder], join(fresh, folder), folder === "_npm" ? "_esm" : "index");
    keep(fresh, kept);
  }
  for (const name of unused)
    mkdirSync(join(fresh, "_npm", `${name}@0.0.0-not-included`), { recursive: true });
  for (const folder of ["_npm", "_node"]) {
    rmSync(join(cache, folder), { recursive: true, force: true });
    renameSync(join(fresh, folder), join(cache, folder));
  }
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(stampFile, stamp);
}

/** Turns every download that Framework still attempts into an error that names it and says what to do. */
export function refuseNetwork(): void {
  globalThis.fetch = async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    throw new Error(`refused to download ${url}: add the library to src/site/framework-cache.ts`);
  };
}

// Others may do the same at once, and need not: the first is as good. Nor must the packages' folder be writable.
function keep(folder: string, kept: string): void {
  const beside = `${kept}.${process.pid}`;
  try {
    copy(folder, beside);
    renameSync(beside, kept);
  } catch {
    rmSync(beside, { recursive: true, force: true });
  }
}

function copy(folder: string, target: string): void {
  for (const path of filesBelow(folder)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(folder, path), join(target, path));
  }
}

async function bundle(names: string[], outdir: string, entry: string): Promise<void> {
  await build({
    absWorkingDir: kitRoot,
    entryPoints: names.map((name) => ({ in: name, out: `${name}@${versionOf(name)}/${entry}` })),
    outdir,
    chunkNames: "_shared@1.0.0/[hash]", // looks like a package, as Framework expects of every file in here
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: ["es2022", "chrome96", "firefox96", "safari16"],
    minify: true,
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  });
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(kitRoot, "node_modules", name, "package.json"), "utf8")).version;
}
