import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
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
          const [received, charts] = [
            await bytes(),
            await page.locator(".figure-body svg .marks > *").count(),
          ];
          assert.ok(received > 100_000 && received < 450_000, `${name}: ${received} bytes`);
          assert.ok(charts > 20 || name === "accuracy", `${name}: ${charts} marks`);
          if (name === "today") assert.equal(await page.locator("#filter-queue option").count(), 51);
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
