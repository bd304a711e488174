import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Browser, type BrowserContextOptions, chromium, type Page, type Request } from "playwright-core";
import { within } from "./wait.ts";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
];

/** Where a browser is, or null. In CI there must be one. */
export function findChromium(env = process.env): string | null {
  const found = [env.CHROMIUM, ...places].find((place) => place && existsSync(place)) ?? null;
  if (!found && env.CI === "true") throw new Error("no Chromium: set CHROMIUM to its path");
  return found;
}

export function openChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface Visit {
  page: Page;
  problems: string[]; // console errors and warnings, page errors, failed and foreign requests
  bytes: () => Promise<number>; // received so far, bodies as they were sent
  close: () => Promise<void>;
}

/** Opens a page in a context of its own and notes everything that should not happen. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    timezoneId: "Asia/Tokyo",
    ...options,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const sizes: Promise<number>[] = [];
  const origin = new URL(url).origin;
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
  page.on("requestfailed", (request) => {
    // A page that is left gives up what it has asked for.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") problems.push(`failed: ${request.url()}`);
  });
  page.on("request", (request) => {
    const { protocol } = new URL(request.url());
    if (!request.url().startsWith(origin) && !["data:", "blob:"].includes(protocol))
      problems.push(`foreign: ${request.url()}`);
  });
  page.on("requestfinished", (request) => {
    sizes.push(
      request.sizes().then(
        ({ responseBodySize }) => responseBodySize,
        () => 0,
      ),
    );
  });
  await goTo(page, url);
  return {
    page,
    problems,
    bytes: async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
    close: () => context.close(),
  };
}

/**
 * Goes to an address and waits until its scripts have run and all that they asked for has come: several looks in a row,
 * each once the page is idle, find no request under way and none begun. On a busy machine a page takes its time between
 * two requests, so the clock alone, as in "networkidle", says less.
 */
export async function goTo(page: Page, url: string): Promise<void> {
  const running = new Set<Request>();
  let begun = 0;
  const begin = (request: Request) => {
    begun++;
    running.add(request);
  };
  const end = (request: Request) => running.delete(request);
  const ends = ["requestfinished", "requestfailed"] as const;
  page.on("request", begin);
  for (const event of ends) page.on(event as "requestfinished", end);
  try {
    await page.goto(url, { timeout: 120_000 });
    const settling = async () => {
      for (let quiet = 0; quiet < 5; ) {
        const before = begun;
        await page.evaluate(() => new Promise((resolve) => requestIdleCallback(() => resolve(null))));
        await delay(20);
        quiet = running.size === 0 && begun === before ? quiet + 1 : 0;
      }
    };
    const state = () => [...running].map((request) => request.url()).join(", ");
    await within(`all that ${url} asks for`, settling(), { seconds: 120, state });
  } finally {
    page.off("request", begin);
    for (const event of ends) page.off(event as "requestfinished", end);
  }
}

/** The file that an item of a chart's menu saves. */
export async function saved(page: Page, place: string, item: string): Promise<string> {
  await page.locator(`${place} .share-open`).click();
  const download = page.waitForEvent("download");
  await page.locator(`${place} .share-items button`, { hasText: item }).click();
  return (await download).path();
}
