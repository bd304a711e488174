// The real `asapp-kit watch` telling a webhook and a program of a late feed, killed between firing and telling.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { AlertMessage } from "../src/notify/message.ts";
import { awsEnv, type CliKit, openCliKit } from "./cli-kit.ts";
import { hourAgo } from "./hours.ts";
import { postReceiver } from "./post-receiver.ts";
import { until } from "./wait.ts";
import { startWatcher, type Watcher } from "./watcher.ts";

describe("watch with alerts", { timeout: 900_000 }, () => {
  let kit: CliKit;
  let watcher: Watcher | null = null;
  let env: Record<string, string>;
  const bodies: AlertMessage[] = [];
  let answer: (response: ServerResponse) => void = () => {};
  const server = postReceiver((body, response) => {
    bodies.push(JSON.parse(body));
    answer(response);
  });
  const rows = [{ issue_id: 1, first_utterance_ts: hourAgo(5).start }];
  const told = () => {
    const file = join(kit.folder, "told.jsonl");
    return existsSync(file)
      ? readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as AlertMessage)
      : [];
  };
  const start = () => startWatcher(kit.folder, ["--no-site", "--every", "1s"], env);
  const kill = async () => {
    watcher?.child.kill("SIGKILL");
    await watcher?.closed;
    watcher = null;
  };
  const alert = (name: string, late: string) => `
  - name: ${name}
    metric: feed
    condition: ${late}
    feeds: [convos_metrics]
    remind: 1m
    tell:
      - json: HOOK
      - program: [${JSON.stringify(process.execPath)}, tell.mjs]
`;

  before(async () => {
    env = { ...awsEnv, HOOK: `${await server.listen()}/s3cr3t` };
    kit = await openCliKit(`alerts:${alert("Conversations late", "late by 130m")}`);
    writeFileSync(
      join(kit.folder, "tell.mjs"),
      'import { appendFileSync, readFileSync } from "node:fs"; appendFileSync("told.jsonl", readFileSync(0));',
    );
    kit.partition(`convos_metrics/${hourAgo(4).path}`, rows);
  });
  after(async () => {
    await kill();
    server.close();
    await kit.close();
  });

  it("tells again, under the same id, what it was telling when it was killed, and nothing twice after that", async () => {
    watcher = start();
    await until("a message", () => bodies.length === 1); // which gets no answer
    await kill();
    assert.equal(told().length, 0);
    answer = (response) => void response.end("ok");
    watcher = start();
    const { alerts } = await watcher.until(
      "messages taken",
      ({ alerts }) => alerts?.pending === 0 && alerts.told === 2,
    );
    assert.deepEqual([alerts!.firing, alerts!.fired], [1, 0]);
    assert.equal(bodies.length, 2);
    assert.deepEqual(bodies[1], bodies[0]);
    assert.deepEqual(told(), [bodies[0]]);
    const [{ kind, subject, text }] = bodies as [AlertMessage];
    assert.deepEqual([kind, subject], ["fired", "convos_metrics"]);
    assert.match(
      text,
      /^Conversations late, convos_metrics: late: convos_metrics; the oldest ends \d h.* ago\. As of data through \d\d:\d\d \(UTC\)\.$/,
    );
    await kill();
    watcher = start();
    await watcher.until("a round", () => true);
    assert.equal(bodies.filter(({ kind }) => kind === "fired").length, 2);
    const listed = await kit.run(["alerts"], { env });
    assert.equal(listed.code, 0, listed.stderr);
    assert.match(listed.stdout, /Conversations late +feed late by 130m +convos_metrics +on since/);
  });

  it("says each round that a receiver is not there, and tells it later that the alert is over", async () => {
    const program = () => told().filter(({ kind }) => kind === "over").length;
    answer = (response) => void response.writeHead(503).end();
    kit.partition(`convos_metrics/${hourAgo(0).path}`, rows);
    const failed = await watcher!.until("a failure", ({ exit }) => exit === "postFailed");
    assert.match(failed.message!, /^json HOOK has not taken 1 alert message: http:\/\/127.0.0.1:\d+\/… answered 503/);
    assert.equal(failed.alerts!.firing, 0);
    await until("the end told to the program", () => program() === 1);
    const listed = await kit.run(["alerts"], { env });
    assert.match(listed.stdout, /to be told: \w+\.over to json HOOK, 1 attempt: .*answered 503/);
    assert.doesNotMatch(`${listed.stdout}${watcher!.stderr()}${JSON.stringify(watcher!.rounds)}`, /s3cr3t/);
    await kill();
    // a minute later, as far as the file tells
    const file = join(kit.folder, "data", "alerts.json");
    const state = JSON.parse(readFileSync(file, "utf8"));
    for (const entry of state.pending) entry.notBefore -= 61_000;
    writeFileSync(file, JSON.stringify(state));
    answer = (response) => void response.end("ok");
    const before = bodies.length;
    watcher = start();
    await watcher.until("nothing pending", ({ ok, alerts }) => ok && alerts?.pending === 0);
    assert.deepEqual(
      bodies.slice(before).map(({ kind, firing }) => [kind, firing]),
      [["over", bodies[0]!.firing]],
    );
    assert.equal(program(), 1);
  });

  it("goes on with a damaged state, which it names", async () => {
    await kill();
    writeFileSync(join(kit.folder, "data", "alerts.json"), '{"format":1,');
    watcher = start();
    await watcher.until("a round", ({ ok }) => ok);
    assert.match(watcher.stderr(), /alerts.json cannot be read: it is cut short/);
  });
});
