// Who waits, from visits as exports have them: open, without an end, backwards, several days long, twice, at a boundary.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { zone } from "../notebooks/components/metrics/format.ts";
import {
  bands,
  countsBy,
  loadOf,
  type SlotDay,
  secondsToReach,
  slotIntervals,
  type WaitingDate,
  type WaitingDay,
  waitingIntervals,
} from "../notebooks/components/metrics/queues/waiting.ts";
import { serviceLevel, serviceLevelVariants } from "../notebooks/components/metrics/service-level.ts";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { waitingPage, waitingWords } from "../notebooks/components/pages/waiting-page.ts";
import type { Database } from "../src/duckdb/database.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { answer } from "./answer.ts";
import fc from "./fast-check.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

const dt = "2026-09-08";
const at = (time: string) => (time.includes("T") ? `${time}:00Z` : `${dt}T${time}${time.length === 5 ? ":00" : ""}Z`);

// queue, entry, exit, then at which quarter-hours somebody waits, and the oldest wait of the last one in minutes
const visits: [
  queue: string,
  entry: string | null,
  exit: string | null,
  ends: string[],
  oldest: number | null,
  more?: object,
][] = [
  ["over a boundary", "10:10", "10:20", ["10:15"], 5],
  ["within a window", "10:01", "10:14", [], null],
  ["up to the very end", "10:05", "10:15", ["10:15"], 10], // it leaves in the window that begins then
  ["from the very start", "10:15", "10:31", ["10:30"], 15],
  ["no time at all", "10:15", "10:15", [], null],
  ["backwards", "10:20", "10:05", [], null, { enqueue_time: -900 }],
  ["two and a half hours", "10:10", "12:40", hours("10:15", "12:30"), 140],
  ["over midnight", "2026-09-07T23:50", "00:20", ["00:00", "00:15"], 25],
  ["two days", "2026-09-06T12:00", "01:20", hours("00:00", "01:15"), 37 * 60 + 15],
  ["without an entry", null, "11:20", ["11:15"], 15, { enqueue_time: 1200 }],
  ["still there", "12:50", null, ["13:00"], 10],
  ["lost, then assigned", "10:10", null, ["10:15", "10:30"], 20],
  ["lost, then in another queue", "10:10", null, ["10:15"], 5],
  ["lost for good", "2026-09-07T09:50", null, hours("00:00", "09:45"), 23 * 60 + 55], // for a day
];

function hours(from: string, to: string): string[] {
  const list: string[] = [];
  for (let time = Date.parse(at(from)); time <= Date.parse(at(to)); time += 900_000)
    list.push(new Date(time).toISOString().slice(11, 16));
  return list;
}

const visit = (queue: string, entry: string | null, exit: string | null, more: object = {}) => ({
  issue_id: `issue ${queue}`,
  queue_id: queue,
  queue_name: queue,
  enter_queue_ts: entry === null ? null : at(entry),
  exit_queue_ts: exit === null ? null : at(exit),
  abandoned: false,
  exit_queue_eventtype: exit === null ? null : "NEW_REP",
  instance_ts: at("12:00"),
  ...more,
});
const assigned = (issue: string, time: string, more: object = {}) => ({
  issue_id: issue,
  rep_id: "1",
  issue_assigned_ts: at(time),
  handle_time_seconds: 60,
  instance_ts: at(time),
  ...more,
});

describe("contacts that wait", () => {
  let raw: RawFixture;
  let catalog: Database;
  let file: WaitingDay[];
  let days: WaitingDate[];
  let site: Site;
  const read = async (day: string) => answer<WaitingDay>(raw.project, catalog, "waiting/[day]", { day });
  const rowsOf = (queue: string, grain: 15 | 30 | 60 = 15) =>
    waitingIntervals(file, { day: dt, queue, grain, timezone: "UTC", through: Date.parse(at("13:00")) });

  before(async () => {
    raw = rawFixture(({ config }) => {
      config.site.privacy.minContacts = 1;
      config.site.queueGroups = new Map([["Group", ["two days", "over midnight"]]]);
    });
    const listed = visits.map(([queue, entry, exit, , , more]) => visit(queue, entry, exit, more));
    const others = [
      visit("elsewhere", "10:20", "10:20", { issue_id: "issue lost, then in another queue" }),
      // one contact, three rows: two spellings of its id, and a visit that overlaps the first
      visit("twice", "10:10", "10:20", { issue_id: 77 }),
      visit("twice", "10:10", "10:20", { issue_id: "77.0" }),
      visit("twice", "10:12", "10:20", { issue_id: "77" }),
      // no id of the queue
      visit("by name", "10:10", "10:20", { queue_id: null }),
      // ended in words of the export
      visit("words", "09:00", "09:01", { issue_id: 1, exit_queue_eventtype: "\tCUSTOMER_TIMEDOUT ", abandoned: true }),
      visit("words", "09:00", "09:02", { issue_id: 2, exit_queue_eventtype: "customer_timedout" }),
      visit("words", "09:00", "09:03", { issue_id: 3, exit_queue_eventtype: "MERGED_INTO", abandoned: true }),
      visit("words", "09:00", "09:04", { issue_id: 4, exit_queue_eventtype: null }),
      // answered by a rep that issue_queues does not name
      visit("answered", "09:00", "09:01:30", { issue_id: 5, rep_id: null, enqueue_time: 90 }),
      visit("answered", "09:00", "09:02", { issue_id: 6, rep_id: "1", enqueue_time: -1 }),
    ];
    for (const hour of Array.from({ length: 13 }, (_, i) => String(i).padStart(2, "0"))) {
      raw.put("issue_queues", `${dt} ${hour}`, hour === "12" ? [...listed, ...others] : []);
      raw.put(
        "rep_convos",
        `${dt} ${hour}`,
        hour === "12"
          ? [
              assigned("issue lost, then assigned", "10:40", { queue_id: "lost, then assigned" }),
              assigned("direct", "09:07", { queue_id: "answered" }),
              assigned("5", "09:01:30", { queue_id: "answered" }),
              assigned("6", "09:02", { queue_id: "answered" }),
            ]
          : [],
      );
    }
    raw.remove("rep_convos", `${dt} 08`);
    await updateWarehouse(raw.project, { now: new Date(at("13:20")) });
    catalog = await openCatalog(raw.project);
    file = await read(dt);
    days = await answer<WaitingDate>(raw.project, catalog, "waiting-days");
    [site] = (await answer<Site>(raw.project, catalog, "site")) as [Site];
  });
  after(() => {
    catalog?.close();
    raw?.delete();
  });

  for (const [queue, , , ends, oldest] of visits)
    it(`are counted at the end of each quarter-hour: ${queue}`, () => {
      const rows = rowsOf(queue);
      const missing = (end: string) => end > "08:00" && end <= "09:00"; // an hour of rep_convos
      const waited = rows.filter(({ waiting }) => waiting).map(({ end }) => new Date(end).toISOString().slice(11, 16));
      assert.deepEqual(
        waited,
        ends.filter((end) => !missing(end) && end !== "00:00"),
      );
      const last = rows.findLast(({ waiting }) => waiting);
      assert.equal(last?.oldest ?? null, oldest === null ? null : oldest * 60);
    });

  it("are neither zero nor waiting where the feeds are not complete", () => {
    const states = new Map(rowsOf("still there").map(({ label, state, waiting }) => [label, [state, waiting]]));
    assert.deepEqual(states.get("08:30"), ["missing", null]);
    assert.deepEqual(states.get("12:45"), ["data", 1]);
    assert.deepEqual(states.get("13:00"), ["pending", null]);
  });

  it("are one contact, however its id is spelled and however often it is in the queue", () => {
    assert.deepEqual(
      rowsOf("twice")
        .filter(({ waiting }) => waiting)
        .map(({ label, waiting, entered }) => [label, waiting, entered]),
      [["10:00", 1, 2]],
    );
  });

  it("belong to the queue of the name where there is no id", () => {
    assert.equal(rowsOf("by name").find(({ label }) => label === "10:00")!.waiting, 1);
  });

  it("of a group and of all queues are those of their queues", () => {
    const [group, all] = ["Group", "All queues"].map((queue) => rowsOf(queue, 60));
    assert.deepEqual([group![0]!.waiting, group![0]!.oldest], [1, 37 * 3600]);
    assert.equal(rowsOf("Group").find(({ label }) => label === "00:00")!.waiting, 2);
    assert.ok(all![10]!.waiting! >= 1 && all![8]!.state === "missing");
  });

  it("that come less those that leave are those that wait longer", () => {
    for (const queue of visits.map(([queue]) => queue).filter((queue) => !/lost|still|backwards|entry/.test(queue))) {
      const rows = rowsOf(queue);
      for (const [i, row] of rows.entries()) {
        const former = rows[i - 1];
        if (!former || former.waiting === null || row.waiting === null) continue;
        assert.equal(row.waiting, former.waiting + row.entered! - row.gone!, `${queue} ${row.label}`);
      }
    }
  });

  it("leave in the export's own words, of which only the documented ones are read", () => {
    const row = file.find(({ queue }) => queue === "words")!;
    assert.deepEqual(
      row.exits!.map(({ event, abandoned, visits }) => [event, abandoned, visits]).sort(),
      [
        [null, false, 1],
        ["CUSTOMER_TIMEDOUT", true, 1],
        ["MERGED_INTO", true, 1],
        ["customer_timedout", false, 1],
      ].sort(),
    );
    const [hour] = rowsOf("words", 60).filter(({ entered }) => entered);
    assert.deepEqual([hour!.timedOut, hour!.abandoned, hour!.gone], [2, 2, 4]);
  });

  it("and are answered waited, though no rep or no valid time is with the visit", () => {
    const row = file.find(({ queue }) => queue === "answered")!;
    const [hour] = rowsOf("answered", 60).filter(({ answered }) => answered);
    assert.deepEqual([hour!.answered, hour!.direct, hour!.entered], [3, 1, 2]);
    assert.deepEqual(hour!.answeredBands, [1, 0, 0, 0, 2, 0, 0]); // none, 90 s, 120 s by its times
    assert.deepEqual(countsBy(row, 90)!.answeredWithin, 2);
  });

  it("have words", () => {
    const words = (queue: string) =>
      waitingWords(
        waitingPage({
          ...{ site, zone: zone("UTC"), days, day: dt, queue, grain: 15, chats: "all" },
          files: { waiting: { rows: file, problem: null }, slots: { rows: [], problem: null } },
        }),
      );
    assert.match(words("still there").title, /^still there: 1 contact waiting at 13:00, the oldest for 10 min$/);
    assert.match(words("within a window").title, /nobody waiting at 13:00$/);
    assert.match(words("no such queue").title, /no data/);
  });

  it("are held back in statistics, and nothing else, where they are few", async () => {
    raw.project.config.site.privacy.minContacts = 3;
    const few = await openCatalog(raw.project);
    try {
      const rows = await answer<WaitingDay>(raw.project, few, "waiting/[day]", { day: dt });
      const of = (name: string) => rows.find(({ queue }) => queue === name)!;
      const counts = ({ entered, waiting, answered_bands }: WaitingDay) => ({ entered, waiting, answered_bands });
      for (const row of rows) assert.deepEqual(counts(row), counts(file.find(({ queue }) => queue === row.queue)!));
      assert.equal(of("words").steps, null); // two contacts
      assert.equal(
        of("still there").oldest.some((wait) => wait !== null),
        false,
      );
      // those of "words" and "lost, then assigned" are three: the total does not give them away
      assert.ok(of("answered").steps);
      assert.ok(of("All queues").steps);
    } finally {
      few.close();
      raw.project.config.site.privacy.minContacts = 1;
    }
  });
});

describe("those who left", () => {
  let raw: RawFixture;
  const files = new Map<number, WaitingDay[]>(); // by min_contacts
  // queue, the minute of the hour in which they left, their waits in seconds
  const left: [queue: string, minute: number, waits: (number | null)[]][] = [
    ["Big", 5, [60, 120, 180, 200, null]],
    ["Big", 20, [30, -30]], // the second left before it came
    ["Big", 50, [90, 600]],
    ["Second", 5, [300, 301, 302]],
    ["Small", 5, [400]],
    ["Other", 35, [10, 20, 30]], // held back, as the total would give away Small
  ];

  before(async () => {
    raw = rawFixture(({ config }) => {
      config.site.queueGroups = new Map([["Group", ["Big", "Second"]]]);
    });
    const rows = left.flatMap(([queue, minute, waits]) =>
      waits.map((wait, i) => {
        const exit = Date.parse(at("09:00")) + minute * 60_000;
        const entry = wait === null ? null : new Date(exit - wait * 1000).toISOString();
        return visit(queue, null, null, {
          ...{
            issue_id: `${queue} ${minute} ${i}`,
            enter_queue_ts: entry,
            exit_queue_ts: new Date(exit).toISOString(),
          },
          ...{ enqueue_time: wait, abandoned: true, exit_queue_eventtype: "CONVERSATION_END" },
        });
      }),
    );
    raw.put("issue_queues", dt, rows);
    raw.put("rep_convos", dt, []);
    await updateWarehouse(raw.project, { now: new Date("2026-09-09T02:00:00Z") });
    for (const least of [1, 3, 8]) {
      raw.project.config.site.privacy.minContacts = least;
      const catalog = await openCatalog(raw.project);
      files.set(least, await answer<WaitingDay>(raw.project, catalog, "waiting/[day]", { day: dt }));
      catalog.close();
    }
  });
  after(() => raw.delete());

  const told = (least: number, queue: string, grain: 15 | 30 | 60) =>
    waitingIntervals(files.get(least)!, { day: dt, queue, grain, timezone: "UTC", through: Date.parse(at("24:00")) })
      .filter(({ abandoned }) => abandoned)
      .map(({ label, abandoned, leavers, abandonedWait, abandonedLongest }) => [
        ...[label, abandoned, leavers],
        ...[abandonedWait === null ? null : Math.round(abandonedWait * 10) / 10, abandonedLongest],
      ]);

  // min_contacts, queue, minutes; label, left, of which the wait is told, mean, longest
  const cases: [number, string, 15 | 30 | 60, (string | number | null)[][]][] = [
    [
      ...([1, "Big", 15] as const),
      [
        ["09:00", 5, 4, 140, 240],
        ["09:15", 2, 1, 30, 60],
        ["09:45", 2, 2, 345, 600],
      ],
    ],
    [
      ...([3, "Big", 15] as const),
      [
        ["09:00", 5, 4, 140, 240],
        ["09:15", 2, 1, 240, 600], // with 09:45
        ["09:45", 2, 2, 240, 600],
      ],
    ],
    [
      ...([3, "Big", 30] as const),
      [
        ["09:00", 7, 5, 160, 600],
        ["09:30", 2, 2, 240, 600],
      ],
    ],
    [3, "Big", 60, [["09:00", 9, 7, 182.9, 600]]],
    [8, "Big", 60, [["09:00", 9, 0, null, null]]], // seven waits are known
    [3, "Small", 15, [["09:00", 1, 0, null, null]]],
    [3, "Other", 15, [["09:30", 3, 0, null, null]]],
    [
      ...([3, "Group", 15] as const),
      [
        ["09:00", 8, 7, 209, 360],
        ["09:15", 2, 1, 240, 600],
        ["09:45", 2, 2, 240, 600],
      ],
    ],
    [3, "All queues", 60, [["09:00", 16, 10, 218.3, 600]]], // what Big and Second tell
  ];
  for (const [least, queue, grain, expected] of cases)
    it(`waited as ${least === 1 ? "each did" : `${least} together did`}: ${queue}, ${grain} minutes`, () => {
      assert.deepEqual(told(least, queue, grain), expected);
    });

  it("have the mean of an hour weighted by how many they are", () => {
    const waits = fc.array(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 5 }), {
      minLength: 4,
      maxLength: 4,
    });
    fc.assert(
      fc.property(waits, (each) => {
        const row = {
          ...{
            queue: "All queues",
            start: at("00:00"),
            entered: each.map(() => 1),
            abandoned: each.map((w) => w.length),
          },
          leavers: each.map((w) => w.length),
          abandoned_wait: each.map((w) => (w.length ? w.reduce((a, b) => a + b, 0) / w.length : null)),
          abandoned_longest: each.map((w) => (w.length ? Math.max(...w) : null)),
        } as unknown as WaitingDay;
        const [hour] = waitingIntervals([{ ...row, ...blank }], {
          ...{ day: dt, queue: "All queues", grain: 60, timezone: "UTC", through: Date.parse(at("01:00")) },
        });
        const all = each.flat();
        const mean = all.length ? all.reduce((a, b) => a + b, 0) / all.length : null;
        assert.equal(hour!.leavers, all.length);
        assert.ok(mean === null ? hour!.abandonedWait === null : Math.abs(hour!.abandonedWait! - mean) < 1e-6);
        assert.equal(hour!.abandonedLongest, all.length ? Math.max(...all) : null);
      }),
    );
  });
  const none: number[] = [];
  const blank = {
    ...{ direct: none, gone: none, waiting: none, oldest: none, answered: none, timed_out: none },
    ...{ answered_bands: [], abandoned_bands: [] },
  };
});

describe("the local day of a clock change", () => {
  for (const [day, windows] of [
    ["2026-03-08", 92],
    ["2026-11-01", 100],
  ] as const)
    it(`has ${windows} quarter-hours, ${day}`, async () => {
      const raw = rawFixture(({ config }) => {
        config.timezone = "America/New_York";
        config.site.privacy.minContacts = 1;
      });
      try {
        const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
        // from before the change to after it
        const row = visit("A", `${day}T04:40`, `${day}T08:10`);
        for (const each of [day, next]) {
          raw.put("issue_queues", each, each === day ? [row] : []);
          raw.put("rep_convos", each, []);
        }
        await updateWarehouse(raw.project, { now: new Date(`${next}T23:00:00Z`) });
        const catalog = await openCatalog(raw.project);
        const rows = await answer<WaitingDay>(raw.project, catalog, "waiting/[day]", { day });
        catalog.close();
        const own = rows.find(({ queue }) => queue === "A")!;
        assert.equal(own.waiting.length, windows);
        const shown = waitingIntervals(rows, {
          ...{ day, queue: "A", grain: 60, timezone: "America/New_York", through: Date.parse(`${next}T04:00:00Z`) },
        });
        assert.equal(shown.filter(({ state }) => state !== "skipped").length, windows / 4);
        const first = day === "2026-03-08" ? Date.parse(`${day}T05:00:00Z`) : Date.parse(`${day}T04:00:00Z`);
        const ends = shown.filter(({ waiting }) => waiting).map(({ end }) => end);
        const expected = [5, 6, 7, 8].map((hour) => Date.parse(`${day}T0${hour}:00:00Z`)).filter((end) => end > first);
        assert.deepEqual(ends, expected);
      } finally {
        raw.delete();
      }
    });
});

describe("served within T", () => {
  const day = (waits: number[], left: number[]): WaitingDay => {
    const steps = [0, 5, 10, 30, 60, 120, 3600];
    const upTo = (list: number[]) => steps.map((step) => list.filter((wait) => wait <= step).length);
    return {
      ...({ queue: "A", answered: [waits.length], abandoned: [left.length], steps } as unknown as WaitingDay),
      answered_by: upTo(waits),
      abandoned_by: upTo(left),
      abandoned_short: left.filter((wait) => wait < 5).length,
    };
  };

  it("is the service level of the contacts themselves, by every formula, at every step", () => {
    const waits = fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 40 });
    fc.assert(
      fc.property(waits, waits, (answered, abandoned) => {
        const file = day(answered, abandoned);
        for (const step of file.steps!)
          for (const variant of serviceLevelVariants) {
            const direct = serviceLevel(
              {
                answered: answered.length,
                abandoned: abandoned.length,
                answeredWithin: answered.filter((wait) => wait <= step).length,
                abandonedWithin: abandoned.filter((wait) => wait <= step).length,
                abandonedShort: abandoned.filter((wait) => wait < 5).length,
              },
              variant,
            );
            assert.equal(serviceLevel(countsBy(file, step)!, variant), direct);
          }
        const reached = secondsToReach(file, 0.8, "offered");
        const level = (step: number) => serviceLevel(countsBy(file, step)!, "offered") ?? 0;
        if (reached === null) assert.ok(level(3600) < 0.8);
        else
          assert.ok(
            level(reached) >= 0.8 - 1e-9 &&
              (reached === 0 || level(file.steps![file.steps!.indexOf(reached) - 1]!) < 0.8),
          );
      }),
    );
  });

  it("has no figure between the steps, or where few contacts are held back", () => {
    assert.equal(countsBy(day([1], []), 77), null);
    assert.equal(countsBy({ ...day([1], []), steps: null, answered_by: null }, 60), null);
    assert.equal(countsBy(undefined, 60), null);
  });

  it("puts a wait on the edge of a band into the lower one", () => {
    assert.deepEqual(bands, [0, 10, 30, 60, 120, 300, Infinity]);
  });
});

describe("reps by load", () => {
  let raw: RawFixture;
  const window = (rep: string, start: string, more: object = {}) => ({
    rep_id: rep,
    instance_ts: at(start),
    max_slots: 2,
    desk_mode: "CHAT",
    lin_logged_in_min: 15,
    cum_logged_in_min: 30,
    cum_ute_total_min: 12,
    lin_utilization_level_light_min: 6,
    lin_utilization_level_full_min: 3,
    lin_utilization_level_over_min: 0,
    export_ts: at("11:00"),
    ...more,
  });
  before(() => {
    raw = rawFixture(({ config }) => {
      config.site.privacy.minReps = 3;
    });
  });
  after(() => raw.delete());

  it("are merged until there are enough, and lacking columns are named", async () => {
    const rows = [
      // 09:00: three reps in each quarter-hour; 10:00: one in each, three in the hour; 11:00: one alone
      ...["09:00", "09:15", "09:30", "09:45"].flatMap((start) => ["a", "b", "c"].map((rep) => window(rep, start))),
      ...["10:00", "10:15", "10:30"].map((start, i) => window(["a", "b", "c"][i]!, start)),
      window("a", "11:00", { cum_ute_total_min: 30 }),
      // two rows of one rep, who changed slots; and nobody's row
      window("d", "09:00", { max_slots: 3, lin_logged_in_min: 10 }),
      window("d", "09:00", { max_slots: 2, lin_logged_in_min: 10 }),
      window("", "09:00", { rep_id: null }),
    ];
    raw.put("rep_utilized", dt, rows);
    for (const feed of ["issue_queues", "rep_convos"]) raw.put(feed, dt, []);
    await updateWarehouse(raw.project, { now: new Date("2026-09-09T02:00:00Z") });
    const catalog = await openCatalog(raw.project);
    const [file] = await answer<SlotDay>(raw.project, catalog, "slots/[day]", { day: dt });
    catalog.close();
    const place = (time: string) => (Date.parse(at(time)) - Date.parse(at("00:00"))) / 900_000;
    const told = (time: string) => [file!.merged[place(time)], file!.reps[place(time)], file!.chats[place(time)]];
    assert.deepEqual(told("09:00"), [15, 4, 4]);
    assert.deepEqual(told("09:15"), [15, 3, 2.4]);
    assert.deepEqual(told("10:15"), [60, 3, 0.8]);
    assert.deepEqual(told("10:45"), [15, 0, 0]);
    assert.deepEqual(told("11:00"), [0, null, null]);
    assert.equal(file!.logged_in[place("09:00")], 4); // nobody is there for more than the window
    assert.deepEqual(file!.lacking, [
      "cum_weighted_seconds",
      "flex_protect_min",
      "workload_level_full_min",
      "workload_level_light_min",
      "workload_level_no_min",
      "workload_level_over_min",
    ]);
    const intervals = slotIntervals(file, { day: dt, grain: 60, timezone: "UTC", through: Date.parse(at("24:00")) });
    assert.equal(loadOf(intervals[10]!, "active"), null);
    const load = loadOf(intervals[10]!, "all")!;
    assert.deepEqual(
      [load.none, load.light, load.full, load.over].map((fte) => Number(fte.toFixed(9))),
      [0.3, 0.3, 0.15, 0],
    );
    assert.equal(loadOf(intervals[11]!, "all"), null);
    assert.equal(intervals[11]!.merged, 0);
  });
});
