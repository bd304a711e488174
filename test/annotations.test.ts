import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { timeZone } from "../notebooks/components/metrics/time-zone.ts";
import { CliError } from "../src/base/errors.ts";
import { dayEnd, dayStart, writtenTime } from "../src/config/local-times.ts";
import {
  annotationsNext,
  annotationsOf,
  annotationsSummary,
  annotationsText,
} from "../src/warehouse/annotations/annotations.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import fc from "./fast-check.ts";
import { rawFixture } from "./raw-fixture.ts";

const raw = rawFixture();
const { config } = raw.project;
const file = join(raw.project.root, "annotations.csv");
config.site.annotations = file;
after(() => raw.delete());

async function read(text: string | Buffer, sql: string, zone = "America/New_York"): Promise<unknown[][]> {
  config.timezone = zone;
  writeFileSync(file, text);
  const catalog = await openCatalog(raw.project, { threads: 2 });
  try {
    return (await catalog.rows(sql)).rows;
  } finally {
    catalog.close();
  }
}

const times =
  "select strftime(starts_at, '%m-%d %H:%M'), strftime(ends_at, '%m-%d %H:%M'), whole_days from wfm.annotations";
const days = "select day::varchar, name from kit.excluded_days order by day";

async function mistakes(text: string | Buffer, zone?: string): Promise<string> {
  try {
    await read(text, "from wfm.annotations", zone);
  } catch (error) {
    assert.ok(error instanceof CliError, String(error));
    assert.equal(error.exit, "config");
    assert.match(error.next ?? "", /site\.annotations.*docs\/annotations\.md|save it as CSV UTF-8.*site\.annotations/);
    return error.message.replaceAll(file, "annotations.csv");
  }
  assert.fail("no mistake was found");
}

describe("the annotations", () => {
  it("are a day, days, a span, a moment, or a time with an offset", async () => {
    assert.deepEqual(
      await read(
        [
          "from,to,what",
          "2026-11-26,,Thanksgiving",
          "2026-11-26,2026-11-27,sale",
          "2026-11-10 10:00,2026-11-10 13:00,chat down",
          "2026-11-10 10:00,,release",
          "2026-11-10T10:00:30+01:00,2026-11-10T12:00Z,offsets",
          "2026-11-26,2026-11-27 06:00,a day and a time",
          "2026-11-25 22:00,2026-11-26,a time and a day",
          "2026-11-10 10:00,2026-11-10 10:00,no length",
        ].join("\n"),
        times,
      ),
      [
        ["11-26 05:00", "11-27 05:00", true],
        ["11-26 05:00", "11-28 05:00", true],
        ["11-10 15:00", "11-10 18:00", false],
        ["11-10 15:00", null, false],
        ["11-10 09:00", "11-10 12:00", false],
        ["11-26 05:00", "11-27 11:00", false],
        ["11-26 03:00", "11-27 05:00", false],
        ["11-10 15:00", null, false],
      ],
    );
  });

  it("come as spreadsheets write them: a byte order mark, semicolons, blank lines, line breaks in quotes", async () => {
    const text =
      '\uFEFFFrom;To;What;Queues;Kind;Exclude\r\n2026-11-10;;"Server down,\r\nall of it";"Queue A; Queue B|Queue A";OUTAGE;YES\r\n;;;;;\r\n\r\n2026-11-11;;=HYPERLINK(""x"");;;\r\n';
    assert.deepEqual(await read(text, "select line, what, queues, kind, exclude from wfm.annotations"), [
      [2, "Server down, all of it", ["Queue A", "Queue B"], "outage", true],
      [6, '=HYPERLINK(""x"")', [], "other", false],
    ]);
    const tabs = "from\twhat\texclude\n2026-11-10\ta\tTRUE\n2026-11-11\tb, c\tFalse\n";
    assert.deepEqual(await read(tabs, "select what, exclude from wfm.annotations"), [
      ["a", true],
      ["b, c", false],
    ]);
    const rtl = `from,what\n2026-11-10,${"מ".repeat(200)}\n`;
    assert.deepEqual(await read(rtl, "select length(what) from wfm.annotations"), [[200]]);
  });

  it("leave out a repeated line, and keep a thousand others", async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `2026-11-10 10:00,,release ${i},,release`);
    const text = ["from,to,what,queues,kind", ...lines, lines[0]].join("\n");
    assert.deepEqual(await read(text, "select count(*), max(line) from wfm.annotations"), [[1000, 1001]]);
  });

  it("exclude whole local days from baselines beside those of kit.yaml, whose reason wins", async () => {
    config.site.excludedDays = new Map([["2026-11-27", "by kit.yaml"]]);
    try {
      const text =
        "from,to,what,exclude\n2026-11-26,2026-11-27,sale,yes\n2026-11-10 22:00,2026-11-11 02:00,down,yes\n2026-11-12,,noted,no\n2026-11-01 00:30,,moment,yes\n";
      assert.deepEqual(await read(text, days), [
        ["2026-11-01", "moment"],
        ["2026-11-10", "down"],
        ["2026-11-11", "down"],
        ["2026-11-26", "sale"],
        ["2026-11-27", "by kit.yaml"],
      ]);
    } finally {
      config.site.excludedDays = new Map();
    }
  });

  it("change what reads the excluded days by the lines that exclude, whatever else changes", () => {
    const content = (...lines: string[]) => {
      writeFileSync(file, ["from,what,exclude", ...lines].join("\n"));
      return annotationsOf(config).excludingContent();
    };
    const former = content("2026-11-10,down,yes", "2026-11-12,sale,no");
    assert.equal(content("2026-11-10,down,yes", "2026-11-12,offers,no", "2026-11-13,more,"), former);
    for (const exclude of ["YES", "TRUE", '"yes"'])
      assert.notEqual(content("2026-11-10,down,yes", `2026-11-12,sale,${exclude}`), former, exclude);
    assert.notEqual(content("2026-11-10,down,no", "2026-11-12,sale,no"), former);
  });

  it("are none without a file", async () => {
    config.site.annotations = null;
    try {
      assert.deepEqual(
        await read("", "select (select count(*) from wfm.annotations), (select count(*) from kit.excluded_days)"),
        [[0, 0]],
      );
    } finally {
      config.site.annotations = file;
    }
  });

  for (const [what, text, message] of [
    [
      "from",
      "10/26/2026,,x,,",
      'from: not a day like 2026-11-26, or a time like 2026-11-26 08:15 or 2026-11-26T08:15:00-05:00: "10/26/2026"',
    ],
    [
      "an empty from",
      ",,x,,",
      "from: not a day like 2026-11-26, or a time like 2026-11-26 08:15 or 2026-11-26T08:15:00-05:00: empty",
    ],
    ["a day that does not exist", "2026-02-30,,x,,", /from: not a day .*: "2026-02-30"/],
    ["to before from", "2026-11-10 10:00,2026-11-10 09:00,x,,", "to: 2026-11-10 09:00 is before 2026-11-10 10:00"],
    ["to, years later", "2026-11-10,2206-11-10,x,,", "to: 2206-11-10 is more than 366 days after 2026-11-10"],
    ["no text", "2026-11-10,,,,", "what: is empty"],
    ["a long text", `2026-11-10,,${"x".repeat(301)},,`, "what: has 301 characters, at most 300"],
    [
      "an unknown kind",
      "2026-11-10,,x,,outtage",
      'kind: not holiday, outage, release, campaign, other: "outtage" (did you mean "outage"?)',
    ],
    [
      "a skipped time",
      "2026-03-08 02:30,,x,,",
      "from: 2026-03-08 02:30 did not exist in America/New_York: the clock skipped it",
    ],
    [
      "a repeated time",
      "2026-11-01 01:30,,x,,",
      "from: 2026-11-01 01:30 occurred twice in America/New_York: write 2026-11-01T05:30Z or 2026-11-01T06:30Z",
    ],
  ] as const)
    it(`name file, line and column of a mistake: ${what}`, async () => {
      const told = await mistakes(`from,to,what,queues,kind\n2026-01-01,,"two\nlines",,\n${text}\n`);
      if (typeof message === "string") assert.equal(told, `annotations.csv:4 ${message}`);
      else assert.match(told, message);
    });

  it("name wrong columns, and files that are none", async () => {
    assert.equal(
      await mistakes("start,what,knd\n"),
      'annotations.csv:1 unknown column "start"\nannotations.csv:1 unknown column "knd" (did you mean "kind"?)\nannotations.csv:1 column from is missing',
    );
    assert.equal(
      await mistakes("from,what\n2026-11-10,a,b\n"),
      "annotations.csv:2 3 values, where the header has 2 columns",
    );
    assert.match(
      await mistakes(Buffer.from("from,what\n2026-11-10,caf\xe9\n", "latin1")),
      /annotations\.csv:2 not UTF-8/,
    );
    assert.equal(await mistakes(Buffer.from("from,what\n", "utf16le")), "not UTF-8 text: annotations.csv");
    assert.match(await mistakes("from,what,exclude\n2026-11-10,x,perhaps\n"), /exclude: not yes, no: "perhaps"/);
    const many = await mistakes(`from,what\n${"nope,x\n".repeat(7)}`);
    assert.match(many, /and 2 more$/);
  });

  it("are told in a line, with queues that are neither a queue nor a group", async () => {
    raw.put("queue_wfm", "2026-11-10 10:30", [
      { instance_ts: "2026-11-10 10:00:00", queue_name: "Queue Billing", total_assignments: 3 },
    ]);
    await updateWarehouse(raw.project);
    config.site.queueGroups = new Map([["Money", ["Queue Billing"]]]);
    writeFileSync(file, "from,what,queues,exclude\n2026-11-10,a,Queue Biling,yes\n2026-11-12,b,Money|Queue Billing,\n");
    const catalog = await openCatalog(raw.project, { threads: 2 });
    try {
      const summary = await annotationsSummary(catalog, config);
      assert.equal(
        annotationsText(summary!),
        'annotations: annotations.csv, 2 annotations, 2026-11-10 to 2026-11-12, 1 day left out of baselines; neither a queue nor a group: "Queue Biling" (did you mean "Queue Billing"?)',
      );
      assert.match(annotationsNext(summary!), /site\.annotations/);
    } finally {
      catalog.close();
      config.site.queueGroups = null;
    }
  });
});

describe("local times", () => {
  const zones = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Kathmandu",
    "America/Santiago",
  ];
  const moments = fc.integer({ min: Date.UTC(2020, 0, 1) / 60_000, max: Date.UTC(2030, 0, 1) / 60_000 });
  const iso = (local: number) => new Date(local).toISOString();

  it("are read as every moment at which the clock showed them", () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), (minute, name) => {
        const zone = timeZone(name);
        const moment = minute * 60_000;
        const text = iso(moment + zone.offset(moment))
          .slice(0, 16)
          .replace("T", " ");
        const written = writtenTime(text, zone);
        assert.ok(written !== null && "moments" in written && written.moments.includes(moment));
        for (const other of written.moments)
          assert.equal(
            iso(other + zone.offset(other))
              .slice(0, 16)
              .replace("T", " "),
            text,
          );
      }),
    );
  });

  it("begin a day at the first moment of its date, and end it where the next begins", () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), (minute, name) => {
        const zone = timeZone(name);
        const day = zone.date(minute * 60_000);
        const start = dayStart(day, zone);
        assert.equal(zone.date(start), day);
        assert.ok(zone.date(start - 1000) < day);
        assert.ok(minute * 60_000 >= start && minute * 60_000 < dayEnd(day, zone));
      }),
    );
  });
});
