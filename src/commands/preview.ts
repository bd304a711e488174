import { whole } from "../cli/arguments.ts";
import { command, shared } from "../cli/command.ts";
import { openProject } from "../config/project.ts";

const port = whole(1, 65_535);

export default command({
  summary: "serve the site while you edit it",
  about: "Editing a page, a component or a .sql file, or syncing new data, updates the open page. Ctrl-C stops it.",
  options: {
    sync: { type: "boolean", doc: "sync first" },
    port: { type: "string", value: "N", doc: "port on 127.0.0.1 (3000, or the next free one)", parse: port },
    "allow-host": shared.allowHost,
  },
  examples: [
    ["asapp-kit preview", "edit notebooks/*.md and watch http://127.0.0.1:3000"],
    ["asapp-kit preview --sync --port 8080", "with fresh data, elsewhere"],
  ],
  async run(options, _rest, context) {
    const { output, signal } = context;
    const project = openProject(context.config);
    const { refresh } = await import("./steps/refresh.ts");
    const { announce, defaultPort } = await import("./steps/serve.ts");
    const { previewSite } = await import("../site/preview.ts");
    await refresh(project, { sync: options.sync, strict: false }, context);
    const preview = await previewSite(project, {
      port: options.port ?? defaultPort,
      allowed: options["allow-host"],
      signal,
      onLine: (line) => {
        if (/error/i.test(line)) output.say(line);
      },
    });
    await announce(preview.url, options.port, output);
    await preview.done;
    return undefined;
  },
});
