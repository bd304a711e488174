import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openProject } from "../src/config/project.ts";
import { verifyRaw } from "../src/sync/verify-raw.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { openCliKit } from "./cli-kit.ts";
import { bucket, lines } from "./sync-kit.ts";

// Of a partition of several files, raw/ has for a moment neither the old nor the new: whoever reads it holds the lock.
describe("a reader while partitions are exported again and again", { timeout: 240_000 }, () => {
  it("sees all files of one export, never none and never two", async () => {
    const kit = await openCliKit("feeds:\n  things: { key: [id], columns: { id: VARCHAR, export: BIGINT } }\n");
    const folder = "things/version=1/format=jsonl/dt=2026-11-22";
    const deliver = (time: number) => {
      for (const key of [...kit.server.store.keys(bucket)]) kit.server.delete(bucket, key);
      for (let file = 0; file < 2 + (time % 2); file++)
        kit.server.put(bucket, `${folder}/things.jsonl.${time}${file}.gz`, lines([{ id: `${file}`, export: time }]));
      kit.server.put(bucket, `${folder}/_SUCCESS`, "");
    };
    try {
      deliver(0);
      assert.equal((await kit.run(["sync"])).code, 0);
      const project = openProject(join(kit.folder, "kit.yaml"));
      let exporting = true;
      const seen = new Set<number>();
      const query = async () => {
        while (exporting) {
          const database = await openCatalog(project, { threads: 1 });
          const { rows } = await database.rows("select export, count(*)::integer from raw.things group by all");
          database.close();
          assert.equal(rows.length, 1, "one export");
          const [time, files] = rows[0]!.map(Number) as [number, number];
          assert.equal(files, 2 + (time % 2), "all its files");
          seen.add(time);
          await delay(100);
        }
      };
      const check = async () => {
        while (exporting) {
          const { damaged } = await verifyRaw(project, { wait: true });
          assert.deepEqual(damaged, []);
          await delay(100);
        }
      };
      const sync = async () => {
        try {
          for (let time = 1; time <= 3; time++) {
            deliver(time);
            const { code, stderr } = await kit.run(["sync", "--full", "--wait"]);
            assert.equal(code, 0, stderr);
          }
        } finally {
          exporting = false;
        }
      };
      await Promise.all([sync(), query(), check()]);
      assert.ok(seen.size > 1, `saw ${[...seen]}`);
    } finally {
      await kit.close();
    }
  });
});
