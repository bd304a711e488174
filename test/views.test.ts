import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Project } from "../src/config/project.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { unknownFeed } from "../src/export/registry.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { viewsScript } from "../src/warehouse/catalog/views.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { rawFixture } from "./raw-fixture.ts";
import { documentedColumn as column } from "./stage-kit.ts";
import { stored } from "./stored.ts";
import { sameRows } from "./warehouse-rows.ts";

const open: { close(): void }[] = [];
const folders: (() => void)[] = [];
after(() => {
  for (const each of open) each.close();
  for (const remove of folders) remove();
});

function fixture(change?: (project: Project) => void) {
  const raw = rawFixture(change);
  folders.push(() => raw.delete());
  return raw;
}

/** The catalog, and a DuckDB that knows nothing of the kit but the script. */
async function both(project: Project, feeds?: string[]): Promise<[Database, Database]> {
  await updateWarehouse(project);
  const catalog = await openCatalog(project, { threads: 2 });
  const other = await openDatabase({ threads: 4 });
  open.push(catalog, other);
  await other.run(await viewsScript(project, feeds ? { feeds } : {}));
  return [catalog, other];
}

const things = {
  ...unknownFeed("things"),
  key: ["id"],
  order: [{ columns: ["ts"], direction: "desc" as const }],
};
const addThings = (project: Project) => {
  project.feeds.set("things", {
    ...things,
    columns: [
      column("id", "VARCHAR"),
      column("ts", "TIMESTAMP"),
      column("n", "BIGINT"),
      column("d", "DOUBLE"),
      column("flag", "BOOLEAN"),
      column("day", "DATE"),
      column("never", "VARCHAR"),
    ],
  });
};

describe("the script of views", () => {
  it("gives the rows of the catalog: every spelling of a value, new columns, later versions", async () => {
    const raw = fixture(addThings);
    raw.put("things", "2026-09-01 05", [
      { id: 1, ts: "2026-09-01T05:15:00.626000+00:00", n: 1, d: 1.5, flag: true, day: "2026-09-01" },
      { id: "1", ts: "2026-09-01 05:15:00", n: "2", d: "2.50", flag: 0, day: null },
      { id: 2, ts: "2026-09-01T05:15:00+05:30", n: 90071992547409, nested: { a: [1, { b: null }] } },
      { id: 3, ts: "2026-09-01", n: 3, odd: 'quo"te', "key with space": 1, "a/b~c": 2 },
    ]);
    raw.put("things", "2026-09-01 06", {
      "things.jsonl.00.gz": [{ id: 2, ts: "2026-09-01T00:00:00Z", later: 7 }],
      "things.jsonl.01.gz": [{ id: 4, ts: null }, { id: null }, { id: null, n: 5 }],
    });
    raw.put("things", "2026-09-02", [{ id: 3, ts: "2026-08-01 00:00:00 UTC", later: 8 }]);
    raw.put("things", "2026-09-03 00:15", []);
    const [catalog, other] = await both(raw.project);
    assert.equal(await sameRows(catalog, other, "raw.things"), 9);
    assert.equal(await sameRows(catalog, other, "things"), 6); // both rows without an id
  });

  it("reads what the kit can stage, whatever else is in the files", async () => {
    const raw = fixture(addThings);
    const bytes = (...parts: (string | number[])[]) =>
      Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));
    raw.put(
      "things",
      "2026-09-01 05",
      bytes(
        [0xef, 0xbb, 0xbf],
        '{"id":1,"n":1}\n\n{"id":2\n   \n["x"]\n"text"\nnull\n{"id":3,"n":3}\r\n\r\n{"id":"',
        [0xff],
        '"}\n{"id":4,"n":4}\n{"id":"x',
        [1],
        'y"}\nno json "at" all\n{"id":5,"n":5,"id":6}\n{"id":7,"n":"seven","ts":"noon","flag":"maybe","d":1e400}\n',
        '{"id":8,"n":1,"n":2,"n":2,"n":3,"tail":[1],"tail":{"a":1}}\n{"id":9,}\n{"id":10} {"id":11}\n\'x\'\n',
        '{"id":15,"n":1,"n":2,"ts":"noon"}\n',
        '{"id":12,"d":NaN}\n{}\n{"id":13,"text":"a\\u0000b\\n\\"c\\" é \\ud83d\\ude00"}\n{"id":14,"n":12345678901234567890}',
      ),
    );
    raw.put("things", "2026-09-01 06", [{ id: 1, n: 10 }]);
    raw.put("things", "2026-09-02 06", [
      { id: 2, n: 10 },
      { id: 3, Id: "other case", id_1: "x" },
    ]);
    raw.put("things", "2026-09-02 07", ["not json", ""]);
    raw.put("things", "2026-09-03 06", ["", "not json"]);
    raw.put("things", "2026-09-04 06", { "things.jsonl.00.gz": [], "things.jsonl.01.gz": [{ id: 5 }] });
    const [catalog, other] = await both(raw.project);
    assert.ok((await sameRows(catalog, other, "raw.things")) > 10);
    await sameRows(catalog, other, "things");
    const lost = await catalog.rows("select count(*) from kit.files where lines <> blank + rows + quarantined");
    assert.equal(lost.rows[0]![0], 0);
    assert.ok(Number((await catalog.rows("select sum(quarantined) from kit.files")).rows[0]![0]) >= 10);
  });

  it("keeps the order of lines in large files, read by several threads", async () => {
    const raw = fixture(addThings);
    const lines = (hour: number) =>
      Array.from({ length: 10_000 }, (_, i) => ({ id: i % 3_000, n: i, text: `${hour} ${"x".repeat(200)}` }));
    for (let hour = 0; hour < 4; hour++) raw.put("things", `2026-09-01 0${hour}`, lines(hour));
    const [catalog, other] = await both(raw.project, ["things"]);
    for (const relation of ["raw.things", "things"]) {
      const sum = `select count(*), sum(n), sum(_line * n)::varchar, count(distinct _file) from ${relation}`;
      assert.deepEqual((await catalog.rows(sum)).rows, (await other.rows(sum)).rows);
    }
  });

  it("reads a line longer than DuckDB's usual limit", async () => {
    const raw = fixture(addThings);
    raw.put("things", "2026-09-01 05", [{ id: 1, text: "x".repeat(20_000_000) }, { id: 2 }]);
    const [catalog, other] = await both(raw.project, ["things"]);
    const sum = "select id, length(text), _line from raw.things order by id";
    assert.deepEqual((await other.rows(sum)).rows, (await catalog.rows(sum)).rows);
  });

  it("reads plain and packed files alike, and none of another version", async () => {
    const raw = fixture(addThings);
    raw.put("things", "2026-09-01 05", [{ id: 1, n: 1 }], { gzip: false });
    raw.put("things", "2026-09-01 06", [{ id: 1, n: 2 }]);
    raw.put("things", "2026-09-01 06", [{ id: 1, n: 3 }], { version: "2" });
    const [catalog, other] = await both(raw.project, ["things"]);
    assert.equal(await sameRows(catalog, other, "raw.things"), 2);
  });

  it("has a typed empty view for every feed that nothing was synced of", async () => {
    const raw = fixture();
    const [catalog, other] = await both(raw.project);
    for (const name of raw.project.feeds.keys()) {
      assert.equal(await sameRows(catalog, other, name), 0);
      assert.equal(await sameRows(catalog, other, `raw.${name}`), 0);
    }
  });

  it("shows only the feeds asked for, and reads as stored", async () => {
    const raw = fixture(addThings);
    raw.put("things", "2026-09-01 05", [{ id: 1, n: "x", nested: [1] }, "no json"]);
    raw.put("things", "2026-09-02 05", [{ id: 1, n: 2 }]);
    await updateWarehouse(raw.project);
    const script = await viewsScript(raw.project, { feeds: ["things"] });
    stored("views/things.sql", script.slice(script.indexOf("-- things:")).replaceAll(raw.project.data, "/data"));
  });

  it("runs in another client than ours", async (t) => {
    const python = process.env.ASAPP_KIT_TEST_PYTHON ?? "python3";
    if (spawnSync(python, ["-c", "import duckdb"]).status !== 0) return t.skip(`no duckdb for ${python}`);
    const raw = fixture(addThings);
    raw.put("things", "2026-09-01 05", [{ id: 1, ts: "2026-09-01T05:00:00+02:00", n: 1 }, "no json"]);
    raw.put("things", "2026-09-01 06", [{ id: 1, ts: "2026-09-01T05:00:00+02:00", n: 2 }, { id: 2 }]);
    const [catalog] = await both(raw.project);
    const folder = mkdtempSync(join(tmpdir(), "asapp-views-"));
    folders.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "views.sql"), await viewsScript(raw.project));
    const query = "select id, ts::varchar as ts, n, _line, _run from things order by id";
    const code = `import duckdb, json; c = duckdb.connect(); c.execute(open("${folder}/views.sql").read()); print(json.dumps(c.execute("${query}").fetchall()))`;
    const ran = spawnSync(python, ["-c", code], { encoding: "utf8" });
    assert.equal(ran.stderr, "");
    assert.deepEqual(JSON.parse(ran.stdout), (await catalog.rows(query)).rows);
  });
});
