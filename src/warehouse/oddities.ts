import { type KitSource, type KitTable, sum } from "./kit-source.ts";
import type { DaySnapshot } from "./snapshot.ts";
import { firstTime } from "./times.ts";

/**
 * kit.oddities: what is in the data and cannot be, one row per feed and kind. Nothing is lost for it: the rows are in the
 * feed's tables, and only what counts by time or by window leaves them out.
 */
export function odditiesTable({ snapshot }: KitSource): KitTable {
  const rows = Object.entries(snapshot.feeds).flatMap(([feed, { days }]) => [
    ...oddRuns(days).map((row) => ({ feed, ...row })),
    ...oddRows(days).map((row) => ({ feed, ...row })),
  ]);
  return {
    types: {
      ...{ feed: "VARCHAR", kind: "VARCHAR", what: "VARCHAR", count: "BIGINT" },
      ...{ first_day: "DATE", last_day: "DATE", example: "VARCHAR" },
    },
    rows,
  };
}

function oddRuns(days: readonly DaySnapshot[]) {
  const odd = days.filter(({ facts }) => facts?.oddRuns);
  if (odd.length === 0) return [];
  const runs = odd.flatMap(({ facts }) => facts!.oddRuns!);
  return [
    {
      kind: "partition time",
      what: `${runs.length === 1 ? "partition" : "partitions"} dated before ${firstTime} or to come`,
      count: runs.length,
      ...{ first_day: odd[0]!.dt, last_day: odd.at(-1)!.dt, example: runs[0]! },
    },
  ];
}

function oddRows(days: readonly DaySnapshot[]) {
  const odd = days.filter(({ facts }) => facts?.odd);
  if (odd.length === 0) return [];
  const { column, value, run } = odd.at(-1)!.facts!.odd!;
  const count = sum(odd.map(({ facts }) => facts!.odd!.rows));
  return [
    {
      kind: "row time",
      what: `${count === 1 ? "row" : "rows"} dated before ${firstTime} or later than could be known`,
      count,
      ...{ first_day: odd[0]!.dt, last_day: odd.at(-1)!.dt },
      example: `${column} ${value} in the partition ${run}`,
    },
  ];
}
