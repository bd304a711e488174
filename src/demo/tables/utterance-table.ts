import { company } from "../simulator/centre.ts";
import type { Issue, Message } from "../simulator/log.ts";
import type { Span } from "./issue-state.ts";
import { spelling } from "./spelling.ts";

/**
 * One line of JSON per message sent in the hour; the last seconds of the hour before are exported again. Four rows in ten
 * are messages, so they are written without an intermediate object.
 */
export function utterances(issue: Issue, span: Span, instance: string): string[] {
  const from = span.from - 20_000;
  const lines: string[] = [];
  issue.messages.forEach((message, index) => {
    if (message.at >= from && message.at < span.to) lines.push(utterance(issue, message, index, instance));
  });
  return lines;
}

function utterance(issue: Issue, { at, sender, rep, kind, text }: Message, index: number, instance: string): string {
  const sentToRep = issue.opportunities.some(
    ({ assignment }) => assignment !== null && assignment.at <= at && at < assignment.endedAt,
  );
  return (
    `{"instance_ts":"${instance}","created_ts":"${spelling.isoMicro(at)}",` +
    `"company_subdivision":"${issue.subdivision}","sender_id":${sender === "customer" ? issue.customer : (rep?.id ?? 1)},` +
    `"sender_type":"${sender}",${kind === null ? "" : `"utterance_type":"${kind}",`}"utterance":${quote(text)},` +
    `"issue_id":${issue.id},"sent_to_rep":${sender === "customer" && sentToRep},"company_name":"${company.name}",` +
    `"event_uuid":"${issue.session.slice(0, 24)}${index.toString(16).padStart(12, "0")}"}`
  );
}

const quoted = new Map<string, string>();

function quote(text: string): string {
  const json = quoted.get(text) ?? JSON.stringify(text);
  quoted.set(text, json);
  return json;
}
