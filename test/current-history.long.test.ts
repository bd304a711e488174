import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { TypeChange } from "../src/config/config.ts";
import type { Project } from "../src/config/project.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { orderTerm, unknownFeed } from "../src/export/registry.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { viewsScript } from "../src/warehouse/catalog/views.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import { type Delivered, type ModelRow, modelWinners } from "./dedupe-model.ts";
import fc from "./fast-check.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";
import { documentedColumn } from "./stage-kit.ts";
import { ended } from "./wait.ts";
import { sameRows } from "./warehouse-rows.ts";

const names = ["id", "queue", "ts", "n", "note", "later"];
const types: Record<string, string> = { ts: "TIMESTAMP", n: "BIGINT" };
const feed = {
  ...unknownFeed("things"),
  key: ["id", "queue"],
  order: [orderTerm("ts desc")],
  columns: names.slice(0, 5).map((name) => documentedColumn(name, types[name] ?? "VARCHAR")),
};

/** A line of JSON, and the row it stands for; null where it stands for none. */
interface Line {
  text: string;
  row: ModelRow | null;
}

const row = fc.record(
  {
    id: fc.constantFrom("1", "2", "3", null),
    queue: fc.constantFrom("Billing", null),
    ts: fc.constantFrom("2026-09-01T01:00:00Z", "2026-09-01T02:00:00.5Z", null),
    n: fc.integer({ min: 0, max: 2 }),
    later: fc.constantFrom("x", null),
  },
  { requiredKeys: ["id", "ts", "n"] },
) as fc.Arbitrary<ModelRow>;
const line: fc.Arbitrary<Line> = fc.oneof(
  { weight: 12, arbitrary: row.map((values) => ({ text: JSON.stringify(values), row: values })) },
  { weight: 1, arbitrary: fc.constant({ text: '{"id":"1","n":', row: null }) },
  { weight: 1, arbitrary: fc.constant({ text: "", row: null }) },
  { weight: 1, arbitrary: row.map((v) => ({ text: `{"n":9,${JSON.stringify(v).slice(1)}`, row: v })) },
);
const runs = ["2026-09-01", "2026-09-01 05", "2026-09-01 05:15", "2026-09-02 00", "2026-09-03 07"];
const event = fc.record({
  run: fc.constantFrom(...runs),
  // one file, two files, an empty partition, a partition taken away
  files: fc.oneof(
    { weight: 5, arbitrary: fc.array(fc.array(line, { maxLength: 5 }), { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
});
type Event = { run: string; files: Line[][] | null };

describe("the warehouse, for any history of partitions", () => {
  it("equals the model, the views over the raw files, and itself when loaded at once in another order", async () => {
    const history = fc.record({
      batches: fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 3 }),
      order: fc.infiniteStream(fc.nat()),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ batches, order }) => {
        const raw = newProject();
        const fresh = newProject();
        try {
          const state = new Map<string, Event>();
          for (const batch of batches) {
            for (const each of batch) apply(raw, state, each as Event);
            await updateWarehouse(raw.project, { incremental: true });
          }
          const last = shuffled([...state.values()], order);
          for (const each of last.slice(1)) apply(fresh, new Map(), each);
          await updateWarehouse(fresh.project);
          for (const each of last.slice(0, 1)) apply(fresh, new Map(), each);
          await updateWarehouse(fresh.project, { incremental: true });
          assert.deepEqual(currentFiles(raw.project), currentFiles(fresh.project));
          await compare(raw.project, [...state.values()]);
        } finally {
          raw.delete();
          fresh.delete();
        }
      }),
      { numRuns: 12 },
    );
  });
});

// What may come under one key, some of it only now and then: each pair of them must end alike in any order.
const anything = [
  "1",
  "-0",
  "2.5",
  "1e3",
  "9007199254740993",
  "1152921504606846976",
  "18446744073709551616",
  "123456789012345678901234567890",
  "0.1234567890123456789012",
  "1e300",
  "1e999",
  "NaN",
  "true",
  '"5"',
  '"true"',
  '"2026-09-01"',
  '"2026-09-01T05:15:00Z"',
  '"2026-02-30 00:00:00"',
  '"x"',
  '""',
  ...['"2026-09-01 05:15:00.1234567"', '"2026-9-1 5:15:00"', '{"a":[1,2.50]}', "[]", '"\\ud800"', "null"],
];
const keys = ["id", "n", "d", "b", "x", "later", "Later", "LATER", "later_1", "N", "_run", "x_id", "k\u0000"];
const mixed = fc.record({
  run: fc.constantFrom("2026-09-01", "2026-09-01 05", "2026-09-01 06", "2026-09-02 05", "2026-09-03 05:15"),
  lines: fc.array(
    fc
      .array(fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...anything)), { minLength: 1, maxLength: 4 })
      .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`),
    { minLength: 1, maxLength: 3 },
  ),
});
const mixedFeed = {
  ...feed,
  key: ["id"],
  order: [],
  columns: Object.entries({ id: "VARCHAR", n: "BIGINT", d: "DATE", b: "BOOLEAN" }).map(([name, type]) =>
    documentedColumn(name, type),
  ),
};

describe("columns of any names and types", () => {
  it("end with the same names, types, history and bytes, whatever comes first", async () => {
    const history = fc.record({
      partitions: fc.uniqueArray(mixed, { minLength: 2, maxLength: 5, selector: ({ run }) => run }),
      orders: fc.infiniteStream(fc.nat()),
      batch: fc.integer({ min: 1, max: 3 }),
      onTypeChange: fc.constantFrom<TypeChange>("widen", "rescue"),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ partitions, orders, batch, onTypeChange }) => {
        const ends: unknown[] = [];
        for (const size of [partitions.length, batch, 1]) {
          const raw = rawFixture((project) => {
            project.feeds.set("things", mixedFeed);
            project.config.schema.onTypeChange = onTypeChange;
          });
          try {
            const order = shuffled(partitions, orders);
            for (let i = 0; i < order.length; i += size) {
              for (const { run, lines } of order.slice(i, i + size)) raw.put("things", run, lines);
              assert.deepEqual((await updateWarehouse(raw.project, { incremental: true })).failed, []);
            }
            const { columns, changes } = loadSnapshot(raw.project.data).feeds.things!;
            ends.push([columns, changes, currentFiles(raw.project)]);
            const { differences } = await verifyFeed(raw.project, "things");
            assert.deepEqual(differences, []);
          } finally {
            raw.delete();
          }
        }
        assert.deepEqual(ends[1], ends[0]);
        assert.deepEqual(ends[2], ends[0]);
      }),
      { numRuns: Number(process.env.ASAPP_KIT_RUNS ?? 4) },
    );
  });
});

describe("the warehouse, run after run", () => {
  it("writes nothing without news, also when a run failed in between", async () => {
    const raw = newProject();
    try {
      raw.put("things", "2026-09-01 05", [{ id: "1", n: 1 }, "no json"]);
      raw.put("things", "2026-09-02 05", []);
      await updateWarehouse(raw.project, { now: new Date("2026-09-02T06:00:00Z") });
      const before = tree(raw.project.data);
      const report = await updateWarehouse(raw.project, { now: new Date("2026-09-02T07:00:00Z") });
      assert.deepEqual([report.changed, report.days, report.feeds, report.failed], [[], [], [], []]);
      assert.deepEqual(tree(raw.project.data), before);
      raw.put("things", "2026-09-02 06", [{ id: "2", n: 1 }], { spoil: (bytes) => bytes.subarray(0, 12) });
      assert.equal((await updateWarehouse(raw.project)).failed.length, 1);
      raw.put("things", "2026-09-02 06", [{ id: "2", n: 1 }]);
      assert.equal((await updateWarehouse(raw.project)).failed.length, 0);
      await compare(
        raw.project,
        [
          { run: "2026-09-01 05", files: [[{ text: "", row: { id: "1", n: 1 } }]] },
          { run: "2026-09-02 06", files: [[{ text: "", row: { id: "2", n: 1 } }]] },
        ],
        "things.jsonl.gz",
      );
    } finally {
      raw.delete();
    }
  });

  it("makes anew what was deleted by hand, byte for byte, and says what it cannot", async () => {
    const raw = newProject();
    const { data } = raw.project;
    try {
      raw.put("things", "2026-09-01 05", [{ id: "1", n: 1 }, "no json"]);
      raw.put("things", "2026-09-02 05", [
        { id: "1", n: 2 },
        { id: "2", n: 1 },
      ]);
      await updateWarehouse(raw.project);
      const built = () =>
        ["staged", "current", "quarantine"]
          .flatMap((layer) => readdirSync(join(data, layer, "things")).map((name) => join(layer, "things", name)))
          .map((name) => `${name} ${readFileSync(join(data, name)).toString("base64")}`);
      const before = built();
      const files = before.map((line) => line.split(" ", 1)[0]!);
      for (const lost of [...files.map((file) => [file]), files, files.filter((file) => /09-02/.test(file))]) {
        for (const file of lost) rmSync(join(data, file));
        assert.deepEqual((await updateWarehouse(raw.project)).failed, []);
        assert.deepEqual(built(), before, `without ${lost}`);
      }
      const ofTheFirst = files.filter((file) => /^staged.*09-01/.test(file));
      for (const file of [...ofTheFirst, "raw/things/version=1/format=jsonl/dt=2026-09-01/hr=05"])
        rmSync(join(data, file), { recursive: true });
      for (let time = 0; time < 2; time++) {
        const [failed, ...others] = (await updateWarehouse(raw.project)).failed;
        assert.match(failed!.reason, /dt=2026-09-01.*it does not exist/);
        assert.deepEqual(others, []);
        await compare(
          raw.project,
          [
            {
              run: "2026-09-02 05",
              files: [["1", "2"].map((id, i) => ({ text: "", row: { id, n: 2 - i } }))],
            },
          ],
          "things.jsonl.gz",
        );
      }
    } finally {
      raw.delete();
    }
  });

  it("gives a day of several row groups the same bytes, sorted from two sides or taken as staged", async () => {
    const [grown, fresh] = [newProject(), newProject()];
    try {
      const part = (from: number) => rowsOf(90_000, (i) => ({ id: String((from + i) % 170_000), n: from }));
      for (const { put } of [grown, fresh]) {
        put("things", "2026-09-01 05", part(0));
        put(
          "things",
          "2026-09-02 05",
          rowsOf(90_000, (i) => ({ id: `other ${i}`, n: 1 })),
        );
      }
      await updateWarehouse(grown.project);
      for (const { put } of [grown, fresh]) put("things", "2026-09-01 06", part(80_000));
      assert.equal((await updateWarehouse(grown.project, { incremental: true })).feeds[0]!.rebuilt, null);
      await updateWarehouse(fresh.project);
      assert.deepEqual(currentFiles(grown.project), currentFiles(fresh.project));
      const { currentRows } = loadSnapshot(fresh.project.data).feeds.things!.days[0]!;
      assert.ok(currentRows > 122_880);
    } finally {
      grown.delete();
      fresh.delete();
    }
  });

  it("ends as an undisturbed run does, wherever it is killed", async () => {
    const [killed, calm] = [rawFixture(), rawFixture()];
    try {
      const day = (dt: string, version: number) => {
        for (const { put } of [killed, calm])
          put(
            "issue_queues",
            `${dt} 0${version}`,
            rowsOf(400, (i) => ({ issue_id: i % 90, queue_id: i % 7, enqueue_time: version })),
          );
      };
      for (let version = 1; version < 5; version++) {
        for (let i = 1; i < 5; i++) day(`2026-09-0${i}`, version);
        for (const after of [60, 140, 220]) await killedUpdate(killed.project.root, after * version);
        await updateWarehouse(killed.project);
        await updateWarehouse(calm.project);
        assert.deepEqual(currentFiles(killed.project, "issue_queues"), currentFiles(calm.project, "issue_queues"));
      }
      const files = (project: Project) => readdirSync(join(project.data, "current/issue_queues")).sort();
      await updateWarehouse(killed.project, { now: new Date(Date.now() + 3_600_000) });
      await updateWarehouse(calm.project, { now: new Date(Date.now() + 3_600_000) });
      assert.deepEqual(files(killed.project), files(calm.project));
    } finally {
      killed.delete();
      calm.delete();
    }
  });

  it("spells values as delivered when their column turns out to be text, whichever day came first", async () => {
    const days: [string, object][] = [
      ["2026-09-01 05", { id: "1", found: "2026-09-01T05:15:00Z", other: true }],
      ["2026-09-02 05", { id: "2", found: "n/a", other: "maybe" }],
      ["2026-09-03 05", { id: "3", found: 5.5, other: null }],
    ];
    const seen = new Set<string>();
    for (const order of [days, [...days].reverse()]) {
      const raw = newProject();
      try {
        for (const [run, row] of order) {
          raw.put("things", run, [row]);
          await updateWarehouse(raw.project, { incremental: true });
        }
        seen.add(JSON.stringify(currentFiles(raw.project)));
        const catalog = await openCatalog(raw.project);
        const { rows } = await catalog.rows("select found, other from things order by id");
        catalog.close();
        assert.deepEqual(rows, [
          ["2026-09-01T05:15:00Z", "true"],
          ["n/a", "maybe"],
          ["5.5", null],
        ]);
      } finally {
        raw.delete();
      }
    }
    assert.equal(seen.size, 1);
  });
});

function rowsOf(count: number, row: (i: number) => object): object[] {
  return Array.from({ length: count }, (_, i) => row(i));
}

/** Starts an update in a process of its own and kills it that many milliseconds after it began. */
async function killedUpdate(root: string, after: number): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("update-child.js", import.meta.url)), root]);
  child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), after));
  await ended("a killed update", child);
}

function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => `${file} ${statSync(file).mtimeMs} ${statSync(file).ino}`)
    .sort();
}

function newProject(): RawFixture {
  return rawFixture((project) => project.feeds.set("things", feed));
}

function apply(raw: RawFixture, state: Map<string, Event>, change: Event): void {
  const { run, files } = change;
  raw.remove("things", run);
  state.delete(run);
  if (files === null) return;
  const named = files.map((lines, i) => [`things.jsonl.0${i}.gz`, lines.map(({ text }) => text)]);
  raw.put("things", run, Object.fromEntries(named) as Record<string, string[]>);
  state.set(run, change);
}

function shuffled<T>(values: T[], order: fc.Stream<number>): T[] {
  const left = [...values];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(order.next().value! % left.length, 1));
  return result;
}

function currentFiles(project: Project, feed = "things"): string[] {
  const days = loadSnapshot(project.data).feeds[feed]?.days ?? [];
  return days.flatMap(({ current, dedupe }) =>
    current
      ? [`${current} ${JSON.stringify(dedupe)} ${readFileSync(join(project.data, current)).toString("base64")}`]
      : [],
  );
}

async function compare(project: Project, state: Event[], file?: string): Promise<void> {
  const catalog = await openCatalog(project, { threads: 1 });
  const other = await openDatabase({ threads: 2 });
  try {
    await other.run(await viewsScript(project, { feeds: ["things"] }));
    const delivered = state.flatMap((event) => deliveredBy(event, file));
    assert.equal(await sameRows(catalog, other, "raw.things"), delivered.length);
    const expected = modelWinners(feed, delivered, names);
    assert.equal(await sameRows(catalog, other, "things"), expected.length);
    const found = await catalog.objects<Record<string, string | number>>("select * from things");
    assert.deepEqual(
      found.map((each) => [each._run, each._file, each._line, each.id, each.n]).sort(),
      expected.map(({ run, file, line, row }) => [run, file, line, row.id ?? null, row.n]).sort(),
    );
  } finally {
    catalog.close();
    other.close();
  }
}

function deliveredBy({ run, files }: Event, name?: string): Delivered[] {
  const [, dt, hr, mi] = /^(\S+)(?: (\d\d)(?::(\d\d))?)?$/.exec(run)!;
  const folder = `things/version=1/format=jsonl/dt=${dt}${hr ? `/hr=${hr}` : ""}${mi ? `/mi=${mi}` : ""}`;
  return (files ?? []).flatMap((lines, i) =>
    lines.flatMap(({ row, text }, at) => {
      const rescued = /^\{"n":9,/.test(text) ? "n" : "";
      const file = `${folder}/${name ?? `things.jsonl.0${i}.gz`}`;
      return row ? [{ row, run, file, line: at + 1, rescued }] : [];
    }),
  );
}
