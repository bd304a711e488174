// What history counts, and where a partition of issue_queues or rep_convos has not come: nothing, rather than too little.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ConversationDay } from "../notebooks/components/metrics/conversations.ts";
import type { QueueDay } from "../notebooks/components/metrics/day-file.ts";
import type { HeatDay } from "../notebooks/components/metrics/heatmap.ts";
import type { Database } from "../src/duckdb/database.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { answer } from "./answer.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

// Tuesdays, UTC. On each two contacts come at 09:05 and one at 10:20, and one of 09:30 is abandoned.
const day = "2026-09-29";
const former = ["2026-09-22", "2026-09-15", "2026-09-08", "2026-09-01", "2026-08-25"];
const [short, unstaffed] = former; // of which rep_convos and rep_utilized lack the hour from 09:00
// Conversations, of which the ended ones miss an hour of the third day and come no more after the fourth; ratings come from then on.
const begun = [25, 26, 27, 28, 29, 30].map((day) => `2026-09-${day}`);
const lacks = (feed: string, dt: string, hour: string) =>
  (feed === "convos_metrics_ended" && (dt > begun[3]! || (dt === begun[2] && hour === "09"))) ||
  (feed === "customer_feedback" && dt < begun[3]!);
const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

const assigned = (dt: string, ...times: string[]) =>
  times.map((time, i) => ({
    issue_id: `${dt} ${time} ${i}`,
    rep_id: `r-${i}`,
    queue_id: "q",
    issue_assigned_ts: `${dt} ${time}`,
    handle_time_seconds: 300,
    instance_ts: `${dt} ${time}`,
  }));
const abandoned = (dt: string, time: string) => ({
  issue_id: `${dt} ${time}`,
  queue_id: "q",
  queue_name: "A",
  enter_queue_ts: `${dt} ${time}`,
  exit_queue_ts: `${dt} ${time}`,
  abandoned: true,
  enqueue_time: 70,
  instance_ts: `${dt} ${time}`,
});

describe("history", () => {
  let raw: RawFixture;
  let database: Database;
  const rows = async (sql: string) => (await database.rows(sql)).rows;

  before(async () => {
    raw = rawFixture();
    for (const dt of former) {
      raw.put("issue_queues", dt, [abandoned(dt, "09:30:00")]);
      if (dt !== short) raw.put("rep_convos", dt, assigned(dt, "09:05:00", "09:05:00", "10:20:00"));
    }
    for (const hour of hours.filter((hour) => hour !== "09"))
      raw.put("rep_convos", `${short} ${hour}`, hour === "10" ? assigned(short!, "10:20:00") : []);
    for (const dt of former) {
      const there = {
        rep_id: "r-1",
        lin_logged_in_min: 15,
        lin_avail_min: 15,
        instance_ts: `${dt} 10:00:00`,
      };
      if (dt !== unstaffed) raw.put("rep_utilized", dt, [there]);
      else
        for (const hour of hours.filter((hour) => hour !== "09"))
          raw.put("rep_utilized", `${dt} ${hour}`, hour === "10" ? [there] : []);
    }
    // of which issue_queues has nothing
    raw.put("rep_convos", "2026-08-18", assigned("2026-08-18", "09:05:00"));
    raw.put("queue_wfm", `${day} 10:35`, [
      { instance_ts: `${day}T10:00:00Z`, queue_name: "A", total_assignments: 1, total_abandons: 0 },
    ]);
    for (const feed of ["convos_metrics", "convos_metrics_ended", "customer_feedback"])
      for (const dt of begun)
        for (const hour of hours.filter((each) => !lacks(feed, dt, each))) {
          const row = {
            platform: "web",
            first_utterance_ts: `${dt} ${hour}:10:00`,
            instance_ts: `${dt} ${hour}:20:00`,
          };
          raw.put(feed, `${dt} ${hour}`, feed === "customer_feedback" ? [] : [{ issue_id: `${dt} ${hour}`, ...row }]);
        }
    await updateWarehouse(raw.project);
    database = await openCatalog(raw.project);
  });

  after(() => {
    database?.close();
    raw.delete();
  });

  it("knows of which windows both feeds have come, and which days are whole", async () => {
    assert.deepEqual(
      await rows("select day::varchar, count(*), any_value(whole) from history.windows group by day order by day"),
      former.toReversed().map((dt) => [dt, dt === short ? 92 : 96, dt !== short]),
    );
  });

  it("counts in these alone", async () => {
    assert.deepEqual(
      await rows(
        "select day::varchar, strftime(start, '%H:%M'), offered from history.queue_windows where queue = 'A' order by start",
      ),
      former.toReversed().flatMap((dt) => [
        ...(dt === short
          ? []
          : [
              [dt, "09:00", 2],
              [dt, "09:30", 1],
            ]),
        [dt, "10:15", 1],
      ]),
    );
  });

  it("scores and expects nothing of half-hours that have not come, and zero where nobody came", async () => {
    const scored = await rows(
      `select slot, offered from history.scored where queue = 'A' and day = '${short}' and slot between '08:30' and '10:30' order by slot`,
    );
    assert.deepEqual(scored, [
      ["08:30", 0],
      ["10:00", 1],
      ["10:30", 0],
    ]);
    const days = await answer<{ queue: string; day: string; complete: boolean }>(raw.project, database, "queue-days");
    assert.deepEqual(
      days.filter(({ queue }) => queue === "A").map(({ day, complete }) => [day, complete]),
      former.toReversed().map((dt) => [dt, dt !== short]),
    );
  });

  it("knows reps of a day when all of it has come", async () => {
    raw.project.config.site.privacy.minReps = 1;
    const catalog = await openCatalog(raw.project);
    const days = await answer<HeatDay>(raw.project, catalog, "heatmap/[part]", { part: "0" });
    catalog.close();
    assert.deepEqual(
      days.map(({ day, available }) => [day, available?.[40] ?? null]),
      former
        .toReversed()
        .filter((dt) => dt !== short)
        .map((dt) => [dt, dt === unstaffed ? null : 15]),
    );
  });

  it("gives Today null for them, which is in no median", async () => {
    const found = (await answer<QueueDay>(raw.project, database, "intraday/[day]", { day })).find(
      ({ queue }) => queue === "A",
    )!;
    const at = (hour: number, quarter = 0) =>
      (found.weeks as (number | null)[][]).map((week) => week[hour * 4 + quarter]);
    assert.deepEqual(
      [at(8), at(9), at(9, 2), at(10, 1)],
      [
        [0, 0, 0, 0, 0],
        [null, 2, 2, 2, 2],
        [null, 1, 1, 1, 1],
        [1, 1, 1, 1, 1],
      ],
    );
  });

  it("takes a day of conversations for complete when every hour has come of the feeds it is counted from", async () => {
    const days = await answer<ConversationDay>(raw.project, database, "days");
    assert.deepEqual(
      days.filter(({ channel }) => channel === "Web").map((row) => [row.day, row.complete, row.started, row.ended]),
      [
        [begun[0], true, 24, 24],
        [begun[1], true, 24, 24],
        [begun[2], false, 24, 23],
        [begun[3], true, 24, 24],
        [begun[4], false, 24, 0],
        [begun[5], false, 24, 0],
      ],
    );
  });
});
