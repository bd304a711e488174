import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { filesBelow, kitRoot } from "../base/kit-folders.ts";
import { hashInputs, isUpToDate, renew, type SiteState } from "./staleness.ts";

// Framework resolves implicit imports (Plot, d3, html, Inputs, .csv()) as "npm:…" and bare imports of components
// through its own bundles. It looks both up in its cache first: a cache filled from node_modules fixes the versions to
// those of package-lock.json and prevents every download.
//
// folder   used by                   file of an entry
// _npm     implicit imports, npm:…   <name>@<version>/_esm.js
// _node    bare imports              <name>@<version>/index.js
const libraries: Record<"_npm" | "_node", string[]> = {
  _npm: ["@observablehq/plot", "d3", "d3-dsv", "htl", "isoformat"],
  _node: ["@observablehq/plot", "d3", "fflate"],
};

// Framework's client names these libraries, so every build resolves their versions although no page uses them.
// An empty folder suffices for that; a page that uses one fails the build in refuseNetwork().
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

/** A hash of what the libraries are bundled from: the versions of package-lock.json, and the way it is done here. */
export function libraryInputs(): string {
  return hashInputs(readFileSync(join(kitRoot, "package-lock.json")), readFileSync(fileURLToPath(import.meta.url)));
}

/**
 * Fills Framework's library caches below `cache`. They are bundled from node_modules once, kept there by a hash of their
 * inputs, and copied for each project, since Framework may add files to its own. Does nothing when they are up to date.
 */
export async function fillFrameworkCache(cache: string): Promise<void> {
  const inputs = libraryInputs();
  const isCurrent = ({ libraries }: SiteState) =>
    isUpToDate(libraries, inputs) && existsSync(join(cache, "_npm")) && existsSync(join(cache, "_node"));
  await renew(cache, isCurrent, async (record) => {
    const shared = join(kitRoot, "node_modules", ".cache", "asapp-kit", `libraries-${inputs}`);
    const fresh = join(cache, `libraries.${process.pid}`);
    if (existsSync(shared)) copy(shared, fresh);
    else {
      for (const folder of ["_npm", "_node"] as const)
        await bundle(libraries[folder], join(fresh, folder), folder === "_npm" ? "_esm" : "index");
      shareCache(fresh, shared);
    }
    for (const name of unused) mkdirSync(join(fresh, "_npm", `${name}@0.0.0-not-included`), { recursive: true });
    record({ libraries: null }); // a process killed below leaves libraries of unknown inputs
    for (const folder of ["_npm", "_node"]) {
      rmSync(join(cache, folder), { recursive: true, force: true });
      renameSync(join(fresh, folder), join(cache, folder));
    }
    rmSync(fresh, { recursive: true, force: true });
    record({ libraries: { inputs, output: "" } });
  });
}

/** Turns every download that Framework attempts into an error that names the URL and the next step. */
export function refuseNetwork(): void {
  globalThis.fetch = async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    throw new Error(`refused to download ${url}: add the library to src/site/framework-cache.ts`);
  };
}

// Best effort: another process may have stored the same cache first, or the packages' folder may be read-only.
function shareCache(folder: string, shared: string): void {
  const draft = `${shared}.${process.pid}`;
  try {
    copy(folder, draft);
    renameSync(draft, shared);
  } catch {
    rmSync(draft, { recursive: true, force: true });
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
    chunkNames: "_shared@1.0.0/[hash]", // shaped like a package, as Framework expects of every file here
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
