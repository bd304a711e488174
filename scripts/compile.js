// Compiles TypeScript to dist/ and removes what no longer has a source, so that a deleted test cannot go on passing.
// Then puts the hundreds of files of packages that every sync loads into one each: that halves the CPU time of loading them.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const result = spawnSync(process.execPath, [tsc, "-p", root], { stdio: "inherit" });
if (existsSync(dist)) {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const source = join(root, relative(dist, file)).replace(/\.js(\.map)?$/, ".ts");
    if (!existsSync(source)) rmSync(file, { force: true });
  }
}
const bundled = [
  "src/sync/s3-sdk.js",
  "src/sync/proxy-agents.js",
  "src/warehouse/duckdb-package.js",
  "src/yaml-package.js",
].map((file) => join(dist, file));
for (const file of bundled.filter((path) => existsSync(path)))
  await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    external: ["@duckdb/node-bindings"],
    platform: "node",
    format: "esm",
    target: "node20.12",
    mainFields: ["module", "main"],
    minifySyntax: true,
    minifyWhitespace: true,
    // Some of the packages are CommonJS and call `require` for modules of Node.
    banner: {
      js: 'import { createRequire } from "node:module";const require = createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
process.exit(result.status ?? 1);
