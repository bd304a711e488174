// Events that nobody annotated are found where they are planted, and nowhere else.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import {
  type Suspected,
  suspectedLine,
  suspectedText,
  suspectedWhen,
} from "../notebooks/components/metrics/annotations/suspected.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { readAnnotations } from "../src/warehouse/annotations/annotations-csv.ts";
import fc from "./fast-check.ts";
import { type LargeCentre, largeCentre } from "./large-centre.ts";

const zone = "America/New_York";
const day = "2026-09-09"; // a Wednesday; open from 8 to 20 UTC

describe("suspected events", () => {
  let centre: LargeCentre;

  before(async () => {
    centre = await largeCentre("{ queue_groups: { Pair: [Queue 01, Queue 03] } }", 90);
    await centre.database.run(
      `create table main.ended as select moment as conversation_end_ts, 'agent' as termination_event_type, 'resolved' as disposition_event_type
        from main.visits;
      create or replace view main.convos_metadata_ended as from main.ended;
      create table main.plain_visits as from main.visits; create table main.plain_ended as from main.ended`,
    );
  });
  after(() => centre?.close());
  afterEach(() =>
    centre.database.run(
      `delete from main.visits; insert into main.visits from main.plain_visits;
      delete from main.ended; insert into main.ended from main.plain_ended; delete from wfm.annotations`,
    ),
  );

  const run = (sql: string) => centre.database.run(sql);
  const found = () => centre.load<Suspected>("health-suspected");
  const brief = async () =>
    (await found()).map(({ kind, queue, other_queue, starts, ends }) => [kind, queue, other_queue, starts, ends]);
  const between = (from: string, to: string) =>
    `moment >= timestamp '${day} ${from}' and moment < timestamp '${day} ${to}'`;
  const outage = (queue: string, from: string, to: string) =>
    run(`delete from main.visits where queue_name = '${queue}' and ${between(from, to)}`);
  const annotate = (queues: string, from = "10:30", to = "11:00") =>
    run(
      `insert into wfm.annotations values (2, '${day} ${from}', '${day} ${to}', false, 'known', ${queues}, 'outage', false)`,
    );

  it("are none in a centre without any", async () => {
    assert.deepEqual(await brief(), []);
  });

  it("are an outage of one queue, with what came and what the baseline expects", async () => {
    await outage("Queue 01", "10:00", "12:00");
    const [event, ...more] = await found();
    assert.deepEqual(more, []);
    assert.deepEqual(event, {
      kind: "outage",
      queue: "Queue 01",
      other_queue: null,
      way: null,
      starts: `${day}T10:00:00Z`,
      ends: `${day}T12:00:00Z`,
      contacts: 0,
      usual: event!.usual,
    });
    // by hand: the median of each half-hour of the eight Wednesdays before, added up
    const { rows } = await centre.database.rows(
      `select time_bucket(interval 30 minutes, moment)::time::varchar as slot, moment::date::varchar as day, count(*)::integer from main.plain_visits
        where queue_name = 'Queue 01' and dayofweek(moment) = 3 and moment < '${day}' and hour(moment) in (10, 11) group by all`,
    );
    const dates = [...new Set(rows.map(([, date]) => String(date)))].sort().slice(-8);
    const medians = ["10:00:00", "10:30:00", "11:00:00", "11:30:00"].map((slot) => {
      const counts = dates.map((date) => Number(rows.find((row) => row[0] === slot && row[1] === date)?.[2] ?? 0));
      counts.sort((a, b) => a - b);
      return (counts[3]! + counts[4]!) / 2;
    });
    assert.ok(medians.every((median) => median > 5));
    assert.equal(event!.usual, Math.round(medians.reduce((a, b) => a + b, 0) * 10) / 10);
  });

  it("are no outage where all queues fall silent, where little was expected, or where enough still came", async () => {
    await run(`delete from main.visits where ${between("10:00", "12:00")}`);
    assert.deepEqual(await brief(), []);
    await run("insert into main.visits from main.plain_visits where id not in (select id from main.visits)");
    await outage("Queue 03", "19:00", "19:30");
    await run(`delete from main.visits where queue_name = 'Queue 02' and ${between("10:00", "12:00")} and id % 3 > 0`);
    assert.deepEqual(await brief(), []);
  });

  it("are no outage where a feed is not complete", async () => {
    await outage("Queue 01", "10:00", "12:00");
    await run(
      `create or replace view history.windows as select start, local_date(start) as day, local_slot(start) as slot, true as whole
        from main.windows where not (start >= '${day} 10:00' and start < '${day} 12:00')`,
    );
    assert.deepEqual(await brief(), []);
    await run(
      `create or replace view history.windows as select start, local_date(start) as day, local_slot(start) as slot,
        local_date(start) < date '2026-09-16' as whole from main.windows`,
    );
  });

  it("leave the list once they are annotated for all queues, the queue or its group, and not for another", async () => {
    await outage("Queue 01", "10:00", "12:00");
    for (const [queues, known] of [
      ["[]", true],
      ["['Queue 01']", true],
      ["['Pair']", true],
      ["['Queue 02', 'Queue 01']", true],
      ["['Queue 02']", false],
    ] as const) {
      await annotate(queues);
      assert.equal((await found()).length, known ? 0 : 1, queues);
      await run("delete from wfm.annotations");
    }
    await annotate("[]", "12:00", "13:00");
    assert.equal((await found()).length, 1, "an annotation that begins when the outage ends");
  });

  it("are a bulk transfer, of the five minutes it took", async () => {
    // forty contacts that Queue 01 had within the hour enter Queue 02 between 10:02 and 10:08
    await run(
      `insert into main.visits
        select id, start, 1, 'Queue 02', w, timestamp '${day} 10:02:00' + to_seconds((9 * row_number() over (order by id))::bigint),
          false, 3.0, handle
        from main.visits where queue_name = 'Queue 01' and ${between("08:00", "10:00")} order by id limit 40`,
    );
    const [event, ...more] = (await found()).filter(({ kind }) => kind === "transfer");
    assert.deepEqual(more, []);
    assert.deepEqual(
      [event?.queue, event?.other_queue, event?.contacts, event?.usual],
      ["Queue 01", "Queue 02", 40, 0],
    );
    assert.deepEqual([event?.starts, event?.ends], [`${day}T10:00:00Z`, `${day}T10:10:00Z`]);
    await annotate("['Queue 02']", "10:00", "10:30");
    assert.deepEqual(
      (await found()).filter(({ kind }) => kind === "transfer"),
      [],
    );
  });

  it("are a bulk end of waiting contacts, told once with their queue", async () => {
    await run(
      `insert into main.visits
        select 900000 + n, timestamp '${day} 14:00:00', 2, 'Queue 03', 24, timestamp '${day} 14:07:10' + to_seconds(n % 50), true, 100.0, 0
        from range(30) as series (n);
      insert into main.ended select timestamp '${day} 14:07:30', 'autoend', 'timedout' from range(30)`,
    );
    const events = await found();
    assert.deepEqual(
      events.map(({ kind, queue, way, contacts, starts, ends }) => [kind, queue, way, contacts, starts, ends]),
      [["end", "Queue 03", "CUSTOMER_TIMEDOUT", 30, `${day}T14:07:00Z`, `${day}T14:08:00Z`]],
    );
  });

  it("are a bulk end of conversations of any queue, but not one of every day", async () => {
    const end = (date: string) =>
      `insert into main.ended select timestamp '${date} 03:00:20', 'autoend', 'timedout' from range(60)`;
    await run(end(day));
    assert.deepEqual(await brief(), [["end", null, null, `${day}T03:00:00Z`, `${day}T03:01:00Z`]]);
    assert.equal((await found())[0]!.way, "autoend, timedout");
    for (const date of ["2026-09-06", "2026-09-07", "2026-09-08"]) await run(end(date));
    assert.deepEqual(await brief(), []);
  });
});

describe("the line of a suspected event", () => {
  const event: Suspected = {
    kind: "outage",
    queue: "Queue 01",
    other_queue: null,
    way: null,
    starts: "2026-09-09T14:00:00Z",
    ends: "2026-09-09T16:00:00Z",
    contacts: 3,
    usual: 60.5,
  };

  it("is in local time, and in UTC where the clock has a time twice", () => {
    assert.equal(
      suspectedLine(event, zone),
      "2026-09-09 10:00,2026-09-09 12:00,suspected outage: 3 contacts instead of 61,Queue 01,outage,no",
    );
    assert.equal(suspectedWhen(event, zone), "Wed 9 Sep 10:00–12:00");
    assert.equal(
      suspectedText({ ...event, kind: "transfer", other_queue: "Queue 02", contacts: 1200 }),
      "bulk transfer of 1,200 contacts to Queue 02",
    );
    const autumn = { ...event, starts: "2026-11-01T05:30:00Z", ends: "2026-11-01T07:00:00Z" };
    assert.match(suspectedLine(autumn, zone), /^2026-11-01T05:30Z,2026-11-01 02:00,/);
  });

  it("is read by the kit as the event that it tells, whatever the zone, the time and the queue's name", async () => {
    const folder = mkdtempSync(join(tmpdir(), "asapp-lines-"));
    const database = await openDatabase({ threads: 1 });
    const start = fc.integer({ min: Date.UTC(2025, 0, 1) / 300_000, max: Date.UTC(2027, 0, 1) / 300_000 });
    const name = fc.stringMatching(/^[A-Za-zé"',=+ א-ת]{1,20}$/).filter((text) => text.trim() !== "");
    try {
      await fc.assert(
        fc.asyncProperty(
          start,
          fc.integer({ min: 1, max: 200 }),
          name,
          fc.constantFrom(zone, "Europe/London", "Australia/Lord_Howe"),
          async (from, length, queue, timezone) => {
            const [starts, ends] = [from * 300_000, (from + length) * 300_000];
            const iso = (time: number) => new Date(time).toISOString().replace(".000Z", "Z");
            const line = suspectedLine({ ...event, queue, starts: iso(starts), ends: iso(ends) }, timezone);
            const file = join(folder, "annotations.csv");
            writeFileSync(file, `from,to,what,queues,kind,exclude\n${line}\n`);
            const [read, ...more] = await readAnnotations(database, file, timezone);
            assert.deepEqual(more, []);
            assert.deepEqual([read?.from, read?.to], [starts, ends], line);
            assert.deepEqual(read?.queues, [queue.replace(/\s+/g, " ").trim()], line);
          },
        ),
        { numRuns: 60 },
      );
    } finally {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
