import type { TableColumn } from "../../charts/figure.js";
import { count, duration, percent, plural, type Zone } from "../../metrics/format.js";

/** How an alert would have done, from data-loaders/alerts.json.sql. */
export interface AlertRow {
  alert: string;
  subject: string; // a queue, a group, feeds
  condition: string;
  replayed: boolean; // false: what it watches is not kept for past moments
  days: number;
  fired: number;
  days_fired: number;
  median_minutes: number | null; // from firing to over
  longest_minutes: number | null;
  minutes_before_end: number | null; // median, of its hours or of the day
  over_by_itself: number;
  brief: number; // of these, within a quarter-hour
  unfounded: number; // by what is known today
  on_since: string | null; // ISO, UTC; null: off
}

/** The record of the alerts in a sentence, or how to have one. */
export function alertWords(rows: readonly AlertRow[]): string {
  const [first] = rows;
  if (first === undefined) return "No alerts: `alerts` in kit.yaml has them, docs/alerts.md some to begin with.";
  const on = rows.filter(({ on_since }) => on_since !== null).length;
  const fired = rows.reduce((sum, row) => sum + row.fired, 0);
  return [
    `Over ${plural(first.days, "day")} they would have fired ${plural(fired, "time")}`,
    on === 0 ? "none is on." : `${count(on)} on at the last check.`,
  ].join("; ");
}

/** The columns of the table of alerts. */
export function alertColumns(zone: Zone): TableColumn<AlertRow>[] {
  const told = (label: string, value: (row: AlertRow) => number | null): TableColumn<AlertRow> => ({
    label,
    value: (row) => (row.replayed ? value(row) : null),
    text: (row) => (row.replayed ? count(value(row)) : "–"),
  });
  const time = (label: string, value: (row: AlertRow) => number | null): TableColumn<AlertRow> => ({
    label,
    header: `${label} (minutes)`,
    value,
    text: (row) => {
      const minutes = value(row);
      return minutes === null ? "–" : duration(minutes * 60);
    },
  });
  const share = (label: string, value: (row: AlertRow) => number): TableColumn<AlertRow> => ({
    label,
    value: (row) => (row.fired === 0 ? null : value(row) / row.fired),
    text: (row) => (row.fired === 0 ? "–" : percent(value(row) / row.fired, 0)),
  });
  return [
    { label: "Alert", value: ({ alert }) => alert },
    { label: "Of", value: ({ subject }) => subject },
    { label: "Condition", value: ({ condition }) => condition.replace("_", " ") },
    {
      label: "Now",
      value: ({ on_since }) => on_since,
      text: ({ on_since }) => (on_since === null ? "off" : `on since ${zone.moment(on_since)}`),
    },
    told("Fired", ({ fired }) => fired),
    told("Days", ({ days_fired }) => days_fired),
    time("Median", ({ median_minutes }) => median_minutes),
    { ...time("Longest", ({ longest_minutes }) => longest_minutes), hidden: true },
    time("Before the end", ({ minutes_before_end }) => minutes_before_end),
    share("Over by itself", ({ over_by_itself }) => over_by_itself),
    { ...share("Brief", ({ brief }) => brief), hidden: true },
    share("Unfounded", ({ unfounded }) => unfounded),
  ];
}
