import { CliError } from "../base/errors.ts";
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  StatementType,
} from "./duckdb-package.ts";
import { literalPath, quoteList } from "./quote.ts";
import { checkKind, checkReads, isQuery, parserOf } from "./read-only.ts";
import { cutStatements } from "./statements.ts";
import { type ColumnType, columnTypes, rowsOf, type Value } from "./values.ts";

export interface DatabaseOptions {
  threads?: number;
  memoryLimit?: string; // as DuckDB spells it: "1GB"
  tempDirectory?: string | null; // where big sorts spill; null (the default): nowhere
}

export interface Rows {
  columns: ColumnType[];
  rows: Value[][];
}

export interface RowStream {
  columns: ColumnType[];
  batches: AsyncIterable<Value[][]>;
}

export interface OpenRows extends RowStream {
  /** Goes through what was not read of the batches, holding and converting none of it, and returns how many rows that is. */
  passOver(): Promise<number>;
}

export interface QueryOptions {
  signal?: AbortSignal | undefined; // aborting interrupts the query; it then throws CliError("interrupted")
  /** Refuse, before it runs, every statement that is not known to read only, or to change only tables in memory. */
  readOnly?: boolean;
}

export interface Database {
  /** Runs all statements of the text, for their effect. */
  run(sql: string, options?: QueryOptions): Promise<void>;
  /** All rows of the last statement. */
  rows(sql: string, options?: QueryOptions): Promise<Rows>;
  /** The rows as objects; column names must be distinct. */
  objects<T = Record<string, Value>>(sql: string, options?: QueryOptions): Promise<T[]>;
  /** As `rows`, in batches of about 2,000, never all in memory. Read them to the end before the next query here. */
  stream(sql: string, options?: QueryOptions): Promise<OpenRows>;
  /** Cuts every file but those under the roots and these files off, for good, and locks the configuration. */
  sandbox(roots: string[], files?: string[]): Promise<void>;
  /** Stops what is running on this connection. */
  interrupt(): void;
  /** Another connection to the same database, to run two queries at once. Close it as well. */
  connect(): Promise<Database>;
  close(): void;
}

/** Opens an empty database in memory: offline (no extension is ever looked for), in UTC, spilling nowhere unless told. */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    temp_directory: options.tempDirectory ?? "",
    ...(options.threads ? { threads: String(options.threads) } : {}),
    ...(options.memoryLimit ? { memory_limit: options.memoryLimit } : {}),
  });
  const database = await connection(instance, true);
  await database.run("set global TimeZone = 'UTC'");
  return database;
}

async function connection(instance: DuckDBInstance, owner: boolean): Promise<Database> {
  const link = await instance.connect();
  // A second query on a connection ends the result of the first, without an error: so one after the other.
  let last: Promise<unknown> = Promise.resolve();
  const own = { transaction: false }; // of a stream that may not have been read to its end
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const next = async () => {
      await endStream(link, own);
      return await task();
    };
    const turn = last.then(next, next);
    last = turn.catch(() => {});
    return turn;
  };
  const database: Database = {
    run: (sql, options) =>
      inTurn(() => execute(link, sql, options, async (statement) => void (await statement.run()), true)),
    rows: (sql, options) =>
      inTurn(() =>
        execute(link, sql, options, async (statement) => {
          const result = await statement.run();
          const rows: Value[][] = [];
          for await (const batch of batches(() => result.fetchChunk())) for (const row of batch) rows.push(row);
          return { columns: columnTypes(result), rows };
        }),
      ),
    async objects<T>(sql: string, options?: QueryOptions) {
      const { columns, rows } = await database.rows(sql, options);
      return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])) as T);
    },
    // While it waits for the first rows of a stream, DuckDB keeps a core busy: only for results that must not be whole.
    stream: (sql, options) =>
      inTurn(() =>
        execute(link, sql, options, async (statement) => {
          const signal = options?.signal;
          const { columns, next } = await openStream(link, statement, own, signal);
          return {
            columns,
            batches: guarded(link, batches(next), signal),
            passOver: () => interruptible(link, signal, () => countRows(next)),
          };
        }),
      ),
    async sandbox(roots, files = []) {
      // A pattern must be allowed, and what it finds as well.
      await link.run(`set allowed_directories = ${quoteList([...roots, ...roots.map(literalPath)])}`);
      await link.run(`set allowed_paths = ${quoteList([...files, ...files.map(literalPath)])}`);
      await link.run("set enable_external_access = false");
      await link.run("set lock_configuration = true");
    },
    interrupt: () => link.interrupt(),
    connect: () => connection(instance, false),
    close() {
      link.closeSync();
      if (owner) instance.closeSync();
    },
  };
  return database;
}

interface Statement {
  reads: boolean; // its rows can be streamed
  run(): Promise<DuckDBResult>;
  stream(): Promise<DuckDBResult>;
}

// A prepared statement over files is planned a second time when it runs: what needs no look at its type goes without.
async function execute<T>(
  link: DuckDBConnection,
  sql: string,
  options: QueryOptions = {},
  read: (last: Statement) => Promise<T>,
  all = false, // `read` runs what it gets, be it several statements
): Promise<T> {
  return interruptible(link, options.signal, async () => {
    if (!/\S/.test(sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|;/g, ""))) throw new CliError("query", "the query is empty");
    if (options.readOnly) return executeChecked(link, sql, read);
    if (all || !sql.includes(";")) return read(unprepared(link, sql, singleSelect.test(sql)));
    const statements = await link.extractStatements(sql);
    for (let i = 0; i < statements.count - 1; i++) await runPrepared(await statements.prepare(i));
    const last = await statements.prepare(statements.count - 1);
    return read(prepared(last));
  });
}

// Each statement is checked and run by itself, so that what runs is what was checked.
async function executeChecked<T>(
  link: DuckDBConnection,
  sql: string,
  read: (last: Statement) => Promise<T>,
): Promise<T> {
  const { whole, rest } = cutStatements(sql);
  const cut = rest === "" ? whole : [...whole, rest];
  const texts = cut.length === 1 ? [sql] : cut; // as it was typed: errors name its lines
  for (const [i, text] of texts.entries()) {
    const { query } = await checkReads(text, parserOf(link));
    const last = i === texts.length - 1;
    const statement = query ? unprepared(link, text, true) : await prepareChecked(link, text);
    if (last) return read(statement);
    await statement.run();
  }
  throw new CliError("query", "the query is empty");
}

// One statement, but for a PIVOT: it comes as the making of a type, the query, and the dropping of the type.
async function prepareChecked(link: DuckDBConnection, sql: string): Promise<Statement> {
  const statements = await link.extractStatements(sql);
  const pivots = isQuery(sql);
  if (statements.count > 1 && !pivots) throw new CliError("query", "one statement at a time is possible here");
  for (let i = 0; ; i++) {
    const statement = await statements.prepare(i);
    checkKind(statement);
    if (i === statements.count - 1) return prepared(statement);
    await runPrepared(statement);
  }
}

function unprepared(link: DuckDBConnection, sql: string, reads: boolean): Statement {
  return { reads, run: () => link.run(sql), stream: () => link.stream(sql) };
}

function prepared(statement: DuckDBPreparedStatement): Statement {
  return {
    reads: statement.statementType === StatementType.SELECT,
    run: () => statement.run(),
    stream: () => statement.stream(),
  };
}

async function runPrepared(statement: DuckDBPreparedStatement): Promise<void> {
  await statement.run();
  statement.destroySync();
}

// The first word of a single statement says that it only reads. A carriage return ends a comment as well; "/*" may nest.
const singleSelect = /^(?:\s|\(|--[^\r\n]*[\r\n])*(?:select|from|values|with)\b[^;]*$/i;

async function interruptible<T>(
  link: DuckDBConnection,
  signal: AbortSignal | undefined,
  task: () => Promise<T>,
): Promise<T> {
  const stop = () => link.interrupt();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (signal?.aborted) throw new Error("interrupted");
    const result = await task();
    // An interrupted stream may end as if it had been read to its end.
    if (signal?.aborted) throw new Error("interrupted");
    return result;
  } catch (error) {
    if (signal?.aborted) throw new CliError("interrupted", "interrupted", undefined, { cause: error });
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

async function* guarded(
  link: DuckDBConnection,
  source: AsyncGenerator<Value[][]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Value[][]> {
  for (;;) {
    const next = await interruptible(link, signal, () => source.next());
    if (next.done) return;
    yield next.value;
  }
}

type NextChunk = () => Promise<DuckDBDataChunk | null>;

/**
 * DuckDB ends a stream that fails as it ends one that was read, and tells nobody why. But it aborts the transaction: so a
 * stream gets one of its own, and a query that failed is run once more for its reason.
 */
async function openStream(
  link: DuckDBConnection,
  statement: Statement,
  own: { transaction: boolean },
  signal: AbortSignal | undefined,
): Promise<{ columns: ColumnType[]; next: NextChunk }> {
  if (!statement.reads) {
    const result = await statement.run();
    return { columns: columnTypes(result), next: () => result.fetchChunk() };
  }
  if (!(await inTransaction(link))) {
    await link.run("begin");
    own.transaction = true;
  }
  const result = await statement.stream();
  const next = async () => {
    const chunk = await result.fetchChunk();
    if (chunk && chunk.rowCount > 0) return chunk;
    const whole = await succeeds(link, "select 1");
    await endStream(link, own);
    if (whole || signal?.aborted) return null;
    await statement.run();
    throw new Error("the query failed before its end, and did not when it ran again");
  };
  return { columns: columnTypes(result), next };
}

async function endStream(link: DuckDBConnection, own: { transaction: boolean }): Promise<void> {
  if (!own.transaction) return;
  own.transaction = false;
  if (!(await succeeds(link, "commit"))) await link.run("rollback");
}

// Outside of a transaction that the user began, each statement has another.
async function inTransaction(link: DuckDBConnection): Promise<boolean> {
  const current = async () => (await link.runAndReadAll("select txid_current()")).getRows()[0]![0];
  const [first, second] = [await current(), await current()];
  return first === second;
}

function succeeds(link: DuckDBConnection, sql: string): Promise<boolean> {
  return link.run(sql).then(
    () => true,
    () => false,
  );
}

async function* batches(next: NextChunk): AsyncGenerator<Value[][]> {
  for (;;) {
    const chunk = await next();
    if (!chunk || chunk.rowCount === 0) return;
    yield rowsOf(chunk);
  }
}

async function countRows(next: NextChunk): Promise<number> {
  let rows = 0;
  for (;;) {
    const chunk = await next();
    if (!chunk || chunk.rowCount === 0) return rows;
    rows += chunk.rowCount;
  }
}
