import type { Assignment, EventLog, Issue, Shift } from "./simulator/log.ts";
import { localTime, minute } from "./simulator/zone.ts";
import { dailyThrough, hourlyThrough, wfmThrough } from "./tables/schedule.ts";

const windowLength = 15 * minute;
const threeDays = 3 * 86_400_000;

/**
 * The figures that a correct kit must show, counted from the events and never from exported rows. All times are
 * milliseconds. Each event counts when it happens:
 *
 * - a conversation on the day of its customer's first message,
 * - a queue entry in the window of its entry; an answer or abandon, with its whole wait, in the window in which it ends;
 *   an assignment past the queue is an answer after no wait,
 * - handle and wrap-up time, whole, in the window of the disposition,
 * - a rating on the day of the answer,
 * - a session on the day of its start; it is contained while no rep was ever assigned.
 *
 * Only what happened before `through` counts: later events are in no complete partition yet.
 */
export interface Truth {
  through: { hourly: number; daily: number; wfm: number };
  conversations: Days;
  messages: number;
  queueWindows: QueueWindow[]; // by queue, then window
  assignments: {
    endedAt: number;
    handle: number;
    wrap: number;
    ghost: boolean;
    queue: string;
    rep: string;
  }[];
  ratings: { at: number; issue: number; rating: number; rep: string | null }[];
  sessions: { from: number; contained: boolean; written: boolean }[];
  flowSuccesses: number; // conversations with a success and no negation
  repeats: number; // ended conversations whose customer was back within three days
  transfers: { requested: number; accepted: number };
  repWindows: RepWindow[]; // by rep, then window; up to the newest complete intraday window
}

export interface Days {
  utc: Record<string, number>;
  local: Record<string, number>;
}

export interface QueueWindow {
  queue: string;
  window: number; // start
  entries: number;
  answers: number[]; // waits
  abandons: number[]; // waits
  handles: number[];
  wraps: number[];
  reps: number; // logged in at any moment
}

/** Linear milliseconds of a rep in a window. */
export interface RepWindow {
  rep: string;
  window: number;
  loggedIn: number;
  available: number;
  busy: number;
  utilized: number; // with at least one assignment
  utilizedAvailable: number;
  utilizedBusy: number;
}

export function truth(log: EventLog, zone: string): Truth {
  const through = { hourly: hourlyThrough(log.now), daily: dailyThrough(log.now), wfm: wfmThrough(log.now) };
  const isExported = (at: number) => at < through.hourly;
  const issues = log.days.flatMap((day) => day.issues);
  const starts = issues.map(firstWord).filter(isExported);
  const assignments = issues.flatMap((issue) =>
    issue.opportunities.flatMap(({ assignment }) => (assignment ? [{ issue, assignment }] : [])),
  );
  const requests = assignments.map(({ assignment }) => assignment.transfer).filter((transfer) => transfer !== null);
  return {
    through,
    conversations: {
      utc: tally(starts.map((at) => new Date(at).toISOString().slice(0, 10))),
      local: tally(starts.map((at) => localTime(at, zone).date)),
    },
    messages: issues.reduce((sum, { messages }) => sum + messages.filter(({ at }) => isExported(at)).length, 0),
    queueWindows: queueWindows(log, Math.max(through.hourly, through.wfm)),
    assignments: assignments
      .filter(({ assignment }) => isExported(assignment.endedAt))
      .map(({ issue, assignment }) => ({
        endedAt: assignment.endedAt,
        handle: assignment.endedAt - assignment.at,
        wrap: wrapUp(issue, assignment),
        ghost: assignment.ghost,
        queue: assignment.queue.name,
        rep: assignment.rep.name,
      })),
    ratings: issues.flatMap((issue) => {
      if (!issue.survey || issue.survey.at >= through.daily) return [];
      const rep = issue.opportunities.findLast(({ assignment }) => assignment)?.assignment?.rep.name ?? null;
      return [{ at: issue.survey.at, issue: issue.id, rating: issue.survey.rating, rep }];
    }),
    sessions: sessions(log, through.hourly),
    flowSuccesses: issues.filter(
      ({ success, negation }) => success && isExported(success.at) && !(negation && isExported(negation.at)),
    ).length,
    repeats: repeats(issues, through.hourly),
    transfers: {
      requested: requests.filter(({ requestedAt }) => isExported(requestedAt)).length,
      accepted: requests.filter(({ accepted, repliedAt }) => accepted && isExported(repliedAt)).length,
    },
    repWindows: repWindows(log, through.wfm),
  };
}

function firstWord(issue: Issue): number {
  return issue.messages.find(({ sender }) => sender === "customer")?.at ?? Number.POSITIVE_INFINITY;
}

/** From the customer's last message to the disposition; nothing where the customer never wrote to the rep. */
function wrapUp(issue: Issue, { at, endedAt }: Assignment): number {
  const last = issue.messages.findLast(
    (message) => message.sender === "customer" && message.at >= at && message.at < endedAt,
  );
  return last ? endedAt - last.at : 0;
}

function queueWindows(log: EventLog, through: number): QueueWindow[] {
  const index = new Map<string, QueueWindow>();
  const at = (queue: string, time: number): QueueWindow => {
    const window = time - (time % windowLength);
    const key = `${queue}/${window}`;
    const queueWindow = index.get(key) ?? empty(queue, window);
    index.set(key, queueWindow);
    return queueWindow;
  };
  for (const { issues, shifts } of log.days) {
    for (const issue of issues) {
      for (const { queue, visit, assignment } of issue.opportunities) {
        if (visit) at(queue.name, visit.enteredAt).entries++;
        if (visit?.abandoned) at(queue.name, visit.exitedAt).abandons.push(visit.exitedAt - visit.enteredAt);
        if (!assignment) continue;
        at(queue.name, assignment.at).answers.push(visit ? visit.exitedAt - visit.enteredAt : 0);
        const end = at(queue.name, assignment.endedAt);
        end.handles.push(assignment.endedAt - assignment.at);
        end.wraps.push(wrapUp(issue, assignment));
      }
    }
    for (const { rep, from, to } of shifts) {
      for (let window = from - (from % windowLength); window < to; window += windowLength) {
        for (const queue of rep.queues) at(queue.name, window).reps++;
      }
    }
  }
  return [...index.values()]
    .filter(({ window }) => window + windowLength <= through)
    .sort((a, b) => (a.queue < b.queue ? -1 : a.queue > b.queue ? 1 : a.window - b.window));
}

function empty(queue: string, window: number): QueueWindow {
  return { queue, window, entries: 0, answers: [], abandons: [], handles: [], wraps: [], reps: 0 };
}

function sessions(log: EventLog, through: number): Truth["sessions"] {
  const list: Truth["sessions"] = [];
  const open = new Map<number, { session: Truth["sessions"][number]; until: number }>();
  for (const { issues, glances } of log.days) {
    for (const issue of issues) {
      if (issue.createdAt >= through) continue;
      const contained = !issue.opportunities.some(({ assignment }) => assignment && assignment.at < through);
      const written = firstWord(issue) < through;
      const current = open.get(issue.customer);
      if (current && issue.createdAt - current.until < 30 * minute) {
        current.session.contained &&= contained;
        current.session.written ||= written;
        current.until = Math.max(current.until, issue.endedAt);
      } else {
        const session = { from: issue.createdAt, contained, written };
        list.push(session);
        open.set(issue.customer, { session, until: issue.endedAt });
      }
    }
    for (const { from, to } of glances) if (to < through) list.push({ from, contained: true, written: false });
  }
  return list.sort((a, b) => a.from - b.from);
}

function repeats(issues: readonly Issue[], through: number): number {
  const byCustomer = new Map<number, Issue[]>();
  for (const issue of issues) byCustomer.set(issue.customer, [...(byCustomer.get(issue.customer) ?? []), issue]);
  return issues.filter(({ customer, endedAt }) =>
    byCustomer
      .get(customer)
      ?.some(
        ({ createdAt }) =>
          endedAt < through && createdAt < through && createdAt > endedAt && createdAt <= endedAt + threeDays,
      ),
  ).length;
}

function repWindows(log: EventLog, through: number): RepWindow[] {
  const rows: RepWindow[] = [];
  for (const { issues, shifts } of log.days) {
    const chats = new Map<string, [number, number][]>();
    for (const issue of issues) {
      for (const { assignment } of issue.opportunities) {
        if (!assignment) continue;
        const { rep, at, endedAt } = assignment;
        chats.set(rep.name, [...(chats.get(rep.name) ?? []), [at, endedAt]]);
      }
    }
    for (const shift of shifts) rows.push(...shiftWindows(shift, union(chats.get(shift.rep.name) ?? [])));
  }
  return rows
    .filter(({ window }) => window + windowLength <= through)
    .sort((a, b) => (a.rep < b.rep ? -1 : a.rep > b.rep ? 1 : a.window - b.window));
}

function shiftWindows(shift: Shift, chats: readonly [number, number][]): RepWindow[] {
  const rows: RepWindow[] = [];
  for (let window = shift.from - (shift.from % windowLength); window < shift.to; window += windowLength) {
    const row = { rep: shift.rep.name, window, loggedIn: 0, available: 0, busy: 0, utilized: 0 };
    let [utilizedAvailable, utilizedBusy] = [0, 0];
    for (const { status, from, to } of shift.spells) {
      const start = Math.max(from, window);
      const end = Math.min(to, window + windowLength);
      if (start >= end) continue;
      const chatting = chats.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, end) - Math.max(a, start)), 0);
      row.loggedIn += end - start;
      row.utilized += chatting;
      row[status === "Available" ? "available" : "busy"] += end - start;
      if (status === "Available") utilizedAvailable += chatting;
      else utilizedBusy += chatting;
    }
    rows.push({ ...row, utilizedAvailable, utilizedBusy });
  }
  return rows;
}

/** The union of the spans, without overlaps. */
function union(spans: readonly [number, number][]): [number, number][] {
  const joined: [number, number][] = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = joined[joined.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

function tally(keys: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Object.fromEntries(counts);
}
