// Builds the demo with the code of a commit and with the working tree, with the same clock and seed, and compares the files:
// raw, staged, quarantine, current, and the site with its datasets. Exits with 1 when they differ.
//   node scripts/same-bytes.js [COMMIT]     default: HEAD; takes about two minutes
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const commit = process.argv[2] ?? "HEAD";
const folder = mkdtempSync(join(tmpdir(), "kit-same-bytes-"));
const before = join(folder, "code");
run(root, "git", "worktree", "add", "--quiet", "--detach", before, commit);
try {
  if (read(before, "package-lock.json").equals(read(root, "package-lock.json")))
    symlinkSync(join(root, "node_modules"), join(before, "node_modules"));
  else run(before, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
  const built = { before: demo(before, "before"), after: demo(root, "after") };
  const names = new Set([...built.before.keys(), ...built.after.keys()]);
  const other = [...names].sort().flatMap((name) => {
    const [old, now] = [built.before.get(name), built.after.get(name)];
    if (old !== undefined && now !== undefined && old.equals(now)) return [];
    return `${old === undefined ? "new    " : now === undefined ? "gone   " : "other  "} ${name}`;
  });
  for (const line of other) console.log(line);
  console.log(`${names.size} files, ${other.length} not the same as with ${commit}`);
  process.exitCode = other.length > 0 || names.size < 100 ? 1 : 0;
} finally {
  run(root, "git", "worktree", "remove", "--force", before);
  rmSync(folder, { recursive: true, force: true });
}

/** The files that the demo of this code wrote, by name, except those that hold the time of the run. */
function demo(code, name) {
  const target = join(folder, name);
  mkdirSync(target);
  run(code, "node", "scripts/compile.js");
  const options = ["--days", "8", "--seed", "7", "--now", "2026-09-16T17:20:00Z", "--no-serve"];
  run(code, "node", "bin/asapp-kit.js", "demo", ...options, "--folder", target);
  const data = join(target, ".demo", "data");
  const kept = ["raw", "staged", "quarantine", "current"].flatMap((layer) =>
    filesBelow(join(data, layer))
      .filter((path) => !basename(path).startsWith("partitions.")) // when each was fetched
      .map((path) => [relative(data, path), readFileSync(path)]),
  );
  const site = filesBelow(join(target, "site")).map((path) => [
    `site/${masked(relative(join(target, "site"), path))}`,
    /\.(html|js|json|css)$/.test(path) ? Buffer.from(masked(readFileSync(path, "utf8"))) : readFileSync(path),
  ]);
  return new Map([...kept, ...site]);
}

// Masks the time of the sync and its hashes, hashes in names (that of a chunk tells where the packages are), and the folders of
// modules.
function masked(text) {
  return text
    .replace(/"(synced|synced_at|lastModified)":("[^"]*"|\d+)/g, '"$1":""')
    .replace(/("version":|<meta name="asapp-kit(?:-version)?" content=)"[0-9a-f]+"/g, '$1""')
    .replace(/\.[0-9a-f]{8}(?=\.[a-z0-9]+\b)/g, "")
    .replace(/(_shared@1\.0\.0\/)[A-Z0-9]{8}(?=\.js)/g, "$1chunk")
    .replace(/(?:\.{1,2}\/)+(?:[a-z-]+\/)*(?=[a-z0-9-]+\.js\b)/g, "./")
    .replace(/^_import\/(?:[a-z]+\/)*/, "_import/");
}

function filesBelow(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function read(path, name) {
  return readFileSync(join(path, name));
}

function run(cwd, program, ...rest) {
  execFileSync(program, rest, { cwd, stdio: ["ignore", "ignore", "inherit"] });
}
