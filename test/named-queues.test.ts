import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { warnOfQueues } from "../src/commands/steps/build.ts";
import { readStatus } from "../src/warehouse/status.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { namedNext, namedText, unknownOf } from "../src/warehouse/wfm/named-queues.ts";
import { rawFixture } from "./raw-fixture.ts";

const raw = rawFixture();
const { site } = raw.project.config;
after(() => raw.delete());

const always = [{ weekday: 1, from: 0, to: 1440 }];

describe("queues that kit.yaml names", () => {
  before(async () => {
    const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const queue = (queue_id: number, queue_name: string) => ({
      instance_ts: `${day} 01:00:00`,
      queue_id,
      queue_name,
      total_assignments: 3,
      total_abandons: 0,
    });
    raw.put("queue_wfm", `${day} 02:00`, [queue(1, "Queue Billing"), queue(2, "VIP"), queue(3, "Ärzte & Praxen")]);
    await updateWarehouse(raw.project);
  });

  const said = async () => {
    const warnings: string[] = [];
    await warnOfQueues(raw.project, { warn: (text, next) => warnings.push(`${text}. ${next}`) });
    const { notes, ok } = await readStatus(raw.project, new Date());
    const noted = notes.filter(({ what }) => /that no feed has/.test(what));
    assert.deepEqual(
      noted.map(({ what, next }) => `${what}. ${next}`),
      warnings,
      "status says what build says",
    );
    return { warnings, ok };
  };

  it("are known where a feed has them, a group in the opening hours as well", async () => {
    site.queueGroups = new Map([["Care", ["Queue Billing", "Ärzte & Praxen"]]]);
    site.openHours = new Map([
      ["default", always],
      ["VIP", always],
      ["Care", always],
    ]);
    assert.deepEqual((await said()).warnings, []);
  });

  it("are named with what they may be a slip of, in groups and in opening hours", async () => {
    site.queueGroups = new Map([["Care", ["queue billing", "Quue Billing", "Sales"]]]);
    site.openHours = new Map([
      ["default", always],
      ["VIPs", always],
    ]);
    const { warnings } = await said();
    assert.deepEqual(warnings, [
      `site.queue_groups names 3 queues that no feed has: "queue billing" (did you mean "Queue Billing"?), "Quue Billing" (did you mean "Queue Billing"?), "Sales". ${namedNext}`,
      `site.open_hours names 1 queue that no feed has: "VIPs" (did you mean "VIP"?). ${namedNext}`,
    ]);
  });

  it("are not counted out one by one where there are many", () => {
    const unknown = Array.from({ length: 9 }, (_, i) => ({ queue: `X${i}`, suggestion: null }));
    assert.match(namedText({ option: "site.open_hours", unknown }), /9 queues .*"X4" and others$/);
  });

  it("cannot be judged before any queue has come", () => {
    assert.deepEqual(unknownOf(["Billing"], []), []);
  });
});
