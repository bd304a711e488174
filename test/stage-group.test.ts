import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { DayFiles } from "../src/warehouse/stage/day-files.ts";
import { groupDays } from "../src/warehouse/stage/stage-group.ts";
import fc from "./fast-check.ts";
import type { RawFixture } from "./raw-fixture.ts";
import { eventsFixture, quarantine, stageAndSave, stagedRows } from "./stage-kit.ts";
import { tree } from "./sync-kit.ts";

const days = ["2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04", "2026-09-05"];
const plain = (id: number) => ({ id: `${id}`, n: id, x: id / 4, flag: true, ts: "2026-09-01T05:00:00Z" });

// What may stand in a file beside plain rows: what the typed path refuses, what is no row, and files that are cut.
const lines: Record<string, (id: number) => object | string> = {
  plain,
  "a fraction": (id) => ({ ...plain(id), n: 1.5 }),
  "a key that nobody knows": (id) => ({ ...plain(id), later: id }),
  "a time in another spelling": (id) => ({ ...plain(id), ts: "2026-09-01 05:00:00,5" }),
  "a key of the kit's own": (id) => ({ ...plain(id), "\u0001line": 1 }),
  "no JSON": () => "{rubbish",
  "no object": () => "[1]",
  "two objects": (id) => `${JSON.stringify(plain(id))}${JSON.stringify(plain(id))}`,
  "a long number": (id) => `{"id":"${id}","n":9007199254740993}`,
};
const file = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constant("plain") },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(lines)) },
  ),
  { maxLength: 6 },
);
const day = fc.array(file, { minLength: 1, maxLength: 4 });

describe("days that are read together", () => {
  it("are the rows, files, lines and quarantine that each gives by itself, whatever the days hold", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(day, { minLength: 2, maxLength: days.length }), async (contents) => {
        const [together, apart] = [eventsFixture(), eventsFixture()];
        try {
          for (const fixture of [together, apart]) fill(fixture, contents);
          await stageAndSave(together.project);
          for (const dt of days.slice(0, contents.length))
            await stageAndSave(apart.project, { days: [{ feed: "events", dt }] });
          const rows = async ({ project }: RawFixture) =>
            (await stagedRows(project, "events", [])).map(({ later = null, ...row }) => ({ ...row, later }));
          assert.deepEqual(await rows(together), await rows(apart));
          assert.deepEqual(
            quarantine(together.project, "events").map(told),
            quarantine(apart.project, "events").map(told),
          );
        } finally {
          together.delete();
          apart.delete();
        }
      }),
      { numRuns: Number(process.env.ASAPP_KIT_RUNS ?? 8) },
    );
  });

  it("have the same bytes, whichever they are read with", async () => {
    const fixture = eventsFixture();
    const contents = days.map((_, i) => [["plain", "plain"], Array(i * 30).fill("plain"), ["plain"]]);
    fill(fixture, contents);
    const staged = join(fixture.project.data, "staged");
    const trees: Record<string, string>[] = [];
    try {
      for (const groups of [[days], days.map((dt) => [dt]), [days.slice(0, 2), days.slice(2)]]) {
        for (const layer of ["staged", "catalog.json"])
          rmSync(join(fixture.project.data, layer), { recursive: true, force: true });
        for (const group of groups)
          await stageAndSave(fixture.project, { days: group.map((dt) => ({ feed: "events", dt })) });
        trees.push(tree(staged));
      }
      assert.equal(Object.keys(trees[0]!).length, 2 * days.length, "a Parquet file and its detail for each");
      assert.deepEqual(trees[1], trees[0]);
      assert.deepEqual(trees[2], trees[0]);
    } finally {
      fixture.delete();
    }
  });

  it("number the lines of each file from one, over files without lines and without a last newline", async () => {
    const fixture = eventsFixture();
    try {
      for (const dt of days)
        fixture.put("events", dt, {
          "events.jsonl.00.gz": [plain(1), plain(2)],
          "events.jsonl.01.gz": Buffer.from(""),
          "events.jsonl.02.gz": Buffer.from(JSON.stringify(plain(3))),
          "events.jsonl.03.gz": [plain(4)],
        });
      await stageAndSave(fixture.project);
      const rows = await stagedRows(fixture.project, "events", []);
      const places = rows.map(({ id, _file, _line }) => `${id} ${String(_file).split("/").at(-1)} ${_line}`);
      const each = [
        "1 events.jsonl.00.gz 1",
        "2 events.jsonl.00.gz 2",
        "3 events.jsonl.02.gz 1",
        "4 events.jsonl.03.gz 1",
      ];
      assert.deepEqual(
        places,
        days.flatMap(() => each),
      );
    } finally {
      fixture.delete();
    }
  });
});

describe("groups of days", () => {
  const day = (lines: number | null, grown = false) =>
    ({ files: [{ path: "", run: "", md5: "", lines }], before: grown ? {} : null }) as unknown as DayFiles;
  const sizes = (list: DayFiles[]) => groupDays(list).map((group) => group.length);

  it("hold small days in their order, up to what one query is to read", () => {
    assert.deepEqual(sizes(Array.from({ length: 40 }, () => day(10))), [32, 8]);
    assert.deepEqual(sizes(Array.from({ length: 7 }, () => day(20_000))), [3, 3, 1]);
  });

  it("leave alone what is large, grows, or is of unknown length", () => {
    assert.deepEqual(sizes([day(10), day(20_001), day(10), day(10)]), [1, 1, 2]);
    assert.deepEqual(sizes([day(10), day(10, true), day(10)]), [1, 1, 1]);
    assert.deepEqual(sizes([day(10), day(null), day(10)]), [1, 1, 1]);
  });
});

function fill(fixture: RawFixture, contents: string[][][]): void {
  let id = 0;
  for (const [i, files] of contents.entries())
    fixture.put(
      "events",
      days[i]!,
      Object.fromEntries(files.map((kinds, at) => [`events.jsonl.0${at}.gz`, kinds.map((kind) => lines[kind]!(++id))])),
    );
}

function told({ dt, file, line, reason }: ReturnType<typeof quarantine>[number]): string {
  return `${dt} ${file} ${line} ${reason}`;
}
