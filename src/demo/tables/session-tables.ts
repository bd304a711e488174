import { company } from "../simulator/centre.ts";
import type { Glance, Issue, Message } from "../simulator/log.ts";
import { segments } from "./conversation-tables.ts";
import { issueStateAt, type Row, type Span, sum } from "./issue-state.ts";
import type { Session } from "./journeys.ts";
import { iso, spelling } from "./spelling.ts";

/** One row per session: a customer's conversations with less than half an hour between them. */
export function csidContainment(session: Session, span: Span, instance: string): Row {
  const states = session.issues
    .filter(({ createdAt }) => createdAt < span.to)
    .map((issue) => issueStateAt(issue, span.to));
  const latest = states.at(-1)?.issue;
  if (latest === undefined) throw new Error("a session has a conversation before the cutoff");
  const reps = new Set<number>();
  let end = session.from;
  for (const { issue, messages, assignments, ended } of states) {
    for (const { assignment } of assignments) reps.add(assignment.rep.id);
    end = Math.max(end, messages[messages.length - 1]?.at ?? 0, ended ? issue.endedAt : 0);
  }
  const sent = (sender: Message["sender"]) =>
    sum(states, ({ messages }) => messages.filter((message) => message.sender === sender).length);
  const written = sent("customer");
  const stepCount = sum(states, ({ issue }) => issue.steps.filter(({ at }) => at < span.to).length);
  const source = latest.authenticated ? "login" : undefined;
  // Twenty times as fast as an object spread.
  return Object.assign(sessionRow(session.customer, session.from, end, instance), {
    company_subdivision: latest.subdivision,
    company_segments: segments(latest),
    included_issues: states.map(({ issue }) => issue.id).join("|"),
    is_contained: reps.size === 0,
    event_count: written + stepCount,
    fgsrs_event_count: stepCount,
    was_enqueued: states.some(({ visits }) => visits.length > 0),
    rep_msgs: sent("rep"),
    messages_sent: written,
    has_customer_utterance: written > 0,
    attempted_escalate: states.some(({ opportunities }) => opportunities.length > 0),
    last_platform: latest.platform.toUpperCase(),
    last_device_type: latest.device,
    first_auth_source: source,
    last_auth_source: source,
    distinct_auth_source_path: source,
    first_auth_external_user_id: latest.authenticated ? `demo-account-${session.customer}` : undefined,
    reps_involved: reps.size > 0 ? [...reps].join("|") : null,
  });
}

/** The row of a session without messages. */
export function glanceContainment(glance: Glance, instance: string | null): Row {
  return {
    ...sessionRow(glance.customer, glance.from, glance.to, instance),
    included_issues: null,
    is_contained: true,
    event_count: glance.events,
    fgsrs_event_count: 0,
    was_enqueued: false,
    rep_msgs: 0,
    messages_sent: 0,
    has_customer_utterance: false,
    attempted_escalate: false,
    last_platform: "WEB",
  };
}

function sessionRow(customer: number, from: number, to: number, instance: string | null): Row {
  return {
    instance_ts: instance,
    company_id: company.id,
    customer_id: customer,
    csid: `${customer}_${iso(from).slice(0, 23)}`,
    csid_start_ts: spelling.isoMicro(from),
    csid_end_ts: spelling.isoMicro(to),
    company_name: company.name,
  };
}

/** One row per ended conversation, restated when the customer is back within three days. */
export function issueCallback(
  issue: Issue,
  next: Issue | undefined,
  previous: Issue | undefined,
  span: Span,
  instance: string,
): Row {
  const { plainSeconds } = spelling;
  const callback = next && next.createdAt < span.to ? next : null;
  return {
    instance_ts: instance,
    issue_id: issue.id,
    company_id: company.id,
    company_subdivision: issue.subdivision,
    customer_id: issue.customer,
    issue_created_ts: spelling.isoSeconds(issue.createdAt),
    issue_disconnect_ts: plainSeconds(issue.endedAt),
    issue_cutoff_ts: plainSeconds(issue.endedAt + 3 * 86_400_000),
    next_callback_issue_id: callback?.id ?? null,
    next_callback_issue_created_ts: callback && plainSeconds(callback.createdAt),
    time_btwn_next_callback_issue_seconds: callback && (callback.createdAt - issue.endedAt) / 1000,
    callback_prev_issue_id: previous?.id,
    callback_prev_issue_created_ts: previous && plainSeconds(previous.createdAt),
    callback_prev_issue_disconnect_ts: previous && plainSeconds(previous.endedAt),
    time_btwn_callback_prev_issue_seconds: previous && (issue.createdAt - previous.endedAt) / 1000,
    company_name: company.name,
  };
}
