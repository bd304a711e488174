import { type TableColumn, table } from "../charts/figure.js";
import { count, longDay, percent, signed } from "../metrics/format.js";
import {
  type ServiceLevelVariant,
  serviceLevel,
  serviceLevelFormulas,
  serviceLevelVariants,
  serviceParts,
} from "../metrics/service-level.js";
import type { Site } from "../metrics/site.js";
import { html } from "../picture/dom.js";
import { serviceNames } from "./definitions.js";

/** The one row of data-loaders/last-day.json.sql: contacts of all queues on the last complete day. */
export interface LastDay {
  day: string;
  answered: number;
  abandoned: number;
  answered_within: number;
  abandoned_within: number;
  abandoned_short: number;
  entered: number; // visits to a queue that began
  direct: number; // assigned to a rep without one
}

/** The last complete day by every formula of the service level, and by both counts of what was offered. */
export function lastDayFormulas(site: Site, last: LastDay | undefined): HTMLElement {
  if (!last) return html("p", { class: "none" }, "No day is complete in issue_queues and rep_convos yet.");
  const { answered, abandoned } = last;
  const counts = {
    answered,
    abandoned,
    answeredWithin: last.answered_within,
    abandonedWithin: last.abandoned_within,
    abandonedShort: last.abandoned_short,
  };
  const columns: TableColumn<ServiceLevelVariant>[] = [
    {
      label: "Formula",
      value: (variant) => serviceNames[variant] + (variant === site.variant ? " (this site's)" : ""),
    },
    { label: `T = ${site.seconds} s`, value: (variant) => serviceLevelFormulas[variant] },
    {
      label: "Contacts",
      value: (variant) => {
        const { state, good, base } = serviceParts(counts, variant);
        return state === "known" ? `${count(good)} / ${count(base)}` : "–";
      },
    },
    { label: "Service level", value: (variant) => percent(serviceLevel(counts, variant)) },
  ];
  return html(
    "div",
    { id: "last-day-formulas" },
    html("p", {}, `All queues, ${longDay(last.day)}, counted from issue_queues and rep_convos.`),
    html("div", { class: "figure" }, table(columns, serviceLevelVariants)),
    html("p", {}, offeredText(last)),
  );
}

/** Both counts of what was offered, and when they differ. */
export function offeredText({ answered, abandoned, entered, direct }: LastDay): string {
  const [ours, theirs] = [answered + abandoned, entered + direct];
  return [
    `Offered: ${count(ours)} here (${count(answered)} answered + ${count(abandoned)} abandoned), ${count(theirs)} as Live Insights counts it`,
    `(${count(entered)} placed in a queue + ${count(direct)} assigned directly): ${theirs === ours ? "the same" : signed(theirs - ours)}.`,
    whenOffersDiffer,
  ].join(" ");
}

export const whenOffersDiffer =
  "The two differ where a contact enters in one interval and is answered or gives up in a later one, while it waits, and where a visit ends in neither way, such as by a move to another queue, which is one more entry.";
