import type { Centre } from "../simulator/centre.ts";
import type { EventStream } from "../simulator/log.ts";
import { day, hour } from "../simulator/zone.ts";
import { floor } from "../tables/schedule.ts";
import { openTimeline, type Timeline } from "../tables/timeline.ts";
import { type Lines, openLines } from "./lines.ts";

/** The source of the tables. */
export interface Source {
  centre: Centre;
  from: number;
  now: number;
  timeline: Timeline;
  newColumnFrom: number;
}

export function openSource(stream: EventStream, newColumnFeedBegin: number): Source {
  const { centre, now, from } = stream;
  const half = (newColumnFeedBegin + now) / 2;
  const newColumnFrom = now - newColumnFeedBegin > 4 * day ? floor(half, day) : floor(half, hour);
  return { centre, now, from, timeline: openTimeline(stream), newColumnFrom };
}

/** One set of lines per feed, emptied and filled again for every run. */
export type Tables<Name extends string> = Record<Name, Lines>;

export function openTables<Name extends string>(feeds: readonly Name[]): Tables<Name> {
  return Object.fromEntries(feeds.map((feed) => [feed, openLines()])) as Tables<Name>;
}

export function clear(tables: Tables<string>): void {
  for (const lines of Object.values(tables)) lines.clear();
}
