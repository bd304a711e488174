import { company } from "../simulator/centre.ts";
import type { Issue, Message } from "../simulator/log.ts";
import { phrasesOf } from "../simulator/phrases.ts";
import { hash } from "../simulator/random.ts";
import { type IssueState, type Row, spellTime, sum, timeBefore } from "./issue-state.ts";
import { seconds, spelling } from "./spelling.ts";

/** One row per conversation: messages, and seconds spent handling, waiting and answering. Times have whole seconds. */
export function convosMetrics(state: IssueState): Row {
  const { issue, assignments, messages, cutoff } = state;
  const phrases = phrasesOf(issue.intent);
  const durations = assignments.flatMap(({ figures }) => figures.durations ?? []);
  const firstResponses = assignments.flatMap(({ assignment }) => {
    const at = timeBefore(assignment.firstResponseAt, cutoff);
    return at === undefined ? [] : [at - assignment.at];
  });
  const total = (what: "handle" | "lead" | "wrap") =>
    durations.length > 0 ? seconds(sum(durations, (each) => each[what])) : undefined;
  const opportunity = state.opportunities[0];
  return {
    company_subdivision: issue.subdivision,
    company_segments: segments(issue),
    first_utterance_ts: spellTime(firstMessage(state)?.at, spelling.isoSeconds) ?? null,
    customer_id: issue.customer,
    platform: issue.platform,
    device_type: issue.device,
    assisted: firstResponses.length > 0 ? 1 : 0,
    total_handle_time: total("handle"),
    total_lead_time: total("lead"),
    total_wrap_up_time: total("wrap"),
    total_session_time: state.ended && opportunity ? seconds(issue.endedAt - opportunity.at) : undefined,
    customer_sent_msgs: messages.filter(({ sender }) => sender === "customer").length,
    auto_generated_msgs: messages.filter(({ sender }) => sender === "bot").length,
    first_rep_response_count: firstResponses.length,
    total_seconds_to_first_rep_response: seconds(sum(firstResponses, (milliseconds) => milliseconds)),
    customer_response_count: sum(assignments, ({ figures }) => figures.customerResponses),
    total_rep_seconds_to_respond: seconds(sum(assignments, ({ figures }) => figures.repResponseTime)),
    total_cust_seconds_to_respond: seconds(sum(assignments, ({ figures }) => figures.customerResponseTime)),
    time_in_queue: seconds(
      sum(state.visits, ({ enteredAt, exitedAt }) => (exitedAt < cutoff ? exitedAt - enteredAt : 0)),
    ),
    auto_suggest_msgs: sum(assignments, ({ figures }) => figures.kinds.autosuggest ?? 0),
    auto_complete_msgs: sum(assignments, ({ figures }) => figures.kinds.autocomplete ?? 0),
    out_business_ct: state.opportunities.filter(({ outsideHours }) => outsideHours).length,
    issue_id: issue.id,
    rep_sent_msgs: sum(assignments, ({ figures }) => figures.repMessages),
    rep_response_count: sum(assignments, ({ figures }) => figures.repResponses),
    auto_wait_for_rep_msgs: messages.filter(({ text }) => text === phrases.connecting || text === phrases.busy).length,
    customer_wait_for_rep_msgs: messages.filter(({ text }) => phrases.askForRep.includes(text)).length,
    hold_ct: 0,
    total_hold_time_seconds: null,
    company_name: company.name,
  };
}

/**
 * One row per conversation: who, where, how it ended. Half of its documented columns are left out, as real exports do,
 * and language_code, which the twin about ended conversations lacks.
 */
export function convosMetadata(state: IssueState): Row {
  const { issue, cutoff, ended } = state;
  const assignments = state.assignments.map(({ assignment }) => assignment);
  const first = assignments[0];
  const last = assignments[assignments.length - 1];
  const disposed = assignments.findLast(({ endedAt }) => endedAt < cutoff);
  const queue = state.opportunities[state.opportunities.length - 1]?.queue;
  const rating = issue.survey && issue.survey.at < cutoff ? issue.survey.rating : null;
  const web = issue.platform === "web";
  const flag = (ending: Issue["ending"]) => (ended && issue.ending === ending ? 1 : 0);
  const { plainSeconds } = spelling;
  return {
    company_id: company.id,
    company_subdivision: issue.subdivision,
    company_segments: segments(issue),
    first_utterance_ts: spellTime(firstMessage(state)?.at, plainSeconds),
    first_utterance_text: firstMessage(state)?.text,
    issue_created_ts: spelling.isoSeconds(issue.createdAt),
    last_event_ts: plainSeconds(lastEvent(state)),
    last_srs_event_ts: spellTime(issue.messages[0]?.at, plainSeconds),
    conversation_end_ts: ended ? plainSeconds(issue.endedAt) : null,
    issue_id: issue.id,
    session_id: issue.session,
    session_type: "asapp-uuid",
    session_event_type: ended ? "UPDATE" : "CREATE",
    internal_user_identifier: String(issue.customer),
    internal_user_session_type: "customer",
    external_user_id: issue.authenticated ? `demo-account-${issue.customer}` : null,
    external_user_type: issue.authenticated ? "demo_CUSTOMER_ACCOUNT_ID" : undefined,
    customer_id: issue.customer,
    escalated_to_chat: state.opportunities.some(({ outsideHours }) => !outsideHours) ? 1 : 0,
    platform: issue.platform,
    device_type: issue.device,
    assigned_to_rep_time: spellTime(first?.at, plainSeconds) ?? null,
    disposition_event_type: disposed && disposed.ending !== "transferred" ? disposed.ending : undefined,
    disposition_ts: spellTime(disposed?.endedAt, plainSeconds),
    termination_event_type: ended ? issue.endedBy : undefined,
    ended_resolved: flag("resolved"),
    ended_unresolved: flag("unresolved"),
    ended_timeout: flag("timeout"),
    ended_auto: flag("auto"),
    ended_other: flag("other"),
    app_version_client: web ? "web-sdk-4.0.0" : `${issue.platform}-sdk-9.1.0`,
    last_sequence_id: state.messages.length + state.opportunities.length,
    issue_queue_id: queue ? String(queue.id) : undefined,
    issue_queue_name: queue?.name,
    csat_rating: rating === null ? null : rating * 100,
    sentiment_valence: ended ? valence(issue) : undefined,
    auth_state: web ? String(issue.authenticated) : issue.authenticated ? "1" : "0",
    auth_source: issue.authenticated && hash(issue.session) % 5 === 0 ? "ivr-url" : undefined,
    is_review_required: hash(issue.session) % 400 === 0,
    first_rep_id: first ? String(first.rep.id) : undefined,
    last_rep_id: last ? String(last.rep.id) : undefined,
    company_name: company.name,
    current_page_url: web ? `https://www.demo.example/${issue.intent.parent.toLowerCase()}` : undefined,
  };
}

/** One row per conversation: what it was about. Its ids are text. */
export function convosIntents(state: IssueState): Row {
  const { issue } = state;
  const first = firstMessage(state);
  const firstIntent = (issue.disambiguations > 0 ? issue.alternative : null) ?? issue.intent;
  const path = firstIntent === issue.intent ? [issue.intent.code] : [firstIntent.code, issue.intent.code];
  const rep = state.assignments[0]?.assignment.rep;
  return {
    customer_id: String(issue.customer),
    first_utterance_ts: spellTime(first?.at, spelling.plainSeconds),
    first_utterance_text: first?.text,
    first_intent_code: first ? firstIntent.code : null,
    first_intent_code_alt: firstIntent === issue.intent ? issue.alternative?.code : issue.intent.code,
    final_intent_code: issue.intent.code,
    intent_path: path.join(","),
    disambig_count: issue.disambiguations,
    ftd_visit: issue.disambiguations > 0,
    final_action_destination: timeBefore(issue.success?.at, state.cutoff)
      ? `asapp-pil://demo/${issue.intent.flow}`
      : null,
    is_first_intent_correct: rep ? firstIntent === issue.intent : undefined,
    issue_id: String(issue.id),
    first_rep_id: rep ? String(rep.id) : undefined,
    company_name: company.name,
  };
}

function firstMessage(state: IssueState): Message | undefined {
  return state.messages.find(({ sender }) => sender === "customer");
}

export function segments(issue: Issue): string | undefined {
  return issue.authenticated ? `[${issue.subdivision},retail]` : undefined;
}

function lastEvent({ issue, messages, assignments, visits, cutoff, ended }: IssueState): number {
  const times = [issue.createdAt, messages[messages.length - 1]?.at, ended ? issue.endedAt : undefined];
  for (const visit of visits) times.push(visit.enteredAt, timeBefore(visit.exitedAt, cutoff));
  for (const { assignment } of assignments) times.push(assignment.at, timeBefore(assignment.endedAt, cutoff));
  times.push(timeBefore(issue.survey?.at, cutoff));
  return Math.max(...times.filter((at) => at !== undefined));
}

function valence(issue: Issue): string {
  if (issue.ending === "unresolved" || issue.negation) return "Negative";
  return issue.ending === "resolved" && hash(issue.session) % 3 > 0 ? "Positive" : "Neutral";
}
