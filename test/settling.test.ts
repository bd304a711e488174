// How long figures move: counted by hand from four runs of two queues.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  believedFrom,
  type Movement,
  movements,
  type Settling,
} from "../notebooks/components/metrics/queues/settling.ts";
import { settlingTitle } from "../notebooks/components/pages/settling-figure.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { answer } from "./answer.ts";
import { type Kit, openKit } from "./sync-kit.ts";
import { putRuns, type ToldRun } from "./told-runs.ts";

describe("how long figures move", () => {
  let kit: Kit;
  let rows: Settling[];

  // Quarter-hours end at 10:15 and 10:30; the markers come at 10:42, 11:02, 11:47 and 13:02.
  const runs: ToldRun[] = [
    ["10/mi=30", "10:42", { "10:00": { Sales: [20, 0, 10, 300], Care: [10, 5, 10, 100] } }],
    [
      "11/mi=00",
      "11:02",
      { "10:00": { Sales: [30, 0, 24, 300], Care: [10, 5, 10, 100] }, "10:15": { Sales: [9, 1, 9, 200] } },
    ],
    [
      "11/mi=30",
      "11:47",
      { "10:00": { Sales: [40, 0, 30, 200], Care: [10, 5, 10, 100] }, "10:15": { Sales: [9, 1, 9, 200] } },
    ],
    ["13/mi=00", "13:02", { "10:15": { Sales: [9, 1, 9, 100] } }],
    ["23/mi=00", "23:59", {}],
  ];

  before(async () => {
    kit = await openKit(
      "site: {queue_groups: {Both: [Sales, Care]}, privacy: {min_contacts: 10}}\ntimezone: Asia/Kolkata",
    );
    putRuns(kit, "2026-11-20", runs);
    putRuns(kit, "2026-11-22", [["10/mi=00", "10:02", { "09:15": { Sales: [0, 0, 0] } }]]);
    await kit.sync();
    await updateWarehouse(kit.project);
    const database = await openCatalog(kit.project);
    rows = await answer<Settling>(kit.project, database, "settling");
    database.close();
  });

  after(() => kit.close());

  const at = (queue: string, minutes: number) => rows.find((row) => row.queue === queue && row.minutes === minutes)!;

  it("counts what was known some minutes after the end of each quarter-hour", () => {
    // 10:15 + 30 is 10:45: the first run; 10:30 + 30 is 11:00: none
    assert.deepEqual(at("Sales", 30), {
      queue: "Sales",
      minutes: 30,
      windows: 2,
      known: 1,
      settled: 0,
      contacts: 40,
      moved: 20,
      handled: 8000,
      handle_moved: 4000,
      level_contacts: 40,
      level_moved: 10, // |10/20 - 30/40| of 40
    });
    // 11:15 and 11:30: the second run of both
    assert.deepEqual(at("Sales", 60), {
      queue: "Sales",
      minutes: 60,
      windows: 2,
      known: 2,
      settled: 1,
      contacts: 50,
      moved: 10,
      handled: 8900,
      handle_moved: 4900,
      level_contacts: 50,
      level_moved: 2, // |24/30 - 30/40| of 40
    });
    assert.deepEqual(at("Sales", 120).moved, 0);
    assert.deepEqual(at("Sales", 120).handle_moved, 900);
    assert.deepEqual(at("Sales", 180).handle_moved, 0);
    assert.deepEqual([at("Care", 20).known, at("Care", 30).known, at("Care", 30).moved], [0, 1, 0]);
  });

  it("adds queues up before it compares, in a group and in all", () => {
    for (const queue of ["Both", "All queues"])
      assert.deepEqual(at(queue, 30), {
        queue,
        minutes: 30,
        windows: 2,
        known: 1,
        settled: 0,
        contacts: 55,
        moved: 20,
        handled: 9000,
        handle_moved: 2667, // (20 x 300 + 10 x 100) / 30 against (40 x 200 + 10 x 100) / 50, times 50
        level_contacts: 55,
        level_moved: 8.57, // |20/35 - 40/55| of 55
      });
  });

  it("says from when on a figure can be believed", () => {
    const sales = movements(rows, "Sales");
    assert.deepEqual(
      (["volume", "level", "handle"] as const).map((figure) => believedFrom(sales, figure)),
      [120, 120, 180],
    );
    assert.equal(settlingTitle(sales), "Wait 120 minutes for volume and service level, 180 minutes for handle time");
    assert.equal(settlingTitle([]), "How long figures move cannot be told yet");
  });

  // moves, known at the moments before                         believed from
  const cases: [rows: [moved: number | null, known: number][], from: number | null][] = [
    [
      [
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      0,
    ],
    [
      [
        [0.2, 1],
        [0.009, 1],
        [0, 1],
      ],
      1,
    ],
    [
      [
        [0, 1],
        [0.02, 1],
        [0, 1],
      ],
      2,
    ], // moved back meanwhile
    [
      [
        [0, 0.5],
        [0, 0.99],
        [0, 1],
      ],
      1,
    ],
    [
      [
        [null, 0],
        [0, 1],
        [0, 1],
      ],
      1,
    ],
    [
      [
        [0, 1],
        [0, 1],
        [0.01, 1],
      ],
      null,
    ],
    [
      [
        [0, 0.9],
        [0, 0.9],
        [0, 0.9],
      ],
      null,
    ],
    [[], null],
  ];
  for (const [given, from] of cases)
    it(`believes ${JSON.stringify(given)} from ${from}`, () => {
      const list = given.map(([volume, known], minutes) => ({ minutes, known, volume }) as Movement);
      assert.equal(believedFrom(list, "volume"), from);
    });
});
