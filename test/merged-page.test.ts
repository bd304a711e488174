// What Today shows of intervals with too few reps: longer ones together, or one line instead of three empty charts.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  allQueues,
  dayOfIntervals,
  type IntradayDay,
  repInterval,
  type WindowRow,
} from "../notebooks/components/metrics/interval.ts";
import { netRows, netTitle } from "../notebooks/components/metrics/net-staffing.ts";
import { staffTitle } from "../notebooks/components/metrics/today.ts";
import type { Grain } from "../notebooks/components/metrics/windows.ts";
import { heldText } from "../notebooks/components/pages/today-page.ts";
import { rows as chartRows } from "./chart-rows.ts";
import { runPage } from "./page-cells.ts";
import { windowRow } from "./window-row.ts";

const day = "2026-09-16";
const whole: IntradayDay = { day, arrived: "1".repeat(96), staffed: "1".repeat(96), through: "2026-09-17T00:00:00Z" };
const times = (hour: number) =>
  ["00", "15", "30", "45"].map((minute) => `${day}T${String(hour).padStart(2, "0")}:${minute}:00Z`);
const intervals = (windows: WindowRow[], grain: Grain) =>
  dayOfIntervals({ windows, days: [whole], day, queue: allQueues, grain, timezone: "UTC" });

// One hour by itself, one as half-hours, one as an hour, two together as the day so far.
const levels = new Map([
  [8, 1440],
  [9, 15],
  [10, 30],
  [11, 60],
  [12, 1440],
  [13, 0],
]);
const windows = [...levels].flatMap(([hour, merged]) =>
  times(hour).map((start, i) =>
    windowRow(start, {
      assigned: 6 + i,
      merged,
      ...(merged > 0 && { reps: 5, logged_in: 60, available: 30, busy: 30, handle: 300, wrap: 60 }),
    }),
  ),
);

describe("intervals of few reps", () => {
  const lengths = (grain: Grain) =>
    intervals(windows, grain)
      .filter((row) => row.assigned)
      .map((row) => (row.over?.pooled ? "day" : (repInterval(row).end - repInterval(row).start) / 60_000));

  it("have their rep figures over the time that has enough, at any grain", () => {
    const each = <T>(n: number, value: T) => Array.from({ length: n }, () => value);
    const of = (n: number) => [...each(n, "day"), ...each(n, 60 / n), ...each(n, Math.max(30, 60 / n))];
    assert.deepEqual(lengths(15), [...of(4), ...each(4, 60), ...each(4, "day"), ...each(4, 15)]);
    assert.deepEqual(lengths(30), [...of(2), ...each(2, 60), ...each(2, "day"), ...each(2, 30)]);
    assert.deepEqual(lengths(60), [...of(1), ...each(1, 60), ...each(1, "day"), ...each(1, 60)]);
  });

  it("share one interval, with contacts and reps of the same time", () => {
    const rows = intervals(windows, 15);
    const eleven = rows.filter(({ label }) => label.startsWith("11:"));
    assert.equal(new Set(eleven.map(repInterval)).size, 1);
    const { assigned, available, minutes, label } = repInterval(eleven[2]!);
    assert.deepEqual(
      { assigned, available, minutes, label },
      { assigned: 30, available: 2, minutes: 60, label: "11:00" },
    );
    const pool = repInterval(rows.find((row) => row.label === "12:15")!);
    assert.equal(pool, repInterval(rows.find((row) => row.label === "08:00")!));
    assert.deepEqual([pool.assigned, pool.minutes, pool.available], [60, 120, 2]);
  });

  it("count once in a title, by the time they stand for", () => {
    const basis = { basis: "workload", chats: 1, seconds: 60, target: 0.8 } as const;
    const net = netRows(intervals(windows, 15), basis, { dayHandle: null });
    // 9 to 10 four, 10 to 11 two, 11 to 12 one, the day so far one. Two reps are there; 09:30, 09:45, 10:30, 11:00 and the day so
    // far need 2.7, 3.0, 2.8, 2.5 and 2.5.
    assert.equal(
      netTitle(net),
      "Short of reps in 5 of 8 intervals with figures (12 in all), most at 09:45: 1.0 too few",
    );
    assert.match(staffTitle(intervals(windows, 15)), /over the day so far: 2\.0$/);
  });

  it("are held back in one line that names the setting, and a group as the way out", () => {
    const site = { min_reps: 5 } as Parameters<typeof heldText>[0]["site"];
    const text = (queue: string, of: WindowRow[]) => heldText({ rows: intervals(of, 60), queue, site });
    assert.equal(
      text(
        "Chat",
        windows.filter(({ merged }) => merged !== 0),
      ),
      "",
    );
    assert.match(
      text("Chat", windows),
      /^Handle time, reps and net staffing are held back in 1 interval: fewer than 5 reps/,
    );
    assert.match(text("Chat", windows), /site\.privacy\.min_reps.*site\.queue_groups/);
    assert.doesNotMatch(text(allQueues, windows), /queue_groups/);
    assert.match(text("Chat", windows.slice(-4)), /^Handle time, reps and net staffing of .*Chat.* are held back: /);
  });

  const plans = ["scheduled", "forecast", "forecast_handle", "usual_handle"] as const;
  const withheld = ["handle", "wrap", "reps", "logged_in", "available", "busy"];
  const shown = async (held: boolean, plan: readonly string[], compare: string) => {
    const files = structuredClone(chartRows) as Record<string, unknown>;
    const blank = [...plans.filter((name) => !plan.includes(name)), ...(held ? withheld : [])];
    for (const [name, file] of Object.entries(files))
      if (name.startsWith("intraday/"))
        for (const series of file as Record<string, (number | null)[]>[]) {
          for (const measure of blank) series[measure] = series[measure]!.map(() => null);
          if (held) series.merged = series.merged!.map((minutes) => (minutes === null ? null : 0));
        }
    const search = `?queue=Billing&compare=${compare}`;
    const { displayed } = await runPage("today", { files, search } as Parameters<typeof runPage>[1]);
    const elements = displayed.flatMap((element) =>
      element instanceof Object && "querySelectorAll" in element ? [element as Element] : [],
    );
    const all = (selector: string) => elements.flatMap((element) => [...element.querySelectorAll(selector)]);
    return {
      drawn: all("figure, .figure").filter(({ id }) => charts.includes(id)),
      lines: all(".held-back").map(({ textContent }) => textContent),
    };
  };
  const charts = ["handle-time", "reps", "net-staffing"];
  const cases: [held: boolean, compare: string, plan: (typeof plans)[number][], drawn: string[]][] = [
    [false, "none", [], charts],
    [false, "forecast", [...plans], charts],
    [true, "none", [], []],
    [true, "usual", ["usual_handle"], ["reps"]], // what the projection requires
    [true, "usual", ["scheduled"], ["reps"]],
    [true, "usual", ["scheduled", "usual_handle"], ["reps", "net-staffing"]],
    [true, "forecast", ["forecast"], []], // of contacts alone
    [true, "forecast", ["forecast", "forecast_handle"], ["handle-time", "reps"]],
    [true, "usual", ["forecast", "forecast_handle"], ["reps"]],
    [true, "forecast", [...plans], charts],
  ];
  for (const [held, compare, plan, expected] of cases)
    it(`${held ? "all held back" : "shown"}, with ${plan.join(", ") || "no plan"} beside ${compare}: ${expected.join(", ") || "no chart"}`, async () => {
      const { drawn, lines } = await shown(held, plan, compare);
      assert.deepEqual(
        drawn.map(({ id }) => id),
        expected,
      );
      assert.equal(lines.length, 1); // an hour of the day has few reps anyway
      assert.equal(/are plans and are drawn\.$/.test(lines[0]!), held && expected.length > 0);
      if (!held) return;
      const keys = drawn.flatMap((element) =>
        [...element.querySelectorAll(".legend li")].map((key) => key.textContent),
      );
      const planKeys = ["Forecast", "Scheduled", "Required, projected", "Scheduled minus required for the projection"];
      assert.ok(drawn.every((element) => planKeys.some((key) => element.textContent.includes(key))));
      assert.deepEqual(
        keys.filter((key) => !planKeys.includes(key ?? "")),
        drawn.some(({ id }) => id === "net-staffing") ? ["Reps to spare", "Too few"] : [],
      );
    });
});
