// Load and response times of the pages with 90 days x 50 queues: `node dist/bench/site.js [--runs 7] [--queues 50]`. Needs
// Chromium.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { serveSite } from "../src/site/serve.ts";
import { largeSite } from "../test/large-site.ts";
import { findChromium, openChromium, visit } from "../test/site-chromium.ts";
import { machine } from "./measure.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "7" }, queues: { type: "string", default: "50" } },
});
const [runs, queues] = [Number(values.runs), Number(values.queues)];
const chromium = findChromium();
if (!chromium) throw new Error("no Chromium: set CHROMIUM to its path");
// A page is ready when its last part is drawn and the browser responds.
const pages = [
  ["today", ".interval-table tbody tr"],
  ["queues", ".sort-table tbody tr"],
  ["heatmaps", ".heatmap"],
  ["waiting", "#load svg"],
  ["staffing", "#service-by-reps svg"],
  ["accuracy", "#queues svg"],
] as const;

type Change = { select?: string; value?: number; click?: string };
const filters: [page: string, name: string, change: (run: number) => Change, sign: string][] = [
  ["today", "queue", (run) => ({ select: "#filter-queue", value: 1 + run }), "h1"],
  [
    "today",
    "interval",
    (run) => ({ click: `input[name=interval][value="${run % 2 ? 60 : 30}"]` }),
    "#volume .figure-subtitle",
  ],
  [
    "today",
    "compare",
    (run) => ({ click: `input[name=compare][value=${run % 2 ? "usual" : "none"}]` }),
    "#volume .legend",
  ],
  [
    "today",
    "required by",
    (run) => ({ click: `input[name=basis][value=${run % 2 ? "workload" : "erlang"}]` }),
    "#net-staffing figcaption",
  ],
  ["today", "day", step, "#volume .figure-subtitle"],
  ["queues", "day", step, ".figure-subtitle"],
  [
    "queues",
    "scale",
    (run) => ({ click: `input[name=scale][value=${run % 2 ? "free" : "same"}]` }),
    ".figure-subtitle",
  ],
  ["queues", "order", (run) => ({ click: `input[name=order][value=${run % 2 ? "day" : "risk"}]` }), ".figure-title"],
  ["heatmaps", "queue", (run) => ({ select: "#filter-queue", value: 1 + run }), "h1"],
  [
    "heatmaps",
    "week",
    (run) => ({ click: `input[name=week][value=${run % 2 ? "usual" : "last"}]` }),
    ".figure-subtitle",
  ],
  ["staffing", "queue", (run) => ({ select: "#filter-queue", value: 1 + run }), "h1"],
  ["heatmaps", "measure", (run) => ({ select: "#filter-measure", value: 1 + (run % 3) }), "h1"],
  ["accuracy", "queue", (run) => ({ select: "#filter-queue", value: 1 + run }), "h1"],
];

// Switches between two days. The first time fetches the day's file.
function step(run: number): Change {
  return { click: `.day-picker [aria-label="Day ${run % 2 ? "after" : "before"}"]` };
}

const folder = mkdtempSync(join(tmpdir(), "kit-bench-site-"));
try {
  const { site, bytes } = await largeSite(folder, { queues });
  const server = await serveSite(site, { port: 0 });
  const browser = await openChromium(chromium);
  try {
    console.log(`90 days x ${queues} queues; ${machine()}; median of ${runs} (slowest)\n`);
    console.log("| page | kB received, first load | ready, ms |\n|---|---|---|");
    for (const [page, ready] of pages) {
      const loads = await repeat(() => load(browser, server.url + page, ready));
      const received = Math.max(...loads.map((one) => one.bytes)) / 1000;
      console.log(`| ${page} | ${received.toFixed(0)} | ${figures(loads.map(({ ms }) => ms))} |`);
    }
    console.log("\n| filter | answers in, ms |\n|---|---|");
    for (const [page, name, change, sign] of filters) {
      const { page: tab, close } = await visit(browser, server.url + page);
      const times = await repeat((run) => answer(tab, change(run), sign));
      console.log(`| ${page}: ${name} | ${figures(times)} |`);
      await close();
    }
    const day = Object.entries(bytes).findLast(([name]) => name.startsWith("intraday/"))!;
    console.log(`\nOne day of all queues: ${(day[1] / 1000).toFixed(0)} kB before gzip.`);
  } finally {
    await browser.close();
    await server.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function repeat<T>(work: (run: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let run = 0; run < runs; run++) results.push(await work(run));
  return results;
}

async function load(browser: Browser, url: string, ready: string) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript((selector) => {
    const timer = setInterval(() => {
      if (!document.querySelector(selector)) return;
      clearInterval(timer);
      requestAnimationFrame(() => Object.assign(globalThis, { readyAt: performance.now() }));
    }, 4);
  }, ready);
  const sizes: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  await page.goto(url, { waitUntil: "networkidle" });
  await page.waitForFunction(() => "readyAt" in globalThis);
  const ms = await page.evaluate(() => (globalThis as unknown as { readyAt: number }).readyAt);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await context.close();
  return { ms, bytes };
}

/** The time from the change of a control to the first frame after its sign in the page changed. */
function answer(page: Page, change: Change, sign: string): Promise<number> {
  return page.evaluate(
    ({ change, sign }) =>
      new Promise<number>((resolve) => {
        const text = () => document.querySelector(sign)?.textContent;
        const before = text();
        const begun = performance.now();
        new MutationObserver((_, observer) => {
          if (text() === undefined || text() === before) return;
          observer.disconnect();
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
        }).observe(document.body, { childList: true, subtree: true, characterData: true });
        if (change.click) (document.querySelector(change.click) as HTMLElement).click();
        else {
          const select = document.querySelector(change.select!) as HTMLSelectElement;
          select.selectedIndex = change.value!;
          select.dispatchEvent(new Event("change", { bubbles: true }));
        }
      }),
    { change, sign },
  );
}

function figures(times: number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  return `${sorted[Math.floor(sorted.length / 2)]!.toFixed(0)} (${sorted.at(-1)!.toFixed(0)})`;
}
