import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError } from "../base/errors.ts";
import { span, whole } from "../cli/arguments.ts";
import { command, shared } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { openProject } from "../config/project.ts";

const port = whole(1, 65_535);
const rounds = whole(1, 1_000_000);

export default command({
  summary: "sync, update and rebuild again and again",
  about: [
    "Each round syncs, brings the warehouse up to date, and then, in the site that `build` made, the datasets and pages",
    "whose data changed. One line a round. What fails is told and tried again in the next round: the network, the bucket,",
    "expired credentials, another sync at work. Ctrl-C ends it; `asapp-kit status` tells how it does.",
  ].join("\n"),
  options: {
    every: {
      type: "string",
      value: "TIME",
      doc: "from round to round, e.g. 5m or 30s, give or take a tenth (half the shortest cadence of the feeds)",
      parse: span,
    },
    feed: shared.feed,
    "no-site": { type: "boolean", doc: "leave the site alone" },
    output: {
      type: "string",
      short: "o",
      value: "FOLDER",
      doc: "where the site is (site/ beside kit.yaml)",
    },
    serve: { type: "boolean", doc: "serve the site as well, and build it first if there is none" },
    port: { type: "string", value: "N", doc: "port on 127.0.0.1 (3000, or the next free one)", parse: port },
    "allow-host": shared.allowHost,
    rounds: {
      type: "string",
      value: "N",
      doc: "end after so many rounds, as the last of them did",
      parse: rounds,
    },
  },
  examples: [
    ["asapp-kit watch", "keep the data and the site fresh"],
    ["asapp-kit watch --serve --every 5m", "and look at it on http://127.0.0.1:3000"],
    ["asapp-kit watch --no-site --json", "the data alone, and a line of JSON a round for a monitor"],
  ],
  async run(options, _rest, context) {
    const { output, signal } = context;
    if (options.serve && options["no-site"])
      throw new CliError("usage", "--serve and --no-site exclude each other", "leave one of them out");
    if (options.port !== undefined && !options.serve)
      throw new CliError("usage", "--port goes with --serve", "add --serve, or leave --port out");
    if (options["allow-host"].length > 0 && !options.serve)
      throw new CliError("usage", "--allow-host goes with --serve", "add --serve, or leave --allow-host out");
    const project = openProject(context.config);
    const feeds = checkFeeds(project, options.feed);
    const { requireSource } = await import("../sources/open-source.ts");
    requireSource(project);
    const { watch } = await import("../cli/watch-run.ts");
    const { runBuild } = await import("../cli/build-run.ts");
    const { announce, defaultPort } = await import("../cli/serve-run.ts");
    const { serveSite } = await import("../site/serve.ts");
    const site = options["no-site"] ? null : resolve(options.output ?? project.config.output);
    const built = site !== null && existsSync(join(site, "index.html"));
    if (site !== null && options.serve && !built) await runBuild(project, { out: site }, context);
    else if (site !== null && !built)
      output.warn(
        `no site in ${site}: the data alone are kept fresh`,
        "asapp-kit build makes one, which the next round takes up",
      );
    const server =
      site !== null && options.serve
        ? await serveSite(site, { port: options.port ?? defaultPort, allowed: options["allow-host"] })
        : null;
    try {
      if (server !== null) await announce(server.url, options.port, output);
      const everySeconds = options.every ?? null;
      const exit = await watch({ everySeconds, rounds: options.rounds ?? null, feeds, site }, context);
      return signal.aborted ? "ok" : exit;
    } finally {
      await server?.close();
    }
  },
});
