import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unmarked } from "../../notebooks/components/metrics/bidi.ts";
import { allQueues } from "../../notebooks/components/metrics/interval.ts";
import { daysLater, timeZone } from "../../notebooks/components/metrics/time-zone.ts";
import type { Comparison } from "../../notebooks/components/metrics/today.ts";
import type { Grain } from "../../notebooks/components/metrics/windows.ts";
import { CliError } from "../base/errors.ts";
import { bytes } from "../base/words.ts";
import { oneOf } from "../cli/arguments.ts";
import { type Context, command } from "../cli/command.ts";
import { writeOutput } from "../cli/output-file.ts";
import { openProject, type Project } from "../config/project.ts";
import type { DayData } from "../site/share/share.ts";
import { type ShareFormat, shareFormatOf, shareFormats } from "../site/share/share-format.ts";
import type { PastOptions } from "../warehouse/catalog/catalog.ts";
import { asOfMoment, asOfOption, tellPast } from "./steps/as-of.ts";

const interval = oneOf(["15", "30", "60"]);
const compare = oneOf(["forecast", "usual", "last-week", "nothing"]);
const comparisons = { forecast: "forecast", usual: "usual", "last-week": "last", nothing: "none" } as const;
const format = oneOf(shareFormats);

export default command({
  summary: "a day of a queue as a picture, a file for a mail, or a message",
  about: [
    "`share wfm` draws the card of the Today page: volume against the usual, service level with its target, waits; with",
    "time zone, data-through and source on it. The ending of FILE says what it becomes. An html file works offline from",
    "a mail attachment, with its filters and its table. --post sends the words to a Slack-compatible incoming webhook,",
    "which takes no files: give --image-url if the picture is somewhere on the web.",
  ].join("\n"),
  positionals: { name: "wfm", least: 1, most: 1 },
  options: {
    queue: {
      type: "string",
      value: "NAME",
      doc: "of this queue or group (all queues; in html, all to choose from)",
    },
    date: {
      type: "string",
      value: "DAY",
      doc: "2026-09-01, today or yesterday in the site's zone (the newest day with data)",
      parse: day,
    },
    interval: { type: "string", value: "MINUTES", doc: "15 (default), 30 or 60", parse: interval },
    compare: {
      type: "string",
      value: "WITH",
      doc: "forecast (default where there is one), usual (else), last-week or nothing, as on the page",
      parse: compare,
    },
    out: {
      type: "string",
      short: "o",
      value: "FILE",
      doc: "where it goes (wfm-queue-day.png here); a folder with --all",
    },
    format: {
      type: "string",
      value: "FORMAT",
      doc: "png, svg, pdf, html, csv or xlsx, without a FILE that tells",
      parse: format,
    },
    "as-of": asOfOption,
    html: { type: "boolean", doc: "short for --format html" },
    all: { type: "boolean", doc: "one file for each queue with data that day" },
    post: {
      type: "string",
      value: "URL",
      doc: "send a summary to that webhook; env:NAME takes the URL from a variable",
    },
    "image-url": {
      type: "string",
      value: "URL",
      doc: "with --post: where the picture can be seen",
      parse: address,
    },
    "link-url": { type: "string", value: "URL", doc: "with --post: where the page is", parse: address },
  },
  examples: [
    ["asapp-kit share wfm", "the newest day of all queues as wfm-all-queues-2026-09-01.png"],
    ["asapp-kit share wfm --queue Billing --date yesterday --out billing.pdf", "one queue, for a report"],
    ["asapp-kit share wfm --html --interval 30", "one file to mail, in which any queue can be chosen"],
    ["asapp-kit share wfm --date 2026-09-01 --compare last-week", "the same day against the one a week before"],
    ['asapp-kit share wfm --as-of "2026-09-01 12:00"', "that day as it was known at noon"],
    ["asapp-kit share wfm --all --out cards/", "a picture of each queue"],
    ["asapp-kit share wfm --post env:SLACK_WEBHOOK", "the day in a few sentences to a channel"],
  ],
  async run(options, [what], context) {
    if (what !== "wfm")
      throw new CliError("usage", `cannot share ${what}`, "asapp-kit share wfm is the only card there is");
    const { queue, all, post, html } = options;
    if (all && queue !== undefined)
      throw new CliError("usage", "--all and --queue exclude each other", "leave one of them out");
    if (all && post !== undefined)
      throw new CliError("usage", "--all and --post exclude each other", "post one queue, or all of them together");
    if (html && options.format !== undefined && options.format !== "html")
      throw new CliError("usage", `--html and --format ${options.format} exclude each other`, "leave one of them out");
    for (const name of ["image-url", "link-url"] as const)
      if (options[name] !== undefined && post === undefined)
        throw new CliError("usage", `--${name} is for messages`, "add --post URL, or leave it out");
    const project = openProject(context.config);
    const asOf = options["as-of"];
    const shared = await runShare(
      project,
      {
        queue,
        all,
        date: dayOf(options.date, project.config.timezone, context.now),
        asOf: asOf === undefined ? undefined : asOfMoment(asOf, project.config.timezone, context.now),
        out: options.out,
        grain: Number(options.interval ?? 15) as 15 | 30 | 60,
        comparison: comparisons[options.compare ?? "forecast"],
        hasComparison: options.compare !== undefined,
        format: html ? "html" : options.format,
        post: post === undefined ? undefined : webhook(post),
        image: options["image-url"],
        link: options["link-url"],
      },
      context,
    );
    const { output } = context;
    if (output.json) await output.document(shared);
    else {
      for (const { file, bytes: size } of shared.files) await output.result(`${file}  ${bytes(size)}\n`);
      if (shared.posted !== null) await output.result(`posted to ${shared.posted}: ${shared.title}\n`);
    }
    return undefined;
  },
});

interface ShareRequest {
  queue: string | undefined; // default: all queues; in HTML, all to choose from
  date: string | undefined; // default: the newest day with data
  asOf: Date | undefined; // as it was known then
  grain: Grain;
  comparison: Comparison;
  hasComparison: boolean; // the user chose it
  format: ShareFormat | undefined;
  out: string | undefined; // a file; with `all` a folder
  all: boolean;
  post: string | undefined; // a webhook
  image: string | undefined; // the picture's URL, for the message
  link: string | undefined; // the page's URL, for the message
}

interface SharedFile {
  queue: string;
  file: string;
  bytes: number;
}

interface Shared {
  day: string;
  title: string;
  lead: string;
  files: SharedFile[];
  posted: string | null; // the webhook's host
}

/** Writes the files and posts the message. Checks the arguments before it reads any data. */
async function runShare(project: Project, request: ShareRequest, context: Context): Promise<Shared> {
  const { output, now, signal } = context;
  const { columnText, hasForecast, loadDay, queuesOfDay } = await import("../site/share/share.ts");
  const { fileNames, makerOf } = await import("../site/share/share-files.ts");
  const format = shareFormatOf(request);
  const { all, post: webhookUrl } = request;
  const webhook = webhookUrl === undefined ? null : await import("../http/webhook.ts");
  const host = webhookUrl === undefined ? null : (webhook?.webhookHost(webhookUrl, "--post") ?? null);
  if (all && statSync(request.out ?? ".", { throwIfNoEntry: false })?.isFile())
    throw new CliError("usage", `is a file: ${request.out}`, "--all writes one file per queue: name a folder");
  const past: PastOptions | undefined = request.asOf && {
    moment: request.asOf,
    onPast: (known) => tellPast(known, ["queue_membership_wfm", "queue_wfm"], project, output),
  };
  const data = await loadDay(project, request.date, now, request.comparison, past);
  if (data.missing.length > 0)
    output.warn(
      `queue_wfm has no column for ${data.missing.map(columnText).join(", ")}: left out`,
      "asapp-kit wfm columns shows what came, and maps it",
    );
  if (request.comparison === "last" && data.weekBefore.length === 0)
    output.warn(
      `no intraday data for ${daysLater(data.day, -7)}: nothing to compare the headline with`,
      "--compare usual takes the median of the weeks before",
    );
  if (request.hasComparison && request.comparison === "forecast" && !hasForecast(data, request.queue))
    output.warn(
      `no forecast of ${request.queue ?? "any queue"} for ${data.day}: compared with the usual`,
      "site.forecast in kit.yaml names a file with forecasts",
    );
  const queues = all ? queuesOfDay(data) : [await chosenQueue(request.queue, data)];
  const make = makerOf(data, request.grain, now);
  const names = fileNames(queues, data);
  const files: SharedFile[] = [];
  if (all) mkdirSync(request.out ?? ".", { recursive: true });
  if (format !== null)
    for (const [i, queue] of queues.entries()) {
      if (signal.aborted) throw new CliError("interrupted", "interrupted");
      const name = `${names[i]}.${format}`;
      const file = all ? join(request.out ?? ".", name) : (request.out ?? name);
      const only = all || request.queue !== undefined ? queue : null;
      const content = await make.file(queue, format, only);
      await writeOutput(file, async (path) => writeFileSync(path, content));
      files.push({ queue, file, bytes: Buffer.byteLength(content) });
      if (all) output.progress({ step: "drawing", done: i + 1, total: queues.length, unit: "queues" });
    }
  const [first = allQueues] = queues;
  const card = make.message(first);
  if (webhook !== null && webhookUrl !== undefined) {
    const { slackMessage } = await import("../site/share/share-post.ts");
    await webhook.postMessage(webhookUrl, slackMessage(card, request), {
      signal,
      onRetry: (reason) => output.warn(`${reason}; trying again`),
    });
  }
  const { title, lead } = card;
  return { day: data.day, title: unmarked(title), lead: unmarked(lead), files, posted: host };
}

async function chosenQueue(name: string | undefined, data: DayData): Promise<string> {
  if (name === undefined) return allQueues;
  const { queueOf, queuesOfDay } = await import("../site/share/share.ts");
  const queue = queueOf(name, data);
  if (queuesOfDay(data).includes(queue)) return queue;
  throw new CliError(
    "usage",
    `${queue} has no data on ${data.day}`,
    "another --date, or --all for the queues that have some",
  );
}

function day(text: string): string {
  if (text === "today" || text === "yesterday") return text;
  const date = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(date.getTime()) || !date.toISOString().startsWith(text))
    throw new Error(`not a day like 2026-09-01, today or yesterday: ${text}`);
  return text;
}

function dayOf(text: string | undefined, timezone: string, now: Date): string | undefined {
  if (text !== "today" && text !== "yesterday") return text;
  const today = timeZone(timezone).date(now.getTime());
  return text === "today" ? today : daysLater(today, -1);
}

function address(text: string): string {
  if (!/^https?:\/\/[^\s<>|]+$/.test(text)) throw new Error(`not an http or https address: ${text}`);
  return text;
}

function webhook(given: string): string {
  const name = /^env:(\w+)$/.exec(given)?.[1];
  if (name === undefined) return given;
  const url = process.env[name];
  if (!url) throw new CliError("usage", `the variable ${name} is not set`, `export ${name}=https://…`);
  return url;
}
