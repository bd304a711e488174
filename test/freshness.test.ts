import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { freshWords } from "../notebooks/components/charts/fresh-words.ts";
import {
  ageText,
  classifyFeed,
  type FeedArrival,
  pageAge,
  pageThrough,
  readClock,
} from "../notebooks/components/metrics/freshness.ts";
import { timeZone } from "../notebooks/components/metrics/time-zone.ts";

const minute = 60_000;
const now = Date.UTC(2026, 2, 10, 12, 0);
const ago = (minutes: number) => new Date(now - minutes * minute).toISOString();
const feed = (options: Partial<FeedArrival> = {}): FeedArrival => ({
  feed: "queue_wfm",
  cadence_minutes: 30,
  through: ago(20),
  overdue: 0,
  failed: 0,
  ...options,
});
const moment = { now, synced: now - 5 * minute, graceMinutes: 60 };

describe("the judgement of a feed's freshness", () => {
  // failed  overdue  newest data, minutes ago  last sync, minutes ago  state  since  look
  const rows: [Partial<FeedArrival>, number | null, string, string | null, boolean][] = [
    [{ failed: 1, overdue: 1, through: ago(9999) }, 5, "failed", "export", true],
    [{ failed: 2, through: ago(20) }, 5, "failed", "export", true],
    [{ unlisted: true }, 5, "failed", "export", true],
    [{ overdue: 3, through: ago(9999) }, 5, "overdue", "export", true],
    [{ overdue: 1, through: null }, 5, "overdue", "export", true],
    [{ through: ago(126) }, 5, "stale", "export", true],
    [{ through: ago(125) }, 5, "stale", "sync", false],
    [{ through: ago(120) }, 5, "late", null, false],
    [{ through: ago(20 + 1441) }, 1441, "stale", "sync", true],
    [{ through: ago(20 + 1440) }, 1440, "stale", "sync", false],
    [{ through: ago(121) }, null, "stale", "sync", true],
    [{ through: ago(-1441) }, 5, "to come", "export", true],
    [{ through: ago(20), to_come: true }, 5, "to come", "export", true],
    [{ through: ago(9999), to_come: true }, 5, "stale", "export", true],
    [{ through: null, to_come: true }, 5, "to come", "export", true],
    [{ through: ago(-1440) }, 5, "current", null, false],
    [{ through: null }, 5, "none", null, false],
    [{ through: ago(61) }, 5, "late", null, false],
    [{ through: ago(60) }, 5, "current", null, false],
    [{ through: ago(2880), cadence_minutes: null }, 5, "current", null, false],
    [{ through: ago(2881), cadence_minutes: null }, 5, "late", null, false],
    [{ through: ago(2946), cadence_minutes: 1440 }, 5, "stale", "export", true],
  ];
  for (const [options, synced, state, since, look] of rows)
    it(`is ${state}${since ? ` since the ${since}` : ""} of ${JSON.stringify(options)}, synced ${synced} min ago`, () => {
      const judged = classifyFeed(feed(options), {
        ...moment,
        synced: synced === null ? null : now - synced * minute,
      });
      assert.deepEqual([judged.state, judged.since, judged.look], [state, since, look]);
    });

  it("never gets better by waiting, and tells no age below zero", () => {
    const worse = ["current", "late", "stale"];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(9000), fc.nat(9000), (cadence, age, wait) => {
        const arrived = feed({ cadence_minutes: cadence, through: ago(age) });
        const before = classifyFeed(arrived, moment);
        const after = classifyFeed(arrived, { ...moment, now: now + wait * minute });
        assert.ok(worse.indexOf(after.state) >= worse.indexOf(before.state));
        assert.equal(after.ageMinutes, age + wait);
      }),
    );
    assert.equal(classifyFeed(feed({ through: ago(-30) }), moment).ageMinutes, null);
  });
});

describe("up to when a page tells", () => {
  const feeds = [
    feed({ feed: "a", through: ago(20) }),
    feed({ feed: "b", through: ago(90) }),
    feed({ feed: "c", through: ago(90) }),
    feed({ feed: "d", through: null }),
  ];
  it("goes by the oldest of its feeds, and names it where they differ", () => {
    const told = (...of: string[]) => {
      const { through, oldest, newest, missing } = pageThrough(feeds, { of });
      return [through, oldest.map((one) => one.feed), newest, missing];
    };
    assert.deepEqual(told("x", "d"), [null, [], null, ["x", "d"]]);
    assert.deepEqual(told("b", "c"), [ago(90), ["b", "c"], null, []]);
    assert.deepEqual(told("a", "b", "c"), [ago(90), ["b", "c"], ago(20), []]);
    assert.deepEqual(told("a", "d", "x"), [ago(20), ["a"], null, ["d", "x"]]);
    assert.deepEqual(told(), [null, [], null, []]);
  });
});

describe("the warning of a page", () => {
  const utc = timeZone("UTC");
  const warned = (at: number, ...feeds: FeedArrival[]) => {
    const found = pageAge(pageThrough(feeds, { of: feeds.map((one) => one.feed) }), { ...moment, now: at }, utc);
    return found && [found.old, found.today, found.feeds.join(), found.others.join()];
  };
  it("is of data older than twice the cadence, or of a day before", () => {
    assert.equal(warned(now, feed({ through: ago(60) })), null);
    assert.deepEqual(warned(now, feed({ through: ago(61) })), [true, true, "queue_wfm", ""]);
    assert.deepEqual(warned(now, feed({ through: ago(5000) })), [true, false, "queue_wfm", ""]);
    const midnight = Date.UTC(2026, 2, 10);
    const evening = feed({ through: new Date(midnight).toISOString() });
    assert.deepEqual(warned(midnight + 10 * minute, evening), [false, false, "queue_wfm", ""]);
    assert.equal(warned(midnight - minute, evening), null, "data that end after now");
  });
  it("is not that yesterday is the newest day of a feed that comes once a day", () => {
    const daily = feed({ feed: "daily", cadence_minutes: 1440, through: ago(12 * 60) });
    assert.equal(warned(now, daily), null);
    assert.deepEqual(warned(now, feed({ through: ago(100) }), daily), [true, false, "queue_wfm", ""]);
  });
  it("names the oldest, and apart from it what is late too", () => {
    const slow = feed({ feed: "slow", cadence_minutes: 60, through: ago(700) });
    assert.deepEqual(warned(now, feed({ through: ago(100) }), slow), [true, true, "slow", "queue_wfm"]);
  });
});

describe("the words about time", () => {
  const site = {
    timezone: "America/New_York",
    synced_at: ago(5),
    grace_minutes: 60,
    feeds: [feed({ through: ago(64) }), feed({ feed: "issue_queues", cadence_minutes: 60, through: ago(90) })],
  };
  const words = (
    options: Parameters<typeof freshWords>[1],
    device = now,
    server: number | null = null,
    others: FeedArrival[] = [],
  ) => {
    const feeds = [...others, ...site.feeds];
    const { items, warning } = freshWords({ ...site, feeds }, options, { device, server });
    return { ...Object.fromEntries(items.map(({ label, value }) => [label, value])), warning } as Record<
      string,
      unknown
    >;
  };

  it("tell the age of the page's own feeds, by a clock that goes on", () => {
    assert.equal(words({ of: ["queue_wfm"] })["Data through"], "Tue 10 Mar, 06:56 EDT, 64 min ago");
    assert.equal(words({ of: ["queue_wfm"] }, now + 26 * minute)["Data through"], "Tue 10 Mar, 06:56 EDT, 1.5 h ago");
    const both = words({ of: ["queue_wfm", "issue_queues"] });
    assert.equal(both["Data through"], "Tue 10 Mar, 06:30 EDT, 1.5 h ago");
    assert.equal(both.Oldest, "issue_queues; others through Tue 10 Mar, 06:56");
  });

  it("tell no age and no warning of a day of the past that the reader chose", () => {
    const past = words({ of: ["queue_wfm"], shown: ago(9999) }, now + 9999 * minute);
    assert.equal(past["Data through"], "Tue 3 Mar, 08:21 EST");
    assert.equal(past.warning, null);
  });

  it("never tell of a time to come, whatever this device's clock says", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), fc.option(fc.integer({ min: -1e7, max: 1e7 })), (off, by) => {
        const server = by === null ? null : now + by * minute;
        const text = JSON.stringify(words({ of: ["queue_wfm"] }, now + off * minute, server));
        assert.doesNotMatch(text, /-\d+ (min|h|days)|NaN|undefined/);
      }),
    );
    const behind = words({ of: ["queue_wfm"] }, now - 600 * minute);
    assert.equal(behind["Data through"], "Tue 10 Mar, 06:56 EDT");
    assert.match(String(behind.Age), /clock is behind/);
    assert.equal(behind.warning, null);
  });

  it("go by the server's clock where this device's is another", () => {
    const ahead = words({ of: ["queue_wfm"] }, now + 600 * minute, now);
    assert.equal(ahead["Data through"], "Tue 10 Mar, 06:56 EDT, 64 min ago");
    assert.equal(ahead["This device's clock"], "10 h ahead; ages use the server's clock");
  });

  it("say what of the page is not here, and what beside it is behind", () => {
    const old = feed({ feed: "issue_queues", cadence_minutes: 60, through: ago(4 * 1440) });
    const told = words({ of: ["queue_wfm", "rep_convos"], beside: ["issue_queues"] }, now, null, [old]);
    assert.equal(told.Missing, "rep_convos");
    assert.equal(told.Behind, "issue_queues, Fri 6 Mar, 07:00");
    assert.equal(words({ of: ["rep_convos"] })["Data through"], "nothing yet");
  });
});

describe("what the time is", () => {
  // server, device, as minutes from the truth; the sync is five minutes old
  const rows: [number | null, number, number | null, string][] = [
    [0, 1, 1, "right"],
    [0, 180, 0, "ahead"],
    [0, -180, 0, "behind"],
    [-99, 0, 0, "right"], // a server that is before the sync is not believed
    [-99, -50, null, "behind"],
    [null, 0, 0, "right"],
    [null, 500, 500, "right"], // nothing tells
    [null, -8, null, "behind"],
    [null, -6, -6, "right"], // within the two minutes
  ];
  for (const [server, device, is, said] of rows)
    it(`with a server ${server} and a device ${device} minutes off is ${is}, the device ${said}`, () => {
      const at = (off: number | null) => (off === null ? null : now + off * minute);
      const told = readClock({ device: at(device)!, server: at(server), synced: now - 5 * minute });
      assert.deepEqual([told.now, told.device], [at(is), said]);
    });

  it("is written in minutes, hours and days", () => {
    assert.deepEqual([0, 64.9, 89, 90, 210, 2879, 2880, 14_400].map(ageText), [
      "0 min",
      "64 min",
      "89 min",
      "1.5 h",
      "3.5 h",
      "48 h",
      "2 days",
      "10 days",
    ]);
  });
});
