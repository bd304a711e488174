import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../src/project.ts";
import { computeDataset } from "../src/site/dataset.ts";
import { loadersFolder } from "../src/site/folders.ts";
import type { Database } from "../src/warehouse/database.ts";

/** The rows that a page gets of a loader, such as "intraday/[day]". */
export async function answer<T>(
  project: Project,
  database: Database,
  loader: string,
  parameters: Record<string, string> = {},
): Promise<T[]> {
  const file = join(loadersFolder, `${loader}.json.sql`);
  const dataset = { name: loader, file, sql: readFileSync(file, "utf8"), parameters };
  return JSON.parse((await computeDataset(database, dataset, project)).text);
}
