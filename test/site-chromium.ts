import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

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
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
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
    if (message.type() === "error" || message.type() === "warning")
      problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
  page.on("requestfailed", (request) => problems.push(`failed: ${request.url()}`));
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
  await page.goto(url, { waitUntil: "networkidle" });
  return {
    page,
    problems,
    bytes: async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
    close: () => context.close(),
  };
}

/** The file that an item of a chart's menu saves. */
export async function saved(page: Page, place: string, item: string): Promise<string> {
  await page.locator(`${place} .share-open`).click();
  const download = page.waitForEvent("download");
  await page.locator(`${place} .share-items button`, { hasText: item }).click();
  return (await download).path();
}
