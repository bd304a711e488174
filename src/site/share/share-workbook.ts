import { unmarked } from "../../../notebooks/components/metrics/bidi.ts";
import { longDay } from "../../../notebooks/components/metrics/format.ts";
import { dataThrough } from "../../../notebooks/components/metrics/today.ts";
import type { Picture } from "../../../notebooks/components/picture/picture.ts";
import { cardCharts, type DayFacts } from "../../../notebooks/components/share/day-card.ts";
import { chartSheet } from "../../../notebooks/components/workbook/chart-sheet.ts";
import { factSheet } from "../../../notebooks/components/workbook/facts.ts";
import { openWorkbook } from "../../../notebooks/components/workbook/workbook.ts";
import { kitVersion } from "../../base/kit-version.ts";

/** The card of a day as an Excel workbook: a sheet for each chart with the plotted values, definitions, provenance. */
export async function shareWorkbook(of: DayFacts, card: Picture, now: Date): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const workbook = openWorkbook((bytes) => void pieces.push(bytes));
  const charts = cardCharts(of);
  for (const { id, columns } of charts) await workbook.sheet(chartSheet(sheetNames.get(id) ?? id, columns, of.rows));
  const { queue, day, grain, site, windows = of.rows } = of;
  const through = dataThrough(windows);
  await workbook.sheet(
    factSheet(
      "Definitions",
      charts.map(({ id, measure }) => [sheetNames.get(id) ?? id, unmarked(measure)]),
    ),
  );
  const { name, version } = kitVersion();
  await workbook.sheet(
    factSheet("Provenance", [
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
      ...card.notes.map((note) => ["Note", unmarked(note)] as const),
      ["Made (UTC)", now.toISOString()],
      ["Made by", `${name} ${version}`],
    ]),
  );
  await workbook.close();
  return Buffer.concat(pieces);
}

const sheetNames = new Map([
  ["volume", "Volume"],
  ["service-level", "Service level"],
  ["waits", "Waits"],
]);
