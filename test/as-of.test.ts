// The state of knowledge at past moments: a watched day, and the same rows a week later.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { namesOf } from "../src/base/names.ts";
import { statusText } from "../src/commands/status.ts";
import { exportFeeds } from "../src/demo/feeds/export-feeds.ts";
import { simulate } from "../src/demo/simulator/simulate.ts";
import { parseKey } from "../src/export/layout.ts";
import { type DayData, loadDay } from "../src/site/share/share.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { pastOf } from "../src/warehouse/past/past.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { bucket, type Kit, openKit } from "./sync-kit.ts";

const minute = 60_000;
const hour = 60 * minute;
const end = new Date("2026-11-22T22:00:00Z").getTime();
const feeds = [
  "queue_wfm",
  "queue_membership_wfm",
  "convos_metrics",
  "issue_queues",
  "rep_convos",
  "dim_queues",
  "reps",
];

interface Put {
  key: string;
  body: Buffer;
  modified: Date;
}

/** The exports of two days in the order in which they came. */
function exported(): Put[] {
  const log = simulate({ seed: 5, days: 2, now: new Date(end), conversationsPerDay: 120 });
  const puts = [...exportFeeds(log)].filter(({ key }) => {
    const parsed = parseKey(key);
    return "id" in parsed && parsed.id !== null && feeds.includes(parsed.id.feed);
  });
  return puts.sort((a, b) => a.modified.getTime() - b.modified.getTime());
}

const queries = {
  ...Object.fromEntries(
    feeds.flatMap((feed) => [
      [feed, `select * from ${feed} order by _run, _file, _line`],
      [`raw.${feed}`, `select * from raw.${feed} order by _run, _file, _line`],
    ]),
  ),
};

/** Views over the feeds, which take a second each: at some moments. */
const derived = {
  intraday: "select * from wfm.intraday order by all",
  contacts: "select * from history.contacts order by all",
  windows: "select * from history.windows order by all",
  days: "select * from wfm.days order by all",
  through: "select feed, data_through, last_day from kit.feeds where partitions > 0 order by all",
  partitions: "select feed, run, known_at, known_by, lines from kit.partitions where known_at is not null order by all",
};

type State = Record<string, string>;

async function stateOf(kit: Kit, views: boolean, moment?: Date): Promise<State> {
  const past = moment && { moment };
  const database = await openCatalog(kit.project, { past });
  try {
    const state: State = {};
    for (const [name, sql] of Object.entries({ ...queries, ...(views ? derived : {}) })) {
      const { columns, rows } = await database.rows(sql);
      const names = columns.map(({ name }) => name);
      const lines = rows.map((row) => JSON.stringify(Object.fromEntries(row.map((value, i) => [names[i], value]))));
      state[name] = [names.join(), ...lines].join("\n");
    }
    return state;
  } finally {
    database.close();
  }
}

describe("as of a past moment", () => {
  let kit: Kit;
  const seen = new Map<number, State>();
  const pages = new Map<number, DayData>(); // what Today showed
  let again: { path: string; first: number; second: number }[] = [];
  let late = "";

  before(async () => {
    kit = await openKit("lookback: 60d");
    const puts = exported();
    const folderOf = (key: string) => key.slice(0, key.lastIndexOf("/") + 1);
    const of = (feed: string) => [
      ...new Set(puts.filter(({ key }) => key.startsWith(`${feed}/`)).map(({ key }) => folderOf(key))),
    ];
    const at = (folder: string) =>
      Math.max(...puts.filter(({ key }) => key.startsWith(folder)).map(({ modified }) => modified.getTime()));
    const pick = (feed: string, before: number) =>
      of(feed)
        .filter((folder) => at(folder) <= end - before * hour)
        .at(-1)!;
    // a window that comes three hours late, with everything that its run had
    late = pick("queue_wfm", 8);
    for (const put of puts) if (put.key.startsWith(late)) put.modified = new Date(put.modified.getTime() + 3 * hour);
    // partitions that are exported again, one of them twice, with a changed row and one row less
    again = [
      [pick("queue_wfm", 6), 90, 200],
      [pick("convos_metrics", 7), 60, 0],
      [pick("queue_membership_wfm", 6), 120, 0],
      [pick("dim_queues", 0), 30, 0],
    ].map(([path, first, second]) => ({ path: String(path), first: Number(first), second: Number(second) }));
    for (const { path, first, second } of again) {
      const former = puts.filter(({ key }) => key.startsWith(path));
      for (const delay of [first, second].filter((delay) => delay > 0))
        for (const { key, body, modified } of former)
          puts.push({
            key,
            body: key.endsWith(".gz") ? changed(body, delay) : body,
            modified: new Date(modified.getTime() + (delay + (key.endsWith(".gz") ? 0 : 40)) * minute), // its marker is late
          });
    }
    puts.sort((a, b) => a.modified.getTime() - b.modified.getTime() || (a.key.endsWith("_SUCCESS") ? 1 : -1));
    const moments = [11, 5.6, 4.1, 2.5, 0.4, -3].map((back) => end - back * hour);
    let put = 0;
    const until = (moment: number) => {
      for (; put < puts.length && puts[put]!.modified.getTime() <= moment; put++) {
        const { key, body, modified } = puts[put]!;
        kit.put(key, body, { modified });
      }
    };
    for (const moment of moments) {
      until(moment);
      if (moment === end - 2.5 * hour) remove(kit, pick("issue_queues", 5)); // gone from the bucket, kept here
      await kit.sync({ now: new Date(moment) });
      await updateWarehouse(kit.project, { now: new Date(moment) });
      seen.set(moment, await stateOf(kit, seen.size % 3 === 0));
      if (pages.size < 1) pages.set(moment, await loadDay(kit.project, undefined, new Date(moment)));
    }
    // a week later, with more days
    const week = new Date(end + 7 * 24 * hour);
    until(Number.POSITIVE_INFINITY);
    await kit.sync({ now: week });
    await updateWarehouse(kit.project, { now: week });
  });

  after(() => kit.close());

  it("has the same rows, windows, contacts and partitions as on that day", async () => {
    let differing = 0;
    const latest = await stateOf(kit, false);
    for (const [moment, state] of seen) {
      const then = await stateOf(kit, "intraday" in state, new Date(moment));
      for (const name of Object.keys(state))
        same(then[name]!, state[name]!, `${name} at ${new Date(moment).toISOString()}`);
      if (then.queue_wfm !== latest.queue_wfm) differing += 1;
    }
    assert.ok(differing >= 5, `${differing} of ${seen.size} moments differ from now`);
  });

  it("has the figures that Today showed", async () => {
    assert.equal(pages.size, 1);
    for (const [moment, shown] of pages) {
      const then = await loadDay(kit.project, undefined, new Date(), "usual", { moment: new Date(moment) });
      const site = { ...then.site, synced_at: shown.site.synced_at };
      assert.deepEqual({ ...then, knownAt: null, site }, shown);
    }
  });

  it("keeps rows that a re-export replaced, and none that it did not", async () => {
    const { feeds: snapshots } = loadSnapshot(kit.project.data);
    const kept = Object.entries(snapshots).flatMap(([feed, { replaced }]) =>
      (replaced ?? []).map(({ run }) => `${feed} ${run}`),
    );
    assert.equal(kept.length, 4);
    const week = new Date(end + 7 * 24 * hour);
    const text = statusText(await readStatus(kit.project, week), week);
    assert.match(text, /^kept {10}4 partitions as before the export wrote them again, [\d.]+ kB, for 14 days$/m);
  });

  it("reads only the windows asked for, with the same rows of these", async () => {
    const since = new Date(end - 9 * hour);
    for (const moment of seen.keys()) {
      const rows = async (options: { since?: Date }) => {
        const database = await openCatalog(kit.project, { past: { moment: new Date(moment), ...options } });
        try {
          return (
            await database.rows(`select * from queue_wfm where instance_ts >= '${since.toISOString()}' order by all`)
          ).rows;
        } finally {
          database.close();
        }
      };
      assert.deepEqual(await rows({ since }), await rows({}));
    }
  });

  it("names the partitions of which the former rows are not here", async () => {
    const snapshot = loadSnapshot(kit.project.data);
    const moment = new Date(end - 4.1 * hour);
    const known = await pastOf(kit.project, snapshot, moment);
    assert.deepEqual(known.doubts, []);
    const before = await pastOf(kit.project, snapshot, new Date(end - 6.5 * hour));
    assert.deepEqual(
      before.doubts.map(({ feed, why }) => [feed, why]),
      [
        ["convos_metrics", "late"], // exported again before the next sync
        ["queue_wfm", "late"], // the run that came three hours late
      ],
    );
    const feedsWithout = Object.entries(snapshot.feeds).map(
      ([name, { replaced: _, ...feed }]) => [name, feed] as const,
    );
    const forgotten = await pastOf(kit.project, { ...snapshot, feeds: namesOf(feedsWithout) }, moment);
    assert.ok(forgotten.doubts.some(({ why }) => why === "replaced"));
  });
});

/** Fails at the first line that differs. */
function same(actual: string, expected: string, what: string): void {
  if (actual === expected) return;
  const [lines, others] = [actual.split("\n"), expected.split("\n")];
  const at = lines.findIndex((line, i) => line !== others[i]);
  assert.equal(lines[at], others[at], `${what}, line ${at}`);
  assert.equal(lines.length, others.length, what);
}

/** A data file with one row less, and other numbers in the first. */
function changed(body: Buffer, by: number): Buffer {
  const [first = "{}", ...others] = gunzipSync(body).toString().trimEnd().split("\n");
  const row = JSON.parse(first) as Record<string, unknown>;
  for (const [name, value] of Object.entries(row)) if (typeof value === "number") row[name] = value + by;
  return gzipSync([JSON.stringify(row), ...others.slice(1)].map((line) => `${line}\n`).join(""));
}

function remove(kit: Kit, folder: string): void {
  const { store } = kit.server;
  for (const key of store.keys(bucket)) if (key.startsWith(folder)) store.delete(bucket, key);
}
