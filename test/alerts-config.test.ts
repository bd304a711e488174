import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCondition } from "../src/config/alerts-option.ts";
import { parseConfig } from "../src/config/config.ts";

const parse = (yaml: string) => parseConfig(yaml, "kit.yaml", "/tmp");
const alert = (lines: string) => `alerts:\n  - name: A\n${lines.replace(/^/gm, "    ")}\n`;

describe("alerts in kit.yaml", () => {
  const conditions: [string, string, object][] = [
    ["service_level", "under target", { kind: "under", share: null }],
    ["service_level", "Under 70%", { kind: "under", share: 0.7 }],
    ["service_level", "under 0.7", { kind: "under", share: 0.7 }],
    ["service_level", "shortfall of at least 20 contacts", { kind: "shortfall", contacts: 20 }],
    ["volume", "outside the usual", { kind: "unusual", side: "outside" }],
    ["handle_time", "above usual", { kind: "unusual", side: "above" }],
    ["net_staffing", "under -2.5 for 3 intervals", { kind: "short", reps: -2.5, intervals: 3 }],
    ["feed", "late by 2h", { kind: "late", minutes: 120 }],
    ["feed", "counts differ", { kind: "counts" }],
    ["feed", "unfit values", { kind: "unfit" }],
  ];
  for (const [metric, text, expected] of conditions)
    it(`reads ${metric} ${text}`, () => {
      assert.deepEqual(parseCondition(metric as "feed", text), { metric, ...expected });
    });

  const sl = "metric: service_level\ncondition: under target";
  const mistakes: [string, RegExp][] = [
    [
      alert("metric: service_levl\ncondition: under target"),
      /kit.yaml:3:13 unknown value "service_levl" \(did you mean "service_level"\?\)/,
    ],
    [
      alert("metric: service_level\ncondition: under tagret"),
      /kit.yaml:4:5 unknown condition of service_level "under tagret" \(did you mean "under target"\?\)/,
    ],
    [alert("metric: service_level\ncondition: late"), /a condition of metric feed/],
    [alert("metric: service_level\ncondition: under 70"), /not a share \(written under 70%\)/],
    [alert("metric: net_staffing\ncondition: under 3"), /written under -3/],
    [alert("condition: late"), /an alert needs metric: A/],
    [alert(`${sl}\ngruop: Money`), /unknown option "gruop" in alerts \(did you mean "group"\?\)/],
    [alert(`${sl}\nqueue: A\ngroup: B`), /kit.yaml:6:5 queue and group exclude each other/],
    [alert(`${sl}\nfeeds: queue_wfm`), /feeds are for metric feed/],
    [alert(`${sl}\neach: feed`), /each is queue or group/],
    [alert(`${sl}\nover: 25m`), /invalid time: 25m \(one of 15m/],
    [alert(`${sl}\nmin_contacts: 3`), /kit.yaml:5:5 min_contacts is at least site.privacy.min_contacts, 10/],
    [
      alert("metric: feed\ncondition: late\nfeeds: [queue_wmf]"),
      /kit.yaml:5:5 unknown feed "queue_wmf" \(did you mean "queue_wfm"\?\)/,
    ],
    [alert("metric: feed\ncondition: late\nover: 1h"), /over is not for metric feed/],
    [
      `site: { queue_groups: { Money: [Billing] } }\n${alert(`${sl}\ngroup: Mony`)}`,
      /unknown group "Mony" \(did you mean "Money"\?\)/,
    ],
    [
      alert(`${sl}\ntell: [{ slack: https://hooks.slack.com/services/T0/B0/x }]`),
      /the address of a webhook is a secret/,
    ],
    [alert(`${sl}\ntell: [{ slack: A, json: B }]`), /a receiver is one of slack, json and program/],
    [`${alert(sl)}  - name: A\n    metric: feed\n    condition: late\n`, /kit.yaml:5:5 two alerts are called A/],
    ["alerts: { name: A }", /must be a list/],
  ];
  for (const [yaml, says] of mistakes)
    it(`refuses with ${says.source}`, () => {
      assert.throws(
        () => parse(yaml),
        (error: Error) => {
          assert.match(error.message, says);
          return true;
        },
      );
    });

  it("says no address of a webhook", () => {
    assert.throws(
      () => parse(alert(`${sl}\ntell: [{ slack: https://hooks.slack.com/services/T0/B0/s3cr3t }]`)),
      (error: Error) => {
        assert.doesNotMatch(error.message, /s3cr3t/);
        return true;
      },
    );
  });

  it("fills in defaults, and lets alerts share their receivers", () => {
    const { alerts } = parse(
      `${alert(`${sl}\ntell: &ops [{ slack: HOOK }]`)}  - { name: B, metric: feed, condition: late, tell: *ops }\n`,
    );
    assert.deepEqual(
      alerts.map(({ name, subject, over, minContacts, remindMinutes, tell }) => ({
        name,
        subject,
        over,
        minContacts,
        remindMinutes,
        tell,
      })),
      [
        {
          name: "A",
          subject: { kind: "group", name: "All queues" },
          over: 60,
          minContacts: 10,
          remindMinutes: null,
          tell: [{ kind: "slack", variable: "HOOK" }],
        },
        {
          name: "B",
          subject: { kind: "feeds", names: null, each: false },
          over: 60,
          minContacts: 10,
          remindMinutes: null,
          tell: [{ kind: "slack", variable: "HOOK" }],
        },
      ],
    );
  });
});
