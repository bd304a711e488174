// Times that cannot be: to come, or before there was anything. Case wfm-row-tomorrow, and others of its kind.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { zone } from "../notebooks/components/metrics/format.ts";
import { healthWords } from "../notebooks/components/pages/health.ts";
import type { Value } from "../src/duckdb/values.ts";
import { datasetInputs } from "../src/site/dataset-inputs.ts";
import { listDatasets } from "../src/site/dataset-list.ts";
import { emptyState } from "../src/site/staleness.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { answer } from "./answer.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

const hour = 3_600_000;
const now = new Date("2026-09-16T12:30:00Z");
const at = (hours: number) => new Date(now.getTime() + hours * hour).toISOString();
const dayOf = (hours: number) => at(hours).slice(0, 10);
const runOf = (hours: number) => `${at(hours).slice(0, 10)} ${at(hours).slice(11, 16)}`;
const queueRow = (instance_ts: string) => ({
  instance_ts,
  queue_name: "Chat",
  total_assignments: 4,
  total_abandons: 1,
});

interface Asked {
  raw: RawFixture;
  rows: (sql: string) => Promise<Value[][]>;
  dataset: <T>(name: string) => Promise<T[]>;
}

/** What is asked of a project with these partitions, brought up to date at `now`. */
async function withData<T>(fill: (raw: RawFixture) => void, ask: (asked: Asked) => Promise<T>): Promise<T> {
  const raw = rawFixture();
  try {
    fill(raw);
    await updateWarehouse(raw.project, { now });
    const catalog = await openCatalog(raw.project);
    try {
      return await ask({
        raw,
        rows: async (sql) => (await catalog.rows(sql)).rows,
        dataset: (name) => answer(raw.project, catalog, name),
      });
    } finally {
      catalog.close();
    }
  } finally {
    raw.delete();
  }
}

/** Windows of two days up to an hour and a half before now, and more rows in the last run. */
function windows(raw: RawFixture, ...more: object[]): void {
  for (const hours of [-26, -25, -2, -1]) {
    const rows = [0, 0.25, 0.5, 0.75].map((quarter) => queueRow(at(hours - 1 + quarter)));
    raw.put("queue_wfm", runOf(hours), hours === -1 ? [...rows, ...more] : rows);
  }
}

describe("times that cannot be", () => {
  const odd: [what: string, time: string][] = [
    ["26 hours ahead", at(26)],
    ["of 2031", "2031-05-01T00:00:00Z"],
    ["of 1970", "1970-01-01T00:00:00Z"],
    ["of year 1", "0001-01-01T00:00:00Z"],
  ];
  for (const [what, time] of odd) {
    it(`one row ${what} leaves every real day as it is, and is named (wfm-row-tomorrow)`, async () => {
      const answers = async ({ raw, rows, dataset }: Asked) => ({
        days: (await dataset<{ inputs: { contents: string } }>("intraday-days")).map(({ inputs, ...day }) => ({
          ...day,
          inputs: { ...inputs, contents: "" }, // a digest of the files, which differ
        })),
        files: listDatasets(raw.project)
          .filter(({ name }) => name.startsWith("intraday/"))
          .map(({ name }) => name),
        windows: await rows("select start, queue, assigned from wfm.intraday order by all"),
        through: await rows("select data_through from kit.feeds where feed = 'queue_wfm'"),
      });
      const real = await withData(windows, answers);
      await withData(
        (raw) => windows(raw, queueRow(time)),
        async ({ raw, rows, dataset }) => {
          assert.deepEqual(await answers({ raw, rows, dataset }), real);
          assert.equal(loadSnapshot(raw.project.data).horizon, undefined);
          const [[count, example]] = (await rows("select count, example from kit.oddities")) as [[number, string]];
          assert.equal(count, 1);
          assert.ok(example.includes(time.slice(0, 16).replace("T", " ")), example);
          const [[kept]] = (await rows("select count(*)::integer from queue_wfm")) as [[number]];
          assert.equal(kept, 4 * 4 + 1);
          const status = await readStatus(raw.project, now);
          const note = status.notes.find(({ feed }) => feed === "queue_wfm");
          assert.match(
            note!.what,
            /^1 row dated before 2010-01-01 or after the export that delivered them: instance_ts /,
          );
          const page = { feeds: await dataset<never>("health-feeds"), now: now.getTime(), zone: zone("UTC") };
          const oddities = await dataset<never>("health-oddities");
          const { lead } = healthWords({ ...page, oddities, site: { synced_at: null, grace_minutes: 60 } });
          assert.match(lead, /queue_wfm: 1 row dated before 2010/);
        },
      );
    });
  }

  it("a time less than a day ahead is taken as it is", async () => {
    await withData(
      (raw) => windows(raw, queueRow(at(22))),
      async ({ rows }) => {
        assert.deepEqual(await rows("select * from kit.oddities"), []);
        assert.deepEqual(
          await rows("select max(instance_ts) = timestamp '2026-09-17 10:30:00' from wfm.queue_windows"),
          [[true]],
        );
      },
    );
  });

  it("a partition to come counts for no newest time, until its time has come", async () => {
    const row = (time: string) => ({ issue_id: time, first_utterance_ts: time, platform: "web" });
    await withData(
      (raw) => {
        windows(raw);
        for (const feed of ["convos_metrics", "convos_metrics_ended"]) {
          for (const hours of [-60, -26, -1]) raw.put(feed, runOf(hours).slice(0, 13), [row(at(hours))]);
          raw.put(feed, "2031-05-01 10", [row("2031-05-01T10:10:00Z")]);
        }
        raw.put("queue_wfm", runOf(30), [queueRow(at(29.5))]);
        raw.put("rep_convos", runOf(30), []);
        raw.put("issue_queues", runOf(30), []);
        raw.put("issue_queues", "2026-09-16 10", []);
        raw.put("rep_convos", "2026-09-16 10", []);
      },
      async ({ raw, rows, dataset }) => {
        assert.equal(loadSnapshot(raw.project.data).horizon, "2026-09-17T12:00:00.000Z");
        assert.deepEqual(await rows("select feed, count, example from kit.oddities where kind = 'partition time'"), [
          ["convos_metrics", 1, "2031-05-01 10"],
          ["convos_metrics_ended", 1, "2031-05-01 10"],
          ["issue_queues", 1, "2026-09-17 18:30"],
          ["queue_wfm", 1, "2026-09-17 18:30"],
          ["rep_convos", 1, "2026-09-17 18:30"],
        ]);
        assert.deepEqual(await rows("select conversations::varchar, queues::varchar from history.through"), [
          ["2026-09-16 12:00:00", "2026-09-16 11:00:00"],
        ]);
        assert.deepEqual(
          await rows("select max(start) = timestamp '2026-09-16 10:45:00', count(*)::integer from history.windows"),
          [[true, 4]],
        );
        const days = await dataset<{ day: string; started: number }>("days");
        assert.deepEqual([...new Set(days.map(({ day }) => day))], [dayOf(-60), dayOf(-24), dayOf(0)]);
        const health = await dataset<{ feed: string; day: string }>("health-days");
        assert.ok(health.some(({ day }) => day === dayOf(-60)) && health.every(({ day }) => day < "2031"));
        const status = await readStatus(raw.project, now);
        assert.equal(status.dataThrough, "2026-09-16T12:00:00.000Z".replace(".000", ""));
        assert.ok(
          status.problems.some(
            ({ feed, what }) =>
              feed === "queue_wfm" && /1 partition dated .* in the future: 2026-09-17 18:30/.test(what),
          ),
        );

        const later = new Date(now.getTime() + 24 * hour);
        await updateWarehouse(raw.project, { now: later });
        const then = await openCatalog(raw.project);
        const left = await then.rows("select feed from kit.oddities where kind = 'partition time' order by 1");
        assert.deepEqual(left.rows.flat(), ["convos_metrics", "convos_metrics_ended"]);
        const through = await then.rows("select data_through from kit.feeds where feed = 'queue_wfm'");
        assert.deepEqual(through.rows, [[at(29.75).replace(".000", "")]]);
        then.close();
      },
    );
  });

  it("hours ahead are those of kit.yaml", async () => {
    const raw = rawFixture((project) => {
      project.config.sync.futureHours = 48;
    });
    windows(raw, queueRow(at(26)));
    await updateWarehouse(raw.project, { now });
    assert.deepEqual(
      listDatasets(raw.project)
        .filter(({ parameters }) => parameters.day)
        .map(({ parameters }) => parameters.day)
        .at(-1),
      dayOf(26),
    );
    raw.project.config.sync.futureHours = 6;
    await updateWarehouse(raw.project, { now });
    assert.deepEqual(
      listDatasets(raw.project)
        .filter(({ parameters }) => parameters.day)
        .map(({ parameters }) => parameters.day)
        .at(-1),
      dayOf(0),
    );
    raw.delete();
  });

  it("datasets follow from the data alone: the clock changes none while nothing is to come", async () => {
    const raw = rawFixture();
    windows(raw, queueRow(at(26)));
    const inputs = async (time: Date) => {
      await updateWarehouse(raw.project, { now: time });
      const snapshot = loadSnapshot(raw.project.data);
      const datasets = listDatasets(raw.project);
      const open = () => openCatalog(raw.project);
      return Object.fromEntries((await datasetInputs(raw.project, snapshot, datasets, emptyState().rows, open)).inputs);
    };
    const first = await inputs(now);
    assert.deepEqual(await inputs(new Date(now.getTime() + 5 * hour)), first);
    raw.put("queue_wfm", runOf(60), [queueRow(at(59))]);
    const judged = await inputs(now);
    assert.notEqual(judged["intraday-days.json"], first["intraday-days.json"]);
    assert.notDeepEqual(await inputs(new Date(now.getTime() + 48 * hour)), judged);
    raw.delete();
  });
});
