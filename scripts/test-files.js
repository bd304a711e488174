// The compiled test files, and the modules that each reaches through its imports.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const folder = join(dist, "test");

/** Absolute paths, sorted. */
export function testFiles() {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".test.js"))
    .sort()
    .map((file) => join(folder, file));
}

/** True for a file that starts no program and opens no database, socket or document. */
export function isQuick(file) {
  const database = join(dist, "src", "duckdb", "database.js");
  const slow = ["node:child_process", "node:http", "node:net", database, "playwright-core", "jsdom"];
  const reached = reach(file);
  return !slow.some((name) => reached.has(name));
}

/** True for a .long.test file: many variations of what others test once, or whole sites in a browser. */
export function isLong(file) {
  return file.endsWith(".long.test.js");
}

/** True for a file that reads the real clock, directly or in a command that it runs. */
export function isDated(file) {
  return [...reach(file)].some((path) => path.startsWith(folder + sep) && readsClock(path));
}

function readsClock(path) {
  return /\bnew Date\(\)|\bDate\.now\(\)|\bprocess\.execPath, \[?bin\b/.test(codeOf(path));
}

const imports = /^(?:import|export)\b[^"'`;]*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm; // at the start of a line, not in a string

/** The file and all that it imports, directly or not; packages and modules of Node by name. */
function reach(file, reached = new Set()) {
  if (reached.has(file)) return reached;
  reached.add(file);
  for (const [, fixed, lazy] of codeOf(file).matchAll(imports)) {
    const name = fixed ?? lazy;
    const path = resolve(dirname(file), name);
    if (!name.startsWith(".")) reached.add(name);
    else if (path.startsWith(dist + sep) && path.endsWith(".js")) reach(path, reached);
  }
  return reached;
}

const codes = new Map();

function codeOf(path) {
  if (!codes.has(path)) codes.set(path, readFileSync(path, "utf8"));
  return codes.get(path);
}
