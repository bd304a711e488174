import { hash } from "../simulator/random.ts";
import { day, hour } from "../simulator/zone.ts";
import { floor } from "../tables/schedule.ts";
import type { Lines } from "./lines.ts";

/** The oddities of the simulated exports, modelled on real ones. Tests look for each of them. */
export const oddities = {
  restated: "A conversation that lasts into the next hour is exported again there, in every feed about it.",
  "late events":
    "One disposition or abandon in 25 reaches the intraday tables after the first run; later runs correct it.",
  "provisional windows": "The newest window of a run lacks its last three minutes of rep time until a later run.",
  split: "Partitions of many rows come in files .jsonl.00.gz, .jsonl.01.gz, …",
  "marker only": "Quiet hours have a _SUCCESS and no file.",
  "being written": "The newest hour of rep_convos has a file and no _SUCCESS.",
  "re-exported": "reexport() replaces a finished partition of convos_metadata, with other files and values.",
  "new column": "convos_metrics gains smart_summary_msgs half-way; export_docs.yaml announces it.",
  nulls: "Missing values are sometimes null and sometimes left out.",
  "null instance": "instance_ts is null in some rows of csid_containment, which are exported only once.",
  spellings: "Timestamps come in the five documented spellings, two of them within issue_queues.",
  "mixed ids": "issue_id, rep_id and queue_id are numbers in some feeds and text in others.",
  unreadable: "One partition a day ends with a line that is not JSON.",
  "plain file": "transfers is not compressed.",
  "missing key column":
    "rep_activity has no company_id, issue_sentiment no created_ts; export_row_counts has export_name, not export_job.",
  "renamed key": "rep_hierarchy has subordinate_rep_id and superior_rep_id only.",
  "unaligned instance":
    "instance_ts of hourly feeds lies some seconds after the full hour, except in feeds of windows.",
  sentinel: "issue_sentiment.score is -1000 for conversations too short to judge.",
} as const;

export const newColumn = { feed: "convos_metrics", name: "smart_summary_msgs", type: "bigint" };

export const beingWritten = "rep_convos";

export const plainFeeds = new Set(["transfers"]);

const tornFeeds = ["utterances", "flow_detail", "convos_metadata"];

/** The unreadable line of the day's unlucky partition, else null: its last line cut off, or text that is not JSON. */
export function unreadableLine(feed: string, hourStart: number, lines: Lines): string | null {
  const draw = hash(`unreadable/${floor(hourStart, day)}`);
  const unlucky = 15 + (draw % 6); // in the busy hours, UTC
  if (feed !== tornFeeds[(draw >> 8) % 3] || (hourStart % day) / hour !== unlucky || lines.count === 0) return null;
  const last = lines.slice(lines.count - 1, lines.count).toString();
  return (draw >> 12) % 2 === 0 ? last.slice(0, Math.floor(last.length * 0.6)) : "<html>502 Bad Gateway</html>";
}
