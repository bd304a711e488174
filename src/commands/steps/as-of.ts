import { timeZone } from "../../../notebooks/components/metrics/time-zone.ts";
import { CliError } from "../../base/errors.ts";
import { count, minute, plural, zoned } from "../../base/words.ts";
import type { Output } from "../../cli/output.ts";
import { dayStart, writtenTime } from "../../config/local-times.ts";
import type { Project } from "../../config/project.ts";
import type { Doubt, Past } from "../../warehouse/past/past.ts";

/** The option --as-of of commands that read the warehouse. */
export const asOfOption = {
  type: "string",
  value: "TIME",
  doc: 'as it was known then: "2026-09-01 14:00" in the site\'s zone, or with Z or an offset',
} as const;

// written                     read as
// a time with Z or an offset  that instant
// a time without              local time of the zone; refused where the clock skips it, or has it twice
// a day alone                 its first moment
/** The instant that --as-of names. Throws CliError("usage") for other text, and for a time that is yet to come. */
export function asOfMoment(text: string, zoneName: string, now: Date): Date {
  const zone = timeZone(zoneName);
  const time = text.trim();
  const written = writtenTime(time, zone);
  if (written === null) throw wrong(`not a time like "2026-09-01 14:00" or 2026-09-01T14:00Z: ${text}`);
  const instants = "day" in written ? [dayStart(written.day, zone)] : written.moments;
  const [instant] = instants;
  if (instant === undefined)
    throw wrong(`the clock skips ${time} in ${zoneName}`, "name another time, or add its offset, such as Z");
  if (instants.length > 1)
    throw wrong(
      `${time} is twice on that day in ${zoneName}`,
      `add the offset: ${instants.map((each) => `"${time}${offsetAt(each, zoneName)}"`).join(" or ")}`,
    );
  if (instant > now.getTime())
    throw wrong(`${minute(new Date(instant), zoneName)} is yet to come`, "leave --as-of out for what is known now");
  return new Date(instant);
}

function wrong(message: string, next = 'asapp-kit sql --as-of "2026-09-01 14:00" "…"'): CliError {
  return new CliError("usage", `--as-of: ${message}`, next);
}

// "-05:00"
function offsetAt(instant: number, zone: string): string {
  return zoned(new Date(instant).toISOString(), zone).slice(-6);
}

/** Tells which moment is shown, what dates its partitions, and what of these feeds is not known. */
export function tellPast(past: Past, feeds: readonly string[], { config }: Project, output: Output): void {
  const { moment, knownBy, doubts } = past;
  const local = minute(moment, config.timezone);
  const utc = config.timezone === "UTC" ? "" : ` (${minute(moment)})`;
  const counts = feeds.flatMap((feed) => knownBy.get(feed) ?? []);
  const byRun = counts.reduce((sum, { run }) => sum + run, 0);
  const all = counts.reduce((sum, { marker, run }) => sum + marker + run, 0);
  const source =
    all === 0
      ? ""
      : byRun === 0
        ? ", by the times of the markers in the bucket"
        : byRun === all
          ? ", by the ends of the runs"
          : `, ${count(byRun)} of ${plural(all, "partition")} by the end of their run, the others by their marker`;
  output.say(`as known at ${local}${utc}${source}`);
  const nothing = feeds.filter((feed) => !knownBy.has(feed));
  if (nothing.length > 0) output.warn(`nothing of ${nothing.join(", ")} had been exported by then`);
  const lost = (why: Doubt["why"]) => doubts.filter((doubt) => doubt.why === why && feeds.includes(doubt.feed));
  const [replaced, late] = [lost("replaced"), lost("late")];
  const kept = keptText(config.sync.keepReplacedMinutes);
  if (replaced[0] !== undefined)
    output.warn(
      `${example(replaced)} exported again since, and the former rows are not here: left out`,
      `sync.keep_replaced in kit.yaml says how long such rows are kept (${kept})`,
    );
  if (late[0] !== undefined)
    output.warn(`${example(late)} late, or exported again before the first sync of it: left out`);
}

function example(doubts: readonly Doubt[]): string {
  const [first] = doubts;
  const such = doubts.length > 1 ? `${plural(doubts.length, "partition")}, such as ` : "";
  return `${such}${first?.feed} ${first?.run} ${doubts.length > 1 ? "were" : "was"}`;
}

function keptText(minutes: number): string {
  return minutes === 0 ? "never" : minutes % 1440 === 0 ? plural(minutes / 1440, "day") : plural(minutes, "minute");
}
