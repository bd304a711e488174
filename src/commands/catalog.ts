import { CliError } from "../base/errors.ts";
import { bytes, duration } from "../base/words.ts";
import { command } from "../cli/command.ts";
import { openProject } from "../config/project.ts";

export default command({
  summary: "write the catalog as a DuckDB file for other clients",
  about: [
    "A small file of views over the warehouse's Parquet files, which the DuckDB CLI, DBeaver, Python or any other client",
    "opens: raw.<feed>, <feed>, kit.*, wfm.* and the metric macros. The views name files that later syncs replace:",
    "`catalog: FILE` in kit.yaml has every sync and build write the file anew.",
  ].join("\n"),
  options: {
    write: { type: "string", short: "w", value: "FILE", doc: "write it there (else where kit.yaml says)" },
    force: { type: "boolean", doc: "also over a file that holds something else" },
  },
  examples: [
    ["asapp-kit catalog --write asapp.duckdb", "for a look from another client"],
    ["asapp-kit catalog -w asapp.duckdb && duckdb -readonly asapp.duckdb", "in the DuckDB shell"],
    ["asapp-kit catalog", "now, the file that `catalog` in kit.yaml names"],
  ],
  async run({ write, force }, _rest, { config, output, now }) {
    const project = openProject(config);
    const file = write ?? project.config.catalog;
    if (file === null)
      throw new CliError("usage", "write it where?", "add --write FILE.duckdb, or `catalog: FILE` to kit.yaml");
    const { writeCatalog } = await import("./steps/catalog-file.ts");
    const written = await writeCatalog(project, file, { force, now });
    if (output.json) {
      await output.document(written);
      return undefined;
    }
    const { relations, bytes: size, seconds } = written;
    output.say(`wrote ${file}: ${relations} tables and views, ${bytes(size)}, ${duration(seconds)}`);
    if (written.file !== project.config.catalog)
      output.say("it shows the data as of now: write it again after a sync, or name it under `catalog` in kit.yaml");
    return undefined;
  },
});
