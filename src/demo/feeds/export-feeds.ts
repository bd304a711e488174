import { docsName, objectKey } from "../../export/layout.ts";
import type { PartitionId } from "../../export/partition.ts";
import { company } from "../simulator/centre.ts";
import type { EventStream } from "../simulator/log.ts";
import { day, hour, minute } from "../simulator/zone.ts";
import type { Row, Span } from "../tables/issue-state.ts";
import { dailyThrough, floor, hourlyThrough, lastWfmRun, newestWindowEnd, schedule } from "../tables/schedule.ts";
import { dailyFeeds, fillDaily } from "./daily-feeds.ts";
import { exportDocs } from "./export-docs.ts";
import { beginOf, type History } from "./history.ts";
import { fillHourly, hourlyFeeds } from "./hourly-feeds.ts";
import { type Lines, openLines } from "./lines.ts";
import { beingWritten, newColumn, unreadableLine } from "./oddities.ts";
import { type ExportedObject, partitionFiles } from "./partition-files.ts";
import { openSource, openTables, type Source, type Tables } from "./source.ts";
import { fillWfm, wfmFeeds } from "./wfm-feeds.ts";

export interface ExportOptions {
  prefix?: string; // the bucket's sub-folder, if any
  feeds?: readonly string[]; // default: all
  history?: History; // default: all days
}

export const simulatedFeeds: readonly string[] = [
  ...hourlyFeeds,
  ...dailyFeeds,
  ...wfmFeeds,
  "export_row_counts",
].sort();

/**
 * Writes the events as an export would have by `stream.now`: every partition from the first event on, oldest first, with the
 * state at its end. A partition depends only on its own events, so that a later `now` adds objects and changes few.
 */
export function* exportFeeds(stream: EventStream, options: ExportOptions = {}): Generator<ExportedObject> {
  const { prefix = "", feeds = simulatedFeeds, history } = options;
  const source = openSource(stream, beginOf(stream, newColumn.feed, history));
  const begins = new Map(feeds.map((feed) => [feed, beginOf(stream, feed, history)]));
  const isExported = (feed: string, at: number) => at >= (begins.get(feed) ?? Infinity);
  const { now, from, centre, timeline } = source;
  const splitAt = Math.max(50, Math.round(1500 * centre.scale));
  const tables = {
    hourly: openTables(hourlyFeeds),
    daily: openTables(dailyFeeds),
    wfm: openTables(wfmFeeds),
  };
  const counts = openLines();
  let counted: Row[] = []; // of the UTC day so far

  function* write(id: PartitionId, lines: Lines, doneAt: number, marker = true): Generator<ExportedObject> {
    const start = Date.parse(`${id.dt}T${id.hr ?? "23"}:00:00Z`);
    if (!isExported(id.feed, start)) return;
    const unreadable = id.hr === null ? null : unreadableLine(id.feed, start, lines);
    if (unreadable !== null) lines.add(unreadable);
    if (marker) counted.push(rowCount(id, lines.count));
    yield* partitionFiles(prefix, { id, lines, doneAt, marker, splitAt });
  }
  function* writeAll(filled: Tables<string>, cadence: Cadence, at: number, doneAt: number) {
    for (const [feed, lines] of Object.entries(filled)) yield* write(partition(feed, at, cadence), lines, doneAt);
  }

  const end = Math.max(hourlyThrough(now), dailyThrough(now), lastWfmRun(now)) + hour;
  for (let at = floor(from, hour); at < end; at += hour) {
    timeline.reach(at + hour);
    if (at % day === 0) timeline.forget(at - day);
    for (let run = at + schedule.wfm.at; run < at + hour; run += schedule.wfm.every) {
      if (run > lastWfmRun(now) || newestWindowEnd(run) <= from) continue;
      fillWfm(tables.wfm, source, run);
      yield* writeAll(tables.wfm, "wfm", run, run + schedule.wfm.after);
    }
    const complete = at + hour <= hourlyThrough(now);
    if (complete || at === hourlyThrough(now)) {
      const exported = new Set(hourlyFeeds.filter((feed) => isExported(feed, at)));
      fillHourly(tables.hourly, source, { from: at, to: complete ? at + hour : now }, exported);
    }
    if (complete) {
      yield* writeAll(tables.hourly, "hourly", at, at + hour + schedule.hourly.after);
    } else if (at === hourlyThrough(now)) {
      yield* write(partition(beingWritten, at, "hourly"), tables.hourly[beingWritten], now - 30_000, false);
    }
    if ((at + hour) % day === 0) {
      if (at + hour <= dailyThrough(now)) {
        const span = { from: at + hour - day, to: at + hour };
        const doneAt = span.to + schedule.daily.after;
        fillDaily(tables.daily, source, span);
        yield* writeAll(tables.daily, "daily", span.from, doneAt - 15 * minute);
        counts.clear();
        counts.addRows(counted);
        yield* write(partition("export_row_counts", span.from, "daily"), counts, doneAt);
        yield docs(source, span, prefix);
      }
      counted = [];
    }
  }
}

type Cadence = "hourly" | "daily" | "wfm";

function partition(feed: string, at: number, cadence: Cadence): PartitionId {
  const clock = new Date(at).toISOString();
  return {
    feed,
    version: "1",
    format: "jsonl",
    dt: clock.slice(0, 10),
    hr: cadence === "daily" ? null : clock.slice(11, 13),
    mi: cadence === "wfm" ? (Number(clock.slice(14, 16)) < 30 ? "00" : "30") : null,
  };
}

function rowCount({ feed, dt, hr, mi }: PartitionId, rows: number): Row {
  return {
    export_name: feed,
    company_name: company.name,
    export_date: dt,
    export_interval: hr === null ? "1d" : mi === null ? `hr=${hr}` : `hr=${hr}/mi=${mi}`,
    exported_rows: rows,
  };
}

function docs({ newColumnFrom }: Source, span: Span, prefix: string): ExportedObject {
  const dt = dateOf(span.from);
  const id = { feed: docsName, version: "1", format: "yaml", dt, hr: null, mi: null };
  const body = Buffer.from(exportDocs(simulatedFeeds, span.to > newColumnFrom ? dateOf(newColumnFrom) : null));
  const modified = new Date(span.to + schedule.daily.after);
  return { key: objectKey(prefix, id, `${docsName}.yaml`), body, modified, rows: 0 };
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
