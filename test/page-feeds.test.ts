import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pagesFolder } from "../src/base/kit-folders.ts";
import { listDatasets } from "../src/site/dataset-list.ts";
import { catalogDefinitions, type Definition, definitionsIn, withNeeds } from "../src/warehouse/catalog/catalog.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { importsIn } from "./imports.ts";
import { type DemoProject, demoProject, siteFeeds } from "./site-demo.ts";

// What a page says that its figures are made of, against what its datasets read: the views of the catalog down to the
// files of each feed, as their statements name them.
describe("the feeds of a page", () => {
  const feeds = [...siteFeeds, "rep_utilized"];
  const names = new Set(["dim_queues", "export_row_counts", "reps"]); // give names and counts, no figures
  let demo: DemoProject;
  let definitions: Map<string, Definition>;

  before(async () => {
    demo = await demoProject({ days: 2, conversationsPerDay: 60, feeds });
    definitions = catalogDefinitions(demo.project, loadSnapshot(demo.project.data));
  });
  after(() => demo?.delete());

  // Feeds that a page's datasets read, and of which it shows nothing.
  const unshown: Record<string, string[]> = {
    "heatmaps.md": ["queue_wfm"], // of wfm.intraday it takes the reps
  };

  const pages = readdirSync(pagesFolder).filter((name) => name.endsWith(".md"));
  const text = (page: string) => readFileSync(join(pagesFolder, page), "utf8");

  const about = (key: string) => key.startsWith("kit.") || key === "history.through";

  /** The feeds whose files a query reads, through any views. What is about the data, as kit.*, is made of none. */
  function lineage(sql: string): string[] {
    const query = sql.replace(/--.*$/gm, "");
    const figures = definitionsIn(query, definitions).filter((key) => !about(key));
    const read = [...withNeeds(figures, definitions)].filter((key) => !about(key));
    const found = read.flatMap((key) => {
      const own = feeds.filter((feed) => definitions.get(key)!.create().includes(`/${feed}/`));
      return key === "history.days" ? own.filter((feed) => query.includes(`'${feed}'`)) : own;
    });
    return [...new Set(found)].filter((feed) => !names.has(feed)).sort();
  }

  /** The datasets that a page attaches, or that a component it imports fetches by address. */
  function datasetsOf(page: string): string[] {
    const seen = new Set<string>();
    const take = (file: string): string[] => {
      if (seen.has(file) || !existsSync(file)) return [];
      seen.add(file);
      const source = readFileSync(file, "utf8");
      const imported = importsIn(source).flatMap(({ name, when }) =>
        when === "never" || !name.startsWith(".") ? [] : take(join(dirname(file), name).replace(/\.js$/, ".ts")),
      );
      const fetched = [...source.matchAll(/datasetUrl\([\w.]+, `([\w-]+)\//g)].map(([, folder]) => `${folder}/`);
      const attached = [...source.matchAll(/FileAttachment\("data\/([^"]+)"\)/g)].map(([, name]) => name!);
      return [...attached, ...fetched, ...imported];
    };
    return [...new Set(take(join(pagesFolder, page)))];
  }

  function told(page: string): { of: string[]; beside: string[] } | null {
    const options = /freshness\(site, (\{[\s\S]*?\})\)/.exec(text(page))?.[1];
    if (options === undefined || options.includes("site.feeds")) return null;
    const list = (name: string) =>
      [...(new RegExp(`${name}: \\[([^\\]]*)\\]`).exec(options)?.[1] ?? "").matchAll(/"(\w+)"/g)].map(
        ([, feed]) => feed!,
      );
    return { of: list("of"), beside: list("beside") };
  }

  it("are those that a query reads through views, of which a comment names none", () => {
    assert.deepEqual(lineage("-- of convos_metrics\nfrom history.scored"), ["issue_queues", "rep_convos"]);
    assert.deepEqual(lineage("from wfm.rep_windows"), ["queue_membership_wfm"]);
    assert.deepEqual(lineage("select 1 from kit.feeds, history.through"), []);
  });

  for (const page of pages)
    it(`of ${page} are all that its datasets are made of, each once`, () => {
      const said = told(page);
      if (page === "health.md") return assert.equal(said, null, "all that are here");
      const attached = datasetsOf(page);
      const read = listDatasets(demo.project)
        .filter(({ name }) => attached.some((wanted) => name === wanted || name.startsWith(wanted)))
        .flatMap(({ sql }) => lineage(sql));
      const shown = [...said!.of, ...said!.beside, ...(unshown[page] ?? [])];
      assert.deepEqual(shown.sort(), [...new Set(read)].sort());
    });

  it("let no page of history show when the conversations end instead of its own", () => {
    for (const page of ["heatmaps.md", "staffing.md", "accuracy.md"])
      assert.deepEqual(told(page)!.of, ["issue_queues", "rep_convos"], page);
  });
});
