import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { CliError } from "../base/errors.ts";
import { loadersFolder, slashes } from "../base/kit-folders.ts";
import { noNames, own } from "../base/names.ts";
import type { Project } from "../config/project.ts";
import type { Database, Rows } from "../duckdb/database.ts";
import { quoteList, quoteText } from "../duckdb/quote.ts";
import type { Value } from "../duckdb/values.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { keepDerived, keptRelations } from "../warehouse/catalog/derived.ts";
import { loadSnapshot } from "../warehouse/snapshot/snapshot.ts";
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
import { checkColumns } from "./privacy/guard.ts";
import { openTracing, type Tracing } from "./privacy/personal.ts";
import { workspaceOf } from "./workspace.ts";

export interface ComputedDataset {
  name: string;
  rows: number;
  bytes: number;
}

export interface ComputeOptions {
  out?: string; // folder of the answers; Framework's loader cache of the project by default
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
  const own = workspaceOf(project).datasets;
  const { out = own, loaders = loadersFolder, keep, signal, onDataset } = options;
  const stamp = stampOf(project); // before the data is read: a sync meanwhile must not pass for included
  const snapshot = loadSnapshot(project.data);
  const datasets = listDatasets(project, loaders, snapshot);
  const cached = out === own;
  const known = options.changed && cached ? readState(project) : noState();
  const tracing = openTracing(project, snapshot);
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
    const state: DatasetState = { answers: noNames(), contents };
    const stale = datasets.filter(({ name }) => {
      const before = known.answers[name];
      const file = fileStamp(join(out, name));
      const same = before !== undefined && before.inputs === inputs.get(name) && before.file === file;
      return !same || file === "";
    });
    const read = new Set(stale.flatMap(({ name }) => [...reads.get(name)!]));
    let done = 0;
    const computed =
      stale.length === 0
        ? []
        : await inParallel(await open(read), batches(stale), async (connection, batch) => {
            const answers = await computeTogether(connection, batch, project, { tracing, signal });
            return answers.map(({ text, rows }, i) => {
              const { name } = batch[i]!;
              write(join(beside, name), text);
              const result = { name, rows, bytes: Buffer.byteLength(text) };
              onDataset?.(result, ++done, stale.length);
              return result;
            });
          });
    if (keep) {
      for (const { name } of stale) {
        mkdirSync(dirname(join(out, name)), { recursive: true });
        renameSync(join(beside, name), join(out, name));
      }
    } else {
      mkdirSync(beside, { recursive: true });
      for (const { name } of datasets) takeOver(join(out, name), join(beside, name));
      rmSync(out, { recursive: true, force: true });
      mkdirSync(dirname(out), { recursive: true });
      renameSync(beside, out);
    }
    if (cached) {
      for (const { name } of datasets) {
        state.answers[name] = { inputs: inputs.get(name)!, file: fileStamp(join(out, name)) };
      }
      writeState(project, state);
      writeStamp(project, stamp);
    }
    return computed.flat();
  } finally {
    rmSync(beside, { recursive: true, force: true });
    await tracing.close();
    (await (opening as Promise<Database> | null)?.catch(() => null))?.close();
  }
}

/** The answer to one dataset as JSON: an array of rows, counts as numbers, times as ISO in UTC. */
export async function computeDataset(
  database: Database,
  dataset: Dataset,
  project: Project,
  options: ComputeOptions = {},
): Promise<Answer> {
  const [answer] = await computeTogether(database, [dataset], project, options);
  return answer!;
}

export interface ComputeOptions {
  tracing?: Tracing; // of all that are computed one after the other; else one is opened
  signal?: AbortSignal | undefined;
}

export interface Answer {
  text: string;
  rows: number;
}

/** The answers to datasets of one file, by one query. Of a query that names $days, a row's column `day` says which it is of. */
export async function computeTogether(
  database: Database,
  datasets: Dataset[],
  project: Project,
  { tracing, signal }: ComputeOptions = {},
): Promise<Answer[]> {
  const { file, sql } = datasets[0]!;
  const place = `data-loaders/${slashes(relative(loadersFolder, file))}`;
  let answer: Rows;
  let query: string;
  try {
    query = bindParameters(sql, ...datasets.map(({ parameters }) => parameters));
    answer = await database.rows(query, { readOnly: true, signal });
  } catch (error) {
    if (error instanceof CliError && ["interrupted", "config"].includes(error.exit)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError("build", `${place}: ${reason}`, "mend the query, then build again", { cause: error });
  }
  const many = manyOf(datasets[0]!);
  const at = answer.columns.findIndex(({ name }) => name === many);
  if (many !== null && at < 0)
    throw new CliError("build", `${place} names $${many}s, and its answer has no column ${many}`);
  const columns = answer.columns.filter((_, i) => i !== at);
  checkColumns(place, sql, columns, project.feeds);
  const tracer = tracing ?? openTracing(project);
  try {
    await tracer.check(file, { place, source: sql, query, columns: answer.columns.map(({ name }) => name) });
  } finally {
    if (tracing === undefined) await tracer.close();
  }
  if (many === null) return [{ text: rowsToJson(place, answer), rows: answer.rows.length }];
  const parts = new Map<string, Value[][]>(datasets.map(({ parameters }) => [own(parameters, many)!, []]));
  for (const row of answer.rows) parts.get(String(row[at]))?.push(row.filter((_, i) => i !== at));
  return [...parts.values()].map((rows) => ({
    text: rowsToJson(place, { columns, rows }),
    rows: rows.length,
  }));
}

/** The parameter that a query takes many values of at once, $days for day; null: it is of one dataset. */
function manyOf({ sql, parameters }: Dataset): string | null {
  return Object.keys(parameters).find((name) => new RegExp(`\\$${name}s\\b`).test(sql)) ?? null;
}

const together = 16; // datasets of one query: more cost memory, fewer the time of planning it again

/** The same datasets, those together that one query computes. */
export function batches(datasets: Dataset[]): Dataset[][] {
  const found: Dataset[][] = [];
  for (const dataset of datasets) {
    const last = found.at(-1) ?? [];
    const same = last[0]?.file === dataset.file && last.length < together;
    if (same && manyOf(dataset) !== null) last.push(dataset);
    else found.push([dataset]);
  }
  return found;
}

/**
 * `$day` in the text becomes the quoted value of the one dataset asked for, `$days` the list of all. A parameter without a
 * value is an error.
 */
export function bindParameters(source: string, ...asked: Record<string, string>[]): string {
  return source.replace(/\$([a-z]\w*)/g, (_, name: string) => {
    const one = asked.length === 1 ? own(asked[0]!, name) : undefined;
    if (one !== undefined) return quoteText(one);
    const many = name.endsWith("s")
      ? asked.map((parameters) => own(parameters, name.slice(0, -1)))
      : [undefined];
    if (many.includes(undefined)) throw new Error(`no value for $${name}`);
    return quoteList(many as string[]);
  });
}

// A column of type JSON comes as text and goes out as what it says.
function rowsToJson(place: string, { columns, rows }: Rows): string {
  const json = columns.map(({ type }) => type === "JSON");
  const lines = rows.map((row) => {
    const values = columns.map(({ name }, i) => [
      name,
      json[i] && typeof row[i] === "string" ? JSON.parse(row[i]) : row[i],
    ]);
    try {
      return JSON.stringify(Object.fromEntries(values));
    } catch (error) {
      const at = row.findIndex(holdsBigint);
      if (at < 0) throw error;
      throw new CliError(
        "build",
        `${place}: ${columns[at]!.name} holds ${row[at]}, which a page cannot read exactly`,
        "cast it to text, or to DOUBLE if a rounded value will do",
      );
    }
  });
  return `[${lines.join(",\n")}]\n`;
}

function holdsBigint(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(holdsBigint);
  return typeof value === "bigint";
}

async function inParallel<T, R>(
  database: Database,
  items: T[],
  work: (connection: Database, item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    const connection = await database.connect();
    try {
      while (next < items.length) {
        const at = next++;
        results[at] = await work(connection, items[at]!);
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
