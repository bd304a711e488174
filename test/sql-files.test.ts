import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { allQueues } from "../notebooks/components/metrics/interval.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import { sqlFile, sqlText, withRelations } from "../src/duckdb/sql-file.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { macroStatements } from "../src/warehouse/catalog/macros.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { noName } from "../src/warehouse/wfm/named-queues.ts";
import { rawFixture } from "./raw-fixture.ts";

const src = fileURLToPath(new URL("../../src/", import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".sql") && !file.endsWith("macros.sql"))
  .map((file) => file.replaceAll("\\", "/"))
  .sort();

let db: Database;
before(async () => {
  db = await openDatabase({ threads: 1 });
});
after(() => db.close());

describe("files of SQL", () => {
  it("are those of the catalog's views", () => {
    assert.deepEqual(
      files.map((file) => file.replace(/^warehouse\//, "")),
      [
        "alerts/rep-states.sql",
        "catalog/row-counts.sql",
        "past/known.sql",
        "wfm/complete.sql",
        "wfm/contacts.sql",
        "wfm/days.sql",
        "wfm/flow.sql",
        "wfm/history-queue-names.sql",
        "wfm/intraday.sql",
        "wfm/merged.sql",
        "wfm/queue-names.sql",
        "wfm/queue-states.sql",
        "wfm/queue-windows.sql",
        "wfm/rep-windows.sql",
        "wfm/scored.sql",
        "wfm/slots.sql",
        "wfm/visits.sql",
        "wfm/windows.sql",
      ],
    );
  });

  for (const file of files) {
    it(`say what one row is, and name all that is read: ${file}`, async () => {
      const [first] = sqlText(file).split("\n", 1);
      assert.match(first!, /^-- ([a-z]+\.[a-z_]+: o|O)ne row per /);
      const { select, needs, given } = sqlFile(file);
      assert.match(select, /^(with|select)\s/);
      assert.deepEqual([...needs, ...given].sort(), await relationsRead(select));
    });
  }

  it("call all queues, and a queue without a name, as the pages do", () => {
    const texts = files.map((file) => sqlFile(file).select).join("\n");
    const named = new Set([...texts.matchAll(/'(All queues|\(no name\))'/gi)].map(([, name]) => name));
    assert.deepEqual([...named].sort(), [noName, allQueues].sort());
    const reserved = macroStatements({ timezone: "UTC", variant: "offered" }).get("reserved_queue_names")!;
    for (const name of [allQueues, noName]) assert.ok(reserved.includes(`'${name.toLowerCase()}'`), name);
  });

  it("are read from where they were written", () => {
    for (const file of files) assert.equal(sqlText(file), readFileSync(join(src, file), "utf8"));
  });
});

describe("relations given to a query", () => {
  it("are there under their names, beside those of its own, and leave its order", async () => {
    const inner = withRelations({ numbers: "select range as n from range(3)" }, "select n + 1 as n from numbers");
    const select = withRelations(
      { numbers: inner, names: "select 1 as n, 'one' as name -- the first" },
      "with doubled as (select n * 2 as n from numbers) select doubled.n, name from doubled, names order by doubled.n desc",
    );
    const { rows } = await db.rows(select);
    assert.deepEqual(rows, [
      [6, "one"],
      [4, "one"],
      [2, "one"],
    ]);
  });
});

describe("views of files of SQL", () => {
  // https://github.com/duckdb/duckdb/issues/6389
  it("are the same where feeds have the names of what is in them", async () => {
    const own = ["complete", "partitions", "written", "queues", "contacts", "visits", "in_both", "parsed"];
    const answers: unknown[] = [];
    for (const others of [[], own]) {
      const raw = rawFixture();
      try {
        raw.put("export_row_counts", "2026-09-02", [
          { export_name: "issue_queues", export_date: "2026-09-01", exported_rows: 2 },
        ]);
        const visit = {
          issue_id: 1,
          queue_id: 5,
          queue_name: "Chat",
          exit_queue_ts: "2026-09-01T05:01:00Z",
          abandoned: true,
        };
        raw.put("issue_queues", "2026-09-01 05", [visit]);
        raw.put("rep_convos", "2026-09-01 05", [{ issue_id: 2, rep_id: 7, issue_assigned_ts: "2026-09-01T05:20:00Z" }]);
        for (const feed of others) raw.put(feed, "2026-09-01 05", [{ start: 1, queue: "x", feed: "y", dt: "z" }]);
        await updateWarehouse(raw.project, { now: new Date("2026-09-03T00:00:00Z") });
        const catalog = await openCatalog(raw.project);
        const found = [];
        for (const view of ["history.windows", "history.contacts", "history.queue_windows", "wfm.intraday"])
          found.push((await catalog.rows(`from ${view} order by all`)).rows);
        const counts = `select feed, delivered, state from kit.row_counts where feed in ('issue_queues', 'rep_convos') order by all`;
        found.push((await catalog.rows(counts)).rows);
        catalog.close();
        answers.push(found);
      } finally {
        raw.delete();
      }
    }
    assert.deepEqual(answers[1], answers[0]);
    const [windows, contacts, , , counts] = answers[0] as unknown[][][];
    assert.deepEqual([windows!.length, contacts!.length], [4, 2]);
    assert.deepEqual(counts, [
      ["issue_queues", 1, "short"],
      ["rep_convos", 1, "not published"],
    ]);
  });
});

/** What a query reads, by DuckDB's parse tree: qualified, or as it is called where it is no relation of main. */
async function relationsRead(select: string): Promise<string[]> {
  const { rows } = await db.rows(`select json_serialize_sql(${quoteText(select)})`);
  const named = new Set<string>();
  const own = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (typeof node !== "object" || node === null) return;
    const { type, schema_name: schema, table_name: table, cte_map: ctes } = node as Record<string, unknown>;
    if (type === "BASE_TABLE") named.add(schema ? `${schema}.${table}` : String(table));
    for (const { key } of (ctes as { map?: { key: string }[] } | undefined)?.map ?? []) own.add(key);
    Object.values(node).forEach(visit);
  };
  visit(JSON.parse(String(rows[0]![0])));
  const given = new Set(["complete", "partitions", "setting", "written"]);
  return [...named]
    .filter((name) => !own.has(name))
    .map((name) => (name.includes(".") || given.has(name) ? name : `main.${name}`))
    .sort();
}
