import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Found } from "../src/warehouse/schema/typing.ts";
import type { StagedColumn, StagePath } from "../src/warehouse/snapshot/snapshot.ts";
import { startColumns, withKeys } from "../src/warehouse/stage/columns.ts";
import { DayRefused } from "../src/warehouse/stage/day-files.ts";
import { type StageSchema, sharedSchema } from "../src/warehouse/stage/shared-schema.ts";
import { afterGroup, type GroupOutcome, type GroupPart } from "../src/warehouse/stage/stage-group.ts";
import { type DayState, firstState, next, type Outcome, type Step } from "../src/warehouse/stage/stage-step.ts";
import { documented } from "./stage-kit.ts";

const feed = documented("events", { id: "VARCHAR", n: "BIGINT", ts: "TIMESTAMP" });
const schema: StageSchema = { columns: startColumns(feed, undefined, false), rescuedKeys: new Set() };
const wider: StageSchema = {
  ...schema,
  columns: schema.columns.map((column) => (column.name === "n" ? { ...column, type: "DOUBLE" } : column)),
};
const more: StageSchema = {
  ...schema,
  columns: withKeys(schema.columns, [{ key: "later", found: new Set(["integer"]) }]),
};
const column = (name: string): StagedColumn => schema.columns.find((other) => other.name === name)!;
const evidence = { written: null, rescued: new Map(), found: new Map() };
const duckdb = new Error('Invalid Input Error: … has unknown key "later"');

const unknown = (now: StageSchema, keys: string[], others = keys): Outcome => ({
  is: "unknown",
  keys,
  unknown: others,
  error: duckdb,
  schema: now,
});
const written = (now: StageSchema, ...unfit: string[]): Outcome => ({
  is: "written",
  unfit: unfit.map(column),
  evidence,
  schema: now,
});
const tooMany = { ...schema, rescuedKeys: new Set(Array.from({ length: 20_001 }, (_, i) => `k${i}`)) };
const asMany = { ...schema, rescuedKeys: new Set(Array.from({ length: 20_000 }, (_, i) => `k${i}`)) };
const evolve = { onNewColumn: "evolve", onTypeChange: "widen" } as const;
const rescue = { onNewColumn: "rescue", onTypeChange: "rescue" } as const;
const freeze = { onNewColumn: "freeze", onTypeChange: "widen" } as const;
const fail = { onNewColumn: "evolve", onTypeChange: "fail" } as const;

// The table above `next`, row by row. A step in words: the path that is read next, "keep", or why the day is refused.
type Row = [path: StagePath, outcome: Outcome, rules: Parameters<typeof next>[2], step: string];
const rows: Record<string, Row[]> = {
  "a value does not fit": [
    ["typed", { is: "unfit", schema }, evolve, "text"],
    ["text", { is: "unfit", schema }, evolve, "careful"],
    ["careful", { is: "unfit", schema }, evolve, "fault: rows are lost"],
  ],
  "a line is no object, rows are lost": [
    ["typed", { is: "lost", schema }, evolve, "careful"],
    ["text", { is: "lost", schema }, evolve, "careful"],
    ["careful", { is: "lost", schema }, evolve, "fault: rows are lost"],
  ],
  "rows already staged do not fit the columns": [
    ["typed", { is: "outgrown", schema: wider }, evolve, "rows already staged do not fit the columns"],
  ],
  "new keys": [
    ["typed", unknown(schema, ["id", "a"], ["a"]), freeze, "new column a, and on_new_column is freeze"],
    ["careful", unknown(schema, ["a", "b"]), freeze, "new columns a, b, and on_new_column is freeze"],
    ["text", unknown(tooMany, ["k0"]), rescue, "more than 20000 keys without a column: are they values?"],
    ["text", unknown(asMany, ["k0"]), rescue, "text, 20000 keys without a column"],
    ["typed", unknown(more, ["id", "later"], ["later"]), evolve, "typed, with later"],
    ["careful", unknown(more, ["id", "later"], []), evolve, "careful, with later"],
  ],
  "a key is unknown, and none of the files is new": [
    ["typed", unknown(schema, ["id", "n"], []), evolve, duckdb.message],
    ["typed", unknown(more, ["id", "n"], []), freeze, duckdb.message],
  ],
  "times that a cast does not read": [
    ["typed", { is: "uncast", columns: ["ts"], schema }, evolve, "typed, ts spelled"],
    ["careful", { is: "uncast", columns: ["ts"], schema: more }, fail, "careful, ts spelled, with later"],
  ],
  "values do not fit": [
    ["text", written(schema, "n", "ts"), fail, "values of n are no BIGINT, and on_type_change is fail"],
    ["text", written(schema, "n"), evolve, "keep"],
    ["text", written(schema, "n"), rescue, "keep"],
  ],
  "columns have another type by now": [
    ["typed", written(wider), evolve, "typed, n DOUBLE"],
    ["text", written(wider, "n"), evolve, "text, n DOUBLE"],
  ],
  "anything else that is written": [
    ["typed", written(schema), evolve, "keep"],
    ["careful", written(more), fail, "keep"],
  ],
};

describe("a day", () => {
  const counts = (odd: number, long: number, lossy: number) => ({ odd, long, lossy });
  for (const [name, files, path] of [
    ["lines that do not begin an object", [counts(0, 0, 0), counts(1, 0, 0)], "careful"],
    ["decimals beyond a DOUBLE", [counts(0, 1, 1)], "careful"],
    ["both in different files", [counts(1, 0, 0), counts(0, 3, 0)], "careful"],
    ["other long numbers", [counts(0, 0, 0), counts(0, 2, 0)], "text"],
    ["neither", [counts(0, 0, 0)], "typed"],
    ["no file", [], "typed"],
  ] as const)
    it(`with ${name} is read as its table says`, () => {
      assert.deepEqual(firstState(files, schema, ["ts"]), {
        path,
        schema,
        spelled: new Set(["ts"]),
        reads: 0,
      });
    });
});

describe("the next step of a day", () => {
  for (const [name, cases] of Object.entries(rows)) {
    it(`after ${name}, is as its table says`, () => {
      for (const [path, outcome, rules, step] of cases)
        assert.equal(inWords(next(stateOf(path), outcome, rules)), step, `${path}, ${outcome.is}`);
    });
  }

  it("is a refusal as a fault after the twentieth read, and to keep what it wrote all the same", () => {
    const reading = (reads: number, outcome: Outcome) => inWords(next({ ...stateOf("typed"), reads }, outcome, evolve));
    assert.equal(reading(18, written(wider)), "typed, n DOUBLE");
    assert.equal(reading(19, written(wider)), "fault: the day does not settle on a schema");
    assert.equal(reading(19, { is: "unfit", schema }), "fault: the day does not settle on a schema");
    assert.equal(reading(19, written(schema)), "keep");
  });

  it("reads the columns of times that it read in every spelling before so again", () => {
    const state = { ...stateOf("text"), spelled: new Set(["ts"]) };
    const step = next(state, { is: "uncast", columns: ["day"], schema }, evolve);
    assert.deepEqual(step.do === "read" && [...step.state.spelled], ["ts", "day"]);
  });

  it("comes to an end whatever the outcomes are", () => {
    for (const outcome of Object.values(rows).flatMap((cases) => cases.map(([, other]) => other))) {
      let state = stateOf("typed");
      let reads = 0;
      for (let step: Step = { do: "read", state }; step.do === "read"; step = next(state, outcome, evolve)) {
        state = step.state;
        reads += 1;
      }
      assert.ok(reads <= 20, `${outcome.is}: ${reads} reads`);
    }
  });
});

describe("the schema that the days of a feed share", () => {
  const rulesOf = (onNewColumn: "evolve" | "rescue" | "freeze", onTypeChange: "widen" | "rescue" | "fail") => ({
    key: feed,
    rangesOf: new Set<string>(),
    onNewColumn,
    onTypeChange,
  });
  const keys = (...names: string[]) => names.map((key) => ({ key, found: new Set<Found>(["integer"]) }));
  const types = ({ columns, rescuedKeys }: StageSchema) => [
    ...columns.filter(({ documented: known }) => !known).map(({ name, type }) => `${name} ${type}`),
    ...[...rescuedKeys].map((key) => `(${key})`),
  ];
  const empty: StageSchema = { columns: [], rescuedKeys: new Set() };

  it("gets a column for a new key, or not, as on_new_column says", () => {
    assert.deepEqual(types(sharedSchema(rulesOf("evolve", "widen"), empty).learn({ keys: keys("a", "b") })), [
      "a BIGINT",
      "b BIGINT",
    ]);
    const rescuing = sharedSchema(rulesOf("rescue", "widen"), empty);
    assert.deepEqual(types(rescuing.learn({ keys: keys("a", "b") })), ["(a)", "(b)"]);
    assert.deepEqual(types(sharedSchema(rulesOf("freeze", "widen"), empty).learn({ keys: keys("a") })), []);
    const names = Array.from({ length: 1001 }, (_, i) => `c${String(i).padStart(4, "0")}`);
    const full = sharedSchema(rulesOf("evolve", "widen"), empty).learn({ keys: keys(...names) });
    assert.deepEqual(types(full).slice(999), ["c0999 BIGINT", "(c1000)"]);
  });

  it("gets other types by what was found, as on_type_change says", () => {
    const texts = new Map([["a", new Set<Found>(["text"])]]);
    const untyped = { keys: [{ key: "a", found: new Set<Found>() }] };
    for (const [policy, known, fresh] of [
      ["widen", "a VARCHAR", "a BIGINT"],
      ["rescue", "a BIGINT", "a BIGINT"],
      ["fail", "a BIGINT", "a BIGINT"],
    ] as const) {
      const shared = sharedSchema(rulesOf("evolve", policy), empty);
      shared.learn({ keys: keys("a") });
      assert.deepEqual(types(shared.learn({ found: texts })), [known], policy);
      const other = sharedSchema(rulesOf("evolve", policy), empty);
      other.learn(untyped);
      const numbers = new Map([["a", new Set<Found>(["integer"])]]);
      assert.deepEqual(types(other.learn({ found: numbers })), [fresh], `${policy}, without a value before`);
    }
  });

  it("has the same types in whichever order days teach it, and never changes what a day began with", () => {
    const lessons = [
      { keys: keys("a") },
      { keys: [{ key: "a", found: new Set<Found>(["decimal"]) }] },
      { found: new Map([["a", new Set<Found>(["decimal"])]]) },
      { found: new Map([["n", new Set<Found>(["decimal"])]]) },
      { found: new Map([["n", new Set<Found>(["wide"])]]) },
    ];
    const ends = [lessons, [...lessons].reverse()].map((order) => {
      const shared = sharedSchema(rulesOf("evolve", "widen"), schema);
      const before = structuredClone(schema);
      for (const lesson of order) shared.learn(lesson);
      for (const lesson of order) shared.learn(lesson); // a day that is read again teaches once more
      assert.deepEqual(schema, before);
      return shared.current().columns.map(({ key, type }) => `${key} ${type}`);
    });
    assert.deepEqual(ends[0], ["id VARCHAR", "n BIGINT", "ts TIMESTAMP", "a DOUBLE"]);
    assert.deepEqual(ends[1], ends[0]);
  });

  it("takes over the columns of a day that is staged, unless a name would stand for two keys", () => {
    const shared = sharedSchema(rulesOf("evolve", "widen"), schema);
    assert.equal(shared.adopt(more.columns), true);
    assert.deepEqual(types(shared.current()), ["later BIGINT"]);
    const clash = withKeys(schema.columns, [{ key: "LATER", found: new Set<Found>(["integer"]) }]);
    assert.equal(shared.adopt(clash), false);
    assert.deepEqual(types(shared.current()), ["later BIGINT"]);
  });
});

describe("days that were read together", () => {
  const dts = ["1", "2", "3", "4", "5"];
  const day = {} as Extract<GroupPart, { as: "staged" }>["day"];
  const read = (staged: string[], apart: string[] = []): GroupOutcome => ({
    is: "read",
    staged: new Map(staged.map((dt) => [dt, day])),
    apart: new Set(apart),
  });
  const table: [name: string, outcome: GroupOutcome, parts: string, failures: number][] = [
    ["stopped by one of them", { is: "stopped", by: "3" }, "together 1 2, alone 3, together 4 5", 1],
    ["stopped by the first", { is: "stopped", by: "1" }, "alone 1, together 2 3 4 5", 1],
    ["stopped by the last", { is: "stopped", by: "5" }, "together 1 2 3 4, alone 5", 1],
    ["stopped, cause unknown", { is: "stopped", by: null }, "alone 1, alone 2, alone 3, alone 4, alone 5", 3],
    ["read, all settled", read(dts), "staged 1, staged 2, staged 3, staged 4, staged 5", 0],
    ["read, some set apart", read(["1", "3", "5"], ["2", "4"]), "staged 1, alone 2, staged 3, alone 4, staged 5", 0],
    ["read, one to be read again", read(["1", "3", "4", "5"]), "staged 1, staged 3, staged 4, staged 5, alone 2", 0],
    ["read, some to be read again", read(["1", "2"], ["3"]), "staged 1, staged 2, alone 3, alone 4, together 5", 1],
    ["read, all to be read again", read([]), "alone 1, together 2 3 4 5", 1],
  ];
  for (const [name, outcome, parts, failures] of table) {
    it(`are staged next, when ${name}, as their table says`, () => {
      const after = afterGroup(dts, outcome);
      const words = after.parts.map((part) =>
        part.as === "together" ? `together ${part.dts.join(" ")}` : `${part.as} ${part.dt}`,
      );
      assert.equal(words.join(", "), parts);
      assert.equal(after.failures, failures);
    });
  }
});

function stateOf(path: StagePath): DayState {
  return { path, schema, spelled: new Set(), reads: 0 };
}

function inWords(step: Step): string {
  if (step.do === "keep") return "keep";
  if (step.do === "refuse") {
    const { message } = step.error;
    if (step.error instanceof DayRefused || step.error === duckdb) return message;
    return message.replace("internal", "fault");
  }
  const { path, spelled, schema: now } = step.state;
  const parts: string[] = [path, ...[...spelled].map((name) => `${name} spelled`)];
  for (const { name, type } of now.columns) {
    const before = schema.columns.find((other) => other.name === name);
    if (before === undefined) parts.push(`with ${name}`);
    else if (before.type !== type) parts.push(`${name} ${type}`);
  }
  if (now.rescuedKeys.size > 0) parts.push(`${now.rescuedKeys.size} keys without a column`);
  return parts.join(", ");
}
