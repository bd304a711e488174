import { unmarked } from "../../../notebooks/components/metrics/bidi.ts";
import { longDay } from "../../../notebooks/components/metrics/format.ts";
import { dataThrough } from "../../../notebooks/components/metrics/today.ts";
import type { Picture } from "../../../notebooks/components/picture/picture.ts";
import { cardCharts, type DayFacts } from "../../../notebooks/components/share/day-card.ts";
import { chartName, chartWorkbook } from "../../../notebooks/components/workbook/chart-workbook.ts";
import { madeBy } from "../../base/kit-version.ts";

/** The card of a day as an Excel workbook: a sheet for each chart with the plotted values, definitions, provenance. */
export async function shareWorkbook(of: DayFacts, card: Picture, now: Date): Promise<Uint8Array> {
  const charts = cardCharts(of);
  const { queue, day, grain, site, windows = of.rows } = of;
  const through = dataThrough(windows);
  const pieces = await chartWorkbook(
    charts.map(({ id, columns }) => ({ name: chartName(id), columns, rows: of.rows })),
    {
      definitions: charts.map(({ id, measure }) => [chartName(id), unmarked(measure)]),
      provenance: [
        ["What", unmarked(card.title)],
        ["In words", unmarked(card.lead)],
        ["Site", site.title],
        ["Queue", queue],
        ["Day", longDay(day)],
        ["Interval", `${grain} minutes`],
        ["Data through (UTC)", through === null ? null : new Date(through).toISOString()],
        ["Zone of local times", site.timezone],
        ["Least contacts shown", site.min_contacts],
        ["Least reps shown", site.min_reps],
        ...(card.receipt ? [["Receipt", card.receipt] as const] : []),
        ...card.notes.map((note) => ["Note", unmarked(note)] as const),
        ["Made (UTC)", now.toISOString()],
        ["Made by", madeBy()],
      ],
    },
  );
  return Buffer.concat(pieces);
}
