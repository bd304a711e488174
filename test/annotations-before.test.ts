// Contacts before, during and after an annotation, and their usual, against a count by hand.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { AnnotationPeriod } from "../notebooks/components/metrics/annotations/before-after.ts";
import { daysLater } from "../notebooks/components/metrics/time-zone.ts";
import { type LargeCentre, largeCentre } from "./large-centre.ts";

const day = "2026-09-09"; // a Wednesday; open from 8 to 20 UTC
const excluded = "2026-08-26"; // a Wednesday

describe("the periods of an annotation", () => {
  let centre: LargeCentre;
  let visits: { queue: string; moment: number }[];

  before(async () => {
    centre = await largeCentre(`{ queue_groups: { Pair: [Queue 01, Queue 03] }, exclude_days: [${excluded}] }`, 90);
    const { rows } = await centre.database.rows("select queue_name, epoch_ms(moment) from main.visits");
    visits = rows.map(([queue, moment]) => ({ queue: String(queue), moment: Number(moment) }));
  });
  after(() => centre?.close());
  afterEach(() => centre.database.run("delete from wfm.annotations"));

  const annotate = (line: number, from: string, to: string | null, queues = "[]") =>
    centre.database.run(
      `insert into wfm.annotations values (${line}, '${from}', ${to === null ? "null" : `'${to}'`}, false, 'x', ${queues}, 'outage', false)`,
    );
  const load = () => centre.load<AnnotationPeriod>("annotations");
  const time = (text: string) => Date.parse(`${text}Z`);
  const counted = (from: number, to: number, queues?: string[]) =>
    visits.filter(({ queue, moment }) => moment >= from && moment < to && (queues?.includes(queue) ?? true)).length;
  const weekMs = 7 * 86_400_000;

  // The zone keeps its offset within these weeks, so that the same time of the week is whole weeks earlier.
  function usual(from: number, to: number, first: number, queues?: string[]): { usual: number | null; weeks: number } {
    const counts: number[] = [];
    for (let week = 1; week <= 10 && counts.length < 8; week++) {
      const [start, end] = [from - week * weekMs, to - week * weekMs];
      const touches = start < time("2026-08-27T04:00:00") && end > time(`${excluded}T04:00:00`); // the day in New York
      if (end <= first && !touches && start >= Date.parse("2026-06-19T00:00:00Z"))
        counts.push(counted(start, end, queues));
    }
    counts.sort((a, b) => a - b);
    const half = counts.length / 2;
    const median = counts.length % 2 ? counts[Math.floor(half)]! : (counts[half - 1]! + counts[half]!) / 2;
    return {
      usual: counts.length < 4 ? null : Math.round(median * 10) / 10,
      weeks: counts.length < 4 ? 0 : counts.length,
    };
  }

  const cases = [
    { name: "three hours of all queues", from: `${day} 10:00:00`, to: `${day} 13:00:00`, queues: undefined },
    { name: "three hours of one queue", from: `${day} 10:00:00`, to: `${day} 13:00:00`, queues: ["Queue 02"] },
    { name: "two days and a half", from: `${day} 12:00:00`, to: "2026-09-12 00:00:00", queues: undefined },
    {
      name: "five days, of which the time after has fewer weeks",
      from: "2026-09-05 00:00:00",
      to: "2026-09-10 00:00:00",
      queues: undefined,
    },
  ];
  for (const { name, from, to, queues } of cases)
    it(`are counted as by hand: ${name}`, async () => {
      await annotate(2, from, to, queues ? `['${queues.join("', '")}']` : "[]");
      const [first, last] = [time(from.replace(" ", "T")), time(to.replace(" ", "T"))];
      const length = last - first;
      const bounds = { before: [first - length, first], during: [first, last], after: [last, last + length] } as const;
      const rows = await load();
      assert.deepEqual(
        rows.map(({ period }) => period),
        ["before", "during", "after"],
      );
      for (const row of rows) {
        const [start, end] = bounds[row.period];
        assert.equal(row.starts, new Date(start).toISOString().replace(".000Z", "Z"));
        assert.equal(row.offered, counted(start, end, queues), `${row.period}`);
        // a period before counts from its own end on
        const expected = usual(start, end, row.period === "before" ? start : first, queues);
        assert.deepEqual({ usual: row.usual, weeks: row.weeks }, expected, row.period);
        assert.ok(row.low! <= row.usual! && row.usual! <= row.high!);
      }
    });

  it("of a group count its queues, a queue named twice once", async () => {
    await annotate(2, `${day} 10:00`, `${day} 13:00`, "['Pair', 'Queue 01']");
    const during = (await load()).find(({ period }) => period === "during")!;
    assert.equal(during.offered, counted(time(`${day}T10:00:00`), time(`${day}T13:00:00`), ["Queue 01", "Queue 03"]));
  });

  it("of a moment are an hour before and an hour after", async () => {
    await annotate(2, `${day} 10:05`, null);
    const rows = await load();
    assert.deepEqual(
      rows.map(({ period, starts, ends }) => [period, starts.slice(11, 16), ends.slice(11, 16)]),
      [
        ["before", "09:00", "10:00"],
        ["after", "10:00", "11:00"],
      ],
    );
  });

  it("are left out where data have not arrived, where an annotation is too long, and of unknown queues are zero", async () => {
    await annotate(2, "2026-09-16 16:00", "2026-09-16 18:00"); // the data end at 18:00
    assert.deepEqual(
      (await load()).map(({ period }) => period),
      ["before", "during"],
    );
    await centre.database.run("delete from wfm.annotations");
    await annotate(3, daysLater(day, -20), day);
    assert.deepEqual(await load(), []);
    await annotate(4, `${day} 10:00`, `${day} 11:00`, "['No such queue']");
    assert.deepEqual(
      (await load()).map(({ offered }) => offered),
      [0, 0, 0],
    );
  });
});
