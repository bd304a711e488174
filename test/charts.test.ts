// Each chart of each page, drawn from small fixed rows, is test/output/charts/<page>-<view>-<chart>.svg. After a change that
// is meant: npm run renew, and look at the diff.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import type { DayFacts } from "../notebooks/components/charts/day-charts.ts";
import { picture, still } from "../notebooks/components/picture/picture.ts";
import { dayCard } from "../notebooks/components/share/day-card.ts";
import { filesBelow, kitRoot, pagesFolder } from "../src/base/kit-folders.ts";
import { withDocument } from "../src/site/share/svg-document.ts";
import { noRows, rows } from "./chart-rows.ts";
import { chartText } from "./chart-text.ts";
import { docsExample } from "./docs-example.ts";
import { type PageInput, runPage } from "./page-cells.ts";
import { stored } from "./stored.ts";

// Per page, what it is opened with: every look of a chart once.
const views: Record<string, Record<string, Partial<PageInput>>> = {
  index: { usual: {} },
  today: {
    running: {},
    whole: { search: "?date=yesterday&compare=none&basis=erlang&queue=Billing" },
    "last-week": { search: "?compare=last&interval=60", width: 330 },
    forecast: { search: "?queue=Billing&interval=30" },
  },
  waiting: {
    running: {},
    whole: { search: "?date=yesterday&queue=Billing&interval=30&load=active&within=120" },
    held: { search: "?queue=Technical support with a very long name", width: 330 },
  },
  queues: {
    free: {},
    same: { search: "?scale=same&date=yesterday&order=now", width: 330 },
    close: { search: "?order=risk" },
  },
  heatmaps: {
    volume: {},
    service: { search: "?measure=service&week=difference&queue=Billing" },
    wait: { search: "?measure=wait&week=last", width: 330 },
    abandons: { search: "?measure=abandons&slot=30", width: 330 },
    staffing: { search: "?measure=staffing" },
  },
  staffing: { usual: {}, overloaded: { search: "?reps=3", width: 330 } },
  accuracy: { usual: {}, narrow: { width: 330 } },
  conversations: { usual: {}, narrow: { search: "?range=7", width: 330 } },
  health: { usual: {} },
  definitions: { usual: {} },
};

const drawn = new Set<string>();
const draw = (name: string) => {
  assert.ok(!drawn.has(name), `two charts are called ${name}`);
  drawn.add(name);
};
const compare = (name: string, chart: SVGSVGElement) => {
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  chart.setAttribute("font-family", "Inter, system-ui, sans-serif");
  const text = chartText(chart);
  assert.doesNotMatch(text, /var\(|color-mix|light-dark|currentColor/, "only browsers would draw it");
  stored(`charts/${name}.svg`, text);
};

describe("charts", () => {
  for (const [page, ways] of Object.entries(views))
    for (const [view, options] of Object.entries({ ...ways, empty: { files: noRows } as Partial<PageInput> }))
      it(`of ${page}, ${view}, are as stored`, async () => {
        const { displayed } = await runPage(page, { files: rows, ...options });
        const charts = chartsOf(displayed).map(([name, chart]) => [`${page}-${view}-${name}`, chart] as const);
        for (const [name] of charts) draw(name);
        for (const [name, chart] of charts) compare(name, still(chart));
      });

  it("of the shared card are as stored", async () => {
    const { values } = await runPage("today", { files: rows, search: "?interval=60" });
    const card = withDocument(() => picture(dayCard(values.get("page") as DayFacts)));
    draw("today-card");
    compare("today-card", card);
  });

  it("of docs/site.md, drawn by Plot, are as stored", async () => {
    const { page: source } = docsExample();
    const hours = Array.from({ length: 24 }, (_, hour) => ({
      hour,
      conversations: 40 - Math.abs(11 - hour) * 3,
    }));
    for (const [view, rows] of Object.entries({ hours, empty: [] })) {
      const { displayed } = await runPage("docs", { source, files: { hours: rows } });
      for (const [name, chart] of chartsOf(displayed)) {
        draw(`docs-${view}-${name}`);
        compare(`docs-${view}-${name}`, still(chart));
      }
    }
  });

  it("are drawn of every page and every figure that there is", () => {
    const pages = readdirSync(pagesFolder).filter((name) => name.endsWith(".md"));
    assert.deepEqual(Object.keys(views).sort(), pages.map((name) => basename(name, ".md")).sort());
    const components = join(pagesFolder, "components");
    const source = ["charts", "pages", "share"]
      .flatMap((room) => filesBelow(join(components, room)).map((file) => join(components, room, file)))
      .map((file) => readFileSync(file, "utf8"))
      .join("");
    const ids = [...source.matchAll(/\b(?:figure\(|return )\{\s+id: "([\w-]+)"/g)].map(([, id]) => id!);
    assert.ok(ids.length > 15);
    for (const id of ids)
      assert.ok(
        [...drawn].some((name) => name.endsWith(`-${id}`)),
        `no view above draws the figure ${id}`,
      );
  });

  it("are all that is stored", () => {
    const there = readdirSync(join(kitRoot, "test/output/charts")).map((name) => basename(name, ".svg"));
    const left = there.filter((name) => !drawn.has(name) && !name.endsWith("-changed"));
    assert.deepEqual(left, [], "no chart is called so any more: delete these files of test/output/charts");
  });
});

// Charts in a page by name: the id of their figure, or the label of the card that they stand in.
function chartsOf(displayed: readonly Node[]): [name: string, chart: SVGSVGElement][] {
  const roots = displayed.filter((node): node is Element => node.nodeType === 1);
  return roots
    .flatMap((root) => [...root.querySelectorAll("svg:not(.mark)")])
    .map((chart) => {
      const figure = chart.closest("figure")?.id;
      const card = chart.closest(".kit-card")?.querySelector(".card-label")?.textContent;
      const name = figure ?? (card && `card-${card.toLowerCase().replace(/\W+/g, "-")}`);
      assert.ok(name, `a chart in no figure: ${chart.getAttribute("aria-label")}`);
      return [name, chart as SVGSVGElement];
    });
}
