import { clock, count, decimal, percent } from "../metrics/format.js";
import { excludedDay, type Site } from "../metrics/site.js";
import { formula } from "../metrics/today.js";
import { html } from "../picture/dom.js";
import { type Definition, definitions, type Unit } from "./definitions.js";

/** A figure of the pages, in words. */
interface Entry {
  name: string;
  formula: string;
  notes: string[];
}

/** Every figure of the site, with the settings it was computed with, and every metric with a worked number. */
export function definitionList(site: Site): HTMLElement {
  const groups = new Map<string, Entry[]>(Object.entries(pageFigures(site)));
  for (const definition of definitions)
    groups.set(definition.group, [...(groups.get(definition.group) ?? []), entryOf(definition)]);
  return html(
    "div",
    { class: "definitions" },
    [...groups].map(([group, list]) =>
      html(
        "section",
        {},
        html("h2", { id: group.toLowerCase().replace(/\W+/g, "-") }, group),
        html(
          "dl",
          {},
          list.map(({ name, formula, notes }) => [
            html("dt", {}, name),
            html(
              "dd",
              {},
              html("p", { class: "formula" }, formula),
              notes.map((note, i) => html("p", { class: i === notes.length - 1 ? "source" : null }, note)),
            ),
          ]),
        ),
      ),
    ),
  );
}

function entryOf(definition: Definition): Entry {
  const { name, formula, grain, unit, feeds, source, note, macro, worked } = definition;
  const value = worked.value();
  const sql = macro ? ` In SQL: ${macro}().` : "";
  return {
    name,
    formula: formula.replace(/^[a-z]/, (start) => start.toUpperCase()),
    notes: [
      ...(note ? [note] : []),
      `Example: ${worked.inputs} give ${value === null ? "nothing" : valueText(value, unit)}.`,
      `Per ${grain}. Feeds: ${feeds.join(", ")}. Source: ${source}.${sql}`,
    ],
  };
}

function valueText(value: number, unit: Unit): string {
  switch (unit) {
    case "share":
      return percent(value);
    case "seconds":
      return value < 120 ? `${decimal(value)} s` : `${clock(value)} (min:s)`;
    case "contacts":
      return `${count(value)} contacts`;
    default:
      return decimal(value, Number.isInteger(value) ? 0 : 2) + (unit === "ratio" ? "" : ` ${unit}`);
  }
}

// What the pages show beyond the metrics that have a function of their own.
function pageFigures(site: Site): Record<string, Entry[]> {
  const perDay = "Per local day and channel, or a range of days added up.";
  return {
    "This site's settings": [
      {
        name: "Service level",
        formula: formula(site),
        notes: [
          `Target ${percent(site.target, 0)}. Threshold counts are read as ${site.threshold_counts === "answered" ? "answered contacts only" : "answered and abandoned contacts together"}. Set in kit.yaml under site.service_level and site.wfm.`,
        ],
      },
      {
        name: "Held back",
        formula: `Fewer than ${site.min_reps} reps, or fewer than ${site.min_contacts} contacts or answers`,
        notes: ["Set in kit.yaml under site.privacy."],
      },
      {
        name: "Excluded days",
        formula: site.excluded_days?.length
          ? site.excluded_days.map(({ day }) => excludedDay(site, day)).join(", ")
          : "None",
        notes: [
          "Holidays, outages and other days unlike their weekday: in no baseline, neither the usual of Today with its band and projection, nor the medians of Heatmaps, and not scored under Baseline accuracy. Older weeks take their place, ten weeks back at most. Their own contacts are shown as they came. Set in kit.yaml under site.exclude_days.",
        ],
      },
      {
        name: "Time zone",
        formula: site.timezone,
        notes: ["All days and times on these pages. The data itself is in UTC."],
      },
    ],
    Intraday: [
      {
        name: "The usual",
        formula:
          "Median of the last eight same weekdays with data at the same local time, excluded days left out; at least four, within ten weeks",
        notes: [
          "The band is the middle half of them. Intervals of 30 and 60 minutes are added up before the median. Volume comes from issue_queues and rep_convos, waits, handle times and staff from the WFM feeds of the same days, rates from added counts.",
        ],
      },
      {
        name: "Projection of the day",
        formula: "So far + the usual rest × (so far / usual so far)",
        notes: [
          "By quarter-hours, whatever interval is drawn. Before a quarter of a usual day is in, the deviation counts in proportion. Not for days that are over, for queues with fewer than 100 contacts on a usual day, or where an interval to come has no usual. The range is that of chance in the contacts to come; it leaves out the doubt about the shape.",
        ],
      },
      {
        name: "Net staffing of an interval",
        formula: "Available full-time equivalents less those required",
        notes: [
          `By work: contacts × mean handle time / chats at once / length. By Erlang C: the fewest reps with ${percent(site.target, 0)} in ${site.seconds} s. Chats at once are those observed over the last four whole weeks, excluded days left out (rep_utilized). An interval without a handle time of its own takes the day's mean. For intervals to come it needs a schedule (site.schedule of kit.yaml) and the projection.`,
          "Reps count once in a group and in All queues; a rep of several queues is available to each of them, so the figures of queues do not add up.",
          "On Heatmaps by work, with the mean handle time of the last four whole weeks; available reps are those of rep_utilized for All queues, and of queue_membership_wfm for a queue or group.",
        ],
      },
      {
        name: "What drove an interval",
        formula: "Change of net staffing against the usual, divided between volume, handle time and staff",
        notes: [
          "The requirement is taken apart by averaging both orders of change, so the effects add up to the whole: see What drove net staffing. Staff is compared with the median of the usual days.",
        ],
      },
      {
        name: "Restated",
        formula: "A window whose counts are no longer those of its first delivery",
        notes: ["The last delivery counts. A mark stands over the interval; the CSV has both. Feed: queue_wfm."],
      },
      {
        name: "Group of queues",
        formula: "Its queues' counts added, means weighed by contacts, each rep once",
        notes: [
          "Set in kit.yaml under site.queue_groups; a queue is in one group at most, so that no difference of groups tells of a small queue.",
        ],
      },
    ],
    "Baseline accuracy": [
      {
        name: "Off per half-hour, per day",
        formula: "Sum of |expected − came| / sum of what came: WAPE, by half-hour and by whole day",
        notes: [
          "Expected is the usual as it stood before the day began. Per queue or group. Feeds: issue_queues, rep_convos.",
        ],
      },
      {
        name: "Noise floor of a queue",
        formula: "Noise floor of each half-hour, weighed by its expected contacts",
        notes: [
          "The miss that chance makes although the expected number is right. Far under one contact a half-hour it is too high.",
        ],
      },
      {
        name: "Times the noise",
        formula: "(Came − expected) / √expected",
        notes: ["Beyond 2 it is rarely chance, beyond 4 hardly ever."],
      },
    ],
    Conversations: [
      {
        name: "Conversations",
        formula: "Issues by the local day of the first message",
        notes: [`${perDay} Feed: convos_metrics.`],
      },
      {
        name: "With a rep",
        formula: "Assisted / ended",
        notes: ["A rep was assigned and replied.", `${perDay} Feed: convos_metrics_ended.`],
      },
      {
        name: "Handle time of a conversation",
        formula: "Its assignments added up; median and 90th percentile over conversations with a rep",
        notes: ["Not the mean per assignment of the intraday page.", `${perDay} Feed: convos_metrics_ended.`],
      },
      {
        name: "Queue wait",
        formula: "Time in queue over all visits; median and 90th percentile over conversations that queued",
        notes: [`${perDay} Feed: convos_metrics_ended.`],
      },
      {
        name: "Endings",
        formula: "Resolved, unresolved, timed out, ended by itself, other: each / ended",
        notes: ["Timing out is not a resolution.", `${perDay} Feed: convos_metadata_ended.`],
      },
      {
        name: "Good ratings",
        formula: "Answers of 4 or 5 / answers to the rating question",
        notes: [
          "Who answers chooses to: read it with its number of answers and the share of conversations that answered.",
          `${perDay} Feed: customer_feedback.`,
        ],
      },
    ],
    "Data health": [
      {
        name: "Duplicates removed",
        formula: "Rows delivered less rows kept",
        notes: [
          "Exports restate rows hour after hour. One row per key is kept: the latest by the feed's declared order, then by the run.",
        ],
      },
      {
        name: "Ties",
        formula: "Keys whose copies the declared order cannot tell apart",
        notes: ["There the newest run decides."],
      },
      {
        name: "Lag",
        formula: "Time of the last sync less the end of the newest data",
        notes: ["Per feed."],
      },
    ],
  };
}
