// Receipts in files of each kind: what they hold, and what they rest on. What `check` says of them is in a long test.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseReceipt, printReceipt, type Receipt } from "../notebooks/components/receipt/receipt.ts";
import { exitCodes } from "../src/base/errors.ts";
import { loadersFolder } from "../src/base/kit-folders.ts";
import { namesOf } from "../src/base/names.ts";
import { readReceipts } from "../src/receipts/read-receipts.ts";
import { findIdentifiers, queueLabels } from "../src/site/privacy/identifiers.ts";
import { feedsIn, openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { emptyFeed, emptySnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { figureFeeds } from "../src/warehouse/wfm/figure-inputs.ts";
import { runHere } from "./cli-here.ts";
import { kinds, shareEachKind } from "./shared-kinds.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";

const now = new Date("2026-09-16T18:41:00Z"); // of the demo

describe("a receipt in a file", () => {
  let demo: DemoProject;
  let shared: string;
  let message: string;
  let original: Receipt;
  const check = (...given: string[]) =>
    runHere(["check", ...given, "--config", demo.project.configFile!], { cwd: tmpdir() });

  before(async () => {
    demo = await demoProject({ feeds: [...dayFeeds, "rep_utilized"], days: 2, conversationsPerDay: 120 });
    ({ folder: shared, message, receipt: original } = await shareEachKind(demo, now));
  });
  after(() => {
    demo?.delete();
    rmSync(shared, { recursive: true, force: true });
  });

  it("finds the same receipt in a file of each kind", () => {
    for (const [format, kind] of Object.entries(kinds)) {
      const [found, ...others] = readReceipts(join(shared, `day.${format}`));
      assert.deepEqual(found, { ...original, kind }, format);
      assert.deepEqual(others, [], format);
    }
    assert.deepEqual(parseReceipt(message), { ...original, kind: "message" });
    assert.ok((original.offered ?? 0) > 20 && original.runs.count > 200, JSON.stringify(original));
  });

  it("is equal to what the raw files give", async () => {
    const { code, stdout, stderr } = await check(join(shared, "day.png"), message);
    assert.equal(code, exitCodes.ok, stderr);
    assert.equal(stdout.match(/^equal: All queues, Wednesday 16 September 2026/gm)?.length, 2, stdout);
  });

  const python = process.env.ASAPP_KIT_TEST_PYTHON ?? "python3";
  const noPython = spawnSync(python, ["--version"]).status === 0 ? false : "no python3";

  it("rests on digests of the manifest that Python computes alike", { skip: noPython }, () => {
    const { stdout, stderr } = spawnSync(python, ["-c", digests, demo.project.data, ...figureFeeds], {
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    const { count, names, contents } = original.runs;
    assert.deepEqual(stdout.trim().split(" "), [String(count), names, contents]);
  });

  it("rests on the feeds that the queries of the Today page read", () => {
    const queries = ["intraday-days", "intraday/[day]", "queue-load", "queues"].map((name) =>
      readFileSync(join(loadersFolder, `${name}.json.sql`), "utf8").replace(/--.*/g, ""),
    );
    const every = namesOf([...demo.project.feeds.keys()].map((name) => [name, emptyFeed()]));
    const read = feedsIn(queries.join("\n"), demo.project, { ...emptySnapshot(), feeds: every });
    const columns = ["reps"]; // called like a feed
    assert.deepEqual(
      read.filter((name) => !columns.includes(name)),
      [...figureFeeds],
    );
  });

  it("has nothing of the data's ids and names, however it is taken apart", async () => {
    const database = await openCatalog(demo.project);
    try {
      const everyText = readdirSync(shared).flatMap((file) =>
        readReceipts(join(shared, file)).map((one) => printReceipt(one)),
      );
      const parts = [message, ...everyText].flatMap((text) => text.split(/[^\p{L}\p{N}]+/u));
      const folded = new Map([...parts, ...everyText].map((part) => [part.toLowerCase(), "receipt"]));
      const exact = new Map([...parts, ...everyText].map((part) => [part, "receipt"]));
      assert.deepEqual(
        await findIdentifiers(database, demo.project.feeds, { exact, folded }, await queueLabels(database)),
        [],
      );
    } finally {
      database.close();
    }
  });

  it("names what it cannot read, without a stack trace", async () => {
    const text = join(demo.folder, "without.txt");
    writeFileSync(text, "service level 81 %");
    for (const [what, expected] of [
      [join(shared, "none.png"), /no such file/],
      [text, /carries no receipt/],
      [shared, /not a file/],
      ["81 %", /not a receipt/],
      [printReceipt(original).replace("day 2026-09-16", "day 2026-09-15"), /mistyped at “day”/],
    ] as const) {
      const { code, stderr } = await check(what);
      assert.equal(code, exitCodes.usage, stderr);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});

const digests = `
import hashlib, json, pathlib, sys
data, *feeds = sys.argv[1:]
count = names = contents = 0
for feed in feeds:
    for file in sorted(pathlib.Path(data, "manifest", feed).glob("*.json")):
        day = json.loads(file.read_text())
        for one in day["partitions"]:
            run = day["dt"] + (" " + one["hr"] if one["hr"] else "") + (":" + one["mi"] if one["mi"] else "")
            name = f"{feed} {run} {one['version']} {one['format']}"
            head = lambda text: int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)
            count += 1
            names += head(name)
            contents += head(name + " " + one["fingerprint"])
print(count, f"{names % 2**48:012x}", f"{contents % 2**48:012x}")
`;
