import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { still } from "../notebooks/components/picture/picture.ts";
import { chartText } from "./chart-text.ts";
import { runPage } from "./page-cells.ts";

const rows = Array.from({ length: 30 }, (_, i) => ({
  day: i,
  contacts: (i * 7) % 19,
  queue: i % 2 ? "A" : "B",
}));

// The marks of a chart as a page has them, and as a picture of it.
async function drawn(plot: string): Promise<{ page: string; picture: string; chart: SVGSVGElement }> {
  const cell = (code: string) => `\`\`\`js\n${code}\n\`\`\`\n`;
  const source = [
    'import * as Plot from "@observablehq/plot";\nimport { palette, quickChart } from "./components/charts/quick-chart.js";',
    'const rows = await FileAttachment("data/rows.json").json();',
    `display(quickChart({ id: "own", title: "Own", subtitle: "s", footer: "f", rows, plot: ${plot} }));`,
  ].map(cell);
  const { displayed } = await runPage("own", { source: source.join("\n"), files: { rows } });
  const chart = (displayed[0] as HTMLElement).querySelector<SVGSVGElement>(".figure-body svg")!;
  const page = chartText(chart);
  return { page, picture: chartText(still(chart)), chart };
}

const plots: [what: string, plot: string][] = [
  [
    "a line with markers",
    '{ marks: [Plot.lineY(rows, { x: "day", y: "contacts", marker: "arrow", stroke: "var(--orange)" })] }',
  ],
  ["clipped marks", '{ marks: [Plot.areaY(rows, { x: "day", y: "contacts", clip: true, fill: "var(--blue-soft)" })] }'],
  [
    "texts of a colour",
    '{ marks: [Plot.text(rows, { x: "day", y: "contacts", text: "queue", fill: "var(--orange-ink)" })] }',
  ],
  [
    "colours by queue",
    '{ color: { domain: ["A", "B"], range: palette }, marks: [Plot.dot(rows, { x: "day", y: "contacts", fill: "queue" })] }',
  ],
  [
    "colours of Framework's theme, and of nobody",
    '{ marks: [Plot.ruleY([3], { stroke: "var(--theme-foreground-faint)" }), Plot.ruleY([4], { stroke: "var(--mine)" }), Plot.ruleY([5], { stroke: "var(--mine, #123456)" })] }',
  ],
  ["facets and a tip", '{ marks: [Plot.dot(rows, { x: "day", y: "contacts", fy: "queue", tip: true })] }'],
  [
    "its own legend and titles",
    '{ title: "T", caption: "c", color: { legend: true }, marks: [Plot.dot(rows, { x: "day", y: "contacts", stroke: "queue" })] }',
  ],
  [
    "a function of the width",
    '(width) => ({ height: width / 4, marks: [Plot.barY(rows, { x: "day", y: "contacts", fill: "color-mix(in oklab, var(--blue) 40%, var(--sheet))" })] })',
  ],
];

describe("a quick chart", () => {
  for (const [what, plot] of plots)
    it(`is plain SVG in a picture, whoever opens it: ${what}`, async () => {
      const { picture, chart } = await drawn(plot);
      assert.doesNotMatch(picture, /var\(|color-mix|currentcolor|class=|style|<figure/i);
      const ids = new Set([...picture.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
      for (const [, id] of picture.matchAll(/url\(#([^)]+)\)/g)) assert.ok(ids.has(id), `url(#${id})`);
      assert.equal(chart.getAttribute("aria-label"), "Own");
      assert.match(chart.getAttribute("viewBox")!, /^0 0 760 \d+$/);
    });

  it("keeps the ids of a page's charts apart, and is the same picture again", async () => {
    const [[, plot]] = plots as [(typeof plots)[0]];
    const [one, other] = [await drawn(plot), await drawn(plot)];
    assert.notEqual(one.page, other.page);
    assert.equal(one.picture, other.picture);
  });
});
