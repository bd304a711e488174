import { downloads, type TableColumn, table } from "../charts/figure.js";
import { annotationsWithin, queueText, whenText } from "../metrics/annotations/annotation.js";
import {
  type AnnotationPeriod,
  type BeforeAfter,
  beforeAfter,
  type PeriodChange,
  periodText,
} from "../metrics/annotations/before-after.js";
import { isolated } from "../metrics/bidi.js";
import { roundTo } from "../metrics/format.js";
import type { Site } from "../metrics/site.js";
import { html } from "../picture/dom.js";

/** The annotations that touch these days, newest first, each with contacts before, during and after against the usual. */
export function whatHappened(
  site: Site,
  periods: readonly AnnotationPeriod[],
  days: { from: string; to: string },
): HTMLElement {
  const { annotations = [], timezone, min_contacts: minContacts } = site;
  const shown = beforeAfter(annotationsWithin(annotations, days.from, days.to, timezone), periods, minContacts);
  if (shown.length === 0)
    return html(
      "p",
      { class: "none" },
      annotations.length
        ? "No annotation touches these days."
        : "Nothing is annotated: site.annotations in kit.yaml names a file with holidays, outages, releases and campaigns.",
    );
  const columns: TableColumn<BeforeAfter>[] = [
    { label: "When", value: ({ annotation }) => whenText(annotation, timezone) },
    { label: "Kind", value: ({ annotation }) => annotation.kind },
    { label: "What", value: ({ annotation }) => isolated(annotation.what) },
    {
      label: "Queues",
      value: ({ annotation }) => annotation.queues.map(isolated).join(", ") || "all",
      text: ({ annotation }) => (annotation.queues.length ? queueText(annotation.queues) : "all"),
    },
    ...periodColumns("Before", ({ before }) => before),
    ...periodColumns("During", ({ during }) => during),
    ...periodColumns("After", ({ after }) => after),
    { label: "Baselines", value: ({ annotation }) => (annotation.exclude ? "excluded" : "included") },
  ];
  const words = `Contacts offered to these queues in the time itself and in as long before and after (an hour at a moment), against the median of the same time of the week in up to eight earlier weeks ± what chance alone makes of it, 19 times out of 20. In brackets: within chance. Chance is that of independent arrivals: weeks differ by more, so a change just outside of it proves nothing. Held back: a change of fewer than ${minContacts} usual contacts. Times in ${timezone}. Source: issue_queues, rep_convos.`;
  return html(
    "div",
    { class: "figure wide-table what-happened" },
    downloads({
      file: "what-happened",
      name: "what happened",
      title: "What happened, and contacts before, during and after",
      words: [words],
      columns,
      rows: () => shown,
    }),
    table(columns, shown),
    html("p", { class: "none" }, words),
  );
}

// The words on the page; in a file the numbers.
function periodColumns(label: string, of: (row: BeforeAfter) => PeriodChange | null): TableColumn<BeforeAfter>[] {
  const number = (name: string, value: (change: PeriodChange) => number | null): TableColumn<BeforeAfter> => ({
    label: `${label}, ${name}`,
    hidden: true,
    value: (row) => {
      const change = of(row);
      return change === null ? null : roundTo(value(change), 4);
    },
  });
  return [
    { label, value: (row) => periodText(of(row)) },
    number("offered", ({ offered }) => offered),
    number("usual", ({ usual }) => usual),
    number("by chance, from", ({ chance }) => chance?.low ?? null),
    number("by chance, to", ({ chance }) => chance?.high ?? null),
    number("share above or below", ({ share }) => share),
  ];
}
