import { lineKey, rescuedKey } from "./careful.ts";
import { quoteList, quoteName, quoteText } from "./database.ts";
import { readAs, unfitSql, valueSql } from "./typing.ts";

/** A JSON key and what becomes of it. */
export interface StageColumn {
  key: string;
  name: string;
  type: string;
  keep: boolean; // false: no column, its values go to `_rescued`
}

export interface StageQuery {
  columns: StageColumn[];
  path: "typed" | "text";
  cleaned: boolean; // the files are cleaned ones, see careful.ts
  template: string; // file with the line of `templateLine`
  files: string[]; // absolute
  root: string; // the folder below which `_file` begins, with its slash at the end
  suffix: string; // what the files' names have beyond those of raw/
  longest: number; // bytes of the longest line
}

const leastObject = 16 * 1024 * 1024;

/**
 * One line from which DuckDB learns the keys and how to read them. Listed before the real files, as the only one it
 * looks at, it has two effects that `columns={…}` has not: an unknown key anywhere is an error that names it, and names
 * that differ in case alone stay apart.
 */
export function templateLine({
  columns,
  path,
  cleaned,
}: Pick<StageQuery, "columns" | "path" | "cleaned">): string {
  const samples = { DOUBLE: "1.5", VARCHAR: '"x"', JSON: "null" };
  const members = columns.map(({ key, type }) => `${JSON.stringify(key)}:${samples[readAs(type, path)]}`);
  if (cleaned) members.push(`${JSON.stringify(lineKey)}:"1"`, `${JSON.stringify(rescuedKey)}:"x"`);
  return `{${members.join(",")}}\n`;
}

/** Every row of the files in their order, typed, with provenance. Its single thread keeps a file's rows in order. */
export function stageSelect(query: StageQuery): string {
  const { columns, path, cleaned } = query;
  const raw = columns.map((_, i) => `c${i}`);
  const values: string[] = [];
  const outputs: string[] = [];
  const unfit: { name: string; raw: string; when: string }[] = [];
  for (const [i, { name, type, keep }] of columns.entries()) {
    if (!keep) {
      unfit.push({ name, raw: `c${i}`, when: `c${i} is not null` });
      continue;
    }
    const sql = valueSql(type, `c${i}`, path);
    const value = sql === `c${i}` ? sql : `v${i}`;
    if (value !== sql) values.push(`${sql} as ${value}`);
    outputs.push(`${value} as ${quoteName(name)}`);
    const when = unfitSql(type, `c${i}`, value, path);
    if (when) unfit.push({ name, raw: `c${i}`, when });
  }
  const start =
    "max(case when f is distinct from p then g end) over (rows between unbounded preceding and current row)";
  const numbered = cleaned
    ? `select *, l::bigint as _line from (\n${scan(query, raw)}\n)`
    : `select *, g - ${start} + 1 as _line from (
  select *, row_number() over () as g, lag(f) over () as p from (
${scan(query, raw)}
))`;
  return `select ${[...outputs, "_file", "_line", "_run", `${rescuedSql(unfit, cleaned)} as _rescued`].join(",\n  ")}
from (select *${values.map((value) => `,\n  ${value}`).join("")}
from (${numbered}))`;
}

/** The statement that writes the day's Parquet file. */
export function stageCopy(query: StageQuery, target: string): string {
  return `copy (${stageSelect(query)}) to ${quoteText(target)} (format parquet, compression zstd)`;
}

function scan(query: StageQuery, raw: string[]): string {
  const names = [...raw, ...(query.cleaned ? ["l", "r"] : []), "path"];
  const options = [
    "format = 'newline_delimited'",
    "records = true",
    "sample_size = 1",
    "maximum_sample_files = 1",
    "map_inference_threshold = -1",
    "convert_strings_to_integers = false",
    "hive_partitioning = false",
    "filename = '\u0001path'",
    `maximum_object_size = ${Math.max(leastObject, query.longest * 2)}`,
  ];
  const below = `substr(path, ${[...query.root].length + 1})`;
  const file = query.suffix === "" ? below : `left(${below}, -${query.suffix.length})`;
  const run = `regexp_replace(path, '^.*/dt=([0-9-]+)(?:/hr=(\\d\\d))?(?:/mi=(\\d\\d))?/[^/]+$', '\\1 \\2:\\3')`;
  return `  select * exclude (path), ${file} as _file, rtrim(${run}, ' :') as _run, file_index as f
  from read_json(${quoteList([query.template, ...query.files])},
    ${options.join(", ")}) t(${names.join(", ")})
  where path <> ${quoteText(query.template)}`;
}

function rescuedSql(unfit: { name: string; raw: string; when: string }[], cleaned: boolean): string {
  const before = cleaned ? "r" : "null";
  if (unfit.length === 0) return `${before}::json`;
  const members = unfit.map(
    ({ name, raw, when }) => `${quoteText(name)}, case when ${when} then ${raw}::varchar end`,
  );
  const any = unfit.map(({ when }) => `(${when})`).join(" or ");
  return `case when ${any} then json_merge_patch(coalesce(${before}, '{}'), json_object(${members.join(", ")})) else ${before} end::json`;
}
