import { timeZone } from "../../notebooks/components/metrics/time-zone.ts";
import { CliError } from "../base/errors.ts";
import { count, minute, plural, span } from "../base/words.ts";
import { didYouMean, whole } from "../cli/arguments.ts";
import { command } from "../cli/command.ts";
import { table } from "../cli/table.ts";
import type { Alert } from "../config/alerts-option.ts";
import { openProject, type Project } from "../config/project.ts";
import { figureText, receiverName } from "../notify/message.ts";
import { readAlertState } from "../warehouse/alerts/alert-state.ts";
import type { PastFiring, Replay } from "../warehouse/alerts/replay.ts";

export default command({
  summary: "the alerts of kit.yaml: their state, and their record",
  about: [
    "Without an action: the alerts, what the last round of `asapp-kit watch` saw, and the messages that are still to be told.",
    "`test` replays the last weeks, each moment by what was known at it: how often each alert would have fired, for how long,",
    "how long before the end of its hours, how often it was over by itself. docs/alerts.md has the options of kit.yaml.",
  ].join("\n"),
  positionals: { name: "[test]", least: 0, most: 1 },
  options: {
    days: { type: "string", value: "N", doc: "with test: so many days (56)", parse: whole(1, 84) },
    vary: { type: "boolean", doc: "with test: also with thresholds around the one of kit.yaml" },
    firings: { type: "boolean", doc: "with test: list every time an alert would have fired" },
  },
  examples: [
    ["asapp-kit alerts", "what is on, and what is still to be told"],
    ["asapp-kit alerts test --days 56", "how often each would have fired, and for how long"],
    ["asapp-kit alerts test --vary", "the same with other thresholds, to choose one"],
  ],
  async run(options, [action], context) {
    const { output, now } = context;
    if (action !== undefined && action !== "test")
      throw new CliError(
        "usage",
        `unknown action of alerts: ${action}${didYouMean(action, ["test"])}`,
        "asapp-kit alerts test",
      );
    for (const name of ["days", "vary", "firings"] as const)
      if (action === undefined && options[name])
        throw new CliError(
          "usage",
          `--${name} goes with test`,
          `asapp-kit alerts test --${name}${name === "days" ? " 56" : ""}`,
        );
    const project = openProject(context.config);
    const { alerts } = project.config;
    if (action === "test") {
      if (alerts.length === 0) throw new CliError("config", "kit.yaml has no alerts", noAlertsNext);
      const { variantsOf } = await import("../warehouse/alerts/variants.ts");
      const { replayDays } = await import("./steps/replay.ts");
      const tested = options.vary ? alerts.flatMap((alert) => [alert, ...variantsOf(alert, project.config)]) : alerts;
      const result = await replayDays(project, tested, {
        last: timeZone(project.config.timezone).date(now.getTime()),
        days: options.days ?? 56,
        now,
      });
      if (output.json) await output.document(jsonOf(result));
      else await output.result(testText(result, options.firings, project));
      return undefined;
    }
    const { state, damage } = readAlertState(project.data);
    if (damage !== null)
      output.warn(`alerts.json cannot be read: ${damage}`, "the next round of asapp-kit watch writes it anew");
    if (output.json) await output.document({ ...state, alerts });
    else if (alerts.length === 0 && state.seen.length === 0) output.say(`kit.yaml has no alerts; ${noAlertsNext}`);
    else await output.result(listText(project, state, now));
    return undefined;
  },
});

const noAlertsNext = "docs/alerts.md has some to begin with";

/** The text of `asapp-kit alerts`. */
function listText(
  project: Pick<Project, "config">,
  { checkedAt, seen, pending }: ReturnType<typeof readAlertState>["state"],
  now: Date,
): string {
  const { config } = project;
  const { alerts, timezone } = config;
  const time = (at: number) => minute(new Date(at), timezone).slice(0, 16);
  const rows = alerts.flatMap((alert) => {
    const own = seen.filter((one) => one.alert === alert.name);
    const first = [alert.name, `${alert.condition.metric} ${alert.conditionText}`];
    if (own.length === 0) return [[...first, "", "not checked yet", ""]];
    return own.map(({ subject, verdict, reason, figures, firing }) => [
      ...first,
      subject,
      firing === null
        ? { holds: "on", not: "off", unknown: "unknown", closed: "off" }[verdict]
        : `on since ${time(firing.since)}`,
      figures === null ? (reason ?? "") : figureText(alert, figures, config),
    ]);
  });
  const columns = [
    { name: "alert" },
    { name: "condition" },
    { name: "of" },
    { name: `state (${timezone})` },
    { name: "figures" },
  ];
  const lines = [table(columns, rows)];
  lines.push(
    checkedAt === null
      ? "never checked: asapp-kit watch checks them each round\n"
      : `checked ${minute(new Date(checkedAt), timezone)}, ${span(Math.max(0, (now.getTime() - checkedAt) / 60_000))} ago\n`,
  );
  const silent = alerts.filter(({ tell }) => tell.length === 0);
  if (silent.length > 0)
    lines.push(
      `nobody is told of ${silent.map(({ name }) => name).join(", ")}: \`tell\` in kit.yaml names receivers\n`,
    );
  for (const { id, channel, attempts, error } of pending)
    lines.push(
      `to be told: ${id} to ${receiverName(channel)}, ${plural(attempts, "attempt")}${error === null ? "" : `: ${error}`}\n`,
    );
  return lines.join("");
}

export interface TestResult extends Replay {
  first: string; // local days
  last: string;
  alerts: readonly Alert[];
}

function jsonOf({ first, last, records, firings }: TestResult): object {
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());
  return {
    first,
    last,
    records,
    firings: firings.map(({ from, to, through, ...rest }) => ({
      ...rest,
      from: iso(from),
      to: iso(to),
      through: iso(through),
    })),
  };
}

function testText(
  { first, last, records, firings, alerts }: TestResult,
  all: boolean,
  project: Pick<Project, "config">,
): string {
  const minutes = (value: number | null) => (value === null ? "" : span(value));
  const share = (part: number, of: number) => (of === 0 ? "" : `${Math.round((100 * part) / of)}%`);
  const columns = [
    { name: "alert" },
    { name: "of" },
    { name: "condition" },
    { name: "fired", right: true },
    { name: "days", right: true },
    { name: "median", right: true },
    { name: "longest", right: true },
    { name: "before the end", right: true },
    { name: "over by itself", right: true },
    { name: "brief", right: true },
    { name: "unfounded", right: true },
  ];
  const rows = records.map((record) => [
    record.alert,
    record.subject,
    record.condition,
    record.replayed ? count(record.fired) : "–",
    ...(record.replayed
      ? [
          count(record.daysFired),
          minutes(record.medianMinutes),
          minutes(record.longestMinutes),
          minutes(record.early),
          share(record.byItself, record.fired),
          share(record.brief, record.fired),
          share(record.unfounded, record.fired),
        ]
      : []),
  ]);
  const lines = [`${first} to ${last}, each moment by what was known at it\n\n`, table(columns, rows), "\n", explained];
  const lacking = [...new Set(records.filter(({ replayed }) => !replayed).map(({ alert }) => alert))];
  if (lacking.length > 0)
    lines.push(
      `not replayed: ${lacking.join(", ")}. When counts began to differ, or a value did not fit, is not kept.\n`,
    );
  if (all) lines.push("\n", firingsText(firings, alerts, project));
  return lines.join("");
}

const explained = [
  "days: with a firing. median, longest: from firing to over. before the end: median, from firing to the end of its hours, or of the day.",
  "over by itself: not by the end of its hours, nor as too few contacts came. brief: over within a quarter-hour.",
  "unfounded: by what is known today, the condition did not hold.\n",
].join("\n");

function firingsText(
  firings: readonly PastFiring[],
  alerts: readonly Alert[],
  { config }: Pick<Project, "config">,
): string {
  const { timezone } = config;
  const rows = firings.map(({ alert: name, subject, from, to, figures, byItself }) => {
    const alert = alerts.find((one) => one.name === name);
    return [
      minute(new Date(from), timezone).slice(0, 16),
      to === null ? "" : span((to - from) / 60_000),
      name,
      subject,
      alert === undefined || figures === null ? "" : figureText(alert, figures, config),
      byItself === null ? "not over" : byItself ? "by itself" : "ended",
    ];
  });
  const columns = [
    { name: `fired (${timezone})` },
    { name: "for" },
    { name: "alert" },
    { name: "of" },
    { name: "figures" },
    { name: "over" },
  ];
  return table(columns, rows);
}
