import { isolated } from "../bidi.js";
import { dayName, plural } from "../format.js";
import { allQueues } from "../interval.js";
import { clockText, timeZone } from "../time-zone.js";

/** The kinds of the customer's file. */
export const kinds = ["holiday", "outage", "release", "campaign", "other"] as const;

/** What happened, from the customer's annotations file, as data-loaders/site.json.sql ships it. */
export interface Annotation {
  line: number; // of the file
  from: string; // ISO, UTC
  to: string | null; // exclusive; null: a moment
  whole_days: boolean; // written as days
  what: string; // the customer's words
  kind: string; // of `kinds`
  queues: string[]; // names of queues and groups; empty: all
  shown_for: string[]; // these, the groups of the queues, and the queues of the groups
  exclude: boolean; // its days are left out of baselines
}

/** An annotation over slots of a chart. */
export interface SlotAnnotation {
  first: number; // slot
  last: number; // slot, inclusive
  moment: boolean;
  label: string; // short
  text: string; // whole
}

/** The annotations of a queue or group; those of every queue for all of them. */
export function annotationsFor(annotations: readonly Annotation[] | undefined, queue: string): Annotation[] {
  return (annotations ?? []).filter(
    ({ queues, shown_for }) => queue === allQueues || queues.length === 0 || shown_for.includes(queue),
  );
}

/** The annotations that touch local days, both ends included. */
export function annotationsWithin(
  annotations: readonly Annotation[] | undefined,
  first: string,
  last: string,
  timezone: string,
): Annotation[] {
  return (annotations ?? []).filter((annotation) => {
    const days = daysOf(annotation, timezone);
    return days.first <= last && days.last >= first;
  });
}

/** The first and last local day. */
export function daysOf(
  { from, to }: Pick<Annotation, "from" | "to">,
  timezone: string,
): { first: string; last: string } {
  const zone = timeZone(timezone);
  const start = Date.parse(from);
  return { first: zone.date(start), last: zone.date(to === null ? start : Math.max(start, Date.parse(to) - 1)) };
}

/** Over the intervals of a day: from the first that it touches to the last. None where it touches none. */
export function onIntervals(
  annotations: readonly Annotation[],
  rows: readonly { start: number; end: number }[],
  timezone: string,
): SlotAnnotation[] {
  return annotations.flatMap((annotation) => {
    const from = Date.parse(annotation.from);
    const to = annotation.to === null ? from + 1 : Date.parse(annotation.to);
    const text = annotationText(annotation, timezone, rows[0] ? timeZone(timezone).date(rows[0].start) : undefined);
    return overSlots(annotation, rows, (row) => row.start < to && row.end > from, text);
  });
}

/** Over the local days of a chart. */
export function onDays(
  annotations: readonly Annotation[],
  rows: readonly { day: string }[],
  timezone: string,
): SlotAnnotation[] {
  return annotations.flatMap((annotation) => {
    const { first, last } = daysOf(annotation, timezone);
    return overSlots(annotation, rows, ({ day }) => day >= first && day <= last, annotationText(annotation, timezone));
  });
}

/** The annotations that touch a local interval of a day, "2026-11-10", from "10:00" and of so many minutes. */
export function onLocalInterval(
  annotations: readonly Annotation[],
  { day, slot, minutes }: { day: string; slot: string; minutes: number },
  timezone: string,
): Annotation[] {
  const zone = timeZone(timezone);
  const local = (at: number) => `${zone.date(at)} ${zone.clock(at)}`;
  const [hour = 0, minute = 0] = slot.split(":").map(Number);
  const [start, end] = [`${day} ${slot}`, `${day} ${clockText(hour * 60 + minute + minutes)}`];
  return annotations.filter(({ from, to }) => {
    const first = local(Date.parse(from));
    return first < end && (to === null ? first >= start : local(Date.parse(to)) > start);
  });
}

function overSlots<T>(
  annotation: Annotation,
  rows: readonly T[],
  touches: (row: T) => boolean,
  text: string,
): SlotAnnotation[] {
  const first = rows.findIndex(touches);
  if (first < 0) return [];
  const last = rows.findLastIndex(touches);
  const { what, queues } = annotation;
  const where = queues.length ? ` (${queueText(queues)})` : "";
  const moment = annotation.to === null;
  return [{ first, last, moment, label: `${isolated(what)}${where}`, text }];
}

/** "outage Tue 10 Nov 10:00–13:00: chat down (Queue Billing)"; without the day where it is all on `day`. */
export function annotationText(annotation: Annotation, timezone: string, day?: string): string {
  const { what, kind, queues } = annotation;
  const where = queues.length ? ` (${queueText(queues)})` : "";
  return `${kind === "other" ? "note" : kind} ${whenText(annotation, timezone, day)}: ${isolated(what)}${where}`;
}

/** "Thu 26 Nov", "Thu 26 Nov – Fri 27 Nov", "Thu 26 Nov 22:00 – Fri 27 Nov 02:00"; "10:00–13:00" on `day`. */
export function whenText(
  annotation: Pick<Annotation, "from" | "to" | "whole_days">,
  timezone: string,
  day?: string,
): string {
  const zone = timeZone(timezone);
  const { first, last } = daysOf(annotation, timezone);
  if (annotation.whole_days) return first === last ? dayName(first) : `${dayName(first)} – ${dayName(last)}`;
  const start = Date.parse(annotation.from);
  const from = first === day && first === last ? zone.clock(start) : `${dayName(first)} ${zone.clock(start)}`;
  if (annotation.to === null) return from;
  const end = Date.parse(annotation.to);
  const until = zone.date(end) > last ? "24:00" : zone.clock(end);
  return first === last ? `${from}–${until}` : `${from} – ${dayName(last)} ${until}`;
}

/** "Queue Billing", or "Queue Billing and 2 queues more". */
export function queueText(queues: readonly string[]): string {
  const [first = "", ...more] = queues;
  return more.length ? `${isolated(first)} and ${plural(more.length, "queue")} more` : isolated(first);
}

/** The annotations of a slot, in words; "" without any. */
export function slotText(annotations: readonly SlotAnnotation[], slot: number): string {
  const texts = annotations.flatMap(({ first, last, text }) => (slot >= first && slot <= last ? [text] : []));
  const shown = texts.slice(0, 2);
  return texts.length > shown.length
    ? `${shown.join(" · ")} · and ${texts.length - shown.length} more`
    : shown.join(" · ");
}

/** All annotations of a chart in a sentence, for screen readers and notes; "" without any. */
export function annotatedText(annotations: readonly { text: string }[]): string {
  if (annotations.length === 0) return "";
  const shown = annotations.slice(0, 4).map(({ text }) => text);
  const more = annotations.length - shown.length;
  return `Annotated: ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
}
