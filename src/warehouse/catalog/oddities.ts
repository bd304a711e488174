import { firstTime } from "../../export/partition.ts";
import { rowsSql } from "../current/relation.ts";
import type { DaySnapshot, Snapshot } from "../snapshot/snapshot.ts";
import { type LackingKey, lackingKeys } from "../stage/keyless.ts";
import { sum } from "./kit-source.ts";

const types = {
  feed: "VARCHAR",
  kind: "VARCHAR",
  what: "VARCHAR",
  count: "BIGINT",
  first_day: "DATE",
  last_day: "DATE",
  example: "VARCHAR",
};

/**
 * kit.oddities: impossible values in the data, one row per feed and kind. The rows stay in the feed's tables; only figures by
 * time, by window or from these counts exclude them.
 */
export function odditiesSelect({ feeds }: Snapshot): string {
  const rows = Object.entries(feeds).flatMap(([feed, { days }]) => [
    ...oddRuns(days).map((row) => ({ feed, ...row })),
    ...oddRows(days).map((row) => ({ feed, ...row })),
  ]);
  rows.push(...lackingKeys({ feeds }).map(keylessRow));
  return `select * from ${rowsSql(types, rows)}
  union all ${contradictory("queue_wfm", "wfm.queue_windows", "coalesce(queue_name, '(no name)')")}
  union all ${contradictory("queue_membership_wfm", "wfm.rep_windows", "coalesce(queue_name, '(no name)')")}`;
}

const contradictory = (feed: string, view: string, queue: string) => `
  select '${feed}' as feed, 'counts' as kind,
    case count(*) when 1 then 'row with inconsistent counts' else 'rows with inconsistent counts' end as what,
    count(*) as count, min(instance_ts)::date as first_day, max(instance_ts)::date as last_day,
    max_by(${queue} || ', ' || strftime(instance_ts, '%Y-%m-%d %H:%M'), instance_ts) as example
  from ${view} where contradicts and instance_ts is not null having count(*) > 0`;

function keylessRow({ feed, columns, other, rows, since, lastDay }: LackingKey) {
  const names = columns.join(", ");
  const key = other === null ? `without a value for the key ${names}` : `with ${other} in place of the key ${names}`;
  return {
    feed,
    kind: "key",
    what: `${rows === 1 ? "row" : "rows"} ${key}`,
    count: rows,
    first_day: since.slice(0, 10),
    last_day: lastDay,
    example: `first in the partition ${since}`,
  };
}

function oddRuns(days: readonly DaySnapshot[]) {
  const odd = days.flatMap(({ dt, facts }) => (facts?.oddRuns ?? []).map((run) => ({ dt, run })));
  const [first] = odd;
  if (first === undefined) return [];
  return [
    {
      kind: "partition time",
      what: `${odd.length === 1 ? "partition" : "partitions"} dated before ${firstTime} or in the future`,
      count: odd.length,
      first_day: first.dt,
      last_day: (odd.at(-1) ?? first).dt,
      example: first.run,
    },
  ];
}

function oddRows(days: readonly DaySnapshot[]) {
  const odd = days.flatMap(({ dt, facts }) => (facts?.odd ? [{ dt, ...facts.odd }] : []));
  const [first] = odd;
  const last = odd.at(-1);
  if (first === undefined || last === undefined) return [];
  const count = sum(odd.map(({ rows }) => rows));
  return [
    {
      kind: "row time",
      what: `${count === 1 ? "row" : "rows"} dated before ${firstTime} or after the export that delivered them`,
      count,
      first_day: first.dt,
      last_day: last.dt,
      example: `${last.column} ${last.value} in the partition ${last.run}`,
    },
  ];
}
