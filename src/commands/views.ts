import { command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "print the dedupe views as a script for any DuckDB",
  about: "The script reads the .jsonl.gz files themselves: neither the kit nor its Parquet files are needed to run it.",
  options: {
    feed: shared.feed,
    output: { type: "string", short: "o", value: "FILE", doc: "write the script there instead of to stdout" },
  },
  examples: [
    ["asapp-kit views > views.sql", "the views of every feed"],
    ["asapp-kit views --feed convos_metrics", "see the dedupe rule of one feed"],
    ["asapp-kit views -o views.sql && duckdb -init views.sql", "work in the DuckDB shell"],
  ],
  async run({ feed, output: file }, _rest, { config, output }) {
    const project = openProject(config);
    const feeds = checkFeeds(project, feed);
    const { viewsScript } = await import("../warehouse/catalog/views.ts");
    const { writeOutputPieces } = await import("../cli/output-file.ts");
    const script = await viewsScript(project, feeds === null ? {} : { feeds });
    if (file !== undefined) {
      await writeOutputPieces<string>(file, (write) => write(script));
      output.say(`wrote ${file}`);
      if (output.json) await output.document({ file });
    } else if (output.json) await output.document({ script });
    else await output.result(script);
    return undefined;
  },
});
