import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Page } from "playwright-core";
import { serveSite } from "../src/site/serve.ts";
import { largeSite } from "./large-site.ts";
import { findChromium, openChromium, visit } from "./site-chromium.ts";

const chromium = findChromium();

describe("the site at 90 days x 50 queues", { skip: chromium ? false : "no Chromium found" }, () => {
  it("needs less than 450 kB to show Today, or any other intraday page, for the first time", async () => {
    const folder = mkdtempSync(join(tmpdir(), "asapp-large-"));
    try {
      const { site } = await largeSite(folder, { dayFiles: 1 });
      const server = await serveSite(site, { port: 0 });
      const browser = await openChromium(chromium!);
      try {
        for (const name of ["today", "queues", "heatmaps", "staffing", "accuracy"]) {
          const { page, bytes, problems, close } = await visit(browser, server.url + name);
          assert.deepEqual(problems, [], name);
          const [received, charts] = [await bytes(), await page.locator(".figure svg *").count()];
          assert.ok(received > 100_000 && received < 450_000, `${name}: ${received} bytes`);
          assert.ok(charts > 30, `${name}: ${charts} marks`);
          if (name === "today") {
            assert.equal(await page.locator("#filter-queue option").count(), 51);
            await takesApart(page);
          }
          await close();
        }
      } finally {
        await browser.close();
        await server.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** By keyboard and by mouse: an interval opens into volume, handle time and staff, stays in the address, and closes. */
async function takesApart(page: Page): Promise<void> {
  const at = () => new URL(page.url()).searchParams.get("at");
  await page.locator("#waits svg").focus();
  await page.keyboard.press("Home");
  for (let i = 0; i < 40; i++) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert.equal(at(), "10:00");
  const headings = await page.locator(".drivers tbody th").allTextContents();
  assert.deepEqual(
    headings.map((text) => text.split(",")[0]),
    ["Volume", "Handle time", "Staff", "Required FTE", "Net staffing"],
  );
  assert.match(
    (await page.locator(".drivers p").first().textContent())!,
    /^Net staffing was .* together .* reps\.$/,
  );
  assert.equal(
    await page.locator("#volume .picked").evaluate((node) => (node as SVGElement).style.display),
    "",
  );
  await page.reload({ waitUntil: "networkidle" });
  assert.equal(await page.locator(".drivers").count(), 1, "the address opens it again");
  await page.locator(".drivers button").click();
  assert.equal(await page.locator(".drivers").count(), 0);
  assert.equal(at(), null);
  await page.locator("#volume svg").click({ position: { x: 400, y: 100 } });
  assert.equal(await page.locator(".drivers").count(), 1);
}
