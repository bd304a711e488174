import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { freshWords } from "../notebooks/components/charts/fresh-words.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { type FeedHealth, healthWords } from "../notebooks/components/pages/health.ts";
import { type OverviewData, overviewWords } from "../notebooks/components/pages/overview.ts";
import { statusText } from "../src/commands/status.ts";
import type { Project } from "../src/config/project.ts";
import { computeDataset } from "../src/site/dataset.ts";
import { listDatasets } from "../src/site/dataset-list.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { type Kit, now, openKit } from "./sync-kit.ts";

const hour = 3_600_000;
const row = (time: string) => ({ first_utterance_ts: time, instance_ts: time, issue_id: 1, queue_id: 1 });

async function answers(project: Project) {
  const database = await openCatalog(project);
  const datasets = listDatasets(project);
  const load = async <T>(name: string): Promise<T[]> =>
    JSON.parse((await computeDataset(database, datasets.find((one) => one.name === name)!, project)).text);
  try {
    return {
      site: (await load<Site>("site.json"))[0]!,
      feeds: await load<FeedHealth>("health-feeds.json"),
      days: await load<OverviewData["days"][number]>("days.json"),
      queueDays: await load<OverviewData["queueDays"][number]>("queue-days.json"),
    };
  } finally {
    database.close();
  }
}

async function synced(kit: Kit) {
  await kit.sync();
  await updateWarehouse(kit.project, { now });
  return answers(kit.project);
}

// stale-queue-feeds
describe("feeds of queues that stopped ten days ago", () => {
  let kit: Kit;
  let data: Awaited<ReturnType<typeof answers>>;

  before(async () => {
    kit = await openKit("timezone: UTC\n");
    for (const feed of ["issue_queues", "rep_convos"])
      kit.partition(`${feed}/version=1/format=jsonl/dt=2026-11-11/hr=23`, [row("2026-11-11 23:10:00")]);
    kit.partition("convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=10", [row("2026-11-22 10:10:00")]);
    data = await synced(kit);
  });
  after(() => kit.close());

  const judged = async (at: Date) => {
    const status = await readStatus(kit.project, at);
    const look = status.problems.flatMap(({ feed }) => feed ?? []);
    return { status, look };
  };
  const health = (at: Date) =>
    healthWords({ feeds: data.feeds, site: data.site, zone: zone("UTC"), now: at.getTime() });

  it("need a look by Data health and by status, and the other does not", async () => {
    const { look, status } = await judged(now);
    assert.deepEqual(look, ["issue_queues", "rep_convos"]);
    assert.equal(status.ok, false);
    const words = health(now);
    assert.equal(words.title, "2 of 3 feeds need a look");
    assert.match(words.lead, /^Stale, .*: issue_queues, rep_convos\.$/);
  });

  it("decide what pages that are made of them say, and no other page", () => {
    const through = (...of: string[]) => {
      const { items, warning } = freshWords(data.site, { of }, { device: now.getTime(), server: null });
      return [items[0]!.value, items.find(({ label }) => label === "Oldest")?.value, warning?.title];
    };
    const old = "Thu 12 Nov, 00:00 UTC, 10 days ago";
    const names = "issue_queues, rep_convos";
    assert.deepEqual(through("issue_queues", "rep_convos"), [old, undefined, "Old data, not today's."]);
    assert.deepEqual(through("convos_metrics"), ["Sun 22 Nov, 11:00 UTC, 60 min ago", undefined, undefined]);
    assert.deepEqual(through("convos_metrics", "issue_queues", "rep_convos"), [
      old,
      `${names}; others through Sun 22 Nov, 11:00`,
      "Old data, not today's.",
    ]);
  });

  it("are joined by the other when nobody syncs: at first as a note, after a day as what needs a look", async () => {
    const later = new Date(now.getTime() + 3 * hour);
    const { look, status } = await judged(later);
    assert.deepEqual(look, ["issue_queues", "rep_convos"]);
    assert.match(status.notes[0]!.what, /^no sync for \d h.*: convos_metrics has become stale since$/);
    assert.equal(status.feeds[0]!.stale && status.feeds[0]!.since, "sync");
    assert.match(statusText(status, later), /convos_metrics .*4 h.* !/);
    assert.match(health(later).lead, /Stale since the last sync, Sun 22 Nov, \d\d:\d\d: convos_metrics\./);
    const next = new Date(now.getTime() + 26 * hour);
    assert.match((await judged(next)).status.problems[0]!.what, /^the last sync was 2\d h/);
    assert.equal(health(next).title, "3 of 3 feeds need a look");
  });

  it("are called late, not up to date, from two cadences on until they are stale", () => {
    const data = (through: string) => ({
      feeds: [{ feed: "convos_metrics", cadence_minutes: 60, through, overdue: 0, failed: 0, partitions: 1 }],
      site: { synced_at: now.toISOString(), grace_minutes: 60 },
      zone: zone("UTC"),
      now: now.getTime(),
    });
    const title = (minutesAgo: number) =>
      healthWords(data(new Date(now.getTime() - minutesAgo * 60_000).toISOString()) as never).title;
    assert.deepEqual([120, 121, 180, 181].map(title), [
      "The feed is up to date",
      "1 of 1 feed is late",
      "1 of 1 feed is late",
      "1 of 1 feed needs a look",
    ]);
  });
});

describe("a WFM feed whose runs hold no rows", () => {
  it("is as new as what its finished runs tell of, so that a closed centre is not stale at night", async () => {
    const kit = await openKit("timezone: UTC\n");
    try {
      const run = (time: string, rows: unknown[]) =>
        kit.partition(
          `queue_wfm/version=1/format=jsonl/dt=2026-11-22/hr=${time.slice(0, 2)}/mi=${time.slice(3)}`,
          rows,
        );
      run("03:30", [{ instance_ts: "2026-11-22 03:00:00", queue_id: 1, queue_name: "Chat", total_assignments: 4 }]);
      for (const hour of ["04", "05", "06", "07", "08", "09", "10", "11"]) {
        run(`${hour}:00`, []);
        run(`${hour}:30`, []);
      }
      const { site } = await synced(kit);
      assert.equal(site.feeds[0]!.through, "2026-11-22T11:00:00Z");
      const status = await readStatus(kit.project, now);
      assert.equal(status.feeds[0]!.state, "current");
    } finally {
      await kit.close();
    }
  });
});

// overview-without-conversations
describe("the Overview without conversations", () => {
  const words = (data: Awaited<ReturnType<typeof answers>>) => overviewWords(data);
  const window = (minute: number) => ({
    instance_ts: `2026-11-22 10:${minute}:00`,
    queue_id: 1,
    queue_name: "Chat",
    total_assignments: 4,
    total_abandons: 1,
  });

  const cases: [name: string, fill: (kit: Kit) => void, title: RegExp, lead: RegExp][] = [
    ["where nothing was synced says so", () => {}, /^Nothing has been synced yet$/, /^Run a sync/],
    [
      "where only queue_wfm is here names it, and what is not",
      (kit) => kit.partition("queue_wfm/version=1/format=jsonl/dt=2026-11-22/hr=10/mi=30", [window(15)]),
      /^No conversations: convos_metrics is missing$/,
      /^Delivered: queue_wfm \(1 row\)\. Missing: convos_metrics, issue_queues, rep_convos.*Today and Queues/,
    ],
    [
      "where four feeds are complete and empty says that they are",
      (kit) => {
        for (const feed of ["convos_metrics", "issue_queues", "rep_convos"])
          kit.partition(`${feed}/version=1/format=jsonl/dt=2026-11-22/hr=10`, []);
        kit.partition("queue_wfm/version=1/format=jsonl/dt=2026-11-22/hr=10/mi=30", []);
      },
      /^4 feeds delivered, without rows$/,
      /convos_metrics \(no rows\).*queue_wfm \(no rows\).*complete but empty/,
    ],
    [
      "where convos_metrics is empty beside queue_wfm says that it holds no rows",
      (kit) => {
        kit.partition("convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=10", []);
        kit.partition("queue_wfm/version=1/format=jsonl/dt=2026-11-22/hr=10/mi=30", [window(15)]);
      },
      /^No conversations: convos_metrics has no rows$/,
      /Missing: issue_queues, rep_convos/,
    ],
    [
      "where its rows have no time says that",
      (kit) =>
        kit.partition("convos_metrics/version=1/format=jsonl/dt=2026-11-22/hr=10", [{ issue_id: 7, platform: "web" }]),
      /^No conversations: convos_metrics has no row with a time$/,
      /^Delivered: convos_metrics \(1 row\)\./,
    ],
    [
      "tells the queues where their feeds are here",
      (kit) => {
        const [enter, exit] = ["2026-11-22T10:05:00+00:00", "2026-11-22T10:05:30+00:00"];
        kit.partition("issue_queues/version=1/format=jsonl/dt=2026-11-22/hr=10", [
          {
            ...row("2026-11-22 10:00:00"),
            enter_queue_ts: enter,
            exit_queue_ts: exit,
            queue_name: "Chat",
            abandoned: true,
            enqueue_time: 30,
          },
        ]);
        kit.partition("rep_convos/version=1/format=jsonl/dt=2026-11-22/hr=10", []);
      },
      /^Sunday 22 November: 1 contact/,
      /still incomplete.*No conversations: convos_metrics is missing\.$/,
    ],
  ];
  for (const [name, fill, title, lead] of cases)
    it(name, async () => {
      const kit = await openKit("timezone: UTC\n");
      try {
        fill(kit);
        const data = await (name.includes("nothing") ? answers(kit.project) : synced(kit));
        const told = words(data);
        assert.match(told.title, title);
        assert.match(told.lead, lead);
      } finally {
        await kit.close();
      }
    });
});
