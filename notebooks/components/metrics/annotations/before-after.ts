import { isChange, noiseBand } from "../baseline.js";
import { count, decimal } from "../format.js";
import { deviationText } from "../queues/deviation.js";
import type { Bounds } from "../ratio.js";
import type { Annotation } from "./annotation.js";

/** A period of an annotation, as data-loaders/annotations.json.sql ships it. */
export interface AnnotationPeriod {
  line: number; // of the annotation
  period: "before" | "during" | "after";
  starts: string; // ISO, UTC
  ends: string;
  offered: number; // contacts
  usual: number | null; // of the same time of the week; null with fewer than four weeks
  low: number | null; // quartiles of those weeks
  high: number | null;
  weeks: number;
}

/** How far a period is from its usual. */
export interface PeriodChange {
  offered: number;
  usual: number | null;
  chance: Bounds | null; // the range that chance alone makes of the usual, 19 times out of 20
  share: number | null; // above or below the usual; null where that has fewer than the least contacts
  outside: boolean; // further from the usual than chance alone makes of it
}

/** Contacts of a period against its usual, by the kit's own measure of chance (`isChange`). */
export function periodChange({ offered, usual }: AnnotationPeriod, minContacts: number): PeriodChange {
  return {
    offered,
    usual,
    chance: noiseBand(usual),
    share: usual !== null && usual >= minContacts ? offered / usual - 1 : null,
    outside: isChange(offered, usual),
  };
}

/** "28, usual 464 ± 43, −94%"; a change within chance is in brackets. "–" without a period. */
export function periodText(of: PeriodChange | null): string {
  if (of === null) return "–";
  const { offered, usual, chance, share, outside } = of;
  if (usual === null || chance === null) return count(offered);
  const difference = share === null ? "" : `, ${deviationText({ share, chance: !outside })}`;
  return `${count(offered)}, usual ${decimal(usual, 0)} ± ${decimal(chance.high - usual, 0)}${difference}`;
}

/** An annotation with its periods, null where one has not passed or has no data. */
export interface BeforeAfter {
  annotation: Annotation;
  before: PeriodChange | null;
  during: PeriodChange | null;
  after: PeriodChange | null;
}

/** Annotations with their periods, newest first. */
export function beforeAfter(
  annotations: readonly Annotation[],
  periods: readonly AnnotationPeriod[],
  minContacts: number,
): BeforeAfter[] {
  const byKey = new Map(periods.map((row) => [`${row.line} ${row.period}`, row]));
  return annotations
    .map((annotation) => {
      const of = (period: AnnotationPeriod["period"]) => {
        const row = byKey.get(`${annotation.line} ${period}`);
        return row ? periodChange(row, minContacts) : null;
      };
      return { annotation, before: of("before"), during: of("during"), after: of("after") };
    })
    .reverse();
}
