// The demo as a user starts it, and what can be done with its data once its bucket is gone.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { exitCodes } from "../src/base/errors.ts";
import { demoCredentials } from "../src/demo/demo.ts";
import { bin, cleanEnv, run } from "./cli-kit.ts";
import { ended, output, until, within } from "./wait.ts";

const env = {
  AWS_ACCESS_KEY_ID: demoCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: demoCredentials.secretAccessKey,
};
const now = ["--now", "2026-09-01T17:20:00Z"];

describe("demo", () => {
  const folder = mkdtempSync(join(tmpdir(), "asapp-kit-demo-"));
  const config = ["--config", join(folder, ".demo", "kit.yaml")];
  let children: ChildProcess[] = [];
  let taken: Server;
  before(async () => {
    taken = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => taken.once("listening", done));
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    children = [];
    await new Promise((done) => taken.close(done));
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the command line and waits for a line of its stdout. */
  async function start(args: string[], line: RegExp) {
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder, env: cleanEnv() });
    children.push(child);
    let stdout = "";
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const closed = new Promise<number | null>((done) => child.on("close", done));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    const state = () => `${stdout}\n${stderr}`;
    const heard = () => line.test(stdout) || child.exitCode !== null;
    await until(`${line} from ${args[0]}`, heard, { seconds: 300, state });
    const found = line.exec(stdout);
    assert.ok(found, state());
    return { child, closed, found, stderr: () => stderr, stdout: () => stdout };
  }

  it("goes from bucket to site, serves it on the next free port, and stops on Ctrl-C", async () => {
    const { port } = taken.address() as { port: number };
    const args = ["demo", "--days", "2", "--seed", "3", ...now, "--folder", folder, "--port", String(port)];
    const demo = await start(args, /^serving (http:\/\/127\.0\.0\.1:\d+\/).*$/m);
    const url = demo.found[1]!;
    assert.notEqual(new URL(url).port, String(port));
    assert.match(demo.stderr(), new RegExp(`warning: port ${port} is in use, took ${new URL(url).port}`));
    assert.match(demo.stdout(), /^new +\d+ partitions of \d+ feeds$/m);
    assert.match(demo.stdout(), /^through +2026-09-01 17:00 UTC$/m);
    assert.match(demo.stdout(), /^site .*: \d+ pages, \d+ datasets, /m);
    const page = await fetch(url);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /Demo contact centre/);
    demo.child.kill("SIGINT");
    assert.equal(await within("the end of the demo", demo.closed), exitCodes.ok);
    await assert.rejects(fetch(url));
    assert.deepEqual(readdirSync(folder).sort(), [".asapp-kit", ".demo", "site"]);
  });

  it("leaves data that every command works on", async () => {
    const sql = await run(["sql", ...config, "select count(*) as feeds from kit.feeds where rows > 0"]);
    assert.equal(sql.code, 0, sql.stderr);
    assert.ok(Number(sql.stdout.split("\n")[1]) >= 25);
    const status = JSON.parse((await run(["status", ...config, "--json"])).stdout);
    assert.equal(status.dataThrough, "2026-09-01T17:00:00Z");
    assert.equal((await run(["verify", ...config])).code, 0);
  });

  it("builds from what is here when the bucket cannot be reached", async () => {
    const out = join(folder, "second");
    const { code, stdout, stderr } = await run(["build", ...config, "-o", out], { env });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /warning: cannot reach .*going on with the earlier data, through 2026-09-01 17:00 UTC/);
    assert.match(stdout, /^site .*second: \d+ pages/m);
    assert.ok(existsSync(join(out, "index.html")));
  });

  it("stops there with --strict, and when there is nothing to go on with", async () => {
    const yaml = readFileSync(config[1]!, "utf8").replace("data: data", "data: empty");
    writeFileSync(join(folder, ".demo", "empty.yaml"), yaml);
    const [strict, empty] = await Promise.all([
      run(["build", ...config, "--strict", "-o", join(folder, "third")], { env }),
      run(["build", "--config", join(folder, ".demo", "empty.yaml"), "-o", join(folder, "third")], { env }),
    ]);
    assert.equal(strict.code, exitCodes.unreachable, strict.stderr);
    assert.equal(empty.code, exitCodes.unreachable, empty.stderr);
    assert.ok(!existsSync(join(folder, "third")));
  });

  it("previews the site for editing", async () => {
    const preview = await start(["preview", ...config, "--port", "4310"], /^serving (\S+)/m);
    const page = await fetch(preview.found[1]!);
    assert.equal(page.status, 200);
    await page.text();
    preview.child.kill("SIGINT");
    assert.equal(await within("the end of the preview", preview.closed), exitCodes.ok);
  });

  it("is interrupted at once while it works", async () => {
    const child = spawn(process.execPath, [bin, "demo", "--days", "200", "--folder", join(folder, "other")], {
      env: cleanEnv(),
    });
    children.push(child);
    await output("a first message", child.stderr);
    child.kill("SIGINT");
    assert.equal(await ended("an interrupted demo", child), exitCodes.interrupted);
  });

  it("has a port of its own to say when none is free", async () => {
    const last = createServer();
    const listening = await new Promise<boolean>((done) => {
      last.once("error", () => done(false)); // somebody else has it, which is as good
      last.listen(65_535, "127.0.0.1", () => done(true));
    });
    const { code, stderr } = await run(["preview", ...config, "--port", "65535"]);
    assert.equal(code, exitCodes.portTaken, stderr);
    assert.match(stderr, /no free port from 65535.*\n {2}next: .*--port/);
    if (listening) await new Promise((done) => last.close(done));
  });
});
