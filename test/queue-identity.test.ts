// Which queue a contact counts for, and that it counts once. Case queue-without-queue-rows, with and without its ids, and others of its kind.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Database } from "../src/duckdb/database.ts";
import type { Value } from "../src/duckdb/values.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { answer } from "./answer.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

const dt = "2026-09-08";
const now = new Date(`${dt}T13:00:00Z`);

// id, name as delivered, contacts, what pages call it
const queues: [id: string | null, name: string | null, contacts: number, label: string][] = [
  ["1", "Chat", 4, "Chat"],
  ["9", "Chat", 2, "Chat"], // under two ids
  ["2", "chat", 1, "chat"],
  ["3", "Chat ", 1, "Chat␣"],
  ["10", " Chat", 1, "␣Chat"],
  ["11", "Live  chat", 1, "Live␣␣chat"],
  ["12", "Live\u00a0chat", 1, "Live⍽chat"],
  ["4", "", 1, "(no name)"],
  ["5", null, 1, "(no name)"], // and nobody else names it
  [null, null, 2, "(no name)"],
  ["6", null, 3, "VIP"], // dim_queues does
  ["7", "All queues", 1, "All queues (queue)"],
  ["13", "ALL QUEUES", 1, "ALL QUEUES (queue)"],
  ["8", "Sales", 1, "Sales (queue)"], // the name of a group
  ["14", "(no name)", 1, "(no name) (queue)"],
  ["15", "__proto__", 1, "__proto__"],
];
const total = queues.reduce((sum, [, , contacts]) => sum + contacts, 0);
const byLabel = new Map<string, number>();
for (const [, , contacts, label] of queues) byLabel.set(label, (byLabel.get(label) ?? 0) + contacts);
const expected = [...byLabel, ["Sales", 6], ["All queues", total]].sort() as [string, number][];

describe("a contact counts once for its queue", () => {
  let raw: RawFixture;
  let catalog: Database;
  const rows = async (sql: string) => (await catalog.rows(sql)).rows.sort() as Value[][];

  before(async () => {
    raw = rawFixture((project) => {
      project.config.site.queueGroups = new Map([["Sales", ["Chat"]]]);
    });
    const each = <T>(row: (id: string | null, name: string | null, i: number, n: number) => T) =>
      queues.flatMap(([id, name, contacts], i) => Array.from({ length: contacts }, (_, n) => row(id, name, i, n)));
    raw.put(
      "queue_wfm",
      `${dt} 10:30`,
      queues.map(([queue_id, queue_name, total_assignments]) => ({
        instance_ts: `${dt}T10:00:00Z`,
        queue_id,
        queue_name,
        total_assignments,
        total_abandons: 0,
        waits_under_60s: total_assignments,
        rep_id: null,
      })),
    );
    raw.put(
      "queue_membership_wfm",
      `${dt} 10:30`,
      queues.map(([queue_id], i) => ({
        instance_ts: `${dt}T10:00:00Z`,
        queue_id,
        rep_id: `r-${i}`,
        lin_logged_in_min: 15,
        lin_avail_min: 10,
      })),
    );
    for (let hour = 0; hour < 24; hour++) {
      const run = `${dt} ${String(hour).padStart(2, "0")}`;
      raw.put(
        "rep_convos",
        run,
        hour !== 10
          ? []
          : each((queue_id, _, i, n) => ({
              issue_id: `${i} ${n}`,
              rep_id: `r-${i}`,
              queue_id,
              instance_ts: `${dt} 10:05:00`,
              issue_assigned_ts: `${dt} 10:05:00`,
              handle_time_seconds: 300,
            })),
      );
      // only some queues: whoever is assigned at once waits in none
      raw.put(
        "issue_queues",
        run,
        hour !== 10
          ? []
          : each((queue_id, queue_name, i, n) => ({
              issue_id: `${i} ${n}`,
              rep_id: `r-${i}`,
              queue_id,
              queue_name,
              abandoned: false,
              enter_queue_ts: `${dt} 10:04:00`,
              exit_queue_ts: `${dt} 10:05:00`,
              enqueue_time: 60,
            })).filter(({ queue_id }) => queue_id !== "6"),
      );
    }
    raw.put("dim_queues", `${dt} 10`, [{ queue_id: "6", queue_name: "VIP" }]);
    await updateWarehouse(raw.project, { now });
    catalog = await openCatalog(raw.project);
  });
  after(() => {
    catalog?.close();
    raw?.delete();
  });

  it("in the intraday windows", async () => {
    assert.deepEqual(await rows("select queue, assigned + abandoned from wfm.intraday where assigned > 0"), expected);
    const names = await answer<{ queue: string; kind: string }>(raw.project, catalog, "queues");
    assert.deepEqual(names.map(({ queue }) => queue).sort(), expected.map(([queue]) => queue).sort());
    assert.deepEqual(
      names.filter(({ kind }) => kind !== "queue").map(({ queue }) => queue),
      ["All queues", "Sales"],
    );
  });

  it("in the history behind Heatmaps, the usual and the baseline (queue-without-queue-rows)", async () => {
    assert.deepEqual(
      await rows("select queue, sum(offered)::integer from history.queue_windows group by all"),
      expected,
    );
  });

  it("on the Overview", async () => {
    const days = await answer<{ queue: string; offered: number }>(raw.project, catalog, "queue-days");
    assert.deepEqual(
      days.map(({ queue, offered }) => [queue, offered]).sort(),
      expected.filter(([queue]) => queue !== "Sales"),
    );
  });

  it("in the files of a day and of Heatmaps", async () => {
    type Series = { queue: string; assigned: number[]; offered: number[] };
    const sum = (list: number[]) => list.reduce((sum, value) => sum + value, 0);
    const day = await answer<Series>(raw.project, catalog, "intraday/[day]", { day: dt });
    assert.deepEqual(day.map(({ queue, assigned }) => [queue, sum(assigned)]).sort(), expected);
  });

  it("and its reps are where it is", async () => {
    const staff = await rows(
      "select queue, reps from wfm.intraday where queue in ('All queues', 'Sales', 'VIP', 'Chat')",
    );
    // membership names no queue: dim_queues names one
    assert.deepEqual(
      staff.find(([queue]) => queue === "All queues"),
      ["All queues", queues.length],
    );
    assert.deepEqual(
      staff.find(([queue]) => queue === "VIP"),
      ["VIP", 1],
    );
  });
});

describe("windows that are told again", () => {
  it("within the same quarter-hour are one window: the newest counts", async () => {
    const raw = rawFixture();
    try {
      const told = (instance_ts: string, total_assignments: number, queue_id = "1") => ({
        instance_ts,
        queue_id,
        queue_name: "Chat",
        rep_id: null,
        total_assignments,
        total_abandons: 0,
      });
      const rep = (instance_ts: string, lin_avail_min: number) => ({
        instance_ts,
        queue_id: "1",
        queue_name: "Chat",
        rep_id: "r",
        lin_logged_in_min: 15,
        lin_avail_min,
      });
      raw.put("queue_wfm", `${dt} 01:30`, [told(`${dt}T01:15:00Z`, 4), told(`${dt}T01:00:06.957Z`, 9)]);
      raw.put("queue_wfm", `${dt} 02:00`, [told(`${dt}T01:15:03Z`, 5), told(`${dt}T01:30:00Z`, 1)]);
      raw.put("queue_wfm", `${dt} 02:30`, [told(`${dt}T01:29:59.999Z`, 6), told(`${dt}T01:15:04Z`, 2, "2")]);
      raw.put("queue_membership_wfm", `${dt} 01:30`, [rep(`${dt}T01:15:00Z`, 15)]);
      raw.put("queue_membership_wfm", `${dt} 02:00`, [rep(`${dt}T01:15:03Z`, 5)]);
      await updateWarehouse(raw.project, { now });
      const catalog = await openCatalog(raw.project);
      const { rows } = await catalog.rows(
        "select strftime(start, '%H:%M'), assigned, first_offered, available from wfm.intraday where queue = 'Chat' order by 1",
      );
      assert.deepEqual(rows, [
        ["01:00", 9, null, null],
        ["01:15", 8, 4, 5],
        ["01:30", 1, null, null],
      ]);
      assert.deepEqual((await catalog.rows("select count(*)::integer from queue_wfm")).rows, [[6]]);
      catalog.close();
    } finally {
      raw.delete();
    }
  });
});
