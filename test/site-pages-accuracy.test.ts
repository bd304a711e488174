import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { accuracy, addedAccuracy, noiseFloor } from "../notebooks/components/metrics/accuracy.ts";
import { baseline } from "../notebooks/components/metrics/baseline.ts";
import type { QueueDay } from "../notebooks/components/metrics/day-file.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import { type CloseDay, closeAccuracy } from "../notebooks/components/metrics/queues/close-backtest.ts";
import {
  accuracyPage,
  accuracySentence,
  closeVerdict,
  type FarOff,
  type ScoredDay,
} from "../notebooks/components/pages/accuracy-page.ts";
import { keepDerived } from "../src/warehouse/catalog/derived.ts";
import { type LargeCentre, largeCentre } from "./large-centre.ts";

interface HalfHour {
  queue: string;
  day: string;
  slot: string;
  offered: number;
  baseline: number | null;
  weeks: number;
  forecast: number | null;
}

const site = {
  title: "",
  timezone: "UTC",
  target: 0.8,
  seconds: 60,
  variant: "offered",
  min_reps: 5,
  min_contacts: 10,
  threshold_counts: "answered" as const,
  week_start: 1,
  open_hours: null,
  synced_at: null,
  grace_minutes: 60,
  feeds: [],
};

describe("baseline accuracy", () => {
  let centre: LargeCentre;
  let halfHours: HalfHour[];
  let rows: ScoredDay[];

  before(async () => {
    centre = await largeCentre("{ queue_groups: { Pair: [Queue 01, Queue 03] } }", 80);
    await centre.database.run(
      `insert into wfm.forecast
       select 'Queue 02', ts::timestamp, 2.0, null from generate_series(timestamp '2026-09-08', timestamp '2026-09-11', interval 15 minutes) as s (ts)`,
    );
    await keepDerived(centre.database);
    halfHours = await centre.database.objects<HalfHour>(
      "select queue, strftime(day, '%Y-%m-%d') as day, slot, offered, baseline, weeks, forecast from history.scored",
    );
    rows = await centre.load<ScoredDay>("accuracy");
  });

  after(() => centre?.close());

  it("predicts each half-hour from days before it alone, as the pages' own baseline does", () => {
    const came = new Map(halfHours.map((row) => [`${row.queue} ${row.slot} ${row.day}`, row.offered]));
    let compared = 0;
    for (const row of halfHours) {
      const own = baseline(row.day, (day) => came.get(`${row.queue} ${row.slot} ${day}`), { reach: 10 });
      assert.equal(row.baseline, own.median, `${row.queue} ${row.day} ${row.slot}`);
      assert.equal(row.weeks, own.n);
      if (own.median !== null) compared++;
    }
    assert.ok(compared > 5000);
  });

  it("has for the backtest what the day's own file has, in half-hours, and an expectation of earlier days", async () => {
    const closes = await centre.load<CloseDay>("close/[part]", { part: "0" });
    assert.deepEqual([...new Set(closes.map(({ queue }) => queue))], ["All queues", "Pair"]);
    assert.equal(closes.length, 2 * 28);
    const day = closes.findLast(({ queue }) => queue === "Pair")!.day;
    const files = await centre.load<QueueDay>("intraday/[day]", { day });
    for (const queue of ["All queues", "Pair"]) {
      const close = closes.find((row) => row.queue === queue && row.day === day)!;
      const file = files.find((row) => row.queue === queue)!;
      const both = (series: readonly (number | null)[], i: number) => (series[2 * i] ?? 0) + (series[2 * i + 1] ?? 0);
      for (let i = 0; i < 48; i++) {
        assert.equal(close.assigned[i], both(file.assigned, i));
        assert.equal(close.within[i], both(file.within, i));
        const staff = file.usual_available[2 * i] === null ? null : both(file.usual_available, i) / 30;
        if (staff === null) assert.equal(close.staff[i], null);
        else assert.ok(Math.abs(close.staff[i]! - staff) < 0.01);
      }
    }
    const own = closes.filter(({ queue }) => queue === "All queues");
    for (const row of halfHours.filter(({ queue, day }) => queue === "All queues" && day === own.at(-1)!.day))
      assert.equal(
        own.at(-1)!.usual[Number(row.slot.slice(0, 2)) * 2 + (row.slot.endsWith("30") ? 1 : 0)],
        row.baseline,
      );
    const scores = closeAccuracy(own, 1.4, { ...site });
    assert.deepEqual(
      scores.map(({ days }) => days),
      [28, 28, 28, 28],
    );
    const wapes = scores.map(({ wape }) => wape!);
    assert.ok(wapes[3]! < wapes[0]!, "later in the day less is left to be wrong about");
  });

  // hours with both errors   the level so far as close or closer   mean bias
  const verdicts: [
    name: string,
    hours: [error: number | null, bias: number, unchanged: number | null][],
    said: RegExp,
  ][] = [
    ["none scored", [[null, 0, 0.1]], /^$/],
    ["without the level so far", [[0.1, 0, null]], /^$/],
    ["never", [[0.04, -0.04, 0.07]], /^Closer than the level so far at each/],
    [
      "once, unbiased",
      [
        [0.06, 0.01, 0.05],
        [0.02, 0.02, 0.03],
      ],
      /^At 10:00 the level so far was .* rely on that\.$/,
    ],
    [
      "always, too low",
      [
        [0.06, -0.05, 0.05],
        [0.02, -0.02, 0.02],
      ],
      /^At each of .* too low; .* under load/,
    ],
    [
      "once, too high",
      [
        [0.02, 0.02, 0.03],
        [0.06, 0.05, 0.05],
      ],
      /^At 12:00 .* too high; .* several queues/,
    ],
  ];
  for (const [name, hours, said] of verdicts)
    it(`says whether the level at close was worth it: level so far closer, ${name}`, () => {
      const rows = hours.map(([error, bias, unchanged], i) => ({
        ...{ hour: 10 + 2 * i, days: 9, volumeDays: 9, wape: 0.1, volumeBias: 0 },
        ...{ error, bias, unchanged },
      }));
      assert.match(closeVerdict(rows), said);
    });

  it("adds errors up to what the metric functions say of the half-hours", () => {
    for (const queue of ["All queues", "Pair", "Queue 02"]) {
      const own = halfHours.filter((row) => row.queue === queue && row.baseline !== null && row.day > "2026-08-30");
      const scored = rows.filter((row) => row.queue === queue && row.kind === "baseline" && row.day > "2026-08-30");
      const found = addedAccuracy(scored);
      const wanted = accuracy(own.map((row) => ({ forecast: row.baseline, actual: row.offered })));
      assert.equal(found.n, wanted.n);
      assert.ok(Math.abs(found.wape! - wanted.wape!) < 1e-4, `${queue}: ${found.wape} ${wanted.wape}`);
      assert.ok(Math.abs(found.bias! - wanted.bias!) < 1e-4);
      const floor = own.reduce((sum, row) => sum + row.baseline! * (noiseFloor(row.baseline) ?? 0), 0);
      assert.ok(Math.abs(found.floor! * found.contacts - floor) < 1);
    }
  });

  it("counts a contact once in a group and once in all queues", () => {
    const day = (queue: string) =>
      halfHours
        .filter((row) => row.queue === queue && row.day === "2026-09-09")
        .reduce((sum, row) => sum + row.offered, 0);
    assert.equal(day("Pair"), day("Queue 01") + day("Queue 03"));
    assert.equal(day("All queues"), day("Pair") + day("Queue 02"));
  });

  it("scores a forecast where there is one, beside the baseline of the same half-hours", () => {
    const planned = rows.filter(({ kind }) => kind !== "baseline");
    assert.deepEqual([...new Set(planned.map(({ queue }) => queue))], ["Queue 02"]);
    const whole = planned.find(({ kind, day }) => kind === "forecast" && day === "2026-09-09")!;
    assert.equal(whole.expected, 2 * 4 * 24);
    const same = planned.find(({ kind, day }) => kind === "same" && day === "2026-09-09")!;
    assert.equal(same.contacts, whole.contacts);
    const page = accuracyPage({ rows, worst: [], queue: "Queue 02", range: 28, site, zone: zone("UTC") });
    assert.ok(page.own.forecast! > page.own.same!, "two contacts whatever the hour are a poor forecast");
    assert.equal(page.queues.find(({ queue }) => queue === "Pair")!.forecast, null);
  });

  it("names the half-hours that were furthest off", async () => {
    const worst = (await centre.load<FarOff>("accuracy-worst")).filter(({ queue }) => queue === "All queues");
    assert.equal(worst.length, 10);
    const most = Math.max(
      ...halfHours
        .filter((row) => row.queue === "All queues" && row.baseline !== null)
        .map((row) => Math.abs(row.offered - row.baseline!)),
    );
    assert.ok(Math.abs(Math.abs(worst[0]!.offered - worst[0]!.expected) - most) < 0.06);
  });

  it("says so where nothing can be scored", () => {
    const page = accuracyPage({
      rows: [],
      worst: [],
      queue: "All queues",
      range: 28,
      site,
      zone: zone("UTC"),
    });
    assert.equal(accuracySentence(page).title, "No day can be scored yet");
    const scored: ScoredDay = { ...rows.find(({ queue }) => queue === "Queue 02")!, n: 4 };
    const words = (own: Partial<ScoredDay>[], queue: string) =>
      accuracySentence(
        accuracyPage({
          rows: own.map((row) => ({ ...scored, ...row })),
          worst: [],
          queue,
          range: 28,
          site,
          zone: zone("UTC"),
        }),
      );
    assert.equal(words([{ kind: "forecast" }], "Queue 02").title, "No day can be scored yet");
    assert.match(words([{}], "Queue 07").lead, /^A baseline needs four earlier days of the same weekday with contacts/);
    assert.match(words([{ contacts: 0 }], "Queue 02").lead, /^There were no contacts/);
  });
});
