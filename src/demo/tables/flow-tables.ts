import { company } from "../simulator/centre.ts";
import type { Issue } from "../simulator/log.ts";
import { hash } from "../simulator/random.ts";
import { type Row, type Span, timeBefore, within } from "./issue-state.ts";
import { spelling } from "./spelling.ts";

/** One row per step of a flow: what the bot showed, and links that were followed. Ids are text. */
export function flowDetail(issue: Issue, span: Span): Row[] {
  return issue.steps
    .filter(({ at }) => within(at, span))
    .map(({ at, flow, type, event, name }) => ({
      event_ts: spelling.isoMicro(at),
      event_type: event,
      session_id: issue.session,
      flow_id: `${hash(flow).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`,
      flow_name: flow,
      event_name: name,
      link_resolved_pil: event === "LINK_RESOLVED" ? `asapp-pil://demo/${flow}` : undefined,
      link_resolved_pdl: event === "LINK_RESOLVED" ? `https://www.demo.example/${flow}` : undefined,
      issue_id: String(issue.id),
      company_name: company.name,
      flow_type: type,
    }));
}

/** One row per conversation in which a flow succeeded, restated when a negation follows. */
export function flowCompletions(issue: Issue, span: Span): Row[] {
  const { success, negation } = issue;
  if (!success || !(within(success.at, span) || within(negation?.at, span))) return [];
  const negated = timeBefore(negation?.at, span.to);
  const row = {
    company_id: company.id,
    company_subdivision: issue.subdivision,
    platform: issue.platform,
    customer_id: String(issue.customer),
    external_user_id: issue.authenticated ? `demo-account-${issue.customer}` : undefined,
    customer_session_id: issue.session,
    success_rule_id: success.rule,
    success_event_ts: spelling.isoMicro(success.at),
    negation_rule_id: negated ? (negation?.rule ?? null) : null,
    negation_event_ts: negated ? spelling.isoMicro(negated) : null,
    is_flow_success_event: !negated,
    is_flow_success_issue: !negated,
    issue_id: String(issue.id),
    company_name: company.name,
    last_relevant_event_ts: spelling.isoMicro(negated ?? success.at),
  };
  return [row];
}
