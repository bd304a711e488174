// Runs the compiled tests with Node's own runner, in a zone that is not UTC and has an odd offset.
// `npm test` runs all; `node scripts/test.js layout plan` runs the files with one of these in their names, and
// `node scripts/test.js -site` those without.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const without = words.filter((word) => word.startsWith("-")).map((word) => word.slice(1));
const names = words.filter((word) => !word.startsWith("-"));
const folder = join(root, "dist", "test");
const files = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
  .filter((file) => !without.some((name) => file.includes(name)))
  .sort()
  .map((file) => join(folder, file));
if (files.length === 0) {
  console.error(`no test file matches ${words.join(" ") || folder}`);
  process.exit(1);
}
const result = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", "--test-reporter=spec", "--test-concurrency=2", ...files],
  { cwd: root, stdio: "inherit", env: { ...process.env, TZ: "America/St_Johns", NO_COLOR: "1" } },
);
process.exit(result.status ?? 1);
