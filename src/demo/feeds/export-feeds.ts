import { docsName, objectKey } from "../../export/layout.ts";
import type { PartitionId } from "../../export/partition.ts";
import type { EventLog, Issue } from "../simulator/log.ts";
import { hash } from "../simulator/random.ts";
import { day, hour, minute } from "../simulator/zone.ts";
import {
  csidContainment,
  customerFeedback,
  flowCompletions,
  flowDetail,
  glanceContainment,
  issueCallback,
  issueSentiment,
} from "./automation-tables.ts";
import {
  convosIntents,
  convosMetadata,
  convosMetadataLanguage,
  convosMetrics,
  utterances,
} from "./conversation-tables.ts";
import { exportDocs } from "./export-docs.ts";
import { eventTimes, type Row, type Span, see, within } from "./known.ts";
import { beingWritten, newColumn, unreadableLine } from "./oddities.ts";
import { type ExportedObject, partitionFiles } from "./partition-files.ts";
import { issueQueues, liveAgentOpportunities, queueCheckIns, transfers } from "./queue-tables.ts";
import { dimQueues, intents, repAttributes, repHierarchy, reps } from "./reference-tables.ts";
import { repAssignmentDisposition, repConvos } from "./rep-tables.ts";
import { type Stretch, stretches, windowLength } from "./rep-time.ts";
import { repActivity, repUtilized } from "./rep-time-tables.ts";
import {
  dailyThrough,
  floor,
  hourlyThrough,
  lastRunOf,
  lastWfmRun,
  newestWindowEnd,
  schedule,
} from "./schedule.ts";
import { type Journeys, journeys } from "./sessions.ts";
import { spelling } from "./spelling.ts";
import { queueEvents, queueMembershipWfm, queueWfm } from "./wfm-tables.ts";

export interface ExportOptions {
  prefix?: string; // the bucket's sub-folder, if any
  feeds?: readonly string[]; // default: all
}

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

export const dailyFeeds = [
  "customer_feedback",
  "export_row_counts",
  "intents",
  "issue_sentiment",
  "rep_attributes",
  "rep_hierarchy",
  "reps",
] as const;

export const wfmFeeds = ["queue_membership_wfm", "queue_wfm"] as const;

export const simulatedFeeds: readonly string[] = [...hourlyFeeds, ...dailyFeeds, ...wfmFeeds].sort();

type Tables<Name extends string> = Record<Name, Row[]>;

/**
 * Writes the log as an export would have by `log.now`: every partition since the log began, oldest first, each telling
 * what was known at its end. Most partitions depend on their own events only, so a later `now` adds objects and changes few.
 */
export function* exportFeeds(log: EventLog, options: ExportOptions = {}): Generator<ExportedObject> {
  const prefix = options.prefix ?? "";
  const wanted = (feed: string) => !options.feeds || options.feeds.includes(feed);
  const splitAt = Math.max(50, Math.round(1500 * log.centre.scale));
  const counts = new Map<string, Row[]>(); // by UTC day
  const source = sourceOf(log);

  const write = (id: PartitionId, rows: readonly Row[], doneAt: number, marker = true) => {
    if (!wanted(id.feed)) return [];
    const lines = rows.map((row) => JSON.stringify(row));
    const start = Date.parse(`${id.dt}T${id.hr ?? "00"}:00:00Z`);
    const spoiled = id.hr === null ? null : unreadableLine(id.feed, start, lines);
    if (spoiled !== null) lines.push(spoiled);
    if (marker) count(counts, id, lines.length);
    return partitionFiles(prefix, { id, lines, doneAt, marker, splitAt });
  };

  const end = Math.max(hourlyThrough(log.now), dailyThrough(log.now), lastWfmRun(log.now)) + hour;
  for (let at = floor(log.from, hour); at < end; at += hour) {
    for (let run = at + schedule.wfm.at; run < at + hour; run += schedule.wfm.every) {
      if (run > lastWfmRun(log.now) || newestWindowEnd(run) <= log.from) continue;
      for (const [feed, rows] of Object.entries(wfmTables(source, run))) {
        yield* write(partition(feed, run, "wfm"), rows, run + schedule.wfm.after);
      }
    }
    if (at + hour <= hourlyThrough(log.now)) {
      const doneAt = at + hour + schedule.hourly.after;
      for (const [feed, rows] of Object.entries(hourlyTables(source, { from: at, to: at + hour }))) {
        yield* write(partition(feed, at, "hourly"), rows, doneAt);
      }
    } else if (at === hourlyThrough(log.now)) {
      const rows = hourlyTables(source, { from: at, to: log.now })[beingWritten];
      yield* write(partition(beingWritten, at, "hourly"), rows, log.now - 30_000, false);
    }
    if ((at + hour) % day === 0 && at + hour <= dailyThrough(log.now)) {
      const span = { from: at + hour - day, to: at + hour };
      const doneAt = span.to + schedule.daily.after;
      for (const [feed, rows] of Object.entries(dailyTables(source, span))) {
        yield* write(partition(feed, span.from, "daily"), rows, doneAt);
      }
      const id = partition("export_row_counts", span.from, "daily");
      yield* write(id, counts.get(id.dt) ?? [], doneAt + 20 * minute);
      counts.delete(id.dt);
      yield* docs(source, span, prefix);
    }
  }
}

interface Source {
  log: EventLog;
  byHour: Map<number, Issue[]>; // issues with an event in the hour
  byDay: Map<number, Issue[]>; // issues that ended, or were rated, on the UTC day
  windows: Map<number, Stretch[]>;
  queues: ReturnType<typeof queueEvents>;
  journeys: Journeys;
  newColumnFrom: number;
}

function sourceOf(log: EventLog): Source {
  const byHour = new Map<number, Issue[]>();
  const byDay = new Map<number, Issue[]>();
  const related = journeys(log);
  for (const issue of log.issues) {
    const times = eventTimes(issue);
    for (const { at } of issue.messages) times.push(at + 20_000);
    const follower = related.next.get(issue);
    if (follower) times.push(follower.createdAt);
    for (const at of new Set(times.map((time) => floor(time, hour)))) push(byHour, at, issue);
    const ends = [issue.endedAt, ...(issue.survey ? [issue.survey.at] : [])];
    for (const at of new Set(ends.map((time) => floor(time, day)))) push(byDay, at, issue);
  }
  const half = (log.from + log.now) / 2;
  return {
    log,
    byHour,
    byDay,
    windows: stretches(log),
    queues: queueEvents(log),
    journeys: related,
    newColumnFrom: log.now - log.from > 4 * day ? floor(half, day) : floor(half, hour),
  };
}

function hourlyTables(source: Source, span: Span): Tables<(typeof hourlyFeeds)[number]> {
  const { log, windows, journeys: related } = source;
  const tables = Object.fromEntries(hourlyFeeds.map((feed) => [feed, [] as Row[]])) as Tables<
    (typeof hourlyFeeds)[number]
  >;
  const instance = spelling.plainMicro(span.from + (hash(String(span.from)) % 9000));
  const sessions = new Set<ReturnType<Journeys["session"]["get"]>>();
  for (const issue of source.byHour.get(span.from) ?? []) {
    const sight = see(issue, span.to);
    const metrics = convosMetrics(sight);
    if (span.from >= source.newColumnFrom) metrics[newColumn.name] = issue.opportunities.length % 3;
    tables.convos_metrics.push(metrics);
    tables.convos_metadata.push(convosMetadataLanguage(sight));
    tables.convos_intents.push(convosIntents(sight));
    if (sight.ended && (within(issue.endedAt, span) || within(issue.survey?.at, span))) {
      tables.convos_metrics_ended.push(convosMetrics(sight));
      tables.convos_metadata_ended.push(convosMetadata(sight));
      tables.convos_intents_ended.push(convosIntents(sight));
    }
    tables.utterances.push(...utterances(issue, span, instance));
    tables.issue_queues.push(...issueQueues(issue, span, instance));
    tables.live_agent_opportunities.push(...liveAgentOpportunities(issue, span, instance));
    tables.queue_check_ins.push(...queueCheckIns(issue, span, instance));
    tables.transfers.push(...transfers(issue, span, instance));
    tables.rep_convos.push(...repConvos(issue, span, instance));
    tables.rep_assignment_disposition.push(...repAssignmentDisposition(issue, span));
    tables.flow_detail.push(...flowDetail(issue, span));
    tables.flow_completions.push(...flowCompletions(issue, span));
    const next = related.next.get(issue);
    if (within(issue.endedAt, span) || within(next?.createdAt, span)) {
      tables.issue_callback_3d.push(issueCallback(issue, next, related.previous.get(issue), span, instance));
    }
    const session = related.session.get(issue)!;
    if (!sessions.has(session)) tables.csid_containment.push(csidContainment(session, span, instance));
    sessions.add(session);
  }
  for (const glance of log.glances) {
    if (within(glance.to, span)) tables.csid_containment.push(glanceContainment(glance, instance));
  }
  // The hour's last window is told again an hour later, then in full.
  const corrected = span.to + hour <= hourlyThrough(log.now);
  for (let window = span.from - windowLength; window < span.to; window += windowLength) {
    const parts = windows.get(window) ?? [];
    const cutoff = corrected && window === span.to - windowLength ? span.to - 3 * minute : span.to;
    tables.rep_utilized.push(...repUtilized(window, parts, cutoff, span.to));
    tables.rep_activity.push(...repActivity(window, parts, cutoff, span.to));
  }
  tables.dim_queues = dimQueues(log.centre);
  return tables;
}

function dailyTables({ log, byDay }: Source, span: Span): Record<string, Row[]> {
  const instance = spelling.plainMicro(span.from);
  const issues = byDay.get(span.from) ?? [];
  return {
    customer_feedback: issues.flatMap((issue) =>
      within(issue.survey?.at, span) ? customerFeedback(issue) : [],
    ),
    intents: intents(log.centre),
    issue_sentiment: issues
      .filter(({ endedAt }) => within(endedAt, span))
      .map((issue) => issueSentiment(issue, instance)),
    rep_attributes: repAttributes(log.centre),
    rep_hierarchy: repHierarchy(log.centre),
    reps: reps(log.centre, span.to),
  };
}

/** The rows of one intraday run: two new windows, and the four before them again. */
function wfmTables({ log, windows, queues }: Source, run: number): Record<string, Row[]> {
  const newest = newestWindowEnd(run);
  const tables: Record<string, Row[]> = { queue_wfm: [], queue_membership_wfm: [] };
  for (let end = newest - 5 * windowLength; end <= newest; end += windowLength) {
    const window = end - windowLength;
    if (window < log.from) continue;
    const parts = windows.get(window) ?? [];
    // A window is told wrongly only if the run that puts it right is in the bucket too.
    const corrected = lastRunOf(end) <= lastWfmRun(log.now);
    const told = (at: number, late: number) => !corrected || at + late <= run - 5 * minute;
    const cutoff = corrected && end === newest ? end - 3 * minute : end;
    tables.queue_wfm!.push(...queueWfm(log.centre.queues, queues, window, parts, told));
    tables.queue_membership_wfm!.push(...queueMembershipWfm(window, parts, cutoff));
  }
  return tables;
}

function* docs({ newColumnFrom }: Source, span: Span, prefix: string): Generator<ExportedObject> {
  const dt = dateOf(span.from);
  const id = { feed: docsName, version: "1", format: "yaml", dt, hr: null, mi: null };
  const announced = span.to > newColumnFrom ? dateOf(newColumnFrom) : null;
  const body = Buffer.from(exportDocs(simulatedFeeds, announced));
  const modified = new Date(span.to + schedule.daily.after);
  yield { key: objectKey(prefix, id, `${docsName}.yaml`), body, modified, rows: 0 };
}

function partition(feed: string, at: number, cadence: keyof typeof schedule): PartitionId {
  const clock = new Date(at).toISOString();
  return {
    feed,
    version: "1",
    format: "jsonl",
    dt: clock.slice(0, 10),
    hr: cadence === "daily" ? null : clock.slice(11, 13),
    mi: cadence === "wfm" ? (Number(clock.slice(14, 16)) < 30 ? "00" : "30") : null,
  };
}

function count(counts: Map<string, Row[]>, { feed, dt, hr, mi }: PartitionId, rows: number): void {
  push(counts, dt, {
    export_name: feed,
    company_name: "demo",
    export_date: dt,
    export_interval: hr === null ? "1d" : mi === null ? `hr=${hr}` : `hr=${hr}/mi=${mi}`,
    exported_rows: rows,
  });
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
