import type { Issue, Survey } from "./log.ts";
import { phrasesOf } from "./phrases.ts";
import type { Random } from "./random.ts";
import { minute } from "./zone.ts";

/** The survey that a customer returned, or null. Long waits and unsolved questions lower the rating. */
export function survey(random: Random, issue: Issue): Survey | null {
  const assigned = issue.opportunities.some((opportunity) => opportunity.assignment);
  if (issue.ending === "timeout" || !random.chance(assigned ? 0.27 : 0.07)) return null;
  const waited = issue.opportunities.reduce(
    (sum, { visit }) => sum + (visit ? visit.exitedAt - visit.enteredAt : 0),
    0,
  );
  let mood = 4.5 - waited / (4 * minute) + random.between(-1.6, 0.9);
  if (issue.ending === "unresolved" || issue.negation) mood -= 1.4;
  const rating = Math.max(1, Math.min(5, Math.round(mood)));
  return {
    at: issue.endedAt + Math.round(random.lognormal(35, 0.9) * 1000),
    rating,
    effort: random.chance(0.6) ? Math.max(1, Math.min(7, Math.round(rating * 1.4 + random.between(-1, 1)))) : null,
    solved: random.chance(0.5) ? issue.ending === "resolved" || rating >= 4 : null,
    comment: random.chance(0.2) ? random.pick(phrasesOf(issue.intent).comment) : null,
  };
}
