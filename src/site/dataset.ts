import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { CliError } from "../errors.ts";
import type { Project } from "../project.ts";
import { openCatalog } from "../warehouse/catalog.ts";
import { type Database, quoteText, type Rows } from "../warehouse/database.ts";
import { keepDerived, keptRelations } from "../warehouse/history.ts";
import { loadSnapshot } from "../warehouse/snapshot.ts";
import { stampOf, writeStamp } from "./dataset-cache.ts";
import {
  type DatasetState,
  datasetInputs,
  fileStamp,
  noState,
  readState,
  writeState,
} from "./dataset-inputs.ts";
import { type Dataset, listDatasets } from "./dataset-list.ts";
import { datasetsFolder, loadersFolder } from "./folders.ts";
import { checkColumns } from "./guard.ts";

export interface ComputedDataset {
  name: string;
  rows: number;
  bytes: number;
}

export interface ComputeOptions {
  out?: string; // folder of the answers; Framework's loader cache by default
  loaders?: string; // folder of the .sql files
  keep?: boolean; // put the answers in one by one, leaving what else is in the folder
  changed?: boolean; // only those whose inputs changed since they were last computed there; the others stay
  signal?: AbortSignal | undefined;
  onDataset?: (dataset: ComputedDataset, done: number, total: number) => void;
}

/**
 * Computes every dataset in this process, over one catalog, and puts the answers where Framework looks for the output
 * of loaders, so that a build starts none. All are written or none: a mistake in one leaves the former answers.
 * Returns those that were computed. Throws CliError("build") naming the .sql file.
 */
export async function computeDatasets(
  project: Project,
  options: ComputeOptions = {},
): Promise<ComputedDataset[]> {
  const { out = datasetsFolder, loaders = loadersFolder, keep, signal, onDataset } = options;
  const stamp = stampOf(project); // before the data is read: a sync meanwhile must not pass for included
  const snapshot = loadSnapshot(project.data);
  const datasets = listDatasets(project, loaders).map((dataset) => ({
    dataset,
    sql: readFileSync(dataset.file, "utf8"),
  }));
  const cached = out === datasetsFolder;
  const known = options.changed && cached ? readState() : noState;
  let opening: Promise<Database> | null = null;
  const kept = new Set<string>();
  const open = async (reads: Set<string>) => {
    opening ??= openCatalog(project, { snapshot });
    const wanted = keptRelations.filter((name) => reads.has(name) && !kept.has(name));
    await keepDerived(await opening, wanted);
    for (const name of wanted) kept.add(name);
    return opening;
  };
  const beside = `${out}.${process.pid}`;
  try {
    const { inputs, reads, contents } = await datasetInputs(project, snapshot, datasets, known, open);
    const state: DatasetState = { answers: {}, contents };
    const stale = datasets.filter(({ dataset: { name } }) => {
      const before = known.answers[name];
      const file = fileStamp(join(out, name));
      const same = before !== undefined && before.inputs === inputs.get(name) && before.file === file;
      return !same || file === "";
    });
    const read = new Set(stale.flatMap(({ dataset: { name } }) => [...reads.get(name)!]));
    const computed =
      stale.length === 0
        ? []
        : await inParallel(await open(read), stale, async (connection, { dataset }, done) => {
            const { text, rows } = await computeDataset(connection, dataset, project, signal);
            write(join(beside, dataset.name), text);
            const result = { name: dataset.name, rows, bytes: Buffer.byteLength(text) };
            onDataset?.(result, done, stale.length);
            return result;
          });
    if (keep) {
      for (const { dataset } of stale) {
        mkdirSync(dirname(join(out, dataset.name)), { recursive: true });
        renameSync(join(beside, dataset.name), join(out, dataset.name));
      }
    } else {
      mkdirSync(beside, { recursive: true });
      for (const { dataset } of datasets) takeOver(join(out, dataset.name), join(beside, dataset.name));
      rmSync(out, { recursive: true, force: true });
      mkdirSync(dirname(out), { recursive: true });
      renameSync(beside, out);
    }
    if (cached) {
      for (const { dataset } of datasets) {
        const { name } = dataset;
        state.answers[name] = { inputs: inputs.get(name)!, file: fileStamp(join(out, name)) };
      }
      writeState(state);
      writeStamp(stamp);
    }
    return computed;
  } finally {
    rmSync(beside, { recursive: true, force: true });
    (await (opening as Promise<Database> | null)?.catch(() => null))?.close();
  }
}

/** The answer to one dataset as JSON: an array of rows, counts as numbers, times as ISO in UTC. */
export async function computeDataset(
  database: Database,
  dataset: Dataset,
  project: Pick<Project, "feeds">,
  signal?: AbortSignal,
): Promise<{ text: string; rows: number }> {
  const source = readFileSync(dataset.file, "utf8");
  const place = `data-loaders/${relative(loadersFolder, dataset.file).split(sep).join("/")}`;
  let answer: Rows;
  try {
    answer = await database.rows(bindParameters(source, dataset.parameters), { readOnly: true, signal });
  } catch (error) {
    if (error instanceof CliError && ["interrupted", "config"].includes(error.exit)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError("build", `${place}: ${reason}`, "mend the query, then build again", { cause: error });
  }
  checkColumns(place, source, answer.columns, project.feeds);
  return { text: rowsToJson(place, answer), rows: answer.rows.length };
}

/** `$day` in the text becomes the quoted value. A parameter without a value is an error. */
export function bindParameters(source: string, parameters: Record<string, string>): string {
  return source.replace(/\$([a-z]\w*)/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`no value for $${name}`);
    return quoteText(value);
  });
}

// A column of type JSON comes as text and goes out as what it says.
function rowsToJson(place: string, { columns, rows }: Rows): string {
  const lines = rows.map((row) =>
    JSON.stringify(
      Object.fromEntries(
        columns.map(({ name, type }, i) => {
          const value = row[i];
          return [name, type === "JSON" && typeof value === "string" ? JSON.parse(value) : value];
        }),
      ),
      (name, value: unknown) => {
        if (typeof value !== "bigint") return value;
        throw new CliError(
          "build",
          `${place}: ${name} holds ${value}, which a page cannot read exactly`,
          "cast it to text, or to DOUBLE if a rounded value will do",
        );
      },
    ),
  );
  return `[${lines.join(",\n")}]\n`;
}

async function inParallel<T, R>(
  database: Database,
  items: T[],
  work: (connection: Database, item: T, done: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let done = 0;
  const worker = async () => {
    const connection = await database.connect();
    try {
      while (next < items.length) {
        const at = next++;
        results[at] = await work(connection, items[at]!, ++done);
      }
    } finally {
      connection.close();
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 3 }, worker));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return results;
}

// A file that was not computed anew goes along as it is.
function takeOver(file: string, target: string): void {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  try {
    linkSync(file, target);
  } catch {
    copyFileSync(file, target); // a file system without links
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
