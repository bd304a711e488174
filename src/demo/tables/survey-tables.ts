import { company } from "../simulator/centre.ts";
import type { Issue } from "../simulator/log.ts";
import { hash } from "../simulator/random.ts";
import { segments } from "./conversation-tables.ts";
import { assignmentsOf, type Row } from "./issue-state.ts";
import { spelling } from "./spelling.ts";

/** The answers to a survey: one row per question, all of them text. */
export function customerFeedback(issue: Issue): Row[] {
  const answers = issue.survey;
  if (!answers) return [];
  const rep = assignmentsOf(issue).findLast(({ at }) => at < answers.at)?.rep;
  const questions: [string, string, string, string | null][] = [
    ["How satisfied are you with this conversation?", "rating", "rating", String(answers.rating)],
    ["How easy was it to get help?", "levelOfEffort", "scale", answers.effort === null ? null : String(answers.effort)],
    [
      "Was your question answered?",
      "levelOfEffort",
      "radio",
      answers.solved === null ? null : answers.solved ? "yes" : "no",
    ],
    ["Anything else?", "comment", "text", answers.comment],
  ];
  return questions.flatMap(([question, category, type, answer], i) =>
    answer === null
      ? []
      : {
          instance_ts: spelling.plainMicro(answers.at - (answers.at % 3_600_000)),
          question,
          question_category: category,
          question_type: type,
          answer,
          ordering: i,
          issue_id: issue.id,
          last_rep_id: rep ? String(rep.id) : null,
          company_name: company.name,
          company_subdivision: issue.subdivision,
          company_segments: segments(issue),
          platform: issue.platform,
          feedback_type: rep ? "FEEDBACK_AGENT" : "FEEDBACK_AUTOMATION",
          feedback_form_type: "ASAPP_CSAT",
        },
  );
}

/** One row per ended conversation. Those too short for a score carry the documented sentinel, -1000. */
export function issueSentiment(issue: Issue, instance: string): Row {
  const isShort = issue.messages.filter(({ sender }) => sender === "customer").length < 3;
  const mood = issue.ending === "resolved" ? 0.3 : issue.ending === "unresolved" || issue.negation ? -0.4 : 0;
  const score = mood + ((hash(issue.session) % 1000) / 1000 - 0.5);
  return {
    instance_ts: instance,
    score: isShort ? -1000 : score,
    status: isShort ? "CONVERSATION_TOO_SHORT" : null,
    issue_id: issue.id,
    company_name: company.name,
  };
}
