import { count, decimal, plural } from "../format.js";
import { timeZone } from "../time-zone.js";
import { whenText } from "./annotation.js";

/** An event that the figures suggest and the annotations lack, as data-loaders/health-suspected.json.sql ships it. */
export interface Suspected {
  kind: "outage" | "transfer" | "end";
  queue: string | null; // null: conversations of any queue
  other_queue: string | null; // to which a transfer went
  way: string | null; // by which contacts ended, as the exports call it
  starts: string; // ISO, UTC
  ends: string; // exclusive
  contacts: number; // offered, transferred or ended
  usual: number; // expected in an outage; in the other kinds the mean of other minutes
}

/** "Tue 10 Nov 10:00–13:00" */
export function suspectedWhen({ starts, ends }: Suspected, timezone: string): string {
  return whenText({ from: starts, to: ends, whole_days: false }, timezone);
}

/** What the figures say, for a table and for the text of an annotation. */
export function suspectedText({ kind, other_queue, way, contacts, usual }: Suspected): string {
  if (kind === "outage") return `suspected outage: ${plural(contacts, "contact")} instead of ${decimal(usual, 0)}`;
  if (kind === "transfer") return `bulk transfer of ${count(contacts)} contacts to ${other_queue}`;
  return `bulk end of ${count(contacts)} contacts by ${way}`;
}

/** A line for the annotations file, with columns from, to, what, queues, kind, exclude. Times are local unless the clock repeats them. */
export function suspectedLine(suspected: Suspected, timezone: string): string {
  const { kind, queue, other_queue, starts, ends } = suspected;
  const queues = [queue, other_queue].filter((name) => name !== null).join(";");
  const written = [
    writtenTime(starts, timezone),
    writtenTime(ends, timezone),
    suspectedText(suspected),
    queues,
    kind === "outage" ? "outage" : "other",
    "no",
  ];
  return written.map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(",");
}

// "2026-11-10 10:00", or "2026-11-01T05:30Z" where the clock shows the local time twice.
function writtenTime(iso: string, timezone: string): string {
  const zone = timeZone(timezone);
  const moment = Date.parse(iso);
  const local = (at: number) => at + zone.offset(at);
  const twice = [30, 60, 120].some((minutes) =>
    [1, -1].some((side) => local(moment + side * minutes * 60_000) === local(moment)),
  );
  return twice ? `${iso.slice(0, 16)}Z` : `${zone.date(moment)} ${zone.clock(moment)}`;
}
