import { resolve } from "node:path";
import { CliError } from "./errors.ts";
import type { Format } from "./formats.ts";
import { writeRows } from "./formats.ts";
import { replaceFile, replaceText } from "./output-file.ts";
import type { Project } from "./project.ts";
import { openCatalog } from "./warehouse/catalog.ts";
import { quoteText } from "./warehouse/database.ts";

export interface QueryRun {
  format: Format;
  file?: string | undefined; // written whole or not at all; needed for parquet
  timezone?: string | undefined;
  write: (text: string) => Promise<void>; // without a file
  signal: AbortSignal;
}

/** Runs somebody's query, which can only read, over the catalog. Throws CliError("query") with DuckDB's own words. */
export async function runQuery(project: Project, sql: string, run: QueryRun): Promise<void> {
  const { format, file, timezone, signal } = run;
  if (format === "parquet") {
    await replaceFile(file!, (path) => writeParquet(project, sql, path, signal));
    return;
  }
  const database = await openCatalog(project);
  try {
    const write = async (to: (text: string) => Promise<void>) => {
      const stream = await database.stream(sql, { readOnly: true, signal });
      await writeRows(stream, format, to, timezone);
    };
    await explained(() => (file === undefined ? write(run.write) : replaceText(file, write)));
  } finally {
    database.close();
  }
}

// The query becomes a view first: so it is checked by itself, and cannot end the COPY early.
async function writeParquet(project: Project, sql: string, file: string, signal: AbortSignal): Promise<void> {
  const database = await openCatalog(project, { files: [resolve(file)] });
  try {
    await explained(() => database.rows(`describe\n${sql}`, { readOnly: true, signal }));
    await explained(() =>
      database.run(`create temp view query_result as\n${sql}`, { readOnly: true, signal }),
    );
    await explained(() =>
      database.run(`copy query_result to ${quoteText(resolve(file))} (format parquet, compression zstd)`, {
        signal,
      }),
    );
  } finally {
    database.close();
  }
}

async function explained<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    if (error instanceof CliError || !(error instanceof Error) || !isOfDuckDB(error)) throw error;
    throw new CliError("query", error.message, nextFor(error.message), { cause: error });
  }
}

// "Binder Error: …", "Catalog Error: …", with the line and a caret under the place.
function isOfDuckDB({ message }: Error): boolean {
  return /^[A-Z][A-Za-z ]+ (Error|error|exception): /.test(message);
}

function nextFor(message: string): string {
  if (/^Permission Error|disabled by configuration/.test(message))
    return "queries read the data folder only; copy what you need there, or load it elsewhere beside a parquet file of -o";
  if (/Table with name .* does not exist/.test(message))
    return 'asapp-kit sql "show all tables" lists what there is';
  if (/column/i.test(message)) return "asapp-kit schema FEED lists a feed's columns";
  return "asapp-kit sql --help shows examples";
}
