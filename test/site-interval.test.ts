import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { driverSentence, explain } from "../notebooks/components/charts/drivers.ts";
import { beforeWrap } from "../notebooks/components/charts/intraday.ts";
import {
  type ConversationDay,
  comparedDays,
  conversationTotals,
  quantile,
} from "../notebooks/components/metrics/conversations.ts";
import {
  change,
  clock,
  compact,
  count,
  duration,
  percent,
  points,
  signed,
  versus,
  zone,
} from "../notebooks/components/metrics/format.ts";
import {
  allQueues,
  dayOfIntervals,
  type IntradayDay,
  offered,
  type WindowRow,
} from "../notebooks/components/metrics/interval.ts";
import { netRows } from "../notebooks/components/metrics/net-staffing.ts";
import { projectionText, restOfDay } from "../notebooks/components/metrics/rest-of-day.ts";
import { daysLater } from "../notebooks/components/metrics/time-zone.ts";
import {
  clockText,
  comparedWith,
  daySentence,
  formula,
  gap,
  handleTitle,
  lackingText,
  serviceLevelOf,
  staffTitle,
  summarize,
} from "../notebooks/components/metrics/today.ts";
import type { Grain } from "../notebooks/components/metrics/windows.ts";
import { weeksBefore } from "../notebooks/components/pages/overview.ts";
import { csv } from "../notebooks/components/picture/csv.ts";
import fc from "./fast-check.ts";
import { windowRow as row } from "./window-row.ts";

const timezone = "America/New_York";
const site = {
  variant: "offered",
  seconds: 60,
  target: 0.8,
  threshold_counts: "answered" as const,
  min_contacts: 10,
};

function near(value: number | null, expected: number | null) {
  assert.ok(expected === null ? value === null : Math.abs(value! - expected) < 1e-6, `${value}, not ${expected}`);
}

function day(windows: WindowRow[], options: Omit<IntradayDay, "staffed"> & { staffed?: string; grain?: Grain }) {
  const { day, arrived, staffed = arrived, through, grain = 15 } = options;
  const days: IntradayDay[] = [{ day, arrived, staffed, through }];
  return dayOfIntervals({ windows, days, day, queue: allQueues, grain, timezone });
}

// Wednesday 16 September 2026; midnight in New York is 04:00 UTC.
const at = (hour: number, minute = 0) => new Date(Date.UTC(2026, 8, 16, 4 + hour, minute)).toISOString();
const ten = { day: "2026-09-16", arrived: "1".repeat(40) + "0".repeat(56), through: at(10) };

describe("dayOfIntervals", () => {
  it("adds windows up: counts add, means weigh, rep minutes become full-time equivalents", () => {
    const rows = day(
      [
        row(at(9), {
          assigned: 30,
          abandoned: 10,
          within: 20,
          wait: 40,
          handle: 300,
          wrap: 30,
          reps: 8,
          available: 90,
          busy: 30,
        }),
        row(at(9, 15), {
          assigned: 10,
          abandoned: 0,
          within: 10,
          wait: 20,
          handle: 700,
          wrap: 70,
          reps: 6,
          available: 60,
          busy: 0,
        }),
      ],
      { ...ten, grain: 30 },
    );
    const nine = rows.find(({ label }) => label === "09:00")!;
    assert.equal(nine.state, "data");
    assert.equal(offered(nine), 50);
    assert.equal(nine.within, 30);
    assert.equal(nine.wait, (40 * 40 + 20 * 10) / 50);
    assert.equal(nine.handle, (300 * 30 + 700 * 10) / 40);
    assert.equal(nine.reps, 8, "the most at once, never a sum");
    assert.equal(nine.available, 150 / 30);
    assert.equal(serviceLevelOf(site)(nine), 0.6);
  });

  it("tells the kinds of empty apart", () => {
    const rows = day([row(at(9)), row(at(9, 30), { queue: "Other", assigned: 3 })], {
      ...ten,
      arrived: `${"1".repeat(37)}0${"1".repeat(2)}${"0".repeat(56)}`,
    });
    const state = (label: string) => rows.find((interval) => interval.label === label)!.state;
    assert.equal(state("09:00"), "data");
    assert.equal(state("09:15"), "missing");
    assert.equal(state("09:30"), "closed");
    assert.equal(state("10:00"), "pending");
    const zero = rows.find(({ label }) => label === "09:00")!;
    assert.equal(offered(zero), 0);
    assert.equal(rows.find(({ label }) => label === "09:15")!.assigned, null);
  });

  it("leaves a count unknown that one of its windows lacks and others have, and says so", () => {
    const windows = [0, 15, 30, 45].map((minute) =>
      row(at(9, minute), { assigned: 10, abandoned: 2, within: 8, wait: 20, handle: 300 }),
    );
    const hour = (values: Partial<WindowRow>) =>
      day([...windows.slice(0, 3), { ...windows[3]!, ...values }], { ...ten, grain: 60 })[9]!;
    const of = ({ state, assigned, abandoned, within, wait, handle }: ReturnType<typeof hour>) => [
      state,
      assigned,
      abandoned,
      within,
      wait,
      handle,
    ];
    assert.deepEqual(of(hour({})), ["data", 40, 8, 32, 20, 300]);
    assert.deepEqual(of(hour({ within: null })), ["incomplete", 40, 8, null, 20, 300]);
    assert.deepEqual(of(hour({ abandoned: null })), ["incomplete", 40, null, 32, null, 300]);
    assert.deepEqual(of(hour({ assigned: null })), ["incomplete", null, 8, 32, null, null]);
    const quiet = { assigned: 0, abandoned: 0, within: null, wait: null, handle: null };
    assert.deepEqual(of(hour(quiet)), ["data", 30, 6, 24, 20, 300], "nobody came, so nobody was late");
    assert.equal(hour({ within: null }).label, "09:00");
  });

  it("has reps over the time that has arrived, and none where a window is held back", () => {
    const quarter = (minute: number, values: Partial<WindowRow> = {}) =>
      row(at(9, minute), { assigned: 10, logged_in: 120, available: 120, reps: 8, ...values });
    const hour = (windows: WindowRow[], options = {}) => {
      const { state, minutes, loggedIn, available, held } = day(windows, {
        ...ten,
        grain: 60,
        ...options,
      })[9]!;
      return [state, minutes, loggedIn, available, held];
    };
    const all = [0, 15, 30, 45].map((minute) => quarter(minute));
    assert.deepEqual(hour(all), ["data", 60, 8, 8, false]);
    const small = { logged_in: null, available: null, merged: 0 };
    assert.deepEqual(hour([...all.slice(0, 3), quarter(45, small)]), ["data", 60, null, null, true]);
    const nobody = { logged_in: null, available: null, reps: null };
    assert.deepEqual(hour([...all.slice(0, 2), quarter(30, nobody), quarter(45, nobody)]), ["data", 60, 4, 4, false]);
    const half = { ...ten, through: at(9, 30), arrived: "1".repeat(38) + "0".repeat(58) };
    assert.deepEqual(hour(all.slice(0, 2), half), ["partial", 30, 8, 8, false]);
    const three = "1".repeat(39) + "0".repeat(57);
    const awaited = [...all.slice(0, 3), quarter(45, nobody)];
    assert.deepEqual(hour(awaited, { staffed: three }), ["data", 60, null, null, false], "reps come later");
    const none = { assigned: null, abandoned: null, within: null };
    const ahead = [...all.slice(0, 2), quarter(30, none)];
    assert.deepEqual(hour(ahead, { ...half, staffed: three }), ["partial", 30, 8, 8, false], "or earlier");
  });

  it("tells how many intervals the sums of a day leave out", () => {
    const text = (...values: Partial<WindowRow>[]) =>
      lackingText(
        day(
          values.map((counts, i) => row(at(9, 15 * i), { assigned: 10, abandoned: 2, within: 8, ...counts })),
          ten,
        ),
      );
    assert.equal(text({}, {}), "");
    assert.equal(text({}, { assigned: 0, abandoned: 0, within: null }), "", "nobody came");
    assert.equal(text({ within: null }, { within: null }), "", "no column at all, which is told elsewhere");
    assert.equal(text({}, { abandoned: null }), "1 interval with missing counts is left out of the day's totals.");
    assert.equal(
      text({}, { assigned: null }, { within: null }),
      "2 intervals with missing counts are left out of the day's totals.",
    );
  });

  it("calls an interval partial until all of its windows have arrived", () => {
    const rows = day([row(at(9, 45), { assigned: 4 })], {
      ...ten,
      grain: 60,
      arrived: "1".repeat(38) + "0".repeat(58),
    });
    assert.equal(rows.find(({ label }) => label === "09:00")!.state, "partial");
  });

  it("takes the usual from at least four weeks, summed before the median", () => {
    const weeks = (values: (number | null)[]) => [
      row(at(12), { assigned: null, abandoned: null, within: null, weeks: values }),
      row(at(12, 15), {
        assigned: null,
        abandoned: null,
        within: null,
        weeks: values.map((value) => value && value * 10),
      }),
    ];
    const noon = (values: (number | null)[]) =>
      day(weeks(values), { ...ten, grain: 30 }).find(({ label }) => label === "12:00")!;
    assert.deepEqual(
      (({ usual, usualLow, usualHigh, usualDays, lastWeek }) => ({
        usual,
        usualLow,
        usualHigh,
        usualDays,
        lastWeek,
      }))(noon([1, 2, 3, 4, 5])),
      { usual: 33, usualLow: 22, usualHigh: 44, usualDays: 5, lastWeek: 11 },
    );
    assert.equal(noon([1, null, 3, 4]).usual, null);
    assert.equal(noon([null, 2, 3, 4, 5]).lastWeek, null);
  });

  it("shows the repeated hour twice and says that the skipped one did not exist", () => {
    const autumn = day([], {
      day: "2026-11-01",
      arrived: "1".repeat(100),
      through: "2026-11-02T05:00:00Z",
      grain: 60,
    });
    assert.deepEqual(
      autumn.slice(0, 4).map(({ label }) => label),
      ["00:00", "01:00 EDT", "01:00 EST", "02:00"],
    );
    const spring = day([], {
      day: "2026-03-08",
      arrived: "1".repeat(92),
      through: "2026-03-09T04:00:00Z",
      grain: 60,
    });
    assert.deepEqual(
      spring.slice(1, 4).map(({ label, state }) => `${label} ${state}`),
      ["01:00 closed", "02:00 skipped", "03:00 closed"],
    );
    assert.equal(clockText(autumn), "The clock went back: 01:00 to 02:00 occurred twice.");
    assert.equal(clockText(spring), "The clock went forward: 02:00 to 03:00 did not exist.");
    assert.equal(clockText(spring.slice(3)), "");
  });

  it("never loses or invents a contact, whatever the grain", () => {
    const counts = fc.array(fc.record({ assigned: fc.nat(50), abandoned: fc.nat(9) }), {
      minLength: 40,
      maxLength: 40,
    });
    fc.assert(
      fc.property(counts, fc.constantFrom<Grain>(15, 30, 60), (list, grain) => {
        const windows = list.map((values, i) => row(at(0, i * 15), values));
        const total = list.reduce((sum, { assigned, abandoned }) => sum + assigned + abandoned, 0);
        assert.equal(summarize(day(windows, { ...ten, grain })).offered, total);
      }),
    );
  });
});

describe("means of a day", () => {
  it("weigh alike at every grain, those of windows without an assignment included", () => {
    const maybe = (most: number) => fc.option(fc.nat(most), { nil: null });
    const counts = fc.record({
      assigned: fc.nat(4),
      abandoned: fc.nat(4),
      within: fc.nat(2),
      wait: maybe(90),
      handle: maybe(900),
      usual_offered: fc.integer({ min: 4, max: 9 }),
      usual_abandoned: fc.nat(4),
      usual_handle: maybe(900),
    });
    fc.assert(
      fc.property(fc.array(counts, { minLength: 40, maxLength: 40 }), (list) => {
        const windows = list.map((values, i) => row(at(0, i * 15), { ...values, wrap: values.handle }));
        const handled = list.filter(({ handle }) => handle !== null);
        const weight = handled.reduce((sum, { assigned }) => sum + Math.max(1, assigned), 0);
        const time = handled.reduce((sum, { assigned, handle }) => sum + handle! * Math.max(1, assigned), 0);
        const usual = list.filter((window) => window.usual_handle !== null);
        const over = usual.reduce((sum, w) => sum + Math.max(1, w.usual_offered - w.usual_abandoned), 0);
        const above = usual.reduce(
          (sum, w) => sum + w.usual_handle! * Math.max(1, w.usual_offered - w.usual_abandoned),
          0,
        );
        for (const grain of [15, 30, 60] as const) {
          const rows = day(windows, { ...ten, grain });
          const { handle, wrap } = summarize(rows);
          near(handle, weight ? time / weight : null);
          near(wrap, handle);
          near(comparedWith("usual", rows, [], ten.day, site)!.handle, over ? above / over : null);
        }
      }),
    );
  });

  it("do not make a share of nothing", () => {
    const rows = (values: Partial<WindowRow>) => day([row(at(9), { assigned: 9, ...values })], ten);
    assert.equal(handleTitle(rows({ handle: 0, wrap: 0 })), "Mean handle time ≈ 0:00");
    assert.equal(handleTitle(rows({ handle: 60, wrap: 90 })), "Mean handle time ≈ 1:00");
    assert.match(handleTitle(rows({ handle: 60, wrap: 30 })), /, 50% of it wrap-up$/);
    const before = (values: Partial<WindowRow>) => beforeWrap(rows(values).find(({ state }) => state === "data")!);
    assert.deepEqual(
      [before({ handle: 60, wrap: 20 }), before({ handle: 60, wrap: null }), before({ handle: 60, wrap: 90 })],
      [40, null, null],
    );
    const hour = (values: Partial<WindowRow>) =>
      day([row(at(9), { reps: 3, available: 45 }), row(at(9, 15), values)], { ...ten, grain: 30 })[18]!;
    assert.equal(hour({ reps: 0 }).available, 1.5);
    assert.equal(hour({ reps: 3 }).available, null, "of reps who were there, for a time that nobody knows");
    assert.equal(staffTitle(rows({ available: 45 })), "Most reps available at 09:00: 3.0");
    assert.match(staffTitle(rows({ available: 45, utilized_available: 15 })), /had chats 33% of the time; most/);
  });
});

describe("a service level of a day", () => {
  const level = (values: Partial<WindowRow>[], more = {}) => {
    const windows = values.map((value, i) => row(at(9, 15 * i), { assigned: 10, abandoned: 10, within: 8, ...value }));
    return serviceLevelOf({ ...site, ...more })(summarize(day(windows, ten)).served);
  };

  it("leaves out the intervals that lack one of its counts, in part and whole alike", () => {
    assert.equal(level([{}, {}]), 0.4);
    assert.equal(level([{}, { abandoned: null }]), 0.4);
    assert.equal(level([{}, { within: null }]), 0.4);
  });

  it("is unknown without a column, but where its formula does not need it", () => {
    assert.equal(level([{ abandoned: null }, { abandoned: null }]), null);
    assert.equal(level([{ abandoned: null }], { variant: "answered_only" }), 0.8);
    assert.equal(level([{ within: null }], { variant: "answered_only" }), null);
    assert.equal(level([]), null);
  });
});

describe("a running day", () => {
  // 10 contacts usual in each quarter-hour of 8 weeks; 12 came in each of the 40 windows so far
  const past = Array.from({ length: 96 }, (_, i) =>
    row(new Date(Date.parse(at(0)) + i * 900_000).toISOString(), {
      ...(i < 40
        ? { assigned: 12, handle: 300, available: 45, reps: 4 }
        : { assigned: null, abandoned: null, within: null }),
      weeks: Array.from({ length: 8 }, () => 10),
      usual_offered: 80,
      usual_abandoned: 8,
      usual_within: 60,
      usual_wait: 20,
      usual_handle: 240,
      usual_available: 60,
    }),
  );
  const basis = { basis: "workload" as const, chats: 1, seconds: 60, target: 0.8 };

  it("is projected alike whatever interval is drawn, and adds up to the projection", () => {
    const windows = day(past, ten);
    for (const grain of [15, 30, 60] as const) {
      const rows = day(past, { ...ten, grain });
      const rest = restOfDay(windows, rows)!;
      assert.equal(rest.projection.state, "projected");
      assert.equal(rest.projection.projected, 96 * 12);
      const ahead = rest.rows.reduce<number>((sum, value) => sum + (value ?? 0), 0);
      assert.ok(Math.abs(ahead - 56 * 12) < 1e-9);
      assert.match(projectionText(rest), /1,152 contacts by the end .* 120% .* one-off spike/);
    }
  });

  it("adds what has come of a running hour to what is projected of it", () => {
    const early = { ...ten, arrived: "1".repeat(38) + "0".repeat(58), through: at(9, 30) };
    const cut = past.map((window, i) => (i < 38 ? window : { ...window, assigned: null, abandoned: null }));
    const rows = day(cut, { ...early, grain: 60 });
    const rest = restOfDay(day(cut, early), rows)!;
    assert.equal(rows[9]!.state, "partial");
    assert.ok(Math.abs(rest.rows[9]! - 48) < 1e-9);
    assert.equal(rest.rows[8], null);
  });

  it("has words for a day of whose beginning nothing usually comes", () => {
    const night = past.map((window, i) => (i < 40 ? { ...window, weeks: Array(8).fill(0) } : window));
    const windows = day(night, ten);
    assert.match(projectionText(restOfDay(windows, windows)!), /Contacts are not usual by this time; the rest/);
  });

  it("is not projected when it is over, too quiet, or without weeks to compare with", () => {
    const over = { ...ten, arrived: "1".repeat(96), through: at(24) };
    assert.equal(restOfDay(day(past, over), day(past, over)), null);
    const quiet = day(
      past.map((window) => ({ ...window, weeks: [1, 1, 1, 1, 1, 1, 1, 1] })),
      ten,
    );
    const few = restOfDay(quiet, quiet)!;
    assert.equal(few.projection.state, "too few");
    assert.ok(few.rows.every((value) => value === null));
    assert.match(projectionText(few), /not projected: 96 contacts/);
    const young = day(
      past.map((window) => ({ ...window, weeks: [10, 10, 10] })),
      ten,
    );
    assert.match(projectionText(restOfDay(young, young)!), /fewer than four weeks/);
  });

  it("has net staffing, and says what moved it", () => {
    const rows = day(past, ten);
    const net = netRows(rows, basis, { dayHandle: 300 });
    // required 12 x 300 / 900 = 4, available 45 / 15 = 3; usually 10 x 240 / 900 = 2.67 and 4
    assert.deepEqual([net[10]!.required, net[10]!.available, net[10]!.net, net[10]!.state], [4, 3, -1, "under"]);
    assert.equal(net[50]!.state, "none");
    const explained = explain(net[10]!, basis);
    const { volume, aht, staff, total } = explained.drivers!;
    assert.ok(Math.abs(volume + aht + staff - total) < 1e-9);
    assert.ok(Math.abs(total - (-1 - (4 - 8 / 3))) < 1e-9);
    assert.equal(staff, -1);
    const words = driverSentence(explained);
    assert.match(words, /usually \+1\.3: staff \(3\.0 available against 4\.0\) −1\.0, handle time/);
    assert.match(words, /together −2\.3 reps/);
  });

  it("compares no part of an interval with the usual of the whole", () => {
    const cut = past.map((window, i) => (i < 38 ? window : { ...window, assigned: null, abandoned: null }));
    const early = {
      ...ten,
      arrived: "1".repeat(38) + "0".repeat(58),
      through: at(9, 30),
      grain: 60 as const,
    };
    const [nine] = netRows(day(cut, early), basis, { dayHandle: 300 }).filter(({ row }) => row.label === "09:00");
    assert.equal(nine!.row.state, "partial");
    const explained = explain(nine!, basis);
    assert.deepEqual([explained.usual.contacts, explained.usual.net, explained.drivers], [null, null, null]);
    assert.match(driverSentence(explained), /This interval is incomplete/);
  });

  it("says why nothing can be taken apart where reps are held back or not known", () => {
    const told = (values: Partial<WindowRow>) => {
      const rows = day(
        past.map((window) => ({ ...window, ...values })),
        ten,
      );
      return explain(netRows(rows, basis, { dayHandle: 300 })[10]!, basis);
    };
    assert.match(driverSentence(told({ merged: 0, handle: null, available: null })), /held back/);
    assert.match(driverSentence(told({ available: null })), /has no reps/);
    assert.match(driverSentence(told({ usual_available: null })), /usual number of reps is unknown/);
    assert.match(driverSentence(told({ weeks: null })), /fewer than four/);
  });

  it("shows scheduled staff against the projection, and nothing ahead without a schedule", () => {
    const planned = past.map((window) => ({ ...window, scheduled: 6 }));
    const [windows, rows] = [day(planned, ten), day(planned, { ...ten, grain: 30 })];
    const rest = restOfDay(windows, rows)!;
    const net = netRows(rows, basis, { dayHandle: 300, projected: rest.rows });
    assert.equal(net[30]!.ahead, true);
    assert.equal(net[30]!.available, 6);
    assert.ok(Math.abs(net[30]!.net! - (6 - (24 * 300) / 1800)) < 1e-9);
    assert.ok(
      netRows(day(past, ten), basis, { dayHandle: 300, projected: rest.rows }).every(
        ({ net, ahead }) => !ahead || net === null,
      ),
    );
  });

  it("is compared with the usual or the week before over the same intervals, rates from added counts", () => {
    const rows = day(past, ten);
    const usual = comparedWith("usual", rows, [], ten.day, site)!;
    assert.deepEqual(
      [usual.offered, usual.abandonRate, usual.service, usual.wait, usual.handle],
      [400, 0.1, 0.75, 20, 240],
    );
    const last = comparedWith("last", rows, day(past, { ...ten, arrived: "1".repeat(96) }), ten.day, site)!;
    assert.equal(last.offered, 400);
    const gap = past.map((window, i) => (i === 20 ? { ...window, weeks: [null, 10, 10, 10] } : window));
    const lacking = comparedWith("last", day(gap, ten), day(past, ten), ten.day, site)!;
    assert.equal(lacking.offered, null, "the sum of what came would be too little");
    const shut = past.map((window, i) => (i === 20 ? { ...window, usual_within: null } : window));
    const level = (grain: Grain) => comparedWith("usual", day(shut, { ...ten, grain }), [], ten.day, site)!;
    assert.deepEqual([level(15).service, level(60).service, level(60).abandonRate], [0.75, 0.75, 0.1]);
    assert.equal(comparedWith("none", rows, [], ten.day, site), null);
  });

  it("keeps what the first delivery said of a restated interval", () => {
    const rows = day(
      past.map((window, i) => (i === 4 ? { ...window, first_offered: 9 } : window)),
      { ...ten, grain: 30 },
    );
    assert.equal(rows[2]!.firstOffered, 21);
    assert.equal(rows[3]!.firstOffered, null);
  });
});

describe("the words of Today", () => {
  const words = (windows: WindowRow[], more = {}) =>
    daySentence({
      rows: day(windows, { ...ten, ...more }),
      queue: allQueues,
      day: "2026-09-16",
      zone: zone(timezone),
      site,
    });

  it("say what happened, what was missing and where it was worst", () => {
    assert.deepEqual(
      words([
        row(at(9), { assigned: 50, abandoned: 0, within: 50 }),
        row(at(9, 15), { assigned: 40, abandoned: 10, within: 20 }),
      ]),
      {
        title: "70.0% answered within 60 s, 10.0 points under the 80% target",
        lead: "100 contacts offered by 10:00, 10 abandoned (10.0%). Answering 10 more contacts in time would have met the target. Worst interval: 09:15–09:30, 40% of 50.",
      },
    );
  });

  it("do without what is not there", () => {
    assert.equal(words([]).title, "no data for Wed 16 Sep");
    assert.equal(words([row(at(9), { within: null })]).title, "0 contacts offered by 10:00");
  });

  it("print the formula that the figures were computed with", () => {
    assert.equal(formula(site), "Answered within 60 s / (answered + abandoned)");
    assert.equal(
      formula({ ...site, variant: "credit_abandons", seconds: 30 }),
      "(Answered within 30 s + abandoned within 30 s) / (answered + abandoned)",
    );
    assert.equal(gap(0.7999, 0.8), "on the 80% target");
  });
});

describe("ranges of days", () => {
  const binned = (values: number[]) => {
    const bins: number[] = [];
    for (const value of values) {
      const bin = Math.max(0, Math.floor(Math.log(value) / Math.log(1.05)));
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    return Array.from(bins, (n) => n ?? 0);
  };

  it("read percentiles from added histograms, within 5 %", () => {
    const seconds = fc.array(fc.double({ min: 2, max: 20_000, noNaN: true }), {
      minLength: 20,
      maxLength: 400,
    });
    fc.assert(
      fc.property(seconds, fc.constantFrom(0.5, 0.9), (values, q) => {
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.ceil(q * values.length) - 1]!;
        const read = quantile(binned(values), q)!;
        assert.ok(Math.abs(read / exact - 1) <= 0.0501, `${read} for ${exact}`);
      }),
    );
    assert.equal(quantile([], 0.5), null);
  });

  const conversations = (day: string, more: Partial<ConversationDay> = {}): ConversationDay => ({
    day,
    channel: "Web",
    complete: true,
    started: 10,
    ended: 8,
    assisted: 4,
    handled: 4,
    queued: 4,
    handle_p50: null,
    handle_p90: null,
    handle_bins: null,
    wait_p50: null,
    wait_p90: null,
    wait_bins: null,
    resolved: 3,
    unresolved: 1,
    timeout: 2,
    auto: 1,
    other: 1,
    rated: 20,
    satisfied: 15,
    ...more,
  });

  it("add counts, and leave out ratings of days that are held back", () => {
    const total = conversationTotals([
      conversations("2026-09-14"),
      conversations("2026-09-15", { rated: 3, satisfied: null }),
    ]);
    assert.deepEqual([total.started, total.rated, total.satisfied, total.handle_p50], [20, 20, 15, null]);
  });

  it("are compared with the days before where both are complete", () => {
    const gap = { complete: false, started: 1 };
    const days = Array.from({ length: 14 }, (_, i) =>
      conversations(daysLater("2026-09-01", i), i === 2 ? gap : { started: i < 7 ? 10 : 12 }),
    );
    const compared = comparedDays(days, days.slice(7), 7);
    assert.deepEqual([compared?.days, compared?.now.started, compared?.before.started], [6, 72, 60]);
    assert.equal(comparedDays(days, days.slice(6), 7), null, "the data begin later");
    assert.equal(comparedDays(days, days.slice(9, 10), 7), null, "nothing to compare");
  });

  it("are set against the complete ones of the four weeks before", () => {
    const days = [1, 8, 15, 22, 29].map((day) =>
      conversations(`2026-09-${String(day).padStart(2, "0")}`, { complete: day !== 15 }),
    );
    assert.deepEqual(
      weeksBefore("2026-09-29", days).map(({ day }) => day),
      ["2026-09-01", "2026-09-08", "2026-09-22"],
    );
  });
});

describe("format", () => {
  it("writes numbers the same everywhere", () => {
    assert.deepEqual(
      [
        count(1234567),
        compact(2_882_243),
        percent(0.8123),
        change(-0.05),
        versus(9.9, 1, "the usual"),
        versus(66, 1.25, "the usual"),
        versus(596, 598, "the usual"),
        points(0.036),
        signed(1234.4),
        clock(4000),
        clock(59.6),
        duration(95),
        duration(9000),
        count(null),
      ],
      [
        "1,234,567",
        "2.88 M",
        "81.2%",
        "−5%",
        "+890% on the usual",
        "53 times the usual",
        "level with the usual",
        "+3.6 points",
        "+1,234",
        "1:06:40",
        "1:00",
        "1.6 min",
        "2.5 h",
        "–",
      ],
    );
  });

  it("writes CSV that no spreadsheet runs", () => {
    const columns = [
      { label: "Queue", value: (row: { queue: string; n: number | null }) => row.queue },
      { label: "n", value: (row: { queue: string; n: number | null }) => row.n },
    ];
    assert.equal(
      csv(columns, [
        { queue: 'Billing, "EU"', n: -3 },
        { queue: "=1+1", n: null },
      ]),
      'Queue,n\r\n"Billing, ""EU""",-3\r\n\'=1+1,\r\n',
    );
  });
});
