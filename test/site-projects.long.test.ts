import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { exitCodes } from "../src/base/errors.ts";
import { withLockFile } from "../src/base/lock.ts";
import { buildSite } from "../src/site/build.ts";
import { computeDatasets } from "../src/site/dataset.ts";
import { type Preview, previewSite } from "../src/site/preview.ts";
import { workspaceOf } from "../src/site/workspace.ts";
import { bin, cleanEnv, run } from "./cli-kit.ts";
import { type DemoProject, demoProject } from "./site-demo.ts";
import { tree } from "./sync-kit.ts";
import { ended, until, within } from "./wait.ts";

const small = { days: 2, conversationsPerDay: 60 };

describe("two projects of one clone", { timeout: 1_200_000 }, () => {
  let a: DemoProject;
  let b: DemoProject;
  const numbers = new Map<DemoProject, string>(); // days.json, computed apart

  before(async () => {
    a = await demoProject({ ...small, seed: 4, name: "Büro #1? 100%20 [a] & 'b'" });
    b = await demoProject({ ...small, seed: 5 });
    for (const demo of [a, b]) {
      const out = join(demo.folder, "apart");
      await computeDatasets(demo.project, { out });
      numbers.set(demo, readFileSync(join(out, "days.json"), "utf8"));
    }
    assert.notEqual(numbers.get(a), numbers.get(b));
  });
  after(() => {
    a?.delete();
    b?.delete();
  });

  const previewed = async ({ url }: Preview) => (await fetch(`${url}_file/data/days.json`)).text();

  it("have their own numbers when they are previewed and built at once", async () => {
    const previews = await Promise.all([
      previewSite(a.project, { port: 4410 }),
      previewSite(b.project, { port: 4430 }),
    ]);
    try {
      await Promise.all([buildSite(a.project), buildSite(b.project)]);
      await Promise.all([a, b].map(({ project }) => buildSite(project, { changed: true })));
      assert.equal(await previewed(previews[0]), numbers.get(a));
      assert.equal(await previewed(previews[1]), numbers.get(b));
      for (const demo of [a, b]) assert.equal(siteAnswer(demo, "days"), numbers.get(demo));
    } finally {
      await Promise.all(previews.map((preview) => preview.close()));
    }
  });

  it("keep what they need beside their kit.yaml, and git out of it", () => {
    for (const { folder, project } of [a, b]) {
      assert.deepEqual(
        readdirSync(folder).filter((name) => !["bucket", "data", "kit.yaml", "apart"].includes(name)),
        [".asapp-kit", "site"],
      );
      assert.equal(readFileSync(join(folder, ".asapp-kit", ".gitignore"), "utf8"), "*\n");
      assert.ok(!existsSync(workspaceOf(project).lock));
    }
  });

  it("leave each other's site alone", async () => {
    const before = tree(join(b.folder, "site"));
    const taken = await run([
      "build",
      "--no-sync",
      "--config",
      a.project.configFile!,
      "--output",
      join(b.folder, "site"),
    ]);
    assert.equal(taken.code, exitCodes.build, taken.stderr);
    assert.match(taken.stderr, /holds the site "Test contact centre" of .*kit\.yaml/);
    assert.match(taken.stderr, /next: .*--output/);
    assert.deepEqual(tree(join(b.folder, "site")), before);
  });

  it("ends what a killed build started, and the next one clears up and gives the same site", async () => {
    const site = join(a.folder, "site");
    const before = tree(site);
    const other = tree(join(b.folder, "site"));
    const sites = join(a.folder, ".asapp-kit", "sites");
    const child = spawn(process.execPath, [bin, "build", "--no-sync", "--config", a.project.configFile!], {
      env: cleanEnv(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    await said(child, /building the pages/);
    await until("Framework", () => childrenOf(child.pid!).length === 1);
    const [framework] = childrenOf(child.pid!);
    await until("its pages", () => readdirSync(sites).some((name) => name.startsWith("site.next-")));
    const closed = ended("the build", child);
    child.kill("SIGKILL");
    await closed;
    await until("the end of Framework", () => !running(framework!));
    assert.deepEqual(tree(site), before, "the former site stays");
    assert.ok(existsSync(workspaceOf(a.project).lock), "killed while it held the lock");
    await buildSite(a.project);
    assert.deepEqual(tree(site), before);
    assert.deepEqual(
      [readdirSync(a.folder).filter((name) => name.startsWith("site")), readdirSync(sites)],
      [["site"], ["site.json"]],
    );
    assert.deepEqual(tree(join(b.folder, "site")), other);
  });

  it("waits for a build of the same project and says for whom, until it is interrupted", async () => {
    await withLockFile(workspaceOf(b.project).lock, {}, async () => {
      const child = spawn(process.execPath, [bin, "build", "--no-sync", "--config", b.project.configFile!], {
        env: cleanEnv(),
        stdio: ["ignore", "ignore", "pipe"],
      });
      await said(child, new RegExp(`waiting for another build \\(process ${process.pid} on `));
      const closed = ended("the build", child);
      child.kill("SIGINT");
      assert.equal(await closed, exitCodes.interrupted);
    });
    assert.ok(!existsSync(workspaceOf(b.project).lock));
  });

  it("ends a preview that is interrupted or whose command is killed, with all it started", async () => {
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const child = spawn(process.execPath, [bin, "preview", "--port", "4450", "--config", b.project.configFile!], {
        env: cleanEnv(),
        stdio: ["ignore", "pipe", "ignore"],
      });
      await said(child, /^serving/m);
      const started = childrenOf(child.pid!);
      assert.equal(started.length, 1);
      const closed = ended("the preview", child);
      child.kill(signal);
      await closed;
      for (const pid of started) await until(`the end of ${pid}`, () => !running(pid));
    }
  });

  function siteAnswer({ folder }: DemoProject, name: string): string {
    const files = join(folder, "site", "_file", "data");
    const file = readdirSync(files).find((entry) => new RegExp(`^${name}\\.[0-9a-f]{8}\\.json$`).test(entry));
    return readFileSync(join(files, file!), "utf8");
  }
});

function said(child: ChildProcess, pattern: RegExp): Promise<void> {
  const stream = child.stderr ?? child.stdout!;
  let text = "";
  const told = new Promise<void>((resolve, reject) => {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (pattern.test(text)) resolve();
    });
    child.once("close", () => reject(new Error(`ended without saying ${pattern}: ${text}`)));
  });
  return within(String(pattern), told, { state: () => text });
}

function childrenOf(pid: number): number[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === pid && args.join(" ").includes("observable"))
    .map(([child]) => Number(child));
}

function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
