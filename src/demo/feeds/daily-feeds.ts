import { type Span, within } from "../tables/issue-state.ts";
import { intents, repAttributes, repHierarchy, reps } from "../tables/reference-tables.ts";
import { spelling } from "../tables/spelling.ts";
import { customerFeedback, issueSentiment } from "../tables/survey-tables.ts";
import { clear, type Source, type Tables } from "./source.ts";

export const dailyFeeds = [
  "customer_feedback",
  "intents",
  "issue_sentiment",
  "rep_attributes",
  "rep_hierarchy",
  "reps",
] as const;

export type DailyTables = Tables<(typeof dailyFeeds)[number]>;

/** Fills the tables with a UTC day: the surveys and ends of the day, and reference data as of its last midnight. */
export function fillDaily(tables: DailyTables, { centre, timeline }: Source, span: Span): void {
  clear(tables);
  const instance = spelling.plainMicro(span.from);
  for (const issue of timeline.ended(span.from)) {
    if (within(issue.survey?.at, span)) tables.customer_feedback.addRows(customerFeedback(issue));
    if (within(issue.endedAt, span)) tables.issue_sentiment.addRows([issueSentiment(issue, instance)]);
  }
  tables.intents.addRows(intents(centre));
  tables.rep_attributes.addRows(repAttributes(centre));
  tables.rep_hierarchy.addRows(repHierarchy(centre));
  tables.reps.addRows(reps(centre, span.to));
}
