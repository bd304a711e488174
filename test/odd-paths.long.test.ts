// Folders whose names mean something to a glob, a URL, SQL or a shell. Beside each lies one that the pattern would match.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openProject } from "../src/config/project.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { literalPath, quoteText } from "../src/duckdb/quote.ts";
import { sync } from "../src/sync/sync.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { createCatalogFile, inspectCatalogFile } from "../src/warehouse/catalog/catalog-file.ts";
import { viewsScript } from "../src/warehouse/catalog/views.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import fc from "./fast-check.ts";
import { expand, lines, now } from "./sync-kit.ts";

const root = mkdtempSync(join(tmpdir(), "asapp-kit-odd-"));
after(() => rmSync(root, { recursive: true }));

const day = expand("convos_metrics/dt=2026-11-22/hr=05");

/** A project folder with exports of `rows` rows, one line that is no object, and files of these names. */
function projectIn(folder: string, rows: number, files = ["convos_metrics.jsonl.gz"]) {
  const exports = join(folder, "exports", day);
  mkdirSync(exports, { recursive: true });
  const share = Array.from({ length: rows }, (_, i) => ({
    issue_id: String(i),
    instance_ts: "2026-11-22 05:00:00",
  }));
  for (const [i, file] of files.entries())
    writeFileSync(join(exports, file), lines(share.filter((_, row) => row % files.length === i)));
  writeFileSync(join(exports, "convos_metrics.jsonl.99"), "no object\n");
  writeFileSync(join(exports, "_SUCCESS"), "");
  writeFileSync(join(folder, "plan.csv"), "queue,window_start,contacts\nQ,2026-11-22 05:00,1\n");
  writeFileSync(
    join(folder, "kit.yaml"),
    "source: {path: exports}\ndata: data\nsite: {forecast: plan.csv}\nfeeds: [convos_metrics]\n",
  );
  return openProject(join(folder, "kit.yaml"));
}

async function countIn(database: Database, table: string, schema = ""): Promise<unknown> {
  return (await database.rows(`select count(*) from ${schema}${table}`)).rows[0]![0];
}

// name of the folder, and of one beside it that a pattern of that name matches
const names: [string, string][] = [
  ["a?b", "axb"],
  ["*{a,b}", "deep/er"],
  ["a[b]c", "abc"],
  ["[!a]x", "bx"],
  ["a\\b", "a"],
  ["env=prod", "env=test"],
  ["50%20 #1", "50 "],
  ['it\'s "q" ;$(x)`', "it"],
  ["äöü ☃ 🙂", "a"],
  ["new\nline\ttab", "new"],
  [" ", "_"],
];

describe("folder with an odd name", () => {
  for (const [name, beside] of names)
    it(`holds a project like any other: ${JSON.stringify(name)}`, async () => {
      const home = mkdtempSync(join(root, "t-"));
      await updated(projectIn(join(home, beside), 7));
      const project = projectIn(join(home, name), 3, ["convos_metrics.jsonl.00.gz", "convos_metrics.jsonl.01.gz"]);
      await updated(project);
      const { data } = project;

      const catalog = await openCatalog(project);
      assert.equal(await countIn(catalog, "convos_metrics"), 3);
      assert.equal(await countIn(catalog, "convos_metrics", "raw."), 3);
      assert.equal(await countIn(catalog, "quarantine", "kit."), 1);
      assert.equal(await countIn(catalog, "files", "kit."), 3);
      assert.equal(await countIn(catalog, "partitions", "kit."), 1);
      assert.equal(await countIn(catalog, "forecast", "wfm."), 4, "an hour has four windows");
      const { rows } = await catalog.rows("select distinct _file from raw.convos_metrics order by 1");
      assert.deepEqual(rows.flat(), [`${day}/convos_metrics.jsonl.00.gz`, `${day}/convos_metrics.jsonl.01.gz`]);
      const outside = quoteText(literalPath(join(home, beside, "plan.csv")));
      await assert.rejects(catalog.rows(`from read_csv(${outside})`), /Permission Error/);
      catalog.close();

      const file = join(home, name, "catalog [1]?.duckdb");
      await createCatalogFile(project, file, now);
      assert.equal((await inspectCatalogFile(file))?.own, true);
      const other = await openDatabase();
      await other.run(`attach ${quoteText(file)} as c (read_only)`);
      assert.equal(await countIn(other, "convos_metrics", "c."), 3);
      await other.run(await viewsScript(project, { feeds: ["convos_metrics"] }));
      assert.equal(await countIn(other, "convos_metrics"), 3);
      other.close();

      const { feeds } = await readStatus(project, now);
      assert.equal(feeds.find(({ feed }) => feed === "convos_metrics")!.quarantined, 1);
      const verification = await verifyFeed(project, "convos_metrics");
      assert.deepEqual(verification.differences, []);
      assert.equal((await updated(project)).days, 0, "nothing to do a second time");
      assert.ok(data.startsWith(home));
    });

  it("may move after it was filled", async () => {
    const before = join(root, "before");
    await updated(projectIn(before, 3));
    cpSync(before, join(root, "after [1]?"), { recursive: true });
    const catalog = await openCatalog(openProject(join(root, "after [1]?", "kit.yaml")));
    assert.equal(await countIn(catalog, "convos_metrics"), 3);
    catalog.close();
  });

  async function updated(project: ReturnType<typeof projectIn>): Promise<{ days: number }> {
    assert.deepEqual((await sync(project, { now })).failed, []);
    const { changed, failed } = await updateWarehouse(project, { now });
    assert.deepEqual(failed, []);
    return { days: changed.length };
  }
});

describe("path as a pattern", () => {
  it("matches that file alone, whatever lies beside it", async () => {
    const database = await openDatabase();
    const odd = fc
      .array(fc.constantFrom(..."ab*?[]!^-{},\\ %#é"), { minLength: 1, maxLength: 6 })
      .map((c) => c.join(""));
    const fit = (name: string) => !name.includes("\\") || !/[*?[]/.test(name);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          odd.filter((text) => fit(text)),
          { minLength: 1, maxLength: 5 },
        ),
        async (all) => {
          const home = mkdtempSync(join(root, "p-"));
          for (const [i, name] of all.entries()) {
            mkdirSync(join(home, name));
            writeFileSync(join(home, name, "x.csv"), `${i}\n`);
          }
          for (const [i, name] of all.entries()) {
            const path = quoteText(literalPath(join(home, name, "x.csv")));
            const { rows } = await database.rows(`from read_csv([${path}], header = false, columns = {'a': 'BIGINT'})`);
            assert.deepEqual(rows, [[i]], name);
          }
        },
      ),
      { numRuns: 60 },
    );
    database.close();
  });

  it("is refused where DuckDB would take a backslash in it for a slash", () => {
    assert.equal(literalPath("/a\\b/x.csv"), "/a\\b/x.csv");
    assert.equal(literalPath("/a\\*b/x.csv"), "/a\\*b/x.csv", "no pattern, as the backslash takes its meaning away");
    assert.throws(() => literalPath("/a\\b/x[1].csv"), { exit: "config", message: /backslash.*x\[1\]\.csv/ });
  });
});
