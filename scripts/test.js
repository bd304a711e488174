// Runs the compiled tests with Node's own runner, in a zone that is not UTC and has an odd offset.
// `npm test` runs all but the long ones; `node scripts/test.js layout plan` runs the files with one of these words in their
// names, and `node scripts/test.js -site` those without. `--quick`, `--dated`, `--long` and `--short` select kinds of files,
// see test-files.js. `--renew` writes test/output anew, for the names given.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { isDated, isLong, isQuick, root, testFiles } from "./test-files.js";

const words = process.argv.slice(2);
const kinds = {
  "--quick": isQuick,
  "--dated": isDated,
  "--long": isLong,
  "--short": (file) => !isLong(file),
};
const picks = words.filter((word) => word in kinds).map((word) => kinds[word]);
const without = words.filter((word) => /^-[^-]/.test(word)).map((word) => word.slice(1));
const names = words.filter((word) => !word.startsWith("-"));
const files = testFiles()
  .filter((file) => names.length === 0 || names.some((name) => basename(file).includes(name)))
  .filter((file) => !without.some((name) => basename(file).includes(name)))
  .filter((file) => picks.every((is) => is(file)));
const renew = words.includes("--renew") ? { ASAPP_KIT_RENEW: "1" } : {};
if (files.length === 0 || (words.includes("--renew") && names.length === 0)) {
  console.error(`no test file matches ${words.join(" ") || "at all: npm run compile"}`);
  process.exit(1);
}
// One more than there are cores: the tests wait for programs and pages for a fifth of their time.
const concurrency = `--test-concurrency=${availableParallelism() + 1}`;
const result = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", "--test-reporter=spec", concurrency, ...files],
  { cwd: root, stdio: "inherit", env: { ...process.env, ...renew, TZ: "America/St_Johns", NO_COLOR: "1" } },
);
process.exit(result.status ?? 1);
