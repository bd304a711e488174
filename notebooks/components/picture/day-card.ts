import {
  comparisonText,
  type DayChart,
  type DayFacts,
  provenance,
  serviceLevelOf,
  volumeOf,
  waitsOf,
} from "../charts/day-charts.js";
import type { TableColumn } from "../charts/figure.js";
import { isolated } from "../metrics/bidi.js";
import { longDay } from "../metrics/format.js";
import type { Interval } from "../metrics/interval.js";
import { projectionText } from "../metrics/rest-of-day.js";
import { daySentence, formula } from "../metrics/today.js";
import type { Picture } from "./picture.js";

/** The charts of a day that a shared card holds. */
export function cardCharts(facts: DayFacts): DayChart[] {
  return [volumeOf(facts), serviceLevelOf(facts), waitsOf(facts)];
}

/** What the card plots, interval by interval. */
export function cardColumns(facts: DayFacts): TableColumn<Interval>[] {
  const all = cardCharts(facts).flatMap(({ columns }) => columns);
  return [...new Map(all.map((column) => [column.label, column])).values()];
}

/** A day of a queue as one picture: the headline, volume against the usual, service level with its target, waits. */
export function dayCard(facts: DayFacts): Picture {
  const { queue, day, grain, site, rest } = facts;
  const { title, lead } = daySentence({ ...facts, projected: rest?.projection.projected ?? null });
  const heights = { volume: 210, "service-level": 160, waits: 130 };
  return {
    kicker: [isolated(site.title), isolated(queue), day ? longDay(day) : null, `per ${grain} minutes`]
      .filter(Boolean)
      .join(" · "),
    title,
    lead,
    charts: cardCharts(facts).map((chart) => ({
      ...chart,
      subtitle: chart.measure,
      height: heights[chart.id as keyof typeof heights],
    })),
    notes: [
      provenance(facts, "queue_wfm", comparisonText(facts)),
      ...(rest ? [projectionText(rest)] : []),
      `Service level: ${formula(site)}. Windows may still be corrected; real-time screens count contacts that have not ended yet and so differ.`,
    ],
  };
}
