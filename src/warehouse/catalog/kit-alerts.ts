import { readAlertRecord } from "../alerts/alert-record.ts";
import { readAlertState } from "../alerts/alert-state.ts";
import { alertKey } from "../alerts/replay.ts";
import { counts, type KitSource, type KitTable, texts } from "./kit-source.ts";

/** kit.alerts: one row per alert of kit.yaml and subject, with its record of the last weeks and since when it is on. */
export function alertsTable({ project, isPast }: KitSource): KitTable {
  const names = new Set(isPast ? [] : project.config.alerts.map(({ name }) => name));
  const records = names.size === 0 ? [] : (readAlertRecord(project.data)?.records ?? []);
  const seen = names.size === 0 ? [] : readAlertState(project.data).state.seen;
  const firing = new Map(seen.map((one) => [alertKey(one.alert, one.subject), one.firing]));
  return {
    types: {
      ...texts("alert", "subject", "condition"),
      replayed: "BOOLEAN",
      ...counts("days", "fired", "days_fired", "median_minutes", "longest_minutes", "minutes_before_end"),
      ...counts("over_by_itself", "brief", "unfounded"),
      on_since: "TIMESTAMP",
    },
    rows: records
      .filter(({ alert }) => names.has(alert))
      .map((record) => {
        const on = firing.get(alertKey(record.alert, record.subject));
        return {
          alert: record.alert,
          subject: record.subject,
          condition: record.condition,
          replayed: record.replayed,
          days: record.days,
          fired: record.fired,
          days_fired: record.daysFired,
          median_minutes: record.medianMinutes,
          longest_minutes: record.longestMinutes,
          minutes_before_end: record.early,
          over_by_itself: record.byItself,
          brief: record.brief,
          unfounded: record.unfounded,
          on_since: on == null ? null : new Date(on.since).toISOString(),
        };
      }),
  };
}
