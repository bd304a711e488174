import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { openProject } from "../src/config/project.ts";
import { fillBucket } from "../src/demo/bucket.ts";
import { demoBucket } from "../src/demo/demo.ts";
import { folderStore } from "../src/demo/s3/object-store.ts";
import { simulateLazily } from "../src/demo/simulator/simulate.ts";
import type { Database } from "../src/duckdb/database.ts";
import { sync } from "../src/sync/sync.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { rawFixture } from "./raw-fixture.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/sql.md", import.meta.url)), "utf8");
const questions = [...page.matchAll(/^### (.+)\n[\s\S]*?```sql\n([\s\S]*?)```/gm)].map(([, title, sql]) => ({
  title: title!,
  sql: sql!,
}));
const mayBeEmpty = ["Did all exported rows arrive?"];

describe("docs/sql.md", () => {
  const folder = mkdtempSync(join(tmpdir(), "asapp-docs-"));
  const empty = rawFixture();
  let simulated: Database;
  let nothing: Database;

  before(async () => {
    const now = new Date("2026-09-16T18:41:00Z");
    fillBucket(
      folderStore(folder),
      demoBucket,
      simulateLazily({ seed: 4, days: 3, now, conversationsPerDay: 250 }),
      {},
    );
    writeFileSync(
      join(folder, "kit.yaml"),
      `source: {path: ${join(folder, demoBucket)}}\ndata: data\ntimezone: America/New_York\n`,
    );
    const project = openProject(join(folder, "kit.yaml"));
    await sync(project, { now });
    await updateWarehouse(project, { now });
    simulated = await openCatalog(project);
    nothing = await openCatalog(empty.project);
  });
  after(() => {
    simulated.close();
    nothing.close();
    empty.delete();
    rmSync(folder, { recursive: true, force: true });
  });

  it("holds at least twenty questions", () => assert.ok(questions.length >= 20, String(questions.length)));

  for (const { title, sql } of questions) {
    it(`answers: ${title}`, async () => {
      await nothing.rows(sql, { readOnly: true });
      const { columns, rows } = await simulated.rows(sql, { readOnly: true });
      assert.ok(rows.length > 0 || mayBeEmpty.includes(title), "no row");
      for (const [i, { name }] of columns.entries())
        assert.ok(
          rows.length === 0 || rows.some((row) => row[i] !== null) || name === "suspect" || name === "last_seen",
          `${name} is null throughout`,
        );
    });
  }

  it("names every table about the data, and no other", async () => {
    const { rows } = await nothing.rows("select table_name from information_schema.tables where table_schema = 'kit'");
    const named = /\| `kit\.\*` \|(.*)\|/
      .exec(page)![1]!
      .match(/`(\w+)`/g)!
      .map((name) => name.slice(1, -1));
    const others = ["wfm_columns"];
    assert.deepEqual([...named, ...others].sort(), rows.map(([name]) => String(name)).sort());
  });
});
