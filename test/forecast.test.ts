import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { type PlannedFile, plannedText, readPlanned } from "../src/warehouse/wfm/forecast.ts";
import fc from "./fast-check.ts";
import { rawFixture } from "./raw-fixture.ts";

const raw = rawFixture();
const { config } = raw.project;
const forecast = join(raw.project.root, "forecast.csv");
const schedule = join(raw.project.root, "schedule.csv");
after(() => raw.delete());

async function catalogOf<T>(
  files: { forecast?: string | Buffer; schedule?: string; zone?: string },
  ask: (query: (sql: string) => Promise<unknown[][]>) => Promise<T>,
): Promise<T> {
  config.timezone = files.zone ?? "America/New_York";
  config.site.forecast = files.forecast === undefined ? null : forecast;
  config.site.schedule = files.schedule === undefined ? null : schedule;
  if (files.forecast !== undefined) writeFileSync(forecast, files.forecast);
  if (files.schedule !== undefined) writeFileSync(schedule, files.schedule);
  const catalog = await openCatalog(raw.project, { threads: 2 });
  try {
    return await ask(async (sql) => (await catalog.rows(sql)).rows);
  } finally {
    catalog.close();
  }
}

const rowsOf = (text: string | Buffer, zone?: string) =>
  catalogOf({ forecast: text, ...(zone && { zone }) }, (query) => query("from wfm.forecast order by all"));

async function mistakesOf(text: string | Buffer, zone?: string): Promise<string> {
  try {
    await rowsOf(text, zone);
  } catch (error) {
    assert.ok(error instanceof CliError, String(error));
    assert.equal(error.exit, "config");
    assert.match(error.next ?? "", /site\.forecast/);
    return error.message.replaceAll(forecast, "forecast.csv");
  }
  assert.fail("no mistake was found");
}

const head = "queue,window_start,contacts";

describe("the forecast", () => {
  it("takes times with an offset, and times of the site's zone", async () => {
    assert.deepEqual(
      await rowsOf(
        `${head},aht_seconds\nQueue Billing,2026-09-01 08:15,12.5,410\nQueue Billing,2026-09-01T08:30:00-04:00,0,\n"Queue, two",2026-09-01T12:45Z,3,9\n`,
      ),
      [
        ["Queue Billing", "2026-09-01T12:15:00Z", 12.5, 410],
        ["Queue Billing", "2026-09-01T12:30:00Z", 0, null],
        ["Queue, two", "2026-09-01T12:45:00Z", 3, 9],
      ],
    );
  });

  it("takes columns in any order, semicolons, a byte order mark, blank lines and Windows line ends", async () => {
    assert.deepEqual(
      await rowsOf(
        "\uFEFFContacts;QUEUE;window_start\r\n4;Queue Billing;2026-09-01 08:15\r\n\r\n5; Queue Billing ;2026-09-01 08:30",
      ),
      [
        ["Queue Billing", "2026-09-01T12:15:00Z", 4, null],
        ["Queue Billing", "2026-09-01T12:30:00Z", 5, null],
      ],
    );
  });

  it("splits windows of 30 and 60 minutes evenly", async () => {
    const hours = await rowsOf(`${head},aht_seconds\nA,2026-09-01 08:00,12,300\nA,2026-09-01 09:00,4,310\n`);
    assert.deepEqual(
      hours.map(([, , contacts, aht]) => [contacts, aht]),
      [...Array(4).fill([3, 300]), ...Array(4).fill([1, 310])],
    );
    assert.deepEqual(hours.at(-1)![1], "2026-09-01T13:45:00Z");
    const halves = await rowsOf(`${head}\nA,2026-09-01 08:30,12\n`);
    assert.deepEqual(
      halves.map(([, start, contacts]) => [start, contacts]),
      [
        ["2026-09-01T12:30:00Z", 6],
        ["2026-09-01T12:45:00Z", 6],
      ],
    );
    // In a zone of odd offset the hour is the local one.
    assert.deepEqual((await rowsOf(`${head}\nA,2026-09-01 08:00,12\n`, "Asia/Kathmandu")).at(0), [
      "A",
      "2026-09-01T02:15:00Z",
      3,
      null,
    ]);
  });

  it("takes the repeated hour written twice in the order of the file, or with offsets", async () => {
    const rows = [
      ["A", "2026-11-01T05:15:00Z", 1, null],
      ["A", "2026-11-01T06:15:00Z", 2, null],
    ];
    assert.deepEqual(await rowsOf(`${head}\nA,2026-11-01 01:15,1\nA,2026-11-01 01:15,2\n`), rows);
    assert.deepEqual(await rowsOf(`${head}\nA,2026-11-01T01:15-05:00,2\nA,2026-11-01T01:15-0400,1\n`), rows);
    assert.equal(
      await mistakesOf(`${head}\nA,2026-11-01 01:15,1\n`),
      "forecast.csv:2 window_start: 2026-11-01 01:15 occurred twice in America/New_York and is listed once: write 2026-11-01T05:15Z or 2026-11-01T06:15Z",
    );
    assert.match(
      await mistakesOf(`${head}\nA,2026-10-25 02:30,1\n`, "Europe/Berlin"),
      /write 2026-10-25T00:30Z or 2026-10-25T01:30Z$/,
    );
    assert.match(
      await mistakesOf(`${head}\nA,2026-04-05 01:45,1\n`, "Australia/Lord_Howe"),
      /write 2026-04-04T14:45Z or 2026-04-04T15:15Z$/,
    );
  });

  it("refuses an hour that did not exist", async () => {
    assert.equal(
      await mistakesOf(`${head}\nA,2026-03-08 01:45,1\nA,2026-03-08 02:00,1\nA,2026-03-08 03:00,1\n`),
      "forecast.csv:3 window_start: 2026-03-08 02:00 did not exist in America/New_York: the clock skipped it",
    );
  });

  it("names file, line and column of every kind of mistake", async () => {
    const cases: [lines: string, says: string][] = [
      ["A,2026-09-01 08:15,", "contacts: not a number from 0 up: empty"],
      ["A,2026-09-01 08:15,-1", 'contacts: not a number from 0 up: "-1"'],
      ["A,2026-09-01 08:15,NaN", 'contacts: not a number from 0 up: "NaN"'],
      ["A,2026-09-01 08:15,1e999", 'contacts: not a number from 0 up: "1e999"'],
      ["A,2026-09-01 08:15,1_000", 'contacts: not a number from 0 up: "1_000"'],
      ['A,2026-09-01 08:15,"1,5"', 'contacts: not a number from 0 up: "1,5"'],
      [" ,2026-09-01 08:15,1", "queue: is empty"],
      ["A,2026-09-01 08:07,1", "window_start: not the start of a 15-minute window: 2026-09-01 08:07"],
      ["A,2026-09-01 08:15:01,1", "window_start: not the start of a 15-minute window: 2026-09-01 08:15:01"],
      [
        "A,2026-09-01T08:07Z,1\nA,2026-09-01T08:15Z,1",
        "window_start: not the start of a 15-minute window: 2026-09-01T08:07Z",
      ],
      [
        "A,2026-02-30 08:15,1",
        'window_start: not a time like 2026-09-01T08:15:00-04:00, or 2026-09-01 08:15 in the site\'s zone: "2026-02-30 08:15"',
      ],
      [
        "A,2026-02-30 08:15Z,1",
        'window_start: not a time like 2026-09-01T08:15:00-04:00, or 2026-09-01 08:15 in the site\'s zone: "2026-02-30 08:15Z"',
      ],
      [
        "A,01.09.2026,1",
        'window_start: not a time like 2026-09-01T08:15:00-04:00, or 2026-09-01 08:15 in the site\'s zone: "01.09.2026"',
      ],
      [
        "A,,1",
        "window_start: not a time like 2026-09-01T08:15:00-04:00, or 2026-09-01 08:15 in the site's zone: empty",
      ],
    ];
    for (const [lines, says] of cases)
      assert.equal(await mistakesOf(`${head}\n${lines}\n`), `forecast.csv:2 ${says}`, lines);
  });

  it("counts the lines as an editor does", async () => {
    const before = `${head}\n\n"two\nlines",2026-09-01 08:15,1\n\n`;
    assert.match(await mistakesOf(`${before}A,x,1\n`), /^forecast\.csv:6 window_start: /);
    assert.equal(
      await mistakesOf(`${before}A,2026-09-01 08:15\n`),
      "forecast.csv:6 2 values, where the header has 3 columns",
    );
    assert.equal(
      await mistakesOf(`${before}A,2026-09-01 08:15,1\nB,2026-09-01 08:15,1\nA,2026-09-01T12:15:00Z,2\n`),
      "forecast.csv:8 window_start: the same queue and window as line 6",
    );
  });

  it("tells the first five mistakes, and how many there are", async () => {
    const found = await mistakesOf(`${head}\n${"A,2026-09-01 08:15,x\n".repeat(9)}`);
    assert.deepEqual(found.split("\n").slice(4), [
      'forecast.csv:6 contacts: not a number from 0 up: "x"',
      "and 4 more",
    ]);
  });

  it("says what is wrong with a file that is no such table", async () => {
    assert.equal(
      await mistakesOf("queue,start,contacts\n"),
      'forecast.csv:1 unknown column "start"\nforecast.csv:1 column window_start is missing',
    );
    assert.equal(
      await mistakesOf("queue,window_start,contact,queue\n"),
      'forecast.csv:1 unknown column "contact" (did you mean "contacts"?)\nforecast.csv:1 duplicate column queue\nforecast.csv:1 column contacts is missing',
    );
    assert.match(await mistakesOf(""), /column queue is missing/);
    assert.equal(await mistakesOf(Buffer.from("PK\0\0")), "not UTF-8 text: forecast.csv");
    assert.equal(
      await mistakesOf(Buffer.from(`${head}\nQu\xe9,2026-09-01 08:15,1\n`, "latin1")),
      "forecast.csv:2 not UTF-8: save the file with that encoding",
    );
    assert.equal(await mistakesOf(`${head}\nA,2026-09-01 08:15,"1\n`), "forecast.csv:2 a quote that is not closed");
    raw.project.config.site.forecast = join(raw.project.root, "none.csv");
    const catalog = await openCatalog(raw.project);
    await assert.rejects(catalog.rows("from wfm.forecast"), /no such file: .*none\.csv/);
    catalog.close();
  });

  it("keeps the volume of any file, whatever its windows and zone", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"),
        fc.constantFrom(15, 30, 60),
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
        async (zone, minutes, volumes) => {
          const start = Date.parse("2026-10-24T20:00:00Z") + (zone === "America/St_Johns" ? 1_800_000 : 0);
          const lines = volumes.map(
            (volume, i) => `A,${new Date(start + i * minutes * 60_000).toISOString()},${volume}`,
          );
          const rows = await rowsOf(`${head}\n${lines.join("\n")}\n`, zone);
          const sum = rows.reduce((total, [, , contacts]) => total + Number(contacts), 0);
          const written = volumes.reduce((total, volume) => total + volume, 0);
          assert.ok(Math.abs(sum - written) <= 1e-9 * Math.max(1, written), `${sum} of ${written}`);
          assert.equal(new Set(rows.map(([, at]) => at)).size, rows.length);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("versions of a forecast", () => {
  const versioned = `${head},issued_at`;
  const both = (text: string, zone?: string) =>
    catalogOf({ forecast: text, ...(zone && { zone }) }, async (query) => ({
      used: (await query("select window_start, contacts from wfm.forecast order by all")).map(([start, contacts]) => [
        String(start).slice(11, 16),
        contacts,
      ]),
      kept: await query("from wfm.forecast_versions order by all"),
    }));

  // version of a window                                      used
  // without time of issue                                    always
  // issued before, or as it begins; of several, the newest   yes
  // issued after it began                                    no: nobody knew it
  it("are all kept, and that in force when a window began is used", async () => {
    const { used, kept } = await both(
      `${versioned}
A,2026-09-01 08:00,10,2026-08-31 17:00
A,2026-09-01 08:15,11,2026-08-31 17:00
A,2026-09-01 08:30,12,2026-08-31 17:00
A,2026-09-01 08:15,21,2026-09-01T12:15Z
A,2026-09-01 08:00,20,2026-09-01T08:00:01-04:00
A,2026-09-01 08:30,32,2026-09-01 08:20:30.25
A,2026-09-01 08:45,43,2026-09-01 09:00
`,
    );
    assert.deepEqual(used, [
      ["12:00", 10], // the second version came a second late
      ["12:15", 21], // issued as it begins
      ["12:30", 32],
      // 12:45 has a version from later only
    ]);
    assert.equal(kept.length, 7);
    assert.deepEqual(kept.at(-1), ["A", "2026-09-01T12:45:00Z", 43, null, "2026-09-01T13:00:00Z"]);
    assert.deepEqual((await both(`${head}\nA,2026-09-01 08:15,1\n`)).used, [["12:15", 1]]);
  });

  it("fill the gaps of newer ones, per queue and window", async () => {
    const { used } = await both(
      `${versioned}
A,2026-09-01 08:00,1,2026-09-01 06:00
A,2026-09-01 08:15,2,2026-09-01 06:00
A,2026-09-01 08:15,20,2026-09-01 07:00
B,2026-09-01 08:00,3,2026-09-01 05:00
`,
    );
    assert.deepEqual(used, [
      ["12:00", 1],
      ["12:00", 3],
      ["12:15", 20],
    ]);
  });

  it("change within an hour that is one row, from the quarter-hour after their issue", async () => {
    const { used } = await both(
      `${versioned}\nA,2026-09-01 08:00,4,2026-09-01 06:00\nA,2026-09-01 08:00,8,2026-09-01 08:20\n`,
    );
    assert.deepEqual(
      used.map(([, contacts]) => contacts),
      [1, 1, 2, 2],
    );
  });

  it("may name the hours that the clock repeats, each version for itself", async () => {
    const { used } = await both(
      `${versioned}
A,2026-11-01 01:15,1,2026-10-31 12:00
A,2026-11-01 01:15,2,2026-10-31 12:00
A,2026-11-01 01:15,3,2026-10-31 18:00
A,2026-11-01 01:15,4,2026-10-31 18:00
`,
    );
    assert.deepEqual(used, [
      ["05:15", 3],
      ["06:15", 4],
    ]);
  });

  it("have mistakes of their own", async () => {
    const cases: [lines: string, says: string][] = [
      [
        "A,2026-09-01 08:15,1,",
        "2 issued_at: not a time like 2026-09-01T08:15:00-04:00, or 2026-09-01 08:15 in the site's zone: empty",
      ],
      [
        "A,2026-09-01 08:15,1,yesterday",
        '2 issued_at: not a time like 2026-09-01T08:15:00-04:00, or 2026-09-01 08:15 in the site\'s zone: "yesterday"',
      ],
      [
        "A,2026-09-01 08:15,1,2026-03-08 02:07",
        "2 issued_at: 2026-03-08 02:07 did not exist in America/New_York: the clock skipped it",
      ],
      [
        "A,2026-12-01 08:15,1,2026-11-01 01:07",
        "2 issued_at: 2026-11-01 01:07 occurred twice in America/New_York: write 2026-11-01T05:07Z or 2026-11-01T06:07Z",
      ],
      [
        "A,2026-09-01 08:15,1,2026-09-01T06:00Z\nA,2026-09-01 08:15,1,2026-09-01 07:00\nA,2026-09-01T12:15Z,1,2026-09-01 02:00",
        "4 window_start: the same queue, window and time of issue as line 2",
      ],
    ];
    for (const [lines, says] of cases)
      assert.equal(await mistakesOf(`${versioned}\n${lines}\n`), `forecast.csv:${says}`);
  });

  it("have windows of one length, as have the queues of a file", async () => {
    const rows = (queue: string, minutes: number, count: number, issue: string) =>
      Array.from({ length: count }, (_, i) => {
        const start = new Date(Date.parse("2026-09-01T12:00:00Z") + i * minutes * 60_000);
        return `${queue},${start.toISOString()},6,2026-09-01T${issue}Z`;
      });
    const file = (...lines: string[][]) => `${[versioned, ...lines.flat()].join("\n")}\n`;
    assert.equal(
      await mistakesOf(file(rows("A", 15, 20, "06:00"), rows("A", 30, 16, "07:00"))),
      "forecast.csv:22 window_start: its windows of this queue have 30 minutes, others of the file 15: split them",
    );
    assert.match(
      await mistakesOf(file(rows("A", 30, 16, "06:00"), rows("B", 60, 8, "06:00"))),
      /forecast\.csv:18 .* have 60 minutes, others of the file 30/,
    );
    // a few windows of a small queue may well begin on the hour
    assert.equal((await both(file(rows("A", 15, 20, "06:00"), rows("A", 60, 3, "07:00")))).used.length, 20);
  });

  it("are counted, and windows without a version in time are reported", async () => {
    await catalogOf(
      {
        forecast: `${versioned}\nA,2026-09-01 08:15,1,2026-09-01 07:00\nA,2026-09-01 08:15,1,2026-09-01 08:00\nA,2026-09-01 08:30,1,2026-09-01 09:00\n`,
      },
      async () => {},
    );
    const catalog = await openCatalog(raw.project);
    const [file] = await readPlanned(catalog, config);
    catalog.close();
    assert.equal(
      plannedText({ ...file!, unknownQueues: [] }),
      "forecast: forecast.csv, 1 queue, 2 windows, 3 versions, 2026-09-01 to 2026-09-01; not used, as issued only after the window began: 1 window",
    );
  });
});

describe("the schedule", () => {
  it("is read like the forecast, a level being no volume to split", async () => {
    const text = "queue,window_start,scheduled_fte\nA,2026-09-01 08:00,2.5\n";
    assert.deepEqual(await catalogOf({ schedule: text }, (query) => query("from wfm.schedule order by all limit 2")), [
      ["A", "2026-09-01T12:00:00Z", 2.5],
      ["A", "2026-09-01T12:15:00Z", 2.5],
    ]);
  });

  it("is summed up with the queues that no feed has", async () => {
    raw.put("queue_wfm", "2026-09-01 05:30", [
      { instance_ts: "2026-09-01 05:00:00", queue_name: "Queue Billing", total_assignments: 3 },
    ]);
    await updateWarehouse(raw.project);
    config.site.forecast = null;
    config.site.schedule = schedule;
    writeFileSync(
      schedule,
      "queue,window_start,scheduled_fte\nQueue Billing,2026-09-01 08:30,2\nQueue Biling,2026-09-01 08:30,2\nNight,2026-09-01 08:30,2\n",
    );
    const catalog = await openCatalog(raw.project);
    const expected: PlannedFile[] = [
      {
        table: "schedule",
        file: schedule,
        queues: 3,
        windows: 6,
        minutes: 30,
        first: "2026-09-01T12:30:00Z",
        last: "2026-09-01T12:45:00Z",
        versions: 0,
        late: 0,
        unknownQueues: [
          { queue: "Night", suggestion: null },
          { queue: "Queue Biling", suggestion: "Queue Billing" },
        ],
      },
    ];
    assert.deepEqual(await readPlanned(catalog, config), expected);
    catalog.close();
  });
});
