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
  memoryLimit?: string; // in DuckDB's syntax: "1GB"
  tempDirectory?: string | null; // where large sorts spill; default: null, nowhere
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
  /** Counts the rows that were not read, without converting or holding them. */
  countRest(): Promise<number>;
}

export interface QueryOptions {
  signal?: AbortSignal | undefined; // aborting interrupts the query; it then throws CliError("interrupted")
  /** Refuse every statement that may do more than read, or change tables in memory, before it runs. */
  readOnly?: boolean;
}

export interface Database {
  /** Runs all statements of the text. */
  run(sql: string, options?: QueryOptions): Promise<void>;
  /** Runs all statements, and returns the rows of the last. */
  rows(sql: string, options?: QueryOptions): Promise<Rows>;
  /** Like `rows`, as objects. Column names must be distinct. */
  objects<T = Record<string, Value>>(sql: string, options?: QueryOptions): Promise<T[]>;
  /** Like `rows`, in batches of about 2,000. Read them to the end before the next query on this connection. */
  stream(sql: string, options?: QueryOptions): Promise<OpenRows>;
  /** Permanently restricts access to files below the roots and to these files, and locks the configuration. */
  sandbox(roots: string[], files?: string[]): Promise<void>;
  /** Interrupts the query that runs on this connection. */
  interrupt(): void;
  /** Opens another connection to the same database, for concurrent queries. Close it as well. */
  connect(): Promise<Database>;
  close(): void;
}

/** Opens an empty database in memory, in UTC, and without extensions from the network. */
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
  // A second query silently ends the result of the first on its connection: they run one by one.
  let last: Promise<unknown> = Promise.resolve();
  const own = { transaction: false }; // of a stream that may be unfinished
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
    // DuckDB keeps a core busy until a stream's first rows: use it only for results that may be large.
    stream: (sql, options) =>
      inTurn(() =>
        execute(link, sql, options, async (statement) => {
          const signal = options?.signal;
          const { columns, next } = await openStream(link, statement, own, signal);
          return {
            columns,
            batches: guarded(link, batches(next), signal),
            countRest: () => interruptible(link, signal, () => countRows(next)),
          };
        }),
      ),
    async sandbox(roots, files = []) {
      // Both the pattern and the paths that match it must be allowed.
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

// A prepared statement over files is planned again when it runs, so one is prepared only where its type matters.
async function execute<T>(
  link: DuckDBConnection,
  sql: string,
  options: QueryOptions = {},
  read: (last: Statement) => Promise<T>,
  all = false, // `read` may get several statements
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

// Statements are checked and run one by one, so that what runs is what was checked.
async function executeChecked<T>(
  link: DuckDBConnection,
  sql: string,
  read: (last: Statement) => Promise<T>,
): Promise<T> {
  const { whole, rest } = cutStatements(sql);
  const cut = rest === "" ? whole : [...whole, rest];
  const texts = cut.length === 1 ? [sql] : cut; // a single one as typed: errors name its lines
  for (const [i, text] of texts.entries()) {
    const { query } = await checkReads(text, parserOf(link));
    const last = i === texts.length - 1;
    const statement = query ? unprepared(link, text, true) : await prepareChecked(link, text);
    if (last) return read(statement);
    await statement.run();
  }
  throw new CliError("query", "the query is empty");
}

// One statement. A PIVOT is three: it creates a type, runs the query, and drops the type.
async function prepareChecked(link: DuckDBConnection, sql: string): Promise<Statement> {
  const statements = await link.extractStatements(sql);
  if (statements.count > 1 && !isQuery(sql)) throw new CliError("query", "one statement at a time is allowed");
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

// A single statement that only reads, by its first word. A carriage return also ends a comment.
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
    // An interrupted stream may end like a finished one.
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
 * DuckDB ends a stream that fails like a finished one, without an error, but aborts the transaction. So a stream gets its own
 * transaction, and a failed query runs again for its error.
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
    throw new Error("the query failed before its end, and succeeded when it ran again");
  };
  return { columns: columnTypes(result), next };
}

async function endStream(link: DuckDBConnection, own: { transaction: boolean }): Promise<void> {
  if (!own.transaction) return;
  own.transaction = false;
  if (!(await succeeds(link, "commit"))) await link.run("rollback");
}

// Outside a transaction that the user began, each statement has its own id.
async function inTransaction(link: DuckDBConnection): Promise<boolean> {
  const current = async () => (await link.runAndReadAll("select txid_current()")).getRows().flat()[0];
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
