// Which answers of a webhook mean that it took the message; the case webhook-cut, and answers that do not end.
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { CliError, exitCodes } from "../src/base/errors.ts";
import { postMessage } from "../src/http/webhook.ts";
import { refusalOf, retryAfterMs } from "../src/http/webhook-answer.ts";
import { run } from "./cli-kit.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";

// status, body, whether the message was taken, whose answer it is
const rows: [number, string, boolean, string][] = [
  [200, "ok", true, "Slack, Mattermost"],
  [200, "1", true, "Teams connector"],
  [204, "", true, "Discord"],
  [202, "", true, "Teams Workflows"],
  [201, "Created", true, "a relay"],
  [200, '{"id":"1","content":"x","type":0}', true, "Discord with ?wait=true"],
  [200, '{"name":"spaces/A/messages/B","text":"x"}', true, "Google Chat"],
  [200, '{"success":true}', true, "Rocket.Chat"],
  [200, '{"result":"success","msg":"","id":1}', true, "Zulip"],
  [200, '{"errcode":0,"errmsg":"ok"}', true, "DingTalk, WeCom"],
  [200, '{"ok":true,"error":null}', true, "a Slack API"],
  [200, "<!doctype html><title>Sign in</title>", false, "a login page"],
  [200, "\ufeff\n<html><body>Welcome to Hotel Wi-Fi</body></html>", false, "a captive portal"],
  [200, '<?xml version="1.0"?><Error/>', false, "a store"],
  [
    200,
    "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413",
    false,
    "Teams connector",
  ],
  [200, "Please log in to continue", false, "a portal in plain text"],
  [200, '{"ok":false,"error":"invalid_auth"}', false, "a Slack API"],
  [200, '{"success":false}', false, "Rocket.Chat"],
  [200, '{"result":"error","msg":"Invalid API key"}', false, "Zulip"],
  [200, '{"errcode":310000,"errmsg":"sign not match"}', false, "DingTalk"],
  [200, '{"ok":tru', false, "JSON cut short"],
  [200, "x".repeat(5000), false, "a flood"],
  [302, "", false, "a redirect"],
  [407, "", false, "a proxy"],
];

describe("answer of a webhook", () => {
  for (const [status, text, posted, whose] of rows)
    it(`is ${posted ? "a yes" : "no yes"}: ${status} of ${whose}`, () => {
      const refusal = refusalOf({ status, text });
      assert.equal(refusal === null, posted, refusal ?? "");
      assert.doesNotMatch(refusal ?? "", /<|\n/);
    });

  const now = Date.parse("2026-11-30T12:00:00Z");
  const waits: [string | undefined, number | null][] = [
    ["2", 2000],
    ["0.5", 500],
    ["Mon, 30 Nov 2026 12:00:05 GMT", 5000],
    ["Mon, 30 Nov 2026 11:59:05 GMT", 0],
    ["soon", null],
    ["-3", null],
    [undefined, null],
  ];
  for (const [header, ms] of waits)
    it(`waits ${ms} ms for Retry-After: ${header}`, () => assert.equal(retryAfterMs(header, now), ms));
});

describe("webhook that answers oddly", () => {
  let answers: ((response: ServerResponse) => void)[] = [];
  let posts = 0;
  let url: string;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      posts += 1;
      (answers.shift() ?? ((one) => void one.end("ok")))(response);
    });
  });
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/s3cr3t`;
  });
  beforeEach(() => {
    answers = [];
    posts = 0;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const cutAfter =
    (status: number, body = "ok") =>
    (response: ServerResponse) => {
      response.writeHead(status, { "content-length": "100" }).write(body);
      setTimeout(() => response.destroy(), 20);
    };
  const fails = (message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CliError && error.exit === "postFailed", String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(`${error.message} ${error.next}`, /s3cr3t/);
    return true;
  };
  const post = (timeout = 60_000) => postMessage(url, { text: "t" }, { timeout, wait: 1 });

  it("cuts the connection after the headers (webhook-cut)", async () => {
    answers = [cutAfter(200)];
    await assert.rejects(post(), fails(/broke off its answer \(200\)/));
    assert.equal(posts, 1);
  });

  it("cuts an error of its own, and takes the next attempt", async () => {
    answers = [cutAfter(500, "no")];
    await post();
    assert.equal(posts, 2);
  });

  it("goes on for ever, slowly or in a flood", async () => {
    let stop = () => {};
    answers = [(response) => void response.writeHead(200, { "content-length": "10" }).write("ok")];
    await assert.rejects(post(1_000), fails(/did not answer within 1 s/));
    answers = [
      (response) => {
        const timer = setInterval(() => response.write("."), 20);
        stop = () => clearInterval(timer);
      },
    ];
    await assert.rejects(post(1_000), fails(/did not answer within 1 s/));
    stop();
    answers = [
      (response) => {
        const timer = setInterval(() => response.write("x".repeat(100_000)), 1);
        stop = () => clearInterval(timer);
      },
    ];
    await assert.rejects(post(), fails(/answered 200, but not that it took the message/));
    stop();
    assert.equal(posts, 3);
  });

  it("gives a date for Retry-After, near or far", async () => {
    const busy = (seconds: number) => (response: ServerResponse) =>
      void response.writeHead(429, { "retry-after": new Date(Date.now() + seconds * 1000).toUTCString() }).end("busy");
    answers = [busy(0)];
    await post();
    assert.equal(posts, 2);
    answers = [busy(600)];
    await assert.rejects(post(), fails(/answered 429 \(busy\)/));
    assert.equal(posts, 3, "it is not asked again before its time");
  });

  describe("on the command line", () => {
    let demo: DemoProject;
    before(async () => {
      demo = await demoProject({ days: 2, feeds: dayFeeds });
    });
    after(() => demo?.delete());

    for (const [what, answer] of [
      ["cut after the headers", cutAfter(200)],
      ["a login page", (response: ServerResponse) => void response.end("<html><title>Sign in</title></html>")],
    ] as const)
      it(`ends with 26 after ${what}`, async () => {
        answers = [answer];
        const args = ["share", "wfm", "--config", demo.project.configFile!, "--post", "env:HOOK"];
        const { code, stdout, stderr } = await run(args, { cwd: demo.folder, env: { HOOK: url } });
        assert.equal(code, exitCodes.postFailed, stderr);
        assert.match(stderr, /127\.0\.0\.1:\d+\/…/);
        assert.doesNotMatch(stdout, /posted/);
      });
  });
});
