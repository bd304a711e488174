import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { accuracy, noiseFloor } from "../notebooks/components/metrics/accuracy.ts";
import { baseline } from "../notebooks/components/metrics/baseline.ts";
import { erlangB, erlangC, requiredAgents } from "../notebooks/components/metrics/erlang.ts";
import { erlangA } from "../notebooks/components/metrics/erlang-a.ts";
import {
  concurrency,
  linearOccupancy,
  occupancy,
  occupancyOfLoggedIn,
  slotLoad,
  utilizedShare,
} from "../notebooks/components/metrics/occupancy.ts";
import { projectDay, projectSums } from "../notebooks/components/metrics/projection.ts";
import { wilson } from "../notebooks/components/metrics/ratio.ts";
import { addedRate, repFte, repTime, rollUpBy, sum, weightedMean } from "../notebooks/components/metrics/rollup.ts";
import { serviceLevels, shortfall } from "../notebooks/components/metrics/service-level.ts";
import {
  chatFactor,
  combinedShrinkage,
  effectiveAht,
  gapDrivers,
  grossUp,
  wholeAgents,
  workload,
} from "../notebooks/components/metrics/staffing.ts";
import { abandonRate, aht, patience, waits } from "../notebooks/components/metrics/times.ts";
import { dataThrough, dayIntervals, dayWindows, lagMinutes } from "../notebooks/components/metrics/windows.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { macrosScript } from "../src/warehouse/catalog/macros.ts";

// biome-ignore lint/suspicious/noExplicitAny: the shape of a vector is known to its check alone
type Loose = any;

interface Vector {
  id: string;
  kind: string;
  tol?: number;
  inputs?: Loose;
  expected?: Loose;
  cases?: { inputs: Loose; expected: Loose }[];
}

const file = new URL("../../test/input/vectors.yaml", import.meta.url);
const { vectors } = parse(readFileSync(file, "utf8")) as { vectors: Vector[] };

describe("vectors", () => {
  let db: Database;
  before(async () => {
    db = await openDatabase({ threads: 1 });
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });
  after(() => db.close());

  /** The value of `macro(…)`; undefined becomes null. */
  const sql = async (call: string): Promise<unknown> => (await db.rows(`select ${call}`)).rows[0]![0];
  const macro = (name: string, ...args: unknown[]) => sql(`${name}(${args.map(literal).join(", ")})`);

  // What our functions and macros say to the inputs of a vector, as one or several objects to be compared with `expected`.
  const checks: Record<string, (inputs: Loose, expected: Loose) => Loose[] | Promise<Loose[]>> = {
    async service_level(inputs) {
      const { answered, abandoned, within } = inputs;
      const args = [answered, abandoned, inputs.answered_within, inputs.abandoned_within, inputs.abandoned_short];
      const counts = {
        answered,
        abandoned,
        answeredWithin: inputs.answered_within,
        abandonedWithin: inputs.abandoned_within,
        abandonedShort: inputs.abandoned_short,
        within,
      };
      const levels = serviceLevels(counts);
      const macros: Record<string, unknown> = {};
      for (const variant of Object.keys(levels))
        macros[variant] = await macro("service_level", ...args, variant, within);
      return [levels, macros];
    },
    service_level_rollup(inputs: { contacts: number; service_level: number }[]) {
      const rows = inputs.map(({ contacts, service_level }) => ({
        part: contacts * service_level,
        whole: contacts,
      }));
      const within = rows.reduce((sum, { part }) => sum + part, 0);
      const contacts = rows.reduce((sum, { whole }) => sum + whole, 0);
      const mean_of_rates = inputs.reduce((sum, { service_level }) => sum + service_level, 0) / inputs.length;
      return [{ within, contacts, service_level: addedRate(rows), mean_of_rates }];
    },
    async shortfall({ answered, abandoned, answered_within, target }, expected) {
      const found = shortfall({ answered, abandoned, answeredWithin: answered_within }, target);
      const missing = await macro("shortfall", answered, abandoned, answered_within, null, null, null, null, target);
      assert.equal(missing, expected?.missing ?? null);
      return [found];
    },
    async waits(i) {
      const found = waits({
        assignedWait: i.assigned_wait,
        assigned: i.assigned,
        waitingWait: i.waiting_wait,
        waiting: i.waiting,
      });
      const { averageWait: average_wait, timeInQueue: time_in_queue, timeToAssign: time_to_assign } = found;
      return [
        { average_wait, time_in_queue, time_to_assign },
        {
          average_wait: await macro("average_wait", i.assigned_wait, i.assigned, i.waiting_wait, i.waiting),
          time_in_queue: await macro("time_in_queue", i.waiting_wait, i.waiting),
          time_to_assign: await macro("time_to_assign", i.assigned_wait, i.assigned),
        },
      ];
    },
    abandon_rate: async ({ abandoned, answered, short }) => [
      abandonRate(abandoned, answered, short),
      await macro("abandon_rate", abandoned, answered, short),
    ],
    async patience({ abandoned, total_wait }, expected) {
      const found = patience(abandoned, total_wait);
      const mean = await macro("patience_seconds", abandoned, total_wait);
      assert.equal(mean, expected?.mean ?? null);
      return [found && { theta: found.theta, mean: found.meanSeconds }];
    },
    aht: async ({ handle, handled }) => [aht(handle, handled), await macro("aht", handle, handled)],
    async weighted_mean(inputs: { mean: number | null; weight: number }[]) {
      const rows = inputs.map(({ mean, weight }) => `(${literal(mean)}, ${weight})`).join(", ");
      return [weightedMean(inputs), await sql(`weighted_mean(mean, weight) from (values ${rows}) t(mean, weight)`)];
    },
    occupancy: async ({ handle, logged_in }) => [
      occupancyOfLoggedIn(handle, logged_in),
      occupancy(handle, logged_in - handle),
      await macro("occupancy", handle, logged_in - handle),
    ],
    linear: async (i) => [
      {
        linear_occupancy: linearOccupancy(i.utilized_available, i.available),
        utilized_share: utilizedShare(i.utilized, i.logged_in),
        concurrency: concurrency(i.cumulative, i.utilized),
        slot_load: slotLoad(i.cumulative, i.slots, i.logged_in),
        total_over_available: linearOccupancy(i.utilized, i.available),
      },
      {
        linear_occupancy: await macro("linear_occupancy", i.utilized_available, i.available),
        utilized_share: await macro("utilized_share", i.utilized, i.logged_in),
        concurrency: await macro("concurrency", i.cumulative, i.utilized),
        slot_load: await macro("slot_load", i.cumulative, i.slots, i.logged_in),
        total_over_available: await macro("linear_occupancy", i.utilized, i.available),
      },
    ],
    membership(rows: { window: string; rep: number; queue: string; minutes: number }[]) {
      const of = (queue: string) => repTime(rows.filter((row) => row.queue === queue)).reps;
      const { reps, minutes } = repTime(rows);
      const plain_sum = rows.reduce((sum, row) => sum + row.minutes, 0);
      return [{ reps_A: of("A"), reps_B: of("B"), reps, minutes, fte: repFte(rows, 15), plain_sum }];
    },
    concurrency: async ({ cumulative, linear }) => [
      concurrency(cumulative, linear),
      await macro("concurrency", cumulative, linear),
    ],
    async chat_factor(i) {
      const factor = chatFactor(i.cap);
      const inSql = await macro("chat_factor", i.cap);
      return [
        { factor, aht: effectiveAht(i.aht, factor) },
        { factor: inSql, aht: await macro("effective_aht", i.aht, inSql) },
      ];
    },
    chat_required(i) {
      const demand = (ahtSeconds: number | null) => ({ ...demandOf(i), ahtSeconds });
      return [
        {
          agents: requiredAgents(demand(effectiveAht(i.aht, chatFactor(i.cap))))!.agents,
          voice_over_cap: requiredAgents(demand(i.aht))!.agents / i.cap,
        },
      ];
    },
    workload: async ({ contacts, aht, interval }) => [
      workload({ contacts, ahtSeconds: aht, intervalSeconds: interval }),
      await macro("workload_agents", contacts, aht, interval),
    ],
    gross_up: async ({ net, shrinkage }) => [
      { gross: grossUp(net, shrinkage), whole: wholeAgents(grossUp(net, shrinkage)) },
      {
        gross: await macro("gross_up", net, shrinkage),
        whole: await sql(`whole_agents(gross_up(${net}, ${shrinkage}))`),
      },
    ],
    combined_shrinkage: (shares) => [combinedShrinkage(shares)],
    erlang_b: async ({ erlangs, agents }) => [erlangB(erlangs, agents), await macro("erlang_b", erlangs, agents)],
    async erlang_c(i) {
      const found = erlangC({ ...loadOf(i), agents: i.agents, targetSeconds: i.target });
      const args = [i.contacts, i.aht, i.agents];
      return [
        {
          traffic: found.trafficErlangs,
          p_wait: found.pWait,
          service_level: found.serviceLevel,
          asa: found.asaSeconds,
          immediate: found.immediateAnswer,
          occupancy: found.occupancy,
          stable: found.stable,
        },
        {
          p_wait: await macro("erlang_c_wait", ...args, i.interval),
          service_level: await macro("erlang_c_service_level", ...args, i.target, i.interval),
          asa: await macro("erlang_c_asa", ...args, i.interval),
        },
      ];
    },
    async erlang_c_required(i, expected) {
      const found = requiredAgents({ ...demandOf(i), maxOccupancy: i.cap, shrinkage: i.shrinkage });
      const args = [i.contacts, i.aht, i.target, i.level, i.interval, i.cap];
      assert.equal(await macro("erlang_c_required", ...args), expected?.agents ?? null);
      return [found];
    },
    erlang_a(i) {
      const queue = {
        ...loadOf(i),
        agents: i.agents,
        targetSeconds: i.target,
        meanPatienceSeconds: i.patience,
      };
      const found = erlangA(queue);
      return [
        {
          p_wait: found.pWait,
          p_abandon: found.pAbandon,
          occupancy: found.occupancy,
          mean_wait: found.meanWaitAllSeconds,
          answered_of_offered: found.answeredWithinTargetOfOffered,
          answered_of_answered: found.answeredWithinTargetOfAnswered,
          abandoned_within: found.abandonedWithinTarget,
        },
      ];
    },
    gap_drivers({ now, usual, interval }) {
      const side = (i: Loose) => ({ contacts: i.contacts, ahtSeconds: i.aht, available: i.available });
      return [gapDrivers(side(now), side(usual), interval)];
    },
    async accuracy({ forecast, actual }) {
      const intervals = forecast.map((f: number, i: number) => ({ forecast: f, actual: actual[i] }));
      const rows = intervals.map((row: Loose) => `(${literal(row.forecast)}, ${literal(row.actual)})`).join(", ");
      const from = `from (values ${rows}) t(f, a)`;
      const wape = await sql(`wape(f, a) ${from}`);
      const bias = await sql(`bias(f, a) ${from}`);
      const mape = await sql(`mape(f, a) ${from}`);
      return [accuracy(intervals), { wape, bias, mape }];
    },
    noise_floor: async (volume) => [noiseFloor(volume), await macro("noise_floor", volume)],
    async projection(i) {
      const found = projectSums(i.so_far, i.usual_so_far, i.usual_rest)!;
      const slots = projectDay([
        { actual: i.so_far, usual: i.usual_so_far },
        { actual: null, usual: i.usual_rest },
      ]);
      const facts = ({ state, shareIn, ratio, projected }: typeof found) => ({
        state,
        share_in: shareIn,
        ratio,
        projected,
      });
      const projected = await macro("project_day", i.so_far, i.usual_so_far, i.usual_rest);
      return [facts(found), facts(slots), { projected }];
    },
    counts_rollup({ counts, last }: { counts: number[]; last: number[] }) {
      const rows = (minutes: number[]) => minutes.map((of, i) => ({ of, at: i * 5 }));
      const grouped = (minutes: number) =>
        [
          ...rollUpBy(rows(counts), ({ at }) => Math.floor(at / minutes), {
            contacts: { rule: "count", of: ({ of }) => of },
          }).values(),
        ].map(({ contacts }) => contacts);
      return [{ quarters: grouped(15), halves: grouped(30), hour: grouped(60)[0], last: sum(last) }];
    },
    async weekday_baseline({ date, values }: { date: string; values: Record<string, number> }) {
      const { state, n, median, low, high, dates } = baseline(date, (day) => values[day]);
      const last = dates.at(-1)!;
      const rows = dates.map((day) => `(${values[day]})`).join(", ");
      const inSql = async (name: string) => sql(`${name}(v) from (values ${rows}) t(v)`);
      const days_back = (Date.parse(date) - Date.parse(last)) / 86_400_000;
      return [
        { state, n, last, days_back, median, low, high },
        { median: await inSql("usual"), low: await inSql("usual_low"), high: await inSql("usual_high") },
      ];
    },
    wilson: async ({ k, n }) => {
      const [low, high] = [await macro("wilson_low", k, n), await macro("wilson_high", k, n)];
      return [wilson(k, n), low === null && high === null ? null : { low, high }];
    },
    day_windows({ zone, date }) {
      const starts = dayWindows(date, zone);
      const first = starts[0] === undefined ? null : new Date(starts[0]).toISOString().replace(":00.000Z", "Z");
      return [{ windows: starts.length, first }];
    },
    wfm_window({ published_at, window_start }) {
      const at = (clock: string) => Date.parse(`2026-09-01T${clock}:00Z`);
      const through = dataThrough(at(window_start));
      return [
        {
          data_through: new Date(through).toISOString().slice(11, 16),
          lag_minutes: lagMinutes(at(window_start), at(published_at)),
        },
      ];
    },
    labels({ zone, date, grain }, { around }) {
      const found = dayIntervals(date, zone, grain).filter(({ label }) => label.startsWith(around));
      return [{ around, labels: found.map(({ label }) => label), windows: found.map(({ windows }) => windows) }];
    },
  };

  for (const { id, kind, tol = 0, inputs, expected, cases } of vectors) {
    it(`${id} (${kind})`, async () => {
      for (const vector of cases ?? [{ inputs, expected }]) {
        for (const found of await checks[kind]!(vector.inputs, vector.expected))
          compare(found, vector.expected, tol, `${id} ${JSON.stringify(vector.inputs)}`);
      }
    });
  }
});

const loadOf = (i: Loose) => ({ contacts: i.contacts, ahtSeconds: i.aht, intervalSeconds: i.interval });

const demandOf = (i: Loose) => ({ ...loadOf(i), targetSeconds: i.target, serviceLevelTarget: i.level });

// Numbers as doubles, as the kit's own columns have them.
function literal(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return typeof value === "number" ? `${value}::double` : `'${value}'`;
}

// Every key of `expected` that `found` has; a macro answers fewer questions than a function.
function compare(found: Loose, expected: Loose, tol: number, where: string): void {
  if (expected !== null && typeof expected === "object" && !Array.isArray(expected)) {
    assert.ok(found !== null && typeof found === "object", `${where}: ${found}`);
    const keys = Object.keys(expected).filter((key) => key in found);
    assert.ok(keys.length > 0, where);
    for (const key of keys) compare(found[key], expected[key], tol, `${where} ${key}`);
  } else if (typeof expected === "number" && typeof found === "number") {
    assert.ok(Math.abs(found - expected) <= tol, `${where}: ${found} instead of ${expected}`);
  } else {
    assert.deepEqual(found, expected, where);
  }
}
