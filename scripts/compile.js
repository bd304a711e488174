// Compiles TypeScript to dist/ and removes output without a source, so that a deleted test cannot go on passing. Then bundles
// each package that every sync loads into one file, which halves the CPU time of loading it. Types are checked if TypeScript
// is installed, which `npm ci --omit=dev` leaves out.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const folders = ["src", "test", "bench", "notebooks/components"];
const sources = folders.filter((folder) => existsSync(join(root, folder))).flatMap(sourcesBelow);
const common = { platform: "node", format: "esm", target: "node20.18", logLevel: "error" };

removeStaleOutput();
await build({
  ...common,
  entryPoints: [...sources, join(root, "observablehq.config.ts")],
  outdir: dist,
  outbase: root,
  bundle: true,
  sourcemap: true,
  plugins: [{ name: "one file each", setup: keepImports }],
});
const bundled = [
  "src/sources/s3/s3-sdk.js",
  "src/http/undici-package.js",
  "src/duckdb/duckdb-package.js",
  "src/base/yaml-package.js",
].map((file) => join(dist, file));
for (const file of bundled)
  await build({
    ...common,
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    external: ["@duckdb/node-bindings"],
    mainFields: ["module", "main"],
    minifySyntax: true,
    minifyWhitespace: true,
    // Some of the packages are CommonJS and call `require` for modules of Node.
    banner: {
      js: 'import { createRequire } from "node:module";const require = createRequire(import.meta.url);',
    },
  });
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
if (existsSync(tsc))
  process.exitCode = spawnSync(process.execPath, [tsc, "-p", root], { stdio: "inherit" }).status ?? 1;

function sourcesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function removeStaleOutput() {
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const source = join(root, relative(dist, file)).replace(/\.js(\.map)?$/, ".ts");
    if (!existsSync(source)) rmSync(file, { force: true });
  }
}

/** Keeps every import, and renames its file from .ts to .js. */
function keepImports({ onResolve }) {
  onResolve({ filter: /.*/ }, ({ kind, path }) =>
    kind === "entry-point" ? null : { path: path.replace(/^(\..*)\.ts$/, "$1.js"), external: true },
  );
}
