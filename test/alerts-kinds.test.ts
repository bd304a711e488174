// An alert of each kind, from firing to over, told to a webhook and a program by rounds of which some are killed before they tell.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runAlerts } from "../src/commands/steps/alerts.ts";
import { parseConfig } from "../src/config/config.ts";
import type { AlertMessage } from "../src/notify/message.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { postReceiver } from "./post-receiver.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";

const day = "2026-11-24"; // a Tuesday
const kinds = {
  level: "metric: service_level, condition: under target, over: 15m",
  shortfall: "metric: service_level, condition: shortfall of 20, over: 15m, queue: Billing",
  volume: "metric: volume, condition: above usual, over: 15m",
  handle: "metric: handle_time, condition: above usual, over: 15m",
  staffing: "metric: net_staffing, condition: under -3, chats: 1",
  late: "metric: feed, condition: late by 2h, feeds: [convos_metrics]",
  counts: "metric: feed, condition: counts differ",
  unfit: "metric: feed, condition: unfit values",
};
const names = Object.keys(kinds);

describe("an alert of each kind", () => {
  let raw: RawFixture;
  let told: (name: string) => { webhook: string[]; program: string[] };
  const received: AlertMessage[] = [];
  let refuse = false;
  const server = postReceiver((body, response) => {
    if (!refuse) received.push(JSON.parse(body));
    response.writeHead(refuse ? 503 : 200).end();
  });

  before(async () => {
    process.env.ALERTS_HOOK = `${await server.listen()}/`;
    raw = rawFixture((project) => {
      const file = join(project.root, "told.jsonl");
      const program = JSON.stringify([process.execPath, join(project.root, "tell.mjs")]);
      writeFileSync(
        join(project.root, "tell.mjs"),
        `import { appendFileSync, readFileSync } from "node:fs"; appendFileSync(${JSON.stringify(file)}, readFileSync(0));`,
      );
      const alerts = Object.entries(kinds).map(
        ([name, text]) =>
          `  - { name: ${name}, ${text}, remind: 30m, tell: [{ json: ALERTS_HOOK }, { program: ${program} }] }`,
      );
      const yaml = `site: { privacy: { min_reps: 2, min_contacts: 3 } }\nalerts:\n${alerts.join("\n")}\n`;
      Object.assign(project.config, parseConfig(yaml, "kit.yaml", project.root), { dataFolder: project.data });
      const own = (messages: AlertMessage[], name: string) =>
        messages.filter(({ alert }) => alert === name).map(({ kind, subject }) => `${kind} ${subject}`);
      told = (name) => ({
        webhook: own(received, name),
        program: own(
          (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []).map((line) => JSON.parse(line)),
          name,
        ),
      });
    });
    for (const tuesday of ["2026-10-20", "2026-10-27", "2026-11-03", "2026-11-10", "2026-11-17"])
      for (const [run, starts] of runs) windows(tuesday, run, starts, "good");
  });
  after(() => {
    server.close();
    raw.delete();
    delete process.env.ALERTS_HOOK;
  });

  // what each run delivers, twenty minutes after the last of it
  const runs: [string, string[]][] = [
    ["12:30", ["11:30", "11:45"]],
    ["13:00", ["12:00", "12:15"]],
    ["13:30", ["12:30", "12:45"]],
  ];

  function windows(date: string, run: string, starts: readonly string[], outcome: "good" | "bad"): void {
    const bad = outcome === "bad";
    const at = (start: string) => ({ instance_ts: `${date}T${start}:00Z`, queue_id: "1", queue_name: "Billing" });
    raw.put(
      "queue_wfm",
      `${date} ${run}`,
      starts.map((start) => ({
        ...at(start),
        total_assignments: bad ? 40 : 20,
        total_abandons: 0,
        waits_under_60s: bad ? 10 : 19,
        avg_handle_time_seconds: bad ? 900 : 300,
      })),
    );
    raw.put(
      "queue_membership_wfm",
      `${date} ${run}`,
      starts.flatMap((start) =>
        Array.from({ length: 8 }, (_, rep) => ({
          ...at(start),
          rep_id: rep + 1,
          lin_logged_in_min: 15,
          lin_avail_min: 15,
        })),
      ),
    );
  }

  function others(outcome: "good" | "bad"): void {
    const bad = outcome === "bad";
    const issue = { issue_id: 1, first_utterance_ts: `${day}T08:10:00Z` };
    raw.put("convos_metrics", `${day} 08`, [issue]);
    if (!bad) raw.put("convos_metrics", `${day} 12`, [{ ...issue, issue_id: 2 }]);
    const count = { export_name: "convos_metrics", export_date: day, export_interval: "hr=08" };
    raw.put("export_row_counts", day, [{ ...count, exported_rows: bad ? 5 : 1 }]);
    raw.put("csid_containment", `${day} 08`, bad ? ["no JSON"] : [{ csid: "a", is_contained: true }]);
  }

  const round = async (clock: string) => {
    const now = new Date(`${day}T${clock}:00Z`);
    await updateWarehouse(raw.project, { now });
    const output = { warn: (text: string) => assert.fail(text) } as never;
    let seen: unknown = null;
    const failure = await runAlerts(raw.project, { output, signal: new AbortController().signal, now }, (alerts) => {
      seen = alerts;
    }).then(
      () => null,
      (error: Error) => error.message,
    );
    return { seen, failure };
  };

  it("says nothing while all is well", async () => {
    const last = "2026-11-17";
    await updateWarehouse(raw.project, { now: new Date(`${last}T13:50:00Z`) });
    const output = { warn: (text: string) => assert.fail(text) } as never;
    const now = new Date(`${last}T13:50:00Z`);
    await runAlerts(raw.project, { output, signal: new AbortController().signal, now }, () => {});
    for (const name of names) assert.deepEqual(told(name), { webhook: [], program: [] }, name);
  });

  it("fires once, and is told to both also where a receiver is away at first", async () => {
    windows(day, ...runs[0]!, "bad");
    others("bad");
    refuse = true;
    const failed = await round("12:50");
    assert.match(failed.failure ?? "", /^json ALERTS_HOOK has not taken 8 alert messages/);
    assert.deepEqual(failed.seen, { firing: 8, fired: 8, over: 0, told: 8, pending: 8 });
    refuse = false;
    assert.deepEqual((await round("12:55")).seen, { firing: 8, fired: 0, over: 0, told: 8, pending: 0 });
    for (const name of names) {
      const { webhook, program } = told(name);
      assert.deepEqual([webhook.length, program], [1, webhook], name);
      assert.match(webhook[0]!, /^fired /, name);
    }
  });

  it("reminds after the time of `remind`, not before", async () => {
    windows(day, ...runs[1]!, "bad");
    assert.deepEqual((await round("13:19")).seen, { firing: 8, fired: 0, over: 0, told: 0, pending: 0 });
    assert.deepEqual((await round("13:20")).seen, { firing: 8, fired: 0, over: 0, told: 16, pending: 0 });
    for (const name of names) assert.match(told(name).program.at(-1)!, /^reminder /, name);
  });

  it("is over, and told so once", async () => {
    windows(day, ...runs[2]!, "good");
    others("good");
    assert.deepEqual((await round("13:50")).seen, { firing: 0, fired: 0, over: 8, told: 16, pending: 0 });
    assert.equal((await round("13:55")).failure, null);
    for (const name of names) {
      const { webhook, program } = told(name);
      assert.deepEqual(webhook, program, name);
      assert.deepEqual(
        webhook.map((text) => text.split(" ")[0]),
        ["fired", "reminder", "over"],
        name,
      );
    }
    assert.match(received.find(({ alert }) => alert === "level")!.text, /25/);
  });
});
