import type { Command } from "../cli/command.ts";

interface Listed {
  summary: string;
  load: () => Promise<{ default: Command }>;
}

/** The commands, with their lines in `asapp-kit --help`. Only the one that runs is loaded. */
export const commands: Record<string, Listed> = {
  demo: {
    summary: "a simulated contact centre, from its own bucket to its site",
    load: () => import("./demo.ts"),
  },
  credentials: {
    summary: "import the credentials file from ASAPP",
    load: () => import("./credentials.ts"),
  },
  sync: {
    summary: "bring new completed partitions from the bucket",
    load: () => import("./sync.ts"),
  },
  status: { summary: "what is here, how fresh, what is wrong", load: () => import("./status.ts") },
  sql: { summary: "ask the warehouse in SQL", load: () => import("./sql.ts") },
  views: {
    summary: "print the dedupe views as a script for any DuckDB",
    load: () => import("./views.ts"),
  },
  catalog: {
    summary: "write the catalog as a DuckDB file for other clients",
    load: () => import("./catalog.ts"),
  },
  build: {
    summary: "sync, compute the datasets, build the site",
    load: () => import("./build.ts"),
  },
  share: {
    summary: "a day of a queue as a picture, a file for a mail, or a message",
    load: () => import("./share.ts"),
  },
  check: { summary: "check a shared figure by its receipt", load: () => import("./check.ts") },
  watch: {
    summary: "sync, update and rebuild again and again",
    load: () => import("./watch.ts"),
  },
  alerts: { summary: "the alerts of kit.yaml: their state, and their record", load: () => import("./alerts.ts") },
  preview: { summary: "serve the site while you edit it", load: () => import("./preview.ts") },
  verify: {
    summary: "prove what is on disk: raw files, and the warehouse made of them",
    load: () => import("./verify.ts"),
  },
  quarantine: {
    summary: "list the lines that could not be read",
    load: () => import("./quarantine.ts"),
  },
  schema: { summary: "a feed's columns, and how they changed", load: () => import("./schema.ts") },
  wfm: {
    summary: "which columns of the WFM feeds hold which metric",
    load: () => import("./wfm.ts"),
  },
  explain: {
    summary: "every delivered version of one row, and why one won",
    load: () => import("./explain.ts"),
  },
};
