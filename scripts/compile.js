// Compiles TypeScript to dist/ and removes what no longer has a source, so that a deleted test cannot go on passing.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

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
process.exit(result.status ?? 1);
