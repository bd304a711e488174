import { company } from "../simulator/centre.ts";
import type { Issue, Opportunity } from "../simulator/log.ts";
import { segments } from "./conversation-tables.ts";
import { figures, type Row, type Span, spellTime, timeBefore, within } from "./issue-state.ts";
import { seconds, spelling } from "./spelling.ts";

/** One row per attempt to reach a rep, from the request to the disposition. */
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

function opportunityRow(issue: Issue, opportunity: Opportunity, index: number, cutoff: number, instance: string): Row {
  const { visit, reason, kind, queue, from } = opportunity;
  const { plainMillis } = spelling;
  const spell = (at: number | null | undefined) => spellTime(timeBefore(at, cutoff), plainMillis);
  const assignment = timeBefore(opportunity.assignment?.at, cutoff) ? opportunity.assignment : null;
  const done = assignment && figures(issue, assignment, cutoff);
  const durations = done?.durations;
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
    disposition_event_type: durations ? assignment?.ending : undefined,
    cust_utterance_count: done?.customerMessages,
    rep_utterance_count: done?.repMessages,
    cust_response_ct: done?.customerResponses,
    rep_response_ct: done?.repResponses,
    is_ghost_customer: durations ? assignment?.ghost : undefined,
    handle_time_seconds: durations ? seconds(durations.handle) : undefined,
    lead_time_seconds: durations ? seconds(durations.lead) : undefined,
    wrap_up_time_seconds: durations ? seconds(durations.wrap) : undefined,
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
