import { kinds } from "../../../notebooks/components/metrics/annotations/annotation.ts";
import { type TimeZone, timeZone } from "../../../notebooks/components/metrics/time-zone.ts";
import { CliError } from "../../base/errors.ts";
import { suggest } from "../../base/suggest.ts";
import { dayEnd, dayStart, writtenTime } from "../../config/local-times.ts";
import {
  type CsvFile,
  csvHeader,
  displayPath,
  nextStep,
  readCsvSql,
  readOrFail,
  recordLines,
} from "../../duckdb/csv-file.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteName } from "../../duckdb/quote.ts";

/** A line of the annotations file. Moments are milliseconds. */
export interface AnnotationLine {
  line: number; // of the file
  from: number;
  to: number | null; // exclusive; null: a moment
  wholeDays: boolean; // both ends were written as days
  what: string;
  queues: string[]; // names of queues and groups; empty: all
  kind: string;
  exclude: boolean; // its days leave the baselines
}

/** The columns of the file, those that must be there first. */
const columns = ["from", "what", "to", "queues", "kind", "exclude"];
// Spreadsheets write TRUE and FALSE for a box that is ticked or not.
const excluding = new Map([
  ["", false],
  ["no", false],
  ["false", false],
  ["yes", true],
  ["true", true],
]);
const longestText = 300;
const longestDays = 366;
const timeFormat = "a day like 2026-11-26, or a time like 2026-11-26 08:15 or 2026-11-26T08:15:00-05:00";

export function annotationsCsv(file: string): CsvFile {
  return { file, option: "site.annotations", docs: "docs/annotations.md", columns, optional: columns.slice(2) };
}

/**
 * Reads a whole file. A line that repeats an earlier one, and one without any value, is left out. Throws CliError("config") that
 * names file, line and column of the first few mistakes.
 */
export async function readAnnotations(database: Database, file: string, zoneName: string): Promise<AnnotationLine[]> {
  const csv = annotationsCsv(file);
  const { columns: given } = csvHeader(csv);
  const fields = given.map(quoteName).join(", ");
  const records = await readOrFail(csv, () => database.rows(`select ${fields} from ${readCsvSql(csv)}`));
  const lines = recordLines(csv);
  const zone = timeZone(zoneName);
  const read: AnnotationLine[] = [];
  const mistakes: string[] = [];
  const seen = new Set<string>();
  records.rows.forEach((record, i) => {
    const value = (column: string) => {
      const text = record[given.indexOf(column)] ?? "";
      return String(text).replace(/\s+/g, " ").trim();
    };
    if (given.every((column) => value(column) === "")) return;
    const line = lines[i + 1] ?? i + 2;
    const { annotation, problems } = parse(value, line, zone);
    mistakes.push(...problems.map((problem) => `${displayPath(file)}:${line} ${problem}`));
    const key = JSON.stringify({ ...annotation, line: 0 });
    if (annotation === null || seen.has(key)) return;
    seen.add(key);
    read.push(annotation);
  });
  if (mistakes.length > 0) {
    const shown = mistakes.slice(0, 5);
    if (mistakes.length > shown.length) shown.push(`and ${mistakes.length - shown.length} more`);
    throw new CliError("config", shown.join("\n"), nextStep(csv));
  }
  return read;
}

/** The local days that leave the baselines, each with the text of its first annotation. */
export function excludedByAnnotations(annotations: readonly AnnotationLine[], zoneName: string): Map<string, string> {
  const zone = timeZone(zoneName);
  const days = new Map<string, string>();
  for (const { from, to, what, exclude } of annotations) {
    if (!exclude) continue;
    const last = zone.date(to === null ? from : Math.max(from, to - 1));
    for (let at = from; zone.date(at) <= last; at = dayEnd(zone.date(at), zone))
      if (!days.has(zone.date(at))) days.set(zone.date(at), what);
  }
  return days;
}

function parse(
  value: (column: string) => string,
  line: number,
  zone: TimeZone,
): { annotation: AnnotationLine | null; problems: string[] } {
  const problems: string[] = [];
  const from = momentOf("from", value("from"), zone, dayStart, problems);
  const to = value("to") === "" ? null : momentOf("to", value("to"), zone, dayEnd, problems);
  const isDay = (column: string) => /^\d{4}-\d\d-\d\d$/.test(value(column));
  const end = value("to") === "" && isDay("from") && from !== null ? dayEnd(value("from"), zone) : to;
  if (from !== null && end !== null) {
    if (end < from) problems.push(`to: ${value("to")} is before ${value("from")}`);
    else if (end - from > (longestDays + 1) * 86_400_000)
      problems.push(`to: ${value("to")} is more than ${longestDays} days after ${value("from")}`);
  }
  const what = value("what");
  if (what === "") problems.push("what: is empty");
  if (what.length > longestText) problems.push(`what: has ${what.length} characters, at most ${longestText}`);
  const kind = value("kind").toLowerCase() || "other";
  if (!kinds.some((known) => known === kind)) problems.push(`kind: ${oneOf(kinds, value("kind"))}`);
  const exclude = excluding.get(value("exclude").toLowerCase());
  if (exclude === undefined) problems.push(`exclude: ${oneOf(["yes", "no"], value("exclude"))}`);
  const queues = value("queues")
    .split(/[;|]/)
    .map((queue) => queue.trim())
    .filter((queue) => queue !== "");
  if (problems.length > 0 || from === null) return { annotation: null, problems };
  return {
    annotation: {
      line,
      from,
      to: end === from ? null : end,
      wholeDays: isDay("from") && (value("to") === "" || isDay("to")),
      what,
      queues: [...new Set(queues)],
      kind,
      exclude: exclude === true,
    },
    problems,
  };
}

function momentOf(
  column: string,
  text: string,
  zone: TimeZone,
  ofDay: (day: string, zone: TimeZone) => number,
  problems: string[],
): number | null {
  const written = writtenTime(text, zone);
  if (written === null) {
    problems.push(`${column}: not ${timeFormat}: ${text === "" ? "empty" : `"${text.slice(0, 60)}"`}`);
    return null;
  }
  if ("day" in written) return ofDay(written.day, zone);
  const [first, second] = written.moments;
  if (first === undefined) problems.push(`${column}: ${text} did not exist in ${zone.name}: the clock skipped it`);
  else if (second !== undefined) {
    const utc = (moment: number) => `${new Date(moment).toISOString().slice(0, 16)}Z`;
    problems.push(`${column}: ${text} occurred twice in ${zone.name}: write ${utc(first)} or ${utc(second)}`);
  }
  return first ?? null;
}

function oneOf(known: readonly string[], text: string): string {
  const suggestion = suggest(text, known);
  return `not ${known.join(", ")}: "${text.slice(0, 60)}"${suggestion === null ? "" : ` (did you mean "${suggestion}"?)`}`;
}
