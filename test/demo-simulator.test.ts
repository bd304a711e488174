import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { demoZone } from "../src/demo/demo.ts";
import { exportFeeds, simulatedFeeds } from "../src/demo/feeds/export-feeds.ts";
import { beingWritten, newColumn, oddities } from "../src/demo/feeds/oddities.ts";
import type { ExportedObject } from "../src/demo/feeds/partition-files.ts";
import { agenda } from "../src/demo/simulator/agenda.ts";
import { businessDay } from "../src/demo/simulator/arrivals.ts";
import { isOpen } from "../src/demo/simulator/centre.ts";
import { seeded } from "../src/demo/simulator/random.ts";
import { simulate, simulateLazily } from "../src/demo/simulator/simulate.ts";
import { localInstant, localTime } from "../src/demo/simulator/zone.ts";
import { dailyThrough, hourlyThrough, wfmThrough } from "../src/demo/tables/schedule.ts";
import { type QueueWindow, truth } from "../src/demo/truth.ts";
import { parseKey } from "../src/export/layout.ts";
import { loadRegistry } from "../src/export/registry.ts";
import fc from "./fast-check.ts";

// biome-ignore lint/suspicious/noExplicitAny: a row is whatever its feed says
type Row = Record<string, any>;

interface Partition {
  path: string;
  dt: string;
  interval: string; // as export_row_counts writes it
  files: string[];
  complete: boolean;
  lines: number;
  unreadable: string[];
  rows: Row[];
}

// Three business days over the end of summer time, which is on 1 November.
const options = { seed: 7, days: 3, now: new Date("2026-11-03T19:25:00Z"), conversationsPerDay: 1000 };
const log = simulate(options);
const { zone } = log.centre;
const objects = [...exportFeeds(log)];
const partitions = readPartitions(objects);
const expected = truth(log, zone);

function readPartitions(from: readonly ExportedObject[]): Map<string, Partition[]> {
  const found = new Map<string, Partition>();
  const byFeed = new Map<string, Partition[]>();
  for (const { key, body } of from) {
    const parsed = parseKey(key);
    if (parsed.kind !== "data" && parsed.kind !== "marker") continue;
    const { feed, dt, hr, mi } = parsed.id;
    const path = key.slice(0, key.lastIndexOf("/"));
    let partition = found.get(path);
    if (!partition) {
      const interval = hr === null ? "1d" : mi === null ? `hr=${hr}` : `hr=${hr}/mi=${mi}`;
      partition = { path, dt, interval, files: [], complete: false, lines: 0, unreadable: [], rows: [] };
      found.set(path, partition);
      byFeed.set(feed, [...(byFeed.get(feed) ?? []), partition]);
    }
    if (parsed.kind === "marker") {
      partition.complete = true;
      continue;
    }
    partition.files.push(parsed.file);
    const text = (parsed.gzip ? gunzipSync(body) : body).toString();
    assert.ok(text.endsWith("\n"), key);
    for (const line of text.slice(0, -1).split("\n")) {
      partition.lines++;
      try {
        partition.rows.push(JSON.parse(line));
      } catch {
        partition.unreadable.push(line);
      }
    }
  }
  return byFeed;
}

/** All rows of a feed as delivered in complete partitions, oldest first. */
function delivered(feed: string): Row[] {
  return partitions.get(feed)!.flatMap(({ complete, rows }) => (complete ? rows : []));
}

/** One row per key: the one delivered last. */
function current(feed: string, ...key: string[]): Row[] {
  const rows = new Map<string, Row>();
  for (const row of delivered(feed)) rows.set(key.map((column) => String(row[column])).join("|"), row);
  return [...rows.values()];
}

function utc(text: string): number {
  const iso = text.replace(" ", "T");
  return Date.parse(/[+Z]/.test(iso.slice(10)) ? iso : `${iso}Z`);
}

function windowOf(at: number): number {
  return at - (at % 900_000);
}

function close(actual: number | null, wanted: number | null, message: string, tolerance = 1e-6): void {
  if (actual === null || wanted === null) assert.equal(actual, wanted, message);
  else assert.ok(Math.abs(actual - wanted) <= tolerance, `${message}: ${actual} is not ${wanted}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number | null {
  return values.length > 0 ? sum(values) / values.length : null;
}

function groups<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const group = found.get(key(item));
    if (group) group.push(item);
    else found.set(key(item), [item]);
  }
  return found;
}

function digest(from: Iterable<ExportedObject>): string {
  const hash = createHash("sha256");
  for (const { key, body, modified } of from) hash.update(`${key}\n${modified.toISOString()}\n`).update(body);
  return hash.digest("hex");
}

const repConvos = current("rep_convos", "issue_id", "rep_id", "issue_assigned_ts");
const issueQueues = current("issue_queues", "issue_id", "queue_id", "enter_queue_ts");
const metrics = current("convos_metrics", "issue_id");
const queueWfm = current("queue_wfm", "instance_ts", "queue_name", "rep_id");
const membership = current("queue_membership_wfm", "instance_ts", "rep_id", "queue_id");
const utilized = current("rep_utilized", "instance_ts", "rep_id");

describe("simulator", () => {
  it("gives the same bytes for the same seed and time, and others for another seed", () => {
    const small = { seed: 1, days: 1, now: new Date("2026-11-03T19:25:00Z"), conversationsPerDay: 200 };
    const first = digest(exportFeeds(simulate(small)));
    assert.equal(digest(exportFeeds(simulateLazily(small))), first);
    assert.notEqual(digest(exportFeeds(simulate({ ...small, seed: 2 }))), first);
  });

  it("adds to history and leaves it alone when time goes on", () => {
    const small = { seed: 1, days: 2, now: new Date("2026-11-03T02:25:00Z"), conversationsPerDay: 200 };
    const later = { ...small, days: 3, now: new Date("2026-11-03T19:25:00Z") };
    const before = new Map([...exportFeeds(simulate(small))].map((object) => [object.key, object]));
    const after = new Map([...exportFeeds(simulate(later))].map((object) => [object.key, object]));
    const changed = [...before.values()].filter(({ key, body }) => !after.get(key)?.body.equals(body));
    const settled = new Date(small.now.getTime() - 3 * 3_600_000);
    const unexpected = changed.filter(
      ({ key, modified }) => modified < settled && !key.startsWith(newColumn.feed) && !key.includes("export_docs"),
    );
    assert.deepEqual(
      unexpected.map(({ key }) => key),
      [],
    );
    assert.ok(after.size > before.size);
  });

  it("has at least 25 feeds, each with its documented columns", () => {
    const registry = loadRegistry();
    assert.ok(simulatedFeeds.length >= 25);
    assert.deepEqual([...partitions.keys()].sort(), simulatedFeeds);
    for (const feed of simulatedFeeds) {
      const documented = new Set(registry.get(feed)!.columns.map(({ name }) => name));
      const columns = new Set(delivered(feed).flatMap((row) => Object.keys(row)));
      assert.ok(columns.size > 0, feed);
      const unknown = [...columns].filter((name) => !documented.has(name));
      assert.deepEqual(unknown, feed === newColumn.feed ? [newColumn.name] : [], feed);
    }
  });

  it("writes every key in the export layout, data before markers, and nothing in the future", () => {
    const markers = new Map<string, Date>();
    for (const { key, modified } of objects) {
      assert.ok(["data", "marker", "docs"].includes(parseKey(key).kind), key);
      assert.ok(modified <= options.now, key);
      if (key.endsWith("_SUCCESS")) markers.set(key.slice(0, key.lastIndexOf("/")), modified);
    }
    for (const { key, modified } of objects) {
      const marker = markers.get(key.slice(0, key.lastIndexOf("/")));
      if (marker) assert.ok(modified <= marker, key);
    }
  });

  it("publishes an intraday window twenty minutes or more after its end", () => {
    for (const { path, rows } of partitions.get("queue_wfm")!) {
      const [, dt, hr, mi] = /dt=(.*)\/hr=(..)\/mi=(..)/.exec(path)!;
      const run = Date.parse(`${dt}T${hr}:${mi}:00Z`) + 5 * 60_000;
      for (const row of rows) assert.ok(utc(row.instance_ts) + 900_000 + 20 * 60_000 <= run, path);
    }
    assert.ok(options.now.getTime() - wfmThrough(options.now.getTime()) < 55 * 60_000);
  });

  it("names nobody", () => {
    const names = new Set(delivered("reps").map((row) => row.name));
    for (const name of names) assert.match(name, /^Rep \d\d$/);
    for (const row of delivered("dim_queues")) assert.match(row.queue_name, /^Queue [A-Z][a-z]+$/);
    assert.equal(new Set(delivered("utterances").map((row) => row.utterance)).size < 120, true);
  });

  it("follows the clock where it is: quiet nights, busy days, closed queues", () => {
    for (const { days, centre } of [log, simulate({ ...options, conversationsPerDay: 400, zone: "Asia/Tokyo" })]) {
      const issues = days.flatMap((day) => day.issues);
      const hours = groups(issues, (issue) => String(Math.floor(localTime(issue.createdAt, centre.zone).minutes / 60)));
      assert.ok(hours.get("11")!.length > 8 * hours.get("3")!.length, centre.zone);
      for (const { visit, kind } of issues.flatMap(({ opportunities }) => opportunities)) {
        if (!visit || kind === "transfer") continue;
        const { weekday, minutes } = localTime(visit.enteredAt - 500, centre.zone);
        assert.ok(isOpen(visit.queue, weekday, minutes), visit.queue.name);
        assert.ok(visit.exitedAt > visit.enteredAt);
      }
    }
  });

  it("keeps a rep's chats within the slots, and events in order", () => {
    for (const { issues } of log.days) {
      const changes = issues
        .flatMap(({ opportunities }) => opportunities)
        .flatMap(({ assignment }) => (assignment ? [assignment] : []))
        .flatMap(({ rep, at, endedAt }) => [
          { rep, at, by: 1 },
          { rep, at: endedAt, by: -1 },
        ])
        .sort((a, b) => a.at - b.at || a.by - b.by);
      const load = new Map<string, number>();
      for (const { rep, by } of changes) {
        load.set(rep.name, (load.get(rep.name) ?? 0) + by);
        assert.ok(load.get(rep.name)! <= rep.slots);
      }
      for (const issue of issues) {
        const times = issue.messages.map(({ at }) => at);
        assert.deepEqual(
          times,
          [...times].sort((a, b) => a - b),
        );
        assert.ok(times[times.length - 1]! <= issue.endedAt && times[0]! >= issue.createdAt);
      }
    }
  });

  it("is lively enough to look at", () => {
    const visits = issueQueues.length;
    const share = issueQueues.filter((row) => row.abandoned).length / visits;
    assert.ok(visits > 600 && share > 0.01 && share < 0.25, `${visits} visits, ${share} abandoned`);
    assert.ok(expected.ratings.length > 100 && expected.repeats > 50 && expected.transfers.accepted > 20);
    const contained = expected.sessions.filter((session) => session.contained).length / expected.sessions.length;
    assert.ok(contained > 0.4 && contained < 0.8);
  });
});

describe("simulated feeds agree with one another", () => {
  it("queue_wfm says what issue_queues and rep_convos say", () => {
    const abandons = groups(
      issueQueues.filter((row) => row.abandoned),
      (row) => `${row.queue_id}/${windowOf(utc(row.exit_queue_ts))}`,
    );
    const exits = groups(
      issueQueues.filter((row) => row.exit_queue_ts),
      (row) => `${row.queue_id}/${windowOf(utc(row.exit_queue_ts))}`,
    );
    const answers = groups(repConvos, (row) => `${row.queue_id}/${windowOf(utc(row.issue_assigned_ts))}`);
    const ends = groups(
      repConvos.filter((row) => row.dispositioned_ts),
      (row) => `${row.queue_id}/${windowOf(utc(row.dispositioned_ts))}`,
    );
    let compared = 0;
    for (const row of queueWfm) {
      if (utc(row.instance_ts) + 900_000 > expected.through.hourly) continue;
      compared++;
      const key = `${row.queue_id}/${utc(row.instance_ts)}`;
      const left = exits.get(key) ?? [];
      const answered = answers.get(key) ?? [];
      const ended = ends.get(key) ?? [];
      const abandoned = (abandons.get(key) ?? []).length;
      assert.equal(row.total_abandons, abandoned, key);
      assert.equal(row.total_assignments, answered.length, key);
      const handles = ended.map((end) => end.handle_time_seconds);
      close(row.avg_handle_time_seconds, mean(handles), `handle ${key}`);
      close(row.avg_wrap_time_seconds, mean(ended.map((end) => end.wrap_up_time_seconds)), `wrap ${key}`);
      const contacts = answered.length + abandoned;
      const waited = sum(left.map((exit) => exit.enqueue_time));
      close(row.avg_wait_time_seconds, contacts > 0 ? waited / contacts : null, `wait ${key}`);
      for (const limit of [30, 60, 120]) {
        const queued = left.filter((exit) => !exit.abandoned);
        const direct = answered.length - queued.length;
        const under = queued.filter((exit) => exit.enqueue_time < limit).length + direct;
        assert.equal(row[`waits_under_${limit}s`], under, `under ${limit} ${key}`);
      }
    }
    assert.ok(compared > 1000);
    const told = new Set(queueWfm.map((row) => `${row.queue_id}/${utc(row.instance_ts)}`));
    for (const key of [...exits.keys(), ...answers.keys(), ...ends.keys()]) {
      if (Number(key.split("/")[1]) + 900_000 <= expected.through.wfm) assert.ok(told.has(key), key);
    }
  });

  it("queue_membership_wfm repeats rep_utilized for each of a rep's queues", () => {
    const byRep = new Map(utilized.map((row) => [`${row.rep_id}/${row.instance_ts}`, row]));
    const columns = ["logged_in", "avail", "busy", "ute_total", "ute_avail", "ute_busy"];
    let compared = 0;
    for (const row of membership) {
      if (utc(row.instance_ts) + 900_000 > expected.through.hourly) continue;
      const own = byRep.get(`${row.rep_id}/${row.instance_ts}`)!;
      for (const column of columns) assert.equal(row[`lin_${column}_min`], own[`lin_${column}_min`]);
      compared++;
    }
    assert.ok(compared > 500);
    const reps = groups(membership, (row) => `${row.queue_name}/${row.instance_ts}`);
    for (const row of queueWfm) {
      assert.equal(row.reps_in_queue, (reps.get(`${row.queue_name}/${row.instance_ts}`) ?? []).length);
    }
  });

  it("rep_activity adds up to rep_utilized", () => {
    const activity = groups(
      current("rep_activity", "instance_ts", "rep_id", "status_id", "in_status_starting_ts"),
      (row) => `${row.rep_id}/${row.instance_ts}`,
    );
    for (const row of utilized) {
      const spells = activity.get(`${row.rep_id}/${row.instance_ts}`)!;
      const total = (column: string) => sum(spells.map((spell) => spell[column])) / 60;
      const message = `${row.rep_id} ${row.instance_ts}`;
      close(total("window_status_time"), row.lin_logged_in_min, message, 0.0002);
      close(total("linear_ute_time"), row.lin_ute_total_min, message, 0.0002);
      close(total("cumul_ute_time"), row.cum_ute_total_min, message, 0.0002);
      assert.ok(row.lin_logged_in_min <= 15);
    }
  });

  it("convos_metrics sums up rep_convos, issue_queues and utterances", () => {
    const assignments = groups(repConvos, (row) => String(row.issue_id));
    const visits = groups(issueQueues, (row) => String(row.issue_id));
    const messages = groups(current("utterances", "issue_id", "sender_id", "created_ts"), (row) =>
      String(row.issue_id),
    );
    for (const row of metrics) {
      const id = String(row.issue_id);
      const ended = (assignments.get(id) ?? []).filter((assignment) => assignment.dispositioned_ts);
      const handle = sum(ended.map((assignment) => assignment.handle_time_seconds));
      close(row.total_handle_time ?? 0, handle, `handle ${id}`);
      const waited = sum((visits.get(id) ?? []).map((visit) => visit.enqueue_time ?? 0));
      close(row.time_in_queue, waited, `queue ${id}`);
      const sent = groups(messages.get(id) ?? [], (message) => message.sender_type);
      assert.equal(row.customer_sent_msgs, (sent.get("customer") ?? []).length, id);
      assert.equal(row.auto_generated_msgs, (sent.get("bot") ?? []).length, id);
    }
  });

  it("the feeds of ended conversations repeat the open ones", () => {
    for (const feed of ["convos_metrics", "convos_metadata", "convos_intents"]) {
      const open = new Map(current(feed, "issue_id").map((row) => [row.issue_id, row]));
      const ended = current(`${feed}_ended`, "issue_id");
      for (const row of ended) {
        const { language_code, [newColumn.name]: added, ...twin } = open.get(row.issue_id)!;
        assert.deepEqual(row, twin);
      }
      const metadata = current("convos_metadata", "issue_id").filter((row) => row.conversation_end_ts);
      assert.equal(ended.length, metadata.length, feed);
    }
  });

  it("live_agent_opportunities follow visits and assignments", () => {
    const opportunities = current("live_agent_opportunities", "issue_id", "customer_id", "opportunity_ts");
    assert.equal(opportunities.filter((row) => row.enqueued_ts).length, issueQueues.length);
    assert.equal(opportunities.filter((row) => row.assigned_ts).length, repConvos.length);
    assert.equal(
      opportunities.filter((row) => row.abandoned_ts).length,
      issueQueues.filter((row) => row.abandoned).length,
    );
  });

  it("export_row_counts counts the lines delivered", () => {
    const counted = delivered("export_row_counts");
    const days = new Set(counted.map((row) => row.export_date));
    assert.ok(days.size >= 2);
    const lines = new Map<string, number>();
    for (const [feed, list] of partitions) {
      if (feed === "export_row_counts") continue;
      for (const { dt, interval, lines: count } of list) {
        if (days.has(dt)) lines.set(`${feed}/${dt}/${interval}`, count);
      }
    }
    assert.deepEqual(
      new Map(
        counted.map((row) => [`${row.export_name}/${row.export_date}/${row.export_interval}`, row.exported_rows]),
      ),
      lines,
    );
  });
});

describe("ground truth", () => {
  it("counts the conversations that convos_metrics tells, by UTC and by local day", () => {
    const times = metrics.filter((row) => row.first_utterance_ts).map((row) => utc(row.first_utterance_ts));
    const count = (day: (at: number) => string) =>
      Object.fromEntries([...groups(times.map(day), (text) => text)].map(([key, list]) => [key, list.length]));
    assert.deepEqual(
      count((at) => new Date(at).toISOString().slice(0, 10)),
      expected.conversations.utc,
    );
    assert.deepEqual(
      count((at) => localTime(at, zone).date),
      expected.conversations.local,
    );
    assert.notDeepEqual(expected.conversations.utc, expected.conversations.local);
  });

  it("counts entries, answers, abandons and waits as queue_wfm and issue_queues do", () => {
    const windows = new Map(expected.queueWindows.map((row) => [`${row.queue}/${row.window}`, row]));
    const none: QueueWindow = {
      queue: "",
      window: 0,
      entries: 0,
      answers: [],
      abandons: [],
      handles: [],
      wraps: [],
      reps: 0,
    };
    for (const row of queueWfm) {
      const key = `${row.queue_name}/${utc(row.instance_ts)}`;
      const window = windows.get(key) ?? none;
      assert.equal(row.total_assignments, window.answers.length, key);
      assert.equal(row.total_abandons, window.abandons.length, key);
      assert.equal(row.reps_in_queue, window.reps, key);
      assert.equal(row.waits_under_60s, window.answers.filter((wait) => wait < 60_000).length, key);
      const seconds = (values: number[]) => values.map((value) => value / 1000);
      close(row.avg_handle_time_seconds, mean(seconds(window.handles)), key);
      close(row.avg_wrap_time_seconds, mean(seconds(window.wraps)), key);
      close(row.avg_wait_time_seconds, mean(seconds([...window.answers, ...window.abandons])), key);
    }
    const entries = groups(issueQueues, (row) => `${row.queue_name}/${windowOf(utc(row.enter_queue_ts))}`);
    for (const [key, window] of windows) {
      if (window.window + 900_000 > expected.through.hourly) continue;
      assert.equal((entries.get(key) ?? []).length, window.entries, key);
    }
  });

  it("adds up handle and wrap-up time per assignment as rep_convos does", () => {
    const ended = repConvos.filter((row) => row.dispositioned_ts);
    assert.equal(ended.length, expected.assignments.length);
    close(
      sum(ended.map((row) => row.handle_time_seconds)),
      sum(expected.assignments.map((a) => a.handle)) / 1000,
      "handle",
      0.01,
    );
    close(
      sum(ended.map((row) => row.wrap_up_time_seconds)),
      sum(expected.assignments.map((a) => a.wrap)) / 1000,
      "wrap",
      0.01,
    );
    assert.equal(
      ended.filter((row) => row.is_ghost_customer).length,
      expected.assignments.filter((a) => a.ghost).length,
    );
  });

  it("holds the ratings of customer_feedback", () => {
    const answers = current("customer_feedback", "issue_id", "question", "instance_ts")
      .filter((row) => row.question_type === "rating")
      .map((row) => `${row.issue_id}=${row.answer}`);
    assert.deepEqual(answers.sort(), expected.ratings.map(({ issue, rating }) => `${issue}=${rating}`).sort());
  });

  it("holds the sessions of csid_containment", () => {
    const told = current("csid_containment", "csid").map(
      (row) => `${utc(row.csid_start_ts)} ${row.is_contained} ${row.has_customer_utterance}`,
    );
    const held = expected.sessions.map(({ from, contained, written }) => `${from} ${contained} ${written}`);
    assert.deepEqual(told.sort(), held.sort());
  });

  it("counts messages, flow successes, repeats and transfers as their feeds do", () => {
    assert.equal(current("utterances", "issue_id", "sender_id", "created_ts").length, expected.messages);
    const flows = current("flow_completions", "issue_id").filter((row) => row.is_flow_success_issue);
    assert.equal(flows.length, expected.flowSuccesses);
    const callbacks = current("issue_callback_3d", "issue_id").filter((row) => row.next_callback_issue_id);
    assert.equal(callbacks.length, expected.repeats);
    const transfers = current("transfers", "issue_id", "rep_id", "timestamp_req");
    assert.equal(transfers.length, expected.transfers.requested);
    assert.equal(transfers.filter((row) => row.accepted).length, expected.transfers.accepted);
  });

  it("measures rep time as queue_membership_wfm does", () => {
    const rows = new Map(membership.map((row) => [`${row.rep_id}/${utc(row.instance_ts)}`, row]));
    const ids = new Map(log.centre.reps.map(({ id, name }) => [name, id]));
    assert.equal(rows.size, expected.repWindows.length);
    for (const window of expected.repWindows) {
      const row = rows.get(`${ids.get(window.rep)}/${window.window}`)!;
      const told = ["logged_in", "avail", "busy", "ute_total", "ute_avail", "ute_busy"].map(
        (column) => row[`lin_${column}_min`],
      );
      const { loggedIn, available, busy, utilized: used, utilizedAvailable, utilizedBusy } = window;
      const held = [loggedIn, available, busy, used, utilizedAvailable, utilizedBusy];
      for (const [i, value] of held.entries()) close(told[i], value / 60_000, `${window.rep} ${i}`, 0.0001);
    }
  });
});

describe("oddities", () => {
  const reached: Record<keyof typeof oddities, () => boolean> = {
    restated: () => delivered("convos_metrics").length > 1.1 * metrics.length,
    "late events": () => {
      const versions = groups(delivered("queue_wfm"), (row) => `${row.queue_id}/${row.instance_ts}`);
      return [...versions.values()].some((rows) => new Set(rows.map((row) => row.total_abandons)).size > 1);
    },
    "provisional windows": () => {
      const versions = groups(delivered("rep_utilized"), (row) => `${row.rep_id}/${row.instance_ts}`);
      return [...versions.values()].some((rows) => rows.some((row) => row.lin_logged_in_min === 12));
    },
    split: () => partitions.get("utterances")!.some(({ files }) => files.includes("utterances.jsonl.01.gz")),
    "marker only": () => partitions.get("transfers")!.some(({ complete, files }) => complete && files.length === 0),
    "being written": () => {
      const open = [...partitions.values()].flat().filter(({ complete }) => !complete);
      return open.length === 1 && open[0]!.path.startsWith(beingWritten) && open[0]!.lines > 0;
    },
    "re-exported": () => true, // by the test of reexport()
    "new column": () => {
      const has = delivered(newColumn.feed).map((row) => newColumn.name in row);
      return has[0] === false && has[has.length - 1] === true;
    },
    nulls: () => {
      const rows = delivered("convos_metadata");
      return rows.some((row) => row.csat_rating === null) && rows.some((row) => !("first_rep_id" in row));
    },
    "null instance": () => delivered("csid_containment").some((row) => row.instance_ts === null),
    spellings: () => {
      const text = (feed: string, column: string) => String(delivered(feed).find((row) => row[column])![column]);
      const patterns = [
        [/T.{8}\.\d{6}\+00:00$/, text("utterances", "created_ts")],
        [/T.{8}\+00:00$/, text("convos_metrics", "first_utterance_ts")],
        [/ .{8}$/, text("rep_utilized", "instance_ts")],
        [/ .{8}\.\d{3}$/, text("live_agent_opportunities", "opportunity_ts")],
        [/ .{8}\.\d{6}\+00:00$/, text("issue_queues", "instance_ts")],
      ] as const;
      const mixed = new Set(delivered("issue_queues").map((row) => row.enter_queue_ts.length));
      return patterns.every(([pattern, sample]) => pattern.test(sample)) && mixed.size === 2;
    },
    "mixed ids": () =>
      typeof delivered("convos_intents")[0]!.issue_id === "string" &&
      typeof delivered("convos_metrics")[0]!.issue_id === "number" &&
      typeof delivered("rep_convos")[0]!.rep_id === "number" &&
      typeof delivered("rep_utilized")[0]!.rep_id === "string",
    unreadable: () => [...partitions.values()].flat().some(({ unreadable }) => unreadable.length > 0),
    "plain file": () => partitions.get("transfers")!.some(({ files }) => files.includes("transfers.jsonl")),
    "missing key column": () => !delivered("rep_activity").some((row) => "company_id" in row),
    "renamed key": () => !delivered("rep_hierarchy").some((row) => "subordinate_agent_id" in row),
    "unaligned instance": () => !/:00:00\.000/.test(delivered("issue_queues")[0]!.instance_ts),
    sentinel: () => delivered("issue_sentiment").some((row) => row.score === -1000),
  };

  for (const [name, sentence] of Object.entries(oddities)) {
    it(sentence, () => assert.ok(reached[name as keyof typeof oddities](), name));
  }

  it("announces the new column in export_docs.yaml, and no day before", () => {
    const docs = objects.filter(({ key }) => key.endsWith("export_docs.yaml"));
    const announced = docs.map(({ body }) => {
      const { schemas } = parse(body.toString());
      const table = schemas[0].tables.find((one: Row) => one.name === newColumn.feed);
      assert.deepEqual(
        schemas[0].tables.map((one: Row) => one.name),
        simulatedFeeds,
      );
      return table.columns.some((column: Row) => column.name === newColumn.name);
    });
    assert.deepEqual(announced, [false, true]);
  });

  it("spoils no figure: an unreadable line stands beside its whole row", () => {
    const all = [...partitions.values()].flat();
    assert.ok(all.every(({ unreadable, rows }) => unreadable.length === 0 || rows.length > 0));
    assert.ok(all.flatMap(({ unreadable }) => unreadable).length >= 2);
  });
});

describe("simulator's parts", () => {
  it("draws what it says it draws", () => {
    const random = seeded("draws");
    const many = (draw: () => number) => Array.from({ length: 20_000 }, draw);
    close(mean(many(random.next)), 0.5, "uniform", 0.01);
    close(mean(many(() => random.exponential(40))), 40, "exponential", 1.5);
    close(mean(many(() => random.poisson(3))), 3, "poisson", 0.06);
    close(mean(many(() => random.poisson(80))), 80, "large poisson", 0.5);
    const lognormal = many(() => random.lognormal(20, 0.5)).sort((a, b) => a - b);
    close(lognormal[10_000]!, 20, "median", 0.6);
    const weighted = groups(many(() => random.weighted([1, 2, 3], (n) => n)).map(String), (n) => n);
    close(weighted.get("3")!.length / 20_000, 0.5, "weighted", 0.02);
    assert.notEqual(seeded(1, "a").next(), seeded(1, "b").next());
  });

  it("runs an agenda by time, then by order of entry", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const plan = agenda();
        const ran: [number, number][] = [];
        for (const [i, at] of times.entries()) plan.add(at, () => ran.push([at, i]));
        for (let entry = plan.next(); entry; entry = plan.next()) entry.run();
        const wanted = times.map((at, i): [number, number] => [at, i]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        assert.deepEqual(ran, wanted);
      }),
    );
  });

  it("has a running day to show at any hour", () => {
    for (let hour = 0; hour < 24; hour += 0.5)
      for (const month of ["01", "07"]) {
        const now = new Date(Date.parse(`2026-${month}-15T00:00:00Z`) + hour * 3_600_000);
        const { minutes } = localTime(now.getTime(), demoZone(now));
        assert.ok(minutes >= 10 * 60 && minutes <= 20 * 60, `${now.toISOString()}: ${minutes / 60}`);
      }
  });

  it("knows days of 23 and 25 hours", () => {
    const hours = (date: string) => (businessDay(log.centre, date).to - businessDay(log.centre, date).from) / 3_600_000;
    assert.deepEqual([hours("2026-10-31"), hours("2026-03-07"), hours("2026-11-22")], [25, 23, 24]);
    assert.equal(new Date(localInstant("2026-11-01", 90, zone)).toISOString(), "2026-11-01T05:30:00.000Z");
    assert.deepEqual(localTime(Date.parse("2026-11-01T06:30:00Z"), zone), {
      date: "2026-11-01",
      weekday: 0,
      minutes: 90,
    });
    assert.equal(localTime(Date.parse("2026-11-02T04:59:00Z"), "America/St_Johns").date, "2026-11-02");
  });

  it("knows at any time what is complete", () => {
    const at = (text: string) => Date.parse(`2026-11-03T${text}:00Z`);
    assert.equal(hourlyThrough(at("19:09")), at("18:00"));
    assert.equal(hourlyThrough(at("19:10")), at("19:00"));
    assert.equal(dailyThrough(at("01:29")), at("00:00") - 86_400_000);
    assert.equal(dailyThrough(at("01:30")), at("00:00"));
    assert.equal(wfmThrough(at("01:38")), at("00:45"));
    assert.equal(wfmThrough(at("01:39")), at("01:15"));
  });
});
