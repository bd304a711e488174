import { type Definition, definitions, type Unit } from "./definitions.js";
import { html } from "./dom.js";
import { clock, count, decimal, percent } from "./format.js";
import type { Site } from "./masthead.js";
import { formula } from "./today.js";

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
        name: "Time zone",
        formula: site.timezone,
        notes: ["All days and times on these pages. The data itself is in UTC."],
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
