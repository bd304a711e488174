import type { Issue } from "../simulator/log.ts";
import { hash } from "../simulator/random.ts";
import { hour, minute } from "../simulator/zone.ts";
import { convosIntents, convosMetadata, convosMetrics } from "../tables/conversation-tables.ts";
import { flowCompletions, flowDetail } from "../tables/flow-tables.ts";
import { issueStateAt, type Row, type Span, within } from "../tables/issue-state.ts";
import type { Session } from "../tables/journeys.ts";
import { liveAgentOpportunities } from "../tables/opportunity-table.ts";
import { issueQueues, queueCheckIns, transfers } from "../tables/queue-tables.ts";
import { dimQueues } from "../tables/reference-tables.ts";
import { repAssignmentDisposition, repConvos } from "../tables/rep-tables.ts";
import { windowLength } from "../tables/rep-time.ts";
import { repActivity, repUtilized } from "../tables/rep-time-tables.ts";
import { hourlyThrough } from "../tables/schedule.ts";
import { csidContainment, glanceContainment, issueCallback } from "../tables/session-tables.ts";
import { spelling } from "../tables/spelling.ts";
import { utterances } from "../tables/utterance-table.ts";
import { newColumn } from "./oddities.ts";
import { clear, type Source, type Tables } from "./source.ts";

export const hourlyFeeds = [
  "convos_intents",
  "convos_intents_ended",
  "convos_metadata",
  "convos_metadata_ended",
  "convos_metrics",
  "convos_metrics_ended",
  "csid_containment",
  "dim_queues",
  "flow_completions",
  "flow_detail",
  "issue_callback_3d",
  "issue_queues",
  "live_agent_opportunities",
  "queue_check_ins",
  "rep_activity",
  "rep_assignment_disposition",
  "rep_convos",
  "rep_utilized",
  "transfers",
  "utterances",
] as const;

type HourlyFeed = (typeof hourlyFeeds)[number];
export type HourlyTables = Tables<HourlyFeed>;

/** Fills the tables of an hour's exported partitions: everything with events in the hour, in its state at the end of the hour. */
export function fillHourly(tables: HourlyTables, source: Source, span: Span, exported: ReadonlySet<HourlyFeed>): void {
  clear(tables);
  const { timeline, centre } = source;
  const instance = spelling.plainMicro(span.from + (hash(String(span.from)) % 9000));
  const add = (feed: HourlyFeed, rows: () => Row[]) => {
    if (exported.has(feed)) tables[feed].addRows(rows());
  };
  const sessions = new Set<Session>();
  for (const issue of timeline.issues(span.from)) {
    if (issue.createdAt >= span.to) continue;
    fillConversation(tables, source, span, issue, exported);
    if (exported.has("utterances")) for (const line of utterances(issue, span, instance)) tables.utterances.add(line);
    add("flow_detail", () => flowDetail(issue, span));
    add("flow_completions", () => flowCompletions(issue, span));
    if (issue.opportunities.length > 0) {
      add("issue_queues", () => issueQueues(issue, span, instance));
      add("live_agent_opportunities", () => liveAgentOpportunities(issue, span, instance));
      add("queue_check_ins", () => queueCheckIns(issue, span, instance));
      add("transfers", () => transfers(issue, span, instance));
      add("rep_convos", () => repConvos(issue, span, instance));
      add("rep_assignment_disposition", () => repAssignmentDisposition(issue, span));
    }
    const next = timeline.journeys.next(issue);
    if (within(issue.endedAt, span) || within(next?.createdAt, span)) {
      const previous = timeline.journeys.previous(issue);
      add("issue_callback_3d", () => [issueCallback(issue, next, previous, span, instance)]);
    }
    sessions.add(timeline.journeys.session(issue));
  }
  for (const session of sessions) add("csid_containment", () => [csidContainment(session, span, instance)]);
  for (const glance of timeline.glances(span.from)) {
    add("csid_containment", () => [glanceContainment(glance, glance.events === 1 ? null : instance)]);
  }
  fillRepTime(tables, source, span, exported);
  add("dim_queues", () => dimQueues(centre));
}

const conversationFeeds = [
  "convos_intents",
  "convos_intents_ended",
  "convos_metadata",
  "convos_metadata_ended",
  "convos_metrics",
  "convos_metrics_ended",
] as const;

// The tables of ended conversations hold the same rows without one column, and once more after a rating.
function fillConversation(
  tables: HourlyTables,
  source: Source,
  span: Span,
  issue: Issue,
  exported: ReadonlySet<HourlyFeed>,
): void {
  if (!conversationFeeds.some((feed) => exported.has(feed))) return;
  const state = issueStateAt(issue, span.to);
  const metrics = JSON.stringify(convosMetrics(state));
  const metadata = JSON.stringify(convosMetadata(state));
  const intents = JSON.stringify(convosIntents(state));
  const isNew = span.from >= source.newColumnFrom;
  tables.convos_metrics.add(isNew ? widen(metrics, newColumn.name, issue.messages.length % 3) : metrics);
  tables.convos_metadata.add(widen(metadata, "language_code", issue.intent.queue.language));
  tables.convos_intents.add(intents);
  if (state.ended && (within(issue.endedAt, span) || within(issue.survey?.at, span))) {
    tables.convos_metrics_ended.add(metrics);
    tables.convos_metadata_ended.add(metadata);
    tables.convos_intents_ended.add(intents);
  }
}

function widen(line: string, column: string, value: string | number): string {
  return `${line.slice(0, -1)},"${column}":${JSON.stringify(value)}}`;
}

// The hour's last window lacks three minutes until it is exported again an hour later, if that hour is in the bucket too.
function fillRepTime(
  tables: HourlyTables,
  { timeline, now }: Source,
  span: Span,
  exported: ReadonlySet<HourlyFeed>,
): void {
  if (!exported.has("rep_utilized") && !exported.has("rep_activity")) return;
  const isCorrected = span.to + hour <= hourlyThrough(now);
  for (let window = span.from - windowLength; window < span.to; window += windowLength) {
    const parts = timeline.stretches(window);
    const cutoff = isCorrected && window === span.to - windowLength ? span.to - 3 * minute : span.to;
    tables.rep_utilized.addRows(repUtilized(window, parts, cutoff, span.to));
    tables.rep_activity.addRows(repActivity(window, parts, cutoff, span.to));
  }
}
