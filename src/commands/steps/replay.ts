import { daysLater, timeZone } from "../../../notebooks/components/metrics/time-zone.ts";
import type { Alert } from "../../config/alerts-option.ts";
import type { Project } from "../../config/project.ts";
import { loadFacts } from "../../warehouse/alerts/load.ts";
import { type Replay, replay } from "../../warehouse/alerts/replay.ts";
import { rulesOf } from "../../warehouse/alerts/rules.ts";
import { openCatalog } from "../../warehouse/catalog/catalog.ts";

/** How these alerts would have done on `days` local days until `last`, less those before the first data, and on which. */
export async function replayDays(
  project: Project,
  alerts: readonly Alert[],
  { last, days, now }: { last: string; days: number; now: Date },
): Promise<Replay & { first: string; last: string; alerts: readonly Alert[] }> {
  const earliest = daysLater(last, 1 - days);
  const database = await openCatalog(project);
  try {
    const facts = await loadFacts(database, alerts, { first: earliest });
    const begin = [...facts.queues.map(({ start }) => start), ...facts.arrivals.map(({ through }) => through)].reduce(
      (before, time) => Math.min(before, time),
      now.getTime(),
    );
    const [first = earliest] = [earliest, timeZone(project.config.timezone).date(begin)].sort().slice(-1);
    const span = { first, last, now: now.getTime() };
    return { ...replay(facts, alerts, rulesOf(project, now), span), first, last, alerts };
  } finally {
    database.close();
  }
}
