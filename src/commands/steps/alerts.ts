import { createHash } from "node:crypto";
import { daysLater, timeZone } from "../../../notebooks/components/metrics/time-zone.ts";
import { CliError } from "../../base/errors.ts";
import type { Context } from "../../cli/command.ts";
import type { Project } from "../../config/project.ts";
import type { Database } from "../../duckdb/database.ts";
import { afterCheck, type Observed } from "../../notify/check.ts";
import { deliver } from "../../notify/deliver.ts";
import { send } from "../../notify/receivers.ts";
import { readAlertRecord, writeAlertRecord } from "../../warehouse/alerts/alert-record.ts";
import { type AlertState, readAlertState, writeAlertState } from "../../warehouse/alerts/alert-state.ts";
import { evaluate, watchedOf } from "../../warehouse/alerts/evaluate.ts";
import { Knowledge } from "../../warehouse/alerts/knowledge.ts";
import { loadFacts } from "../../warehouse/alerts/load.ts";
import { rulesOf } from "../../warehouse/alerts/rules.ts";
import { openCatalog } from "../../warehouse/catalog/catalog.ts";
import { formerSnapshot } from "../../warehouse/snapshot/snapshot.ts";
import { dataThrough } from "../../warehouse/snapshot/through.ts";
import { replayDays } from "./replay.ts";

/** The alerts of a round, as in `--json`. */
export interface AlertsRound {
  firing: number;
  fired: number; // in this round
  over: number;
  told: number; // messages taken
  pending: number; // messages that a receiver has yet to take
}

/**
 * Checks the alerts of kit.yaml and tells their receivers. What is to be told is on disk before anybody is told. Null without
 * alerts. Throws CliError("postFailed") at the end if a receiver did not take its messages, which the next round tries again.
 */
export async function runAlerts(
  project: Project,
  { output, signal, now: at }: Pick<Context, "output" | "signal" | "now">,
  done: (round: AlertsRound) => void,
): Promise<void> {
  const { data, config } = project;
  const { state: before, damage } = readAlertState(data);
  if (config.alerts.length === 0 && before.seen.every(({ firing }) => firing === null) && before.pending.length === 0)
    return;
  if (damage !== null)
    output.warn(`alerts.json cannot be read: ${damage}`, "an alert whose condition holds is told again");
  const now = at.getTime();
  const observed = config.alerts.length === 0 ? [] : await observe(project, now);
  const { state, occasions } = afterCheck(before, observed, config.alerts, { now, config });
  const save = (next: AlertState) => writeAlertState(data, next);
  save(state);
  const { told, problems } = await deliver(state, (channel, message) => send(channel, message, { signal }), save, {
    now: () => now,
    signal,
  });
  const of = (kind: string) => occasions.filter((occasion) => occasion.kind === kind).length;
  const firing = state.seen.filter((seen) => seen.firing !== null).length;
  done({ firing, fired: of("fired"), over: of("over"), told, pending: state.pending.length });
  const [first, ...others] = problems;
  for (const { message, next } of others) output.warn(message, next);
  if (first !== undefined) throw new CliError("postFailed", first.message, first.next);
}

const recordDays = 56;

/**
 * Computes the record of the alerts on the last whole days anew, for kit.alerts and the page, unless it is that of the same days,
 * alerts and settings.
 */
export async function renewRecord(project: Project, now: Date): Promise<void> {
  const { config, data } = project;
  const snapshot = formerSnapshot(data);
  const through = dataThrough(snapshot);
  if (config.alerts.length === 0 || through === null) return;
  const last = daysLater(timeZone(config.timezone).date(Math.min(through.getTime(), now.getTime())), -1);
  const stored = snapshot.feeds.queue_wfm?.days.length ?? 0;
  const alerts = config.alerts.map(({ tell: _, ...alert }) => alert);
  const text = JSON.stringify([alerts, config.site, config.sync, config.timezone, last, stored]);
  const inputs = createHash("sha256").update(text).digest("hex").slice(0, 16);
  if (readAlertRecord(data)?.inputs === inputs) return;
  const { records } = await replayDays(project, config.alerts, { last, days: recordDays, now });
  writeAlertRecord(data, { format: 1, inputs, records });
}

/** What the alerts say now, by all that is here. */
async function observe(project: Project, now: number): Promise<Observed[]> {
  const database = await openCatalog(project);
  try {
    return await observeIn(database, project, now);
  } finally {
    database.close();
  }
}

/** What the alerts say at `now`, by all that a catalog has. */
export async function observeIn(database: Database, project: Project, now: number): Promise<Observed[]> {
  const { alerts, timezone } = project.config;
  const day = timeZone(timezone).date(now);
  const facts = await loadFacts(database, alerts, { first: daysLater(day, -1), day });
  const knowledge = new Knowledge(facts, timezone);
  knowledge.advance(Number.POSITIVE_INFINITY);
  const rules = rulesOf(project, new Date(now));
  return watchedOf(alerts, knowledge).map((watched) => ({
    watched,
    observation: evaluate(watched, knowledge, rules, now),
  }));
}
