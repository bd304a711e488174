import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { serviceLevelVariants } from "../notebooks/components/metrics/service-level.ts";
import { namesOf } from "../src/base/names.ts";
import type { Database } from "../src/duckdb/database.ts";
import { orderTerm } from "../src/export/registry.ts";
import { type FeedSync, writeLastSync } from "../src/sync/last-sync.ts";
import { catalogDefinitions, definitionsIn, openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { readMacros } from "../src/warehouse/catalog/macros.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

let raw: RawFixture;
let catalog: Database;

before(async () => {
  raw = rawFixture((project) => {
    project.config.site.wfm.queue = {
      ...project.config.site.wfm.queue,
      wait_seconds: ["waited"],
      reps: [],
      abandons: ["gone"],
    };
    project.config.site.wfm.waitUnit = "minutes";
    project.config.timezone = "Europe/Berlin";
    project.feeds.set("reps", { ...project.feeds.get("reps")!, latestOnly: true });
  });
  const issue = (id: number, more: object) => ({
    issue_id: id,
    first_utterance_ts: "2026-09-01T04:59:00Z",
    ...more,
  });
  raw.put("convos_metrics", "2026-09-01 05", [
    issue(1, { total_handle_time: 60 }),
    issue(2, {}),
    "no json",
    issue(3, { total_handle_time: "long" }),
  ]);
  raw.put("convos_metrics", "2026-09-01 06", [issue(1, { total_handle_time: 90, brand_new: 7 })]);
  raw.put("convos_metrics", "2026-09-02 00", []);
  raw.put("queue_wfm", "2026-09-01 05:30", [
    { instance_ts: "2026-09-01 05:00:00", queue_name: "Queue Billing", total_assignments: 3, waited: 1.5 },
    {
      instance_ts: "2026-09-01T05:15:06.957+00:00",
      queue_name: "Queue Billing",
      total_assignments: "4",
      waited: null,
    },
  ]);
  raw.put("reps", "2026-09-01", [
    { rep_id: 1, name: "Rep 01" },
    { rep_id: 2, name: "Rep 02" },
  ]);
  raw.put("reps", "2026-09-02", [{ rep_id: 1, name: "Rep 01" }], { state: "replaced" });
  raw.put("odd_feed", "2026-09-01", [{ a: 1 }, { a: 1 }, { a: 2, b: [1] }]);
  await updateWarehouse(raw.project);
  const id = { feed: "convos_metrics", version: "1", format: "jsonl", dt: "2026-09-02", mi: null };
  writeLastSync(raw.project, {
    format: 1,
    source: "s3://bucket",
    startedAt: "2026-09-02T02:00:00.000Z",
    finishedAt: "2026-09-02T02:01:30.000Z",
    full: true,
    lastFull: "2026-09-02T02:00:00.000Z",
    outcome: "something new",
    feeds: namesOf(
      Object.entries<FeedSync>({
        convos_metrics: {
          version: "1",
          format: "jsonl",
          versions: ["1"],
          listedAs: "",
          waiting: 1,
          overdue: 0,
          failed: 1,
          encrypted: 0,
          unfinished: [
            { id: { ...id, hr: "01" }, state: "failed", reason: "checksum" },
            { id: { ...id, hr: "02" }, state: "waiting", reason: "no marker" },
          ],
        },
      }),
    ),
  });
  catalog = await openCatalog(raw.project, { threads: 2 });
});
after(() => {
  catalog.close();
  raw.delete();
});

const rows = async (sql: string) => (await catalog.rows(sql)).rows;

describe("the catalog's feeds", () => {
  it("shows every row as raw.<feed>, and one row per key as <feed>", async () => {
    assert.deepEqual(
      await rows(
        "select issue_id, total_handle_time, brand_new, _line, _run from raw.convos_metrics order by _run, _line",
      ),
      [
        ["1", 60, null, 1, "2026-09-01 05"],
        ["2", null, null, 2, "2026-09-01 05"],
        ["3", null, null, 4, "2026-09-01 05"],
        ["1", 90, 7, 1, "2026-09-01 06"],
      ],
    );
    assert.deepEqual(await rows("select issue_id, total_handle_time, _rescued from convos_metrics order by issue_id"), [
      ["1", 90, null],
      ["2", null, null],
      ["3", null, '{"total_handle_time":"long"}'],
    ]);
  });

  it("has a feed that no registry knows, whole rows being its key", async () => {
    assert.deepEqual(await rows("select a, b from odd_feed order by a"), [
      [1, null],
      [2, "[1]"],
    ]);
  });

  it("shows only the newest run of a snapshot feed", async () => {
    assert.deepEqual(await rows("select rep_id from reps"), [["1"]]);
    assert.deepEqual(await rows("select count(*) from raw.reps"), [[3]]);
  });

  it("has every documented feed, typed and empty where nothing was synced", async () => {
    for (const { name, columns } of raw.project.feeds.values()) {
      const { columns: found, rows } = await catalog.rows(`select * from "${name}" limit 1`);
      for (const { name: column, type } of columns)
        assert.ok(
          found.some((each) => each.name === column && each.type === type),
          `${name}.${column}`,
        );
      const here = ["convos_metrics", "queue_wfm", "reps"].includes(name);
      assert.equal(rows.length, here ? 1 : 0, name);
    }
  });

  it("shows all that there is to whoever asks for a list", async () => {
    const names = await rows("select table_schema || '.' || table_name from information_schema.tables order by 1");
    const all = names.flat();
    for (const name of ["main.convos_metrics", "raw.odd_feed", "kit.feeds", "wfm.rep_windows", "main.utterances"])
      assert.ok(all.includes(name), name);
    const fresh = await openCatalog(raw.project);
    assert.ok((await fresh.rows("show all tables")).rows.length >= all.length);
    fresh.close();
  });

  it("finds a name that the query puts together itself, and names what is close to a wrong one", async () => {
    const fresh = await openCatalog(raw.project);
    assert.deepEqual((await fresh.rows("select count(*) from query_table('odd' || '_feed')")).rows, [[2]]);
    fresh.close();
    const other = await openCatalog(raw.project);
    await assert.rejects(other.rows("select * from convos_metricz"), /convos_metrics/);
    other.close();
  });

  it("creates what a query names, and nothing for words that are names of its own", () => {
    const definitions = catalogDefinitions(raw.project, loadSnapshot(raw.project.data));
    const named = (sql: string) => definitionsIn(sql, definitions);
    assert.deepEqual(named("with days as (select 1 as files from kit.settings) from days"), ["kit.settings"]);
    assert.deepEqual(named('from "kit" . "files", raw.reps').sort(), ["kit.files", "main.reps", "raw.reps"]);
    assert.equal(named("use kit; from files").length, definitions.size);
  });

  it("finds a table by its name alone after use", async () => {
    const own = await openCatalog(raw.project);
    const { rows } = await own.rows("use kit; select count(*) > 0 from files");
    own.close();
    assert.deepEqual(rows, [[true]]);
  });

  it("answers through pivots, several statements, and connections at once", async () => {
    const fresh = await openCatalog(raw.project);
    const links = await Promise.all([1, 2, 3].map(() => fresh.connect()));
    const answers = await Promise.all(
      links.map((link) => link.rows("select count(*) from convos_metrics join raw.reps on true")),
    );
    assert.deepEqual(
      answers.map((answer) => answer.rows[0]![0]),
      [9, 9, 9],
    );
    assert.equal((await fresh.rows("set variable n = 1; select count(*) from odd_feed")).rows[0]![0], 2);
    assert.equal(
      (await fresh.rows("pivot queue_wfm on queue_name using sum(total_assignments)")).rows.length > 0,
      true,
    );
    for (const link of links) link.close();
    fresh.close();
  });

  it("goes on showing what it was opened on, whatever is synced meanwhile", async () => {
    const other = rawFixture();
    other.put("dim_queues", "2026-09-01 05", [{ queue_key: "a", queue_name: "Queue A" }]);
    await updateWarehouse(other.project, { now: new Date("2026-09-01T06:00:00Z") });
    const before = await openCatalog(other.project);
    other.put("dim_queues", "2026-09-01 06", [{ queue_key: "a", queue_name: "Queue B" }]);
    await updateWarehouse(other.project, { now: new Date("2026-09-01T06:05:00Z") });
    const since = await openCatalog(other.project);
    const name = async (from: Database) => (await from.rows("select queue_name from dim_queues")).rows[0]![0];
    assert.equal(await name(before), "Queue A");
    assert.equal(await name(since), "Queue B");
    await updateWarehouse(other.project, { now: new Date("2026-09-01T07:00:00Z") });
    assert.equal(await name(since), "Queue B");
    before.close();
    since.close();
    other.delete();
  });
});

describe("the catalog's tables about the data", () => {
  it("sums up each feed", async () => {
    const [convos] = await catalog.objects("select * exclude (doc) from kit.feeds where feed = 'convos_metrics'");
    assert.deepEqual(convos, {
      feed: "convos_metrics",
      kind: "conversation",
      documented: true,
      cadence_minutes: 60,
      partitions: 5,
      complete: 2,
      empty: 1,
      replaced: 0,
      expired: 0,
      waiting: 1,
      overdue: 0,
      failed: 1,
      encrypted: 0,
      rows_delivered: 4,
      rows: 3,
      duplicates: 1,
      ties: 0,
      quarantined: 1,
      rescued: 1,
      first_day: "2026-09-01",
      last_day: "2026-09-02",
      data_through: "2026-09-02T01:00:00Z",
      version: "1",
      unlisted: null,
      suspect: null,
    });
    assert.deepEqual(await rows("select data_through, suspect from kit.feeds where feed = 'queue_wfm'"), [
      ["2026-09-01T05:30:00Z", "key column not delivered: rep_id"],
    ]);
    assert.deepEqual(await rows("select data_through, rows from kit.feeds where feed = 'utterances'"), [[null, 0]]);
    assert.equal((await rows("select count(*) from kit.feeds"))[0]![0], raw.project.feeds.size + 1);
  });

  it("lists partitions, here or not finished", async () => {
    assert.deepEqual(
      await rows(
        "select dt, run, state, files, lines, reason from kit.partitions where feed = 'convos_metrics' order by run",
      ),
      [
        ["2026-09-01", "2026-09-01 05", "complete", 1, 4, null],
        ["2026-09-01", "2026-09-01 06", "complete", 1, 1, null],
        ["2026-09-02", "2026-09-02 00", "empty", 0, 0, null],
        ["2026-09-02", "2026-09-02 01", "failed", 0, 0, "checksum"],
        ["2026-09-02", "2026-09-02 02", "waiting", 0, 0, "no marker"],
      ],
    );
    assert.deepEqual(
      await rows(
        "select dt, complete, empty, failed, waiting, rows from kit.days where feed = 'convos_metrics' order by dt",
      ),
      [
        ["2026-09-01", 2, 0, 0, 0, 3],
        ["2026-09-02", 0, 1, 1, 1, 0],
      ],
    );
  });

  it("accounts for every line of every file", async () => {
    assert.deepEqual(
      await rows(
        "select run, lines, blank, rows, quarantined, bytes > 0, length(md5) from kit.files where feed = 'convos_metrics' order by run",
      ),
      [
        ["2026-09-01 05", 4, 0, 3, 1, true, 32],
        ["2026-09-01 06", 1, 0, 1, 0, true, 32],
      ],
    );
    assert.deepEqual(await rows("select feed, dt, line, text from kit.quarantine"), [
      ["convos_metrics", "2026-09-01", 3, "no json"],
    ]);
  });

  it("tells what the dedupe did, by day and by feed", async () => {
    assert.deepEqual(
      await rows(
        "select dt, rows_delivered, rows, duplicates, by_order, by_run, by_tie from kit.dedupe where feed = 'convos_metrics' order by dt",
      ),
      [
        ["2026-09-01", 4, 3, 1, 0, 1, 0],
        ["2026-09-02", 0, 0, 0, 0, 0, 0],
      ],
    );
    assert.deepEqual(
      await rows(
        `select "key", "order", absent, by_run from kit.keys where feed in ('queue_wfm', 'odd_feed') order by feed`,
      ),
      [
        ["whole rows", "the run", null, 0],
        ["instance_ts, queue_name", "instance_ts desc, the run", "rep_id", 0],
      ],
    );
  });

  it("lists columns and how they changed", async () => {
    assert.deepEqual(
      await rows(
        "select type, documented, first_seen, personal from kit.columns where feed = 'convos_metrics' and \"column\" in ('brand_new', 'issue_id') order by position",
      ),
      [
        ["VARCHAR", true, "2026-09-01", "id"],
        ["BIGINT", false, "2026-09-01", null],
      ],
    );
    assert.deepEqual(
      await rows(
        `select dt, change, "to" from kit.schema_changes where feed = 'convos_metrics' and "column" = 'brand_new'`,
      ),
      [["2026-09-01", "new_column", "BIGINT"]],
    );
  });

  it("holds the settings, the last sync and the macros", async () => {
    assert.deepEqual(await rows("select title, timezone, service_level_target, wait_unit from kit.settings"), [
      ["ASAPP Messaging", "Europe/Berlin", 0.8, "minutes"],
    ]);
    assert.deepEqual(await rows("select source, finished_at, outcome from kit.sync"), [
      ["s3://bucket", "2026-09-02T02:01:30Z", "something new"],
    ]);
    assert.deepEqual(await rows("select count(*) from kit.macros"), [[readMacros().length]]);
    assert.deepEqual(await rows("select ratio(3, 4)"), [[0.75]]);
  });

  it("has every name in a transaction too, and macros that a query puts together itself", async () => {
    const fresh = await openCatalog(raw.project);
    const first = async (sql: string) => (await fresh.rows(sql)).rows[0];
    assert.deepEqual(await first("select * from query('select as' || 'a(4500, 300)')"), [15]);
    await fresh.run("begin");
    assert.deepEqual(await first("select count(*) from utterances"), [0]);
    assert.deepEqual(await first("select count(*) > 0 from convos_metrics"), [true]);
    assert.deepEqual(await first('select "Ratio"(3, 4)'), [0.75]);
    await fresh.run("commit");
    fresh.close();
  });
});

describe("the catalog's WFM views", () => {
  it("have the customer's columns under the kit's names, and null where there is none", async () => {
    assert.deepEqual(
      await rows(
        "select instance_ts, queue_name, assignments, abandons, wait_seconds, reps, handle_seconds from wfm.queue_windows order by 1",
      ),
      [
        ["2026-09-01T05:00:00Z", "Queue Billing", 3, null, 90, null, null],
        ["2026-09-01T05:15:06.957Z", "Queue Billing", 4, null, null, null, null],
      ],
    );
    assert.deepEqual(
      await rows(
        `select metric, "column", delivered from kit.wfm_columns where view = 'queue_windows' order by metric limit 3`,
      ),
      [
        ["abandons", "gone", false],
        ["assignments", "total_assignments", true],
        ["handle_seconds", "avg_handle_time_seconds", false],
      ],
    );
    const { columns } = await catalog.rows("from wfm.rep_windows");
    assert.deepEqual(columns.slice(-3), [
      { name: "utilized_available", type: "DOUBLE" },
      { name: "utilized_busy", type: "DOUBLE" },
      { name: "contradicts", type: "BOOLEAN" },
    ]);
  });
});

describe("the catalog's forecast and schedule", () => {
  it("are typed and empty without a file", async () => {
    const forecast = await catalog.rows("from wfm.forecast");
    assert.deepEqual(forecast.rows, []);
    assert.deepEqual(forecast.columns, [
      { name: "queue", type: "VARCHAR" },
      { name: "window_start", type: "TIMESTAMP" },
      { name: "contacts", type: "DOUBLE" },
      { name: "aht_seconds", type: "DOUBLE" },
    ]);
    const { columns } = await catalog.rows("from wfm.schedule");
    assert.deepEqual(columns.at(-1), { name: "scheduled_fte", type: "DOUBLE" });
  });
});

describe("a rep's windows", () => {
  it("have the queue's name from dim_queues where the feed has none", async () => {
    const fixture = rawFixture();
    const window = { instance_ts: "2026-09-01 05:00:00", company_id: 1, rep_id: 7, lin_logged_in_min: 15 };
    fixture.put("queue_membership_wfm", "2026-09-01 05:30", [
      { ...window, queue_id: 4 },
      { ...window, queue_id: 5 },
    ]);
    fixture.put("dim_queues", "2026-09-01 05", [{ queue_key: 1, queue_id: 4, queue_name: "Old" }]);
    fixture.put("dim_queues", "2026-09-01 06", [{ queue_key: 2, queue_id: 4, queue_name: "Queue Billing" }]);
    await updateWarehouse(fixture.project);
    const named = await openCatalog(fixture.project);
    const { rows: found } = await named.rows("select queue_id, queue_name, logged_in from wfm.rep_windows order by 1");
    assert.deepEqual(found, [
      ["4", "Queue Billing", 15],
      ["5", null, 15],
    ]);
    named.close();
    fixture.delete();
  });
});

describe("the history of queues", () => {
  it("counts a wait of just the threshold as within it, and as no short one", async () => {
    const fixture = rawFixture();
    const visit = (issue: number, wait: number, abandoned: boolean) => ({
      issue_id: issue,
      company_marker: "acme",
      rep_id: abandoned ? null : 7,
      queue_id: 4,
      queue_name: "Queue Billing",
      enter_queue_ts: "2026-09-01T05:00:00Z",
      exit_queue_ts: "2026-09-01T05:05:00Z",
      abandoned,
      enqueue_time: wait,
    });
    const left = [4.9, 5, 60, 60.5].map((wait, i) => visit(i, wait, true));
    const served = [60, 60.5].map((wait, i) => visit(10 + i, wait, false));
    fixture.put("issue_queues", "2026-09-01 05", [...left, ...served]);
    fixture.put(
      "rep_convos",
      "2026-09-01 05",
      served.map(({ issue_id }) => ({
        issue_id,
        rep_id: 7,
        queue_id: 4,
        issue_assigned_ts: "2026-09-01T05:05:00Z",
        handle_time_seconds: 90,
      })),
    );
    await updateWarehouse(fixture.project);
    const parts: Record<string, unknown> = {};
    for (const variant of serviceLevelVariants) {
      fixture.project.config.site.serviceLevel.variant = variant;
      const history = await openCatalog(fixture.project);
      const { rows } = await history.rows(
        "select offered, abandoned, good, base from history.queue_windows where queue = 'Queue Billing'",
      );
      parts[variant] = rows;
      history.close();
    }
    assert.deepEqual(parts, {
      offered: [[6, 4, 1, 6]],
      answered_only: [[6, 4, 1, 2]],
      exclude_abandons: [[6, 4, 1, 3]],
      credit_abandons: [[6, 4, 4, 6]],
      credit_short_abandons: [[6, 4, 2, 6]],
      exclude_short_abandons: [[6, 4, 1, 5]],
    });
    fixture.delete();
  });
});

describe("the catalog's walls", () => {
  const refused = (sql: string) => assert.rejects(catalog.rows(sql, { readOnly: true }), sql);

  it("let a query read the data folder and nothing else", async () => {
    const inside = join(raw.project.data, "manifest/reps/2026-09-01.json");
    assert.equal((await rows(`select count(*) from read_text('${inside}')`))[0]![0], 1);
    await refused("select * from read_text('/etc/passwd')");
    await refused("select * from glob('/*')");
    await refused("select * from read_csv('/etc/passwd')");
    await refused("attach '/tmp/other.duckdb'");
    await refused("copy reps to '/tmp/reps.csv'");
    await refused(`copy reps to '${join(raw.project.data, "reps.csv")}'`);
    await refused("install httpfs");
    await refused("set enable_external_access = true");
    await refused("set allowed_directories = ['/']");
  });

  it("let a query make tables of its own, in memory only", async () => {
    const fresh = await openCatalog(raw.project);
    const found = await fresh.rows("create table mine as select * from odd_feed; select count(*) from mine", {
      readOnly: true,
    });
    assert.deepEqual(found.rows, [[2]]);
    await assert.rejects(fresh.rows("insert into odd_feed values (1)", { readOnly: true }));
    fresh.close();
  });

  it("open on a data folder that is not there", async () => {
    const empty = rawFixture((project) =>
      project.feeds.set("ordered", {
        ...project.feeds.get("reps")!,
        name: "ordered",
        order: [orderTerm("rep_id asc")],
      }),
    );
    rmSync(empty.project.data, { recursive: true, force: true });
    const nothing = await openCatalog(empty.project);
    assert.deepEqual((await nothing.rows("select sum(rows), count(*) from kit.feeds")).rows, [
      [0, empty.project.feeds.size],
    ]);
    for (const name of ["days", "partitions", "files", "quarantine", "dedupe", "schema_changes", "row_counts", "sync"])
      assert.deepEqual((await nothing.rows(`select count(*) from kit.${name}`)).rows, [[0]], name);
    nothing.close();
    empty.delete();
  });
});
