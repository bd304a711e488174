import { quoteFiles, quoteList, quoteName, quoteText } from "../../duckdb/quote.ts";
import { isIdentifier, type Reading, readAs, unfitSql, valueSql } from "../schema/typing.ts";
import { lineKey, rescuedKey } from "./careful.ts";
import type { StageSchema } from "./shared-schema.ts";

/** A JSON key and the column it is read into. */
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

/** A source file that is read as part of a larger one. */
export interface StagePart extends Omit<StageFile, "path"> {
  day: number; // counted from 1, as in `files`
}

export interface StageQuery {
  columns: StageColumn[];
  path: "typed" | "text";
  cleaned: boolean; // the files are cleaned ones, see careful.ts
  template: string; // file with the line of `templateLine`
  files: StageFile[]; // none without rows
  parts?: StagePart[]; // of days read together, each a file of `files`; in the order of the rows
  longest: number; // bytes of the longest line
}

/** How to read the columns of a schema: time columns in `spelled` in every spelling. */
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
  // An undocumented feed has no key at first, and DuckDB needs one.
  return all.length > 0 ? all : [{ key: "\u0001none", name: "_", type: "VARCHAR", keep: false }];
}

const leastObject = 16 * 1024 * 1024;

/**
 * One line from which DuckDB learns the keys and how to read them. Listed before the real files, and the only line sampled,
 * it has two effects that `columns={…}` lacks: an unknown key is an error that names it, and names that differ only in case
 * stay distinct.
 */
export function templateLine({ columns, path, cleaned }: Pick<StageQuery, "columns" | "path" | "cleaned">): string {
  const samples = { DOUBLE: "1.5", VARCHAR: '"x"', JSON: "null" };
  const members = columns.map(({ key, type }) => `${JSON.stringify(key)}:${samples[readAs(type, path)]}`);
  if (cleaned) members.push(`${JSON.stringify(lineKey)}:"1"`, `${JSON.stringify(rescuedKey)}:"x"`);
  return `{${members.join(",")}}\n`;
}

/** The query's error when a value of days read together does not fit; the number of the day follows. */
export const doesNotFit = "does not fit: ";

/** The query's error when a file has more or fewer rows than lines. */
export const rowsAreLost = "rows are lost";

/**
 * Every row of the files in order, typed, with provenance. row_number() makes one thread read them one after the other, so
 * the number minus the rows of earlier files is the line, as long as each file has as many rows as lines.
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
  const misplaced = cleaned
    ? null
    : parts
      ? "f is distinct from p_day or g is distinct from p_before + p_line"
      : "g <= s or g > e";
  const provenance = [
    `${parts ? "p_file" : pick(quoteList(files.map(({ file }) => file)))} as _file`,
    `${cleaned ? "l::bigint" : parts ? "p_line" : "g - s"} as _line`,
    `${parts ? "p_run" : pick(quoteList(files.map(({ run }) => run)))} as _run`,
    `${rescuedSql(misfits, unfit, misplaced, parts ? "p_day" : "''")} as _rescued`,
    ...(parts ? [`p_day as ${quoteName(dayColumn)}`] : []),
  ];
  return `select ${[...outputs, ...provenance].join(",\n  ")}
from (select *${values.map((value) => `,\n  ${value}`).join("")}
from (${cleaned ? scan(query) : parts ? paired(query, parts) : numbered(query)}))`;
}

/** The column with the day of a row among several. No delivered name has such a character. */
export const dayColumn = "\u0001day";

/** The name of a key in `_rescued`: as delivered, except that SQL text cannot hold NUL. */
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

// g: row number over all files; s: rows of the files before; e: s plus the rows of its own file.
function numbered(query: StageQuery): string {
  let before = 0;
  const bounds = [0, ...query.files.map(({ rows }) => (before += rows))];
  const list = `[${bounds.join(", ")}]::bigint[]`;
  return `select *, list_extract(${list}, f) as s, list_extract(${list}, f + 1) as e from (
  select *, row_number() over () as g from (${scan(query)}))`;
}

/**
 * Each row beside the file and line that it must come from. Every line read here begins an object: when each day has as many
 * rows as lines, each line has its row. row_number() has the files read one after the other, as in `numbered`; without it a
 * positional join interleaves the chunks of several.
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

function rescuedSql(misfits: string[], unfit: Unfit[], misplaced: string | null, day: string): string {
  const cleaned = misplaced === null;
  const before = cleaned ? "r" : "null";
  const branches = cleaned ? [] : [`when ${misplaced} then error('${rowsAreLost}')`];
  if (misfits.length > 0) branches.push(`when ${misfits.join(" or ")} then error('${doesNotFit}' || ${day})`);
  if (unfit.length > 0) {
    const any = unfit.map(({ when }) => `(${when})`).join(" or ");
    unfit.sort((a, b) => (a.member < b.member ? -1 : 1)); // independent of the order of columns
    const members = unfit.map(
      ({ member, raw, when }) => `${quoteText(member)}, case when ${when} then ${raw}::varchar end`,
    );
    // The inner merge drops nulls: a null in a patch would remove what cleaning had kept.
    const patch = `json_merge_patch('{}', json_object(${members.join(", ")}))`;
    branches.push(`when ${any} then ${cleaned ? `json_merge_patch(coalesce(r, '{}'), ${patch})` : patch}`);
  }
  return branches.length === 0 ? `${before}::json` : `case ${branches.join("\n    ")} else ${before}::json end`;
}
