import { dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CliError } from "../base/errors.ts";
import { hint } from "../base/suggest.ts";
import { count } from "../base/words.ts";
import { didYouMean } from "../cli/arguments.ts";
import { command } from "../cli/command.ts";
import { confirm } from "../cli/confirm.ts";
import { table } from "../cli/table.ts";
import { parseConfig } from "../config/config.ts";
import { newConfigText, type Setting, setOptions } from "../config/config-text.ts";
import type { Project } from "../config/project.ts";
import { openProject } from "../config/project.ts";
import { type ConfigPlan, readConfigFile, refuseChanged, writeConfigFile } from "../credentials/plan.ts";
import { isSame, reasonText, unmapped } from "../warehouse/wfm/unmapped.ts";
import type { DeliveredColumn, FeedReport, Switch } from "../warehouse/wfm/wfm-report.ts";

export default command({
  summary: "which columns of the WFM feeds hold which metric",
  about: [
    "The column names of the two WFM feeds are not published. This shows what kit.yaml maps, what really came, with the",
    "values of the newest 28 days, and guesses at what is missing; and what the data say of units and threshold counts.",
    "--write puts clear guesses into kit.yaml, --set what you choose. What will be written is shown first.",
  ].join("\n"),
  positionals: { name: "columns", least: 1, most: 1 },
  options: {
    write: { type: "boolean", doc: "write the clear guesses, and the switches that the data contradict" },
    set: {
      type: "string",
      multiple: true,
      value: "METRIC=COLUMN",
      separator: /,\s*(?=[a-z_]+=)/, // names of columns may hold commas
      doc: "write this; A+B for a column that was renamed, nothing after the = for a metric that is not delivered",
      parse: setting,
    },
    yes: { type: "boolean", short: "y", doc: "do not ask; required without a terminal" },
  },
  examples: [
    ["asapp-kit wfm columns", "what is mapped, what came, what it might be"],
    ["asapp-kit wfm columns --write", "the clear guesses into kit.yaml, after a question"],
    ["asapp-kit wfm columns --set abandons=left_queue,reps=,wait_unit=minutes", "what you know better"],
  ],
  async run(options, [action = ""], { config, output, signal }) {
    if (action !== "columns")
      throw new CliError(
        "usage",
        `unknown action of wfm: ${action}${didYouMean(action, ["columns"])}`,
        "asapp-kit wfm columns",
      );
    const project = openProject(config);
    const report = await readWfmReport(project);
    const writes = options.write || options.set.length > 0;
    const plan = writes ? planWfm(project, report, options.set, options.write) : null;
    if (output.json) await output.document({ ...report, ...(plan && { file: plan.file, changes: plan.changes }) });
    else await output.result(reportText(report));
    if (plan === null) return undefined;
    output.say(wfmPlanText(plan));
    if (plan.changes.length === 0) return undefined;
    if (!options.yes) await confirm({ output, signal });
    writeWfm(plan);
    output.say("written; asapp-kit build --no-sync shows it");
    return undefined;
  },
});

function setting(text: string): string {
  if (/^[a-z_]+=/.test(text)) return text;
  throw new Error(`not METRIC=COLUMN: ${text}`);
}

interface WfmReport {
  feeds: FeedReport[];
  switches: Switch[];
}

/** Reads the facts of `wfm columns` from the catalog. */
export async function readWfmReport(project: Project): Promise<WfmReport> {
  const { openCatalog } = await import("../warehouse/catalog/catalog.ts");
  const { loadSnapshot } = await import("../warehouse/snapshot/snapshot.ts");
  const { wfmReport } = await import("../warehouse/wfm/wfm-report.ts");
  const snapshot = loadSnapshot(project.data);
  const database = await openCatalog(project, { snapshot });
  try {
    return await wfmReport(database, project.config, snapshot);
  } finally {
    database.close();
  }
}

/** The text of `asapp-kit wfm columns`. */
function reportText({ feeds, switches }: WfmReport): string {
  if (feeds.length === 0)
    return "Neither queue_wfm nor queue_membership_wfm is here yet; ASAPP exports them on request.\n";
  const blocks = feeds.map(feedText);
  const rows = switches.map(({ option, value, usual, suggests, because }) => {
    const says = suggests === null || suggests === value ? "" : `rather ${suggests}: `;
    return [option, value === usual ? `${value} (default)` : value, `${says}${because}`];
  });
  const columns = [{ name: "switch" }, { name: "now" }, { name: "what the data say" }];
  return `${blocks.join("\n")}\n${table(columns, rows)}`;
}

/**
 * Plans changes of kit.yaml: `settings` as given ("abandons=left_queue", "abandons=old_name+new_name" for a renamed column,
 * "abandons=" for a metric that is not delivered), and with `guess` the clear guesses, after columns that have ended, and
 * the switches that the data suggest. Throws CliError for an unknown name.
 */
function planWfm(project: Project, report: WfmReport, settings: string[], guess: boolean): ConfigPlan {
  const targets = new Map<string, Written>();
  if (guess) {
    for (const { option, clear, columns } of report.feeds.flatMap(({ metrics }) => metrics)) {
      const ended = columns.filter(({ state }) => state === "ended").map(({ column }) => column);
      if (clear !== null) targets.set(option, [...ended, clear]);
    }
    for (const { option, value, suggests } of report.switches)
      if (suggests !== null && suggests !== value) targets.set(option, suggests);
  }
  for (const setting of settings) targets.set(...readSetting(report, setting));
  const file = project.configFile ?? resolve("kit.yaml");
  const before = readConfigFile(file);
  const now = new Map<string, Written>([
    ...report.feeds.flatMap(({ metrics }) =>
      metrics.map(({ option, columns }) => [option, columns.map(({ column }) => column)] as const),
    ),
    ...report.switches.map(({ option, value }) => [option, value] as const),
  ]);
  const changed = [...targets].filter(([option, to]) => !isDeepStrictEqual(now.get(option), to));
  const changes = changed.map(([option, to]) => ({
    option,
    from: shown(now.get(option) ?? []),
    to: shown(to),
  }));
  const texts = changed.map(
    ([option, to]): Setting => ({
      path: option.split("."),
      value: typeof to === "string" || to.length > 1 ? to : (to[0] ?? null),
    }),
  );
  const start = before ?? newConfigText;
  const text = changes.length === 0 ? start : setOptions(start, texts);
  parseConfig(text, file, dirname(file));
  return { file, before, text, changes };
}

/** The plan as text. */
function wfmPlanText({ file, changes }: ConfigPlan): string {
  const lines = changes.map(
    ({ option, from, to }) => `  ${option}: ${to ?? ""}${from === null ? "" : ` (was ${from})`}`,
  );
  return [file, ...(lines.length === 0 ? ["  says so already"] : lines)].join("\n");
}

/** Writes the plan. Throws when the file was changed since it was read. */
function writeWfm(plan: ConfigPlan): void {
  refuseChanged(plan);
  writeConfigFile(plan, "nothing was written");
}

/** The value of an option: that of a switch, or the columns of a metric. */
type Written = string | string[];

function readSetting({ feeds, switches }: WfmReport, setting: string): [string, Written] {
  const [name = "", ...rest] = setting.split("=");
  const text = rest.join("=");
  const value = text.trim();
  const next = "asapp-kit wfm columns lists metrics, columns and switches";
  const named = switches.find(({ option }) => option.endsWith(`.${name}`));
  if (named !== undefined) {
    if (named.choices.includes(value)) return [named.option, value];
    throw new CliError("usage", `unknown ${name}: ${value} (${hint(value, named.choices)})`, next);
  }
  const metrics = feeds.flatMap((feed) => feed.metrics.map(({ metric, option }) => ({ feed, metric, option })));
  const found = metrics.find(({ metric }) => metric === name);
  if (found === undefined) {
    const names = [
      ...metrics.map(({ metric }) => metric),
      ...switches.map(({ option }) => option.slice(option.lastIndexOf(".") + 1)),
    ];
    throw new CliError("usage", `unknown metric: ${name} (${hint(name, names)})`, next);
  }
  const { feed, option } = found;
  if (value === "") return [option, []];
  const columns = feed.columns.map(({ column }) => column);
  const columnOf = (name: string) => columns.find((column) => column.toLowerCase() === name.toLowerCase());
  const whole = columnOf(text) ?? columnOf(value);
  if (whole !== undefined) return [option, [whole]];
  const parts = value.split("+").map((part) => {
    const name = part.trim();
    const column = columnOf(name);
    if (column !== undefined) return column;
    throw new CliError("usage", `${feed.feed} has no column ${name} (${hint(name, columns)})`, next);
  });
  return [option, [...new Set(parts)]];
}

function shown(written: Written): string | null {
  return typeof written === "string" ? written : written.join("+") || null;
}

function feedText(feed: FeedReport): string {
  const { rows, firstDay, lastDay } = feed;
  const columns = [
    { name: "metric" },
    { name: "column" },
    { name: "state" },
    { name: "type" },
    ...["filled", "min", "median", "max"].map((name) => ({ name, right: true })),
  ];
  const cells = feed.metrics.flatMap(({ metric, columns, state }) =>
    (columns.length > 0 ? columns : [{ column: "", state }]).map((mapped, i) => {
      const delivered = feed.columns.find(({ column }) => isSame(column, mapped.column));
      return [i === 0 ? metric : "", mapped.column, mapped.state, ...valueCells(delivered)];
    }),
  );
  const others = feed.columns.filter(
    (delivered) => !feed.metrics.some(({ columns }) => columns.some(({ column }) => isSame(column, delivered.column))),
  );
  const more = others.map((delivered) => ["", delivered.column, "", ...valueCells(delivered)]);
  const open = unmapped([feed]).map((metric) => `${metric.metric}: ${reasonText(metric)}\n`);
  return `${feed.feed}: ${count(rows)} rows, ${firstDay} to ${lastDay}\n${table(columns, [...cells, ...more])}${open.join("")}`;
}

function valueCells(delivered: DeliveredColumn | undefined): string[] {
  if (delivered === undefined) return ["", "", "", "", ""];
  const { type, values } = delivered;
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? "" : String(Math.round(value * 100) / 100);
  const filled = values === null ? "" : `${Math.floor(values.filled * 100)}%`;
  return [type, filled, number(values?.min), number(values?.median), number(values?.max)];
}
