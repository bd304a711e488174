import { company } from "../simulator/centre.ts";
import type { Assignment, Issue, Opportunity, Transfer, Visit } from "../simulator/log.ts";
import { segments } from "./conversation-tables.ts";
import { type Row, type Span, within } from "./issue-state.ts";
import { type Spell, seconds, spelling } from "./spelling.ts";

/** One row per visit to a queue; without its end while the customer waits. */
export function issueQueues(issue: Issue, span: Span, instance: string): Row[] {
  return issue.opportunities.flatMap((opportunity) => {
    const { visit } = opportunity;
    if (!visit || !(within(visit.enteredAt, span) || within(visit.exitedAt, span))) return [];
    return [issueQueue(issue, opportunity, visit, span.to, instance)];
  });
}

function issueQueue(issue: Issue, opportunity: Opportunity, visit: Visit, cutoff: number, instance: string): Row {
  const hasLeft = visit.exitedAt < cutoff;
  const transfer = opportunity.kind === "transfer";
  // Two spellings of the same instants within one file: both keep the milliseconds.
  const spell: Spell = issue.id % 3 === 0 ? spelling.plainMillis : spelling.isoMicro;
  return {
    instance_ts: instance,
    company_subdivision: issue.subdivision,
    company_segments: segments(issue),
    enter_queue_ts: spell(visit.enteredAt),
    exit_queue_ts: hasLeft ? spell(visit.exitedAt) : null,
    queue_id: visit.queue.id,
    queue_name: visit.queue.name,
    abandoned: hasLeft && visit.abandoned,
    enqueue_time: hasLeft ? seconds(visit.exitedAt - visit.enteredAt) : null,
    exit_queue_eventtype: hasLeft ? exitEvent(visit) : undefined,
    rep_id: hasLeft && opportunity.assignment ? String(opportunity.assignment.rep.id) : undefined,
    enter_queue_eventtype: transfer ? "TRANSFER_REQUESTED" : "SRS_HIER_AND_TREEWALK",
    enter_queue_eventflags: transfer ? 2 : opportunity.reason === "by_request" ? 1 : 4,
    enter_queue_flow_name: visit.busy ? "LiveChatAgentsBusyFlow" : "LiveChatFlow",
    enter_queue_message_name: visit.busy ? "shortWaitFormNode" : "someoneWillBeWithYou",
    exit_queue_eventflags: hasLeft ? (visit.abandoned ? (timedOut(visit) ? 4 : 1) : 2) : undefined,
    issue_id: issue.id,
    company_name: company.name,
  };
}

function timedOut(visit: Visit): boolean {
  return visit.checkIn !== null && !visit.checkIn.accepted;
}

function exitEvent(visit: Visit): string {
  if (!visit.abandoned) return "NEW_REP";
  return timedOut(visit) ? "CUSTOMER_TIMEDOUT" : "CONVERSATION_END";
}

/** One row per "are you still there?" to a waiting customer; the answer follows, perhaps in the next hour. */
export function queueCheckIns(issue: Issue, span: Span, instance: string): Row[] {
  return issue.opportunities.flatMap(({ at, visit }) => {
    const checkIn = visit?.checkIn;
    if (!checkIn || !(within(checkIn.at, span) || within(checkIn.resultAt, span))) return [];
    const answered = checkIn.resultAt < span.to;
    return {
      issue_id: issue.id,
      customer_id: issue.customer,
      company_id: company.id,
      instance_ts: instance,
      check_in_ts: spelling.plainMillis(checkIn.at),
      wait_time_threshold_ts: spelling.plainMillis(checkIn.thresholdAt),
      check_in_result: answered ? (checkIn.accepted ? "Accepted" : "Dequeued") : null,
      check_in_result_ts: answered ? spelling.plainMillis(checkIn.resultAt) : null,
      company_name: company.name,
      wait_time_threshold_ct_distinct: 1,
      queue_id: visit.queue.id,
      queue_name: visit.queue.name,
      opportunity_ts: spelling.isoMicro(at),
    };
  });
}

/** One row per transfer request of a rep, answered or not. */
export function transfers(issue: Issue, span: Span, instance: string): Row[] {
  return issue.opportunities.flatMap(({ assignment }) => {
    const transfer = assignment?.transfer;
    if (!transfer || !(within(transfer.requestedAt, span) || within(transfer.repliedAt, span))) return [];
    return [transferRow(issue, assignment, transfer, span.to, instance)];
  });
}

function transferRow(issue: Issue, assignment: Assignment, transfer: Transfer, cutoff: number, instance: string): Row {
  const { to, direct, auto, accepted, clicks, receiver } = transfer;
  const replied = transfer.repliedAt < cutoff;
  return {
    instance_ts: instance,
    timestamp_req: spelling.isoMicro(transfer.requestedAt),
    timestamp_reply: replied ? spelling.isoMicro(transfer.repliedAt) : null,
    company_id: company.id,
    company_subdivision: issue.subdivision,
    group_transfer_to: String(to.id),
    group_transfer_to_name: to.name,
    group_transfer_from: String(assignment.queue.id),
    group_transfer_from_name: assignment.queue.name,
    accepted: replied && accepted,
    is_auto_transfer: auto,
    exit_transfer_event_type: replied ? (accepted ? "TRANSFER_ACCEPTED" : "CONVERSATION_END") : undefined,
    transfer_button_clicks: clicks,
    issue_id: issue.id,
    rep_id: String(assignment.rep.id),
    requested_rep_transfer: direct ? assignment.rep.id : undefined,
    actual_rep_transfer: replied && receiver ? receiver.id : undefined,
    company_name: company.name,
    requested_group_transfer_id: to.id,
    requested_group_transfer_name: to.name,
  };
}
