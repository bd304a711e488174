import { quoteFiles, quoteList, quoteName, quoteText } from "../../duckdb/quote.ts";
import { isIdentifier, type Reading, readAs, unfitSql, valueSql } from "../schema/typing.ts";
import { lineKey, rescuedKey } from "./careful.ts";
import type { StageSchema } from "./shared-schema.ts";

/** A JSON key and what becomes of it. */
export interface StageColumn {
  key: string;
  name: string;
  type: string;
  keep: boolean; // false: no column, its values go to `_rescued`
  reading?: Reading;
}

export interface StageFile {
  path: string; // absolute
  file: string; // path below raw/, for `_file`
  run: string;
  rows: number;
}

/** A file that lies in one of those that are read, between others. */
export interface StagePart extends Omit<StageFile, "path"> {
  day: number; // counted from 1, as in `files`
}

export interface StageQuery {
  columns: StageColumn[];
  path: "typed" | "text";
  cleaned: boolean; // the files are cleaned ones, see careful.ts
  template: string; // file with the line of `templateLine`
  files: StageFile[]; // none without rows
  parts?: StagePart[]; // of several days read together, each of `files` is a day; in the order of the rows
  longest: number; // bytes of the longest line
}

/** The columns of a schema, as they are to be read: those of times in `spelled` in every spelling. */
export function stageColumns({ columns, rescuedKeys }: StageSchema, spelled: ReadonlySet<string>): StageColumn[] {
  const all = [
    ...columns.map(({ key, name, type, untyped, flag }) => ({
      key,
      name,
      type,
      keep: !untyped,
      reading: { spelled: spelled.has(name), flag, identifier: isIdentifier(key) },
    })),
    ...[...rescuedKeys].map((key) => ({ key, name: key, type: "VARCHAR", keep: false })),
  ];
  // Of an undocumented feed the first key is an unknown one; DuckDB wants to know one all the same.
  return all.length > 0 ? all : [{ key: "\u0001none", name: "_", type: "VARCHAR", keep: false }];
}

const leastObject = 16 * 1024 * 1024;

/**
 * One line from which DuckDB learns the keys and how to read them. Listed before the real files, as the only one it
 * looks at, it has two effects that `columns={…}` has not: an unknown key anywhere is an error that names it, and names
 * that differ in case alone stay apart.
 */
export function templateLine({ columns, path, cleaned }: Pick<StageQuery, "columns" | "path" | "cleaned">): string {
  const samples = { DOUBLE: "1.5", VARCHAR: '"x"', JSON: "null" };
  const members = columns.map(({ key, type }) => `${JSON.stringify(key)}:${samples[readAs(type, path)]}`);
  if (cleaned) members.push(`${JSON.stringify(lineKey)}:"1"`, `${JSON.stringify(rescuedKey)}:"x"`);
  return `{${members.join(",")}}\n`;
}

/** What the query says before the number of the day when a value does not fit, and days are read together. */
export const doesNotFit = "does not fit: ";

/** What the query says when a file has more or fewer rows than it should have. */
export const rowsAreLost = "rows are lost";

/**
 * Every row of the files in their order, typed, with provenance. row_number() makes one thread read them one after the
 * other, so the number less the rows of the files before is the line, as long as each file has the rows it should have.
 */
export function stageSelect(query: StageQuery): string {
  const { columns, path, files, cleaned, parts } = query;
  const outputs: string[] = [];
  const values: string[] = [];
  const misfits: string[] = [];
  const unfit: Unfit[] = [];
  for (const [i, column] of columns.entries()) {
    const { name, type, keep, reading } = column;
    const raw = `c${i}`;
    if (!keep) {
      unfit.push({ member: rescuedName(column), raw, when: `${raw} is not null` });
      continue;
    }
    const sql = valueSql(type, raw, path, reading);
    const value = sql === raw ? raw : `v${i}`;
    if (value !== raw) values.push(`${sql} as ${value}`);
    outputs.push(`${value} as ${quoteName(name)}`);
    const when = unfitSql(type, raw, value, path);
    if (when && path === "typed") misfits.push(when);
    else if (when) unfit.push({ member: rescuedName(column), raw, when });
  }
  const pick = (list: string) => `list_extract(${list}, f)`;
  const lost = cleaned
    ? null
    : parts
      ? "f is distinct from p_day or g is distinct from p_before + p_line"
      : "g <= s or g > e";
  const provenance = [
    `${parts ? "p_file" : pick(quoteList(files.map(({ file }) => file)))} as _file`,
    `${cleaned ? "l::bigint" : parts ? "p_line" : "g - s"} as _line`,
    `${parts ? "p_run" : pick(quoteList(files.map(({ run }) => run)))} as _run`,
    `${rescuedSql(misfits, unfit, lost, parts ? "p_day" : "''")} as _rescued`,
    ...(parts ? [`p_day as ${quoteName(dayColumn)}`] : []),
  ];
  return `select ${[...outputs, ...provenance].join(",\n  ")}
from (select *${values.map((value) => `,\n  ${value}`).join("")}
from (${cleaned ? scan(query) : parts ? paired(query, parts) : numbered(query)}))`;
}

/** The column that says which of several days a row is of. No name from outside has such a character. */
export const dayColumn = "\u0001day";

/** What the values of a key are called in `_rescued`: as it was delivered, but that SQL text has no NUL. */
export function rescuedName({ key, name }: { key: string; name: string }): string {
  return key.includes("\u0000") ? name : key;
}

interface Unfit {
  member: string; // of `_rescued`
  raw: string;
  when: string;
}

function scan({ columns, template, files, cleaned, longest }: StageQuery): string {
  const names = [...columns.map((_, i) => `c${i}`), ...(cleaned ? ["l", "r"] : [])];
  const options = [
    "format = 'newline_delimited'",
    "records = true",
    "sample_size = 1",
    "maximum_sample_files = 1",
    "map_inference_threshold = -1",
    "convert_strings_to_integers = false",
    "hive_partitioning = false",
    `maximum_object_size = ${Math.max(leastObject, longest + 1024)}`,
  ];
  return `select *, file_index::bigint as f
  from read_json(${quoteFiles([template, ...files.map(({ path }) => path)])},
    ${options.join(", ")}) t(${names.join(", ")})
  where file_index > 0`;
}

// g: the number of the row in all files, s: the rows of the files before, e: these and those of its own.
function numbered(query: StageQuery): string {
  let before = 0;
  const bounds = [0, ...query.files.map(({ rows }) => (before += rows))];
  const list = `[${bounds.join(", ")}]::bigint[]`;
  return `select *, list_extract(${list}, f) as s, list_extract(${list}, f + 1) as e from (
  select *, row_number() over () as g from (${scan(query)}))`;
}

/**
 * Each row beside the file and line that it must be of. A line that does not begin an object is none of those that are read
 * together, and no other is without a row: when each day has as many rows as lines, each line has its own. row_number() has
 * the files read one after the other, as in `numbered`; without it a positional join takes the chunks of several in turn.
 */
function paired(query: StageQuery, parts: readonly StagePart[]): string {
  let before = 0;
  const values = parts.map(({ day, file, run, rows }) => {
    const value = `(${day}, ${quoteText(file)}, ${quoteText(run)}, ${rows}, ${before})`;
    before += rows;
    return value;
  });
  return `select * from (select *, row_number() over () as g from (${scan(query)})) positional join (
  select day::bigint as p_day, file as p_file, run as p_run, before::bigint as p_before, unnest(range(1, rows + 1)) as p_line
  from (values ${values.join(", ")}) t(day, file, run, rows, before))`;
}

function rescuedSql(misfits: string[], unfit: Unfit[], lost: string | null, day: string): string {
  const cleaned = lost === null;
  const before = cleaned ? "r" : "null";
  const branches = cleaned ? [] : [`when ${lost} then error('${rowsAreLost}')`];
  if (misfits.length > 0) branches.push(`when ${misfits.join(" or ")} then error('${doesNotFit}' || ${day})`);
  if (unfit.length > 0) {
    const any = unfit.map(({ when }) => `(${when})`).join(" or ");
    unfit.sort((a, b) => (a.member < b.member ? -1 : 1)); // whichever column was known first
    const members = unfit.map(
      ({ member, raw, when }) => `${quoteText(member)}, case when ${when} then ${raw}::varchar end`,
    );
    // The inner one leaves the nulls out: a null in a patch takes away what the cleaning had kept.
    const patch = `json_merge_patch('{}', json_object(${members.join(", ")}))`;
    branches.push(`when ${any} then ${cleaned ? `json_merge_patch(coalesce(r, '{}'), ${patch})` : patch}`);
  }
  return branches.length === 0 ? `${before}::json` : `case ${branches.join("\n    ")} else ${before}::json end`;
}
