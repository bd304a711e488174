// The replay of alerts against the catalog of past moments, and the record that follows from it.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { baseline } from "../notebooks/components/metrics/baseline.ts";
import { observeIn, renewRecord } from "../src/commands/steps/alerts.ts";
import type { Alert } from "../src/config/alerts-option.ts";
import { parseConfig } from "../src/config/config.ts";
import type { Project } from "../src/config/project.ts";
import { evaluate, type Rules, watchedOf } from "../src/warehouse/alerts/evaluate.ts";
import { type Facts, Knowledge } from "../src/warehouse/alerts/knowledge.ts";
import { loadFacts } from "../src/warehouse/alerts/load.ts";
import { replay } from "../src/warehouse/alerts/replay.ts";
import { rulesOf } from "../src/warehouse/alerts/rules.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";

const yaml = `
timezone: America/New_York
site: { privacy: { min_reps: 2, min_contacts: 3 } }
alerts:
  - { name: level, metric: service_level, condition: under target, each: queue, over: 1h }
  - { name: shortfall, metric: service_level, condition: shortfall of 3, over: day }
  - { name: volume, metric: volume, condition: outside usual, over: 2h }
  - { name: handle, metric: handle_time, condition: above usual, over: 2h }
  - { name: reps, metric: net_staffing, condition: under -1 for 2 intervals }
  - { name: late, metric: feed, condition: late, feeds: [queue_wfm, queue_membership_wfm] }
`;

describe("the replay of alerts", { timeout: 900_000 }, () => {
  let demo: DemoProject;
  let project: Project;
  let facts: Facts;
  let alerts: readonly Alert[];
  const first = "2026-09-14";
  const last = "2026-09-16";
  const now = new Date("2026-09-16T18:41:00Z");

  before(async () => {
    demo = await demoProject({ days: 33, conversationsPerDay: 250, feeds: [...dayFeeds, "rep_utilized"] });
    const config = { ...demo.project.config, ...pick(parseConfig(yaml, "kit.yaml", demo.folder)) };
    project = { ...demo.project, config };
    alerts = config.alerts;
    const database = await openCatalog(project);
    facts = await loadFacts(database, alerts, { first });
    database.close();
  });
  after(() => demo.delete());

  it("says at any moment what a catalog of that moment says", async () => {
    const moments = ["2026-09-14T14:07:00Z", "2026-09-15T16:20:30Z", "2026-09-15T23:59:00Z", "2026-09-16T18:30:00Z"];
    const verdicts = new Set<string>();
    for (const text of moments) {
      const moment = Date.parse(text);
      const replayed = new Knowledge(facts, project.config.timezone);
      replayed.advance(moment);
      const database = await openCatalog(project, { past: { moment: new Date(moment) } });
      const then = new Knowledge(await loadFacts(database, alerts, { first }), project.config.timezone);
      database.close();
      then.advance(Number.POSITIVE_INFINITY);
      const rules = rulesOf(project, now);
      const say = (knowledge: Knowledge) =>
        watchedOf(alerts, knowledge).map((watched) => ({
          alert: watched.alert.name,
          subject: watched.subject,
          ...evaluate(watched, knowledge, rules, moment),
        }));
      assert.deepEqual(say(replayed), say(then), text);
      for (const { alert, verdict } of say(then)) verdicts.add(`${alert} ${verdict}`);
    }
    for (const { name } of alerts)
      assert.ok(
        [...verdicts].some((text) => text === `${name} not` || text === `${name} holds`),
        `${name}: ${[...verdicts]}`,
      );
  });

  it("says at the last moment what a check of now says", async () => {
    const database = await openCatalog(project);
    const observed = await observeIn(database, project, now.getTime());
    database.close();
    const knowledge = new Knowledge(facts, project.config.timezone);
    knowledge.advance(Number.POSITIVE_INFINITY);
    assert.ok(observed.length > alerts.length);
    for (const { watched, observation } of observed)
      assert.deepEqual(observation, evaluate(watched, knowledge, rulesOf(project, now), now.getTime()));
  });

  it("is kept for the page, computed anew only for other days, alerts or settings", async () => {
    await renewRecord(project, now);
    const written = () => statSync(join(project.data, "alert-record.json")).mtimeMs;
    const first = written();
    await renewRecord(project, now);
    assert.equal(written(), first);
    const database = await openCatalog(project);
    const rows = await database.objects<{ alert: string; fired: number; on_since: string | null }>("from kit.alerts");
    const subjects = new Set((await database.rows("select distinct queue from wfm.queue_states")).rows.map(String));
    database.close();
    assert.equal(rows.length, subjects.size + alerts.length - 1); // one alert is of each queue
    assert.ok(rows.some(({ fired }) => fired > 0));
    assert.ok(rows.every(({ on_since }) => on_since === null));
  });

  it("scores each firing, and knows nothing of later days", () => {
    const rules = rulesOf(project, now);
    const all = replay(facts, alerts, rules, { first, last, now: now.getTime() });
    assert.ok(all.firings.length > 0);
    for (const { from, to, through } of all.firings) {
      assert.ok(to === null || to > from);
      assert.ok(through !== null && through <= from);
    }
    const fired = all.records.reduce((sum, record) => sum + record.fired, 0);
    assert.equal(fired, all.firings.length);
    const half = Date.parse("2026-09-15T17:00:00Z");
    const early = replay(facts, alerts, rules, { first, last, now: half });
    assert.deepEqual(
      early.firings.map(({ alert, subject, from }) => [alert, subject, from]),
      all.firings.filter(({ from }) => from <= half).map(({ alert, subject, from }) => [alert, subject, from]),
    );
  });
});

const quarter = 15 * 60_000;
const noon = Date.parse("2026-11-24T12:00:00Z");

// Known twenty minutes after each quarter-hour: of ten contacts, `within` in time.
function told(within: readonly number[], late: Record<number, number> = {}): Facts {
  const queues = within.map((count, i) => ({
    start: noon + i * quarter,
    known: noon + (i + 1) * quarter + 20 * 60_000,
    queue: "Billing",
    assigned: 10,
    abandoned: 0,
    within: count,
    handle: 300,
  }));
  const corrected = Object.entries(late).map(([i, count]) => ({
    ...queues[Number(i)]!,
    within: count,
    known: noon + 200 * quarter,
  }));
  return {
    queues: [...queues, ...corrected],
    staff: [],
    arrivals: [],
    groups: new Map([["All queues", ["Billing"]]]),
    excludedDays: new Set(),
    chats: new Map(),
    troubles: [],
  };
}

describe("the record of an alert", () => {
  const config = parseConfig(
    "alerts: [{ name: A, metric: service_level, condition: under target, over: 15m, hours: { mon-sun: 08:00-18:00 } }]\n",
    "kit.yaml",
    "/tmp",
  );
  const rules: Rules = { config, cadence: () => 15 };
  const record = (facts: Facts) =>
    replay(facts, config.alerts, rules, { first: "2026-11-24", last: "2026-11-24", now: noon + 86_400_000 });

  it("has how often, how long, how early and whether it was over by itself", () => {
    const { records, firings } = record(told([9, 5, 5, 9, 9, 4, 9]));
    assert.deepEqual(
      firings.map(({ from, to, byItself }) => [
        (from - noon) / 60_000,
        to === null ? null : (to - from) / 60_000,
        byItself,
      ]),
      [
        [50, 30, true],
        [110, 15, true],
      ],
    );
    const { condition, medianMinutes, longestMinutes, early, byItself, brief, unfounded, daysFired } = records[0]!;
    assert.deepEqual(
      { condition, medianMinutes, longestMinutes, early, byItself, brief, unfounded, daysFired },
      {
        condition: "service_level under target",
        medianMinutes: 23,
        longestMinutes: 30,
        early: 280,
        byItself: 2,
        brief: 1,
        unfounded: 0,
        daysFired: 1,
      },
    );
  });

  it("is ended by the end of its hours, which is not by itself", () => {
    const { firings } = record(told(Array.from({ length: 28 }, (_, i) => (i < 20 ? 9 : 3))));
    assert.deepEqual(
      firings.map(({ from, to, byItself, early }) => [
        (from - noon) / quarter,
        to === null ? null : (to - noon) / 60_000,
        byItself,
        early,
      ]),
      [[21 + 20 / 15, 24 * 15 + 20, false, 25]],
    );
  });

  it("counts as unfounded what final data do not bear out", () => {
    const { records } = record(told([9, 5, 9], { 1: 9 }));
    assert.deepEqual([records[0]!.fired, records[0]!.unfounded], [1, 1]);
  });

  it("has the usual of Today: an older week in place of one without counts or left out", () => {
    const { alerts, ...rest } = parseConfig(
      "alerts: [{ name: V, metric: volume, condition: outside usual, over: 15m }]\n",
      "kit.yaml",
      "/tmp",
    );
    const week = 7 * 86_400_000;
    const contacts = [30, null, 12, 14, 16, 18, 20, 22, 24, 90, 95]; // of today, and of the weeks before
    const facts = told([9]);
    const states = contacts.map((assigned, weeks) => ({
      ...facts.queues[0]!,
      start: noon - weeks * week,
      known: noon - weeks * week + 20 * 60_000,
      assigned,
    }));
    const excludedDays = new Set([new Date(noon - 2 * week).toISOString().slice(0, 10)]);
    const knowledge = new Knowledge({ ...facts, queues: states, excludedDays }, "UTC");
    knowledge.advance(Number.POSITIVE_INFINITY);
    const [watched] = watchedOf(alerts, knowledge);
    const { figures } = evaluate(watched!, knowledge, { config: rest, cadence: () => 15 }, noon + 30 * 60_000);
    const byDay = new Map(contacts.map((count, weeks) => [noon - weeks * week, count]));
    const usual = baseline("2026-11-24", (day) => byDay.get(Date.parse(`${day}T12:00:00Z`)), {
      reach: 10,
      exclude: excludedDays,
    });
    assert.deepEqual([usual.n, usual.median], [8, 21]); // 14 to 24, 90 and 95
    assert.equal(figures?.usual, usual.median);
    assert.ok(figures?.high === usual.high && figures?.value === 30);
  });

  it("neither fires nor ends on a gap", () => {
    const facts = told([9, 5, 5, 9]);
    const { firings } = record({ ...facts, queues: facts.queues.filter(({ start }) => start !== noon + 2 * quarter) });
    assert.equal(firings.length, 1);
    assert.equal((firings[0]!.to! - noon) / 60_000, 80);
  });
});

function pick({ site, alerts }: ReturnType<typeof parseConfig>) {
  return { site, alerts };
}
