import { plural, type Zone } from "../format.js";
import type { Interval } from "../interval.js";

/** A forecast issued earlier than this before an interval is old, in days: plans are usually renewed each week. */
const oldDays = 14;

type Planned = Pick<Interval, "start" | "forecast" | "forecastIssued">;

// intervals with a forecast                   said
// none, or 0 contacts only                    nothing
// without a time of issue                     that it is unknown
// all of one version                          when it was issued, how long before the first of them
// of several                                  the first and the last, their number
// some issued more than 14 days before        also how many
/** When the versions of a forecast were issued, in sentences. */
export function issuedText(rows: readonly Planned[], zone: Zone): string {
  const planned = rows.filter(({ forecast }) => forecast !== null && forecast > 0);
  const issued = planned.filter(({ forecastIssued }) => forecastIssued !== null);
  const times = [...new Set(issued.map(({ forecastIssued }) => forecastIssued as number))].sort((a, b) => a - b);
  const [first, last, start] = [times[0], times.at(-1), issued[0]?.start];
  if (planned.length === 0) return "";
  if (first === undefined || last === undefined || start === undefined) return "When it was issued is unknown.";
  const old = issued.filter((row) => isOld(row)).length;
  return [
    first === last
      ? `Issued ${zone.dateTime(first)}, ${ageText(start - first)} before ${zone.time(start)}.`
      : `${times.length} versions, issued from ${zone.dateTime(first)} to ${zone.dateTime(last)}.`,
    issued.length < planned.length
      ? `When it was issued is unknown for ${plural(planned.length - issued.length, "interval")}.`
      : "",
    old > 0
      ? `Old: issued more than ${oldDays} days before ${old === planned.length ? "every interval" : `${old} of ${plural(planned.length, "interval")}`}.`
      : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** ", issued 6 h before" of one interval; "" where it is unknown. */
export function issuedBefore({ start, forecastIssued }: Pick<Planned, "start" | "forecastIssued">): string {
  return forecastIssued === null ? "" : `, issued ${ageText(start - forecastIssued)} before`;
}

function isOld({ start, forecastIssued }: Pick<Planned, "start" | "forecastIssued">): boolean {
  return forecastIssued !== null && start - forecastIssued > oldDays * day;
}

/** A duration in its largest whole unit: "45 min", "6 h", "3 days"; from two days on in days. */
function ageText(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return plural(Math.floor(minutes / 1440), "day");
}

const day = 86_400_000;
