import { quoteText } from "../../duckdb/quote.ts";
import { sqlFile, withRelations } from "../../duckdb/sql-file.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

const queueFeeds = ["issue_queues", "rep_convos"]; // windows.sql counts both

/** A select of the partitions in these files, with `partitionColumns`. */
type Partitions = (files: readonly string[]) => string;

/** The select of history.windows, from windows.sql. */
export function windowsSelect(snapshot: Snapshot, partitions: Partitions): string {
  const complete = completeSelect(snapshot, partitions, queueFeeds);
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
export function daysSelect(snapshot: Snapshot, partitions: Partitions): string {
  const complete = completeSelect(snapshot, partitions, feedsByDay);
  return withRelations({ complete }, sqlFile("warehouse/wfm/days.sql").select);
}

/** The select of history.rep_windows, from rep-windows.sql. */
export function repWindowsSelect(snapshot: Snapshot, partitions: Partitions): string {
  const complete = completeSelect(snapshot, partitions, ["rep_utilized"]);
  return withRelations({ complete }, sqlFile("warehouse/wfm/rep-windows.sql").select);
}

function completeSelect({ feeds }: Snapshot, partitions: Partitions, names: readonly string[]): string {
  const files = names.flatMap((name) => feeds[name]?.partitions ?? []);
  return withRelations({ partitions: partitions(files) }, sqlFile("warehouse/wfm/complete.sql").select);
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
