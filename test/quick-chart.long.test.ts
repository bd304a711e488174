// The example of docs/site.md in a site that is built and opened in a browser.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { type SiteServer, serveSite } from "../src/site/serve.ts";
import { cleanEnv } from "./cli-kit.ts";
import { docsExample } from "./docs-example.ts";
import { cloneKit, type KitClone } from "./kit-clone.ts";
import { findChromium, goTo, openChromium, saved, visit } from "./site-chromium.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";

const chromium = findChromium();

describe("a quick chart", { skip: !chromium && "no Chromium", timeout: 600_000 }, () => {
  let clone: KitClone;
  let demo: DemoProject;
  let server: SiteServer;
  let browser: Browser;

  before(async () => {
    clone = cloneKit();
    demo = await demoProject({ days: 3, conversationsPerDay: 120 });
    const { query, page } = docsExample();
    writeFileSync(join(clone.folder, "data-loaders", "hours.json.sql"), query);
    writeFileSync(join(clone.folder, "notebooks", "hours.md"), page);
    const config = join(demo.folder, "kit.yaml");
    execFileSync(process.execPath, [clone.bin, "build", "--config", config], {
      cwd: demo.folder,
      env: cleanEnv(),
      stdio: ["ignore", "ignore", "inherit"],
    });
    server = await serveSite(join(demo.folder, "site"), { port: 0 });
    browser = await openChromium(chromium!);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    demo?.delete();
    clone?.delete();
  });

  it("is drawn with titles, menu and table under the site's policy, and asks no other host", async () => {
    const { page, problems, close } = await visit(browser, `${server.url}hours.html`);
    try {
      const data = join(demo.folder, "site", "_file", "data");
      const file = readdirSync(data).find((name) => name.startsWith("hours."))!;
      const rows = JSON.parse(readFileSync(join(data, file), "utf8"));
      assert.ok(rows.length > 8);
      assert.equal(await page.locator("#hours .plot [aria-label=rect] rect").count(), rows.length);
      assert.equal(await page.locator("#hours .figure-title").innerText(), "Mornings are busiest");
      await page.locator("#hours summary").click();
      assert.equal(await page.locator("#hours tbody tr").count(), rows.length);
      const colours = () =>
        page.$eval("#hours .plot", (plot) => [
          getComputedStyle(plot.querySelector("[aria-label=rect]")!).fill,
          getComputedStyle(plot.querySelector("text")!).fill,
        ]);
      const light = await colours();
      assert.deepEqual(light, ["rgb(47, 111, 183)", "rgb(95, 107, 118)"]);
      const png = readFileSync(await saved(page, "#hours", "Save as PNG"));
      assert.equal(png.subarray(1, 4).toString(), "PNG");
      const svg = readFileSync(await saved(page, "#hours", "Save as SVG"), "utf8");
      assert.equal(svg.match(/fill="#2f6fb7"/g)?.length, 1, "one group of bars");
      assert.doesNotMatch(svg, /var\(|currentColor|class=/);
      const csv = readFileSync(await saved(page, "#hours", "Save numbers as CSV"), "utf8");
      assert.equal(csv.trim().split("\r\n").length, rows.length + 1);
      await page.emulateMedia({ colorScheme: "dark" });
      assert.notDeepEqual(await colours(), light);
      assert.deepEqual(problems, []);
    } finally {
      await close();
    }
  });

  it("says so where there are no rows", async () => {
    const { page, problems, close } = await visit(browser, `${server.url}definitions.html`);
    try {
      await page.route("**/hours*.json", (route) => route.fulfill({ json: [] }));
      await goTo(page, `${server.url}hours.html`);
      assert.equal(await page.locator("#hours .panel-empty").textContent(), "No rows.");
      assert.deepEqual(problems, []);
    } finally {
      await close();
    }
  });
});
