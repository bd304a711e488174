import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { kitRoot } from "../base/kit-folders.ts";
import { bytes, count, duration, plural } from "../base/words.ts";
import { moment, whole } from "../cli/arguments.ts";
import { command, shared } from "../cli/command.ts";
import { openProject } from "../config/project.ts";

const days = whole(1, 400);
const seed = whole(0, 4_294_967_295);
const port = whole(1, 65_535);

export default command({
  summary: "a simulated contact centre, from its own bucket to its site",
  about: [
    "Starts an S3 server on 127.0.0.1 with the exports of an invented customer, syncs them, builds the site and serves",
    "it until Ctrl-C. Writes .demo/ and site/ and nothing else, and asks no other machine. Afterwards",
    "`asapp-kit sql --config .demo/kit.yaml` and the other commands work on the same data.",
  ].join("\n"),
  options: {
    "no-serve": { type: "boolean", doc: "stop after the build" },
    days: {
      type: "string",
      value: "N",
      doc: "days of history (72: the Today page compares with ten whole weeks)",
      parse: days,
    },
    seed: { type: "string", value: "N", doc: "another seed, another contact centre (1)", parse: seed },
    port: { type: "string", value: "N", doc: "port of the site (3000, or the next free one)", parse: port },
    "allow-host": shared.allowHost,
    now: {
      type: "string",
      value: "TIME",
      doc: "take this as the current time, e.g. 2026-09-01T17:20:00Z",
      parse: moment,
    },
    folder: { type: "string", value: "FOLDER", doc: "where .demo/ and site/ go (the kit's own folder)" },
  },
  examples: [
    ["asapp-kit demo", "ten weeks and today, served on http://127.0.0.1:3000"],
    ["asapp-kit demo --days 7 --no-serve", "a smaller one, to look at with asapp-kit sql --config .demo/kit.yaml"],
    ["asapp-kit demo --seed 7 --now 2026-09-01T17:20:00Z", "the same pictures every time"],
  ],
  async run(options, _rest, context) {
    const { output, signal } = context;
    const { buildText, runBuild } = await import("./steps/build.ts");
    const { demoBucket, demoCredentials, demoRegion, demoZone } = await import("../demo/demo.ts");
    const { showcase, showcaseDays, showcaseAlerts, showcaseAnnotations, showcasePlans, showcaseSite } = await import(
      "../demo/showcase.ts"
    );
    const { startDemoThread } = await import("../demo/thread.ts");
    const { refresh } = await import("./steps/refresh.ts");
    const { buildSite } = await import("../site/build.ts");
    const { requireOwnSite } = await import("../site/site-owner.ts");
    const { serveUntilStopped } = await import("./steps/serve.ts");
    const folder = resolve(options.folder ?? kitRoot);
    const now = options.now ?? context.now;
    const home = join(folder, ".demo");
    const config = join(home, "kit.yaml");
    mkdirSync(home, { recursive: true });
    requireOwnSite({ root: home, configFile: config }, join(folder, "site"));
    rmSync(join(home, "data"), { recursive: true, force: true });

    const zone = demoZone(now);
    const simulated = {
      seed: options.seed ?? 1,
      days: options.days ?? showcaseDays,
      now,
      zone,
      ...showcase(now, zone),
    };
    output.say(`simulating ${plural(simulated.days, "day")} of a contact centre in ${zone}`);
    const started = performance.now();
    const bucket = await startDemoThread(simulated, signal);
    try {
      writeFileSync(
        config,
        configText(bucket.url, demoRegion, zone, [...showcaseSite().map((line) => `  ${line}`), ...showcaseAlerts()]),
      );
      const { forecast, schedule } = showcasePlans(simulated.seed, now, zone);
      writeFileSync(join(home, "forecast.csv"), forecast);
      writeFileSync(join(home, "schedule.csv"), schedule);
      writeFileSync(join(home, "annotations.csv"), showcaseAnnotations(now, zone));
      useCredentials(demoCredentials);
      const project = openProject(config);
      // Simulating leaves a core idle: the pages are built meanwhile, without data, and patched once there are some.
      const [{ objects, rows, bytes: stored }] = await Promise.all([
        bucket.filled,
        buildSite(project, { demo: true, signal }),
      ]);
      const seconds = (performance.now() - started) / 1000;
      output.say(
        `${count(rows)} rows in ${count(objects)} objects (${bytes(stored)}) in s3://${demoBucket} at ${bucket.url}, ${duration(seconds)}`,
      );
      const atNow = { ...context, now };
      const fresh = await refresh(project, { sync: true, strict: true }, atNow);
      const site = await runBuild(project, { demo: true, changed: true }, atNow);
      if (output.json) await output.document({ ...fresh, site });
      else await output.result(buildText(site, fresh));
      const shown = relative(process.cwd(), config) || config;
      output.say(
        `try: npx asapp-kit sql --config ${shown} "select feed, rows, data_through from kit.feeds where rows > 0"`,
      );
      if (options["no-serve"]) return undefined;
      await serveUntilStopped(site.folder, { port: options.port, allowed: options["allow-host"] }, context);
      return undefined;
    } finally {
      await bucket.close();
    }
  },
});

function configText(endpoint: string, region: string, timezone: string, rest: readonly string[]): string {
  return [
    "# Written by asapp-kit demo. The bucket is there while the demo runs; the data stay.",
    "environment: prod",
    "company: demo",
    `region: ${region}`,
    `endpoint: ${endpoint}`,
    `timezone: ${timezone}`,
    "data: data",
    "site:",
    "  title: Demo contact centre",
    "  output: ../site",
    ...rest,
    "",
  ].join("\n");
}

// The user's own AWS configuration must not be used.
function useCredentials({ accessKeyId, secretAccessKey }: Record<"accessKeyId" | "secretAccessKey", string>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "none",
    AWS_SHARED_CREDENTIALS_FILE: "none",
    NO_PROXY: "127.0.0.1",
    no_proxy: "127.0.0.1",
  });
}
