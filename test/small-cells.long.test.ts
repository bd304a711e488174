// No mean, share or percentile that a dataset ships rests on fewer contacts than kit.yaml promises, and no difference of two
// that it ships tells of fewer.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { daysLater } from "../notebooks/components/metrics/time-zone.ts";
import type { Project } from "../src/config/project.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { batches, computeTogether } from "../src/site/dataset.ts";
import { listDatasets } from "../src/site/dataset-list.ts";
import { openTracing } from "../src/site/privacy/personal.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { macrosScript } from "../src/warehouse/catalog/macros.ts";
import fc from "./fast-check.ts";
import { largeCentre } from "./large-centre.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";

describe("contact_blocks", () => {
  let db: Database;
  before(async () => {
    db = await openDatabase({ threads: 1 });
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });
  after(() => db.close());

  it("cuts any counts into neighbours that have enough together", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.option(fc.nat(15)), { maxLength: 30 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 12 }),
        async (lists, least) => {
          const values = lists.map((list, i) => `(${i}, [${list.map((n) => n ?? "null").join(",")}]::integer[])`);
          const { rows } = await db.rows(
            `select contact_blocks(counts, ${least}) from (values ${values.join(", ")}) as t(i, counts) order by i`,
          );
          for (const [i, list] of lists.entries()) {
            const blocks = rows[i]![0] as (number | null)[];
            assert.equal(blocks.length, list.length);
            const sums = new Map<number | null, number>();
            for (const [at, block] of blocks.entries()) sums.set(block, (sums.get(block) ?? 0) + (list[at] ?? 0));
            const total = list.reduce<number>((sum, n) => sum + (n ?? 0), 0);
            if (total < least) assert.ok(blocks.every((block) => block === null));
            else for (const [block, sum] of sums) assert.ok(block !== null && sum >= least, `${list} ${blocks}`);
            assert.deepEqual(
              blocks,
              [...blocks].sort((a, b) => (a ?? 0) - (b ?? 0)),
              "neighbours",
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

const sum = (values: readonly (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);

describe("the datasets of a contact centre", () => {
  let demo: DemoProject;
  let project: Project;
  let least: number;
  let reps: number;
  let database: Database;
  before(async () => {
    demo = await demoProject({ days: 4, conversationsPerDay: 700 });
    ({ project } = demo);
    ({ minContacts: least, minReps: reps } = project.config.site.privacy);
    database = await openCatalog(project);
  });
  after(() => {
    database.close();
    demo.delete();
  });

  const loaded = new Map<string, unknown[]>();
  async function load<Row>(pattern: RegExp): Promise<Row[]> {
    const known = loaded.get(pattern.source);
    if (known) return known as Row[];
    const found: unknown[] = [];
    const tracing = openTracing(project);
    for (const batch of batches(listDatasets(project).filter(({ name }) => pattern.test(name))))
      for (const { text } of await computeTogether(database, batch, project, { tracing }))
        found.push(...JSON.parse(text));
    await tracing.close();
    loaded.set(pattern.source, found);
    return found as Row[];
  }

  interface Day {
    queue: string;
    start: string;
    assigned: (number | null)[];
    abandoned: (number | null)[];
    handle: (number | null)[];
    wrap: (number | null)[];
    wait: (number | null)[];
  }

  // Independent of the loader: windows in a row that ship the same mean are one block, as far as it can be told from outside.
  it("tell no handle time or wait of a window of fewer contacts, but that of its block", async () => {
    const days = await load<Day>(/^intraday\//);
    assert.ok(days.length > 10);
    let shown = 0;
    for (const day of days.filter(({ queue }) => queue !== "All queues"))
      for (const [measure, contacts] of [
        ["handle", day.assigned.map((n) => Math.max(1, n ?? 0))], // a window with one has a contact, assigned before it
        ["wrap", day.assigned.map((n) => Math.max(1, n ?? 0))],
        ["wait", day.assigned.map((n, i) => (n ?? 0) + (day.abandoned[i] ?? 0))],
      ] as const) {
        const blocks = new Map<number, number>();
        for (const [i, mean] of day[measure].entries())
          if (mean !== null) blocks.set(mean, (blocks.get(mean) ?? 0) + (contacts[i] ?? 0));
        shown += blocks.size;
        for (const [mean, n] of blocks)
          assert.ok(n >= least, `${day.queue} ${day.start} ${measure} ${mean} rests on ${n}`);
      }
    assert.ok(shown > 50, String(shown));
  });

  interface Left {
    queue: string;
    start: string;
    abandoned: (number | null)[];
    leavers: (number | null)[];
    abandoned_wait: (number | null)[];
    abandoned_longest: (number | null)[];
    gone_mean: number | null;
  }

  it("tell no wait of fewer who left, and of all queues what each of them tells", async () => {
    const days = await load<Left>(/^waiting\//);
    let [shown, held] = [0, 0];
    for (const day of days.filter(({ queue }) => queue !== "All queues")) {
      const blocks = new Map<string, number>();
      for (const [i, n] of day.leavers.entries()) {
        assert.equal(day.abandoned_wait[i] === null, !n, `${day.queue} ${day.start} ${i}`);
        if (n) {
          const block = `${day.abandoned_wait[i]} ${day.abandoned_longest[i]}`;
          blocks.set(block, (blocks.get(block) ?? 0) + n);
        }
      }
      for (const [block, n] of blocks) assert.ok(n >= least, `${day.queue} ${day.start}: ${block} rests on ${n}`);
      if (day.gone_mean === null) assert.equal(blocks.size, 0, `${day.queue} ${day.start}`);
      shown += blocks.size;
      held += blocks.size === 0 && sum(day.abandoned) > 0 ? 1 : 0;
    }
    assert.ok(shown > 20 && held > 0, `${shown} blocks, ${held} days held back`);
    for (const total of days.filter(({ queue }) => queue === "All queues")) {
      const queues = days.filter(({ queue, start }) => queue !== "All queues" && start === total.start);
      for (const [i, mean] of total.abandoned_wait.entries()) {
        assert.equal(total.leavers[i] ?? 0, sum(queues.map(({ leavers }) => leavers[i] ?? 0)));
        if (mean === null) continue;
        const parts = queues.filter(({ leavers }) => leavers[i]);
        const expected = sum(parts.map((day) => day.abandoned_wait[i]! * day.leavers[i]!)) / total.leavers[i]!;
        assert.ok(Math.abs(mean - expected) < 0.2, `${total.start} ${i}: ${mean}, ${expected}`);
        assert.equal(total.abandoned_longest[i], Math.max(...parts.map((day) => day.abandoned_longest[i]!)));
      }
    }
  });

  it("make the figure of all queues of what each of them ships, so that no difference tells more", async () => {
    const days = await load<Day>(/^intraday\//);
    let compared = 0;
    for (const total of days.filter(({ queue }) => queue === "All queues")) {
      const queues = days.filter(({ queue, start }) => queue !== "All queues" && start === total.start);
      for (const [i, mean] of total.handle.entries()) {
        if (mean === null) continue;
        const parts = queues.filter(({ handle }) => handle[i] !== null);
        const weight = (day: Day) => Math.max(1, day.assigned[i] ?? 0);
        const expected = sum(parts.map((day) => day.handle[i]! * weight(day))) / sum(parts.map(weight));
        assert.ok(Math.abs(mean - expected) < 0.2, `${total.start} ${i}: ${mean}, ${expected}`);
        compared++;
      }
    }
    assert.ok(compared > 20, String(compared));
  });

  it("keep the handle time of a queue's day as it was", async () => {
    const days = await load<Day>(/^intraday\//);
    const { rows } = await database.rows(
      `select queue || ' ' || day, weighted_mean(handle, handle_weight(assigned)) from wfm.intraday
        where merged > 0 and queue <> 'All queues' group by all`,
    );
    const exact = new Map(rows.map(([key, mean]) => [String(key), mean as number]));
    const local = (start: string) =>
      new Intl.DateTimeFormat("en-CA", { timeZone: project.config.timezone }).format(new Date(start));
    for (const day of days.filter(
      ({ queue, handle }) => queue !== "All queues" && handle.some((mean) => mean !== null),
    )) {
      const known = day.handle.map((mean, i) => (mean === null ? 0 : Math.max(1, day.assigned[i] ?? 0)));
      const mean = sum(day.handle.map((handle, i) => (handle ?? 0) * known[i]!)) / sum(known);
      assert.ok(Math.abs(mean - exact.get(`${day.queue} ${local(day.start)}`)!) < 0.1, `${day.queue} ${day.start}`);
    }
  });

  it("tell no mean of a queue's day or a channel's of fewer, nor by what is left of the total", async () => {
    interface QueueDay {
      day: string;
      queue: string;
      handled: number;
      handle_mean: number | null;
    }
    const queueDays = await load<QueueDay>(/^queue-days\.json$/);
    for (const row of queueDays) if (row.handle_mean !== null) assert.ok(row.handled >= least, JSON.stringify(row));
    for (const total of queueDays.filter(({ queue }) => queue === "All queues")) {
      const parts = queueDays.filter(
        (row) => row.day === total.day && row.queue !== "All queues" && row.handle_mean !== null,
      );
      const mean =
        parts.length === 0
          ? null
          : sum(parts.map((row) => row.handle_mean! * row.handled)) / sum(parts.map((row) => row.handled));
      if (mean === null) assert.equal(total.handle_mean, null);
      else assert.ok(Math.abs(total.handle_mean! - mean) < 0.01, JSON.stringify(total));
    }
    type ChannelDay = Record<"day" | "channel", string> & Record<string, number | number[] | null>;
    const days = await load<ChannelDay>(/^days\.json$/);
    for (const [count, figures] of [
      ["handled", ["handle_mean", "handle_p50", "handle_p90", "handle_bins"]],
      ["queued", ["wait_p50", "wait_p90", "wait_bins"]],
      ["rated", ["satisfied"]],
    ] as const) {
      for (const row of days)
        for (const figure of figures)
          if (row[figure] !== null) assert.ok((row[count] as number) >= least, `${row.day} ${row.channel} ${figure}`);
      for (const total of days.filter(({ channel }) => channel === "All channels")) {
        if (total[figures[0]] === null) continue;
        const held = days.filter(
          (row) =>
            row.day === total.day &&
            row.channel !== "All channels" &&
            row[figures[0]] === null &&
            (row[count] as number) > 0,
        );
        const left = sum(held.map((row) => row[count] as number));
        assert.ok(
          left === 0 || (held.length > 1 && left >= least),
          `${total.day} ${count}: ${held.length} held, ${left}`,
        );
      }
    }
  });

  it("tell no wait of the heatmap of fewer contacts, but that of its block", async () => {
    const rows = await load<{ queue: string; day: string; offered: number[]; wait: number[] }>(/^heatmap\//);
    let blocks = 0;
    for (const { queue, day, offered, wait } of rows) {
      // Waits are whole seconds: slots in a row that one mean may have been spread over are one block.
      let [low, high, contacts] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
      const close = () => {
        if (contacts === 0) return;
        blocks++;
        assert.ok(contacts >= least, `${queue} ${day}: ${contacts} contacts waited ${low} to ${high} s`);
      };
      for (const [slot, n] of offered.entries()) {
        if (n === 0 || sum(wait) === 0) continue;
        const [least, most] = [(wait[slot]! - 0.5) / n, (wait[slot]! + 0.5) / n];
        if (most < low || least > high) {
          close();
          [low, high, contacts] = [least, most, n];
        } else [low, high, contacts] = [Math.max(low, least), Math.min(high, most), contacts + n];
      }
      close();
    }
    assert.ok(blocks > 10, String(blocks));
  });

  it("tell no handle time, concurrency or patience of a queue's weeks of fewer contacts", async () => {
    interface Load {
      queue: string;
      abandoned: number;
      handled: number;
      handle_mean: number | null;
      patience: number | null;
    }
    const rows = await load<Load>(/^queue-load\.json$/);
    assert.ok(rows.length > 3);
    for (const row of rows) {
      if (row.handle_mean !== null) assert.ok(row.handled >= least, JSON.stringify(row));
      if (row.patience !== null) assert.ok(row.abandoned >= least, JSON.stringify(row));
    }
  });

  it("tell no patience of the four weeks before a day with fewer abandons", async () => {
    const abandons = new Map(
      (
        await database.rows(
          "select queue || ' ' || day, sum(abandoned)::integer from history.queue_windows group by all",
        )
      ).rows.map(([key, n]) => [String(key), n as number]),
    );
    const before = (day: string) => Array.from({ length: 28 }, (_, i) => daysLater(day, -1 - i));
    let [shown, held] = [0, 0];
    for (const { queue, day, patience } of await load<{ queue: string; day: string; patience: number | null }>(
      /^close\//,
    )) {
      const n = sum(before(day).map((date) => abandons.get(`${queue} ${date}`) ?? 0));
      assert.equal(patience !== null, n >= least, `${queue} ${day}: ${n} abandons`);
      if (patience === null) held++;
      else shown++;
    }
    assert.ok(shown > 3 && held > 3, `${shown} ${held}`);
  });

  it("tell no rep's minutes where too few are logged in", async () => {
    const days = await load<Day & { reps: (number | null)[]; available: (number | null)[] }>(/^intraday\//);
    for (const day of days)
      for (const [i, available] of day.available.entries())
        if (available !== null && (day.reps[i] ?? 0) > 0) assert.ok(day.reps[i]! >= reps, `${day.queue} ${day.start}`);
  });
});

describe("the usual of a day", () => {
  it("tells no wait or handle time of fewer contacts", async () => {
    const centre = await largeCentre("{ privacy: { min_contacts: 40 } }", 40);
    try {
      const rows = await centre.load<Record<`usual_${string}`, (number | null)[]>>("intraday/[day]", {
        day: "2026-09-15",
      });
      const [shown, held] = [new Set<string>(), new Set<string>()];
      for (const row of rows)
        for (const [i, offered] of row.usual_offered!.entries())
          for (const [name, contacts] of [
            ["usual_wait", offered ?? 0],
            ["usual_handle", (offered ?? 0) - (row.usual_abandoned![i] ?? 0)],
          ] as const) {
            const told = (row[name]![i] ?? null) !== null;
            if (told) assert.ok(contacts >= 40, `${name} of ${contacts}`);
            (told ? shown : held).add(name);
          }
      assert.deepEqual([shown.size, held.size], [2, 2]);
    } finally {
      centre.close();
    }
  });
});
