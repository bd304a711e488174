import { isUtf8 } from "node:buffer";
import { join } from "node:path";
import { own } from "../../base/names.ts";
import { feedOf, type Project } from "../../config/project.ts";
import { literalPath, quoteName, quoteText } from "../../duckdb/quote.ts";
import type { Feed } from "../../export/feed.ts";
import { emptyRelation, relationColumns, withProvenance } from "../current/relation.ts";
import { dedupeSelect, type RelationColumn, wrapTerms } from "../dedupe/dedupe.ts";
import { instantSql } from "../schema/instants.ts";
import { finerThanMicroseconds } from "../schema/timestamps.ts";
import { hugeType, isIdentifier, type Reading, unfitSql, valueSql } from "../schema/typing.ts";
import { requireDetail } from "../snapshot/detail.ts";
import { type FeedSnapshot, loadSnapshot, type StagedColumn } from "../snapshot/snapshot.ts";
import { LineSplitter } from "../stage/careful.ts";
import { readChunks } from "../stage/line-counts.ts";
import { rescuedName } from "../stage/stage-sql.ts";

export interface ViewsOptions {
  feeds?: string[]; // default: all of the registry and of the data
}

/** Files of raw/ to read, with the peculiarities of their lines. */
export interface RawFiles {
  plain: string[]; // paths below raw/: every line is an object
  careful: string[]; // some lines are not objects, or repeat a key
  gaps: Gap[]; // lines that DuckDB's reader skips without counting them
  longest: number; // bytes of the longest line, at least `defaultLineBytes`
}

/** From the `at`-th line that DuckDB reads of the file on, its line numbers are `skipped` too low. */
interface Gap {
  file: string;
  at: number;
  skipped: number;
}

const defaultLineBytes = 32 * 1024 * 1024; // only files on the careful path have longer lines

/**
 * A script of views that any DuckDB can run over the `.jsonl.gz` files of completed partitions, without the kit or Parquet:
 * raw.<feed> holds every delivered row, <feed> one row per key, with the same values as the catalog. SQL cannot cover three
 * cases: lines with half a surrogate pair, decimal digits beyond DOUBLE, and the spelling of numbers in text columns (1e-7
 * for 1e-07). Throws when a raw file cannot be read.
 */
export async function viewsScript(project: Project, options: ViewsOptions = {}): Promise<string> {
  const snapshot = loadSnapshot(project.data);
  const all = new Set([...project.feeds.keys(), ...Object.keys(snapshot.feeds)]);
  const names = [...all].filter((name) => options.feeds?.includes(name) ?? true).sort();
  const parts = [heading(names.length), viewMacros().join("\n")];
  for (const name of names) {
    const feed = feedOf(project, name);
    const feedSnapshot = snapshot.feeds[name];
    const columns = feedSnapshot ? relationColumns(feedSnapshot) : documentedColumns(feed);
    const relation = `"raw".${quoteName(name)}`;
    const raw = feedSnapshot
      ? rawSelect(project.data, feedSnapshot, await rawFiles(project.data, feedSnapshot))
      : emptySelect(columns);
    parts.push(
      [
        `-- ${name}: ${feed.doc.replace(/\s+/g, " ")}`,
        `create or replace view ${relation} as`,
        `${raw};`,
        `create or replace view ${quoteName(name)} as`,
        `${dedupeSelect(feed, columns, relation)};`,
      ].join("\n"),
    );
  }
  return `${parts.join("\n\n")}\n`;
}

/** The documented columns of a feed, for an empty relation. */
export function documentedColumns(feed: Feed): RelationColumn[] {
  return feed.columns.map(({ name, type }) => ({ name, type, seen: null }));
}

/** A select of every row delivered in these files, typed and with provenance. Needs `viewMacros`. */
export function rawSelect(data: string, feed: Pick<FeedSnapshot, "columns" | "days">, files: RawFiles): string {
  const columns = relationColumns(feed);
  if (files.plain.length + files.careful.length === 0) return emptySelect(columns);
  const staged = new Map(feed.columns.map((column) => [column.name, column]));
  const rescued = rescuedColumns(feed);
  const keys = [
    ...columns.flatMap(({ name }) => staged.get(name) ?? []),
    ...rescued.filter(({ name }) => !staged.has(name)),
  ];
  const positions = new Map(keys.map(({ name }, i) => [name, i + 1]));
  const positionOf = (name: string) => positions.get(name) ?? 0;
  const text = (name: string) => `t[${positionOf(name)}]`;
  const spelledColumns = new Set(feed.days.flatMap(({ spelled }) => spelled ?? []));
  const readingOf = (name: string): Reading => {
    const column = staged.get(name);
    return { spelled: spelledColumns.has(name), flag: column?.flag, identifier: isIdentifier(column?.key ?? name) };
  };
  const values = columns.map(
    ({ name, type }) => `${valueCall(type, text(name), positionOf(name), readingOf(name))} as ${quoteName(name)}`,
  );
  const unfit = rescued.flatMap(({ name, key, type }) => {
    const when = staged.has(name) ? unfitCondition(type, text(name), readingOf(name)) : `${text(name)} is not null`;
    return when ? [{ member: rescuedName({ name, key }), when, text: text(name) }] : [];
  });
  unfit.sort((a, b) => (a.member < b.member ? -1 : 1));
  const parts = [
    ...(files.plain.length > 0 ? [plainLines(data, files, keys)] : []),
    ...(files.careful.length > 0 ? [carefulLines(data, files, keys)] : []),
  ];
  return [
    "select",
    wrapTerms([...values, '"_file"', '"_line"', 'kit_run("_file") as "_run"', `${rescuedSql(unfit)} as "_rescued"`], 2),
    "from (",
    parts.join("\n  union all\n"),
    ") as lines",
  ].join("\n");
}

type Key = Pick<StagedColumn, "key" | "type">;

// t: the keys' texts in order; j: their JSON if some column is JSON; r: earlier values of repeated keys.
function plainLines(data: string, files: RawFiles, keys: Key[]): string {
  const values = (extract: string) => `${extract}(line, ${pathList(keys, 4)})`;
  return [
    "  select",
    `    ${values("json_extract_string")} as t,`,
    `    ${hasJson(keys) ? values("json_extract") : "null"} as j,`,
    '    null as r, "_file", "_line"',
    `  from ${lines(data, files, files.plain)}`,
  ].join("\n");
}

function carefulLines(data: string, files: RawFiles, keys: Key[]): string {
  const values = (extract: string, macro: string) =>
    [
      "case",
      `      when kit_plain(line) then ${extract}(line, ${pathList(keys, 6)})`,
      `      else [\n${wrapTerms(
        keys.map(({ key }) => `${macro}(line, ${quoteText(key)})`),
        8,
      )}\n      ]`,
      "    end",
    ].join("\n");
  return [
    "  select",
    `    ${values("json_extract_string", "kit_last")} as t,`,
    `    ${hasJson(keys) ? values("json_extract", "kit_last_json") : "null"} as j,`,
    '    case when not kit_plain(line) then kit_repeated(line) end as r, "_file", "_line"',
    `  from ${numbered(data, files)}`,
    "  where json_valid(line) and starts_with(trim(line, e' \\t\\r'), '{')",
  ].join("\n");
}

function pathList(keys: Key[], indent: number): string {
  const paths = keys.map(({ key }) => quoteText(`/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`));
  return `[\n${wrapTerms(paths, indent + 2)}\n${" ".repeat(indent)}]`;
}

function hasJson(keys: Key[]): boolean {
  return keys.some(({ type }) => type === "JSON");
}

/** The files of the staged days. Reads those whose lines are not all objects. */
export async function rawFiles(data: string, feed: Pick<FeedSnapshot, "days">): Promise<RawFiles> {
  const result: RawFiles = { plain: [], careful: [], gaps: [], longest: defaultLineBytes };
  for (const day of feed.days) {
    if (day.rows === 0) continue;
    const { summary, files } = requireDetail(data, day);
    for (const { file, lines } of files) {
      if (lines === 0) continue;
      if (summary.path !== "careful") result.plain.push(file);
      else {
        result.careful.push(file);
        await inspectLines(data, file, result);
      }
    }
  }
  return result;
}

function heading(feeds: number): string {
  return [
    `-- Views of ${feeds} ${feeds === 1 ? "feed" : "feeds"} over the .jsonl.gz files of completed partitions. Any DuckDB from 1.2 on runs them;`,
    "-- nothing else is needed. raw.<feed> is every row delivered, <feed> is one row per key. They name the files present now:",
    "-- regenerate them after a sync. Lines that are not JSON objects are skipped.",
    "-- _file and _line give a row's origin, _run its export, _rescued the values that did not fit their column.",
    "set TimeZone = 'UTC';",
    "create schema if not exists raw;",
  ].join("\n");
}

const typeMacros: Record<string, string> = {
  BIGINT: "kit_bigint",
  [hugeType]: "kit_huge",
  DOUBLE: "kit_double",
  BOOLEAN: "kit_boolean",
  TIMESTAMP: "kit_timestamp",
  DATE: "kit_date",
};

// For columns with values beyond DuckDB's casts; DuckDB takes longer to plan these.
const spelledMacros: Record<string, string> = {
  TIMESTAMP: "kit_spelled_timestamp",
  DATE: "kit_spelled_date",
};

/** The macros that `rawSelect` uses: from text to typed value, and from file to lines. */
export function viewMacros(): string[] {
  const macro = (name: string, sql: string) => `create or replace macro ${name}(t) as ${sql};`;
  const helperMacros = [
    ["kit_instant(t)", instantSql("t")],
    ["kit_finer(t)", finerThanMicroseconds("t")],
    ["kit_timestamp(t)", valueSql("TIMESTAMP", "t", "text")],
  ] as const;
  const abbreviate = (sql: string) =>
    helperMacros.reduce((text, [call, of]) => (text === of ? text : text.replaceAll(of, call)), sql);
  const typed = Object.entries(typeMacros).map(([type, name]) => macro(name, abbreviate(valueSql(type, "t", "text"))));
  const spelled = Object.entries(spelledMacros).map(([type, name]) =>
    macro(name, abbreviate(valueSql(type, "t", "text", { spelled: true }))),
  );
  const run = `regexp_replace(file, '^.*/dt=([0-9-]+)(?:/hr=(\\d\\d))?(?:/mi=(\\d\\d))?/[^/]+$', '\\1 \\2:\\3')`;
  return [
    macro("kit_instant", instantSql("t")),
    macro("kit_finer", finerThanMicroseconds("t")),
    ...typed,
    ...spelled,
    macro("kit_flag", abbreviate(valueSql("BIGINT", "t", "text", { flag: true }))),
    macro("kit_identifier", valueSql("VARCHAR", "t", "text", { identifier: true })),
    `create or replace macro kit_run(file) as rtrim(${run}, ' :');`,
    "create or replace macro kit_plain(line) as len(json_keys(line)) = len(list_distinct(json_keys(line)));",
    `create or replace macro kit_last(line, key) as
  json_extract_string(line, '$.*')[len(json_keys(line)) + 1 - list_position(list_reverse(json_keys(line)), key)];`,
    `create or replace macro kit_last_json(line, key) as
  json_extract(line, '$.*')[len(json_keys(line)) + 1 - list_position(list_reverse(json_keys(line)), key)];`,
    `create or replace macro kit_replaced(keys, texts, i) as
  list_contains(keys[i + 1:], keys[i]) and texts[i] is distinct from texts[i + list_position(keys[i + 1:], keys[i])];`,
    `create or replace macro kit_earlier(keys, texts) as to_json(map(
  [keys[i] || '#' || (1 + len([q for q in range(1, i) if keys[q] = keys[i] and kit_replaced(keys, texts, q)]))
    for i in range(1, len(keys) + 1) if kit_replaced(keys, texts, i)],
  [coalesce(texts[i], 'null') for i in range(1, len(keys) + 1) if kit_replaced(keys, texts, i)]
));`,
    `create or replace macro kit_repeated(line) as
  nullif(kit_earlier(json_keys(line), json_extract_string(line, '$.*'))::varchar, '{}');`,
    `create or replace macro kit_lines(root, longest, files, packed := 'auto') as table
  select line, substr(path, length(root) + 1) as "_file",
    nth + 1 - max(case when path is distinct from before then nth end) over (rows between unbounded preceding and current row) as "_line"
  from (
    select line, path, row_number() over () as nth, lag(path) over () as before
    from read_csv(files, columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = e'\\x01', quote = '', escape = '',
      new_line = '\\n', nullstr = e'\\x02', strict_mode = false, ignore_errors = true, filename = 'path',
      compression = packed, max_line_size = longest, buffer_size = 2 * longest)
  );`,
  ];
}

function emptySelect(columns: readonly RelationColumn[]): string {
  return `select * from ${emptyRelation(withProvenance(columns))}`;
}

function valueCall(type: string, text: string, position: number, reading: Reading): string {
  const { spelled, flag, identifier } = reading;
  if (type === "VARCHAR") return identifier ? `kit_identifier(${text})` : text;
  if (type === "BIGINT" && flag) return `kit_flag(${text})`;
  if (type === "JSON") return `case when ${text} is not null then j[${position}] end`;
  const macro = (spelled && own(spelledMacros, type)) || own(typeMacros, type);
  return macro ? `${macro}(${text})` : `try_cast(${text} as ${type})`;
}

function unfitCondition(type: string, text: string, reading: Reading): string | null {
  const sql = unfitSql(type, text, valueCall(type, text, 0, reading), "text");
  return sql?.replaceAll(finerThanMicroseconds(text), `kit_finer(${text})`) ?? null;
}

function rescuedSql(unfit: { member: string; when: string; text: string }[]): string {
  if (unfit.length === 0) return "cast(r as JSON)";
  const members = unfit.map(({ member, when, text }) => `${quoteText(member)}, case when ${when} then ${text} end`);
  const any = unfit.map(({ when }) => `(${when})`).join(" or ");
  return `cast(case when ${any} then json_merge_patch(coalesce(r, '{}'), json_object(${members.join(", ")})) else r end as JSON)`;
}

/** Columns, and keys without a column, that have values in `_rescued` on some day. */
function rescuedColumns(feed: Pick<FeedSnapshot, "columns" | "days">): Pick<StagedColumn, "name" | "key" | "type">[] {
  const names = new Set(feed.days.flatMap(({ rescued }) => Object.keys(rescued ?? {})));
  const columns = new Map(feed.columns.map((column) => [column.name, column]));
  const knownColumns = feed.columns.filter(({ name }) => names.has(name));
  const others = [...names].filter((name) => !columns.has(name)).sort();
  return [...knownColumns, ...others.map((name) => ({ name, key: name, type: "VARCHAR" }))];
}

function lines(data: string, { longest }: RawFiles, files: string[]): string {
  const root = join(data, "raw/");
  const read = (some: string[], option = "") => {
    const paths = some.map((file) => `    ${quoteText(literalPath(root + file))}`);
    return `kit_lines(${quoteText(root)}, ${longest}, [\n${paths.join(",\n")}\n  ]${option})`;
  };
  if (!root.includes("?")) return read(files);
  // DuckDB reads the part after a question mark as the query of a URL and then finds no .gz ending.
  const packed = files.filter((file) => file.endsWith(".gz"));
  const plain = files.filter((file) => !file.endsWith(".gz"));
  const parts = [
    ...(packed.length > 0 ? [read(packed, ", packed := 'gzip'")] : []),
    ...(plain.length > 0 ? [read(plain, ", packed := 'none'")] : []),
  ];
  return `(${parts.map((part) => `from ${part}`).join(" union all ")})`;
}

function numbered(data: string, files: RawFiles): string {
  const all = lines(data, files, files.careful);
  if (files.gaps.length === 0) return all;
  const gaps = files.gaps.map(({ file, at, skipped }) => `(${quoteText(file)}, ${at}, ${skipped})`);
  return `(
    select line, "_file", "_line" + coalesce(skipped, 0) as "_line" from ${all} as read
    asof left join (values ${gaps.join(", ")}) as gaps(file, nth, skipped) on "_file" = file and "_line" >= nth
  )`;
}

// DuckDB also ends a line at a carriage return, and skips lines that are empty or not UTF-8.
async function inspectLines(data: string, file: string, files: RawFiles): Promise<void> {
  let physical = 0;
  let read = 0;
  let before = 0;
  const splitter = new LineSplitter((line) => {
    physical += 1;
    files.longest = Math.max(files.longest, line.length + 1);
    const pieces = line.includes(13) ? line.toString("latin1").split("\r") : [line.toString("latin1")];
    const accepted = pieces.filter((piece) => piece !== "" && isUtf8(Buffer.from(piece, "latin1"))).length;
    const skipped = physical - read - 1;
    if (accepted > 0 && skipped !== before) {
      files.gaps.push({ file, at: read + 1, skipped });
      before = skipped;
    }
    read += accepted;
  });
  await readChunks(join(data, "raw", file), (chunk) => splitter.add(chunk));
  splitter.finish();
}
