// A webhook and a program as receivers of alerts: what they get, and what is said of those that fail.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import type { Channel } from "../src/config/alerts-option.ts";
import { WebhookError } from "../src/http/webhook.ts";
import type { AlertMessage } from "../src/notify/message.ts";
import { send } from "../src/notify/receivers.ts";
import { postReceiver } from "./post-receiver.ts";

const message: AlertMessage = {
  format: 1,
  id: "0123456789abcdef.fired",
  firing: "0123456789abcdef",
  kind: "fired",
  site: "Centre <&>",
  alert: "Level",
  subject: "Billing",
  metric: "service_level",
  condition: "under target",
  at: "2026-11-24T09:00:00.000Z",
  since: "2026-11-24T09:00:00.000Z",
  minutes: 0,
  through: "2026-11-24T08:45:00.000Z",
  from: "2026-11-24T07:45:00.000Z",
  to: "2026-11-24T08:45:00.000Z",
  value: 0.7,
  threshold: 0.8,
  low: null,
  high: null,
  usual: null,
  contacts: 40,
  feeds: [],
  reason: null,
  timezone: "UTC",
  text: "Level, Billing: <!channel> & 70.0% within 60 s",
};

describe("receivers of alerts", () => {
  let folder: string;
  let answer: (response: ServerResponse) => void;
  let bodies: string[] = [];
  const env: NodeJS.ProcessEnv = {};
  const server = postReceiver((body, response) => {
    bodies.push(body);
    answer(response);
  });
  const say =
    (status: number, text = "", headers = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(status, headers).end(text);
  const program = (script: string): Channel => {
    const file = join(folder, "program.mjs");
    writeFileSync(file, script);
    return { kind: "program", command: [process.execPath, file] };
  };
  const failure = async (channel: Channel, timeout = 5000): Promise<CliError> => {
    const error = await send(channel, message, { env, timeout }).then(
      () => assert.fail("it was taken"),
      (error: unknown) => error,
    );
    assert.ok(error instanceof CliError, String(error));
    assert.doesNotMatch(`${error.message} ${error.next}`, /s3cr3t/);
    return error;
  };
  const hook: Channel = { kind: "json", variable: "HOOK" };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "asapp-receivers-"));
    env.HOOK = `${await server.listen()}/services/s3cr3t`;
  });
  beforeEach(() => {
    bodies = [];
    answer = say(200, "ok");
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("get the documented JSON, or what Slack shows, without mentions or formats of the data", async () => {
    await send(hook, message, { env });
    await send({ kind: "slack", variable: "HOOK" }, message, { env });
    assert.deepEqual(JSON.parse(bodies[0]!), message);
    const { text, blocks } = JSON.parse(bodies[1]!);
    assert.equal(text, "🔴 Level, Billing: &lt;!channel&gt; &amp; 70.0% within 60 s");
    assert.equal(
      blocks[1].elements[0].text,
      "Centre &lt;&amp;&gt; · service_level under target · 0123456789abcdef.fired",
    );
  });

  it("are documented field by field", () => {
    const docs = readFileSync(new URL("../../docs/alerts.md", import.meta.url), "utf8");
    const table = /\| field \| meaning \|\n([\s\S]*?)\n\n/.exec(docs)![1]!;
    const fields = table
      .split("\n")
      .slice(1)
      .flatMap((row) => row.split("|")[1]!.match(/\w+/g) ?? []);
    assert.deepEqual(fields.sort(), Object.keys(message).sort());
  });

  it("are asked once, and later when they ask for it", async () => {
    answer = say(429, "slow down", { "retry-after": "7" });
    const busy = await failure(hook);
    assert.ok(busy instanceof WebhookError);
    assert.equal(busy.retryAfterMs, 7000);
    assert.equal(bodies.length, 1);
  });

  const refusals: [string, (response: ServerResponse) => void, RegExp][] = [
    ["fails", say(500, "oops"), /answered 500/],
    ["is gone", say(404, "no_service"), /answered 404 \(no_service\)/],
    ["redirects", say(302, "", { location: "http://127.0.0.1:1/" }), /answered 302/],
    ["answers with a login", say(200, "<html><title>Log in</title>"), /with a page “Log in”/],
    ["breaks off", (response) => response.destroy(), /cannot reach|broke off/],
    ["hangs", () => {}, /did not answer within 0.4 s/],
    ["sends a byte now and then", (response) => void response.writeHead(200).write("o"), /0.4 s|broke off/],
  ];
  for (const [name, how, says] of refusals)
    it(`have not got a message from a webhook that ${name}`, async () => {
      answer = how;
      assert.match((await failure(hook, 400)).message, says);
    });

  it("are named by their variable when it is not set, or holds no address", async () => {
    assert.match((await failure({ kind: "slack", variable: "NONE" })).message, /^the variable NONE is not set$/);
    env.WRONG = "hooks.slack.com/s3cr3t";
    assert.match((await failure({ kind: "slack", variable: "WRONG" })).message, /^the variable WRONG needs the http/);
  });

  it("may be a program, which gets the JSON on standard input", async () => {
    const to = join(folder, "got.json");
    await send(
      program(
        `import { writeFileSync, readFileSync } from "node:fs"; writeFileSync(${JSON.stringify(to)}, readFileSync(0));`,
      ),
      message,
    );
    assert.deepEqual(JSON.parse(readFileSync(to, "utf8")), message);
  });

  it("may be a program that prints much, or does not read", async () => {
    await send(
      program(
        `const s = "x".repeat(1e6); for (let i = 0; i < 20; i++) { process.stdout.write(s); process.stderr.write(s); }`,
      ),
      message,
    );
    await send(program("process.exit(0);"), { ...message, text: "x".repeat(1e6) });
  });

  const broken: [string, string, RegExp][] = [
    ["fails", `console.error("first\\nno such channel"); process.exit(3);`, /ended with 3: no such channel$/],
    ["is killed", `process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);`, /ended with SIGTERM/],
    ["hangs", "setInterval(() => {}, 1000);", /did not end within 1 s/],
    [
      "hangs with a child that keeps its outputs",
      `import { spawn } from "node:child_process"; spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });`,
      /did not end within 1 s/,
    ],
  ];
  for (const [name, script, says] of broken)
    it(`have not got a message from a program that ${name}`, async () => {
      assert.match((await failure(program(script), 1000)).message, says);
    });

  it("have not got a message from a program that is not there", async () => {
    const error = await failure({ kind: "program", command: [join(folder, "nowhere")] });
    assert.match(error.message, /^cannot run program .*nowhere \(ENOENT\)$/);
  });
});
