import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";
import { CliError, exitCodes } from "../src/base/errors.ts";
import { postMessage, webhookHost } from "../src/http/webhook.ts";
import { slackMessage } from "../src/site/share/share-post.ts";
import { run } from "./cli-kit.ts";
import { postReceiver } from "./post-receiver.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";

const card = {
  kicker: "Centre · Billing · Tuesday 1 September 2026",
  title: "Billing: 76.4% answered within 60 s, 3.6 points under the 80% target",
  lead: "120 contacts offered <by> 14:15 & more.",
  charts: [{ title: "Volume is in line with the usual", draw: () => undefined as never }],
  notes: ["Times in Europe/Berlin."],
};

describe("share --post", () => {
  const secret = "/services/T000/B000/s3cr3t";
  let answers: ((response: ServerResponse) => void)[] = [];
  let bodies: string[] = [];
  let requests: IncomingMessage[] = [];
  let url: string;
  const server = postReceiver((body, response, request) => {
    bodies.push(body);
    requests.push(request);
    const answer = answers.shift() ?? say(200, "ok");
    answer(response);
  });
  const say =
    (status: number, text: string, headers = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(status, headers).end(text);
  const refused = (exit: "postFailed", says: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CliError);
    assert.equal(error.exit, exit);
    assert.match(error.message, says);
    assert.doesNotMatch(`${error.message} ${error.next}`, /s3cr3t|T000/);
    return true;
  };

  before(async () => {
    url = `${await server.listen()}${secret}`;
  });
  beforeEach(() => {
    answers = [];
    bodies = [];
    requests = [];
  });
  after(() => server.close());

  it("sends text and blocks within Slack's limits", async () => {
    const long = { ...card, title: "x".repeat(500), notes: Array(20).fill("y".repeat(5000)) };
    await postMessage(url, slackMessage(long, { image: "https://cdn.test/a.png", link: "https://kit.test/today" }));
    const { text, blocks } = JSON.parse(bodies[0]!);
    assert.ok(text.length <= 3000);
    const [header, section, image, link, context] = blocks;
    assert.equal(header.text.text.length, 150);
    assert.match(section.text.text, /offered &lt;by&gt; 14:15 &amp; more\.\n• Volume is in line/);
    assert.equal(image.image_url, "https://cdn.test/a.png");
    assert.match(link.text.text, /^<https:\/\/kit\.test\/today\|/);
    assert.equal(context.elements.length, 10);
    assert.ok(context.elements.every((element: { text: string }) => element.text.length <= 2000));
    assert.equal(requests[0]!.method, "POST");
    assert.match(requests[0]!.headers["content-type"]!, /^application\/json/);
  });

  it("tries again while the service fails or is busy", async () => {
    answers = [say(500, "rollup_error"), say(429, "slow down", { "retry-after": "0" })];
    const told: string[] = [];
    await postMessage(url, slackMessage(card), { wait: 1, onRetry: (reason) => told.push(reason) });
    assert.equal(bodies.length, 3);
    assert.equal(new Set(bodies).size, 1);
    assert.match(told.join(), /answered 500 \(rollup_error\),.*answered 429/);
  });

  it("gives up after three attempts", async () => {
    answers = Array(3).fill(say(503, ""));
    await assert.rejects(postMessage(url, {}, { wait: 1 }), refused("postFailed", /answered 503$/));
    assert.equal(bodies.length, 3);
  });

  it("asks once where asking again is of no use", async () => {
    for (const [status, text] of [
      [400, "invalid_payload"],
      [403, "invalid_token"],
      [404, "no_service"],
      [410, "channel_is_archived"],
    ] as const) {
      answers = [say(status, text)];
      bodies = [];
      await assert.rejects(
        postMessage(url, {}, { wait: 1 }),
        refused("postFailed", new RegExp(`answered ${status} \\(${text}\\)$`)),
      );
      assert.equal(bodies.length, 1);
    }
  });

  it("follows no redirect, and shows no page that came instead of a word", async () => {
    answers = [say(302, "", { location: `${url}/elsewhere` }), say(404, `<html>${secret}</html>`)];
    await assert.rejects(postMessage(url, {}), refused("postFailed", /answered 302$/));
    await assert.rejects(postMessage(url, {}), refused("postFailed", /answered 404$/));
    assert.equal(bodies.length, 2);
  });

  it("does not repeat what may have arrived", async () => {
    answers = [() => {}];
    await assert.rejects(postMessage(url, {}, { timeout: 100 }), refused("postFailed", /did not answer within 0\.1 s/));
    assert.equal(bodies.length, 1);
  });

  it("names a host that cannot be reached", async () => {
    const gone = postReceiver(() => {});
    const address = await gone.listen();
    gone.close();
    await assert.rejects(
      postMessage(`${address}${secret}`, {}, { wait: 1 }),
      refused("postFailed", /cannot reach http:\/\/127\.0\.0\.1:\d+\/…: ECONNREFUSED/),
    );
  });

  it("shows no more of an address than its host", () => {
    assert.equal(webhookHost("https://user:pass@hooks.slack.com/services/T/B/x?y=z"), "https://hooks.slack.com/…");
    for (const wrong of ["hooks.slack.com/services/T/B/x", "ftp://x.test/", "file:///etc/passwd", ""])
      assert.throws(
        () => webhookHost(wrong),
        (error) => error instanceof CliError && error.exit === "usage",
      );
  });

  describe("on the command line", () => {
    let demo: DemoProject;
    before(async () => {
      demo = await demoProject({ days: 2, feeds: dayFeeds });
    });
    after(() => demo?.delete());

    it("posts the sentences of the day, and prints no secret", async () => {
      const args = ["share", "wfm", "--config", demo.project.configFile!, "--post", "env:HOOK"];
      const { code, stdout, stderr } = await run(args, { cwd: demo.folder, env: { HOOK: url } });
      assert.equal(code, exitCodes.ok, stderr);
      assert.match(stdout, /^posted to http:\/\/127\.0\.0\.1:\d+\/…: .*answered within 60 s/);
      const { text } = JSON.parse(bodies[0]!);
      assert.match(text, /answered within 60 s.*contacts offered by 14:15/);
      answers = [say(404, "no_service")];
      const failed = await run(args, { cwd: demo.folder, env: { HOOK: url } });
      assert.equal(failed.code, exitCodes.postFailed);
      assert.match(failed.stderr, /answered 404 \(no_service\)/);
      assert.doesNotMatch(stdout + stderr + failed.stdout + failed.stderr, /s3cr3t/);
    });
  });
});
