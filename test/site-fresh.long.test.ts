import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { buildSite } from "../src/site/build.ts";
import { type SiteServer, serveSite } from "../src/site/serve.ts";
import { findChromium, goTo, openChromium } from "./site-chromium.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";

const chromium = findChromium();
const through = Date.parse("2026-09-16T18:15:00Z"); // of the WFM feeds; synced at 18:41
const minute = 60_000;

// What the site's host answers to the question for its version; null: no such file.
interface Host {
  version?: string; // that of the site unless told
  synced?: string;
  date?: number | null; // null: without a Date
  gone?: boolean;
}

describe("a page that stays open", { skip: chromium ? false : "no Chromium found" }, () => {
  let demo: DemoProject;
  let server: SiteServer;
  let browser: Browser;
  let own: { version: string; synced: string };

  before(async () => {
    demo = await demoProject({ days: 3, conversationsPerDay: 150 });
    const site = await buildSite(demo.project, { out: join(demo.folder, "site") });
    own = JSON.parse(readFileSync(join(site.folder, "version.json"), "utf8"));
    server = await serveSite(site.folder, { port: 0 });
    browser = await openChromium(chromium!);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    demo?.delete();
  });

  async function open(address: string, { at = through + 35 * minute, host = {} as Host } = {}) {
    const context = await browser.newContext({
      timezoneId: "Asia/Tokyo",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const page = await context.newPage();
    const seen = { asked: 0, loads: 0, errors: [] as string[] };
    page.on("pageerror", (error) => seen.errors.push(error.message));
    page.on("load", () => seen.loads++);
    await page.clock.install({ time: at });
    await page.route("**/version.json", async (route) => {
      seen.asked++;
      if (host.gone) return route.fulfill({ status: 404, body: "no" });
      const { version = own.version, synced = own.synced, date = null } = host;
      await route.fulfill({
        body: JSON.stringify({ version, synced }),
        headers: date === null ? {} : { Date: new Date(date).toUTCString() },
      });
    });
    await goTo(page, server.url + address);
    await page.locator(".renewal").waitFor({ state: "attached" }); // it follows the site
    return { page, seen, host, close: () => context.close() };
  }

  const fresh = (page: Page) => page.locator(".fresh").textContent();
  const later = async (page: Page, minutes: number, step = 1) => {
    for (let i = 0; i < minutes; i += step) await page.clock.fastForward(step * minute);
  };
  /** Until a page says so, or ten seconds have passed, which the error tells. */
  const says = (page: Page, place: string, text: RegExp) =>
    page.locator(place, { hasText: text }).first().waitFor({ timeout: 10_000 });

  it("tells the age of its data, which goes on, and warns once it is over twice the cadence", async () => {
    const { page, seen, close } = await open("today.html");
    assert.match((await fresh(page))!, /Data through Wed 16 Sep, 14:15 EDT, 35 min ago/);
    assert.equal(await page.locator(".warning-bar").textContent(), "");
    await later(page, 29);
    await says(page, ".fresh", /14:15 EDT, 6[45] min ago/);
    await says(page, ".warning-bar", /^Old data\. queue_wfm and queue_membership_wfm end .* every 30 min/);
    assert.ok(seen.asked >= 2 && seen.loads === 1, JSON.stringify(seen));
    assert.deepEqual(seen.errors, []);
    await close();
  });

  it("says that the data are not of today, by the day of the site's zone and no other", async () => {
    const newYork = Date.parse("2026-09-17T04:05:00Z"); // five past midnight there, an afternoon in Tokyo
    const { page, close } = await open("today.html", { at: newYork });
    assert.match((await page.locator(".warning-bar").textContent())!, /^Old data, not today's\./);
    await close();
  });

  it("tells no age when this device's clock is behind, and goes by the server's where it is told", async () => {
    const { page, host, close } = await open("today.html", { at: through - 600 * minute });
    assert.match((await fresh(page))!, /14:15 EDT ?(Synced|Age)/);
    assert.match((await fresh(page))!, /clock is behind the data/);
    assert.equal(await page.locator(".warning-bar").textContent(), "");
    host.date = through + 64 * minute;
    await later(page, 1);
    await says(page, ".fresh", /14:15 EDT, 6[45] min ago.*clock 1\d(\.\d)? h behind/);
    await close();
  });

  it("loads the newer build, once, at its address, and goes round in no circle", async () => {
    const { page, seen, host, close } = await open("today.html?interval=60&queue=All+queues");
    const address = page.url();
    host.version = "another";
    host.synced = new Date(through + 60 * minute).toISOString();
    const loaded = page.waitForEvent("load", { timeout: 10_000 });
    await later(page, 1);
    await loaded;
    assert.equal(page.url(), address);
    await says(page, ".fresh", /Data through/);
    await later(page, 3); // the host still gives the former page
    await says(page, ".renewal", /Newer data is available/);
    assert.equal(seen.loads, 2);
    assert.deepEqual(seen.errors, []);
    await close();
  });

  it("is not loaded again for a build of before, nor for a sync without news", async () => {
    const { page, seen, host, close } = await open("today.html");
    host.version = "older";
    host.synced = new Date(through - 60 * minute).toISOString();
    await later(page, 2);
    delete host.version;
    host.synced = new Date(through + 60 * minute).toISOString();
    await later(page, 2);
    await says(page, ".fresh", /Synced Wed 16 Sep, 15:15 EDT/);
    assert.equal(seen.loads, 1);
    assert.equal(await page.locator(".renewal").textContent(), "");
    await close();
  });

  const busy: [string, string, (page: Page) => Promise<void>, (page: Page) => Promise<void>][] = [
    [
      "a field has the focus",
      "staffing.html",
      (page) => page.locator("#what-if-contacts").focus(),
      (page) => page.locator("#what-if-contacts").blur(),
    ],
    [
      "a menu is open",
      "today.html",
      (page) => page.locator("#volume .share-open").click(),
      (page) => page.keyboard.press("Escape"),
    ],
    [
      "a table is open",
      "conversations.html",
      (page) => page.locator("#volume summary").click(),
      (page) => page.locator("#volume summary").click(),
    ],
  ];
  for (const [name, address, begin, end] of busy)
    it(`waits while ${name}, offers the newer build, and takes it afterwards`, async () => {
      const { page, seen, host, close } = await open(address);
      await begin(page);
      host.version = "another";
      await later(page, 2);
      await says(page, ".renewal", /Newer data is available/);
      assert.equal(seen.loads, 1);
      const loaded = page.waitForEvent("load", { timeout: 10_000 });
      await end(page);
      await later(page, 1);
      await loaded;
      await close();
    });

  it("goes on where the host has no such file, or cannot be reached", async () => {
    const { page, seen, host, close } = await open("health.html", { host: { gone: true } });
    await later(page, 2);
    await page.context().setOffline(true);
    await later(page, 2);
    await page.context().setOffline(false);
    host.gone = false;
    await later(page, 1);
    assert.match((await fresh(page))!, /Data through/);
    assert.deepEqual([seen.loads, seen.errors], [1, []]);
    await close();
  });

  it("judges the feeds of Data health anew as time goes by", async () => {
    const { page, close } = await open("health.html");
    assert.match((await page.locator("h1").textContent())!, /^All \d+ feeds are up to date$/);
    await later(page, 240, 5);
    await says(page, "h1", /feeds? (is|are) stale$/);
    await page.clock.fastForward(2 * 24 * 60 * minute);
    await says(page, "h1", /need a look$/);
    await close();
  });

  const wrong: [address: string, said: RegExp][] = [
    [
      "today.html?queue=Bil%C3%BCng&date=2020-01-01&interval=7&at=99:99",
      /Queue Bilüng not found; showing All queues instead\..*Day 2020-01-01 not found; showing Wednesday 16 September 2026 instead\..*Interval 7 not found; showing 15 min instead\..*99:99/,
    ],
    [
      "queues.html?date=tomorrow&scale=log",
      /Day tomorrow not found.*Scale log not found; showing Each its own instead/,
    ],
    [
      "heatmaps.html?queue=%3Cb%3Ex&measure=mood&week=&slot=5",
      /Queue <b>x not found.*Measure mood.*Week \(empty\).*Interval 5/,
    ],
    ["staffing.html?queue=nobody&volume=abc&target=900", /Queue nobody.*Contacts abc not found.*Target 900 not found/],
    ["accuracy.html?queue=constructor&days=29", /Queue constructor.*Days 29/],
    ["conversations.html?channel=Fax&range=0&to=2026-02-30", /Channel Fax.*Range 0.*Up to 2026-02-30/],
  ];
  for (const [address, said] of wrong)
    it(`says what of ${address} is not here, and what is shown instead`, async () => {
      const { page, seen, close } = await open(address);
      await says(page, ".unknown-bar", said);
      assert.deepEqual(seen.errors, []);
      await close();
    });

  it("says no more of a filter that the reader has chosen anew", async () => {
    const { page, close } = await open("today.html?queue=nobody&interval=7");
    await page.getByText("60 min", { exact: true }).click();
    await says(page, ".unknown-bar", /^Queue nobody not found; showing All queues instead\. $/);
    await page.selectOption("#filter-queue", { index: 1 });
    await page.locator(".unknown-bar").waitFor({ state: "hidden" });
    await close();
  });

  it("copies links that hold the day and all else that is shown", async () => {
    const copied = async (address: string) => {
      const { page, close } = await open(address);
      await page.locator(".copy-link").click();
      await says(page, ".copy-link", /Link copied/);
      const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
      await close();
      return link;
    };
    const today = await copied("today.html?date=today&queue=nobody");
    assert.equal(
      decodeURIComponent(today.search),
      "?date=2026-09-16&queue=All+queues&known=now&interval=15&hours=open&compare=usual&basis=workload",
    );
    assert.match((await copied("conversations.html")).search, /to=2026-09-1\d/);
    const heatmaps = await copied("heatmaps.html");
    assert.equal(heatmaps.searchParams.get("asof"), "2026-09-16T18:00:00Z");
    const { page, close } = await open(`heatmaps.html?asof=2026-09-01T00:00:00Z`);
    await says(
      page,
      ".unknown-bar",
      /Data through Mon 31 Aug, 20:00 EDT not found; showing Wed 16 Sep, 14:00 EDT instead/,
    );
    const link = await page.locator('#observablehq-sidebar a[href*="accuracy"]').getAttribute("href");
    assert.doesNotMatch(link!, /asof/);
    await close();
    const staffing = await copied("staffing.html?volume=40");
    assert.deepEqual([staffing.searchParams.get("volume"), staffing.searchParams.get("per")], ["40", "30"]);
    assert.match(staffing.searchParams.get("target")!, /^\d+/);
  });
});
