// Days that kit.yaml excludes are in no baseline: in SQL, in what the pages compute, and in what both say of it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { volumeOf } from "../notebooks/components/charts/day-charts.ts";
import { baseline, spread } from "../notebooks/components/metrics/baseline.ts";
import { type QueueDay, windowRows } from "../notebooks/components/metrics/day-file.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import { type HeatDay, heat } from "../notebooks/components/metrics/heatmap.ts";
import { type Interval, type IntradayDay, offered } from "../notebooks/components/metrics/interval.ts";
import { queueBoard } from "../notebooks/components/metrics/queues/queue-board.ts";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { daysLater } from "../notebooks/components/metrics/time-zone.ts";
import { accuracyFooter, accuracyPage, type ScoredDay } from "../notebooks/components/pages/accuracy-page.ts";
import { heatmapFooter } from "../notebooks/components/pages/heatmap-page.ts";
import type { QueueLoad } from "../notebooks/components/pages/queue-load.ts";
import { staffingSource } from "../notebooks/components/pages/staffing-page.ts";
import { dayCard, dayFacts } from "../notebooks/components/share/day-card.ts";
import { type LargeCentre, largeCentre } from "./large-centre.ts";

const day = "2026-09-15"; // a Tuesday
const holiday = "2026-09-01"; // two Tuesdays before
const [outage, outageEnd] = ["2026-08-11", "2026-08-12"]; // a Tuesday and a Wednesday
const excluded = new Set([holiday, outage, outageEnd, "2026-09-10"]); // and the last Thursday but one

describe("days that kit.yaml excludes", () => {
  let centre: LargeCentre;
  let site: Site;
  let days: IntradayDay[];
  let series: QueueDay[];
  let came: Map<string, number>; // "queue day slot" -> contacts

  before(async () => {
    centre = await largeCentre(
      `{ queue_groups: { Pair: [Queue 01, Queue 03] }, exclude_days: {
        ${holiday}: Founders' Day, ${outage}..${outageEnd}: outage, 2026-09-10: } }`,
      90,
    );
    [site] = (await centre.load<Site>("site")) as [Site];
    days = await centre.load<IntradayDay>("intraday-days");
    series = await centre.load<QueueDay>("intraday/[day]", { day });
    const { rows } = await centre.database.rows(
      "select queue, strftime(day, '%Y-%m-%d'), slot, sum(offered) from history.queue_windows group by all",
    );
    came = new Map(rows.map(([queue, date, slot, count]) => [`${queue} ${date} ${slot}`, Number(count)]));
  });

  after(() => centre?.close());

  const facts = (queue: string, grain: 15 | 30 | 60 = 15) => dayFacts({ site, days, day, series }, queue, grain);
  const usualOf = (queue: string, slot: string) =>
    baseline(day, (date) => came.get(`${queue} ${date} ${slot}`) ?? 0, { reach: 10, exclude: excluded });

  it("are a table, and stand in the site's settings with their names", async () => {
    const { rows } = await centre.database.rows("select day::varchar, name from kit.excluded_days order by day");
    assert.deepEqual(rows, [
      [outage, "outage"],
      [outageEnd, "outage"],
      [holiday, "Founders' Day"],
      ["2026-09-10", null],
    ]);
    assert.deepEqual(
      site.excluded_days?.map((entry) => [entry.day, entry.name]),
      rows,
    );
  });

  it("are not in the usual of Today, its band and its projection: older weeks take their place", () => {
    for (const queue of ["All queues", "Pair", "Queue 02"]) {
      let compared = 0;
      for (const row of facts(queue).rows) {
        const own = usualOf(queue, row.label);
        assert.equal(own.n, 8);
        assert.deepEqual([row.usual, row.usualLow, row.usualHigh], [own.median, own.low, own.high], row.label);
        assert.deepEqual(row.usualExcluded, [holiday, outage]);
        if (own.median) compared++;
      }
      assert.ok(compared > 40);
    }
    const [own, all] = [usualOf("All queues", "10:00").dates, facts("All queues")];
    assert.equal(own.at(-1), daysLater(day, -70));
    const with2 = baseline(day, (date) => came.get(`All queues ${date} 10:00`) ?? 0, { reach: 10 });
    assert.notEqual(all.rows.find(({ label }) => label === "10:00")!.usual, with2.median);
  });

  it("leave a week before them where they are the week before: that is a fact, not a baseline", async () => {
    const after = await centre.load<QueueDay>("intraday/[day]", { day: "2026-09-08" });
    const { rows } = dayFacts({ site, days, day: "2026-09-08", series: after }, "All queues", 15);
    const ten = rows.find(({ label }) => label === "10:00")!;
    assert.equal(ten.lastWeek, came.get(`All queues ${holiday} 10:00`));
    const legend = volumeOf({ ...facts("All queues"), rows, day: "2026-09-08" }).legend!;
    assert.ok(legend.some(({ text }) => text === "A week before (excluded day)"));
  });

  it("are not in what the WFM feeds tell of usual days", async () => {
    const all = series.find(({ queue }) => queue === "Queue 02")!;
    const { rows } = await centre.database.rows(
      `select slot, sum(assigned + abandoned), median(available) from wfm.merged
       where queue = 'Queue 02' and day in (${usualOf("Queue 02", "10:00")
         .dates.map((date) => `date '${date}'`)
         .join(", ")})
       group by slot`,
    );
    const wanted = new Map(rows.map(([slot, ...values]) => [slot, values.map(Number)]));
    let compared = 0;
    facts("Queue 02").rows.forEach(({ label }, i) => {
      const [contacts, available] = wanted.get(label) ?? [0, null];
      if (!contacts) return;
      assert.equal(all.usual_offered[i], contacts, label);
      assert.ok(Math.abs(all.usual_available[i]! - available!) < 0.051);
      compared++;
    });
    assert.ok(compared > 30);
  });

  it("are told where the number of weeks is told: Today, Queues, shared cards", () => {
    const { legend } = volumeOf(facts("All queues"));
    assert.ok(legend!.some(({ text }) => text === "Usual Tuesday (median and middle half of 8, 2 excluded)"));
    const said =
      /The usual: median of 8 Tuesdays, from issue_queues and rep_convos\. Excluded: Tue 11 Aug \(outage\), Tue 1 Sep \(Founders' Day\)\./;
    assert.match(dayCard(facts("Queue 02")).notes!.join("\n"), said);
    const board = queueBoard({
      windows: windowRows(series),
      days,
      day,
      site,
      zone: zone(site.timezone),
      queues: ["Queue 01", "Queue 02"],
    });
    assert.deepEqual(
      board.rowsOf("Queue 01", 30).map((row) => row.usual),
      facts("Queue 01", 30).rows.map((row) => row.usual),
    );
  });

  it("keep their own day, with a word that its usual is that of others", async () => {
    const own = await centre.load<QueueDay>("intraday/[day]", { day: holiday });
    const there = dayFacts({ site, days, day: holiday, series: own }, "All queues", 15);
    const counts = (rows: readonly Interval[]) => rows.reduce((sum, row) => sum + (offered(row) ?? 0), 0);
    assert.ok(counts(there.rows) > 100);
    assert.match(
      dayCard(there).notes!.join("\n"),
      /Tue 1 Sep \(Founders' Day\) is itself excluded: the usual is that of other Tuesdays\./,
    );
  });

  it("are not in the medians of Heatmaps, which look as far back instead, and say so", async () => {
    const rows = (await centre.load<HeatDay>("heatmap/[part]", { part: "0" })).filter(
      ({ queue }) => queue === "All queues",
    );
    const known = rows.map((row) => row.day);
    assert.equal(known.length, 63, "a week, and eight before it");
    assert.deepEqual(
      known.filter((date) => excluded.has(date)),
      ["2026-09-10"],
      "but for the last week, which is shown as it was",
    );
    const frame = { rows, known, queue: "All queues", site, measure: "volume", grain: 60 } as const;
    const found = heat({ ...frame, view: "usual", excluded, timezone: site.timezone, minContacts: site.min_contacts });
    const cell = found.cells.find(({ weekday, slot }) => weekday === 2 && slot === "10:00")!;
    const hour = (date: string) =>
      ["10:00", "10:15", "10:30", "10:45"].reduce(
        (sum, slot) => sum + (came.get(`All queues ${date} ${slot}`) ?? 0),
        0,
      );
    const own = baseline(day, hour, { reach: 10, exclude: excluded });
    assert.deepEqual([cell.usual, cell.weeks, cell.excluded], [own.median, 8, 2]);
    assert.equal(cell.usual, spread(own.dates.map(hour)).median);
    const said = heatmapFooter(found, frame);
    assert.match(
      said,
      /Excluded from the median: Tue 11 Aug \(outage\), Wed 12 Aug \(outage\), Tue 1 Sep \(Founders' Day\)\./,
    );
    assert.match(said, /Excluded days of the last week are shown: Thu 10 Sep\./);
  });

  it("are not in what Staffing is filled with, which says so", async () => {
    const { rows } = await centre.database.rows(
      `select queue, count(*), count(distinct day) from history.contacts
       where day between date '2026-08-19' and date '2026-09-15'
         and day not in (select day from kit.excluded_days) group by all`,
    );
    const told = new Map(rows.map(([queue, contacts, days]) => [queue, [Number(contacts), Number(days)]]));
    const loads = await centre.load<QueueLoad>("queue-load");
    for (const { queue, kind, contacts, days, excluded } of loads) {
      assert.deepEqual(excluded, [holiday, "2026-09-10"]);
      if (kind === "queue") assert.deepEqual([contacts, days], told.get(queue));
    }
    assert.equal(
      staffingSource(loads[0], site).replace(/n = [\d,]+/, "n"),
      "Prefilled from n contacts of the last four whole weeks. Excluded: Tue 1 Sep (Founders' Day), Thu 10 Sep. Source: issue_queues, rep_convos, rep_utilized.",
    );
  });

  it("are neither in the baselines that are scored nor scored themselves", async () => {
    const { rows } = await centre.database.rows(
      `select queue, strftime(day, '%Y-%m-%d'), slot, offered, baseline, weeks from history.scored`,
    );
    const scored = new Map(rows.map(([queue, date, slot, offered]) => [`${queue} ${date} ${slot}`, Number(offered)]));
    let compared = 0;
    for (const [queue, date, slot, , expected, weeks] of rows) {
      assert.ok(!excluded.has(String(date)));
      const own = baseline(String(date), (other) => scored.get(`${queue} ${other} ${slot}`), {
        reach: 10,
        exclude: excluded,
      });
      assert.deepEqual([expected, weeks], [own.median, own.n], `${queue} ${date} ${slot}`);
      if (own.median !== null) compared++;
    }
    assert.ok(compared > 5000);
    const page = accuracyPage({
      rows: await centre.load<ScoredDay>("accuracy"),
      worst: [],
      queue: "All queues",
      range: 28,
      site,
      zone: zone(site.timezone),
    });
    assert.ok(page.days.length > 20 && !page.days.some((row) => excluded.has(row.day)));
    assert.match(
      accuracyFooter(page),
      /Excluded from scores and baselines: Tue 11 Aug \(outage\), .*Tue 1 Sep \(Founders' Day\), Thu 10 Sep\./,
    );
  });
});
