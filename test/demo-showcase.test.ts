// What `asapp-kit demo` has to show follows from its events: who is in trouble and why, and what planners expected.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { demoZone } from "../src/demo/demo.ts";
import { exportFeeds } from "../src/demo/feeds/export-feeds.ts";
import { outageDay, showcase, showcaseAnnotations, showcasePlans, troubledQueue } from "../src/demo/showcase.ts";
import { businessDayAt } from "../src/demo/simulator/arrivals.ts";
import { isOpen } from "../src/demo/simulator/centre.ts";
import type { EventLog } from "../src/demo/simulator/log.ts";
import { simulate } from "../src/demo/simulator/simulate.ts";
import { addDays, localTime } from "../src/demo/simulator/zone.ts";
import { wfmThrough } from "../src/demo/tables/schedule.ts";
import { type QueueWindow, type RepWindow, truth } from "../src/demo/truth.ts";

const quarter = 900_000;
const hour = 4 * quarter;
const wednesday = new Date("2026-09-16T19:10:00Z");
const zone = demoZone(wednesday);
const large = ["Billing", "Technical support", "Account", "Orders"];

// Eight days, the last with its trouble.
const shown = showcase(wednesday, zone);
const log = simulate({ seed: 1, now: wednesday, days: 8, zone, ...shown });
const expected = truth(log, zone);

describe("the demo's centre", () => {
  it("has four large queues, most of whose open quarter-hours have five reps or more", () => {
    const contacts = new Map(log.centre.queues.map(({ name }) => [name, 0]));
    for (const row of expected.queueWindows) contacts.set(row.queue, contacts.get(row.queue)! + offered(row));
    const largest = [...contacts].sort((a, b) => b[1] - a[1]).slice(0, 4);
    assert.deepEqual(largest.map(([name]) => name).sort(), [...large].sort());
    for (const name of large) {
      const open = expected.queueWindows.filter((row) => row.queue === name && isOpenAt(log, name, row.window));
      const enough = open.filter(({ reps }) => reps >= 5).length / open.length;
      assert.ok(enough > 0.75, `${name}: ${enough}`);
    }
  });

  it("has a queue that never closes, a small one, and one with its own name in its own language", () => {
    const perDay = (name: string) =>
      sum(expected.queueWindows.filter(({ queue }) => queue === name).map(offered)) / log.days.length;
    const nights = expected.queueWindows.filter(
      (row) => row.queue === "Outages day and night" && localTime(row.window, zone).minutes < 6 * 60,
    );
    assert.ok(nights.some((row) => offered(row) > 0));
    assert.ok(sum(nights.map(({ reps }) => reps)) > 0);
    assert.ok(perDay("Business accounts") > 3 && perDay("Business accounts") < 30);
    const spanish = log.days
      .flatMap(({ issues }) => issues)
      .filter(({ intent }) => intent.queue.language === "Spanish");
    assert.ok(spanish.some(({ messages }) => messages.some(({ text }) => /[¿ñáéíóú]/.test(text))));
    const rows = [...exportFeeds(log, { feeds: ["issue_queues", "queue_wfm"] })].filter(({ key }) =>
      key.endsWith(".gz"),
    );
    for (const feed of ["issue_queues", "queue_wfm"]) {
      const text = rows.filter(({ key }) => key.startsWith(feed)).map(({ body }) => gunzipSync(body).toString("utf8"));
      assert.ok(
        text.some((lines) => lines.includes('"queue_name":"Atención en español"')),
        feed,
      );
    }
  });
});

describe("the demo's last day", () => {
  // The clock's own odd days too: a Saturday, a Sunday, the days of clock changes, a leap day, the turn of a year.
  const times = [
    "2026-09-16T19:10:00Z",
    "2026-09-19T19:10:00Z",
    "2026-09-20T08:00:00Z",
    "2026-11-01T19:40:00Z",
    "2027-03-14T18:20:00Z",
    "2028-02-29T14:10:00Z",
    "2027-01-01T00:05:00Z",
  ];

  for (const time of times) {
    it(`shows one queue in trouble, first by volume, then by staff, at ${time}`, () => {
      const now = new Date(time);
      const there = demoZone(now);
      const options = { seed: 1, now, days: 1, zone: there, ...showcase(now, there) };
      const { scenario, ...calm } = options;
      const last = wfmThrough(now.getTime());
      const full = last - (localTime(last, there).minutes % 60) * 60_000;
      const events = simulate(options);
      const troubled = figures(events, full - hour, full);
      const usual = figures(simulate(calm), full - hour, full);
      const message = JSON.stringify([troubled, usual]);
      assert.ok(scenario.surges.length > 0);
      assert.ok(troubled.offered > 1.25 * usual.offered, message);
      assert.ok(troubled.available < usual.available - 1, message);
      assert.ok(troubled.level < 0.65 && troubled.level < usual.level - 0.2, message);
      assert.ok(troubled.others > 0.6 && troubled.others > usual.others - 0.15, message);
      assert.ok(figures(events, full - 4 * hour, full - 2.25 * hour).level > troubled.level + 0.15, message);
    });
  }

  function figures(of: EventLog, from: number, to: number) {
    const { queueWindows, repWindows } = truth(of, of.centre.zone);
    const within = queueWindows.filter(({ window }) => window >= from && window < to);
    const own = within.filter(({ queue }) => queue === troubledQueue);
    const others = within.filter(({ queue }) => queue !== troubledQueue);
    const team = new Set(
      of.centre.reps.filter(({ queues }) => queues[0]?.name === troubledQueue).map(({ name }) => name),
    );
    const inTeam = ({ rep, window }: RepWindow) => team.has(rep) && window >= from && window < to;
    return {
      offered: sum(own.map(({ entries }) => entries)),
      level: level(own),
      others: level(others),
      available: sum(repWindows.filter(inTeam).map(({ available }) => available)) / (to - from),
    };
  }

  it("and the day of the outage are all that a scenario changes", () => {
    const { scenario: _, ...calm } = shown;
    const days = (of: EventLog) =>
      of.days.map((day) => JSON.stringify([day.issues.length, day.issues.map(({ id, endedAt }) => [id, endedAt])]));
    const options = { seed: 1, now: wednesday, days: 23, zone, conversationsPerDay: 120 };
    const first = days(simulate({ ...options, cast: "large" as const, scenario: shown.scenario }));
    const second = days(simulate({ ...options, cast: calm.cast }));
    const changed = first.flatMap((day, i) => (day === second[i] ? [] : [addDays("2026-08-25", i)]));
    assert.deepEqual(changed, [outageDay(wednesday, zone), businessDayAt({ zone }, wednesday.getTime()).date]);
  });
});

describe("the demo's outage", () => {
  it("leaves next to no contacts for three hours of a day that its baselines exclude", () => {
    const day = outageDay(wednesday, zone);
    const now = new Date(Date.parse(`${day}T23:30:00Z`));
    const { days } = simulate({ seed: 1, now, days: 1, zone, ...shown });
    const hours = (from: number, to: number) =>
      days
        .flatMap(({ issues }) => issues)
        .filter(({ createdAt }) => {
          const { minutes, date } = localTime(createdAt, zone);
          return date === day && minutes >= from * 60 && minutes < to * 60;
        }).length;
    assert.ok(hours(10, 13) < 0.15 * hours(7, 10), `${hours(10, 13)} of ${hours(7, 10)}`);
    assert.ok(hours(13, 15) > 1.2 * hours(15, 17));
  });
});

describe("the demo's annotations", () => {
  it("have the outage, whose day leaves the baselines, and the start of the last day's surge", () => {
    const [head, outage, release, mailing, ...more] = showcaseAnnotations(wednesday, zone).trimEnd().split("\n");
    const day = outageDay(wednesday, zone);
    assert.deepEqual([head, more], ["from,to,what,queues,kind,exclude", []]);
    assert.equal(outage, `${day} 10:00,${day} 13:00,chat down,,outage,yes`);
    assert.match(release!, /^\S+ 09:00,,new version of the bot,,release,no$/);
    const surge = shown.scenario.surges.find(({ queue }) => queue === troubledQueue)!;
    assert.equal(Date.parse(mailing!.split(",")[0]!), surge.from);
  });
});

describe("the demo's history", () => {
  it("begins later for some feeds, and is the same for the others", () => {
    const history = new Map([
      ["convos_metrics", 3],
      ["utterances", 1],
    ]);
    const short = simulate({ seed: 1, now: wednesday, days: 4, zone, conversationsPerDay: 60 });
    const some = [...exportFeeds(short, { history })];
    const all = new Map([...exportFeeds(short)].map(({ key, body }) => [key, body]));
    const newest = businessDayAt({ zone }, wednesday.getTime()).date;
    const firstOf = (feed: string) => some.find(({ key }) => key.startsWith(`${feed}/`))!.key.match(/dt=([^/]+)/)![1];
    assert.equal(firstOf("utterances"), newest);
    assert.equal(firstOf("convos_metrics"), addDays(newest, -2));
    assert.equal(firstOf("queue_wfm"), addDays(newest, -3));
    // the day on which a column is new follows the feed that has it; counts are of what is exported
    const follows = ["convos_metrics", "export_docs", "export_row_counts"];
    for (const { key, body } of some) {
      if (!follows.includes(key.split("/")[0]!)) assert.ok(body.equals(all.get(key)!), key);
    }
  });
});

describe("the demo's plans", () => {
  const { forecast, schedule } = showcasePlans(1, wednesday, zone);
  const versions = forecastRows(forecast);

  it("expect what came, some per cent off, but for the trouble", () => {
    for (const name of large) {
      const planned = new Map(versions.filter(({ queue }) => queue === name).map((row) => [row.start, row]));
      const rows = expected.queueWindows.filter(({ queue, window }) => queue === name && planned.has(window));
      const came = rows.filter(({ window }) => window < log.days.at(-1)!.from);
      const wanted = sum(came.map(({ window }) => planned.get(window)!.contacts));
      const ratio = wanted / sum(came.map(offered));
      assert.ok(ratio > 0.85 && ratio < 1.15 && ratio !== 1, `${name}: ${ratio}`);
      const handles = came.flatMap((row) => row.handles);
      const time = came.reduce((mean, { window }) => mean + planned.get(window)!.handle / came.length, 0);
      assert.ok(Math.abs(time / (sum(handles) / handles.length / 1000) - 1) < 0.12, `${name}: ${time}`);
    }
  });

  // A summer's end, a spring and a leap day within their weeks: days of 25 and 23 hours, and 29 February.
  for (const time of ["2026-09-16T19:10:00Z", "2026-11-03T19:10:00Z", "2028-03-12T21:10:00Z"]) {
    it(`are of weeks known before they began, and of mornings, at ${time}`, () => {
      const now = new Date(time);
      const rows = forecastRows(showcasePlans(1, now, demoZone(now)).forecast);
      assert.ok(rows.every(({ start, issued }) => issued < start));
      const keys = new Set(rows.map(({ queue, start, issued }) => `${queue} ${start} ${issued}`));
      assert.equal(keys.size, rows.length);
      const nights = [
        ...new Set(rows.filter(({ queue }) => queue === "Outages day and night").map(({ start }) => start)),
      ];
      const gaps = nights.slice(1).filter((start, i) => start - nights[i]! !== quarter);
      assert.deepEqual(gaps, []);
      assert.ok(Math.max(...nights) - now.getTime() > 6 * 24 * hour);
    });
  }

  it("schedule the team that comes, without knowing who falls ill", () => {
    const planned = new Map(
      schedule
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => {
          const [queue, start, staff] = line.split(",");
          return [`${queue} ${Date.parse(start!)}`, Number(staff)];
        }),
    );
    const own = new Map(log.centre.reps.map(({ name, queues }) => [name, queues[0]!.name]));
    const until = log.days.at(-1)!.from;
    for (const name of large) {
      const team = expected.repWindows.filter(
        ({ rep, window }) => own.get(rep) === name && window < until && planned.has(`${name} ${window}`),
      );
      const windows = new Set(team.map(({ window }) => window));
      const came = sum(team.map(({ available }) => available)) / quarter / windows.size;
      const wanted = sum([...windows].map((window) => planned.get(`${name} ${window}`)!)) / windows.size;
      assert.ok(Math.abs(came / wanted - 1) < 0.2, `${name}: ${came} of ${wanted}`);
    }
  });
});

function forecastRows(csv: string) {
  return csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [queue, start, contacts, handle, issued] = line.split(",");
      return {
        queue: queue!,
        start: Date.parse(start!),
        contacts: Number(contacts),
        handle: Number(handle),
        issued: Date.parse(issued!),
      };
    });
}

function isOpenAt({ centre }: EventLog, name: string, at: number): boolean {
  const { weekday, minutes } = localTime(at, centre.zone);
  return isOpen(centre.queues.find((queue) => queue.name === name)!, weekday, minutes);
}

function offered({ answers, abandons }: QueueWindow): number {
  return answers.length + abandons.length;
}

function level(rows: readonly QueueWindow[]): number {
  return sum(rows.map(({ answers }) => answers.filter((wait) => wait <= 60_000).length)) / sum(rows.map(offered));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
