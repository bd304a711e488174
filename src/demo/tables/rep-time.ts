import type { Rep } from "../simulator/centre.ts";
import type { DayLog, Issue, Shift, Spell } from "../simulator/log.ts";
import { minute } from "../simulator/zone.ts";
import { assignmentsOf } from "./issue-state.ts";

export const windowLength = 15 * minute;

/** A stretch of one rep's shift in which neither status nor number of chats changes. Cut at window ends. */
export interface Stretch {
  shift: Shift;
  spell: Spell;
  from: number;
  to: number;
  load: number; // chats at once
}

/** Milliseconds of one rep in one window. Linear time is clock time; cumulative time counts each chat. */
export interface RepTime {
  loggedIn: number;
  available: number;
  busy: number;
  preBreak: number;
  utilized: number; // with at least one chat
  utilizedAvailable: number;
  utilizedBusy: number;
  utilizedPreBreak: number;
  cumulative: number;
  cumulativeAvailable: number;
  cumulativeBusy: number;
  cumulativePreBreak: number;
  full: number; // with as many chats as slots
  light: number; // with fewer
}

export function windowOf(at: number): number {
  return at - (at % windowLength);
}

/** Adds every stretch of a day's shifts to an index by window start; within a window they are sorted by rep, then time. */
export function addStretches(windows: Map<number, Stretch[]>, { issues, shifts }: DayLog): void {
  const changes = chatChanges(issues);
  const changedWindows = new Set<Stretch[]>();
  for (const shift of shifts) {
    const list = changes.get(shift.rep.id) ?? [];
    let i = 0;
    let load = 0;
    for (const spell of shift.spells) {
      for (let from = spell.from; from < spell.to; ) {
        for (let next = list[i]; next && next[0] <= from; next = list[i]) {
          load += next[1];
          i += 1;
        }
        const to = Math.min(spell.to, windowOf(from) + windowLength, list[i]?.[0] ?? Infinity);
        const window = windows.get(windowOf(from)) ?? [];
        windows.set(windowOf(from), window);
        window.push({ shift, spell, from, to, load });
        changedWindows.add(window);
        from = to;
      }
    }
  }
  for (const window of changedWindows) window.sort((a, b) => a.shift.rep.id - b.shift.rep.id || a.from - b.from);
}

/** When each rep's number of chats goes up or down, by time. */
function chatChanges(issues: readonly Issue[]): Map<number, [number, 1 | -1][]> {
  const changes = new Map<number, [number, 1 | -1][]>();
  for (const issue of issues) {
    for (const { rep, at, endedAt } of assignmentsOf(issue)) {
      const list = changes.get(rep.id) ?? [];
      changes.set(rep.id, list);
      list.push([at, 1], [endedAt, -1]);
    }
  }
  for (const list of changes.values()) list.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return changes;
}

/** Sums stretches up to the cutoff. */
export function repTime(parts: readonly Stretch[], cutoff = Infinity): RepTime {
  const time: RepTime = {
    loggedIn: 0,
    available: 0,
    busy: 0,
    preBreak: 0,
    utilized: 0,
    utilizedAvailable: 0,
    utilizedBusy: 0,
    utilizedPreBreak: 0,
    cumulative: 0,
    cumulativeAvailable: 0,
    cumulativeBusy: 0,
    cumulativePreBreak: 0,
    full: 0,
    light: 0,
  };
  for (const { shift, spell, from, to, load } of parts) {
    const length = Math.min(to, cutoff) - from;
    if (length <= 0) continue;
    const utilized = load > 0 ? length : 0;
    time.loggedIn += length;
    time.utilized += utilized;
    time.cumulative += load * length;
    if (load >= shift.rep.slots) time.full += length;
    else time.light += utilized;
    if (spell.status === "Available") {
      time.available += length;
      time.utilizedAvailable += utilized;
      time.cumulativeAvailable += load * length;
    } else {
      time.busy += length;
      time.utilizedBusy += utilized;
      time.cumulativeBusy += load * length;
    }
    if (spell.status === "Pre-Break") {
      time.preBreak += length;
      time.utilizedPreBreak += utilized;
      time.cumulativePreBreak += load * length;
    }
  }
  return time;
}

export function byRep(parts: readonly Stretch[]): Map<Rep, Stretch[]> {
  const groups = new Map<Rep, Stretch[]>();
  for (const part of parts) {
    const { rep } = part.shift;
    const group = groups.get(rep);
    if (group) group.push(part);
    else groups.set(rep, [part]);
  }
  return groups;
}
