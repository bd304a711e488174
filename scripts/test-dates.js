// Runs the tests that read the clock, and the programs that they start, on other dates, with the library of Debian's package
// `faketime`. Compile first.
//   node scripts/test-dates.js [leap 400]   all dates, or those with one of these words in their names
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const day = 86_400_000;
const zone = "America/New_York"; // of the demo, and of the sites that tests build
const now = Date.now();

const dates = [
  { name: "400 days later", at: now + 400 * day, all: true },
  ...[8, 60].map((days) => ({ name: `${days} days later`, at: now + days * day })),
  { name: "a leap day", at: nextLeapDay() },
  { name: "the end of the year, in UTC", at: Date.UTC(new Date(now).getUTCFullYear(), 11, 31, 23, 50) },
  ...clockChanges().map((at) => ({ name: `a clock change in ${zone}`, at: at + day / 48 })),
];
// Tests of more than a few seconds run on one date, except the watcher's; browsers, terminals and long files are left out.
const costly = [
  "-share",
  "-site-stale",
  "-catalog-file",
  "-bad-input",
  "-readers",
  "-s3-refusals",
  "-webhook",
  "-credentials",
  "-cli.",
  "-wfm-columns",
];
const leftOut = ["-preview", "-shell", "-one-feed"];
const words = process.argv.slice(2);
const chosen = dates.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const library = findLibrary();
let failed = false;
const next = chosen[Symbol.iterator]();
// One more than there are cores: a date mostly waits for its watchers.
await Promise.all(Array.from({ length: availableParallelism() + 1 }, runNext));
process.exit(failed || chosen.length === 0 ? 1 : 0);

async function runNext() {
  for (const date of next) await testAsIf(date);
}

async function testAsIf({ name, at, all }) {
  // Relative: a program that starts later has a later time.
  const offset = Math.round((at - Date.now()) / 1000);
  const env = { LD_PRELOAD: library, FAKETIME: `${offset < 0 ? "" : "+"}${offset}s` };
  const script = fileURLToPath(new URL("test.js", import.meta.url));
  const child = spawn(process.execPath, [script, "--dated", "--short", ...leftOut, ...(all ? [] : costly)], {
    env: { ...process.env, ...env, FAKETIME_DONT_FAKE_MONOTONIC: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  const count = (what) => new RegExp(`^[^a-z0-9]*${what} (\\d+)$`, "m").exec(stdout)?.[1] ?? "?";
  if (status !== 0) console.log(stdout);
  failed ||= status !== 0;
  const date = new Date(at).toISOString().slice(0, 16).replace("T", " ");
  const counts = `pass ${count("pass")}, fail ${count("fail")}, cancelled ${count("cancelled")}`;
  console.log(`As if it were ${date} UTC, ${name}: ${counts}`);
}

function nextLeapDay() {
  for (let at = Math.ceil(now / day) * day; ; at += day) {
    const date = new Date(at);
    if (date.getUTCMonth() === 1 && date.getUTCDate() === 29) return at + day / 2;
  }
}

/** The next two clock changes of the zone. */
function clockChanges() {
  const hour = 3_600_000;
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
  const offsetAt = (time) => format.formatToParts(time).find(({ type }) => type === "timeZoneName").value;
  const changes = [];
  for (let at = Math.ceil(now / hour) * hour; changes.length < 2; at += hour)
    if (offsetAt(at) !== offsetAt(at - hour)) changes.push(at);
  return changes;
}

function findLibrary() {
  const found = readdirSync("/usr/lib")
    .map((folder) => join("/usr/lib", folder, "faketime", "libfaketime.so.1"))
    .find((path) => existsSync(path));
  if (found) return found;
  console.error("no libfaketime: install the Debian package `faketime`");
  process.exit(1);
}
