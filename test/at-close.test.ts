import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import type { Interval } from "../notebooks/components/metrics/interval.ts";
import { type AtClose, erlangAOf, serviceLevelAtClose } from "../notebooks/components/metrics/queues/at-close.ts";
import {
  type CloseDay,
  closeAccuracy,
  closeHours,
  closeScore,
} from "../notebooks/components/metrics/queues/close-backtest.ts";
import { restOfDay } from "../notebooks/components/metrics/rest-of-day.ts";
import type { ServiceSettings } from "../notebooks/components/metrics/today.ts";
import fc from "./fast-check.ts";

const site: ServiceSettings = { variant: "offered", seconds: 20, target: 0.8, threshold_counts: "answered" };
const queue = { patience: 300, concurrency: 1 };
const nothing = { assigned: null, abandoned: null, within: null };

/** A quarter-hour of 50 usual contacts, 14 usual reps and a usual handle time of three minutes. */
function quarter(i: number, values: Partial<Interval> = {}): Interval {
  const former = { ...nothing, wait: null, handle: 180, wrap: null, handled: null, available: 14 };
  const start = i * 900_000;
  return {
    ...{ label: String(i), start, end: start + 900_000, minutes: 15, state: "pending" },
    ...{ ...nothing, wait: null, handle: null, wrap: null, handled: null, reps: null, loggedIn: null, available: null },
    ...{
      busy: null,
      utilizedAvailable: null,
      utilizedBusy: null,
      held: false,
      usual: 50,
      usualLow: null,
      usualHigh: null,
    },
    ...{ usualDays: 8, usualExcluded: [], lastWeek: null, former, scheduled: null, forecast: null },
    ...{ forecastHandle: null, forecastIssued: null, firstOffered: null },
    ...values,
  };
}

const over = (i: number, values: Partial<Interval> = {}) =>
  quarter(i, { state: "data", assigned: 48, abandoned: 2, within: 40, ...values });

function close(windows: Interval[], options: Partial<Parameters<typeof serviceLevelAtClose>[0]> = {}): AtClose {
  return serviceLevelAtClose({ windows, rest: restOfDay(windows, windows), queue, site, ...options });
}

function near(found: number | null, expected: number, tolerance = 1e-9): void {
  assert.ok(found !== null && Math.abs(found - expected) <= tolerance, `${found} instead of ${expected}`);
}

// pyworkforce: 100 contacts in half an hour, 180 s each, 14 agents, patience 300 s, target 20 s
const inTime = 0.9167920918635473;
const leaving = 0.01398374412240892;

describe("the service level at close", () => {
  const day = [over(0), over(1), quarter(2), quarter(3)];

  it("adds the expected of each quarter-hour to come to the counts so far", () => {
    const found = close(day);
    assert.equal(found.state, "expected");
    near(found.level, (2 * 40 + 100 * inTime) / 200, 1e-6);
    near(found.rest, inTime, 1e-6);
    near(found.wait, 4.195123236722676, 1e-6);
    near(found.abandoned, leaving, 1e-6);
    assert.deepEqual([found.intervals.length, found.missed, found.scheduled, found.left], [2, 0, 0, 0]);
    near(found.contacts!.expected, 100);
  });

  it("projects volume as the page does: a day 20 % above the usual stays there", () => {
    const found = close([over(0, { assigned: 58 }), over(1, { assigned: 58 }), quarter(2), quarter(3)]);
    near(found.contacts!.expected, 120);
  });

  it("divides the handle time by concurrent chats, as net staffing does", () => {
    const doubled = day.map((row) => ({ ...row, former: { ...row.former, handle: 360 } }));
    near(close(doubled, { queue: { ...queue, concurrency: 2 } }).rest, inTime, 1e-6);
  });

  // handle time of the rest: mean of the day so far, else the forecast's, else the usual
  // staff of the rest: scheduled, else the usual available
  it("takes handle time and staff from the best source of each", () => {
    const measured = day.map((row) => (row.state === "data" ? { ...row, handle: 240, handled: 48 } : row));
    const planned = measured.map((row) => ({
      ...row,
      forecastHandle: 200,
      scheduled: row.start > 1_800_000 ? 15 : null,
    }));
    const handles = (rows: Interval[]) => close(rows).intervals.map(({ handle }) => handle);
    assert.deepEqual(handles(planned), [240, 240]);
    assert.deepEqual(handles(planned.map((row) => ({ ...row, handle: null }))), [200, 200]);
    assert.deepEqual(handles(day), [180, 180]);
    assert.deepEqual(
      close(planned).intervals.map(({ staff }) => staff),
      [14, 15],
    );
    assert.equal(close(planned).scheduled, 1);
  });

  it("follows the site's formula", () => {
    const of = (variant: string, threshold_counts: ServiceSettings["threshold_counts"] = "answered") =>
      close(day, { site: { ...site, variant, threshold_counts } });
    near(of("answered_only").level, (80 + 100 * inTime) / (96 + 100 * (1 - leaving)), 1e-6);
    const both = of("credit_abandons", "answered_and_abandoned").level;
    near(both, (80 + 100 * (inTime + 0.007163935411198611)) / 200, 1e-6);
    assert.equal(of("exclude_abandons").state, "no level");
  });

  // state            when
  // over             nothing is pending
  // no contacts      no projection, and no forecast of every quarter-hour in use
  // no patience      patience unknown
  // no handle time   none of the day, the forecast or the usual
  // no staff         unknown for more than a tenth of the contacts
  // expected         otherwise
  it("says why there is none", () => {
    const all = (values: Partial<Interval>) => day.map((row) => ({ ...row, ...(row.state === "pending" && values) }));
    const former = day[0]!.former;
    const state = (rows: Interval[], options = {}) => close(rows, options).state;
    assert.equal(state([over(0), over(1)]), "over");
    assert.equal(state(all({ usual: null })), "no contacts");
    assert.equal(state(day.map((row) => ({ ...row, usual: 1 }))), "no contacts");
    assert.equal(state(all({ usual: null, forecast: 40 })), "no contacts", "the forecast is not compared with");
    assert.equal(state(all({ usual: null, forecast: 40 }), { comparison: "forecast" }), "expected");
    assert.equal(state([...all({ usual: null, forecast: 40 }), quarter(4)], { comparison: "forecast" }), "no contacts");
    assert.equal(state(day, { queue: { ...queue, patience: null } }), "no patience");
    assert.equal(state(all({ former: { ...former, handle: null } })), "no handle time");
    assert.equal(state(all({ former: { ...former, available: null } })), "no staff");
    assert.equal(close([...day, quarter(4, { usual: 5, former: { ...former, available: null } })]).left, 1);
    assert.equal(state([...day, quarter(4, { usual: 20, former: { ...former, available: null } })]), "no staff");
  });

  it("takes a forecast as it is, since a newer version knows the day so far", () => {
    const busy = [over(0, { assigned: 98 }), over(1), quarter(2, { usual: null, forecast: 40 })];
    near(close(busy, { comparison: "forecast" }).contacts!.expected, 40);
    near(close([...busy.slice(0, 2), quarter(2, { forecast: 40 })], { comparison: "forecast" }).contacts!.expected, 75);
  });

  it("has a range of what chance makes of the contacts to come", () => {
    const { low, level, high, contacts } = close(day);
    near(contacts!.low, 80);
    near(contacts!.high, 120);
    assert.ok(low! < level! && level! < high!);
    const fewer = close(day.map((row) => (row.state === "pending" ? { ...row, usual: 40 } : { ...row, usual: 50 })));
    near(high, fewer.level!, 1e-9);
    assert.deepEqual([close(day, { range: false }).low, close(day, { range: false }).level], [null, level]);
  });

  it("knows what comes where nothing has come yet, and where reps, contacts or a quarter-hour are none", () => {
    const morning = [quarter(0), quarter(1), quarter(2)];
    const rest = restOfDay([over(0), ...morning], morning);
    near(close(morning, { rest }).level, close(morning, { rest }).rest!);
    const alone = close(day.map((row) => ({ ...row, scheduled: 0 })));
    assert.deepEqual([alone.level, alone.rest, alone.abandoned, alone.wait, alone.missed], [0.4, 0, 1, 300, 2]);
    const night = close([
      ...day,
      quarter(4, { usual: 0, former: { ...day[0]!.former, handle: null, available: null } }),
    ]);
    near(night.level, close(day).level!);
    assert.equal(close([...day, quarter(4, { state: "skipped", minutes: 0, usual: null })]).state, "expected");
  });

  it("stays a share, within its range, and never falls with more staff", () => {
    const rows = fc.array(
      fc.record({
        usual: fc.double({ min: 0, max: 400, noNaN: true }),
        staff: fc.double({ min: 0, max: 300, noNaN: true }),
      }),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const handles = fc.integer({ min: 1, max: 4000 });
    fc.assert(
      fc.property(rows, handles, fc.integer({ min: 1, max: 3000 }), (rest, handle, patience) => {
        const at = (more: number) => {
          const windows = rest.map(({ usual, staff }, i) => {
            const row = quarter(i + 2, { usual, scheduled: staff + more });
            return { ...row, former: { ...row.former, handle } };
          });
          return close([over(0), over(1), ...windows], { queue: { patience, concurrency: 1.7 } });
        };
        const [found, more] = [at(0), at(0.75)];
        assert.equal(found.state, "expected");
        assert.ok(found.low! >= 0 && found.high! <= 1 && found.low! <= found.level! && found.level! <= found.high!);
        assert.ok(more.level! >= found.level! - 1e-9, `${more.level} with more staff than ${found.level}`);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the backtest of the level at close", () => {
  const halves = Array.from({ length: 48 }, (_, i) => i);
  const open = (i: number) => i >= 16 && i < 40;
  const [assigned, abandoned, within] = [96, 4, 80].map((count) => halves.map((i) => (open(i) ? count : 0)));
  const seen = (series: readonly number[] = []) => closeHours.map((hour) => series.slice(0, 2 * hour));
  const past: CloseDay = {
    queue: "A",
    day: "2026-09-01",
    assigned: assigned!,
    abandoned: abandoned!,
    within: within!,
    seen_assigned: seen(assigned),
    seen_abandoned: seen(abandoned),
    seen_within: seen(within),
    usual: halves.map((i) => (open(i) ? 100 : 0)),
    staff: halves.map((i) => (open(i) ? 14 : null)),
    handle: 180,
    patience: 300,
  };

  it("expects of a past day what Today would have said then, and compares it with what came", () => {
    // at noon 8 of 24 half-hours have passed, at 80 %; the rest is as in the published example
    const found = closeScore(past, 12, 1, site);
    near(found.expected, (8 * 80 + 16 * 100 * inTime) / 2400, 1e-6);
    assert.deepEqual([found.projected, found.offered, found.actual, found.soFar], [2400, 2400, 0.8, 0.8]);
    const [ten, , , sixteen] = closeAccuracy([past, { ...past, day: "2026-09-02" }], 1, site);
    assert.deepEqual([ten!.hour, ten!.days, ten!.wape, ten!.unchanged], [10, 2, 0, 0]);
    near(ten!.error, ten!.bias!);
    near(ten!.bias, (20 * inTime + 4 * 0.8) / 24 - 0.8, 1e-6);
    assert.ok(sixteen!.error! < ten!.error!);
  });

  it("knows nothing of what came after the hour", () => {
    const later = (series: readonly (number | null)[], value: number) =>
      series.map((count, i) => (i >= 24 ? value : count));
    const other = {
      ...past,
      assigned: later(past.assigned, 7),
      abandoned: later(past.abandoned, 5),
      within: later(past.within, 1),
    };
    const [one, two] = [closeScore(past, 12, 1, site), closeScore(other, 12, 1, site)];
    assert.deepEqual([one.expected, one.projected, one.soFar], [two.expected, two.projected, two.soFar]);
    assert.notEqual(one.actual, two.actual);
  });

  it("knows the counts of then, and not what was exported later", () => {
    // at noon the last half-hour had not come, and the one before counted 10 fewer in time
    const noon = closeHours.indexOf(12);
    const then = (lists: readonly (readonly (number | null)[])[], last: number) =>
      lists.map((series, i) => (i === noon ? [...series.slice(0, 22), last, null] : series));
    const day = {
      ...past,
      seen_assigned: then(past.seen_assigned, 96),
      seen_abandoned: then(past.seen_abandoned, 4),
      seen_within: then(past.seen_within, 70),
    };
    const found = closeScore(day, 12, 1, site);
    assert.deepEqual([found.soFar, found.actual, found.projected], [(7 * 80 - 10) / 700, 0.8, 2400]);
    near(found.expected, (7 * 80 - 10 + 17 * 100 * inTime) / 2400, 1e-6);
    assert.deepEqual(closeScore(day, 16, 1, site), closeScore(past, 16, 1, site));
  });

  it("leaves out days without a projection, a patience or a count", () => {
    const lacking = [
      { ...past, usual: past.usual.map(() => null) },
      { ...past, patience: null },
      { ...past, within: past.within.map((count, i) => (i === 20 ? null : count)) },
    ];
    const [, noon] = closeAccuracy([past, ...lacking], 1, site);
    assert.deepEqual([noon!.days, noon!.volumeDays], [1, 2]);
    const [, none] = closeAccuracy([], 1, site);
    assert.deepEqual([none!.days, none!.error, none!.wape, none!.unchanged], [0, null, null, null]);
  });
});

describe("Erlang A with fractional staff", () => {
  const load = { contacts: 50, ahtSeconds: 180, intervalSeconds: 900, targetSeconds: 20, meanPatienceSeconds: 300 };

  it("lies between the whole numbers, by the time that each is there", () => {
    const [seven, eight, between] = [7, 8, 7.4].map((staff) => erlangAOf(staff, load)!);
    for (const name of ["inTime", "leftInTime", "abandoned", "wait"] as const)
      near(between![name], 0.6 * seven![name] + 0.4 * eight![name]);
    assert.deepEqual(erlangAOf(0, load), { inTime: 0, leftInTime: -Math.expm1(-20 / 300), abandoned: 1, wait: 300 });
    for (const staff of [-1, Number.NaN, Number.POSITIVE_INFINITY, null]) assert.equal(erlangAOf(staff, load), null);
    assert.equal(erlangAOf(5, { ...load, meanPatienceSeconds: null }), null);
  });

  // An independent program: customers one by one, not a formula.
  const python = spawnSync("python3", ["--version"]).status === 0;
  it("agrees with a simulation of single customers in Python", { skip: !python && "no python3" }, () => {
    const cases = [
      { contacts: 50, ahtSeconds: 180, agents: 14, targetSeconds: 20, meanPatienceSeconds: 300 },
      { contacts: 50, ahtSeconds: 180, agents: 9, targetSeconds: 60, meanPatienceSeconds: 200 },
      { contacts: 12, ahtSeconds: 600, agents: 5, targetSeconds: 60, meanPatienceSeconds: 90 },
      { contacts: 6, ahtSeconds: 240, agents: 1, targetSeconds: 30, meanPatienceSeconds: 600 },
      { contacts: 200, ahtSeconds: 300, agents: 66, targetSeconds: 60, meanPatienceSeconds: 240 },
    ];
    const program = `
import heapq, json, random, sys
random.seed(7)
def run(contacts, ahtSeconds, agents, targetSeconds, meanPatienceSeconds, n=60000):
    free = [0.0] * agents                     # when each rep is free
    t = in_time = left = gone = waited = 0.0
    for i in range(n + 2000):
        t += random.expovariate(contacts / 900)
        patience = random.expovariate(1 / meanPatienceSeconds)
        wait = max(0.0, free[0] - t)          # first come, first served
        if wait > patience: lost, wait = True, patience
        else:
            lost = False
            heapq.heapreplace(free, t + wait + random.expovariate(1 / ahtSeconds))
        if i < 2000: continue                 # the queue fills
        waited += wait; gone += lost
        left += lost and wait <= targetSeconds
        in_time += not lost and wait <= targetSeconds
    return [in_time / n, left / n, gone / n, waited / n]
print(json.dumps([run(**case) for case in json.loads(sys.argv[1])]))`;
    const { stdout, stderr } = spawnSync("python3", ["-c", program, JSON.stringify(cases)], { encoding: "utf8" });
    assert.notEqual(stdout, "", stderr);
    const found: number[][] = JSON.parse(stdout);
    for (const [i, { agents, ...load }] of cases.entries()) {
      const model = erlangAOf(agents, { ...load, intervalSeconds: 900 })!;
      const [answered, left, gone, wait] = found[i]!;
      const scale = load.meanPatienceSeconds;
      for (const [simulated, exact] of [
        [answered!, model.inTime],
        [left!, model.leftInTime],
        [gone!, model.abandoned],
        [wait! / scale, model.wait / scale],
      ] as const)
        near(simulated, exact, 0.015);
    }
  });
});
