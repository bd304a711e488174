import { join } from "node:path";
import { quoteFiles, quoteName, quoteText } from "../../duckdb/quote.ts";
import { runOf } from "../../export/partition.ts";
import { rowsSql } from "../current/relation.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { counts, type KitSource, type KitTable, texts } from "./kit-source.ts";

/** One row per partition: fetched ones by the manifests, unfinished ones by the last sync. */
export function partitionsView(source: KitSource): KitTable {
  const unfinished = Object.values(source.lastSync?.feeds ?? {}).flatMap((feed) =>
    feed.unfinished.map(({ id, state, reason }) => ({ ...id, run: runOf(id), state, reason })),
  );
  const files = Object.values(source.snapshot.feeds).flatMap(({ partitions }) => partitions ?? []);
  const fetched = `select feed, dt, hr, mi, run, version, format, state, cast(null as VARCHAR) as reason, files, bytes, lines, blank,
      completed_at, known_at, known_by, fingerprint
    from (${source.partitions(files)})`;
  const shape = {
    feed: "VARCHAR",
    dt: "DATE",
    ...texts("hr", "mi", "run", "version", "format", "state", "reason"),
  };
  const unfetched = `select feed, dt, hr, mi, run, version, format, state, reason, 0 as files, 0 as bytes, 0 as lines, 0 as blank,
      cast(null as TIMESTAMP) as completed_at, cast(null as TIMESTAMP) as known_at, cast(null as VARCHAR) as known_by,
      cast(null as VARCHAR) as fingerprint
    from ${rowsSql(shape, unfinished)} as u
    where not exists (
      from (${fetched}) as f
      where f.feed = u.feed and f.dt = u.dt and f.run = u.run and f.version = u.version and f.format = u.format
    )`;
  return { select: unfinished.length === 0 ? fetched : `${fetched} union all ${unfetched}` };
}

/** One row per staged file: its size, and the number of its lines by outcome. */
export function filesView(source: KitSource): KitTable {
  const files = Object.values(source.snapshot.feeds).flatMap(({ days }) =>
    days.map(({ detail }) => join(source.project.data, detail)),
  );
  const shape = { file: "VARCHAR", run: "VARCHAR", ...counts("lines", "blank", "rows", "quarantined") };
  const details =
    files.length === 0
      ? rowsSql({ feed: "VARCHAR", dt: "DATE", ...shape }, [])
      : `(select ${feedDaySql}, * exclude (filename)
      from read_json(${quoteFiles(files)}, format = 'newline_delimited', filename = true, columns = ${columnsSql(shape)})
      where file is not null)`;
  const folder = `concat(feed, '/version=', p.version, '/format=', p.format, '/dt=', dt::VARCHAR, '/hr=' || p.hr, '/mi=' || p.mi, '/')`;
  return {
    select: `select feed, dt, d.run, file, l.bytes, l.md5, d.lines, d.blank, d.rows, d.quarantined
    from ${details} as d left join (
      select feed, dt, path || o.name as file, o.size as bytes, o.md5 as md5 from (
        select feed, dt, ${folder} as path, unnest(p.objects) as o
        from (select feed, dt, unnest(partitions) as p from ${manifests(source)})
      )
    ) as l using (feed, dt, file)`,
  };
}

export function quarantineView({ project, snapshot }: KitSource): KitTable {
  const files = Object.values(snapshot.feeds).flatMap(({ days }) =>
    days.flatMap(({ quarantine }) => (quarantine ? [join(project.data, quarantine)] : [])),
  );
  const shape = {
    file: "VARCHAR",
    line: "BIGINT",
    ...texts("reason", "text"),
    bytes: "BIGINT",
    base64: "VARCHAR",
  };
  if (files.length === 0) return { types: { feed: "VARCHAR", dt: "DATE", ...shape }, rows: [] };
  return {
    select: `select ${feedDaySql}, * exclude (filename)
      from read_json(${quoteFiles(files)}, format = 'newline_delimited', maximum_object_size = 67108864, filename = true,
        columns = ${columnsSql(shape)})`,
  };
}

/** A text that changes with every manifest; the views name only the files. */
export function manifestStamps({ feeds }: Snapshot): string {
  return Object.entries(feeds)
    .map(([feed, { days }]) => `${feed} ${days.map(({ dt, stamp }) => `${dt} ${stamp}`).join(" ")}`)
    .join("\n");
}

// Feed and day come from the path, so that a query for one feed opens no file of another.
const feedDaySql = `regexp_extract(filename, '([^/]+)/[^/]+$', 1) as feed, regexp_extract(filename, '/([0-9-]{10})[^/]*$', 1)::DATE as dt`;

const partitionType = `STRUCT(version VARCHAR, format VARCHAR, hr VARCHAR, mi VARCHAR, state VARCHAR,
    marker STRUCT(modified TIMESTAMP), objects STRUCT("name" VARCHAR, size BIGINT, md5 VARCHAR, lines BIGINT)[])[]`;

function manifests({ project, snapshot }: KitSource): string {
  const files = Object.entries(snapshot.feeds).flatMap(([feed, { days }]) =>
    days.map(({ dt }) => join(project.data, "manifest", feed, `${dt}.json`)),
  );
  if (files.length === 0)
    return `(select cast(null as VARCHAR) as feed, cast(null as DATE) as dt, cast(null as ${partitionType}) as partitions where false)`;
  return `(select ${feedDaySql}, partitions from read_json(${quoteFiles(files)}, format = 'unstructured', records = true,
    maximum_object_size = 67108864, filename = true, columns = {partitions: ${quoteText(partitionType)}}))`;
}

function columnsSql(types: Record<string, string>): string {
  return `{${Object.entries(types)
    .map(([name, type]) => `${quoteName(name)}: ${quoteText(type)}`)
    .join(", ")}}`;
}
