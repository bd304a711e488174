// The reps of few are reported together with their neighbours: 15, 30, 60 minutes, the day so far, or not at all.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loadersFolder } from "../src/base/kit-folders.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { macrosScript } from "../src/warehouse/catalog/macros.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import fc from "./fast-check.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

describe("merged_minutes", () => {
  let db: Database;
  before(async () => {
    db = await openDatabase({ threads: 1 });
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });
  after(() => db.close());

  it("is the truth table of the rule", async () => {
    const [enough, few] = [5, 4];
    const table: [quarters: number | null, halves: number | null, hour: number, rest: number | null, number | null][] =
      [
        [enough, enough, enough, null, 15],
        [few, enough, enough, null, 30],
        [few, few, enough, null, 60],
        [few, few, few, enough, 1440],
        [few, few, few, few, null],
        [few, few, few, null, null],
        [null, null, 0, null, null],
      ];
    for (const [quarters, halves, hour, rest, minutes] of table) {
      const { rows } = await db.rows(`select merged_minutes(${quarters}, ${halves}, ${hour}, ${rest}, 5)`);
      assert.deepEqual(rows, [[minutes]], `${quarters} ${halves} ${hour} ${rest}`);
    }
  });

  it("needs a rep even if kit.yaml asks for none", async () => {
    const { rows } = await db.rows("select merged_minutes(0, 0, 0, 0, 0), merged_minutes(1, 1, 1, 1, 0)");
    assert.deepEqual(rows, [[null, 15]]);
  });
});

const minReps = 3;
const groups = new Map([
  ["Group of three", ["A", "B", "C"]],
  ["Group of one", ["D"]],
]);
const queues = ["A", "B", "C", "D", "E", "F"];
const dayCount = 24;
const hoursOfDay = [9, 10, 14];
const all = "All queues";

interface Window {
  start: string;
  queue: string;
  reps: number[];
}

// Each day with a density of its own, so that all levels and lonely queues occur.
function randomWindows(): Window[] {
  const [draws] = fc.sample(
    fc.array(fc.array(fc.nat(5), { minLength: 5, maxLength: 5 }), { minLength: 1728, maxLength: 1728 }),
    1,
  ) as [number[][]];
  let next = 0;
  const windows: Window[] = [];
  for (let day = 1; day <= dayCount; day++)
    for (const hour of hoursOfDay)
      for (const minute of ["00", "15", "30", "45"])
        for (const [i, queue] of queues.entries()) {
          const most = (day + i) % 6; // reps of this queue on this day
          const draw = draws[next++]!;
          const reps = draw.slice(0, most).map((rep) => i * 10 + rep);
          windows.push({
            start: `2026-09-${String(day).padStart(2, "0")}T${String(hour).padStart(2, "0")}:${minute}:00Z`,
            queue,
            reps: [...new Set(reps)],
          });
        }
  return windows;
}

type Row = {
  start: string;
  queue: string;
  merged: number | null;
  reps: number | null;
  raw: number | null;
  available: number | null;
  rawAvailable: number | null;
  handle: number | null;
};

describe("data loaders", () => {
  it("read the reps that may ship, never those of single windows", () => {
    const files = readdirSync(loadersFolder, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".sql"),
    );
    const sql = (file: string) => readFileSync(join(loadersFolder, file), "utf8").replaceAll(/^--.*/gm, "");
    assert.deepEqual(
      files.filter((file) => /\bwfm\.intraday\b/.test(sql(file))),
      [],
    );
    assert.ok(files.filter((file) => /\bwfm\.merged\b/.test(sql(file))).length >= 3);
  });
});

describe("rep figures of few reps", () => {
  const windows = randomWindows();
  let raw: RawFixture;
  let rows: Row[];
  before(async () => {
    raw = rawFixture(({ config }) => {
      config.timezone = "UTC";
      config.site.privacy.minReps = minReps;
      config.site.queueGroups = groups;
    });
    for (let day = 1; day <= dayCount; day++) {
      const dt = `2026-09-${String(day).padStart(2, "0")}`;
      const ofDay = windows.filter(({ start }) => start.startsWith(dt));
      const queueRows = ofDay.map(({ start, queue, reps }, i) => ({
        instance_ts: start,
        queue_name: queue,
        total_assignments: reps.length + (i % 3),
        total_abandons: 0,
        avg_handle_time_seconds: reps.length ? 300 + i : null,
      }));
      const repRows = ofDay.flatMap(({ start, queue, reps }) =>
        reps.map((rep) => ({
          instance_ts: start,
          queue_name: queue,
          rep_id: String(rep),
          lin_logged_in_min: 15,
          lin_avail_min: 5 + (rep % 7),
        })),
      );
      raw.put("queue_wfm", `${dt} 15:00`, queueRows);
      raw.put("queue_membership_wfm", `${dt} 15:00`, repRows);
    }
    await updateWarehouse(raw.project, { now: new Date("2026-09-30T00:00:00Z") });
    const catalog = await openCatalog(raw.project);
    rows = await catalog.objects<Row>(
      `select strftime(start, '%Y-%m-%dT%H:%M:%SZ') as start, queue, shown.merged, shown.reps, told.reps as raw, shown.available,
         told.available as "rawAvailable", shown.handle
       from wfm.merged as shown join wfm.intraday as told using (start, queue) order by all`,
    );
    catalog.close();
  });
  after(() => raw.delete());

  const membersOf = (queue: string) => groups.get(queue) ?? (queue === all ? queues : [queue]);
  const repsOf = (queue: string, starts: readonly string[]) => {
    const members = membersOf(queue);
    return new Set(
      windows.filter((one) => members.includes(one.queue) && starts.includes(one.start)).flatMap(({ reps }) => reps),
    ).size;
  };
  // Independent of the SQL: by cutting the text of the time.
  const blockOf = ({ start, merged }: Row) =>
    merged === 1440
      ? start.slice(0, 10)
      : merged === 60
        ? start.slice(0, 13)
        : merged === 30
          ? `${start.slice(0, 13)} ${Number(start.slice(14, 16)) < 30}`
          : start;
  const blocks = () => {
    const found = new Map<string, Row[]>();
    for (const row of rows.filter(({ merged }) => merged))
      found.set(`${row.queue} ${row.merged} ${blockOf(row)}`, [
        ...(found.get(`${row.queue} ${row.merged} ${blockOf(row)}`) ?? []),
        row,
      ]);
    return [...found.values()];
  };

  it("are reported over a time with enough of them, or withheld", () => {
    const seen = new Set<number | null>();
    for (const block of blocks()) {
      const [{ queue, merged }] = block as [Row];
      const reps = repsOf(
        queue,
        block.map(({ start }) => start),
      );
      assert.ok(reps >= minReps, `${queue} ${blockOf(block[0]!)}: ${reps}`);
      for (const row of block) if (row.raw) assert.equal(row.reps, reps, `${queue} ${row.start}`);
      seen.add(merged);
    }
    for (const { merged, reps, available, handle } of rows.filter(({ merged }) => !merged)) {
      assert.deepEqual([reps, available, handle], [null, null, null]);
      seen.add(merged);
    }
    assert.deepEqual([...seen].sort(), [0, 15, 1440, 30, 60, null].sort());
  });

  it("add up as they did", () => {
    const sum = (values: (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
    for (const block of blocks()) {
      const [shown, told] = [sum(block.map((row) => row.available)), sum(block.map((row) => row.rawAvailable))];
      assert.ok(Math.abs(shown - told) < 1e-6, `${block[0]!.queue} ${block[0]!.start}`);
      assert.ok(new Set(block.flatMap(({ handle }) => handle ?? [])).size <= 1, "one handle time");
    }
  });

  it("are not merged further than needed, but where a single queue of a group would stand out", () => {
    const level = ({ queue, start }: Row) => {
      const hour = rows.filter(
        (row) => row.queue === queue && row.start.slice(0, 13) === start.slice(0, 13) && row.raw,
      );
      const least = (parts: string[][]) => Math.min(...parts.map((starts) => repsOf(queue, starts)));
      const starts = hour.map((row) => row.start);
      const halves = [true, false]
        .map((first) => starts.filter((one) => Number(one.slice(14, 16)) < 30 === first))
        .filter((half) => half.length > 0);
      if (least(starts.map((one) => [one])) >= minReps) return 15;
      if (least(halves) >= minReps) return 30;
      return least([starts]) >= minReps ? 60 : null;
    };
    let raised = 0;
    for (const row of rows.filter(({ raw }) => raw)) {
      const own = level(row);
      if (row.merged === own || (own === null && (row.merged === 1440 || row.merged === 0))) continue;
      assert.ok((row.merged || 10000) > (own ?? 1440), `${row.queue} ${row.start}: ${row.merged} instead of ${own}`);
      raised++;
    }
    assert.ok(raised > 0 && raised < rows.length / 3, String(raised));
  });

  it("leave no group whose queues that are reported less finely are few, or have few reps together", () => {
    const levels = new Map(
      rows.map(({ queue, start, merged }) => [`${queue} ${start}`, merged === 0 ? 10000 : merged]),
    );
    const at = (queue: string, start: string) => levels.get(`${queue} ${start}`) ?? null;
    let checked = 0;
    for (const start of new Set(rows.map((row) => row.start))) {
      const check = (members: readonly string[], shown: number | null, name: string) => {
        const coarser = members.filter((queue) => (at(queue, start) ?? 0) > (shown ?? 10000));
        if (coarser.length === 0) return;
        checked++;
        assert.ok(coarser.length > 1, `${name} ${start}: ${coarser}`);
        const reps = coarser.reduce((sum, queue) => sum + repsOf(queue, [start]), 0);
        assert.ok(reps >= minReps, `${name} ${start}: ${coarser} have ${reps}`);
      };
      for (const [group, members] of groups) check(members, at(group, start), group);
      const total = at(all, start);
      const shown = [...groups].filter(([group]) => (at(group, start) ?? 10000) <= (total ?? 0));
      const hidden = new Set(shown.flatMap(([, members]) => members));
      check(
        queues.filter((queue) => !hidden.has(queue)),
        total,
        all,
      );
      check(queues, total, all);
    }
    assert.ok(checked > 50, String(checked));
  });
});
