// What a dataset is made of decides whether it may ship, not what its columns are called.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import type { Database } from "../src/duckdb/database.ts";
import { bindParameters } from "../src/site/dataset.ts";
import { listDatasets } from "../src/site/dataset-list.ts";
import { declarationsOf, openTracing, type Tracing } from "../src/site/privacy/personal.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { harmless, hostile } from "./hostile.ts";
import { rawFixture } from "./raw-fixture.ts";

const fixture = rawFixture();
const { project } = fixture;
let database: Database;
let tracing: Tracing;
let asked = 0;

before(async () => {
  const ts = "2026-09-01T05:00:00Z";
  fixture.put("reps", "2026-09-01", [
    { rep_id: 7, name: "Rep 07", created_ts: ts },
    { rep_id: 8, name: "Rep 08", created_ts: ts },
  ]);
  fixture.put("rep_convos", "2026-09-01 05", [
    { issue_id: 24790001, rep_id: 7, queue_id: 1, issue_assigned_ts: ts, handle_time_seconds: 60 },
  ]);
  const issue = { issue_id: 24790001, first_utterance_ts: ts, total_handle_time: 60 };
  const odd = { secret_note: "call Ann", crm_number: 17, odd_score: 0.5, odd_flag: true };
  fixture.put("convos_metrics", "2026-09-01 05", [{ ...issue, ...odd }]);
  fixture.put("convos_metrics_ended", "2026-09-01 05", [issue]);
  fixture.put("utterances", "2026-09-01 05", [{ issue_id: 24790001, utterance: "I want a refund", created_ts: ts }]);
  fixture.put("issue_queues", "2026-09-01 05", [
    {
      issue_id: 24790001,
      rep_id: 7,
      queue_id: 1,
      queue_name: "Billing",
      enter_queue_ts: ts,
      exit_queue_ts: ts,
    },
    "no JSON",
  ]);
  await updateWarehouse(project);
  database = await openCatalog(project);
  tracing = openTracing(project);
});

after(async () => {
  await tracing.close();
  database.close();
  fixture.delete();
});

async function check(sql: string, comments = ""): Promise<void> {
  const query = sql.replaceAll("DATA", project.data);
  const place = `data-loaders/probe-${asked++}.json.sql`;
  const columns = await database
    .rows(`describe ${query}`)
    .then(({ rows }) => rows.map(([name]) => String(name)))
    .catch(() => ["a"]); // a file that is not there: the plan fails as well
  await tracing.check(place, { path: place, source: `${comments}\n${sql}`, query, columns });
}

const refusal = (error: unknown) => error instanceof CliError && error.exit === "build" && error.next !== undefined;

describe("a loader is refused that ships", () => {
  for (const [what, sql] of hostile)
    it(what, () => assert.rejects(check(sql), (error) => refusal(error) || String(error)));
  it("names the column, what it is made of, and what to do", () =>
    assert.rejects(
      check("select string_agg(upper(name), ', ') as labels from reps"),
      (error) =>
        error instanceof CliError &&
        /probe-\d+\.json\.sql ships "labels", which derives from reps\.name \(names\)/.test(error.message) &&
        /-- Personal: labels, because …/.test(error.next!),
    ));
});

describe("a loader passes that ships", () => {
  for (const [what, sql] of harmless) it(what, () => check(sql));
});

describe("the loaders of the kit", () => {
  it("pass, each of them", async () => {
    fixture.put("queue_wfm", "2026-09-01 05:15", [{ instance_ts: "2026-09-01T05:00:00Z", queue_name: "Billing" }]);
    await updateWarehouse(project);
    const fresh = await openCatalog(project);
    const own = openTracing(project);
    const files = new Map(listDatasets(project).map((dataset) => [dataset.file, dataset]));
    assert.ok(files.size >= 16);
    for (const [file, { name, sql, parameters }] of files) {
      const query = bindParameters(sql, parameters);
      const { rows } = await fresh.rows(`describe ${query}`);
      await own.check(file, {
        path: name,
        source: sql,
        query,
        columns: rows.map(([column]) => String(column)),
      });
    }
    await own.close();
    fresh.close();
  });
});

describe("a declaration", () => {
  const names = "select name as label, count(*) as n from reps group by 1";

  it("lets the column through that it names, or a feed's column", async () => {
    await check(names, "-- Personal: label, because the works council agreed");
    await check(names, "-- Personal: name, because the works council agreed");
  });

  it("lets no other through", async () => {
    const both = "select name as label, rep_id as id from reps";
    await assert.rejects(
      check(both, "-- Personal: label, because they agreed"),
      /"id", which derives from reps.rep_id/,
    );
  });

  it("needs a reason", () => {
    assert.throws(() => declarationsOf("days.json.sql", "-- Personal: label\nselect 1"), refusal);
    assert.throws(() => declarationsOf("days.json.sql", "-- Personal: label, because\nselect 1"), refusal);
    assert.deepEqual(declarationsOf("days.json.sql", "-- Personal: a, b, because they agreed, all of them"), [
      { columns: ["a", "b"], reason: "they agreed, all of them" },
    ]);
    assert.deepEqual(declarationsOf("days.json.sql", "select 1 -- Personal: a, because b"), []);
  });
});
