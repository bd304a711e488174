import { company } from "../simulator/centre.ts";
import type { Assignment, Issue } from "../simulator/log.ts";
import { hash } from "../simulator/random.ts";
import { segments } from "./conversation-tables.ts";
import { assignmentsOf, figures, type Row, type Span, spellTime, timeBefore, within } from "./issue-state.ts";
import { seconds, spelling } from "./spelling.ts";

/** One row per assignment; while it lasts, without its disposition. Rep ids are numbers here. */
export function repConvos(issue: Issue, span: Span, instance: string): Row[] {
  return assignmentsOf(issue)
    .filter((assignment) => within(assignment.at, span) || within(assignment.endedAt, span))
    .map((assignment) => repConvo(issue, assignment, span.to, instance));
}

function repConvo(issue: Issue, assignment: Assignment, cutoff: number, instance: string): Row {
  const done = figures(issue, assignment, cutoff);
  const spell = (at: number | null) => spellTime(timeBefore(at, cutoff), spelling.isoMicro);
  const { durations } = done;
  const first = timeBefore(assignment.firstResponseAt, cutoff);
  const { autosuggest = 0, autocomplete = 0, script = 0 } = done.kinds;
  return {
    instance_ts: instance,
    company_subdivision: issue.subdivision,
    company_segments: segments(issue),
    issue_assigned_ts: spelling.isoMicro(assignment.at),
    dispositioned_ts: spell(assignment.endedAt) ?? null,
    customer_end_ts: spell(assignment.customerLeftAt),
    disposition_event_type: durations ? assignment.endedBy : null,
    cust_utterance_count: done.customerMessages,
    rep_utterance_count: done.repMessages,
    handle_time_seconds: durations && seconds(durations.handle),
    lead_time_seconds: durations && seconds(durations.lead),
    wrap_up_time_seconds: durations && seconds(durations.wrap),
    rep_response_ct: done.repResponses,
    cust_response_ct: done.customerResponses,
    auto_suggest_msgs: autosuggest,
    auto_complete_msgs: autocomplete,
    custom_auto_suggest_msgs: 0,
    custom_auto_complete_msgs: 0,
    drawer_msgs: script,
    is_ghost_customer: durations ? assignment.ghost : false,
    first_response_seconds: first === undefined ? undefined : seconds(first - assignment.at),
    cume_rep_response_seconds: seconds(done.repResponseTime),
    max_rep_response_seconds: done.repResponses > 0 ? seconds(done.longestRepResponse) : undefined,
    avg_rep_response_seconds: done.repResponses > 0 ? seconds(done.repResponseTime / done.repResponses) : undefined,
    cume_cust_response_seconds: seconds(done.customerResponseTime),
    issue_id: issue.id,
    rep_id: assignment.rep.id,
    rep_first_response_ts: spell(assignment.firstResponseAt),
    hold_ct: 0,
    company_name: company.name,
    client_mode: "CHAT",
    queue_id: assignment.queue.id,
    augmented_msgs: autosuggest + autocomplete + script,
  };
}

/** One row per ended assignment: how it was dispositioned and what the summary said. */
export function repAssignmentDisposition(issue: Issue, span: Span): Row[] {
  return assignmentsOf(issue)
    .filter((assignment) => within(assignment.endedAt, span))
    .map((assignment) => {
      const tags = [issue.intent.parent.toLowerCase(), assignment.ending];
      const summarized = assignment.ending === "resolved" && hash(issue.session) % 3 > 0;
      return {
        company_id: company.id,
        issue_id: issue.id,
        rep_id: String(assignment.rep.id),
        rep_assigned_ts: spelling.plainMicro(assignment.at),
        disposition_event: assignment.ending.toUpperCase(),
        disposition_notes_valid: false,
        crm_offered_ts: spelling.plainMicro(assignment.endedAt),
        crm_is_success: hash(issue.session) % 50 > 0,
        presented_tags: tags.join(","),
        selected_tags: tags[0],
        presented_tags_ct_distinct: 2,
        selected_tags_ct_distinct: 1,
        company_name: company.name,
        auto_summary_txt: summarized ? `Customer asked: ${issue.intent.name}. Solved.` : null,
      };
    });
}
