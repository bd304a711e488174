import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { isolated, isolatedLines, unmarked } from "../notebooks/components/metrics/bidi.ts";
import { csv, csvFile } from "../notebooks/components/picture/csv.ts";
import { textWidth } from "../notebooks/components/picture/font.ts";
import { cutText, wrapText } from "../notebooks/components/picture/lines.ts";
import type { Picture } from "../notebooks/components/picture/picture.ts";
import { buildSite } from "../src/site/build.ts";
import { type SiteServer, serveSite } from "../src/site/serve.ts";
import { pictureSvg } from "../src/site/share/share-image.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import fc from "./fast-check.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";
import { findChromium, openChromium, saved, visit } from "./site-chromium.ts";

const arabic = "خدمة العملاء المميزين";
const hebrew = "שירות לקוחות 24/7";
const names = [arabic, hebrew, "Billing", "עברית (VIP)", "Ünïcode 日本語"];
const long = "Premium International Customers – Returns, Refunds & Exchanges (Tier 2, Spanish/Portuguese) EMEA";

describe("a name of any script in a sentence", () => {
  it("keeps its direction to itself, and others are left as they are", () => {
    assert.equal(isolated("Billing"), "Billing");
    assert.equal(isolated(arabic), `\u2068${arabic}\u2069`);
    assert.equal(isolated(`a\u202eb\u2066c\u2069`), "abc", "marks of its own would reach beyond it");
    assert.equal(unmarked(isolated(hebrew)), hebrew);
  });

  it("stays isolated over the lines of a picture", () => {
    assert.deepEqual(isolatedLines(["\u2068ab", "cd\u2069: 1", "x"]), ["\u2068ab\u2069", "\u2068cd\u2069: 1", "x"]);
    const lines = wrapText(`${isolated(arabic)}: 100.0% answered`, { width: 90, size: 16 });
    assert.ok(lines.length > 1);
    for (const line of lines)
      assert.equal(line.split("\u2068").length, line.split("\u2069").length, "each line closes what it opens");
  });

  it("has marks and joined letters without a width of their own", () => {
    assert.equal(textWidth(`\u2068${arabic}\u2069`, 12), textWidth(arabic, 12));
    assert.equal(textWidth("e\u0301", 12), textWidth("e", 12));
  });

  it("is cut between letters, and never wider than its room", () => {
    assert.equal(cutText("Billing", { width: 100, size: 12 }), "Billing");
    assert.match(cutText(long, { width: 120, size: 12 }), /^Premium.*…$/);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 20, max: 200 }), (text, width) => {
        const cut = cutText(text, { width, size: 12 });
        assert.ok(textWidth(cut, 12) <= width, cut);
      }),
    );
  });
});

describe("csv for spreadsheets", () => {
  it("is marked as UTF-8", () => {
    assert.equal(csvFile("a\r\n"), "\ufeffa\r\n");
    assert.deepEqual([...Buffer.from(csvFile("")).values()], [0xef, 0xbb, 0xbf]);
  });

  it("holds no text that a spreadsheet runs", () => {
    for (const text of [
      "=1+1",
      "+1",
      "-1",
      "@SUM(1)",
      "\t=1",
      "\r=1",
      "\n=1",
      "＝1",
      "＋1",
      "=cmd|' /C calc'!A0",
      " =1+1",
      "\u00a0@SUM(1)",
    ]) {
      const [, line] = csv([{ label: "a", value: (row: string) => row }], [text]).split(/\r\n(?=['"])/);
      assert.match(line!, /^"?'/, text);
    }
    assert.equal(csv([{ label: "a", value: (row: number) => row }], [-1]), "a\r\n-1\r\n", "numbers stay numbers");
  });
});

// The letters of a text as a browser draws them: line by line, from left to right.
async function drawn(page: Page, selector: string): Promise<string> {
  return page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const letters: { line: number; x: number; letter: string }[] = [];
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const text = node.textContent ?? "";
        for (let at = 0; at < text.length; at++) {
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + 1);
          const { left, bottom, width } = range.getBoundingClientRect();
          if (width > 0) letters.push({ line: Math.round(bottom / 20), x: left, letter: text[at]! });
        }
      }
      return letters
        .sort((a, b) => a.line - b.line || a.x - b.x)
        .map(({ letter }) => letter)
        .join("");
    });
}

const chromium = findChromium();

describe("names in a browser", { skip: chromium === null }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openChromium(chromium!);
  });
  after(() => browser?.close());

  it("stand before their colon and figures, in a heading and in a drawing", async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    for (const name of names) {
      const title = `${isolated(name)}: 100.0% answered within 60 s`;
      await page.setContent(`<h1 style="white-space:nowrap">${title}</h1>`);
      assert.match(await drawn(page, "h1"), /: 100\.0% answered within 60 s$/, name);
      const parts: Picture = { kicker: isolated(name), title, lead: "", charts: [], notes: [] };
      await page.setContent(pictureSvg(parts, []));
      const text = page.locator("text", { hasText: "answered within" });
      const order = await text.evaluate((element) => {
        const text = element as SVGTextElement;
        const letters = [...(text.textContent ?? "")];
        return letters
          .map((letter, i) => ({ letter, x: text.getStartPositionOfChar(i).x }))
          .filter(({ letter }) => /[\d:%a-z]/.test(letter))
          .sort((a, b) => a.x - b.x)
          .map(({ letter }) => letter)
          .join("");
      });
      assert.match(order, /:1000%answeredwithin60s$/, name);
    }
    await page.close();
  });
});

// The case `queue-names`: an Arabic queue, a very long one, markup, a formula, an address.
describe("a site with odd names of queues", { skip: chromium === null }, () => {
  const queues = [arabic, long, "<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "a/b#c?d&e=f 100%"];
  let raw: RawFixture;
  let site: SiteServer;
  let browser: Browser;

  before(async () => {
    raw = rawFixture((project) => {
      project.config.timezone = "UTC";
    });
    // Two days of windows, the newest of yesterday.
    const yesterday = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 86_400_000;
    for (let half = 0; half < 72; half++) {
      const start = yesterday - 12 * 3_600_000 + half * 1_800_000;
      const at = new Date(start + 3_600_000).toISOString();
      const rows = [start, start + 900_000].flatMap((window) =>
        queues.map((queue_name, i) => ({
          instance_ts: new Date(window).toISOString().slice(0, 19).replace("T", " "),
          queue_id: i + 1,
          queue_name,
          total_assignments: i === 1 ? 9 : 12,
          total_abandons: i === 1 ? 6 : 0,
          avg_wait_time_seconds: 20,
          waits_under_60s: i === 1 ? 3 : 12,
        })),
      );
      raw.put("queue_wfm", `${at.slice(0, 10)} ${at.slice(11, 16)}`, rows);
    }
    const { project } = raw;
    await updateWarehouse(project);
    const out = join(project.root, "site");
    await buildSite(project, { out });
    site = await serveSite(out, { port: 0 });
    browser = await openChromium(chromium!);
  });

  after(async () => {
    await browser?.close();
    await site?.close();
    raw?.delete();
  });

  const today = (queue: string) => new URL(`today.html?queue=${encodeURIComponent(queue)}`, site.url).href;

  it("writes an Arabic queue's headline as name, colon, share", async () => {
    const { page, problems, close } = await visit(browser, today(arabic), {
      viewport: { width: 1900, height: 900 },
    });
    const text = await drawn(page, "h1");
    assert.match(text, /: 100\.0% answered/);
    assert.ok(!/^:/.test(text), text);
    assert.deepEqual(problems, []);
    const file = readFileSync(await saved(page, "#volume", "CSV"), "utf8");
    assert.match(file, new RegExp(`^\ufeffQueue,.*\r\n${arabic},`));
    await close();
  });

  for (const width of [360, 1440])
    it(`keeps the longest name clear of what stands beside it, ${width} px wide`, async () => {
      const { page, close } = await visit(browser, new URL("queues.html", site.url).href, {
        viewport: { width, height: 900 },
      });
      await page.locator(".facet").first().waitFor();
      const gaps = await page.locator(".facet").evaluateAll((facets) =>
        facets.map((facet) => {
          const name = facet.querySelector(".facet-name")!.getBoundingClientRect();
          const state = facet.querySelector(".facet-state")!.getBoundingClientRect();
          return state.left - name.right;
        }),
      );
      assert.equal(gaps.length, queues.length);
      for (const gap of gaps) assert.ok(gap > 2, `${gaps}`);
      assert.equal(await page.locator("img[src=x]").count(), 0);
      await close();
    });
});
