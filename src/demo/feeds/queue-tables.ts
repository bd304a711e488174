import { company } from "../simulator/centre.ts";
import type { Assignment, Issue, Opportunity, Visit } from "../simulator/log.ts";
import { segments } from "./conversation-tables.ts";
import { figures, known, type Row, type Span, within, write } from "./known.ts";
import { type Spell, seconds, spelling } from "./spelling.ts";

/** One row per visit to a queue; while the customer waits, without its end. */
export function issueQueues(issue: Issue, span: Span, instance: string): Row[] {
  return issue.opportunities.flatMap((opportunity) => {
    const { visit } = opportunity;
    if (!visit || !(within(visit.enteredAt, span) || within(visit.exitedAt, span))) return [];
    return [issueQueue(issue, opportunity, visit, span.to, instance)];
  });
}

function issueQueue(
  issue: Issue,
  opportunity: Opportunity,
  visit: Visit,
  cutoff: number,
  instance: string,
): Row {
  const left = visit.exitedAt < cutoff;
  const transfer = opportunity.kind === "transfer";
  // Two spellings of the same instants within one file: both keep the milliseconds.
  const spell: Spell = issue.id % 3 === 0 ? spelling.plainMillis : spelling.isoMicro;
  return {
    instance_ts: instance,
    company_subdivision: issue.subdivision,
    company_segments: segments(issue),
    enter_queue_ts: spell(visit.enteredAt),
    exit_queue_ts: left ? spell(visit.exitedAt) : null,
    queue_id: visit.queue.id,
    queue_name: visit.queue.name,
    abandoned: left && visit.abandoned,
    enqueue_time: left ? seconds(visit.exitedAt - visit.enteredAt) : null,
    exit_queue_eventtype: left ? exitEvent(visit) : undefined,
    rep_id: left && opportunity.assignment ? String(opportunity.assignment.rep.id) : undefined,
    enter_queue_eventtype: transfer ? "TRANSFER_REQUESTED" : "SRS_HIER_AND_TREEWALK",
    enter_queue_eventflags: transfer ? 2 : opportunity.reason === "by_request" ? 1 : 4,
    enter_queue_flow_name: visit.busy ? "LiveChatAgentsBusyFlow" : "LiveChatFlow",
    enter_queue_message_name: visit.busy ? "shortWaitFormNode" : "someoneWillBeWithYou",
    exit_queue_eventflags: left ? (visit.abandoned ? (timedOut(visit) ? 4 : 1) : 2) : undefined,
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

/** One row per try to reach a rep, from the wish to the disposition. */
export function liveAgentOpportunities(issue: Issue, span: Span, instance: string): Row[] {
  return issue.opportunities.flatMap((opportunity, index) => {
    const { at, visit, assignment } = opportunity;
    const times = [
      at,
      visit?.enteredAt,
      visit?.exitedAt,
      assignment?.at,
      assignment?.firstResponseAt,
      assignment?.endedAt,
    ];
    if (!times.some((time) => within(time, span))) return [];
    return [opportunityRow(issue, opportunity, index, span.to, instance)];
  });
}

function opportunityRow(
  issue: Issue,
  opportunity: Opportunity,
  index: number,
  cutoff: number,
  instance: string,
): Row {
  const { visit, reason, kind, queue, from } = opportunity;
  const { plainMillis } = spelling;
  const spell = (at: number | null | undefined) => write(known(at, cutoff), plainMillis);
  const assignment = known(opportunity.assignment?.at, cutoff) ? opportunity.assignment : null;
  const done = assignment && figures(issue, assignment, cutoff);
  const started = visit?.enteredAt ?? assignment?.at;
  return {
    instance_ts: instance,
    company_id: company.id,
    company_subdivision: issue.subdivision,
    company_segments: segments(issue),
    customer_id: issue.customer,
    rep_id: assignment ? String(assignment.rep.id) : null,
    opportunity_ts: plainMillis(opportunity.at),
    issue_id: issue.id,
    platform: issue.platform,
    device_type: issue.device,
    first_opportunity: index === 0,
    triggered_when_busy: visit?.busy ?? false,
    triggered_outside_hours: opportunity.outsideHours,
    queue_id: queue.id,
    queue_name: queue.name,
    intent_code: reason === "by_other" && kind !== "transfer" ? null : issue.intent.code,
    event_type: visit ? (kind === "transfer" ? "TRANSFER_REQUESTED" : "SRS_HIER_AND_TREEWALK") : "NEW_REP",
    flow_name: issue.intent.flow,
    ...Object.fromEntries(reasons.map((name) => [name, name === reason])),
    enqueued_ts: spell(visit?.enteredAt) ?? null,
    exit_queue_ts: spell(visit?.exitedAt) ?? null,
    abandoned_ts: visit?.abandoned ? (spell(visit.exitedAt) ?? null) : null,
    assigned_ts: spell(assignment?.at) ?? null,
    escalation_initiated_ts: opportunity.outsideHours ? null : (spell(started) ?? null),
    rep_first_response_ts: spell(assignment?.firstResponseAt),
    dispositioned_ts: spell(assignment?.endedAt),
    customer_end_ts: spell(assignment?.customerLeftAt),
    disposition_event_type: done?.handle ? assignment!.ending : undefined,
    cust_utterance_count: done?.customerMessages,
    rep_utterance_count: done?.repMessages,
    cust_response_ct: done?.customerResponses,
    rep_response_ct: done?.repResponses,
    is_ghost_customer: done?.handle ? assignment!.ghost : undefined,
    handle_time_seconds: done?.handle ? seconds(done.handle) : undefined,
    lead_time_seconds: done?.handle ? seconds(done.lead!) : undefined,
    wrap_up_time_seconds: done?.handle ? seconds(done.wrap!) : undefined,
    accepted_wait_ts: spell(visit && visit.enteredAt + 200),
    is_transfer: kind === "transfer",
    is_reengagement: kind === "reengagement",
    is_conversation_initiation: kind === "start",
    company_name: company.name,
    from_queue_id: from?.queue.id,
    from_queue_name: from?.queue.name,
    from_rep_id: from?.rep.id,
    is_check_in_reengagement: false,
  };
}

const reasons = ["by_request", "by_end_srs", "by_api_error", "by_design", "by_other"];

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

/** One row per wish of a rep to hand a conversation on, answered or not. */
export function transfers(issue: Issue, span: Span, instance: string): Row[] {
  return issue.opportunities.flatMap(({ assignment }) => {
    const transfer = assignment?.transfer;
    if (!transfer || !(within(transfer.requestedAt, span) || within(transfer.repliedAt, span))) return [];
    return [transferRow(issue, assignment, span.to, instance)];
  });
}

function transferRow(issue: Issue, assignment: Assignment, cutoff: number, instance: string): Row {
  const transfer = assignment.transfer!;
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
