import { html } from "./dom.js";
import { percent } from "./format.js";
import type { Site } from "./masthead.js";
import { formula } from "./today.js";

interface Definition {
  name: string;
  formula: string;
  grain: string;
  feed: string;
  note?: string;
}

/** Every figure of the site, with the settings it was computed with. */
export function definitions(site: Site): HTMLElement {
  return html(
    "div",
    { class: "definitions" },
    Object.entries(groups(site)).map(([group, list]) =>
      html(
        "section",
        {},
        html("h2", { id: group.toLowerCase().replace(/\W+/g, "-") }, group),
        html(
          "dl",
          {},
          list.map((definition) => [
            html("dt", {}, definition.name),
            html(
              "dd",
              {},
              html("p", { class: "formula" }, definition.formula),
              definition.note ? html("p", {}, definition.note) : null,
              html("p", { class: "source" }, `Per ${definition.grain}. Source: ${definition.feed}.`),
            ),
          ]),
        ),
      ),
    ),
  );
}

function groups(site: Site): Record<string, Definition[]> {
  return {
    "Intraday (WFM)": [
      {
        name: "Offered",
        formula: "assigned + abandoned",
        grain: "interval and queue",
        feed: "queue_wfm",
        note: "Contacts still waiting are not in it yet. One conversation that is transferred is offered again in its next queue.",
      },
      {
        name: "Service level",
        formula: formula(site),
        grain: "interval and queue; the day from added counts, never from averaged percentages",
        feed: "queue_wfm; the history from issue_queues and rep_convos",
        note: `Target ${percent(site.target, 0)}. Threshold counts are read as ${site.threshold_counts === "answered" ? "answered contacts only" : "answered and abandoned contacts"}.`,
      },
      {
        name: "Abandon rate",
        formula: "abandoned / offered",
        grain: "interval and queue",
        feed: "queue_wfm",
      },
      {
        name: "Mean wait",
        formula: "sum of waits / assigned, those without a wait included",
        grain: "interval and queue",
        feed: "queue_wfm",
        note: "The feed gives averages, so longer spans weigh them by the assigned contacts.",
      },
      {
        name: "Handle time",
        formula: "assignment to disposition, mean per assignment",
        grain: "interval and queue",
        feed: "queue_wfm",
        note: "A rep can hold several chats, so handle times overlap and add up to more than the time worked.",
      },
      {
        name: "Wrap-up",
        formula: "handle time less the time until the customer's last message",
        grain: "interval and queue",
        feed: "queue_wfm",
      },
      {
        name: "Full-time equivalents (FTE)",
        formula: "minutes in the state / minutes of the interval, each rep once",
        grain: "interval and queue",
        feed: "queue_membership_wfm",
        note: "The feed repeats a rep in each of the queues, so queues do not add up to all queues.",
      },
    ],
    Conversations: [
      {
        name: "Conversations",
        formula: "count of issues by the local day of the first message",
        grain: "day and channel",
        feed: "convos_metrics",
      },
      {
        name: "With a rep",
        formula: "assisted / ended",
        grain: "day and channel",
        feed: "convos_metrics_ended",
        note: "A rep was assigned and replied.",
      },
      {
        name: "Handle time of a conversation",
        formula: "sum over its assignments; median and 90th percentile over conversations with a rep",
        grain: "day and channel",
        feed: "convos_metrics_ended",
        note: "Not the same as the mean per assignment of the intraday pages.",
      },
      {
        name: "Queue wait",
        formula: "time in queue over all visits; median and 90th percentile over conversations that queued",
        grain: "day and channel",
        feed: "convos_metrics_ended",
      },
      {
        name: "Endings",
        formula: "resolved, unresolved, timed out, ended by itself, other: each / ended",
        grain: "day and channel",
        feed: "convos_metadata_ended",
        note: "Timing out is not a resolution.",
      },
      {
        name: "Good ratings",
        formula: "answers of 4 or 5 / answers, with the Wilson 95% interval",
        grain: "day and channel",
        feed: "customer_feedback",
        note: "Who answers chooses to. Read it with its number of answers and the share of conversations that answered.",
      },
    ],
    "Data health": [
      {
        name: "Duplicates removed",
        formula: "rows delivered less rows kept",
        grain: "feed",
        feed: "all",
        note: "Exports restate rows hour after hour. One row per key is kept: the latest by the feed's declared order, then by the run.",
      },
      {
        name: "Ties",
        formula: "keys whose copies the declared order cannot tell apart",
        grain: "feed",
        feed: "all",
        note: "There the newest run decides.",
      },
      {
        name: "Lag",
        formula: "time of the last sync less the end of the newest data",
        grain: "feed",
        feed: "all",
      },
    ],
  };
}
