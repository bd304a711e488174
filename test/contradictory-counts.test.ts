// Counts that cannot be: "inconsistent counts", never 240 %, never "no contacts", and Data health counts the rows.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { repsOf, serviceLevelOf } from "../notebooks/components/charts/day-charts.ts";
import { type QueueDay, windowRows } from "../notebooks/components/metrics/day-file.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import { dayOfIntervals, type Interval, type IntradayDay } from "../notebooks/components/metrics/interval.ts";
import { queueBoard } from "../notebooks/components/metrics/queues/queue-board.ts";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { daySentence, lackingText, staffTitle } from "../notebooks/components/metrics/today.ts";
import { boardSentence } from "../notebooks/components/pages/queue-board.ts";
import { todayCards, todayPage } from "../notebooks/components/pages/today-page.ts";
import type { Database } from "../src/duckdb/database.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { answer } from "./answer.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

const dt = "2026-09-08";
const now = new Date(`${dt}T13:00:00Z`);

// queue, assigned, abandoned, within, what the row says: a service level, or inconsistent counts
const told: [queue: string, assigned: unknown, abandoned: unknown, within: unknown, wait: unknown, good: boolean][] = [
  ["whole", 4, 1, 3, 20, true],
  ["none", 0, 0, 0, null, true],
  ["more in time than came", 4, 1, 8, 20, false],
  ["more in time than answered", 4, 2, 5, 20, false],
  ["fewer than none", -5, 1, 0, 20, false],
  ["all negative", -5, -1, -2, -20, false],
  ["abandoned below zero", 4, -1, 3, 20, false],
  ["a wait without end", 4, 1, 3, "Infinity", true],
  ["a wait that is no number", 4, 1, 3, "NaN", true],
  ["beyond counting", 1e17, 1, 3, 20, false],
];
// queue, logged in, available, busy, utilised available, utilised busy
const reps: [string, number, number, number, number, number, good: boolean][] = [
  ["whole", 15, 10, 5, 7, 2, true],
  ["rounded", 15, 10, 5, 10.04, 5.04, true],
  ["12 of 5", 15, 5, 10, 12, 2, false],
  ["busy in chats without being busy", 15, 10, 1, 5, 4, false],
  ["available without being there", 5, 15, 0, 5, 0, false],
  ["negative", -15, -5, 0, 0, 0, false],
];

describe("counts that cannot be", () => {
  let raw: RawFixture;
  let catalog: Database;
  let file: QueueDay[];
  let days: IntradayDay[];
  let site: Site;
  const rowsOf = (queue: string, grain: 15 | 60 = 15): Interval[] =>
    dayOfIntervals({ windows: windowRows(file), days, day: dt, queue, grain, timezone: "UTC" });

  before(async () => {
    raw = rawFixture();
    raw.put(
      "queue_wfm",
      `${dt} 10:30`,
      told.map(([queue_name, total_assignments, total_abandons, waits_under_60s, avg_wait_time_seconds]) => ({
        instance_ts: `${dt}T10:00:00Z`,
        queue_name,
        total_assignments,
        total_abandons,
        waits_under_60s,
        avg_wait_time_seconds,
        avg_handle_time_seconds: 300,
        avg_wrap_time_seconds: 30,
      })),
    );
    raw.put(
      "queue_membership_wfm",
      `${dt} 10:30`,
      reps.flatMap(([queue_name, logged, available, busy, usedAvailable, usedBusy]) =>
        Array.from({ length: 5 }, (_, rep) => ({
          instance_ts: `${dt}T10:00:00Z`,
          queue_name,
          queue_id: queue_name,
          rep_id: `${queue_name} ${rep}`,
          lin_logged_in_min: logged,
          lin_avail_min: available,
          lin_busy_min: busy,
          lin_ute_avail_min: usedAvailable,
          lin_ute_busy_min: usedBusy,
          lin_ute_total_min: usedAvailable + usedBusy,
        })),
      ),
    );
    await updateWarehouse(raw.project, { now });
    catalog = await openCatalog(raw.project);
    file = await answer<QueueDay>(raw.project, catalog, "intraday/[day]", { day: dt });
    days = await answer<IntradayDay>(raw.project, catalog, "intraday-days");
    [site] = (await answer<Site>(raw.project, catalog, "site")) as [Site];
  });
  after(() => {
    catalog?.close();
    raw?.delete();
  });

  it("are flagged in wfm.*, counted in kit.oddities and named by status", async () => {
    const { rows } = await catalog.rows("select queue_name from wfm.queue_windows where not contradicts order by 1");
    assert.deepEqual(rows.flat(), told.flatMap(([queue, , , , , good]) => (good ? [queue] : [])).sort());
    const staffed = await catalog.rows(
      "select distinct queue_name from wfm.rep_windows where not contradicts order by 1",
    );
    assert.deepEqual(staffed.rows.flat(), reps.flatMap(([queue, , , , , , good]) => (good ? [queue] : [])).sort());
    const odd = await catalog.rows("select feed, kind, count from kit.oddities order by feed");
    assert.deepEqual(odd.rows, [
      ["queue_membership_wfm", "counts", 20],
      ["queue_wfm", "counts", 6],
    ]);
    const { notes } = await readStatus(raw.project, now);
    assert.ok(notes.some(({ feed, what }) => feed === "queue_wfm" && /^6 rows with inconsistent counts: /.test(what)));
  });

  for (const [queue, , , , , good] of told) {
    it(`say so, or what they are: ${queue}`, async () => {
      const rows = rowsOf(queue);
      const facts = { rows, windows: rows, queue, day: dt, zone: zone("UTC"), site };
      const words = `${JSON.stringify(daySentence(facts))} ${serviceLevelOf(facts as never).title} ${lackingText(rows)}`;
      assert.doesNotMatch(words, /NaN|Infinity|-\d/);
      if (good) {
        assert.doesNotMatch(words, /inconsistent/);
        return;
      }
      assert.match(words, /inconsistent/);
      assert.doesNotMatch(words, /no contacts|no data|\d{3,}%|without a count/);
      const { title } = boardSentence(
        queueBoard({
          windows: windowRows(file),
          days,
          queues: [queue],
          day: dt,
          zone: zone("UTC"),
          site,
        }),
      );
      assert.doesNotMatch(title, /No queue has data/);
      assert.match(title, /inconsistent counts$/);
      const [, service] = todayCards(
        todayPage({
          site,
          zone: zone("UTC"),
          days,
          day: dt,
          queue,
          grain: 15,
          comparison: "usual",
          basis: "workload",
          files: { day: windowRows(file), weekBefore: [] },
          loads: [],
        } as never),
      );
      if (service!.value === "–") assert.equal(service!.note, "inconsistent counts");
    });
  }

  it("leave the sum of all queues without what they spoil, and say so", () => {
    const all = rowsOf("All queues").find(({ contradicts }) => contradicts)!;
    assert.equal(all.within, null);
    assert.match(lackingText(rowsOf("All queues")), /^1 interval with inconsistent counts is left out/);
  });

  for (const [queue, , , , , , good] of reps) {
    it(`say so of the time of reps: ${queue}`, () => {
      const rows = rowsOf(queue);
      const title = staffTitle(rows);
      if (good) assert.match(title, /^Available reps had chats (70|100)% of the time/);
      else assert.equal(title, "Rep times are inconsistent");
      assert.equal(repsOf({ rows, zone: zone("UTC"), site, day: dt, queue } as never).title, title);
    });
  }

  it("are no share above 100 % where rows come from elsewhere", () => {
    const [row] = rowsOf("whole").filter(({ available }) => available !== null);
    const odd = { ...row!, utilizedAvailable: 12, available: 5 };
    assert.match(staffTitle([odd]), /^Most reps available/);
  });
});
