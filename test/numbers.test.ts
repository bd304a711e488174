// From the simulator's event log, which never saw the kit, to the figures that pages load: bucket, sync, warehouse, datasets.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type QueueDay, windowRows } from "../notebooks/components/metrics/day-file.ts";
import { zone as zoneOf } from "../notebooks/components/metrics/format.ts";
import type { IntradayDay } from "../notebooks/components/metrics/interval.ts";
import { serviceLevelAtClose } from "../notebooks/components/metrics/queues/at-close.ts";
import { type CloseDay, closeHours, closeScore } from "../notebooks/components/metrics/queues/close-backtest.ts";
import { worstQueues } from "../notebooks/components/metrics/queues/worst-queues.ts";
import { restOfDay } from "../notebooks/components/metrics/rest-of-day.ts";
import { type Site, siteIntervals } from "../notebooks/components/metrics/site.ts";
import { type LastDay, offeredText } from "../notebooks/components/pages/last-day.ts";
import { loadersFolder } from "../src/base/kit-folders.ts";
import { openProject, type Project } from "../src/config/project.ts";
import { type Demo, demoCredentials, startDemo } from "../src/demo/demo.ts";
import { simulate } from "../src/demo/simulator/simulate.ts";
import { localTime } from "../src/demo/simulator/zone.ts";
import { type QueueWindow, truth } from "../src/demo/truth.ts";
import { flowWindows, leaverWindows, loadWindows } from "../src/demo/waiting-truth.ts";
import { computeDatasets } from "../src/site/dataset.ts";
import { sync } from "../src/sync/sync.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { countsIn, servedIn } from "./service-truth.ts";

// Over the end of summer time, which is on 1 November: one of the days has 25 hours.
const options = { seed: 11, days: 4, now: new Date("2026-11-03T19:25:00Z"), conversationsPerDay: 1500 };
const slSeconds = 60;
const total = "All queues";

interface DayRow {
  day: string;
  channel: string;
  started: number;
  rated: number;
  satisfied: number | null;
}

interface WaitingDay {
  queue: string;
  start: string;
  entered: (number | null)[];
  direct: (number | null)[];
  gone: (number | null)[];
  timed_out: (number | null)[];
  waiting: (number | null)[];
  oldest: (number | null)[];
  abandoned: (number | null)[];
  answered_bands: (number | null)[][];
  abandoned_bands: (number | null)[][];
  leavers: (number | null)[];
  abandoned_wait: (number | null)[];
  abandoned_longest: (number | null)[];
  steps: number[] | null;
  answered_by: number[] | null;
  abandoned_by: number[] | null;
  abandoned_short: number;
  gone_mean: number | null;
  gone_p50: number | null;
  gone_p90: number | null;
}

type SlotMeasure =
  | "merged"
  | "reps"
  | "logged_in"
  | "slots"
  | "chats"
  | "all_light"
  | "all_full"
  | "all_over"
  | "active_none"
  | "active_light"
  | "active_full"
  | "active_over";
type SlotDay = Record<SlotMeasure, (number | null)[]> & { start: string; lacking: string[] | null };

interface QueueDayRow {
  day: string;
  queue: string;
  offered: number;
  assigned: number;
  abandoned: number;
  within: number;
  handled: number;
  handle_mean: number | null;
}

const python = process.env.ASAPP_KIT_TEST_PYTHON ?? "python3";
const noPython = spawnSync(python, ["-c", ""]).status === 0 ? false : `no ${python}`;
const peer = fileURLToPath(new URL("../../test/input/peer.py", import.meta.url));

interface Peer {
  waiting: Record<string, [count: number, oldest: number]>;
  gone: Record<string, number[]>; // seconds
  blocks: { reps: number; handle: number | null }[];
}

const loaderNames = [
  ...["days.json.sql", "queue-days.json.sql", "last-day.json.sql", "site.json.sql", "queues.json.sql"],
  ...["intraday-days.json.sql", "intraday", "slots", "waiting", "close"],
];

const log = simulate(options);
const { zone } = log.centre;
const expected = truth(log, zone);
const localDay = (at: number) => localTime(at, zone).date;

describe("numbers", () => {
  let folder: string;
  let demo: Demo;
  let project: Project;
  const environment = { ...process.env };
  const load = <T>(name: string) => JSON.parse(readFileSync(join(folder, "datasets", name), "utf8")) as T[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kit-numbers-"));
    demo = await startDemo(options);
    process.env.AWS_ACCESS_KEY_ID = demoCredentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = demoCredentials.secretAccessKey;
    const config = join(folder, "kit.yaml");
    // each window by itself: what is held back of few contacts is tested in small-cells
    const privacy = "site: {privacy: {min_contacts: 1, min_reps: 1}}";
    writeFileSync(config, `bucket: ${demo.bucket}\nendpoint: ${demo.url}\ntimezone: ${zone}\ndata: data\n${privacy}\n`);
    project = openProject(config);
    await sync(project, { now: options.now });
    await updateWarehouse(project, { now: options.now });
    const loaders = join(folder, "loaders");
    for (const name of loaderNames) cpSync(join(loadersFolder, name), join(loaders, name), { recursive: true });
    await computeDatasets(project, { loaders, out: join(folder, "datasets") });
  });

  after(async () => {
    process.env = environment;
    await demo.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("counts every conversation on its local day", () => {
    const days = load<DayRow>("days.json").filter(({ channel }) => channel === "All channels");
    assert.deepEqual(
      Object.fromEntries(days.filter(({ started }) => started > 0).map(({ day, started }) => [day, started])),
      Object.fromEntries(Object.entries(expected.conversations.local).sort()),
    );
  });

  it("splits them by channel without losing one", () => {
    const rows = load<DayRow>("days.json");
    for (const { day, started } of rows.filter(({ channel }) => channel === "All channels")) {
      const parts = rows.filter((row) => row.day === day && row.channel !== "All channels");
      assert.equal(sum(parts.map((row) => row.started)), started, day);
    }
  });

  it("counts ratings, and the good ones, on the day their conversation began", () => {
    const begun = new Map(
      log.days.flatMap(({ issues }) =>
        issues.map((issue) => [issue.id, localDay(issue.messages.find(({ sender }) => sender === "customer")!.at)]),
      ),
    );
    const rated = tally(expected.ratings.map(({ issue }) => begun.get(issue)!));
    const satisfied = tally(expected.ratings.filter(({ rating }) => rating >= 4).map(({ issue }) => begun.get(issue)!));
    const days = load<DayRow>("days.json").filter((row) => row.channel === "All channels" && row.rated > 0);
    assert.ok(days.length > 0);
    assert.deepEqual(Object.fromEntries(days.map((row) => [row.day, row.rated])), rated);
    for (const row of days) if (row.satisfied !== null) assert.equal(row.satisfied, satisfied[row.day] ?? 0, row.day);
  });

  it("counts what each queue was offered, answered in time and lost on a day", () => {
    const windows = expected.queueWindows.filter(({ window }) => window < expected.through.hourly);
    const wanted = queueDays(windows);
    const rows = load<QueueDayRow>("queue-days.json");
    const found = rows
      .filter(({ queue }) => queue !== total)
      .map(({ day, queue, offered, assigned, abandoned, within }) => [
        `${day} ${queue}`,
        { offered, assigned, abandoned, within },
      ]);
    assert.deepEqual(Object.fromEntries(found), wanted);
    for (const row of rows.filter(({ queue }) => queue === total)) {
      const parts = Object.entries(wanted).filter(([key]) => key.startsWith(row.day));
      assert.equal(row.offered, sum(parts.map(([, figures]) => figures.offered)), row.day);
    }
  });

  it("has the mean handle time of each queue and day, to the millisecond", () => {
    const handles = new Map<string, number[]>();
    for (const { queue, endedAt, handle } of expected.assignments) {
      const day = localDay(endedAt - handle);
      for (const key of [`${day} ${queue}`, `${day} ${total}`])
        handles.set(key, [...(handles.get(key) ?? []), handle / 1000]);
    }
    let compared = 0;
    for (const { day, queue, handled, handle_mean } of load<QueueDayRow>("queue-days.json")) {
      const wanted = handles.get(`${day} ${queue}`) ?? [];
      assert.equal(handled, wanted.length, `${day} ${queue}`);
      if (handle_mean === null) continue; // too few reps behind it to be shown
      near(handle_mean, sum(wanted) / wanted.length, 0.001, `${day} ${queue}`);
      compared += 1;
    }
    assert.ok(compared > 10);
  });

  it("tells of every window of every queue what the intraday feed must say", () => {
    const wanted = new Map(
      expected.queueWindows
        .filter(({ window }) => window < expected.through.wfm)
        .map((row) => [`${row.queue} ${new Date(row.window).toISOString()}`, row]),
    );
    const days = [...new Set([...wanted.values()].map(({ window }) => localDay(window)))];
    let contacts = 0;
    const seen = new Set<string>();
    for (const day of days)
      for (const row of windowRows(load<QueueDay>(`intraday/${day}.json`))) {
        if (row.queue === total || row.assigned === null) continue;
        const key = `${row.queue} ${new Date(row.start).toISOString()}`;
        const truth = wanted.get(key) ?? { answers: [], abandons: [], handles: [] };
        seen.add(key);
        assert.equal(row.assigned, truth.answers.length, key);
        assert.equal(row.abandoned, truth.abandons.length, key);
        assert.equal(row.within, inTime(truth.answers), key);
        const waits = [...truth.answers, ...truth.abandons].map((wait) => wait / 1000);
        if (waits.length > 0) near(row.wait!, sum(waits) / waits.length, 0.06, `${key}: wait`);
        if (row.merged === 15 && truth.handles.length > 0)
          near(row.handle!, sum(truth.handles) / truth.handles.length / 1000, 0.06, `${key}: handle time`);
        contacts += row.assigned + row.abandoned;
      }
    const missing = [...wanted].filter(([key, row]) => !seen.has(key) && row.answers.length + row.abandons.length > 0);
    assert.deepEqual(
      missing.map(([key]) => key),
      [],
    );
    assert.ok(contacts > 500);
  });

  it("names the worst queues of the last full hour and of the day so far, at every quarter-hour of the day", () => {
    const [site] = load<Site>("site.json");
    const days = load<IntradayDay>("intraday-days.json");
    const queues = load<{ queue: string; kind: string }>("queues.json");
    const { day, arrived } = days.at(-1)!;
    const windows = windowRows(load<QueueDay>(`intraday/${day}.json`));
    const midnight = Math.min(...windows.map(({ start }) => start));
    const own = expected.queueWindows.filter(({ window }) => localDay(window) === day);
    assert.deepEqual([site!.target, site!.seconds], [0.8, slSeconds]);
    const hours = new Set<number>();
    let missing = 0;
    // as the day looked when its data ended there
    for (let through = midnight + quarter; through <= expected.through.wfm; through += quarter) {
      const came = (through - midnight) / quarter;
      const flags = arrived.slice(0, came).padEnd(arrived.length, "0");
      const periods = worstQueues({
        files: { day: windows.filter(({ start }) => start < through), weekBefore: [] },
        days: [{ day, arrived: flags, staffed: flags, through: new Date(through).toISOString() }],
        ...{ queues, loads: [], day, comparison: "none", basis: "workload", zone: zoneOf(zone), site: site! },
      });
      const known = own.filter(({ window }) => window < through);
      const last = lastHourBefore(through, known);
      const spans = [...(last === null ? [] : [{ from: last, to: last + 4 * quarter }]), { from: 0, to: through }];
      assert.deepEqual(
        periods.map(({ worst, missed, ranked, few }) => ({
          worst: worst.map(({ queue, offered, missing, service }) => ({ queue, offered, missing, level: service })),
          ...{ missed, ranked, few },
        })),
        spans.map((span) => {
          const served = servedIn(known, { ...span, seconds: slSeconds, target: 0.8 });
          const missed = served.filter((service) => service.missing > 0);
          return { worst: missed.slice(0, 3), missed: missed.length, ranked: served.length, few: 0 };
        }),
        new Date(through).toISOString(),
      );
      if (last !== null) hours.add(last);
      missing += periods.at(-1)!.worst[0]?.missing ?? 0;
    }
    assert.ok(hours.size >= 6 && missing > 100, `${hours.size} hours, ${missing} missing`);
  });

  it("adds to the level at close the very counts of the day so far", () => {
    const [site] = load<Site>("site.json");
    const days = load<IntradayDay>("intraday-days.json");
    const { day, through } = days.at(-1)!;
    const windows = windowRows(load<QueueDay>(`intraday/${day}.json`));
    let compared = 0;
    for (const queue of [total, ...log.centre.queues.map(({ name }) => name)]) {
      const quarters = siteIntervals(site!, { windows, days, day, queue, grain: 15 });
      // the demo of four days has no usual: what is to come is from a plan
      const planned = quarters.map((row) =>
        row.state === "pending" ? { ...row, forecast: 3, forecastHandle: 400, scheduled: 4 } : row,
      );
      const rest = restOfDay(planned, planned);
      if (rest === null) continue; // a queue without a contact yet
      const close = serviceLevelAtClose({
        ...{ windows: planned, rest, site: site!, comparison: "forecast" },
        queue: { patience: 300, concurrency: 1.5 },
      });
      assert.equal(close.state, "expected", queue);
      const ahead = close.intervals.map(({ counts }) => counts!);
      const own = expected.queueWindows.filter((row) => queue === total || row.queue === queue);
      const until = Date.parse(through!);
      const soFar = countsIn(own, { from: windows[0]!.start, to: until, seconds: slSeconds });
      for (const name of ["assigned", "abandoned", "within"] as const)
        near(close.whole![name]! - sum(ahead.map((row) => row[name])), soFar[name], 1e-6, `${queue}: ${name}`);
      compared += soFar.assigned;
    }
    assert.ok(compared > 500, `${compared} compared`);
  });

  it("scores the level expected at close against that of the whole day, and against that so far", () => {
    const [site] = load<Site>("site.json");
    const names = readdirSync(join(folder, "datasets", "close"));
    const scored = new Set<string>();
    for (const day of names.flatMap((name) => load<CloseDay>(`close/${name}`))) {
      const own = expected.queueWindows.filter(
        (row) => (day.queue === total || row.queue === day.queue) && localDay(row.window) === day.day,
      );
      for (const hour of closeHours) {
        const score = closeScore(day, hour, 1, site!);
        const level = (hours: number) => {
          const until = own.filter(({ window }) => localTime(window, zone).minutes < hours * 60);
          const { assigned, abandoned, within } = countsIn(until, { from: 0, to: Infinity, seconds: slSeconds });
          return assigned + abandoned === 0 ? null : within / (assigned + abandoned);
        };
        assert.equal(score.actual, level(24), `${day.day} ${day.queue} ${hour}`);
        // what was known: all but the last half-hour or two
        const seen = day.seen_assigned[closeHours.indexOf(hour)]!.filter((count) => count !== null).length;
        assert.ok(seen >= 2 * hour - 3 && seen < 2 * hour, `${seen} half-hours before ${hour}:00`);
        assert.equal(score.soFar, level(seen / 2), `${day.day} ${day.queue} ${hour}`);
        assert.equal(score.offered, sum(own.map(({ answers, abandons }) => answers.length + abandons.length)));
      }
      scored.add(`${day.day} ${day.queue}`);
    }
    assert.ok(scored.size > log.centre.queues.length, `${scored.size} queues and days`);
  });

  it("tells of every quarter-hour who came, left and waited, and since when", () => {
    const flows = flowWindows(log, expected.through.hourly);
    const none = { entered: 0, direct: 0, gone: 0, timedOut: 0, waiting: 0, oldest: null };
    const wanted = new Map(flows.map(({ queue, window, ...flow }) => [`${queue} ${window}`, flow]));
    for (const { window, ...flow } of flows) {
      const all = wanted.get(`${total} ${window}`) ?? { ...none };
      wanted.set(`${total} ${window}`, all);
      for (const key of ["entered", "direct", "gone", "timedOut", "waiting"] as const) all[key] += flow[key];
      if (flow.oldest !== null) all.oldest = Math.max(all.oldest ?? 0, flow.oldest);
    }
    const found = new Set<string>();
    let [waited, timedOut] = [0, 0];
    for (const day of new Set(flows.map(({ window }) => localDay(window))))
      for (const row of load<WaitingDay>(`waiting/${day}.json`))
        for (const [i, entered] of row.entered.entries()) {
          if (entered === null) continue;
          const key = `${row.queue} ${Date.parse(row.start) + i * 900_000}`;
          const { oldest, ...flow } = wanted.get(key) ?? none;
          found.add(key);
          const [direct, gone] = [row.direct[i], row.gone[i]];
          assert.deepEqual({ entered, direct, gone, timedOut: row.timed_out[i], waiting: row.waiting[i] }, flow, key);
          assert.equal(row.oldest[i], oldest === null ? null : Math.ceil(oldest / 60_000) * 60, key);
          waited += flow.waiting;
          timedOut += flow.timedOut;
        }
    assert.deepEqual(
      [...wanted.keys()].filter((key) => !found.has(key)),
      [],
    );
    assert.ok(waited > 100 && timedOut > 5, `${waited} waited, ${timedOut} timed out`);
  });

  it("has each wait of a queue and day in its bands and distribution, and the waits of those who left", () => {
    const waits = new Map<string, { answers: number[]; abandons: number[] }>();
    for (const { queue, window, answers, abandons } of expected.queueWindows) {
      if (window >= expected.through.hourly) continue;
      for (const key of [`${localDay(window)} ${queue}`, `${localDay(window)} ${total}`]) {
        const day = waits.get(key) ?? { answers: [], abandons: [] };
        waits.set(key, day);
        day.answers.push(...answers.map((wait) => wait / 1000));
        day.abandons.push(...abandons.map((wait) => wait / 1000));
      }
    }
    const edges = [0, 10, 30, 60, 120, 300, Infinity];
    for (const [key, { answers, abandons }] of waits) {
      const [day] = key.split(" ", 1);
      const row = load<WaitingDay>(`waiting/${day}.json`).find(({ queue }) => key === `${day} ${queue}`)!;
      const upTo = (list: readonly number[], seconds: number) => list.filter((wait) => wait <= seconds).length;
      const bands = (list: readonly number[]) =>
        edges.map((to, i) => upTo(list, to) - (i ? upTo(list, edges[i - 1]!) : 0));
      const shipped = (lists: WaitingDay["answered_bands"]) => lists.map((list) => sum(list.map((n) => n ?? 0)));
      assert.deepEqual(shipped(row.answered_bands), bands(answers), key);
      assert.deepEqual(shipped(row.abandoned_bands), bands(abandons), key);
      assert.ok(row.steps!.includes(slSeconds));
      assert.deepEqual(
        row.answered_by,
        row.steps!.map((step) => upTo(answers, step)),
        key,
      );
      assert.deepEqual(
        row.abandoned_by,
        row.steps!.map((step) => upTo(abandons, step)),
        key,
      );
      assert.equal(row.abandoned_short, abandons.filter((wait) => wait < 5).length, key);
      if (abandons.length === 0) continue;
      near(row.gone_mean!, sum(abandons) / abandons.length, 0.051, key);
      near(row.gone_p50!, quantile(abandons, 0.5), 0.051, key);
      near(row.gone_p90!, quantile(abandons, 0.9), 0.051, key);
    }
    assert.ok(waits.size > 20);
  });

  it("tells of every quarter-hour how long those waited who left in it", () => {
    const left = leaverWindows(log, expected.through.hourly);
    const wanted = new Map(left.map(({ queue, window, waits }) => [`${queue} ${window}`, waits]));
    for (const { window, waits } of left)
      wanted.set(`${total} ${window}`, [...(wanted.get(`${total} ${window}`) ?? []), ...waits]);
    const found = new Set<string>();
    for (const name of readdirSync(join(folder, "datasets", "waiting")))
      for (const row of load<WaitingDay>(`waiting/${name}`))
        for (const [i, leavers] of row.leavers.entries()) {
          if (leavers === null) continue;
          const key = `${row.queue} ${Date.parse(row.start) + i * 900_000}`;
          const waits = wanted.get(key) ?? [];
          assert.deepEqual([leavers, row.abandoned[i]], [waits.length, waits.length], key);
          if (waits.length === 0) {
            assert.deepEqual([row.abandoned_wait[i], row.abandoned_longest[i]], [null, null], key);
            continue;
          }
          found.add(key);
          near(row.abandoned_wait[i]!, sum(waits) / waits.length / 1000, 0.051, key);
          assert.equal(row.abandoned_longest[i], Math.ceil(Math.max(...waits) / 60_000) * 60, key);
        }
    assert.deepEqual(
      [...wanted.keys()].filter((key) => !found.has(key)),
      [],
    );
    assert.ok(found.size > 100, `${found.size} windows`);
  });

  it("tells of every quarter-hour how many slots there were, and how full", () => {
    const wanted = new Map(loadWindows(log, expected.through.hourly).map((row) => [row.window, row]));
    let compared = 0;
    for (const day of new Set([...wanted.keys()].map(localDay)))
      for (const row of load<SlotDay>(`slots/${day}.json`)) {
        assert.deepEqual(row.lacking, ["cum_weighted_seconds"]);
        for (const [i, reps] of row.reps.entries()) {
          if (reps === null) continue;
          const window = Date.parse(row.start) + i * 900_000;
          const truth = wanted.get(window);
          wanted.delete(window);
          const time = (text: string) => `${new Date(window).toISOString()} ${text}`;
          assert.equal(reps, truth?.reps ?? 0, time("reps"));
          if (!truth) continue;
          const fte = (ms: number) => ms / 900_000;
          const tolerance = 0.006 + 0.004 * reps; // each rep's minutes are rounded in the export
          near(row.slots[i]!, fte(truth.slots), tolerance * 4, time("slots"));
          near(row.chats[i]!, fte(truth.used), tolerance, time("chats"));
          for (const load of ["light", "full", "over"] as const) {
            near(row[`all_${load}`][i]!, fte(truth[load]), tolerance, time(load));
            near(row[`active_${load}`][i]!, fte(truth[load]), tolerance, time(load));
          }
          near(row.active_none[i]!, fte(truth.none), tolerance, time("none"));
          compared += reps;
        }
      }
    assert.deepEqual([...wanted.keys()], []);
    assert.ok(compared > 500, `${compared} rep windows compared`);
  });

  it("has the last complete day by what every formula counts, and by both counts of what was offered", () => {
    const [last] = load<LastDay>("last-day.json");
    const on = expected.queueWindows.filter(({ window }) => localDay(window) === last!.day);
    const [answers, abandons] = [on.flatMap((row) => row.answers), on.flatMap((row) => row.abandons)];
    const flows = flowWindows(log, expected.through.hourly).filter(({ window }) => localDay(window) === last!.day);
    assert.equal(last!.day, localDay(options.now.getTime() - 86_400_000));
    assert.deepEqual(last, {
      day: last!.day,
      answered: answers.length,
      abandoned: abandons.length,
      answered_within: inTime(answers),
      abandoned_within: inTime(abandons),
      abandoned_short: abandons.filter((wait) => wait < 5000).length,
      entered: sum(flows.map(({ entered }) => entered)),
      direct: sum(flows.map(({ direct }) => direct)),
    });
    assert.ok(last!.abandoned_short > 0 && last!.direct > 0);
    const words = offeredText(last!);
    assert.ok(words.includes(`(${last!.answered} answered + ${last!.abandoned} abandoned)`), words);
  });

  it("merges the reps of an hour until there are five, and keeps what they did", async () => {
    const queuesOf = new Map(log.centre.reps.map(({ name, queues }) => [name, new Set(queues.map((one) => one.name))]));
    const compared = new Map<number, number>();
    for (const [key, block] of await mergedBlocks(project)) {
      const [{ queue, merged }] = block as [Merged];
      const starts = new Set(block.map(({ start }) => start));
      const worked = expected.repWindows.filter(
        ({ rep, window }) => starts.has(window) && queuesOf.get(rep)?.has(queue),
      );
      const reps = new Set(worked.map(({ rep }) => rep)).size;
      if (reps > 0) assert.ok(reps >= 5, `${key}: ${reps} reps`);
      for (const row of block) if (row.reps) assert.equal(row.reps, reps, key);
      const minutes = sum(worked.map(({ available }) => available)) / 60_000;
      near(sum(block.map(({ available }) => available ?? 0)), minutes, 0.4, `${key}: available`); // minutes of two decimals
      const handled = expected.queueWindows
        .filter((row) => row.queue === queue && starts.has(row.window) && row.handles.length > 0)
        .map(({ answers, handles }) => ({
          weight: Math.max(1, answers.length),
          mean: sum(handles) / handles.length / 1000,
        }));
      const weight = sum(handled.map((one) => one.weight));
      const mean = sum(handled.map((one) => one.weight * one.mean)) / weight;
      for (const { handle } of block) if (handle !== null) near(handle, mean, 0.06, `${key}: handle time`);
      compared.set(merged, (compared.get(merged) ?? 0) + 1);
    }
    for (const minutes of [15, 60]) assert.ok(compared.get(minutes)! > 5, `${minutes}: ${compared.get(minutes)}`);
  });

  it("says what a program without DuckDB, and without the kit, finds in the raw files", {
    skip: noPython,
  }, async () => {
    const blocks = [...(await mergedBlocks(project)).values()];
    const asked = blocks.map((block) => ({ queue: block[0]!.queue, starts: block.map(({ start }) => start) }));
    const ran = spawnSync(python, [peer, join(folder, "data", "raw")], {
      input: JSON.stringify(asked),
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    assert.equal(ran.status, 0, ran.stderr);
    const found = JSON.parse(ran.stdout) as Peer;
    let [waited, left, hours] = [0, 0, 0];
    for (const name of readdirSync(join(folder, "datasets", "waiting")))
      for (const row of load<WaitingDay>(`waiting/${name}`)) {
        if (row.queue === total) continue;
        const keys = row.waiting.map((_, i) => `${row.queue} ${Date.parse(row.start) + i * 900_000}`);
        for (const [i, waiting] of row.waiting.entries()) {
          if (waiting === null) continue;
          const [count, oldest] = found.waiting[keys[i]!] ?? [0, null];
          assert.deepEqual({ waiting, oldest: row.oldest[i] }, { waiting: count, oldest }, keys[i]);
          waited += waiting;
        }
        const gone = keys.flatMap((key, i) => (row.gone[i] === null ? [] : (found.gone[key] ?? [])));
        if (gone.length === 0) continue;
        near(row.gone_p50!, quantile(gone, 0.5), 0.051, `${name} ${row.queue}`);
        near(row.gone_p90!, quantile(gone, 0.9), 0.051, `${name} ${row.queue}`);
        left += gone.length;
      }
    for (const [i, block] of blocks.entries()) {
      const { reps, handle } = found.blocks[i]!;
      const key = `${block[0]!.queue} ${block[0]!.block}`;
      for (const row of block) {
        if (row.reps) assert.equal(row.reps, reps, key);
        if (row.handle !== null) near(row.handle, handle!, 1e-6, key);
      }
      if (block[0]!.merged > 15) hours += 1;
    }
    assert.ok(waited > 50 && left > 50 && hours > 5, `${waited} waited, ${left} left, ${hours} hours`);
  });

  // The intraday feed books a handle time in the window of its disposition.
  it("tells the same of a queue's window from its history as from the intraday feed", async () => {
    const catalog = await openCatalog(project);
    try {
      const until = new Date(Math.min(expected.through.hourly, expected.through.wfm)).toISOString();
      const [found] = await catalog.objects<Record<string, number>>(`
        with ours as (
          select start, queue, offered, abandoned, good as within, wait / offered as wait
          from history.queue_windows where queue <> '${total}'
        ),
        theirs as (
          select
            window_start(instance_ts) as start, queue_name as queue, assignments + abandons as offered, abandons as abandoned,
            within_threshold as within, wait_seconds as wait
          from wfm.queue_windows where assignments + abandons > 0
        ),
        handled as (
          select window_start(dispositioned_ts) as start, queue_id::varchar as queue_id, avg(handle_time_seconds) as handle
          from rep_convos where dispositioned_ts is not null group by all
        ),
        handles as (
          select handle, handle_seconds from handled join wfm.queue_windows as w
            on w.queue_id = handled.queue_id and window_start(instance_ts) = start
          where start < timestamp '${until}'
        )
        select
          count(*) as windows,
          sum(ours.offered) as contacts,
          count(*) filter (ours.offered is distinct from theirs.offered or ours.abandoned is distinct from theirs.abandoned)
            as other_counts,
          count(*) filter (ours.within is distinct from theirs.within) as other_within,
          max(abs(ours.wait - theirs.wait)) as wait_off,
          (select count(*) from handles) as handle_windows,
          (select max(abs(handle - handle_seconds)) from handles) as handle_off
        from ours full join theirs using (start, queue)
        where start < timestamp '${until}'`);
      const { windows, contacts, wait_off, handle_windows, handle_off, ...differing } = found!;
      assert.deepEqual(differing, { other_counts: 0, other_within: 0 });
      assert.ok(windows! > 500 && contacts! > 2000 && handle_windows! > 500);
      assert.ok(wait_off! < 1e-6 && handle_off! < 1e-6, `${wait_off} s, ${handle_off} s`);
    } finally {
      catalog.close();
    }
  });
});

/** The windows of each queue and block in which five reps are reported together. */
async function mergedBlocks({ config, ...project }: Project): Promise<Map<string, Merged[]>> {
  const privacy = { ...config.site.privacy, minReps: 5 };
  const catalog = await openCatalog({ ...project, config: { ...config, site: { ...config.site, privacy } } });
  const rows = await catalog.objects<Merged>(
    `select queue, epoch_ms(start)::double as start, merged, epoch_ms(block)::double as block, reps, available, handle
     from wfm.merged where merged > 0 and queue <> '${total}'`,
  );
  catalog.close();
  const blocks = new Map<string, Merged[]>();
  for (const row of rows) {
    const key = `${row.queue} ${row.block}`;
    blocks.set(key, [...(blocks.get(key) ?? []), row]);
  }
  return blocks;
}

interface Merged {
  queue: string;
  start: number;
  merged: number; // minutes
  block: number;
  reps: number | null;
  available: number | null; // minutes
  handle: number | null; // seconds
}

function queueDays(windows: readonly QueueWindow[]) {
  const days: Record<string, { offered: number; assigned: number; abandoned: number; within: number }> = {};
  for (const { queue, window, answers, abandons } of windows) {
    if (answers.length + abandons.length === 0) continue;
    const key = `${localDay(window)} ${queue}`;
    days[key] ??= { offered: 0, assigned: 0, abandoned: 0, within: 0 };
    days[key].offered += answers.length + abandons.length;
    days[key].assigned += answers.length;
    days[key].abandoned += abandons.length;
    days[key].within += inTime(answers);
  }
  return days;
}

/** The newest clock hour of the day before an instant in which a contact was answered or lost. */
function lastHourBefore(through: number, windows: readonly QueueWindow[]): number | null {
  const hours = windows
    .filter(({ answers, abandons }) => answers.length + abandons.length > 0)
    .map(({ window }) => window - (localTime(window, zone).minutes % 60) * 60_000)
    .filter((hour) => hour + 4 * quarter <= through);
  return hours.length === 0 ? null : Math.max(...hours);
}

const quarter = 900_000;
const inTime = (waits: readonly number[]) => waits.filter((wait) => wait <= slSeconds * 1000).length;
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

// Between the two nearest ranks, as in spreadsheets.
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

function tally(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of [...keys].sort()) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

function near(found: number, wanted: number, tolerance: number, name: string): void {
  assert.ok(Math.abs(found - wanted) <= tolerance, `${name}: ${found}, expected ${wanted}`);
}
