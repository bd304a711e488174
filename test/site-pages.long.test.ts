import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { windowRows } from "../notebooks/components/metrics/day-file.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import type { WaitingDay } from "../notebooks/components/metrics/queues/waiting.ts";
import { cardReceipt, dayCard, dayFacts } from "../notebooks/components/share/day-card.ts";
import { CliError } from "../src/base/errors.ts";
import { kitRoot, pagesFolder } from "../src/base/kit-folders.ts";
import { openProject } from "../src/config/project.ts";
import { type BuiltSite, buildSite } from "../src/site/build.ts";
import { datasetsReady, siteOutput } from "../src/site/child.ts";
import { previewSite } from "../src/site/preview.ts";
import { type SiteServer, serveSite } from "../src/site/serve.ts";
import { loadDay, queuesOfDay } from "../src/site/share/share.ts";
import { pictureSvg } from "../src/site/share/share-image.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { windowDays } from "../src/warehouse/wfm/window-days.ts";
import { axeViolations, looksOnly } from "./axe.ts";
import { findChromium, goTo, openChromium, saved, visit } from "./site-chromium.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";
import { csvRows, workbookRows } from "./workbook-rows.ts";

const chromium = findChromium();
const framework = join(kitRoot, "node_modules", "@observablehq", "framework", "dist", "bin", "observable.js");
const unshared = spawnSync("unshare", ["-rn", "true"]).status === 0;

describe("the site", () => {
  let demo: DemoProject;
  let site: BuiltSite;
  let server: SiteServer;

  before(async () => {
    demo = await demoProject();
    site = await buildSite(demo.project, { out: join(demo.folder, "site") });
    server = await serveSite(site.folder, { port: 0 });
  });

  after(async () => {
    await server?.close();
    demo?.delete();
  });

  const pages = readdirSync(pagesFolder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => name.replace(/\.md$/, ""));
  const filled = ["index", "today", "conversations", "health"]; // a week of data is enough for all their charts
  const address = (name: string) => `${server.url}${name}.html`;
  const dataset = (name: string) => JSON.parse(readFileSync(join(site.folder, "data", name), "utf8"));

  it("is built with a page for each .md and nothing left beside it", () => {
    assert.equal(site.pages, pages.length);
    assert.deepEqual(
      readdirSync(demo.folder).filter((name) => name.startsWith("site")),
      ["site"],
    );
  });

  it("names no host but its own", () => {
    for (const name of pages) {
      const html = readFileSync(join(site.folder, `${name}.html`), "utf8");
      assert.match(html, /Content-Security-Policy/);
      assert.doesNotMatch(html, /(?:src|href)="(?:https?:)?\/\//, name);
    }
  });

  it("stays as it was when a later build fails", async () => {
    const index = readFileSync(join(site.folder, "index.html"), "utf8");
    const broken = { ...demo.project, data: join(demo.folder, "data") };
    const feeds = new Map(demo.project.feeds);
    const queue = feeds.get("issue_queues")!;
    const columns = queue.columns.map((column) =>
      column.name === "queue_name" ? { ...column, name: "queue" } : column,
    );
    feeds.set("issue_queues", {
      ...queue,
      columns: columns.map((column) => ({ ...column, personal: "name" as const })),
    });
    await assert.rejects(
      buildSite({ ...broken, feeds }, { out: site.folder }),
      (error) => error instanceof CliError && error.exit === "build",
    );
    assert.equal(readFileSync(join(site.folder, "index.html"), "utf8"), index);
  });

  it("is built by Framework alone, without any network and without a file outside", {
    skip: unshared ? false : "unshare is not permitted here",
  }, async () => {
    const temporary = join(demo.folder, "tmp");
    mkdirSync(temporary);
    const built = spawnSync("unshare", ["-rn", process.execPath, framework, "build"], {
      cwd: kitRoot,
      encoding: "utf8",
      env: {
        ...process.env,
        ASAPP_KIT_CONFIG: demo.project.configFile!,
        TMPDIR: temporary,
        [datasetsReady]: "1",
        [siteOutput]: join(demo.folder, "plain"),
      },
    });
    assert.equal(built.status, 0, built.stdout + built.stderr);
    assert.ok(existsSync(join(demo.folder, "plain", "today.html")));
    assert.deepEqual(readdirSync(temporary), []);
  });

  it("can be previewed, with data files made by the loaders", async () => {
    const preview = await previewSite(demo.project, { port: 3900 });
    try {
      const page = await (await fetch(`${preview.url}today`)).text();
      const index = /"path":"\.?(\/_file\/data\/intraday-days\.json\?sha=\w+)"/.exec(page)?.[1];
      assert.ok(index, "the page attaches its data");
      const days = (await (await fetch(new URL(index, preview.url))).json()) as { day: string }[];
      const day = await fetch(new URL(`/_file/data/intraday/${days.at(-1)!.day}.json`, preview.url));
      assert.deepEqual(await day.json(), dataset(`intraday/${days.at(-1)!.day}.json`));
    } finally {
      await preview.close();
    }
  });

  describe("in Chromium", { skip: chromium ? false : "no Chromium found" }, () => {
    let browser: Browser;

    before(async () => {
      browser = await openChromium(chromium!);
    });

    after(async () => {
      await browser?.close();
    });

    for (const name of pages) {
      it(`${name} opens without an error or a foreign request, accessible, in both themes and on a phone`, async () => {
        for (const options of [
          { colorScheme: "light" as const },
          { colorScheme: "dark" as const, viewport: { width: 390, height: 844 } },
        ]) {
          const { page, problems, close } = await visit(browser, address(name), options);
          const seen = await page.evaluate(() => ({
            errors: [...document.querySelectorAll(".observablehq--error")].map((node) => node.textContent),
            charts: [...document.querySelectorAll(".figure-body")].map((node) => ({
              marks: node.querySelectorAll("svg[role] [class]").length,
              label: node.querySelector("svg[role]")?.getAttribute("aria-label") ?? "",
              empty: node.querySelector(".panel-empty") !== null,
            })),
            wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
            cut: [...document.querySelectorAll("svg[role] .empty-text")].flatMap((text) => {
              const [inner, outer] = [text, text.closest("svg")!].map((node) => node.getBoundingClientRect());
              return inner!.left < outer!.left || inner!.right > outer!.right ? text.textContent : [];
            }),
            unnamed: [...document.querySelectorAll("a[aria-label], button[aria-label], a:has(> title)")].flatMap(
              (element) => {
                const name = (
                  element.getAttribute("aria-label") ?? element.querySelector("title")!.textContent!
                ).toLowerCase();
                const parts = [...element.querySelectorAll("*:not(.facet-scale)"), element]
                  .filter((part) => part.children.length === 0)
                  .map((part) => (part.textContent ?? "").trim().toLowerCase());
                return parts.filter((text) => /\p{L}/u.test(text) && !text.endsWith("…") && !name.includes(text));
              },
            ),
            headings: [...document.querySelectorAll("h1, h2, h3, h4")].map(({ localName }) => Number(localName[1])),
            heading: document.querySelector("h1")?.textContent ?? "",
            paper: getComputedStyle(document.body).backgroundColor,
          }));
          assert.deepEqual(problems, []);
          assert.deepEqual(seen.errors, []);
          assert.deepEqual(seen.cut, [], "texts that leave their chart");
          assert.deepEqual(seen.unnamed, [], "texts that the name of their link or button lacks");
          assert.deepEqual(await axeViolations(page, options.viewport && looksOnly), []);
          assert.equal(seen.headings.filter((level) => level === 1).length, 1);
          assert.ok(
            seen.headings.every((level, i) => level <= (seen.headings[i - 1] ?? 0) + 1),
            "no skipped level",
          );
          assert.ok(seen.heading.length > 3);
          assert.equal(seen.wide, false, "scrolls sideways");
          for (const chart of seen.charts) {
            assert.ok(chart.label.length > 5);
            assert.ok(chart.marks > 0 || (chart.empty && !filled.includes(name)), chart.label);
          }
          await close();
        }
      });
    }

    it("is used by touch: a tap shows figures, a second opens a sheet, filters fold, the menu closes", async () => {
      const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
      const { page, problems, close } = await visit(browser, `${address("today")}?date=2026-09-15`, phone);
      assert.equal(await page.locator("#filter-interval input:checked").inputValue(), "60");
      const fold = page.locator(".filter-fold");
      const queue = page.locator("#filter-queue");
      assert.match((await fold.textContent())!, /^Filters: All queues · Tue 15 Sep 2026 · Now · 60 min · /);
      assert.equal(await queue.isVisible(), false);
      await fold.tap();
      assert.ok(await queue.isVisible());
      await fold.tap();
      assert.equal(await queue.isVisible(), false);

      const chart = page.locator("#volume svg[role]");
      await chart.scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await chart.boundingBox())!;
      const tap = () => page.touchscreen.tap(x + width * 0.6, y + height / 2);
      const readouts = () => page.$$eval(".pointer .readout", (nodes) => nodes.map((node) => node.textContent ?? ""));
      await tap();
      const times = new Set((await readouts()).map((text) => text.slice(0, 5)));
      assert.equal(times.size, 1, "all charts show the interval");
      assert.match([...times][0]!, /^\d\d:00$/);
      const sheet = page.locator("dialog[open]");
      assert.equal(await sheet.count(), 0);
      await page.locator("#announced", { hasText: [...times][0]! }).waitFor({ state: "attached" });
      for (const leave of ["Escape", "beside"]) {
        await tap();
        if (leave === "beside") await tap();
        await sheet.waitFor();
        const state = await page.evaluate(() => ({
          inside: document.activeElement?.closest("dialog") !== null,
          overflow: getComputedStyle(document.documentElement).overflow,
          bottom: Math.round(document.querySelector("dialog")!.getBoundingClientRect().bottom),
        }));
        assert.deepEqual(state, { inside: true, overflow: "hidden", bottom: 844 });
        assert.match(page.url(), /[?&]at=/);
        if (leave === "Escape") {
          assert.deepEqual(await axeViolations(page), []);
          await page.keyboard.press("Escape");
        } else await page.touchscreen.tap(195, 20);
        await sheet.waitFor({ state: "detached" });
        assert.ok(await chart.evaluate((node) => node === document.activeElement), "the focus returns");
        assert.doesNotMatch(page.url(), /[?&]at=/);
        await page.evaluate(() => (document.activeElement as SVGElement).blur());
      }

      const menu = page.locator("#observablehq-sidebar");
      await page.evaluate(() => scrollTo(0, 0));
      await page.locator("#observablehq-sidebar-toggle").tap();
      await menu.locator('a[href*="queues"]').tap();
      await page.waitForURL(/queues/);
      await page.locator("h1").waitFor();
      assert.equal(await menu.isVisible(), false);
      assert.deepEqual(problems, []);
      await close();
    });

    it("scrolls under a finger, reads along a sideways swipe, and opens its sheet by two quick taps", async () => {
      const phone = { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true };
      const { page, problems, close } = await visit(browser, `${address("today")}?date=2026-09-15`, phone);
      const session = await page.context().newCDPSession(page);
      const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: { x: number; y: number }[]) =>
        session.send("Input.dispatchTouchEvent", { type, touchPoints });
      const swipe = async (from: { x: number; y: number }, by: { x: number; y: number }) => {
        await touch("touchStart", from);
        for (let i = 1; i <= 10; i++)
          await touch("touchMove", { x: from.x + (by.x * i) / 10, y: from.y + (by.y * i) / 10 });
        await touch("touchEnd");
      };
      const chart = page.locator("#volume svg[role]");
      const middle = async () => {
        const still = () =>
          new Promise((resolve) => {
            const top = scrollY;
            setTimeout(() => resolve(top === scrollY), 200);
          });
        await page.waitForFunction(still); // a swipe goes on for a while
        await chart.evaluate((node) => node.scrollIntoView({ block: "center", behavior: "instant" }));
        const { x, y, width, height } = (await chart.boundingBox())!;
        return { x: x + width / 2, y: y + height / 2 };
      };
      const scrolled = () => page.evaluate(() => Math.round(scrollY));
      const shown = () =>
        page.$$eval(".pointer > g", (groups) =>
          groups.filter((group) => group.style.display !== "none").map((group) => group.textContent!.slice(0, 5)),
        );

      const start = await middle();
      const before = await scrolled();
      await swipe(start, { x: 4, y: -150 });
      await page.waitForFunction((top) => scrollY > top + 80, before);
      assert.deepEqual(await shown(), [], "a swipe up or down scrolls the page and reads nothing");

      const place = await middle();
      await swipe(place, { x: 60, y: 3 });
      const [read] = await shown();
      assert.match(read!, /^\d\d:00$/);
      assert.equal(await page.locator("dialog[open]").count(), 0);
      await page.touchscreen.tap(2, place.y);
      assert.deepEqual(await shown(), [], "a tap beside the chart ends reading, also after a swipe");

      await page.touchscreen.tap(place.x, place.y);
      await page.touchscreen.tap(place.x + 1, place.y + 1);
      const sheet = page.locator("dialog[open]");
      await sheet.waitFor();
      for (const [width, height] of [
        [320, 568],
        [568, 320],
        [844, 390],
        [390, 844],
      ] as const) {
        await page.setViewportSize({ width, height });
        await page.waitForFunction((bottom) => {
          const box = document.querySelector("dialog")!.getBoundingClientRect();
          return Math.round(box.bottom) === bottom && box.top >= 0;
        }, height);
        const fit = await sheet.evaluate((dialog) => {
          const button = [...dialog.querySelectorAll("button")].at(-1)!;
          return {
            sideways: Math.max(
              ...[dialog, ...dialog.querySelectorAll(".drivers")].map((node) => node.scrollWidth - node.clientWidth),
            ),
            button: button.scrollWidth - button.clientWidth,
            small: Math.min(button.clientWidth, button.clientHeight) < 24,
          };
        });
        assert.deepEqual(fit, { sideways: 0, button: 0, small: false }, `${width} x ${height}`);
      }
      await sheet.locator("button").last().tap();
      await sheet.waitFor({ state: "detached" });
      assert.doesNotMatch(page.url(), /[?&]at=/);

      for (const name of ["today", "waiting", "queues"]) {
        await goTo(page, `${address(name)}?date=2026-09-15`);
        await page.locator(".filter-fold").tap();
        assert.deepEqual(await axeViolations(page), [], `${name}, filters unfolded`);
        const sizes = await page.$$eval(".filters select, .filters [type=search]", (fields) =>
          fields.map((field) => parseFloat(getComputedStyle(field).fontSize)),
        );
        assert.ok(sizes.length > 0 && sizes.every((size) => size >= 16), "or Safari zooms in");
        await page.locator(".share-open").first().click();
        assert.deepEqual(await axeViolations(page), [], `${name}, share menu open`);
        await page.keyboard.press("Escape");
      }
      for (const name of pages) {
        await goTo(page, address(name));
        for (const fold of await page.locator(".filter-fold").all()) await fold.tap();
        await page.addStyleTag({ content: "html { font-size: 200% !important }" });
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 390, `${name} with text of twice the size is ${wide} pixels wide`);
      }
      assert.deepEqual(problems, []);
      await close();
    });

    it("is used by keyboard: one tab stop for the day, and read-outs that are announced", async () => {
      const { page, close } = await visit(browser, address("today"));
      await page.locator("#filter-queue").focus();
      const stop = () =>
        page.evaluate(() => document.activeElement?.getAttribute("role") ?? document.activeElement?.id);
      await page.keyboard.press("Tab");
      assert.equal(await stop(), "spinbutton");
      await page.keyboard.press("ArrowDown");
      await page.locator("#volume .figure-subtitle", { hasText: "Tuesday 15 September 2026" }).waitFor();
      assert.equal(await page.locator(".day").getAttribute("aria-valuetext"), "Tuesday 15 September 2026");
      await page.keyboard.press("End");
      await page.locator("#volume .figure-subtitle", { hasText: "Wednesday 16 September 2026" }).waitFor();
      const name = () => page.evaluate(() => (document.activeElement as HTMLInputElement).name);
      await page.keyboard.press("Tab");
      assert.equal(await name(), "known");
      await page.keyboard.press("Tab");
      assert.equal(await name(), "interval");
      await page.locator("#waits svg[role]").focus();
      for (const key of ["Home", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
      const shown = await page.locator("#waits .readout").textContent();
      await page.waitForFunction(() => document.querySelector("#announced")?.textContent !== "");
      const said = await page.locator("#announced").textContent();
      assert.equal(said!.replaceAll(/\s+/g, " "), shown!.replaceAll(/\s+/g, " "));
      await close();
    });

    it("shows the figures of one interval of Waiting, by the address and by keyboard", async () => {
      const file: WaitingDay[] = dataset("waiting/2026-09-15.json");
      const row = file.find(({ queue }) => queue === "All queues")!;
      const most = row.entered.indexOf(Math.max(...row.entered.map((entered) => entered ?? 0)));
      const time = (window: number) =>
        zone(demo.project.config.timezone).time(Date.parse(row.start) + window * 15 * 60_000);
      const { page, problems, close } = await visit(
        browser,
        `${address("waiting")}?date=2026-09-15&interval=15&at=${time(most)}`,
      );
      const panel = page.locator(".drivers");
      const shown = async () =>
        new Map(
          await panel
            .locator("table")
            .first()
            .locator("tr")
            .evaluateAll((rows) =>
              rows.map((row) => [row.children[0]!.textContent, row.children[1]!.textContent] as const),
            ),
        );
      const text = (value: number | null | undefined) => (value ?? 0).toLocaleString("en-US");
      const figures = await shown();
      assert.ok(row.entered[most]! > 0);
      assert.equal(figures.get(`Waiting at ${time(most)}`), text(row.waiting[most - 1]));
      assert.equal(figures.get("Entered the queue"), text(row.entered[most]));
      assert.equal(figures.get("Left the queue"), text(row.gone[most]));
      assert.equal(figures.get(`Waiting at ${time(most + 1)}`), text(row.waiting[most]));
      assert.equal(figures.get("Answered"), text(row.answered[most]));
      const banded = await panel.locator("table").nth(1).locator("tbody td:nth-child(2)").allTextContents();
      assert.deepEqual(
        banded,
        row.answered_bands.map((band) => text(band[most])),
      );
      await page.keyboard.press("Escape");
      assert.equal(await panel.count(), 0);
      assert.doesNotMatch(page.url(), /[?&]at=/);

      await page.locator("#oldest-wait svg[role]").focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H2");
      assert.deepEqual(await axeViolations(page), []);
      await page.keyboard.press("Escape");
      const focused = await page.evaluate(() => document.activeElement?.closest("figure")?.id);
      assert.equal(focused, "oldest-wait");
      assert.deepEqual(problems, []);
      await close();
    });

    it("says what to do without JavaScript", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      for (const name of pages) {
        await page.goto(address(name));
        assert.equal(await page.locator("h1").count(), 1, name);
        assert.ok(await page.locator("noscript p", { hasText: "JavaScript" }).isVisible(), name);
      }
      await context.close();
    });

    it("moves little while a page loads over a slow line", async () => {
      for (const viewport of [
        { width: 390, height: 844 },
        { width: 1440, height: 900 },
      ]) {
        const context = await browser.newContext({ viewport });
        const page = await context.newPage();
        const session = await context.newCDPSession(page);
        const line = { offline: false, latency: 60, downloadThroughput: 400_000, uploadThroughput: 100_000 };
        await session.send("Network.emulateNetworkConditions", line);
        await page.addInitScript(() => {
          const state = Object.assign(globalThis, { moved: 0 });
          const add = (list: PerformanceObserverEntryList) => {
            for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
              state.moved += entry.value;
          };
          new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
        });
        for (const name of pages) {
          await goTo(page, address(name));
          const moved = await page.evaluate(() => (globalThis as unknown as { moved: number }).moved);
          assert.ok(moved < 0.1, `${name}, ${viewport.width} pixels wide: ${moved}`);
        }
        await context.close();
      }
    });

    it("opens every page where nothing has been synced yet", async () => {
      const folder = join(demo.folder, "empty");
      mkdirSync(folder);
      writeFileSync(join(folder, "kit.yaml"), "timezone: America/New_York\n");
      const empty = await buildSite(openProject(join(folder, "kit.yaml")), { out: join(folder, "site") });
      const emptyServer = await serveSite(empty.folder, { port: 0 });
      try {
        for (const name of pages) {
          const { page, problems, close } = await visit(browser, emptyServer.url + (name === "index" ? "" : name));
          assert.deepEqual(problems, [], name);
          assert.equal(await page.locator(".observablehq--error").count(), 0, name);
          assert.deepEqual(await axeViolations(page), [], name);
          await close();
        }
      } finally {
        await emptyServer.close();
      }
    });

    it("shows the dataset's own numbers", async () => {
      const days = windowRows(dataset("intraday/2026-09-15.json"));
      const total = days
        .filter((row) => row.queue === "All queues")
        .reduce((sum, row) => sum + (row.assigned ?? 0) + (row.abandoned ?? 0), 0);
      const { page, close } = await visit(browser, `${address("today")}?date=2026-09-15`);
      const offered = await page.locator(".kit-card").first().locator(".card-value").textContent();
      assert.equal(offered, total.toLocaleString("en-US"));
      const bars = await page.locator("#volume .marks rect.blue").count();
      const intervals = days.filter((row) => row.queue === "All queues" && row.assigned);
      assert.ok(bars >= intervals.length);
      await close();
    });

    it("filters, keeps the choice in the address, and takes it to other pages", async () => {
      const { page, problems, close } = await visit(browser, address("today"));
      const before = await page.locator("h1").textContent();
      const queue = (await page.locator("#filter-queue option").nth(2).textContent())!;
      await page.selectOption("#filter-queue", queue);
      await page.getByText("60 min", { exact: true }).click();
      await page.locator(".day-picker button").first().click();
      await page.waitForFunction((text) => document.querySelector("h1")?.textContent !== text, before);
      await page.locator("#volume .figure-subtitle", { hasText: "Tuesday 15 September 2026" }).waitFor();
      const url = new URL(page.url());
      assert.equal(url.searchParams.get("queue"), queue);
      assert.equal(url.searchParams.get("interval"), "60");
      assert.match(url.searchParams.get("date")!, /^2026-09-15$/);
      const title = await page.locator("h1").textContent();
      assert.ok(title!.startsWith(queue), title!);
      await page.reload({ waitUntil: "networkidle" });
      assert.equal(await page.locator("h1").textContent(), title);
      assert.equal(await page.locator("#filter-queue").inputValue(), queue);
      const link = await page.locator('#observablehq-sidebar a[href*="conversations"]').getAttribute("href");
      assert.equal(new URL(link!, page.url()).searchParams.get("queue"), queue);
      assert.deepEqual(problems, []);
      await close();
    });

    it("filters conversations by channel and range", async () => {
      const { page, close } = await visit(browser, address("conversations"));
      const value = () => page.locator(".card-value").first().textContent();
      const all = await value();
      await page.selectOption("#filter-channel", "Web");
      await page.waitForFunction((text) => document.querySelector(".card-value")?.textContent !== text, all);
      const web = await value();
      await page.getByText("7 days", { exact: true }).click();
      assert.equal(new URL(page.url()).search, "?channel=Web&range=7");
      assert.ok(Number(web!.replace(",", "")) < Number(all!.replace(",", "")));
      await close();
    });

    it("points at one interval in all charts at once, by mouse and by keyboard", async () => {
      const { page, close } = await visit(browser, address("today"));
      const readouts = () =>
        page.$$eval(".panel .pointer", (nodes) =>
          nodes.map((node) => ((node as SVGElement).style.display === "none" ? "" : (node.textContent ?? ""))),
        );
      assert.ok((await readouts()).every((text) => text === ""));
      await page.locator("#volume svg[role]").hover();
      const texts = await readouts();
      const times = new Set(texts.map((text) => text.slice(0, 5)));
      assert.equal(times.size, 1);
      assert.match([...times][0]!, /^\d\d:\d\d$/);
      await page.mouse.move(0, 0);
      await page.locator("#waits svg[role]").focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowRight");
      assert.ok((await readouts()).every((text) => text.startsWith("00:15")));
      await close();
    });

    it("has a table under each chart, and a menu that saves its rows as CSV", async () => {
      const { page, close } = await visit(browser, address("conversations"));
      await page.locator("#volume summary").click();
      await page.locator("#volume tbody tr").first().waitFor();
      const rows = await page.locator("#volume tbody tr").count();
      const text = readFileSync(await saved(page, "#volume", "CSV"), "utf8");
      const lines = text.trimEnd().split("\r\n");
      assert.equal(lines.length, rows + 1);
      assert.match(lines[0]!, /^\ufeffChannel,Day,Started,Ended/);
      await page.goto(address("today"));
      const values = csvRows(readFileSync(await saved(page, "#service-level", "CSV"), "utf8"));
      const [header] = values;
      assert.deepEqual(header, [
        "Queue",
        "Start, UTC",
        "Local time (America/New_York)",
        "State",
        "Service level (share, 0 to 1)",
        "Target (share, 0 to 1)",
        "Offered (contacts)",
      ]);
      await close();
    });

    it("saves the numbers of each chart and table as a workbook, whose code no page loads before", async () => {
      const { page, problems, close } = await visit(browser, `${address("today")}?interval=60`);
      const loaded = () =>
        page.evaluate(
          () =>
            performance.getEntriesByType("resource").filter(({ name }) => /fflate|chart-workbook/.test(name)).length,
        );
      assert.equal(await loaded(), 0);
      assert.equal(await page.locator("link[href*=fflate]").count(), 0);
      const values = csvRows(readFileSync(await saved(page, "#service-level", "CSV"), "utf8"));
      await page.locator("#service-level .share-open").focus();
      for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
      const download = page.waitForEvent("download");
      await page.keyboard.press("Enter");
      assert.match((await download).suggestedFilename(), /^service-level-all-queues-2026-09-16\.xlsx$/);
      const sheets = workbookRows(readFileSync(await (await download).path()));
      assert.ok((await loaded()) > 0);
      assert.deepEqual([...sheets.keys()], ["Service level", "Definitions", "Provenance"]);
      const rows = sheets.get("Service level")!;
      assert.deepEqual(rows[0], values[0]);
      assert.equal(rows.length, values.length);
      for (const [i, row] of rows.slice(1).entries()) {
        const [queue, start, local, ...others] = values[i + 1]!;
        assert.equal(row[0], queue);
        const times = [row[1], row[2]].map((days) => Math.round((Number(days) - 25_569) * 86_400) * 1000);
        assert.deepEqual(times, [Date.parse(start!), Date.parse(`${local!.slice(0, 16)}Z`)]);
        assert.deepEqual(
          row.slice(3),
          others.map((text, at) => (at === 0 ? text : text === "" ? null : Number(text))),
        );
      }
      const facts = new Map(sheets.get("Provenance")!.map(([what, value]) => [what, value]));
      assert.equal(facts.get("Filter: queue"), "All queues");
      assert.equal(facts.get("Filter: interval"), "60");
      assert.equal(facts.get("Zone of local times"), "America/New_York");
      assert.equal(typeof facts.get("Data through (UTC)"), "number");
      assert.match(String(facts.get("Made by")), /^asapp-notebook-kit \d/);
      assert.match(String(facts.get("Link")), /today\.html\?.*date=2026-09-16.*#service-level$/);
      assert.match(String(sheets.get("Definitions")![1]![1]), /answered/i);
      for (const [name, place] of [
        ["waiting", ".interval-table"],
        ["queues", ".queue-table"],
        ["accuracy", ".figure"],
      ] as const) {
        await goTo(page, address(name));
        const tools = page.locator(`${place} .figure-tools`);
        const file = async (item: string) => {
          const download = page.waitForEvent("download");
          await tools.getByText(item, { exact: true }).click();
          return readFileSync(await (await download).path());
        };
        const table = csvRows((await file("Download CSV")).toString());
        const [rows] = workbookRows(await file("Excel workbook")).values();
        assert.deepEqual(rows?.[0], table[0]);
        assert.equal(rows?.length, table.length, name);
        await tools.getByText(/^Saved .*\.xlsx$/).waitFor();
      }
      for (const name of ["conversations", "waiting", "accuracy", "heatmaps", "staffing", "health", "queues"]) {
        await goTo(page, address(name));
        const ids = await page.$$eval("figure.figure", (figures) => figures.map(({ id }) => id));
        assert.ok(ids.length > 0, name);
        for (const id of ids) {
          const table = csvRows(readFileSync(await saved(page, `#${id}`, "CSV"), "utf8"));
          const [rows] = workbookRows(readFileSync(await saved(page, `#${id}`, "Excel workbook"))).values();
          assert.deepEqual(rows?.[0], table[0], `${name} ${id}`);
          assert.equal(rows?.length, table.length, `${name} ${id}`);
        }
      }
      assert.deepEqual(problems, []);
      await close();
    });

    it("draws the same picture of a day as the command line, on a dark phone too", async () => {
      const data = await loadDay(demo.project, undefined, new Date());
      const queue = queuesOfDay(data)[1]!;
      const facts = dayFacts(data, queue, 30);
      const card = { ...dayCard(facts), receipt: cardReceipt(facts)("card") };
      for (const options of [
        { colorScheme: "light" as const },
        { colorScheme: "dark" as const, viewport: { width: 390, height: 844 } },
      ]) {
        const where = `${address("today")}?queue=${encodeURIComponent(queue)}&interval=30`;
        const { page, problems, close } = await visit(browser, where, options);
        const svg = readFileSync(await saved(page, ".masthead", "SVG"), "utf8");
        const generated = /Generated [^<.]+\./.exec(svg)![0];
        assert.equal(svg, pictureSvg({ ...card, notes: [...card.notes, generated] }));
        const png = readFileSync(await saved(page, "#service-level", "PNG"));
        assert.equal(png.readUInt32BE(16), 1760);
        assert.deepEqual(problems, []);
        await close();
      }
    });

    it("opens a chart's menu by keyboard, and copies a link with the filters", async () => {
      const { page, problems, close } = await visit(browser, `${address("today")}?interval=60`, {
        permissions: ["clipboard-read", "clipboard-write"],
      });
      const focused = () => page.evaluate(() => document.activeElement?.textContent);
      await page.locator("#waits .share-open").focus();
      await page.keyboard.press("ArrowDown");
      assert.equal(await focused(), "Save as PNG");
      await page.keyboard.press("End");
      assert.equal(await focused(), "Copy link");
      await page.keyboard.press("Enter");
      await page.locator("#waits .share-status", { hasText: "Link copied" }).waitFor();
      const link = await page.evaluate(() => navigator.clipboard.readText());
      const { search, hash } = new URL(link);
      assert.equal(
        search,
        "?interval=60&queue=All+queues&date=2026-09-16&known=now&hours=open&compare=usual&basis=workload",
        "a link holds what it shows",
      );
      assert.equal(hash, "#waits");
      await page.keyboard.press("Enter");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      assert.equal(await focused(), "Copy image");
      await page.keyboard.press("Enter");
      await page.locator("#waits .share-status", { hasText: "Image copied" }).waitFor();
      const types = await page.evaluate(async () => (await navigator.clipboard.read())[0]!.types);
      assert.deepEqual(types, ["image/png"]);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Escape");
      assert.equal(await page.locator("#waits .share-items").isVisible(), false);
      assert.equal(await page.locator("#waits .share-open").evaluate((node) => node === document.activeElement), true);
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.locator("#waits .share-menu").isVisible(), false);
      assert.deepEqual(problems, []);
      await close();
    });

    it("remembers a chosen theme", async () => {
      const { page, close } = await visit(browser, address("index"), { colorScheme: "light" });
      const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const light = await paper();
      await page.locator(".theme-switch").click();
      await page.locator(".theme-switch").click();
      const dark = await paper();
      assert.notEqual(dark, light);
      await page.reload({ waitUntil: "networkidle" });
      assert.equal(await paper(), dark);
      await close();
    });

    it("needs less than 450 kB to show Today for the first time", async () => {
      const { page, bytes, close } = await visit(browser, address("today"));
      await page.waitForLoadState("networkidle"); // what it reads ahead counts too
      const received = await bytes();
      assert.ok(received > 50_000 && received < 450_000, `${received} bytes`);
      await close();
    });

    it("says which file of a page is missing, instead of errors (wfm-first-day-404)", async () => {
      const day = windowDays(loadSnapshot(demo.project.data), demo.project.config.timezone).at(-2)!;
      for (const [name, file, figure] of [
        [`today.html?date=${day}`, `intraday/${day}.json`, "#volume"],
        [`queues.html?date=${day}`, `intraday/${day}.json`, "#queues"],
        ["heatmaps.html", "heatmap/0.json", "#heatmap"],
      ] as const) {
        const path = join(site.folder, "data", file);
        const whole = readFileSync(path);
        const missing = `data/${file}: 404 Not Found`;
        for (const [content, reason] of [
          [null, missing],
          ["<!doctype html>", `data/${file}: the response is not JSON`],
        ] as const) {
          if (content === null) rmSync(path);
          else writeFileSync(path, content);
          const { page, problems, close } = await visit(browser, `${server.url}${name}`);
          const text = (await page.locator("main").textContent()) ?? "";
          assert.match((await page.locator("h1").textContent()) ?? "", /cannot be shown: its file cannot be read$/);
          assert.ok(text.includes(reason), text);
          assert.doesNotMatch(text, /RuntimeError|TypeError/);
          assert.equal(await page.locator(figure).count(), 0);
          assert.ok(await page.locator(".filters, form").first().isVisible());
          assert.deepEqual(
            problems.filter((problem) => !problem.includes("404")),
            [],
          );
          await close();
        }
        writeFileSync(path, whole);
        const { page, problems, close } = await visit(browser, `${server.url}${name}`);
        assert.deepEqual(problems, []);
        assert.equal(await page.locator(figure).count(), 1, name);
        await close();
      }
    });
  });
});
