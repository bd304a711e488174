import { copyFileSync, createReadStream, mkdirSync } from "node:fs";
import { toCliError } from "../../base/faults.ts";
import { count, plural } from "../../base/words.ts";
import type { OpenRows } from "../../duckdb/database.ts";
import { isQuery } from "../../duckdb/read-only.ts";
import type { Value } from "../../duckdb/values.ts";
import { type Format, type TextFormat, writeRows } from "../formats.ts";
import { writeOutput, writeOutputPieces } from "../output-file.ts";
import { copyToParquet, withQueryErrors } from "../query.ts";
import type { Session } from "./session.ts";

export interface Settings {
  format: TextFormat; // on the screen
  maxRows: number; // on the screen
  timezone: string | undefined;
  output: OutputFile | null; // null: the screen
}

export interface OutputFile {
  file: string;
  format: Format;
  once: boolean; // only for the next result
  appending: boolean; // it has a result, which the next one follows
}

/** A result as text, and a note on it. */
export interface Shown {
  text: string;
  note: string;
}

const changesData = /\b(insert|update|delete|merge)\b/i;

/** Runs one statement, and shows its rows or writes them to the output file. Throws CliError("query" or "interrupted"). */
export async function runStatement(
  session: Session,
  sql: string,
  settings: Settings,
  signal: AbortSignal,
): Promise<Shown> {
  const reads = isQuery(sql); // any other statement may change the session, and is never written to a file
  const shown = await withQueryErrors(async () =>
    reads && settings.output !== null
      ? { text: "", note: await toFile(session, sql, settings, settings.output, signal) }
      : await toScreen(await session.database.stream(sql, { readOnly: true, signal }), settings, reads),
  );
  if (!reads || changesData.test(sql)) {
    session.changed = true;
    session.forget();
  }
  return shown;
}

async function toScreen(stream: OpenRows, settings: Settings, reads: boolean): Promise<Shown> {
  const { format, maxRows, timezone } = settings;
  const { columns } = stream;
  const { rows, total } = await firstRows(stream, maxRows);
  const names = columns.map(({ name }) => name).join();
  const [first] = rows;
  if (!reads && (names === "Count" || names === "Success"))
    return { text: "", note: first === undefined ? "done" : `done, ${plural(Number(first[0]), "row")}` };
  if (names === "explain_key,explain_value") return { text: rows.map((row) => `${row[1]}`).join("\n"), note: "" };
  let text = "";
  const write = async (part: string) => {
    text += part;
  };
  await writeRows({ columns, batches: once(rows) }, format, write, timezone);
  if (total === rows.length) return { text, note: plural(total, "row") };
  const ofTotal = total === null ? "rows, and there are more" : `of ${plural(total, "row")}`;
  const note = `the first ${count(rows.length)} ${ofTotal}; .output FILE writes all, .maxrows N shows N`;
  return { text, note };
}

// Counts the other rows. An interrupt while counting leaves the total unknown.
async function firstRows(
  { batches, countRest }: OpenRows,
  maxRows: number,
): Promise<{ rows: Value[][]; total: number | null }> {
  const rows: Value[][] = [];
  let read = 0;
  for await (const batch of batches) {
    for (const row of batch.slice(0, maxRows - rows.length)) rows.push(row);
    read += batch.length;
    if (read > maxRows) break;
  }
  if (read <= maxRows) return { rows, total: read };
  try {
    return { rows, total: read + (await countRest()) };
  } catch (error) {
    if (toCliError(error).exit !== "interrupted") throw error;
    return { rows, total: null };
  }
}

async function toFile(
  session: Session,
  sql: string,
  settings: Settings,
  target: OutputFile,
  signal: AbortSignal,
): Promise<string> {
  const { file, format, once: single, appending } = target;
  let note = `wrote ${file}`;
  if (format === "parquet") {
    mkdirSync(session.scratch, { recursive: true, mode: 0o700 });
    await copyToParquet(session.database, sql, session.parquet, signal);
    await writeOutput(file, async (path) => copyFileSync(session.parquet, path));
  } else {
    const stream = await session.database.stream(sql, { readOnly: true, signal });
    if (format === "xlsx") {
      const { factsOf, notesOf, writeWorkbook } = await import("../row-workbook.ts");
      const written = await writeWorkbook(
        stream,
        file,
        factsOf(session.project, sql, settings.timezone, session.past?.moment),
      );
      const notes = [`wrote ${plural(written.rows, "row")} to ${file}`, ...notesOf(written).map(([what]) => what)];
      note = notes.join("; ");
    } else
      await writeOutputPieces<string>(file, async (write) => {
        if (appending) for await (const part of createReadStream(file, "utf8")) await write(part);
        note = `wrote ${plural(await writeRows(stream, format, write, settings.timezone), "row")} to ${file}`;
      });
  }
  settings.output = single ? null : { ...target, appending: true };
  return note;
}

async function* once(rows: Value[][]): AsyncGenerator<Value[][]> {
  yield rows;
}
