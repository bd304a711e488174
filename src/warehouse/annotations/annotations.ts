import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { plural } from "../../base/words.ts";
import type { Config } from "../../config/config.ts";
import { recordTexts } from "../../duckdb/csv-file.ts";
import type { Database } from "../../duckdb/database.ts";
import { rowsSql } from "../current/relation.ts";
import { knownQueues, listQueues, type UnknownQueue, unknownOf, unknownText } from "../wfm/named-queues.ts";
import { type AnnotationLine, annotationsCsv, excludedByAnnotations, readAnnotations } from "./annotations-csv.ts";

type Settings = Pick<Config, "site" | "timezone">;

/** The summary of the annotations file. Days are local. */
export interface AnnotationsFile {
  file: string;
  annotations: number;
  first: string | null;
  last: string | null;
  excludedDays: number;
  unknownQueues: UnknownQueue[]; // neither queue of a feed nor group; empty without any data
}

/** The annotations of a project, read once for its catalog. */
export interface Annotations {
  prepare: (database: Database) => Promise<void>; // reads the file; throws as `readAnnotations` does
  create: () => string; // the statement that creates wfm.annotations
  excludedDays: () => Map<string, string | null>; // those of kit.yaml and of the file, with their reasons
  content: () => string; // of the file
  excludingContent: () => string; // of the records that exclude days, and maybe of some more
}

export function annotationsOf({ site, timezone }: Settings): Annotations {
  const { annotations: file } = site;
  let lines: AnnotationLine[] = [];
  return {
    async prepare(database) {
      if (file !== null) lines = await readAnnotations(database, file, timezone);
    },
    create: () => `create table wfm.annotations as ${annotationsSelect(lines)}`,
    excludedDays: () =>
      new Map([
        ...[...excludedByAnnotations(lines, timezone)].filter(([day]) => !site.excludedDays.has(day)),
        ...site.excludedDays,
      ]),
    content: () => (file === null ? "" : readFileSync(file, "utf8")),
    // a text of another line leaves the datasets alone that read the excluded days
    excludingContent: () =>
      file === null
        ? ""
        : recordTexts(annotationsCsv(file))
            .filter((text, i) => i === 0 || /\b(yes|true)\b/i.test(text))
            .join("\n"),
  };
}

// The queues are a text within the rows, since rowsSql unnests lists.
function annotationsSelect(lines: readonly AnnotationLine[]): string {
  const types = {
    line: "INTEGER",
    starts_at: "TIMESTAMP",
    ends_at: "TIMESTAMP",
    whole_days: "BOOLEAN",
    what: "VARCHAR",
    queues: "VARCHAR",
    kind: "VARCHAR",
    exclude: "BOOLEAN",
  };
  const rows = lines.map(({ line, from, to, wholeDays, what, queues, kind, exclude }) => ({
    line,
    starts_at: new Date(from).toISOString().slice(0, -1),
    ends_at: to === null ? null : new Date(to).toISOString().slice(0, -1),
    whole_days: wholeDays,
    what,
    queues: JSON.stringify(queues),
    kind,
    exclude,
  }));
  return `select * replace (from_json(queues, '["VARCHAR"]') as queues) from ${rowsSql(types, rows)}`;
}

/** The summary of the configured file; null without one. Throws as `readAnnotations` does. */
export async function annotationsSummary(
  database: Database,
  { site, timezone }: Settings,
): Promise<AnnotationsFile | null> {
  if (site.annotations === null) return null;
  const lines = await readAnnotations(database, site.annotations, timezone);
  const named = [...new Set(lines.flatMap(({ queues }) => queues))];
  const groups = [...(site.queueGroups?.keys() ?? [])];
  const { rows } = await database.rows(
    `select min(local_date(starts_at))::varchar, max(local_date(starts_at))::varchar from wfm.annotations`,
  );
  const [first = null, last = null] = rows[0] ?? [];
  return {
    file: site.annotations,
    annotations: lines.length,
    first: first === null ? null : String(first),
    last: last === null ? null : String(last),
    excludedDays: excludedByAnnotations(lines, timezone).size,
    unknownQueues: unknownOf(named, named.length === 0 ? [] : [...(await knownQueues(database)), ...groups]),
  };
}

/** The contents of the file in one line. */
export function annotationsText({
  file,
  annotations,
  first,
  last,
  excludedDays,
  unknownQueues,
}: AnnotationsFile): string {
  const size = [
    plural(annotations, "annotation"),
    first === null || last === null ? null : first === last ? first : `${first} to ${last}`,
    excludedDays > 0 ? `${plural(excludedDays, "day")} left out of baselines` : null,
  ];
  const unknown = unknownQueues.length === 0 ? "" : `; neither a queue nor a group: ${unknownText(unknownQueues)}`;
  return [`annotations: ${basename(file)}`, ...size].filter(Boolean).join(", ") + unknown;
}

/** The next step. */
export function annotationsNext({ unknownQueues }: AnnotationsFile): string {
  return unknownQueues.length > 0
    ? `name the queues in the file of site.annotations as in the exports, or the groups as in kit.yaml: ${listQueues}`
    : "nothing to do";
}
