import { plural } from "../base/words.ts";
import { type Context, command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { writeRows } from "../cli/formats.ts";
import { openProject, type Project } from "../config/project.ts";

const columns = [
  { name: "feed", type: "VARCHAR" },
  { name: "file", type: "VARCHAR" },
  { name: "line", type: "BIGINT" },
  { name: "reason", type: "VARCHAR" },
  { name: "text", type: "VARCHAR" },
];
const maxShown = 60; // characters of a line in the table

export default command({
  summary: "list the lines that could not be read",
  about: "Each with file, line number, reason and the line itself. The rest of its file is in the warehouse as usual.",
  options: {
    feed: shared.feed,
    retry: { type: "boolean", doc: "read the files with such lines again, after a new version of the kit" },
  },
  examples: [
    ["asapp-kit quarantine", "every line that could not be read"],
    ["asapp-kit quarantine --feed utterances --json", "whole lines, for a bug report"],
  ],
  async run(options, _rest, context) {
    const { config, output } = context;
    const project = openProject(config);
    if (options.retry) await retry(project, checkFeeds(project, options.feed), context);
    const { quarantinedLines } = await import("../warehouse/stage/quarantine.ts");
    const { loadSnapshot } = await import("../warehouse/snapshot/snapshot.ts");
    const snapshot = loadSnapshot(project.data);
    const feeds = checkFeeds(project, options.feed) ?? Object.keys(snapshot.feeds).sort();
    const lines = feeds.flatMap((feed) =>
      [...quarantinedLines(project.data, snapshot, feed)].map((line) => ({ feed, ...line })),
    );
    if (output.json) await output.document(lines);
    else if (lines.length === 0) output.say("no line is quarantined");
    else {
      const rows = lines.map(({ feed, file, line, reason, text }) => [feed, file, line, reason, short(text)]);
      await writeRows({ columns, batches: once(rows) }, "table", output.result);
      output.say(`${plural(rows.length, "line")} quarantined; --json prints them whole`);
    }
    return undefined;
  },
});

async function retry(project: Project, feeds: string[] | null, context: Context): Promise<void> {
  const { loadSnapshot } = await import("../warehouse/snapshot/snapshot.ts");
  const { runUpdate } = await import("./steps/update.ts");
  const days = Object.entries(loadSnapshot(project.data).feeds)
    .filter(([feed]) => feeds?.includes(feed) ?? true)
    .flatMap(([feed, { days }]) => days.filter(({ quarantined }) => quarantined > 0).map(({ dt }) => ({ feed, dt })));
  if (days.length > 0) await runUpdate(project, context, { days, force: true });
}

async function* once<T>(batch: T): AsyncGenerator<T> {
  yield batch;
}

const short = (text: string | null) => (text !== null && text.length > maxShown ? `${text.slice(0, maxShown)}…` : text);
