import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadersFolder } from "../src/base/kit-folders.ts";
import type { Project } from "../src/config/project.ts";
import type { Database } from "../src/duckdb/database.ts";
import { computeDataset } from "../src/site/dataset.ts";

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
