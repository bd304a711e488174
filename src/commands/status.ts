import { bytes, count, minute, plural, span } from "../base/words.ts";
import { command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { table } from "../cli/table.ts";
import { openProject } from "../config/project.ts";
import type { FeedStatus } from "../warehouse/feed-status.ts";
import type { Problem } from "../warehouse/problems.ts";
import type { Status } from "../warehouse/status.ts";

export default command({
  summary: "what is here, how fresh, what is wrong",
  about: "From disk alone: what the last sync noted, and what the warehouse holds. With --remote also from the bucket.",
  options: {
    feed: shared.feed,
    all: { type: "boolean", doc: "also the feeds without local data" },
    remote: { type: "boolean", doc: "list the bucket, and show what a sync would do" },
    timezone: shared.timezone,
  },
  examples: [
    ["asapp-kit status", "every feed that is here"],
    ["asapp-kit status --feed queue_wfm --timezone America/New_York", "one feed, in the team's own time"],
    ["asapp-kit status --json", "the same for a monitor: .ok, .problems[], .dataThrough"],
  ],
  async run(options, _rest, context) {
    const { output, now } = context;
    const project = openProject(context.config);
    const feeds = checkFeeds(project, options.feed);
    const { readStatus } = await import("../warehouse/status.ts");
    const { planText, runSync } = await import("./steps/sync.ts");
    const plan = options.remote ? await runSync(project, { dryRun: true, feeds }, context) : null;
    const status = await readStatus(project, now, { feeds, all: options.all });
    if (output.json) await output.document({ ...status, ...(plan && { plan }) });
    else {
      const text = statusText(status, now, options.timezone);
      await output.result(plan === null ? text : `${text}\n${planText(plan)}`);
    }
    return undefined;
  },
});

/** The text of `asapp-kit status`. */
export function statusText(status: Status, now: Date, zone = "UTC"): string {
  const { dataThrough, lastSync, watch, replaced, feeds, problems, notes } = status;
  const ago = (iso: string) => {
    const seconds = (now.getTime() - Date.parse(iso)) / 1000;
    return seconds < 0 ? "" : `, ${span(seconds / 60)} ago`;
  };
  const time = (iso: string) => minute(new Date(iso), zone);
  const lines: string[] = [];
  if (dataThrough !== null) lines.push(`data through  ${time(dataThrough)}${ago(dataThrough)}`);
  if (lastSync !== null)
    lines.push(
      `last sync     ${time(lastSync.finishedAt)}${ago(lastSync.finishedAt)}: ${lastSync.outcome}, from ${lastSync.source}`,
    );
  if (watch?.running)
    lines.push(
      `watch         process ${watch.pid} since ${time(watch.since)}${watch.lastSuccess === null ? "" : `, last success ${time(watch.lastSuccess)}`}${watch.next === null ? "" : `, next round ${time(watch.next)}`}`,
    );
  if (replaced !== null)
    lines.push(
      `kept          ${plural(replaced.partitions, "partition")} as before the export wrote ${replaced.partitions === 1 ? "it" : "them"} again, ${bytes(replaced.bytes)}, for ${plural(replaced.days, "day")}`,
    );
  lines.push(
    `in all        ${plural(feeds.length, "feed")}, ${problems.length === 0 ? "nothing is wrong" : plural(problems.length, "problem")}`,
  );
  const blocks = [`${lines.join("\n")}\n`];
  if (feeds.length > 0) blocks.push(feedTable(feeds, zone));
  if (problems.length > 0) blocks.push(`problems\n${problems.map(problemText).join("")}`);
  if (notes.length > 0) blocks.push(`notes\n${notes.map(problemText).join("")}`);
  return blocks.join("\n");
}

function feedTable(feeds: FeedStatus[], zone: string): string {
  const states = ["complete", "empty", "expired", "waiting", "overdue", "failed", "encrypted"] as const;
  const shown = states.filter((state) => state === "complete" || feeds.some((feed) => feed[state] > 0));
  const columns = [
    { name: "feed" },
    ...shown.map((name) => ({ name, right: true })),
    { name: "rows", right: true },
    { name: `through (${zone})` },
    { name: "lag", right: true },
  ];
  const rows = feeds.map((feed) => [
    feed.feed,
    ...shown.map((state) => count(feed[state])),
    count(feed.rows),
    feed.dataThrough === null ? "" : minute(new Date(feed.dataThrough), zone).slice(0, 16),
    feed.lagMinutes === null
      ? ""
      : `${span(feed.lagMinutes)}${["current", "late", "none"].includes(feed.state) ? "" : " !"}`,
  ]);
  return table(columns, rows);
}

function problemText({ feed, what, next }: Problem): string {
  return `  ${feed === null ? "" : `${feed}: `}${what}\n    next: ${next}\n`;
}
