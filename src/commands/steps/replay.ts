import { daysLater } from "../../../notebooks/components/metrics/time-zone.ts";
import type { Alert } from "../../config/alerts-option.ts";
import type { Project } from "../../config/project.ts";
import { loadFacts } from "../../warehouse/alerts/load.ts";
import { type Replay, replay } from "../../warehouse/alerts/replay.ts";
import { rulesOf } from "../../warehouse/alerts/rules.ts";
import { openCatalog } from "../../warehouse/catalog/catalog.ts";

/** How these alerts would have done on `days` local days until `last`, and on which. */
export async function replayDays(
  project: Project,
  alerts: readonly Alert[],
  { last, days, now }: { last: string; days: number; now: Date },
): Promise<Replay & { first: string; last: string; alerts: readonly Alert[] }> {
  const first = daysLater(last, 1 - days);
  const database = await openCatalog(project);
  try {
    const facts = await loadFacts(database, alerts, { first });
    const span = { first, last, now: now.getTime() };
    return { ...replay(facts, alerts, rulesOf(project, now), span), first, last, alerts };
  } finally {
    database.close();
  }
}
