import { timeZone } from "../../../notebooks/components/metrics/time-zone.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { firstTime } from "../../export/partition.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

const hour = 3_600_000;

/** Hours in which DuckDB's and Node.js's rules of a zone give different local times. */
export interface ZoneDifference {
  zone: string;
  hours: number;
  first: string; // the first of them, ISO, UTC
  years: [first: number, last: number]; // compared
}

/**
 * Compares DuckDB's rules of a zone, which queries use, with those of Node.js, hour by hour; null if they agree. Each has its
 * own copy of the zone database, of its own date.
 */
export async function zoneDifference(
  database: Database,
  zone: string,
  years: [first: number, last: number],
): Promise<ZoneDifference | null> {
  const [from, to] = [Date.UTC(years[0], 0, 1), Date.UTC(years[1] + 1, 0, 1)];
  const local = `timezone(${quoteText(zone)}, timezone('UTC', t))`;
  const { rows } = await database.rows(`
    with offsets as (
      select epoch_ms(t)::double as instant, (epoch_ms(${local}) - epoch_ms(t))::double as ahead
      from range(to_timestamp(${from / 1000})::timestamp, to_timestamp(${to / 1000})::timestamp, interval 1 hour) as hours (t)
    )
    select instant, ahead from offsets
    qualify ahead is distinct from lag(ahead) over (order by instant) order by instant`);
  const { offset } = timeZone(zone);
  let [hours, first, next] = [0, "", 0];
  let ahead = 0;
  for (let at = from; at < to; at += hour) {
    const [instant, offsetThen] = rows[next] ?? [];
    if (instant === at) {
      ahead = Number(offsetThen);
      next++;
    }
    if (offset(at) === ahead) continue;
    hours++;
    first ||= new Date(at).toISOString();
  }
  return hours === 0 ? null : { zone, hours, first, years };
}

/** The first and last year of the data; this year without data. */
export function yearsOf({ feeds }: Pick<Snapshot, "feeds">, now: Date): [first: number, last: number] {
  const last = now.toISOString().slice(0, 10);
  const days = Object.values(feeds).flatMap((feed) => feed.days.map(({ dt }) => dt));
  const real = days.filter((dt) => dt >= firstTime && dt <= last);
  const first = real.reduce((first, dt) => (dt < first ? dt : first), last);
  return [Number(first.slice(0, 4)), now.getUTCFullYear()];
}

export function zoneText({ zone, hours, first, years: [from, to] }: ZoneDifference): string {
  const when = from === to ? String(from) : `${from} to ${to}`;
  return `${zone}: local times of queries (DuckDB) and of pages (Node.js, the browser) differ in ${hours} ${hours === 1 ? "hour" : "hours"} of ${when}, first at ${first.slice(0, 16).replace("T", " ")} UTC`;
}

export const zoneNext = "figures for these hours may be off by an hour; a newer Node.js or DuckDB may fix it";
