import { clock, count, decimal, percent } from "../metrics/format.js";
import { serviceLevelFormulas } from "../metrics/service-level.js";
import { excludedDay, type Site } from "../metrics/site.js";
import { formula, uncountedText, variantOf } from "../metrics/today.js";
import { html } from "../picture/dom.js";
import { type Definition, definitions, type Unit } from "./definitions.js";

/** The definition of a figure, in words. */
interface Entry {
  name: string;
  formula: string;
  notes: string[];
}

/** Every figure of the site with its settings, and every metric with a worked example. */
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
      `Per ${grain}.${feeds.length > 0 ? ` Feeds: ${feeds.join(", ")}.` : ""} Source: ${source}.${sql}`,
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

// Figures of the pages beyond the metrics that have their own function.
function pageFigures(site: Site): Record<string, Entry[]> {
  const perDay = "Per local day and channel, or summed over a range of days.";
  return {
    "This site's settings": [
      {
        name: "Service level",
        formula: formula(site),
        notes: [
          `Target ${percent(site.target, 0)}. Threshold counts are read as ${site.threshold_counts === "answered" ? "answered contacts only" : "answered and abandoned contacts together"}. Set in kit.yaml under site.service_level and site.wfm.`,
          ...(uncountedText(site)
            ? [
                `By this formula Today and Queues have no service level: ${uncountedText(site)}. Heatmaps and history.queue_windows count each contact of issue_queues and rep_convos, and have it exactly.`,
              ]
            : []),
        ],
      },
      {
        name: "Held back",
        formula: `Fewer than ${site.min_reps} reps, or fewer than ${site.min_contacts} contacts or answers`,
        notes: [
          "Set in kit.yaml under site.privacy.",
          "Handle time, reps and net staffing of a quarter-hour with fewer reps are those of its half-hour, its hour, or all such hours of the day so far, and are held back only if these have too few as well. A queue group in kit.yaml shows small queues together.",
        ],
      },
      {
        name: "Excluded days",
        formula: site.excluded_days?.length
          ? site.excluded_days.map(({ day }) => excludedDay(site, day)).join(", ")
          : "None",
        notes: [
          "Holidays, outages and other atypical days are left out of all baselines: the usual on Today with its band and projection, and the medians of Heatmaps. They are not scored under Baseline accuracy. Older weeks take their place, at most ten weeks back. Their own contacts are shown as delivered. Set in kit.yaml under site.exclude_days.",
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
          "Median of the last eight days of the same weekday with data, at the same local time, without excluded days; at least four, within ten weeks",
        notes: [
          "The band is their middle half. Intervals of 30 and 60 minutes are summed before the median. Volume comes from issue_queues and rep_convos; waits, handle times and staff from the WFM feeds of the same days; rates from summed counts.",
        ],
      },
      {
        name: "Projection of the day",
        formula: "So far + the usual rest × (so far / usual so far)",
        notes: [
          "Computed by quarter-hour, whatever interval is drawn. Before a quarter of a usual day is in, the deviation is damped in proportion. Not projected: days that are over, queues with fewer than 100 contacts on a usual day, and days where an interval to come has no usual. The range covers chance in the contacts to come, not uncertainty about the shape.",
        ],
      },
      {
        name: "Net staffing of an interval",
        formula: "Available − required full-time equivalents",
        notes: [
          `By workload: contacts × mean handle time / concurrent chats / interval length. By Erlang C: the fewest reps that reach ${percent(site.target, 0)} in ${site.seconds} s. Concurrent chats are those observed over the last four whole weeks, without excluded days (rep_utilized). An interval without a handle time takes the day's mean. Intervals to come need a schedule (site.schedule in kit.yaml) and the projection.`,
          "Reps count once in a group and in All queues. A rep of several queues is available to each of them, so the figures of queues do not add up.",
          "On Heatmaps by workload, with the mean handle time of the last four whole weeks. Available reps come from rep_utilized for All queues, and from queue_membership_wfm for a queue or group.",
        ],
      },
      {
        name: "What drove an interval",
        formula: "Change of net staffing against the usual, divided between volume, handle time and staff",
        notes: [
          "The requirement is decomposed by averaging both orders of change, so the effects add up to the whole: see What drove net staffing. Staff is compared with the median of the usual days.",
        ],
      },
      {
        name: "Restated",
        formula: "A window whose counts differ from those of its first delivery",
        notes: ["The last delivery counts. The interval has a mark; the CSV has both counts. Feed: queue_wfm."],
      },
      {
        name: "Group of queues",
        formula: "Its queues' counts summed, means weighted by contacts, each rep counted once",
        notes: [
          "Set in kit.yaml under site.queue_groups. A queue is in at most one group, so that no difference between groups reveals a small queue.",
        ],
      },
    ],
    Waiting: [
      {
        name: "Contacts waiting",
        formula: "Contacts that entered the queue before the end of the interval, and had not left it by then",
        notes: [
          "A visit lasts up to, and not including, its exit, so that contacts waiting before + entered − left = contacts waiting after. A contact that is in a queue twice counts once. A visit without an exit waits until the next event of its issue, a visit or an assignment; without one, for a day, as its exit may never be exported.",
          "Feeds: issue_queues, rep_convos, which arrive hourly: the running hour is not here yet. SQL: history.flow.",
        ],
      },
      {
        name: "Oldest wait",
        formula: "End of the interval − earliest entry of the contacts waiting then, rounded up to the minute",
        notes: [
          `The wait of one contact, so it is rounded and held back for queues with fewer than ${site.min_contacts} contacts in the day. That of a group or of all queues is the longest of those shown. Feed: issue_queues.`,
        ],
      },
      {
        name: "Served within T",
        formula: serviceLevelFormulas[variantOf(site)].replace(/^\(?[a-z]/, (start) => start.toUpperCase()),
        notes: [
          "Exact at each of the slider's times, which include the threshold. A contact counts when its wait ends. Feeds: issue_queues, rep_convos.",
        ],
      },
      {
        name: "Wait of those who left",
        formula: "Mean, median and 90th percentile of the waits of abandoned contacts of a day",
        notes: [
          "Timed out: visits whose exit_queue_eventtype is CUSTOMER_TIMEDOUT, the one such value that ASAPP documents. Feed: issue_queues.",
        ],
      },
      {
        name: "Reps by load",
        formula:
          "Logged-in rep time with no chat, with slots free, with all slots taken, and with more chats than slots",
        notes: [
          "All chats: lin_utilization_level_*_min, with no chat as the rest of lin_logged_in_min. Active chats, without those that flexible slots set aside: workload_level_*_min. Slots: cum_logged_in_min; chats: cum_ute_total_min; effort: cum_weighted_seconds. A rep with several rows in a window counts once.",
          `Few reps are reported together, as on Today. Feed: rep_utilized, which has no queues.`,
        ],
      },
    ],
    "Baseline accuracy": [
      {
        name: "Error per half-hour, per day",
        formula: "Sum of |expected − offered| / sum of offered: WAPE, by half-hour and by whole day",
        notes: [
          "Expected is the usual as of the start of the day. Per queue or group. Feeds: issue_queues, rep_convos.",
        ],
      },
      {
        name: "Noise floor of a queue",
        formula: "Noise floor of each half-hour, weighted by its expected contacts",
        notes: [
          "The error due to chance even if the expected number is right. Far below one contact per half-hour it is too high.",
        ],
      },
      {
        name: "Times the noise",
        formula: "(Offered − expected) / √expected",
        notes: ["Beyond 2 it is rarely chance, beyond 4 almost never."],
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
        formula: "Sum over its assignments; median and 90th percentile over conversations with a rep",
        notes: ["Unlike the mean per assignment on the intraday page.", `${perDay} Feed: convos_metrics_ended.`],
      },
      {
        name: "Queue wait",
        formula: "Time in queue over all visits; median and 90th percentile over conversations that queued",
        notes: [`${perDay} Feed: convos_metrics_ended.`],
      },
      {
        name: "Endings",
        formula: "Resolved, unresolved, timed out, ended automatically, other: each / ended",
        notes: ["A timeout is not a resolution.", `${perDay} Feed: convos_metadata_ended.`],
      },
      {
        name: "Good ratings",
        formula: "Answers of 4 or 5 / answers to the rating question",
        notes: [
          "Respondents are self-selected: read it with the number of answers and the share of conversations rated.",
          `${perDay} Feed: customer_feedback.`,
        ],
      },
    ],
    "Data health": [
      {
        name: "Duplicates removed",
        formula: "Rows delivered − rows kept",
        notes: [
          "Exports restate rows every hour. One row per key is kept: the latest by the feed's declared order, then by run.",
        ],
      },
      {
        name: "Ties",
        formula: "Keys whose versions the declared order does not distinguish",
        notes: ["The newest run decides."],
      },
      {
        name: "Lag",
        formula: "Time of the last sync − end of the newest data",
        notes: ["Per feed."],
      },
    ],
  };
}
