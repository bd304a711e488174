import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { pagesFolder } from "../src/base/kit-folders.ts";
import { type BuiltSite, buildSite } from "../src/site/build.ts";
import { addressesIn, plainHost } from "./plain-host.ts";
import { findChromium, openChromium, visit } from "./site-chromium.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";

const chromium = findChromium();
const names = readdirSync(pagesFolder)
  .filter((name) => name.endsWith(".md"))
  .map((name) => name.replace(/\.md$/, ".html"));

describe("links of a site on a host that serves files as they are called", () => {
  let demo: DemoProject;
  let site: BuiltSite;

  before(async () => {
    demo = await demoProject({ days: 2, conversationsPerDay: 100 });
    site = await buildSite(demo.project, { out: join(demo.folder, "site") });
  });
  after(() => demo?.delete());

  for (const path of ["/", "/sub/folder/"]) {
    it(`all lead to a file, below ${path}`, async () => {
      const host = await plainHost(site.folder, path);
      try {
        const pages = await crawl(`${host.url}index.html`);
        assert.deepEqual(host.missing, []);
        assert.deepEqual(pages, names.map((name) => host.url + name).sort());
      } finally {
        await host.close();
      }
    });

    it(`are followed by a reader from page to page, below ${path}`, {
      skip: chromium ? false : "no Chromium found",
    }, async () => {
      const host = await plainHost(site.folder, path);
      const browser = await openChromium(chromium!);
      try {
        await follow(browser, host.url);
        assert.deepEqual(host.missing, []);
      } finally {
        await browser.close();
        await host.close();
      }
    });
  }

  it("lead to a file also where scripts make them", {
    skip: chromium ? false : "no Chromium found",
    timeout: 240_000,
  }, async () => {
    const host = await plainHost(site.folder, "/sub/folder/");
    const browser = await openChromium(chromium!);
    try {
      const links = new Set<string>();
      for (const name of names) {
        const { page, problems, close } = await visit(browser, `${host.url}${name}?interval=60`);
        for (const link of await page.evaluate(linksOfPage)) links.add(link);
        assert.deepEqual(problems, [], name);
        await close();
      }
      const made = [...links].filter((link) => /today\.html\?.*queue=/.test(link));
      assert.ok(made.length > 3, "the queues lead to Today");
      assert.ok(
        [...links].some((link) => link.includes("interval=60")),
        "filters go along",
      );
      for (const link of links) await opens(link);
      assert.deepEqual(host.missing, []);
    } finally {
      await browser.close();
      await host.close();
    }
  });
});

/** Every page that can be reached; all that they name has been asked for. */
async function crawl(start: string): Promise<string[]> {
  const seen = new Set([start]);
  const pages: string[] = [];
  for (const url of seen) {
    const response = await fetch(url);
    const text = await response.text();
    const type = extname(new URL(url).pathname);
    if (type === ".html" && response.ok) pages.push(url);
    for (const address of addressesIn(text, type)) {
      if (offered(url, address)) continue;
      const { origin, pathname, hash } = new URL(address, url);
      assert.equal(origin, new URL(start).origin, `${url} names ${address}`);
      if (hash && address.startsWith("#"))
        assert.ok(text.includes(`id="${decodeURIComponent(hash.slice(1))}"`), `${url} has no ${hash}`);
      seen.add(origin + pathname);
    }
  }
  return pages.sort();
}

// Framework's own modules name all libraries that a page might ask for; those that none does are not in the site.
function offered(url: string, address: string): boolean {
  return new URL(url).pathname.includes("/_observablehq/") && /\/_npm\/|\/?stdlib\//.test(address);
}

function linksOfPage(): string[] {
  return [...document.querySelectorAll("a")].flatMap((link) => {
    const href = (link as Element).getAttribute("href");
    return href === null || href.startsWith("#") ? [] : new URL(href, document.baseURI).href;
  });
}

async function opens(link: string): Promise<void> {
  const { ok, status } = await fetch(link);
  assert.ok(ok, `${link}: ${status}`);
}

/** As a reader would: home, a queue, its copied link, and back by the sidebar. */
async function follow(browser: Browser, url: string): Promise<void> {
  const { page, problems, close } = await visit(browser, `${url}queues.html`, {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await page.locator("a.facet").first().click();
  await page.waitForURL(`${url}today.html?*`);
  await page.locator("#waits .share-open").click();
  await page.locator("#waits .share-items button", { hasText: "Copy link" }).click();
  await page.locator("#waits .share-status", { hasText: "Link copied" }).waitFor();
  await opens(await page.evaluate(() => navigator.clipboard.readText()));
  await page.locator("#observablehq-sidebar a").first().click();
  await page.waitForURL(`${url}index.html*`);
  await page.locator("a.kit-card").first().click();
  await page.waitForURL(/\.html/);
  await page.waitForLoadState("networkidle");
  assert.deepEqual(problems, []);
  await close();
}
