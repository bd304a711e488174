// The two datasets behind Heatmaps and Staffing, against the days of the Overview, which are followed to the simulator.
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { HeatDay } from "../notebooks/components/metrics/heatmap.ts";
import type { QueueLoad } from "../notebooks/components/pages/queue-load.ts";
import { loadersFolder } from "../src/base/kit-folders.ts";
import { computeDatasets } from "../src/site/dataset.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";

interface QueueDay {
  day: string;
  queue: string;
  complete: boolean;
  offered: number;
  abandoned: number;
  within: number;
}

describe("history by weekday and time", () => {
  let demo: DemoProject;
  const load = <T>(name: string) => JSON.parse(readFileSync(join(demo.folder, "out", name), "utf8")) as T[];
  const heat = () => Array.from({ length: 17 }, (_, part) => load<HeatDay>(`heatmap/${part}.json`));

  before(async () => {
    demo = await demoProject({ days: 5, conversationsPerDay: 200 });
    const loaders = join(demo.folder, "loaders");
    for (const name of ["queue-load.json.sql", "queue-days.json.sql", "heatmap"])
      cpSync(join(loadersFolder, name), join(loaders, name), { recursive: true });
    await computeDatasets(demo.project, { loaders, out: join(demo.folder, "out") });
  });

  after(() => demo?.delete());

  it("adds up to the days of each queue", () => {
    const days = load<QueueDay>("queue-days.json").filter(({ complete }) => complete);
    const found = heat()
      .flat()
      .map((row) => [row.day, row.queue, sum(row.offered), sum(row.abandoned), sum(row.good), sum(row.base)]);
    const wanted = days.map((row) => [row.day, row.queue, row.offered, row.abandoned, row.within, row.offered]);
    assert.ok(wanted.length > 20);
    assert.deepEqual(found.map(String).sort(), wanted.map(String).sort());
  });

  it("has 96 numbers a day, and each queue in the part that the index names", () => {
    const loads = load<QueueLoad>("queue-load.json");
    assert.equal(loads[0]!.queue, "All queues");
    heat().forEach((rows, part) => {
      for (const row of rows) {
        assert.equal(loads.find(({ queue }) => queue === row.queue)?.part, part);
        for (const list of [row.offered, row.abandoned, row.good, row.base, row.wait]) assert.equal(list.length, 96);
      }
    });
  });

  // Quarter-hours of too few reps have the mean of their half-hour or hour, so each hour adds up.
  it("has the minutes of the reps of each queue's hours, each rep once, or says that they are held back", async () => {
    const database = await openCatalog(demo.project);
    const { rows } = await database.rows(
      `select queue_name, local_date(start)::varchar, hour(local(start)), sum(minutes), count(distinct rep_id)
       from (select window_start(instance_ts) as start, queue_name, rep_id, max(available) as minutes
         from wfm.rep_windows where logged_in > 0 group by all)
       group by all`,
    );
    database.close();
    const wanted = new Map(rows.map(([queue, day, slot, ...told]) => [`${queue} ${day} ${slot}`, told.map(Number)]));
    let [compared, held] = [0, 0];
    for (const { queue, day, available } of heat().flat()) {
      if (queue === "All queues") continue;
      for (let hour = 0; available && hour < 24; hour++) {
        const quarters = available.slice(4 * hour, 4 * hour + 4);
        const [own = 0, reps = 0] = wanted.get(`${queue} ${day} ${hour}`) ?? [];
        if (quarters.some((minutes) => minutes < 0)) held++;
        else {
          assert.ok(Math.abs(sum(quarters) - own) < 0.21, `${queue} ${day} ${hour}: ${quarters} ${own}`);
          assert.ok(reps !== 1, `${queue} ${day} ${hour}: held back below two reps`); // min_reps of the demo
          if (own > 0) compared++;
        }
      }
    }
    assert.ok(compared > 50 && held > 10, `${compared} ${held}`);
  });

  it("tells of each queue what its days do, and of its busiest half-hour", () => {
    const days = load<QueueDay>("queue-days.json").filter(({ complete }) => complete);
    for (const row of load<QueueLoad>("queue-load.json")) {
      const own = days.filter(({ queue }) => queue === row.queue);
      assert.equal(row.contacts, sum(own.map(({ offered }) => offered)), row.queue);
      assert.equal(row.abandoned, sum(own.map(({ abandoned }) => abandoned)), row.queue);
      const list = heat()
        .flat()
        .filter(({ queue }) => queue === row.queue);
      const halfHours = Array.from({ length: 48 }, (_, i) =>
        sum(list.map(({ offered }) => offered[2 * i]! + offered[2 * i + 1]!)),
      );
      assert.ok(Math.abs(row.busiest - Math.max(...halfHours) / row.days) < 0.006, row.queue);
    }
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
