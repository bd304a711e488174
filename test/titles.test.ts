import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decimal, duration, percent, zone } from "../notebooks/components/metrics/format.ts";
import type { Heat, HeatCell, Measure, View } from "../notebooks/components/metrics/heatmap.ts";
import { type Interval, offered } from "../notebooks/components/metrics/interval.ts";
import type { IntervalState } from "../notebooks/components/metrics/interval-state.ts";
import { type NetRow, netRows, netTitle } from "../notebooks/components/metrics/net-staffing.ts";
import type { QueueBoard, QueueOfDay } from "../notebooks/components/metrics/queues/queue-board.ts";
import { daySentence, handleTitle, staffTitle, waitTitle } from "../notebooks/components/metrics/today.ts";
import { chanceTitle, type QueueAccuracy } from "../notebooks/components/pages/accuracy-page.ts";
import { headline } from "../notebooks/components/pages/heatmap-page.ts";
import { boardSentence } from "../notebooks/components/pages/queue-board.ts";
import fc from "./fast-check.ts";

// A title claims what its chart shows: each claim is worked out again here from the plotted rows.

const settings = { variant: "offered", seconds: 60, target: 0.8, threshold_counts: "answered" as const };
const site = { ...settings, min_contacts: 10 } as never;

const states: IntervalState[] = ["data", "incomplete", "zero", "closed", "partial", "pending", "missing", "skipped"];

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(value, { nil: null, freq: 4 });
}

const interval = fc
  .record({
    state: fc.constantFrom(...states, "data", "data", "data"),
    contacts: fc.tuple(fc.nat(30), fc.nat(8), fc.nat(30)),
    wait: maybe(fc.integer({ min: 0, max: 4000 })),
    handle: maybe(fc.integer({ min: 1, max: 3000 })),
    available: maybe(fc.integer({ min: 0, max: 40 })),
    held: fc.boolean(),
    scheduled: maybe(fc.nat(20)),
  })
  .map(({ state, contacts: [assigned, abandoned, within], wait, handle, available, held, scheduled }) => {
    const counted = !["closed", "pending", "missing", "skipped"].includes(state);
    const some = counted && assigned > 0;
    return {
      state,
      minutes: state === "skipped" ? 0 : 15,
      assigned: counted ? assigned : null,
      abandoned: counted ? abandoned : null,
      within: counted ? Math.min(within, assigned) : null,
      wait: counted && assigned + abandoned > 0 ? wait : null,
      handle: some ? handle : null,
      wrap: null,
      handled: some && handle !== null ? assigned : null,
      held: counted && held,
      available: (counted || state === "closed") && !held ? available : null,
      utilizedAvailable: null,
      scheduled,
      usual: null,
    };
  });

// Titles name an interval by its label.
const dayRows = fc
  .array(interval, { minLength: 1, maxLength: 24 })
  .map((rows) => rows.map((row, i) => ({ ...row, label: `t${i}`, start: i, end: i + 1 }) as unknown as Interval));

/** "in the 3 of 7 intervals with figures", or null where the title speaks of all. */
function coverage(title: string): [number, number] | null {
  const found = /the (\d+) of (\d+) (?:interval|queue)s? with figures/.exec(title);
  return found ? [Number(found[1]), Number(found[2])] : null;
}

const due = ({ state }: Interval) => !["pending", "closed", "skipped"].includes(state);
const basis = { basis: "workload" as const, chats: 1, seconds: 60, target: 0.8 };

describe("titles of a day claim what is plotted", () => {
  it("net staffing speaks of every interval only where every interval has a figure", () => {
    fc.assert(
      fc.property(dayRows, maybe(fc.integer({ min: 60, max: 900 })), (rows, dayHandle) => {
        const net = netRows(rows, basis, { dayHandle });
        const title = netTitle(net);
        const needed = net.filter(({ row }) => due(row));
        const known = needed.filter((row): row is NetRow & { net: number } => row.net !== null);
        if (known.length === 0) return assert.match(title, /held back|No net staffing/);
        if (known.length < needed.length) {
          const words = title.startsWith("Short")
            ? /of (\d+) intervals? with figures \((\d+) in all\)/
            : /the (\d+) of (\d+)/;
          const [, some, all] = words.exec(title)!.map(Number);
          assert.deepEqual([some, all], [known.length, needed.length], title);
          assert.doesNotMatch(title, /every/);
        }
        const short = known.filter((row) => row.net <= -0.5);
        if (short.length > 0) {
          const worst = Math.min(...short.map((row) => row.net));
          const [, count, label, by] = /^Short of reps in (\d+) of .*, most at (t\d+): ([\d.]+) too few$/.exec(title)!;
          assert.equal(Number(count), short.length);
          assert.equal(known.find(({ row }) => row.label === label)!.net, worst);
          assert.equal(by, decimal(-worst));
        } else if (known.some((row) => row.net < 0)) assert.match(title, /at most half a rep short/);
        else assert.match(title, /^Enough reps in /);
      }),
    );
  });

  it("the longest wait is the longest that is drawn, however few contacts are behind it", () => {
    fc.assert(
      fc.property(dayRows, (rows) => {
        const title = waitTitle(rows);
        const waits = rows.filter(({ wait }) => wait !== null);
        if (waits.length === 0) return assert.equal(title, "No waits to show");
        const [, longest, label] = /; longest (.+) at (t\d+)$/.exec(title)!;
        const most = Math.max(...waits.map(({ wait }) => wait!));
        assert.equal(longest, duration(most));
        assert.equal(rows.find((row) => row.label === label)!.wait, most);
        const needed = rows.filter((row) => (offered(row) ?? 0) > 0);
        const partly = waits.length < needed.length;
        assert.deepEqual(coverage(title), partly ? [waits.length, needed.length] : null);
      }),
    );
  });

  it("handle times and reps say how many intervals have them", () => {
    fc.assert(
      fc.property(dayRows, (rows) => {
        const handled = rows.filter(({ handle }) => handle !== null).length;
        const assigned = rows.filter((row) => (row.assigned ?? 0) > 0).length;
        if (handled > 0) assert.deepEqual(coverage(handleTitle(rows)), handled < assigned ? [handled, assigned] : null);
        const staffed = rows.filter(({ available }) => (available ?? 0) > 0);
        const title = staffTitle(rows);
        if (staffed.length === 0) return assert.match(title, /held back|No rep time/);
        const known = rows.filter((row) => row.available !== null).length;
        const needed = rows.filter((row) => due(row) || row.available !== null).length;
        assert.deepEqual(coverage(title), known < needed ? [known, needed] : null);
        const [, label, fte] = / at (t\d+): ([\d.,]+)$/.exec(title)!;
        const most = Math.max(...staffed.map(({ available }) => available!));
        assert.equal(rows.find((row) => row.label === label)!.available, most);
        assert.equal(fte, decimal(most));
      }),
    );
  });

  it("the worst interval is the one of all that misses the most answers", () => {
    fc.assert(
      fc.property(dayRows, (rows) => {
        const { lead } = daySentence({ rows, queue: "Q", day: "2026-09-16", zone: zone("UTC"), site, compared: null });
        if (!rows.some(({ state }) => ["data", "incomplete", "zero", "closed"].includes(state)))
          return assert.equal(lead, "No interval of this day has arrived.");
        const missing = rows.map((row) => {
          const all = offered(row);
          return all === null || row.within === null ? 0 : Math.ceil(0.8 * all - 1e-9) - row.within;
        });
        const most = Math.max(0, ...missing);
        const found = /Worst interval: (t\d+)–/.exec(lead);
        if (most <= 0) return assert.equal(found, null);
        assert.ok(found, lead);
        assert.equal(missing[rows.findIndex(({ label }) => label === found[1])], most);
      }),
    );
  });
});

describe("titles of the queues", () => {
  const queue = fc
    .record({ offered: fc.nat(50), missing: maybe(fc.nat(20)) })
    .map(({ offered, missing }) => ({ offered, missing, windows: [], service: null }));
  it("claim all queues only where all that had contacts have figures", () => {
    fc.assert(
      fc.property(fc.array(queue, { minLength: 1, maxLength: 9 }), (list) => {
        const queues = list
          .map((entry, i) => ({ ...entry, queue: `q${i}` }))
          .sort((a, b) => (b.missing ?? -1) - (a.missing ?? -1)) as unknown as QueueOfDay[];
        const all = { windows: [], offered: 0, service: null } as unknown as QueueOfDay;
        const board = { queues, all, through: 0, day: "2026-09-16", zone: zone("UTC"), site };
        const { title } = boardSentence(board as unknown as QueueBoard);
        const served = queues.filter(({ missing }) => missing !== null);
        if (served.length === 0) return assert.match(title, /No/);
        const busy = queues.filter(({ offered, missing }) => offered > 0 || missing !== null).length;
        assert.deepEqual(coverage(title), served.length < busy ? [served.length, busy] : null);
        const worst = Math.max(...served.map(({ missing }) => missing!));
        if (worst === 0) return assert.match(title, /meets? the 80% target/);
        const [, name, count] = /^(q\d+) misses the target by (\d+) contacts?/.exec(title)!;
        assert.equal(Number(count), worst);
        assert.equal(queues.find((entry) => entry.queue === name)!.missing, worst);
      }),
    );
  });

  it("name the queues where chance explains least and most of the miss", () => {
    const scored = fc.record({
      wape: maybe(fc.double({ min: 0, max: 2, noNaN: true })),
      floor: maybe(fc.double({ min: 0, max: 2, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(scored, { maxLength: 8 }), (list) => {
        const queues = list.map((entry, i) => ({ ...entry, queue: `q${i}` })) as unknown as QueueAccuracy[];
        const title = chanceTitle(queues);
        const share = (name: string) => {
          const { wape, floor } = queues.find(({ queue }) => queue === name)!;
          return floor! / wape!;
        };
        const shares = queues.filter(({ wape, floor }) => wape && floor !== null).map(({ queue }) => share(queue));
        if (shares.length === 0) return assert.equal(title, "No error to explain");
        const names = /^Chance alone explains (.+) of the error in (q\d+), (.+) in (q\d+)$/.exec(title);
        const part = (value: number) => (value >= 1 ? "all" : percent(value, 0));
        if (!names) return assert.equal(part(Math.min(...shares)), part(Math.max(...shares)));
        assert.equal(share(names[2]!), Math.min(...shares));
        assert.equal(share(names[4]!), Math.max(...shares));
        assert.deepEqual([names[1], names[3]], [part(Math.min(...shares)), part(Math.max(...shares))]);
      }),
    );
  });
});

describe("titles of the heatmaps", () => {
  const measures: Measure[] = ["volume", "service", "wait", "abandons", "staffing"];
  const views: View[] = ["usual", "last", "difference"];
  const cell = fc.record({
    state: fc.constantFrom("data", "data", "data", "zero", "few", "none", "closed"),
    value: maybe(fc.integer({ min: -50, max: 50 })),
    n: fc.nat(60),
    weekday: fc.integer({ min: 1, max: 7 }),
  });
  it("name the extreme of all the cells that show a value, and no rise where nothing rose", () => {
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(...measures),
        fc.constantFrom(...views),
        (list, measure, view) => {
          const cells = list.map((entry, i) => ({ ...entry, slot: `s${i}` })) as unknown as HeatCell[];
          const lastWeek = { from: "2026-09-14", to: "2026-09-20" };
          const { title } = headline({ cells, lastWeek, usualWeeks: null } as unknown as Heat, {
            queue: "All queues",
            measure,
            view,
            site,
          });
          const shown = cells.filter(({ state, value }) => (state === "data" || state === "zero") && value !== null);
          if (shown.length === 0) return assert.match(title, /^No .* to show$/);
          const low = measure === "service" || measure === "staffing";
          const values = shown.map(({ value }) => value!);
          const extreme = low ? Math.min(...values) : Math.max(...values);
          if (view === "difference" && (low ? extreme >= 0 : extreme <= 0))
            return assert.match(title, /^(No|Staffing nowhere) .* against the median$/);
          const [, slot] = /(s\d+),/.exec(title)!;
          assert.equal(cells.find((entry) => entry.slot === slot)!.value, extreme, title);
        },
      ),
    );
  });
});
