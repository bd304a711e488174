import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { DayFacts } from "../notebooks/components/charts/day-charts.ts";
import { dayCard } from "../notebooks/components/share/day-card.ts";
import type { SharedPage } from "../notebooks/components/share/share-page.ts";
import { pagesFolder } from "../src/base/kit-folders.ts";
import { pageScript, sharedHtml } from "../src/site/share/share-html.ts";
import { rows } from "./chart-rows.ts";
import { runPage } from "./page-cells.ts";

describe("a page that stands alone", () => {
  it("carries its script and its font, and links to nothing", async () => {
    const { values } = await runPage("today", { files: rows });
    const facts = values.get("page") as DayFacts;
    const script = await pageScript();
    assert.ok(!/\bimport\s*\(/.test(script));
    const page = { site: facts.site, queues: [facts.queue] } as unknown as SharedPage;
    const html = sharedHtml(page, dayCard(facts), facts, script);
    const links = [...html.matchAll(/<link rel="kit-font" data-weight="(\d+)" href="data:font\/woff2;base64,(.*?)">/g)];
    for (const weight of ["400", "600"])
      assert.equal(
        links.find(([, of]) => of === weight)?.[2],
        readFileSync(join(pagesFolder, "fonts", `inter-${weight}.woff2`), "base64"),
      );
    const outside = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url!);
    assert.deepEqual(
      outside.filter((url) => !url.startsWith("data:")),
      [],
    );
  });
});
