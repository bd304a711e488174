import { existsSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { CliError } from "../../base/errors.ts";
import { writeOutput } from "../../cli/output-file.ts";
import type { Project } from "../../config/project.ts";
import { catalogStamp, createCatalogFile, inspectCatalogFile } from "../../warehouse/catalog/catalog-file.ts";

export interface WrittenCatalog {
  file: string; // absolute
  relations: number; // tables and views
  bytes: number;
  seconds: number;
}

/** Writes the catalog as a DuckDB file, atomically, over one that the kit wrote or, with `force`, over any file. */
export async function writeCatalog(
  project: Project,
  name: string,
  { force, now }: { force: boolean; now: Date },
): Promise<WrittenCatalog> {
  const started = performance.now();
  const file = resolve(name);
  if (!force && existsSync(file)) await refuseForeignFile(file);
  let relations = 0;
  await writeOutput(file, async (path) => {
    relations = await createCatalogFile(project, path, now);
    rmSync(`${file}.wal`, { force: true }); // it would be applied to the new file
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  return { file, relations, bytes: statSync(file).size, seconds };
}

/** Updates the file that kit.yaml names; null when it is up to date. */
export async function refreshCatalog(project: Project, now: Date): Promise<WrittenCatalog | null> {
  const file = project.config.catalog;
  if (file === null) return null;
  if (existsSync(file) && (await inspectCatalogFile(file))?.stamp === catalogStamp(project)) return null;
  return await writeCatalog(project, file, { force: false, now });
}

async function refuseForeignFile(file: string): Promise<void> {
  const content = await inspectCatalogFile(file);
  if (content?.own) return;
  throw new CliError(
    "notWritable",
    content === null
      ? `${file} was not written by the kit`
      : `${file} holds tables or views that the kit did not write`,
    "choose another name, or --force to overwrite its content",
  );
}
