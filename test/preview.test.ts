import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { exitCodes } from "../src/base/errors.ts";
import { bin, cleanEnv, run } from "./cli-kit.ts";
import { findChromium, openChromium, visit } from "./site-chromium.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";
import { until, within } from "./wait.ts";

const chromium = findChromium();

describe("preview --sync", { timeout: 300_000, skip: chromium ? false : "no Chromium" }, () => {
  it("syncs first, and an open page shows what a later sync brings", async () => {
    const demo = await demoProject({ days: 2, conversationsPerDay: 60, feeds: dayFeeds });
    const config = ["--config", demo.project.configFile!];
    reportNewest(demo, 54_321);
    const child = spawn(process.execPath, [bin, "preview", "--sync", "--port", "4330", ...config], {
      env: cleanEnv(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = new Promise((resolve) => child.once("close", resolve));
    const browser = await openChromium(chromium!);
    try {
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text) => {
        said += text;
      });
      const address = () => /^serving (\S+) /m.exec(said)?.[1];
      await until("an address", () => address() !== undefined, { state: () => said });
      const { page, close } = await visit(browser, `${address()}today`);
      const shows = (pattern: string) =>
        page.waitForFunction((text) => new RegExp(text).test(document.body.innerText), pattern, {
          timeout: 60_000,
        });
      await shows("54,[34]\\d\\d");
      reportNewest(demo, 87_654);
      const { code, stderr } = await run(["sync", "--full", ...config]);
      assert.equal(code, 0, stderr);
      await shows("87,[67]\\d\\d");
      await close();
    } finally {
      await browser.close();
      child.kill("SIGINT");
      assert.equal(await within("the end of the preview", closed), exitCodes.ok);
      demo.delete();
    }
  });
});

/** Exports the newest window of queue_wfm again, with so many assignments in its first row. */
function reportNewest({ project }: DemoProject, assignments: number): void {
  const folder = join((project.config.source as { path: string }).path, "queue_wfm");
  const names = readdirSync(folder, { recursive: true }).map(String);
  const newest = names
    .filter((name) => name.endsWith(".gz"))
    .sort()
    .at(-1)!;
  const rows = gunzipSync(readFileSync(join(folder, newest)))
    .toString()
    .trim()
    .split("\n");
  const [first, ...others] = rows.map((row) => JSON.parse(row));
  const text = [{ ...first, total_assignments: assignments }, ...others].map((row) => `${JSON.stringify(row)}\n`);
  writeFileSync(join(folder, newest), gzipSync(text.join("")));
}
