import type { QueueWindow } from "../src/demo/truth.ts";

/** Service in a span of time: answered within a threshold of all that were answered or abandoned. */
export interface Service {
  queue: string;
  offered: number;
  missing: number; // answers in time that the target would have needed besides
  level: number; // 0..1
}

interface Span {
  from: number; // milliseconds
  to: number;
  seconds: number; // threshold
}

/** The counts of a queue's windows, or of all queues, from the events alone. */
export function countsIn(windows: readonly QueueWindow[], { from, to, seconds }: Span) {
  const inside = windows.filter(({ window }) => window >= from && window < to);
  const answers = inside.flatMap((row) => row.answers);
  return {
    assigned: answers.length,
    abandoned: inside.flatMap((row) => row.abandons).length,
    within: answers.filter((wait) => wait <= seconds * 1000).length,
  };
}

/** The queues with contacts in the span: most answers missing first, then the lower level, the busier, the name. */
export function servedIn(windows: readonly QueueWindow[], span: Span & { target: number }): Service[] {
  const services = [...new Set(windows.map(({ queue }) => queue))].map((queue): Service => {
    const own = windows.filter((row) => row.queue === queue);
    const { assigned, abandoned, within } = countsIn(own, span);
    const offered = assigned + abandoned;
    return { queue, offered, missing: needed(offered, span.target) - within, level: within / offered };
  });
  return services
    .filter(({ offered }) => offered > 0)
    .map((service) => ({ ...service, missing: Math.max(0, service.missing) }))
    .sort(
      (a, b) => b.missing - a.missing || a.level - b.level || b.offered - a.offered || (a.queue < b.queue ? -1 : 1),
    );
}

/** The least whole number of contacts that is the target share of so many. */
function needed(offered: number, target: number): number {
  let contacts = 0;
  while (contacts / offered < target) contacts += 1;
  return contacts;
}
