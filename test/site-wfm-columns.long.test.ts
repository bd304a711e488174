import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { openProject } from "../src/config/project.ts";
import { buildSite } from "../src/site/build.ts";
import { type SiteServer, serveSite } from "../src/site/serve.ts";
import { findChromium, openChromium, visit } from "./site-chromium.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";

const chromium = findChromium();

// The columns that these metrics are mapped to are in no export: as if the customer's were called otherwise.
const mapping = `  wfm:
    queue: {abandons: left_queue, wait_seconds: queue_name, wrap_seconds: instance_ts}
    membership: {available: free_minutes}
`;

describe("pages without some columns of the WFM feeds", { skip: chromium === null }, () => {
  let demo: DemoProject;
  let site: SiteServer;
  let browser: Browser;

  before(async () => {
    demo = await demoProject({ days: 3, conversationsPerDay: 150 });
    const config = join(demo.folder, "kit.yaml");
    writeFileSync(config, `${readFileSync(config, "utf8")}${mapping}`);
    const out = join(demo.folder, "site");
    await buildSite(openProject(config), { out });
    site = await serveSite(out, { port: 0 });
    browser = await openChromium(chromium!);
  });

  after(async () => {
    await browser?.close();
    await site?.close();
    demo?.delete();
  });

  it("say which metrics no column holds, in each chart that draws from the feed", async () => {
    const { page, problems, close } = await visit(browser, new URL("today", site.url).href);
    assert.deepEqual(problems, []);
    for (const id of ["volume", "service-level", "waits", "handle-time"])
      assert.match(
        (await page.locator(`#${id} figcaption`).textContent()) ?? "",
        /No column is mapped to abandons, wait_seconds, wrap_seconds, so/,
        id,
      );
    assert.match((await page.locator("h1").textContent()) ?? "", /^no contact counts for /i);
    assert.match((await page.locator("#service-level").textContent()) ?? "", /No service level to show/);
    const cards = (await page.locator(".cards").textContent()) ?? "";
    assert.match(cards, /Answered in 60 s–/);
    assert.match(cards, /Offered–no column is mapped/);
    assert.doesNotMatch(cards, /NaN|Infinity|undefined|null|0 contacts/);
    await close();
  });

  it("say on the board of queues that a column is missing, not that no data came", async () => {
    const { page, problems, close } = await visit(browser, new URL("queues", site.url).href);
    assert.deepEqual(problems, []);
    const words = async (selector: string) => (await page.locator(selector).first().textContent()) ?? "";
    assert.match(await words("h1"), /^No service level to show for/);
    assert.match(await words(".lead"), /^No column is mapped to abandons, wait_seconds, wrap_seconds, so/);
    assert.match(await words("#queues"), /No contacts to show/);
    assert.match(await words("#queues figcaption"), /No column is mapped to abandons/);
    const facets = await page.locator(".queue-board .facet").allTextContents();
    assert.ok(facets.length > 1);
    for (const facet of facets) assert.match(facet, /no column–contacts.*–abandoned–mean wait/);
    const spoken = await page.locator(".queue-board .facet title").first().textContent();
    assert.match(spoken ?? "", /no column, – contacts/);
    const main = await words("main");
    assert.doesNotMatch(main, /No queue has data|No rows|NaN|n = 0/);
    await close();
  });

  it("lack nothing where they draw from the history", async () => {
    const facts: [page: string, empty: RegExp][] = [
      ["", /No queue history yet|No conversations yet/],
      ["heatmaps?measure=abandons&week=last", /No abandon rate to show|No column/],
      ["staffing", /No curve to show|No history of this queue|No column/],
    ];
    for (const [name, empty] of facts) {
      const { page, problems, close } = await visit(browser, new URL(name, site.url).href);
      assert.deepEqual(problems, [], name);
      const captions = (await page.locator("figcaption").allTextContents()).join(" ");
      assert.match(captions, /Source: .*issue_queues/, name);
      assert.doesNotMatch(captions, empty, name);
      await close();
    }
  });

  it("are drawn all the same", async () => {
    for (const name of ["", "queues", "heatmaps", "staffing", "conversations", "health", "definitions"]) {
      const { page, problems, close } = await visit(browser, new URL(name, site.url).href);
      assert.deepEqual(problems, [], name);
      if (name !== "definitions")
        // which explains when a figure is undefined
        assert.doesNotMatch((await page.locator("main").textContent()) ?? "", /NaN|Infinity|undefined/, name);
      await close();
    }
  });
});
