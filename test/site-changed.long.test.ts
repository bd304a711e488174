import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { buildSite } from "../src/site/build.ts";
import { workspaceOf } from "../src/site/workspace.ts";
import { sync } from "../src/sync/sync.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";
import { tree } from "./sync-kit.ts";

describe("a site brought up to date", () => {
  const now = new Date("2026-09-16T18:56:00Z");
  let demo: DemoProject;
  let folder: string;

  before(async () => {
    demo = await demoProject({ days: 3, conversationsPerDay: 100 });
    folder = mkdtempSync(join(tmpdir(), "asapp-changed-"));
  });
  after(() => {
    demo.delete();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is byte for byte the one that is built anew from the same data", { timeout: 300_000 }, async () => {
    const { project } = demo;
    const live = join(folder, "live");
    await buildSite(project, { out: live });
    const { path } = project.config.source as { path: string };
    const newest = readdirSync(join(path, "queue_wfm"), { recursive: true })
      .map(String)
      .filter((file) => file.endsWith(".gz"))
      .sort()
      .at(-1)!;
    const file = join(path, "queue_wfm", newest);
    const [line] = gunzipSync(readFileSync(file)).toString().split("\n");
    const row = JSON.parse(line!);
    writeFileSync(file, gzipSync(`${JSON.stringify({ ...row, total_assignments: 77 })}\n`));
    await sync(project, { now });
    await updateWarehouse(project, { now });

    const begun = performance.now();
    const later = new Date(Date.now() + 3_600_000);
    const built = await buildSite(project, { out: live, changed: true });
    console.log(
      `    brought up to date in ${Math.round(performance.now() - begun)} ms: ${built.computed} datasets, ${built.written} files`,
    );
    assert.ok(built.computed > 0 && built.computed < built.datasets, "not all datasets were computed");
    assert.ok(built.written < 30, "the pages were not built anew");

    await sync(project, { now: new Date(now.getTime() + 900_000) });
    const quiet = await buildSite(project, { out: live, changed: true });
    assert.equal(quiet.computed, 1, "of a sync without news only site.json tells");
    await buildSite(project, { out: live, changed: true, now: later });

    rmSync(join(workspaceOf(project).cache, "site.state.json"));
    const anew = join(folder, "anew");
    await buildSite(project, { out: anew });
    assert.deepEqual(tree(live), tree(anew));
  });
});
