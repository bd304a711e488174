import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { CliError } from "../base/errors.ts";
import { loadersFolder, slashes } from "../base/kit-folders.ts";
import { namesOf, own } from "../base/names.ts";
import type { Project } from "../config/project.ts";
import { onConnections } from "../duckdb/connections.ts";
import type { Database, Rows } from "../duckdb/database.ts";
import { quoteList, quoteText } from "../duckdb/quote.ts";
import type { Value } from "../duckdb/values.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { keepDerived, keptRelations } from "../warehouse/catalog/derived.ts";
import { loadSnapshot } from "../warehouse/snapshot/snapshot.ts";
import { datasetInputs, fileStamp, inputsOfAllDatasets } from "./dataset-inputs.ts";
import { type Dataset, listDatasets } from "./dataset-list.ts";
import { checkColumns } from "./privacy/guard.ts";
import { openTracing, type Tracing } from "./privacy/personal.ts";
import { type BuildRecord, emptyState, isUpToDate, readState, withState } from "./staleness.ts";
import { workspaceOf } from "./workspace.ts";

export interface ComputedDataset {
  name: string;
  rows: number;
  bytes: number;
}

export interface ComputeOptions {
  out?: string; // folder of the answers; Framework's loader cache of the project by default
  loaders?: string; // folder of the .sql files
  keep?: boolean; // add the answers one by one and keep the folder's other files
  changed?: boolean; // compute only datasets whose inputs changed; the others stay
  signal?: AbortSignal | undefined;
  onDataset?: (dataset: ComputedDataset, done: number, total: number) => void;
}

/**
 * Computes every dataset in this process, over one catalog, and writes the answers to Framework's loader cache, so that a
 * build starts no loader. Either all are written or none: an error in one leaves the former answers.
 * Returns the datasets computed. Throws CliError("build") that names the .sql file.
 */
export async function computeDatasets(project: Project, options: ComputeOptions = {}): Promise<ComputedDataset[]> {
  const { cache, datasets: cached } = workspaceOf(project);
  const { out = cached, loaders = loadersFolder, keep, signal, onDataset } = options;
  const all = inputsOfAllDatasets(project); // before the data is read, so that a sync meanwhile counts as new
  const snapshot = loadSnapshot(project.data);
  const datasets = listDatasets(project, loaders, snapshot);
  const former = options.changed && out === cached ? readState(cache) : emptyState();
  const tracing = openTracing(project, snapshot);
  let opening: Promise<Database> | null = null;
  const kept = new Set<string>();
  const open = async (reads: Set<string>) => {
    opening ??= openCatalog(project, { snapshot });
    const missing = keptRelations.filter((name) => reads.has(name) && !kept.has(name));
    await keepDerived(await opening, missing);
    for (const name of missing) kept.add(name);
    return opening;
  };
  const draft = `${out}.${process.pid}`;
  try {
    const { inputs, reads, rows } = await datasetInputs(project, snapshot, datasets, former.rows, open);
    const stale = datasets.filter(({ name }) => {
      const file = fileStamp(join(out, name));
      return file === "" || !isUpToDate(former.answers[name], inputs.get(name) ?? "", file);
    });
    const read = new Set(stale.flatMap(({ name }) => [...(reads.get(name) ?? [])]));
    let done = 0;
    const computed =
      stale.length === 0
        ? []
        : await onConnections(await open(read), batchesAtOnce, batches(stale), async (connection, batch) => {
            const answers = await computeTogether(connection, batch, project, { tracing, signal });
            return answers.map(({ name, text, rows }) => {
              write(join(draft, name), text);
              const result = { name, rows, bytes: Buffer.byteLength(text) };
              onDataset?.(result, ++done, stale.length);
              return result;
            });
          });
    const names = datasets.map(({ name }) => name);
    if (out !== cached) install(draft, out, names, keep);
    else
      await withState(cache, (_, record) => {
        record({ datasets: null }); // a process killed below leaves datasets of unknown inputs
        install(draft, out, names, keep);
        const built = (name: string): [string, BuildRecord] => [
          name,
          { inputs: inputs.get(name) ?? "", output: fileStamp(join(out, name)) },
        ];
        record({ datasets: { inputs: all, output: "" }, answers: namesOf(names.map(built)), rows });
      });
    return computed.flat();
  } finally {
    rmSync(draft, { recursive: true, force: true });
    await tracing.close();
    (await (opening as Promise<Database> | null)?.catch(() => null))?.close();
  }
}

/** The answer to one dataset as JSON: an array of rows, counts as numbers, times as ISO in UTC. */
export async function computeDataset(
  database: Database,
  dataset: Dataset,
  project: Project,
  options: AnswerOptions = {},
): Promise<DatasetAnswer> {
  const [answer] = await computeTogether(database, [dataset], project, options);
  return answer;
}

export interface AnswerOptions {
  tracing?: Tracing; // shared by datasets computed one after the other; opened for this one by default
  signal?: AbortSignal | undefined;
}

export interface DatasetAnswer {
  name: string; // of the dataset
  text: string;
  rows: number;
}

/** The answers to datasets of one file, by one query. With $days in the query, the column `day` assigns rows to datasets. */
export async function computeTogether(
  database: Database,
  datasets: Batch,
  project: Project,
  { tracing, signal }: AnswerOptions = {},
): Promise<[DatasetAnswer, ...DatasetAnswer[]]> {
  const [first, ...others] = datasets;
  const { file, sql } = first;
  const path = `data-loaders/${slashes(relative(loadersFolder, file))}`;
  let answer: Rows;
  let query: string;
  try {
    query = bindParameters(sql, ...datasets.map(({ parameters }) => parameters));
    answer = await database.rows(query, { readOnly: true, signal });
  } catch (error) {
    if (error instanceof CliError && ["interrupted", "config"].includes(error.exit)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError("build", `${path}: ${reason}`, "fix the query, then build again", { cause: error });
  }
  const manyParameter = batchParameter(first);
  const at = answer.columns.findIndex(({ name }) => name === manyParameter);
  if (manyParameter !== null && at < 0)
    throw new CliError("build", `${path} names $${manyParameter}s, but its answer has no column ${manyParameter}`);
  const columns = answer.columns.filter((_, i) => i !== at);
  checkColumns(path, sql, columns, project.feeds);
  const tracer = tracing ?? openTracing(project);
  try {
    await tracer.check(file, { path, source: sql, query, columns: answer.columns.map(({ name }) => name) });
  } finally {
    if (tracing === undefined) await tracer.close();
  }
  if (manyParameter === null) return [{ name: first.name, text: rowsToJson(path, answer), rows: answer.rows.length }];
  const parts = new Map<string, Value[][]>();
  for (const row of answer.rows) {
    const value = String(row[at]);
    const part = parts.get(value) ?? [];
    parts.set(value, part);
    part.push(row.filter((_, i) => i !== at));
  }
  const answerTo = ({ name, parameters }: Dataset): DatasetAnswer => {
    const rows = parts.get(own(parameters, manyParameter) ?? "") ?? [];
    return { name, text: rowsToJson(path, { columns, rows }), rows: rows.length };
  };
  return [answerTo(first), ...others.map(answerTo)];
}

/** The parameter of which a query takes many values at once: day for $days. Null for a query of one dataset. */
function batchParameter({ sql, parameters }: Dataset): string | null {
  return Object.keys(parameters).find((name) => new RegExp(`\\$${name}s\\b`).test(sql)) ?? null;
}

const batchesAtOnce = 3;
const batchSize = 16; // datasets of one query: more cost memory, fewer cost planning time

export type Batch = [Dataset, ...Dataset[]];

/** Groups the datasets that one query computes. */
export function batches(datasets: Dataset[]): Batch[] {
  const grouped: Batch[] = [];
  for (const dataset of datasets) {
    const last = grouped.at(-1);
    const fits = last?.[0].file === dataset.file && last.length < batchSize;
    if (last && fits && batchParameter(dataset) !== null) last.push(dataset);
    else grouped.push([dataset]);
  }
  return grouped;
}

/**
 * Replaces `$day` in the query by the quoted value of the single set, `$days` by the list of all values. Throws at a parameter
 * without a value.
 */
export function bindParameters(source: string, ...parameterSets: Record<string, string>[]): string {
  return source.replace(/\$([a-z]\w*)/g, (_, name: string) => {
    const [only] = parameterSets.length === 1 ? parameterSets : [];
    const single = only && own(only, name);
    if (single !== undefined) return quoteText(single);
    const values = name.endsWith("s")
      ? parameterSets.map((parameters) => own(parameters, name.slice(0, -1)))
      : [undefined];
    if (values.includes(undefined)) throw new Error(`no value for $${name}`);
    return quoteList(values as string[]);
  });
}

// DuckDB returns a column of type JSON as text; its value goes into the answer.
function rowsToJson(path: string, { columns, rows }: Rows): string {
  const isJson = columns.map(({ type }) => type === "JSON");
  const lines = rows.map((row) => {
    const values = columns.map(({ name }, i) => [
      name,
      isJson[i] && typeof row[i] === "string" ? JSON.parse(row[i]) : row[i],
    ]);
    try {
      return JSON.stringify(Object.fromEntries(values));
    } catch (error) {
      const at = row.findIndex(holdsBigint);
      if (at < 0) throw error;
      throw new CliError(
        "build",
        `${path}: ${columns[at]?.name} holds ${row[at]}, which a page cannot read exactly`,
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

/** Moves answers into place: the whole folder, with the former files of other datasets, or with `keep` one by one. */
function install(draft: string, out: string, datasets: string[], keep = false): void {
  mkdirSync(draft, { recursive: true });
  if (keep) {
    for (const name of datasets.filter((name) => existsSync(join(draft, name)))) {
      mkdirSync(dirname(join(out, name)), { recursive: true });
      renameSync(join(draft, name), join(out, name));
    }
    return;
  }
  for (const name of datasets) carryOver(join(out, name), join(draft, name));
  rmSync(out, { recursive: true, force: true });
  mkdirSync(dirname(out), { recursive: true });
  renameSync(draft, out);
}

function carryOver(file: string, target: string): void {
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
