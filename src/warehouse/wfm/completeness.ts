import { quoteText } from "../../duckdb/quote.ts";
import { sqlFile, withRelations } from "../../duckdb/sql-file.ts";
import { partitionColumns } from "../current/partitions.ts";
import { parquetRelation } from "../current/relation.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

const queueFeeds = ["issue_queues", "rep_convos"]; // windows.sql counts both

/** The select of history.windows, from windows.sql. */
export function windowsSelect(data: string, snapshot: Snapshot): string {
  const complete = completeSelect(data, snapshot, queueFeeds);
  return withRelations({ complete }, sqlFile("warehouse/wfm/windows.sql").select);
}

const feedsByDay = [
  "convos_metrics",
  "convos_metrics_ended",
  "convos_metadata_ended",
  "customer_feedback",
  "rep_utilized",
  "queue_membership_wfm",
];

/** The select of history.days, from days.sql. */
export function daysSelect(data: string, snapshot: Snapshot): string {
  const complete = completeSelect(data, snapshot, feedsByDay);
  return withRelations({ complete }, sqlFile("warehouse/wfm/days.sql").select);
}

/** The select of history.rep_windows, from rep-windows.sql. */
export function repWindowsSelect(data: string, snapshot: Snapshot): string {
  const complete = completeSelect(data, snapshot, ["rep_utilized"]);
  return withRelations({ complete }, sqlFile("warehouse/wfm/rep-windows.sql").select);
}

function completeSelect(data: string, { feeds }: Snapshot, names: readonly string[]): string {
  const files = names.flatMap((name) => feeds[name]?.partitions ?? []);
  const partitions = `select * from ${parquetRelation(data, files, partitionColumns)}`;
  return withRelations({ partitions }, sqlFile("warehouse/wfm/complete.sql").select);
}

/** The select of history.through: one row with the data-through times of conversations and of queue contacts. */
export function throughSelect(snapshot: Snapshot): string {
  const { conversations, queues } = historyThrough(snapshot);
  const timestampSql = (time: string | null) => (time ? `${quoteText(time)}::TIMESTAMP` : "null::TIMESTAMP");
  return `select ${timestampSql(conversations)} as conversations, ${timestampSql(queues)} as queues`;
}

/** The times of history.through, ISO, UTC; null without data. */
export function historyThrough({ feeds }: Snapshot): { conversations: string | null; queues: string | null } {
  const ends = (...names: string[]) =>
    names
      .flatMap((name) => {
        const times = (feeds[name]?.days ?? []).flatMap(({ facts }) => facts?.through ?? []);
        return times.sort().at(-1) ?? [];
      })
      .sort();
  const conversations = ends("convos_metrics", "convos_metrics_ended").at(-1) ?? null;
  return { conversations, queues: ends(...queueFeeds)[0] ?? null };
}
