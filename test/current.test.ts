import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { emptyConfig } from "../src/config/config.ts";
import type { Project } from "../src/config/project.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteName, quoteText } from "../src/duckdb/quote.ts";
import type { Value } from "../src/duckdb/values.ts";
import type { Feed } from "../src/export/feed.ts";
import { orderTerm, unknownFeed } from "../src/export/registry.ts";
import { type CurrentOptions, type FeedUpdate, updateCurrent } from "../src/warehouse/current/current.ts";
import { parquetRelation, relationColumns, withProvenance } from "../src/warehouse/current/relation.ts";
import type { RelationColumn } from "../src/warehouse/dedupe/dedupe.ts";
import {
  type DaySnapshot,
  emptySnapshot,
  type Layout,
  type Snapshot,
  type StagedColumn,
} from "../src/warehouse/snapshot/snapshot.ts";
import { writeParquet } from "../src/warehouse/stage/inspect.ts";
import { keylessRows } from "../src/warehouse/stage/keyless.ts";
import { type Delivered, keyOf, type ModelRow, modelWinners } from "./dedupe-model.ts";
import fc from "./fast-check.ts";

let database: Database;
before(async () => {
  database = await openDatabase({ threads: 1 });
});
after(() => database.close());

const columns: RelationColumn[] = [
  { name: "id", type: "VARCHAR" },
  { name: "kind", type: "VARCHAR" },
  { name: "ts", type: "TIMESTAMP" },
  { name: "v", type: "BIGINT" },
  { name: "extra", type: "VARCHAR" },
];

function things(key: string[], order: string[], more: Partial<Feed> = {}): Feed {
  return { ...unknownFeed("things"), key, order: order.map(orderTerm), ...more };
}

/** Run -> its rows. A run is "2026-09-01 05". */
type State = Map<string, ModelRow[]>;

/** A warehouse whose staged files are written without raw files, so that many histories can be tried. */
class Bench {
  readonly data = mkdtempSync(join(tmpdir(), "asapp-current-"));
  readonly feed: Feed;
  columns = columns;
  snapshot: Snapshot = emptySnapshot();
  private state: State = new Map();
  private written = 0;

  constructor(feed: Feed) {
    this.feed = feed;
  }

  async update(state: State, options: CurrentOptions = {}): Promise<FeedUpdate | undefined> {
    const next = emptySnapshot();
    const days = [...new Set([...state.keys()].map((run) => run.slice(0, 10)))].sort();
    const old = new Map(this.snapshot.feeds.things?.days.map((day) => [day.dt, day]));
    const staged: DaySnapshot[] = [];
    const names = this.columns.map(({ name }) => name);
    const layouts: Layout[] = [];
    for (const dt of days) {
      const before = old.get(dt);
      const rows = deliveredOf(state, dt);
      const same = before && JSON.stringify(deliveredOf(this.state, dt)) === JSON.stringify(rows);
      const present = new Set(rows.flatMap(({ row }) => Object.keys(row)));
      layouts.push({ columns: this.columns, seen: names.filter((name) => present.has(name)), found: {} });
      const file = same ? before : rows.length > 0 ? await this.stage(dt, rows) : { staged: null };
      staged.push({
        dt,
        stamp: "",
        source: "",
        staged: file.staged,
        detail: "not kept",
        quarantine: null,
        current: null,
        ...(file.ranges ? { ranges: file.ranges } : {}),
        ...(file.keyless ? { keyless: file.keyless } : {}),
        rows: rows.length,
        quarantined: 0,
        currentRows: 0,
        layout: layouts.length - 1,
        ...(before ? { current: before.current, currentRows: before.currentRows } : {}),
        ...(before?.dedupe ? { dedupe: before.dedupe } : {}),
      });
    }
    next.feeds.things = {
      columns: stagedColumns(this.columns),
      rule: this.snapshot.feeds.things?.rule ?? "",
      rules: "",
      layouts,
      days: staged,
      changes: [],
    };
    const project: Project = {
      root: this.data,
      configFile: null,
      config: emptyConfig(this.data),
      feeds: new Map([["things", this.feed]]),
      data: this.data,
    };
    const { snapshot, updates } = await updateCurrent(project, this.snapshot, next, options);
    this.snapshot = snapshot;
    this.state = new Map(state);
    return updates[0];
  }

  /** Day -> name and bytes of its file of current; the name holds a hash of the bytes. */
  files(): Record<string, string> {
    const days = this.snapshot.feeds.things?.days ?? [];
    return Object.fromEntries(
      days.flatMap(({ dt, current }) =>
        current ? [[dt, `${current} ${readFileSync(join(this.data, current)).toString("base64")}`]] : [],
      ),
    );
  }

  /** The rows of current as the model has them, day by day, in the order of the files. */
  async rows(): Promise<{ dt: string; at: string; row: ModelRow }[]> {
    const found: { dt: string; at: string; row: ModelRow }[] = [];
    for (const { dt, current, currentRows } of this.snapshot.feeds.things?.days ?? []) {
      if (!current) continue;
      const relation = parquetRelation(
        this.data,
        [current],
        withProvenance(relationColumns(this.snapshot.feeds.things!)),
      );
      const rows = await database.objects<Record<string, Value>>(`select * from ${relation} where _run like '${dt}%'`);
      assert.equal(rows.length, currentRows);
      for (const { _file, _line, _run, _rescued, ...row } of rows)
        found.push({ dt, at: `${_run} ${_file} ${_line}`, row: row as ModelRow });
    }
    return found;
  }

  day(dt: string): DaySnapshot {
    return this.snapshot.feeds.things!.days.find((day) => day.dt === dt)!;
  }

  delete(): void {
    rmSync(this.data, { recursive: true, force: true });
  }

  private async stage(dt: string, rows: Delivered[]): Promise<Pick<DaySnapshot, "staged" | "ranges" | "keyless">> {
    const file = `staged/things/${dt}.${++this.written}.parquet`;
    mkdirSync(dirname(join(this.data, file)), { recursive: true });
    const all = withProvenance(this.columns);
    const values = rows.map(({ row, run, file, line }) => {
      const provenance: Record<string, Value> = { _file: file, _line: line, _run: run, _rescued: null };
      const cells = all.map(({ name, type }) => {
        const value = name in provenance ? provenance[name] : row[name];
        return value == null ? `null::${type}` : `${quoteText(String(value))}::${type}`;
      });
      return `(${cells.join(", ")})`;
    });
    const parquet = join(this.data, file);
    const written = await writeParquet(
      database,
      [`select * from (values ${values.join(", ")}) as t(${all.map(({ name }) => quoteName(name)).join(", ")})`],
      parquet,
    );
    const known = { key: this.feed, rescued: new Set<string>() };
    const keyless = await keylessRows(database, { parquet, written }, stagedColumns(this.columns), known);
    const ranges = all.flatMap(({ name }) => {
      const bounds = written.range(name);
      return bounds ? [[name, bounds] as const] : [];
    });
    return { staged: file, ranges: Object.fromEntries(ranges), ...(keyless ? { keyless } : {}) };
  }
}

function stagedColumns(of: readonly RelationColumn[]): StagedColumn[] {
  return of.map(({ name, type }) => ({
    name,
    type,
    key: name,
    documented: true,
    firstSeen: "2026-09-01",
    lastSeen: "2026-09-01",
  }));
}

function deliveredOf(state: State, dt?: string): Delivered[] {
  return [...state]
    .filter(([run]) => dt === undefined || run.startsWith(dt))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([run, rows]) => rows.map((row, i) => ({ row, run, file: `things/${run}/things.jsonl.gz`, line: i + 1 })));
}

async function withBench(feed: Feed, task: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench(feed);
  try {
    await task(bench);
  } finally {
    bench.delete();
  }
}

const byId = things(["id"], ["ts desc"]);

describe("current", () => {
  it("has one row per key, in the day file of the winner's own partition", () =>
    withBench(byId, async (bench) => {
      await bench.update(
        new Map([
          [
            "2026-09-01 05",
            [
              { id: "1", v: 1 },
              { id: "2", v: 1 },
            ],
          ],
          ["2026-09-02 05", [{ id: "1", v: 2 }]],
        ]),
      );
      const rows = await bench.rows();
      assert.deepEqual(
        rows.map(({ dt, row }) => [dt, row.id, row.v]),
        [
          ["2026-09-01", "2", 1],
          ["2026-09-02", "1", 2],
        ],
      );
    }));

  it("rewrites only the files that hold an affected key", () =>
    withBench(byId, async (bench) => {
      const state: State = new Map([
        ["2026-09-01 05", [{ id: "1", v: 1 }]],
        ["2026-09-08 05", [{ id: "2", v: 1 }]],
        ["2026-09-15 05", [{ id: "3", v: 1 }]],
      ]);
      await bench.update(state);
      const before = bench.files();
      const inode = (dt: string) => statSync(join(bench.data, bench.day(dt).current!)).ino;
      const inodes = [inode("2026-09-01"), inode("2026-09-15")];
      state.set("2026-09-15 06", [{ id: "2", v: 2 }]);
      const update = await bench.update(state, { incremental: true });
      assert.deepEqual(update, { feed: "things", rebuilt: null, changedKeys: 1, written: 2 });
      const now = bench.files();
      assert.equal(now["2026-09-01"], before["2026-09-01"]);
      assert.equal(now["2026-09-08"], undefined);
      assert.notEqual(now["2026-09-15"], before["2026-09-15"]);
      assert.equal(inode("2026-09-01"), inodes[0]);
      assert.ok(inode("2026-09-15") !== inodes[1]);
    }));

  it("has the small days of a week in one file, and a large one in its own", () =>
    withBench(byId, async (bench) => {
      const rows = (of: string, n: number) => Array.from({ length: n }, (_, i) => ({ id: `${of}${i}` }));
      const state: State = new Map([
        ["2026-09-06 05", rows("sunday", 1)],
        ["2026-09-07 05", rows("monday", 2)],
        ["2026-09-09 05", rows("wednesday", 2)],
        ["2026-09-10 05", rows("thursday", 1)],
      ]);
      const names = () =>
        ["06", "07", "09", "10"].map((day) => /things\/([^.]+)/.exec(bench.day(`2026-09-${day}`).current!)?.[1]);
      await bench.update(state, { smallDay: 3 });
      const week = "2026-09-07_week";
      assert.deepEqual(names(), ["2026-08-31_week", week, week, week]);
      state.set("2026-09-09 06", rows("more", 2));
      await bench.update(state, { smallDay: 3, incremental: true });
      assert.deepEqual(names(), ["2026-08-31_week", week, "2026-09-09", week]);
      assert.equal((await bench.rows()).length, 8);
      state.delete("2026-09-09 06");
      await bench.update(state, { smallDay: 3, incremental: true });
      assert.deepEqual(names(), ["2026-08-31_week", week, week, week]);
      assert.equal((await bench.rows()).length, 6);
    }));

  it("brings back what a removed or replaced partition had pushed aside", () =>
    withBench(byId, async (bench) => {
      const state: State = new Map([
        [
          "2026-09-01 05",
          [
            { id: "1", v: 1 },
            { id: "2", v: 1 },
          ],
        ],
        ["2026-09-02 05", [{ id: "1", v: 2 }]],
        ["2026-09-03 05", [{ id: "9", v: 9 }]],
      ]);
      await bench.update(state);
      state.delete("2026-09-02 05");
      await bench.update(state, { incremental: true });
      assert.deepEqual(
        (await bench.rows()).map(({ dt, row }) => [dt, row.id, row.v]),
        [
          ["2026-09-01", "1", 1],
          ["2026-09-01", "2", 1],
          ["2026-09-03", "9", 9],
        ],
      );
      state.set("2026-09-03 05", []);
      await bench.update(state, { incremental: true });
      assert.deepEqual(
        (await bench.rows()).map(({ row }) => row.id),
        ["1", "2"],
      );
    }));

  it("counts by day what decided, and for how many keys", () =>
    withBench(byId, async (bench) => {
      const t = (hour: number) => `2026-09-01T0${hour}:00:00Z`;
      await bench.update(
        new Map([
          [
            "2026-09-01 05",
            [
              { id: "order", ts: t(1) },
              { id: "run", ts: t(1) },
              { id: "alone", ts: t(1) },
              { id: "tie", ts: t(1) },
              { id: "tie", ts: t(1) },
            ],
          ],
          ["2026-09-01 06", [{ id: "order", ts: t(2) }, { id: "run", ts: t(1) }, { id: null }]],
          ["2026-09-02 06", [{ id: null }]],
        ]),
      );
      assert.deepEqual(bench.day("2026-09-01").dedupe, { order: 1, run: 1, tie: 1 });
      assert.deepEqual(bench.day("2026-09-02").dedupe, { order: 0, run: 1, tie: 0 });
    }));

  it("does nothing without news", () =>
    withBench(byId, async (bench) => {
      const state: State = new Map([["2026-09-01 05", [{ id: "1", v: 1 }]]]);
      await bench.update(state);
      assert.equal(await bench.update(state), undefined);
      assert.ok(!readdirSync(bench.data).includes("tmp"));
    }));

  it("starts anew when the rule or a type changes, when a file is gone, and when most is new", () =>
    withBench({ ...byId }, async (bench) => {
      const state: State = new Map([
        [
          "2026-09-01 05",
          [
            { id: "1", v: 1, extra: "1" },
            { id: "1", v: 2, kind: "b" },
          ],
        ],
        ["2026-09-02 05", [{ id: "2", v: 1 }]],
      ]);
      const reason = async () => (await bench.update(state))?.rebuilt;
      assert.equal(await reason(), "first load");
      bench.feed.key = ["id", "kind"];
      assert.equal(await reason(), "rule changed");
      assert.equal((await bench.rows()).length, 3);
      bench.columns = bench.columns.map((column) => (column.name === "v" ? { name: "v", type: "DOUBLE" } : column));
      assert.equal(await reason(), "type changed");
      rmSync(join(bench.data, bench.day("2026-09-02").current!));
      assert.equal(await reason(), "file missing");
      state.set("2026-09-03 05", [{ id: "3" }, { id: "4" }, { id: "5" }, { id: "6" }]);
      assert.equal(await reason(), "mostly new");
      assert.equal((await bench.rows()).length, 7);
    }));

  it("keeps older files when a column appears", () =>
    withBench(byId, async (bench) => {
      const state: State = new Map([
        ["2026-09-01 05", [{ id: "1", v: 1 }]],
        ["2026-09-02 05", [{ id: "2", v: 1 }]],
      ]);
      await bench.update(state);
      const before = bench.files();
      bench.columns = [...bench.columns, { name: "later", type: "BIGINT" }];
      state.set("2026-09-08 05", [{ id: "3", later: 7 }]);
      const update = await bench.update(state, { incremental: true });
      assert.equal(update?.rebuilt, null);
      assert.equal(bench.files()["2026-09-01"], before["2026-09-01"]);
      assert.deepEqual(
        (await bench.rows()).map(({ row }) => row.later),
        [null, null, 7],
      );
    }));

  it("keeps integers of 30 digits exact", () =>
    withBench(byId, async (bench) => {
      bench.columns = bench.columns.map((column) =>
        column.name === "v" ? { name: "v", type: "DECIMAL(38,0)" } : column,
      );
      const huge = 123456789012345678901234567890n;
      await bench.update(new Map([["2026-09-01 05", [{ id: "1", v: String(huge) }]]]));
      assert.equal((await bench.rows())[0]!.row.v, huge);
    }));

  it("holds only the newest run of a snapshot feed", () =>
    withBench(things(["id"], [], { latestOnly: true }), async (bench) => {
      const state: State = new Map([
        ["2026-09-01", [{ id: "1" }, { id: "2" }]],
        ["2026-09-02", [{ id: "1" }, { id: "3" }]],
      ]);
      await bench.update(state);
      assert.deepEqual(
        (await bench.rows()).map(({ dt, row }) => [dt, row.id]),
        [
          ["2026-09-02", "1"],
          ["2026-09-02", "3"],
        ],
      );
      state.delete("2026-09-02");
      await bench.update(state);
      assert.deepEqual(
        (await bench.rows()).map(({ dt, row }) => [dt, row.id]),
        [
          ["2026-09-01", "1"],
          ["2026-09-01", "2"],
        ],
      );
    }));
});

const value = fc.record(
  {
    id: fc.constantFrom("1", "2", "3", "4", null),
    kind: fc.constantFrom("a", "b", null),
    ts: fc.constantFrom("2026-09-01T01:00:00Z", "2026-09-01T02:00:00.5Z", null),
    v: fc.integer({ min: 0, max: 3 }),
    extra: fc.constantFrom("x", null),
  },
  { requiredKeys: ["id", "ts", "v"] },
) as fc.Arbitrary<ModelRow>;
const runs = ["2026-09-01", "2026-09-01 05", "2026-09-01 05:15", "2026-09-02 00", "2026-09-02 23", "2026-09-07 07"];
const change = fc.record({
  run: fc.constantFrom(...runs),
  rows: fc.oneof(
    { weight: 6, arbitrary: fc.array(value, { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
});
const rules: Feed[] = [
  things(["id"], ["ts desc"]),
  things(["id", "kind"], ["ts asc", "v desc"]),
  things(["id", "ts"], []),
  things(["kind"], ["coalesce(ts, absent) desc"]),
  things([], []),
  things(["gone", "id"], ["gone desc"], { renamed: { gone: "kind" } }),
  things(["id"], ["v desc"], { latestOnly: true }),
];

describe("current, for any history", () => {
  it("is what the model says, and has the same bytes as when all had come at once", async () => {
    const history = fc.record({
      rule: fc.nat(rules.length - 1),
      batches: fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
      bucketRows: fc.constantFrom(2, 1000),
      smallDay: fc.constantFrom(0, 3, 1000),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ rule, batches, bucketRows, smallDay }) => {
        const feed = rules[rule]!;
        await withBench(feed, async (bench) => {
          const state: State = new Map();
          for (const [i, batch] of batches.entries()) {
            for (const { run, rows } of batch) rows === null ? state.delete(run) : state.set(run, rows);
            await bench.update(state, { incremental: i % 3 !== 2, bucketRows, smallDay });
          }
          const expected = modelWinners(
            feed,
            deliveredOf(state),
            columns.map(({ name }) => name),
          );
          const found = await bench.rows();
          assert.deepEqual(
            found.map(({ dt, at }) => `${dt} ${at}`).sort(),
            expected.map(({ run, file, line }) => `${run.slice(0, 10)} ${run} ${file} ${line}`).sort(),
          );
          const rows = new Map(expected.map((each) => [`${each.run} ${each.file} ${each.line}`, each.row]));
          for (const { at, row } of found)
            for (const { name } of columns) assert.equal(row[name] ?? null, rows.get(at)![name] ?? null);
          await withBench(feed, async (fresh) => {
            await fresh.update(state, { smallDay });
            assert.deepEqual(bench.files(), fresh.files());
            for (const { dt, dedupe } of fresh.snapshot.feeds.things!.days)
              assert.deepEqual(bench.day(dt).dedupe, dedupe, `figures of ${dt}`);
          });
        });
      }),
      { numRuns: 25 },
    );
  });

  it("gives the same key to rows that the model takes for one", () => {
    assert.equal(keyOf({ id: null }, ["id"]), keyOf({}, ["id"]));
    assert.notEqual(keyOf({ id: "null" }, ["id"]), keyOf({ id: null }, ["id"]));
  });
});
