import type { Assignment, Issue, Message, Opportunity, Visit } from "../simulator/log.ts";

/** One line of a feed. An undefined value is left out of the JSON, a null is written. */
export type Row = Record<string, unknown>;

/** The hour (or day) of a partition. An event belongs to it when from <= time < to. */
export interface Span {
  from: number;
  to: number;
}

export function within(at: number | null | undefined, span: Span): boolean {
  return at !== null && at !== undefined && at >= span.from && at < span.to;
}

/** The time of an event before the cutoff, else undefined. */
export function timeBefore(at: number | null | undefined, cutoff: number): number | undefined {
  return at !== null && at !== undefined && at < cutoff ? at : undefined;
}

export function spellTime(at: number | null | undefined, spell: (at: number) => string): string | undefined {
  return at === null || at === undefined ? undefined : spell(at);
}

/** The times of all events of an issue. */
export function eventTimes(issue: Issue): number[] {
  const times = [issue.createdAt, issue.endedAt];
  for (const message of issue.messages) times.push(message.at);
  for (const step of issue.steps) times.push(step.at);
  if (issue.success) times.push(issue.success.at);
  if (issue.negation) times.push(issue.negation.at);
  if (issue.survey) times.push(issue.survey.at);
  for (const { at, visit, assignment } of issue.opportunities) {
    times.push(at);
    if (visit) times.push(visit.enteredAt, visit.exitedAt);
    if (visit?.checkIn) times.push(visit.checkIn.at, visit.checkIn.resultAt);
    if (assignment) times.push(assignment.at, assignment.endedAt);
  }
  return times;
}

export function assignmentsOf(issue: Issue): Assignment[] {
  return issue.opportunities.map(({ assignment }) => assignment).filter((assignment) => assignment !== null);
}

export interface AssignmentFigures {
  customerMessages: number;
  repMessages: number;
  repResponses: number;
  customerResponses: number;
  repResponseTime: number; // milliseconds, as all below
  longestRepResponse: number;
  customerResponseTime: number;
  kinds: Record<string, number>;
  durations: { handle: number; lead: number; wrap: number } | null; // null until the assignment has ended
}

/**
 * The figures of an assignment at a cutoff. Lead time runs to the customer's last message, and equals handle time without
 * one; wrap-up is the rest of handle time. A response answers the first message since the last answer.
 */
export function figures(issue: Issue, assignment: Assignment, cutoff: number): AssignmentFigures {
  const until = Math.min(assignment.endedAt, cutoff);
  const result: AssignmentFigures = {
    customerMessages: 0,
    repMessages: 0,
    repResponses: 0,
    customerResponses: 0,
    repResponseTime: 0,
    longestRepResponse: 0,
    customerResponseTime: 0,
    kinds: {},
    durations: null,
  };
  let awaitingReply: number | null = null;
  let repliedAt: number | null = null;
  let lastCustomerMessage: number | null = null;
  for (const { at, sender, kind } of issue.messages) {
    if (at < assignment.at || at >= until) continue;
    if (sender === "customer") {
      result.customerMessages++;
      lastCustomerMessage = at;
      if (repliedAt !== null) {
        result.customerResponses++;
        result.customerResponseTime += at - repliedAt;
      }
      awaitingReply ??= at;
      repliedAt = null;
    } else if (sender === "rep") {
      result.repMessages++;
      if (kind) result.kinds[kind] = (result.kinds[kind] ?? 0) + 1;
      if (awaitingReply !== null) {
        result.repResponses++;
        result.repResponseTime += at - awaitingReply;
        result.longestRepResponse = Math.max(result.longestRepResponse, at - awaitingReply);
      }
      awaitingReply = null;
      repliedAt = at;
    }
  }
  if (assignment.endedAt < cutoff) {
    const handle = assignment.endedAt - assignment.at;
    const lead = lastCustomerMessage === null ? handle : lastCustomerMessage - assignment.at;
    result.durations = { handle, lead, wrap: handle - lead };
  }
  return result;
}

/** The state of an issue at a cutoff. */
export interface IssueState {
  issue: Issue;
  cutoff: number;
  messages: Message[];
  opportunities: Opportunity[];
  visits: Visit[]; // entered before the cutoff
  assignments: { assignment: Assignment; figures: AssignmentFigures }[]; // begun before the cutoff
  ended: boolean;
}

export function issueStateAt(issue: Issue, cutoff: number): IssueState {
  const opportunities = issue.opportunities.filter(({ at }) => at < cutoff);
  const { messages } = issue;
  return {
    issue,
    cutoff,
    messages: (messages.at(-1)?.at ?? 0) < cutoff ? messages : messages.filter(({ at }) => at < cutoff),
    opportunities,
    visits: opportunities
      .map(({ visit }) => visit)
      .filter((visit) => visit !== null)
      .filter(({ enteredAt }) => enteredAt < cutoff),
    assignments: assignmentsOf(issue)
      .filter(({ at }) => at < cutoff)
      .map((assignment) => ({ assignment, figures: figures(issue, assignment, cutoff) })),
    ended: issue.endedAt < cutoff,
  };
}

export function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
