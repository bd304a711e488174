import { CliError } from "../base/errors.ts";
import type { Database } from "../duckdb/database.ts";
import { quoteName, quoteText } from "../duckdb/quote.ts";

/** Writes a query's rows to a Parquet file, to which the database has access. */
export async function copyToParquet(database: Database, sql: string, file: string, signal: AbortSignal): Promise<void> {
  const query = sql.replace(/[\s;]+$/, "");
  await withQueryErrors(async () => {
    const view = `create or replace temp view query_result as from (\n${query}\n)`;
    await database.run(view, { readOnly: true, signal });
    const columns = await exactColumns(database);
    await database.run(
      `copy (select ${columns} from query_result) to ${quoteText(file)} (format parquet, compression zstd)`,
      { signal },
    );
  }, 1);
}

// Parquet has no HUGEINT, the type of every sum of integers; DuckDB would write a rounded DOUBLE.
async function exactColumns(database: Database): Promise<string> {
  const { rows } = await database.rows("describe query_result");
  return rows
    .map(([name, type]) => {
      const column = quoteName(String(name));
      return /^U?HUGEINT$/.test(String(type)) ? `cast(${column} as decimal(38, 0)) as ${column}` : column;
    })
    .join(", ");
}

/** Runs a query, and throws DuckDB's error as CliError("query"). `linesAbove`: lines before the user's text. */
export async function withQueryErrors<T>(query: () => Promise<T>, linesAbove = 0): Promise<T> {
  try {
    return await query();
  } catch (error) {
    const text = error instanceof Error ? queryErrorText(error) : null;
    if (error instanceof CliError || text === null) throw error;
    const message = text.replace(/^LINE (\d+):/m, (_, line) => `LINE ${Number(line) - linesAbove}:`);
    throw new CliError("query", message, nextFor(message), { cause: error });
  }
}

// "Binder Error: …", "Catalog Error: …", with the line and a caret; null for an error that is not DuckDB's.
function queryErrorText({ message }: Error): string | null {
  const text = message.replace(/^Failed to extract statements: /, "");
  return /^[A-Z][A-Za-z ]+ (Error|error|exception): /.test(text) ? text : null;
}

function nextFor(message: string): string {
  if (/^Permission Error|disabled by configuration/.test(message))
    return "queries read the data folder only: `-o FILE` writes a result, and parquet can be joined elsewhere";
  if (/Table with name .* does not exist/.test(message)) return 'asapp-kit sql "show all tables" lists what there is';
  if (/column/i.test(message)) return "asapp-kit schema FEED lists a feed's columns";
  return "asapp-kit sql --help shows examples";
}
