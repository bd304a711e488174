import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { cleanEnv } from "./cli-kit.ts";
import { cloneKit, type KitClone } from "./kit-clone.ts";
import { findChromium, openChromium, visit } from "./site-chromium.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";
import { ended, until } from "./wait.ts";

const chromium = findChromium();

describe("the preview of a clone", { timeout: 400_000 }, () => {
  let clone: KitClone;
  let demo: DemoProject;
  let child: ChildProcess;
  let url = "";

  before(async () => {
    clone = cloneKit();
    demo = await demoProject({ days: 2, conversationsPerDay: 60, feeds: dayFeeds, name: "Büro #1?" });
    child = spawn(
      process.execPath,
      [
        clone.bin,
        "preview",
        "--port",
        "4470",
        "--config",
        demo.project.configFile!,
        "--allow-host",
        "tunnel.example:8080",
      ],
      { env: cleanEnv(), stdio: ["ignore", "pipe", "inherit"] },
    );
    let text = "";
    child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      url = /^serving (\S+)/m.exec(text)?.[1] ?? "";
    });
    await until("the preview", () => url !== "" || child.exitCode !== null);
    assert.ok(url, "the preview ended before it served");
  });
  after(async () => {
    if (child.exitCode === null) {
      const closed = ended("the preview", child);
      child.kill("SIGINT");
      await closed;
    }
    demo?.delete();
    clone?.delete();
  });

  it("answers its own Host and pages alone, its socket too", async () => {
    const own = new URL(url).host;
    const { port } = new URL(url);
    const origin = `http://${own}`;
    for (const [headers, status] of [
      [{ host: own }, 200],
      [{ host: `localhost:${port}`, origin: `http://localhost:${port}` }, 200],
      [{ host: "tunnel.example:8080", origin: "https://tunnel.example:8080" }, 200],
      [{ host: `evil.example:${port}` }, 403],
      [{ host: "tunnel.example" }, 403],
      [{ host: own, origin: "http://evil.example" }, 403],
      [{ host: own, origin: "null" }, 403],
      [{ host: own, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, 403],
    ] as const) {
      assert.equal(await answer(url, "index.html", headers), status, JSON.stringify(headers));
      assert.equal(await answer(url, "_file/data/days.json", headers), status, JSON.stringify(headers));
      const socket = { ...headers, ...("origin" in headers ? {} : { origin }) };
      assert.equal(await answer(url, "_observablehq", { ...upgrade, ...socket }), status === 200 ? 101 : 403);
    }
  });

  it("has pages under the names of their files, and under those of older links", async () => {
    for (const path of ["", "index.html", "today.html?queue=A", "today?queue=A", "today"]) {
      const response = await fetch(url + path);
      assert.equal(response.status, 200, path);
      assert.match(new URL(response.url).pathname, /\.html$/);
      assert.equal(new URL(response.url).search, path.includes("?") ? "?queue=A" : "");
      await response.text();
    }
  });

  it("shows what is edited: a page, a query, and a page that is new", {
    skip: chromium ? false : "no Chromium found",
  }, async () => {
    const browser = await openChromium(chromium!);
    try {
      const { page, close } = await visit(browser, `${url}index.html`);
      const shows = (text: string) =>
        page.waitForFunction((text) => document.body.innerText.includes(text), text, { timeout: 60_000 });
      edit("notebooks/index.md", (text) => `${text}\n\nFirst words of an editor.\n`);
      await shows("First words of an editor.");
      edit("notebooks/index.md", (text) => text.replace("First words", "Other words"));
      await shows("Other words of an editor.");
      writeFileSync(
        join(clone.folder, "data-loaders", "greeting.json.sql"),
        "-- One row: a greeting.\n-- Ships: text\nselect 'Good morning' as text\n",
      );
      await until("the new dataset", async () => (await fetch(`${url}_file/data/greeting.json`)).ok);
      edit(
        "notebooks/index.md",
        (text) => `${text}\n\`\`\`js\ndisplay((await FileAttachment("data/greeting.json").json())[0].text)\n\`\`\`\n`,
      );
      await shows("Good morning");
      edit("data-loaders/greeting.json.sql", (text) => text.replace("morning", "evening"));
      await shows("Good evening");
      writeFileSync(join(clone.folder, "notebooks", "added.md"), "# Added\n");
      await until("the new page", async () => (await fetch(`${url}added.html`)).ok);
      await close();
    } finally {
      await browser.close();
    }
  });

  function edit(path: string, change: (text: string) => string): void {
    const file = join(clone.folder, path);
    writeFileSync(file, change(readFileSync(file, "utf8")));
  }
});

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** The status of the answer; 101 where a socket opens. */
function answer(url: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url + path, { headers, agent: false })
      .on("upgrade", ({ statusCode }, socket) => {
        socket.destroy();
        resolve(statusCode!);
      })
      .on("response", (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
      .on("error", reject)
      .end();
  });
}
