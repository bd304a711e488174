import type { EventLog, Issue } from "../simulator/log.ts";
import { day, minute } from "../simulator/zone.ts";

export interface Session {
  customer: number;
  from: number;
  issues: Issue[]; // by creation
}

export interface Journeys {
  session: Map<Issue, Session>;
  next: Map<Issue, Issue>; // the customer's next issue, begun within three days of this one's end
  previous: Map<Issue, Issue>;
}

/** Groups each customer's issues: sessions end after half an hour of silence, callbacks count for three days. */
export function journeys(log: EventLog): Journeys {
  const session = new Map<Issue, Session>();
  const next = new Map<Issue, Issue>();
  const previous = new Map<Issue, Issue>();
  const latest = new Map<number, Issue>();
  for (const issue of log.issues) {
    const before = latest.get(issue.customer);
    const pause = before ? issue.createdAt - before.endedAt : Infinity;
    const open = before && pause < 30 * minute ? session.get(before) : undefined;
    if (open) open.issues.push(issue);
    session.set(issue, open ?? { customer: issue.customer, from: issue.createdAt, issues: [issue] });
    if (before && pause > 0 && pause <= 3 * day) {
      next.set(before, issue);
      previous.set(issue, before);
    }
    if (!before || issue.endedAt > before.endedAt) latest.set(issue.customer, issue);
  }
  return { session, next, previous };
}
