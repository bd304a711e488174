import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadersFolder } from "../src/base/kit-folders.ts";
import { openProject } from "../src/config/project.ts";
import { buildSite } from "../src/site/build.ts";
import { batches, computeTogether } from "../src/site/dataset.ts";
import { openTracing } from "../src/site/privacy/personal.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { keepDerived } from "../src/warehouse/catalog/derived.ts";
import { fillLarge } from "./large-centre.ts";

export interface LargeSite {
  site: string; // folder
  days: string[]; // those that have a file, newest last
  bytes: Record<string, number>; // of each dataset
}

/**
 * A built site with the datasets of 90 days x 50 queues, or as many as told: the pages are built without data, then the data put in their
 * place. Of the days, `dayFiles` newest are computed. `options` are lines of kit.yaml.
 */
export async function largeSite(folder: string, { dayFiles = 3, options = "", queues = 50 } = {}): Promise<LargeSite> {
  const config = join(folder, "kit.yaml");
  writeFileSync(config, `timezone: America/New_York\ndata: data\n${options}`);
  const project = openProject(config);
  const { folder: site } = await buildSite(project, { out: join(folder, "site") });
  const attached = new Map(
    readdirSync(join(site, "_file", "data")).map((file) => [
      file.replace(/\.\w+\.json$/, ""),
      join(site, "_file", "data", file),
    ]),
  );
  const database = await openCatalog(project);
  const tracing = openTracing(project);
  const bytes: Record<string, number> = {};
  const compute = async (loader: string, values: Record<string, string>[] = [{}]) => {
    const file = join(loadersFolder, `${loader}.json.sql`);
    const sql = readFileSync(file, "utf8");
    const datasets = values.map((parameters) => {
      const name = loader.replace(/\[(\w+)\]/, (_, parameter: string) => parameters[parameter]!);
      return { name, file, sql, parameters };
    });
    const texts: string[] = [];
    for (const batch of batches(datasets))
      for (const { text } of await computeTogether(database, batch, project, { tracing })) texts.push(text);
    for (const [i, { name }] of datasets.entries()) {
      const target = attached.get(loader) ?? join(site, "data", `${name}.json`);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, texts[i]!);
      bytes[name] = texts[i]!.length;
    }
    return JSON.parse(texts[0]!);
  };
  try {
    await fillLarge(database, { queues });
    await keepDerived(database);
    const indexes = ["site", "queues", "queue-load", "queue-days", "accuracy", "accuracy-worst", "waiting-days"];
    for (const name of [...indexes, "waiting-queues"]) await compute(name);
    const parts = Array.from({ length: 17 }, (_, part) => ({ part: String(part) }));
    await compute("heatmap/[part]", parts);
    const known: { day: string }[] = await compute("intraday-days");
    const days = known.map(({ day }) => day).slice(-dayFiles);
    const files = days.map((day) => ({ day }));
    for (const name of ["intraday/[day]", "waiting/[day]", "slots/[day]"]) await compute(name, files);
    return { site, days, bytes };
  } finally {
    await tracing.close();
    database.close();
  }
}
