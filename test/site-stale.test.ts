import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { filesBelow } from "../src/base/kit-folders.ts";
import type { Project } from "../src/config/project.ts";
import { sync } from "../src/sync/sync.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { cloneKit, type KitClone } from "./kit-clone.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";

const now = new Date("2026-09-16T18:41:00Z"); // of the demo's sync

describe("the parts of a site that a change makes stale", { timeout: 600_000 }, () => {
  let clone: KitClone;
  let demo: DemoProject;
  let site: Awaited<ReturnType<typeof modulesOf>>;

  before(async () => {
    clone = cloneKit();
    demo = await demoProject({ days: 2, conversationsPerDay: 60, feeds: dayFeeds });
    site = await modulesOf(clone);
    writeFileSync(inProject("forecast.csv"), `window_start,queue,contacts\n2026-09-16 08:15,Queue 01,3\n`);
    writeFileSync(inProject("annotations.csv"), "from,what,exclude\n2026-09-15,sale,no\n2026-09-14,down,yes\n");
    appendFileSync(
      inProject("kit.yaml"),
      "  forecast: forecast.csv\n  annotations: annotations.csv\nsync: { max_age: 30m }\n",
    );
    mkdirSync(inProject("site"));
    await buildStale();
  });
  after(() => {
    demo?.delete();
    clone?.delete();
  });

  const inKit = (path: string) => join(clone.folder, path);
  const inProject = (path: string) => join(demo.folder, path);
  const project = () => site.openProject(inProject("kit.yaml"));
  const cacheOf = (project: Project) => site.workspaceOf(project).cache;

  /** Builds what is stale, and returns the datasets computed. */
  async function buildStale(): Promise<string[]> {
    const present = project();
    const computed = await site.computeDatasets(present, { changed: true });
    const libraries = { inputs: site.libraryInputs(), output: "" };
    await site.withState(cacheOf(present), (_, record) => record({ libraries }));
    const inputs = site.pageInputs(present);
    writeFileSync(inProject("site/index.html"), inputs === null ? "" : site.pagesTag(inputs));
    return computed.map(({ name }) => name).sort();
  }

  /** The parts that are stale now. */
  function stale(): string[] {
    const present = project();
    const { libraries, datasets } = site.readState(cacheOf(present));
    const inputs = site.pageInputs(present);
    const upToDate = {
      libraries: site.isUpToDate(libraries, site.libraryInputs()),
      pages: inputs !== null && site.isUpToDate(site.pagesRecord(inProject("site")), inputs),
      datasets: site.isUpToDate(datasets, site.inputsOfAllDatasets(present)),
    };
    return Object.entries(upToDate).flatMap(([part, isCurrent]) => (isCurrent ? [] : part));
  }

  const edit = (file: string, text: string, other: string) => {
    const former = readFileSync(file, "utf8");
    assert.ok(former.includes(text), `${file} has ${text}`);
    writeFileSync(file, former.replace(text, other));
  };
  const query = (file: string) => inKit(`data-loaders/${file}`);
  const days = ["intraday/2026-09-15.json", "intraday/2026-09-16.json"];
  const scored = ["accuracy-worst.json", "accuracy.json"];
  const parts = (folder: string) => Array.from({ length: 17 }, (_, part) => `${folder}/${part}.json`);
  const withSettings = [
    "annotations.json",
    "days.json",
    "health-suspected.json",
    "last-day.json",
    ...["14", "15", "16"].map((day) => `waiting/2026-09-${day}.json`),
    "queue-days.json",
    "queue-load.json",
    "settling.json",
    "site.json",
    ...scored,
    ...parts("close"),
    ...parts("heatmap"),
    ...days,
  ];

  // parts: "datasets" stands for all together; answers: the datasets that a build with `changed` computes
  const table: [change: string, parts: string[], answers: string[] | "some", make: () => unknown][] = [
    ["nothing", [], [], () => {}],
    ["the times of all files", [], [], () => touchAll(clone.folder, demo.folder)],
    ["package-lock.json", ["libraries", "pages"], [], () => appendFileSync(inKit("package-lock.json"), "\n")],
    [
      "package.json, with the kit's version",
      ["pages", "datasets"],
      [],
      () => appendFileSync(inKit("package.json"), "\n"),
    ],
    [
      "how libraries are bundled",
      ["libraries"],
      [],
      () => appendFileSync(inKit("dist/src/site/framework-cache.js"), "\n"),
    ],
    ["Framework's configuration", ["pages"], [], () => appendFileSync(inKit("src/site/framework.ts"), "\n")],
    ["a page", ["pages"], [], () => appendFileSync(inKit("notebooks/today.md"), "\n")],
    ["a component", ["pages"], [], () => appendFileSync(inKit("notebooks/components/charts/panel.ts"), "\n")],
    ["a page's name", ["pages"], [], () => renameSync(inKit("notebooks/heatmaps.md"), inKit("notebooks/heat.md"))],
    ["the text of a query", ["datasets"], ["queues.json"], () => appendFileSync(query("queues.json.sql"), "\n")],
    [
      "the text of a query at the same size and time",
      ["datasets"],
      ["queues.json"],
      () => sameTime(query("queues.json.sql"), (file) => edit(file, "-- One row", "-- One  ow")),
    ],
    ["the query of every day", ["datasets"], days, () => appendFileSync(query("intraday/[day].json.sql"), "\n")],
    [
      "a new query",
      ["pages", "datasets"],
      ["one.json"],
      () => writeFileSync(query("one.json.sql"), "-- One row.\n-- Ships: n\nselect 1 as n\n"),
    ],
    [
      "a query's name",
      ["pages", "datasets"],
      ["two.json"],
      () => renameSync(query("one.json.sql"), query("two.json.sql")),
    ],
    ["a query less", ["pages", "datasets"], [], () => rmSync(query("two.json.sql"))],
    ["a comment of kit.yaml", ["pages", "datasets"], [], () => appendFileSync(inProject("kit.yaml"), "# a comment\n")],
    [
      "a setting of kit.yaml",
      ["pages", "datasets"],
      withSettings,
      () => edit(inProject("kit.yaml"), "Test contact centre", "Test contact center"),
    ],
    ["a comment of feeds.yaml", ["datasets"], [], () => appendFileSync(inKit("feeds.yaml"), "# a comment\n")],
    [
      "the forecast",
      ["datasets"],
      ["health-suspected.json", "site.json", ...scored, ...days],
      () => edit(inProject("forecast.csv"), ",3", ",4"),
    ],
    [
      "the text of an annotation",
      ["datasets"],
      ["annotations.json", "health-suspected.json", "site.json"],
      () => edit(inProject("annotations.csv"), "sale", "offers"),
    ],
    [
      "a day that an annotation excludes",
      ["datasets"],
      [
        "annotations.json",
        "health-suspected.json",
        "queue-load.json",
        "site.json",
        ...scored,
        ...parts("close"),
        ...parts("heatmap"),
        ...days,
      ],
      () => edit(inProject("annotations.csv"), "offers,no", "offers,yes"),
    ],
    ["a sync with news", ["datasets"], "some", () => syncNews(demo)],
    ["a sync without news", [], ["site.json"], () => sync(demo.project, { now: new Date(now.getTime() + 3_600_000) })],
  ];

  for (const [change, parts, answers, make] of table)
    it(`${change}: ${parts.join(", ") || "no part"}`, async () => {
      await make();
      assert.deepEqual(stale(), parts);
      const computed = await buildStale();
      if (answers === "some") {
        // the markers were touched above, and with them the moments from which their partitions were known
        const others = computed.filter((name) => !/^(close|known)\//.test(name));
        assert.ok(others.includes(days[1]!) && !others.includes(days[0]!) && others.length < 23, computed.join(" "));
      } else assert.deepEqual(computed, [...answers].sort());
      assert.deepEqual(stale(), []);
      assert.deepEqual(await buildStale(), []);
    });

  it("an answer that is gone or that another has written is computed again", async () => {
    const { datasets } = site.workspaceOf(project());
    rmSync(join(datasets, "queues.json"));
    writeFileSync(join(datasets, "days.json"), "[]\n");
    assert.deepEqual(await buildStale(), ["days.json", "queues.json"]);
    assert.deepEqual(await buildStale(), []);
  });

  it("the site of another project, or none, is stale", async () => {
    writeFileSync(inProject("site/index.html"), site.pagesTag("0123"));
    assert.deepEqual(stale(), ["pages"]);
    rmSync(inProject("site/index.html"));
    assert.deepEqual(stale(), ["pages"]);
    await buildStale();
  });

  it("a query that is a program makes pages stale always: it may read anything", async () => {
    writeFileSync(query("any.json.js"), "console.log('[]')\n");
    assert.deepEqual(stale(), ["pages"]);
    await buildStale();
    assert.deepEqual(stale(), ["pages"]);
    rmSync(query("any.json.js"));
    await buildStale();
    assert.deepEqual(stale(), []);
  });

  // datasets     a sync is due   Framework's own commands
  // current      no              keep them
  // current      yes             drop them: a loader syncs first
  // stale        no              drop them
  it("Framework's own commands drop datasets that are stale, or when a sync is due", async () => {
    const synced = now.getTime() + 3_600_000;
    const { datasets } = site.workspaceOf(project());
    for (const [comment, minutes, kept] of [
      ["", 29, true],
      ["", 31, false],
      ["# stale\n", 29, false],
      ["", 29, true],
    ] as const) {
      await buildStale();
      assert.ok(existsSync(datasets));
      appendFileSync(inProject("kit.yaml"), comment);
      await site.dropStaleDatasets(project(), new Date(synced + minutes * 60_000));
      assert.equal(existsSync(datasets), kept, `${comment}${minutes}`);
      assert.deepEqual(
        stale().filter((part) => part === "datasets"),
        [],
      );
    }
  });
});

async function modulesOf({ folder }: KitClone) {
  const at = (path: string) => pathToFileURL(join(folder, "dist", "src", `${path}.js`)).href;
  const { computeDatasets }: typeof import("../src/site/dataset.ts") = await import(at("site/dataset"));
  const inputs: typeof import("../src/site/dataset-inputs.ts") = await import(at("site/dataset-inputs"));
  const { libraryInputs }: typeof import("../src/site/framework-cache.ts") = await import(at("site/framework-cache"));
  const { pageInputs }: typeof import("../src/site/build.ts") = await import(at("site/build"));
  const { workspaceOf }: typeof import("../src/site/workspace.ts") = await import(at("site/workspace"));
  const { openProject }: typeof import("../src/config/project.ts") = await import(at("config/project"));
  const staleness: typeof import("../src/site/staleness.ts") = await import(at("site/staleness"));
  return { computeDatasets, ...inputs, libraryInputs, pageInputs, workspaceOf, openProject, ...staleness };
}

function touchAll(...folders: string[]): void {
  const later = new Date(Date.now() + 60_000);
  for (const folder of folders)
    for (const path of filesBelow(folder))
      if (!path.includes("/cache/data/")) utimesSync(join(folder, path), later, later);
}

function sameTime(file: string, change: (file: string) => void): void {
  const time = new Date(1_000_000_000_000);
  utimesSync(file, time, time);
  change(file);
  utimesSync(file, time, time);
}

/** Exports the newest window of queue_wfm again with another count, and takes it in. */
async function syncNews({ project }: DemoProject): Promise<void> {
  const folder = join((project.config.source as { path: string }).path, "queue_wfm");
  const newest = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".gz"))
    .sort()
    .at(-1)!;
  const [line] = gunzipSync(readFileSync(join(folder, newest)))
    .toString()
    .split("\n");
  writeFileSync(join(folder, newest), gzipSync(`${JSON.stringify({ ...JSON.parse(line!), total_assignments: 77 })}\n`));
  await sync(project, { now });
  await updateWarehouse(project, { now });
}
