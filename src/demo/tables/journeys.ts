import type { Issue } from "../simulator/log.ts";
import { day, minute } from "../simulator/zone.ts";

export interface Session {
  customer: number;
  from: number;
  issues: Issue[]; // by creation
}

/** Relations between a customer's issues: a session ends after half an hour of silence, a callback comes within three days. */
export interface Journeys {
  add(issue: Issue): void; // in the order of creation
  forget(before: number): void; // customers who have not returned since
  session(issue: Issue): Session;
  next(issue: Issue): Issue | undefined; // begun within three days of this one's end
  previous(issue: Issue): Issue | undefined;
}

export function journeys(): Journeys {
  const sessions = new WeakMap<Issue, Session>();
  const next = new WeakMap<Issue, Issue>();
  const previous = new WeakMap<Issue, Issue>();
  const latest = new Map<number, Issue>();
  return {
    add(issue) {
      const before = latest.get(issue.customer);
      const pause = before ? issue.createdAt - before.endedAt : Infinity;
      const open = before && pause < 30 * minute ? sessions.get(before) : undefined;
      if (open) open.issues.push(issue);
      sessions.set(issue, open ?? { customer: issue.customer, from: issue.createdAt, issues: [issue] });
      if (before && pause > 0 && pause <= 3 * day) {
        next.set(before, issue);
        previous.set(issue, before);
      }
      if (!before || issue.endedAt > before.endedAt) latest.set(issue.customer, issue);
    },
    forget(before) {
      for (const [customer, issue] of latest) if (issue.endedAt < before) latest.delete(customer);
    },
    session(issue) {
      const session = sessions.get(issue);
      if (session === undefined) throw new Error(`issue ${issue.id} was not added`);
      return session;
    },
    next: (issue) => next.get(issue),
    previous: (issue) => previous.get(issue),
  };
}
