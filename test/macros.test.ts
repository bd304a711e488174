import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { accuracy, noiseFloor } from "../notebooks/components/metrics/accuracy.ts";
import { noiseBand, spread } from "../notebooks/components/metrics/baseline.ts";
import { erlangB, erlangC, requiredAgents } from "../notebooks/components/metrics/erlang.ts";
import {
  concurrency,
  linearOccupancy,
  occupancy,
  slotLoad,
  slotUtilization,
  utilization,
  utilizedShare,
} from "../notebooks/components/metrics/occupancy.ts";
import { type ProjectionOptions, projectSums } from "../notebooks/components/metrics/projection.ts";
import { quantity, ratio, share, wilson } from "../notebooks/components/metrics/ratio.ts";
import { handleWeight, weightedMean } from "../notebooks/components/metrics/rollup.ts";
import {
  serviceLevel,
  serviceLevelVariants,
  serviceParts,
  shortfall,
} from "../notebooks/components/metrics/service-level.ts";
import {
  chatFactor,
  effectiveAht,
  fte,
  grossUp,
  netStaffing,
  wholeAgents,
  workload,
} from "../notebooks/components/metrics/staffing.ts";
import { timeZone, weekday } from "../notebooks/components/metrics/time-zone.ts";
import {
  abandonRate,
  aht,
  asa,
  meanWait,
  patience,
  responseTime,
  waits,
  wrapShare,
} from "../notebooks/components/metrics/times.ts";
import { dayIntervals, type Grain, windowStart } from "../notebooks/components/metrics/windows.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import { macroStatements, macrosIn, macrosScript, readMacros } from "../src/warehouse/catalog/macros.ts";
import fc from "./fast-check.ts";

type Input = number | null;
type Result = number | null | undefined;

// Each macro called with the columns a, b, c …, and the function that must say the same.
const scalars: Record<string, [call: string, same: (...inputs: Input[]) => Result]> = {
  quantity: ["quantity(a)", (a) => quantity(a)],
  ratio: ["ratio(a, b)", ratio],
  share: ["share(a, b)", share],
  asa: ["asa(a, b)", asa],
  time_to_assign: ["time_to_assign(a, b)", (a, b) => waits(sums(a, b, null, null)).timeToAssign],
  time_in_queue: ["time_in_queue(a, b)", (a, b) => waits(sums(null, null, a, b)).timeInQueue],
  average_wait: ["average_wait(a, b, c, d)", (a, b, c, d) => waits(sums(a, b, c, d)).averageWait],
  mean_wait: ["mean_wait(a, b, c)", meanWait],
  abandon_rate: ["abandon_rate(a, b, c)", abandonRate],
  patience_seconds: ["patience_seconds(a, b)", (a, b) => patience(a, b)?.meanSeconds],
  aht: ["aht(a, b)", aht],
  handle_weight: ["handle_weight(a)", handleWeight],
  wrap_share: ["wrap_share(a, b)", wrapShare],
  response_time: ["response_time(a, b)", responseTime],
  occupancy: ["occupancy(a, b)", occupancy],
  linear_occupancy: ["linear_occupancy(a, b)", linearOccupancy],
  utilized_share: ["utilized_share(a, b)", utilizedShare],
  concurrency: ["concurrency(a, b)", concurrency],
  slot_utilization: ["slot_utilization(a, b)", slotUtilization],
  slot_load: ["slot_load(a, b, c)", slotLoad],
  utilization: ["utilization(a, b, c)", utilization],
  workload_agents: ["workload_agents(a, b, c)", (a, b, c) => workload(load(a, b, c))],
  fte: ["fte(a, b)", fte],
  net_staffing: ["net_staffing(a, b)", netStaffing],
  whole_agents: ["whole_agents(a)", wholeAgents],
  gross_up: ["gross_up(a, b)", grossUp],
  chat_factor: ["chat_factor(a)", chatFactor],
  effective_aht: ["effective_aht(a, b)", effectiveAht],
  erlang_b: ["erlang_b(a, b)", erlangB],
  erlang_c_wait: ["erlang_c_wait(a, b, c, d)", (a, b, c, d) => queue(a, b, c, d, 0).pWait],
  erlang_c_service_level: [
    "erlang_c_service_level(a, b, c, d, e)",
    (a, b, c, d, e) => queue(a, b, c, e, d).serviceLevel,
  ],
  erlang_c_asa: ["erlang_c_asa(a, b, c, d)", (a, b, c, d) => queue(a, b, c, d, 0).asaSeconds],
  noise_floor: ["noise_floor(a)", noiseFloor],
  noise_low: ["noise_low(a)", (a) => noiseBand(a)?.low],
  noise_high: ["noise_high(a)", (a) => noiseBand(a)?.high],
  project_day: ["project_day(a, b, c)", (a, b, c) => projectSums(a, b, c)?.projected],
  wilson_low: ["wilson_low(a, b)", (a, b) => wilson(a, b)?.low],
  wilson_high: ["wilson_high(a, b)", (a, b) => wilson(a, b)?.high],
};

// The same with what has a default otherwise.
const optional: typeof scalars = {
  shortfall: [
    "shortfall(a, b, c, variant := 'offered', target := d)",
    (answered, abandoned, answeredWithin, target) =>
      shortfall({ answered, abandoned, answeredWithin }, target, "offered")?.missing,
  ],
  project_day: [
    "project_day(a, b, c, damp_until := d, least_contacts := e)",
    (a, b, c, dampUntil, leastContacts) =>
      projectSums(a, b, c, { dampUntil, leastContacts } as ProjectionOptions)?.projected,
  ],
  wilson_low: ["wilson_low(a, b, z := c)", (a, b, z) => wilson(a, b, z as number)?.low],
  wilson_high: ["wilson_high(a, b, z := c)", (a, b, z) => wilson(a, b, z as number)?.high],
};

// Aggregates over rows of a and b.
const aggregates: Record<string, [call: string, same: (rows: Input[][]) => Result]> = {
  weighted_mean: ["weighted_mean(a, b)", (rows) => weightedMean(rows.map(([mean, weight]) => ({ mean, weight })))],
  wape: ["wape(a, b)", (rows) => accuracy(pairs(rows)).wape],
  bias: ["bias(a, b)", (rows) => accuracy(pairs(rows)).bias],
  mape: ["mape(a, b)", (rows) => accuracy(pairs(rows)).mape],
  usual: ["usual(a)", (rows) => spread(rows.map(([value]) => value)).median],
  usual_low: ["usual_low(a)", (rows) => spread(rows.map(([value]) => value)).low],
  usual_high: ["usual_high(a)", (rows) => spread(rows.map(([value]) => value)).high],
};

const variants = ["service_parts", "service_level", "shortfall"];
const times = ["local", "local_date", "local_weekday", "local_slot", "window_start", "interval_start"];
const settings = ["local_zone", "service_level_variant", "future_hours", "horizon", "reserved_queue_names"];
const judged = ["run_time", "timely", "queue_label", "queue_part"];
const small = ["if_enough", "contact_blocks", "merged_minutes"]; // test/small-cells.long.test.ts, test/merged.test.ts
const shown = ["rounded"];
const slow = ["erlang_c_required"];

const sane = fc.oneof(
  fc.nat(40),
  fc.nat(3000),
  fc.nat(1000).map((n) => n / 1000),
);
const wild = fc.oneof(
  { weight: 6, arbitrary: sane },
  { weight: 1, arbitrary: fc.constantFrom(null, 0, -0, -1, 0.5, 1, 1e-12, 1e15, 2 ** 53, 1e300, -1e300) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 5e-324) },
  { weight: 1, arbitrary: fc.double() },
) as fc.Arbitrary<Input>;

describe("macros", () => {
  let db: Database;
  before(async () => {
    db = await openDatabase({ threads: 1 });
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });
  after(() => db.close());

  const macros = readMacros();

  it("round a sum alike in whichever order it was added", async () => {
    const hundredths = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 12 });
    const sums = fc.sample(fc.tuple(hundredths, fc.nat(2)), { numRuns: 400, seed: 1 });
    const sum = (parts: number[]) => parts.map((n) => `${n / 100}::double`).join(" + ");
    for (const [parts, digits] of sums) {
      const orders = [parts, parts.toReversed(), parts.toSorted((a, b) => a - b)];
      const { rows } = await db.rows(`select ${orders.map((order) => `rounded(${sum(order)}, ${digits})`).join(", ")}`);
      assert.equal(new Set(rows[0]).size, 1, `${parts} to ${digits} digits: ${rows[0]}`);
    }
  });

  it("are all described, each with an example that is true", async () => {
    for (const { name, group, doc, example } of macros) {
      assert.match(group, /^[A-Z]/, name);
      assert.match(doc, /\.$/, name);
      assert.ok(example.includes(`${name}(`), name);
      assert.equal((await db.rows(`select ${example}`)).rows[0]![0], true, example);
    }
  });

  it("are all compared with the functions of the pages", () => {
    const compared = [
      ...Object.keys(scalars),
      ...Object.keys(aggregates),
      ...variants,
      ...times,
      ...settings,
      ...judged,
      ...shown,
      ...small,
      ...slow,
    ];
    assert.deepEqual(compared.sort(), macros.map(({ name }) => name).sort());
  });

  it("say the same as the functions, whatever the input", async () => {
    const rows = fc.array(fc.tuple(wild, wild, wild, wild, wild), { minLength: 500, maxLength: 500 });
    const calls = [...Object.values(scalars), ...Object.values(optional)];
    await fc.assert(
      fc.asyncProperty(rows, async (inputs) => {
        const found = await select(db, calls.map(([call]) => call).join(", "), inputs);
        inputs.forEach((input, row) => {
          calls.forEach(([call, same], column) => {
            agree(found[row]![column] as Result, same(...input), `${call} of ${input.join(", ")}`);
          });
        });
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  it("say the same as the functions for sane input", async () => {
    const rows = fc.array(fc.tuple(sane, sane, sane, sane, sane), { minLength: 500, maxLength: 500 });
    const calls = Object.values(scalars);
    await fc.assert(
      fc.asyncProperty(rows, async (inputs) => {
        const found = await select(db, calls.map(([call]) => call).join(", "), inputs);
        inputs.forEach((input, row) => {
          calls.forEach(([call, same], column) => {
            agree(found[row]![column] as Result, same(...input), `${call} of ${input.join(", ")}`);
          });
        });
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });

  it("aggregate as the functions do", async () => {
    const row = fc.tuple(wild, wild);
    const saneRow = fc.tuple(fc.option(sane), fc.option(sane)) as fc.Arbitrary<[Input, Input]>;
    const rows = fc.oneof(fc.array(row, { maxLength: 12 }), fc.array(saneRow, { maxLength: 12 }));
    const calls = Object.values(aggregates);
    await fc.assert(
      fc.asyncProperty(rows, async (inputs) => {
        const list = calls.map(([call]) => call).join(", ");
        const [found] = inputs.length
          ? await select(db, list, inputs)
          : (await db.rows(`select ${list} from (select null::double as a, null::double as b) where false`)).rows;
        calls.forEach(([call, same], column) => {
          agree(found![column] as Result, same(inputs), `${call} of ${JSON.stringify(inputs)}`);
        });
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it("give the service level of every variant as the functions do", async () => {
    const count = fc.oneof({ weight: 5, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: wild });
    const counts = fc.tuple(count, count, count, count, count, fc.option(count));
    const rows = fc.array(counts as fc.Arbitrary<Input[]>, { minLength: 300, maxLength: 300 });
    const args = (variant: string) => `a, b, c, d, e, variant := '${variant}', within := f`;
    const list = serviceLevelVariants.flatMap((variant) => [
      `service_level(${args(variant)})`,
      `shortfall(${args(variant)}, target := 0.8)`,
      `service_parts(${args(variant)}).base`,
    ]);
    await fc.assert(
      fc.asyncProperty(rows, async (inputs) => {
        const found = await select(db, list.join(", "), inputs);
        inputs.forEach((input, row) => {
          serviceLevelVariants.forEach((variant, i) => {
            const [level, missing, base] = found[row]!.slice(3 * i, 3 * i + 3) as Result[];
            const where = `${variant} of ${input.join(", ")}`;
            const served = serviceCounts(input);
            agree(level, serviceLevel(served, variant), where);
            agree(missing, shortfall(served, 0.8, variant)?.missing, where);
            const { state, base: same } = serviceParts(served, variant);
            agree(base, state === "known" || state === "no contacts" ? same : null, where);
          });
        });
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });

  it("find the same number of required agents", async () => {
    const rows = fc.array(
      fc.tuple(
        fc.nat(400),
        fc.integer({ min: 1, max: 900 }),
        fc.constantFrom(0, 10, 20, 60, 120),
        fc.constantFrom(0.5, 0.8, 0.9, 0.95, 0.999, 1, -1),
        fc.constantFrom(900, 1800, 3600),
        fc.constantFrom(0.6, 0.7, 0.85, 1, 0, 1.2),
      ) as unknown as fc.Arbitrary<Input[]>,
      { minLength: 40, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(rows, async (inputs) => {
        const found = await select(db, "erlang_c_required(a, b, c, d, e, f)", inputs);
        inputs.forEach((input, row) => {
          const [contacts, ahtSeconds, targetSeconds, serviceLevelTarget, intervalSeconds, maxOccupancy] = input;
          const demand = {
            contacts,
            ahtSeconds,
            targetSeconds,
            serviceLevelTarget,
            intervalSeconds,
            maxOccupancy,
          };
          agree(found[row]![0] as Result, requiredAgents(demand)?.agents, input.join(", "));
        });
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  it("take the local clock, the windows and the intervals as the functions do", async () => {
    const zones = [
      "UTC",
      "America/New_York",
      "America/St_Johns",
      "Australia/Lord_Howe",
      "Europe/Berlin",
      "Asia/Kathmandu",
      "Pacific/Chatham",
    ];
    const changes = ["2026-03-08T07:00Z", "2026-11-01T06:00Z", "2026-04-04T15:00Z", "2026-10-03T15:30Z"].map((text) =>
      Date.parse(text),
    );
    const near = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -400, max: 400 }));
    const instant = fc.oneof(
      near.map(([at, minutes]) => at + minutes * 60_000),
      fc.integer({ min: Date.parse("2020-01-01") / 1000, max: Date.parse("2029-12-31") / 1000 }).map((s) => s * 1000),
    );
    for (const name of zones) {
      await db.run(macrosScript({ timezone: name, variant: "offered" }));
      const zone = timeZone(name);
      const sample = fc.sample(instant, { numRuns: 200, seed: 7 });
      const values = sample.map((at) => `('${new Date(at).toISOString().slice(0, 19)}'::timestamp)`);
      const { rows } = await db.rows(`
        select local(a), local_date(a), local_weekday(a), local_slot(a), local_slot(a, 30), local_slot(a, 60),
          window_start(a), interval_start(a), interval_start(a, 30), interval_start(a, 60)
        from (values ${values.join(", ")}) t(a)`);
      const text = (at: number) => new Date(at).toISOString().replace(".000Z", "Z");
      sample.forEach((at, row) => {
        const date = zone.date(at);
        const intervals = ([15, 30, 60] satisfies Grain[]).map(
          (grain) => dayIntervals(date, zone, grain).find(({ start, end }) => start <= at && at < end)!,
        );
        const same = [
          text(at + zone.offset(at)),
          date,
          weekday(date),
          ...intervals.map(({ slot }) => slot),
          text(windowStart(at)),
          ...intervals.map(({ start }) => text(start)),
        ];
        assert.deepEqual(rows[row], same, `${name} ${text(at)}`);
      });
    }
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });

  it("take the variant and the zone of the configuration when none is given", async () => {
    await db.run(macrosScript({ timezone: "Asia/Kolkata", variant: "answered_only" }));
    const { rows } = await db.rows(
      "select service_level(1000, 60, 860), service_level(1000, 60, 860, variant := 'offered'), local_zone()",
    );
    assert.deepEqual(rows, [[0.86, 860 / 1060, "Asia/Kolkata"]]);
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });

  it("call queues so that they can be told apart", async () => {
    const called: [name: string | null, label: string][] = [
      ["Chat", "Chat"],
      ["chat", "chat"],
      ["Live chat, tier 2", "Live chat, tier 2"],
      ["دردشة", "دردشة"],
      ["می\u200cخواهم", "می\u200cخواهم"], // a joiner that Persian needs
      ["👩\u200d💻", "👩\u200d💻"],
      [null, "(no name)"],
      ["", "(no name)"],
      [" \t\u00a0\u3000\u200b", "(no name)"],
      [" Chat", "␣Chat"],
      ["Live  chat", "Live␣␣chat"],
      ["Live\tchat", "Live⇥chat"],
      ["Live\u00a0chat", "Live⍽chat"],
      ["Live\nchat", "Live⏎chat"],
      ["Chat\u200b", "Chat⍽"],
      ["All queues", "All queues (queue)"],
      ["all queues", "all queues (queue)"],
      ["All queues (queue)", "All queues (queue) (queue)"],
      ["(no name)", "(no name) (queue)"],
      ["Sales", "Sales (queue)"],
      ["SALES", "SALES (queue)"],
      ["Sales (queue)", "Sales (queue) (queue)"],
      ["Sales 2", "Sales 2"],
      ["Chat (queue)", "Chat (queue)"],
    ];
    await db.run(macrosScript({ timezone: "UTC", variant: "offered", groups: ["Sales", "O'Brien"] }));
    for (const [name, label] of called) {
      const { rows } = await db.rows(`select queue_label(${name === null ? "null" : quoteText(name)})`);
      assert.deepEqual(rows, [[label]], JSON.stringify(name));
    }
    assert.equal(new Set(called.map(([, label]) => label)).size, called.length - 2); // three have no name
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });

  it("tell which times a run can tell of", async () => {
    const told = [
      ["2026-09-01 05:15", "2026-09-02 05:15:00", true], // run, time, timely: a day ahead
      ["2026-09-01 05:15", "2026-09-02 05:15:01", false],
      ["2026-09-01 05", "2026-09-02 05:00:00", true],
      ["2026-09-01 05", "2026-09-02 05:00:01", false],
      ["2026-09-01", "2026-09-03 00:00:00", true], // a daily run tells of its day
      ["2026-09-01", "2026-09-03 00:00:01", false],
      ["2026-09-01", "2010-01-01 00:00:00", true],
      ["2026-09-01", "2009-12-31 23:59:59", false],
      ["2026-09-01", "infinity", false],
      ["2026-09-01", "-infinity", false],
      ["2031-05-01 05", "2026-09-01 05:00:00", true],
      ["2031-05-01 05", "2026-09-17 12:00:00", true], // the horizon
      ["2031-05-01 05", "2031-05-01 05:00:00", false],
      ["2026-09-01", null, false],
    ];
    const horizon = "2026-09-17T12:00:00.000Z";
    await db.run(macrosScript({ timezone: "UTC", variant: "offered", futureHours: 24, horizon }));
    for (const [run, time, timely] of told) {
      const ts = time === null ? "null" : `timestamp '${time}'`;
      const { rows } = await db.rows(`select timely(${ts}, '${run}') is not null`);
      assert.deepEqual(rows, [[timely]], `${run} ${time}`);
    }
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });

  it("refuse a variant or a grain that does not exist, rather than give no number", async () => {
    await assert.rejects(
      db.rows("select service_level(1, 2, 1, variant := 'ofered')"),
      /unknown service level variant/,
    );
    await assert.rejects(db.rows("select interval_start(timestamp '2026-09-01', 20)"), /15, 30 or 60 minutes, not 20/);
    await assert.rejects(db.rows("select local_slot(timestamp '2026-09-01', 20)"), /15, 30 or 60 minutes, not 20/);
  });

  it("work on sums of whole numbers and in groups", async () => {
    const { rows } = await db.rows(`
      select queue, service_level(sum(answered), sum(abandoned), sum(within)), aht(sum(handle), sum(answered))
      from (values ('A', 300, 0, 234, 9000), ('A', 1200, 0, 1020, 36000), ('B', 0, 0, 0, 0)) t(queue, answered, abandoned, within, handle)
      group by queue order by queue`);
    assert.deepEqual(rows, [
      ["A", 0.836, 30],
      ["B", null, null],
    ]);
  });

  it("come with all that they call, each after what it calls, and with nothing else", () => {
    const statements = macroStatements({ timezone: "UTC", variant: "offered" });
    assert.deepEqual(macrosIn("select rank() over () from occupancies", statements), []);
    for (const name of statements.keys()) {
      const found = macrosIn(`select "${name.toUpperCase()}"(1)`, statements);
      assert.equal(found.at(-1), name);
      for (const [i, each] of found.entries())
        for (const [, called] of statements.get(each)!.matchAll(/\bmain\.(\w+)\(/g))
          assert.ok(found.indexOf(called!) < i && found.includes(called!), `${each} calls ${called}`);
    }
  });

  it("go by their comment: one without a description is refused", () => {
    assert.throws(
      () => readMacros("-- Something.\ncreate or replace macro x(a) as a;"),
      /macro without description: x/,
    );
  });
});

async function select(db: Database, list: string, inputs: Input[][]): Promise<unknown[][]> {
  const rows = inputs.map((input) => `(${input.map(literal).join(", ")})`);
  const columns = inputs[0]!.map((_, i) => "abcdef"[i]).join(", ");
  return (await db.rows(`select ${list} from (values ${rows.join(", ")}) t(${columns})`)).rows;
}

function literal(value: Input): string {
  if (value === null) return "null::double";
  return `'${Object.is(value, -0) ? "-0" : String(value).replace("Infinity", "inf")}'::double`;
}

function agree(inSql: Result, here: Result, where: string): void {
  if (typeof inSql === "number" && typeof here === "number") {
    const tolerance = 1e-12 * Math.max(1, Math.abs(here));
    assert.ok(Math.abs(inSql - here) <= tolerance, `${where}: ${inSql} in SQL, ${here} here`);
  } else {
    assert.equal(inSql ?? null, here ?? null, where);
  }
}

function pairs(rows: Input[][]) {
  return rows.map(([forecast, actual]) => ({ forecast, actual }));
}

function sums(assignedWait: Result, assigned: Result, waitingWait: Result, waiting: Result) {
  return { assignedWait, assigned, waitingWait, waiting };
}

function load(contacts: Result, ahtSeconds: Result, intervalSeconds: Result) {
  return { contacts, ahtSeconds, intervalSeconds };
}

function queue(contacts: Result, aht: Result, agents: Result, interval: Result, targetSeconds: Result) {
  return erlangC({ ...load(contacts, aht, interval), agents, targetSeconds });
}

function serviceCounts(input: Input[]) {
  const [answered, abandoned, answeredWithin, abandonedWithin, abandonedShort, within] = input;
  return { answered, abandoned, answeredWithin, abandonedWithin, abandonedShort, within };
}
