import type { Desk, Floor } from "./floor.ts";
import { pull } from "./line.ts";
import type { Shift, Status } from "./log.ts";
import type { PlannedShift } from "./roster.ts";

/** Begins a rep's shift, and plans its breaks and its end. */
export function logIn(floor: Floor, { rep, from, to, pauses }: PlannedShift): void {
  const shift: Shift = { rep, from, to: from, spells: [] };
  const desk: Desk = { shift, status: "Available", since: from, active: 0, lastAssigned: from, due: [] };
  floor.desks.push(desk);
  for (const next of [...pauses, { status: "End of Shift" as const, at: to, length: 0 }]) {
    floor.agenda.add(next.at, () => {
      desk.due.push(next);
      pause(floor, desk, next.at);
    });
  }
  pull(floor, desk, from);
}

const working = new Set<Status>(["Available", "Pre-Break", "End of Shift"]);

/** A rep who is due a break takes no new chats, finishes the present ones, then leaves. */
export function pause(floor: Floor, desk: Desk, now: number): void {
  const [next] = desk.due;
  if (!next || !working.has(desk.status)) return;
  if (desk.active > 0) {
    setStatus(desk, next.status === "End of Shift" ? next.status : "Pre-Break", now);
    return;
  }
  desk.due.shift();
  setStatus(desk, next.status, now);
  if (next.status === "End of Shift") {
    finishSpell(desk, now);
    desk.shift.to = now;
    return;
  }
  const back = now + next.length;
  floor.agenda.add(back, () => {
    setStatus(desk, "Available", back);
    if (desk.due.length > 0) pause(floor, desk, back);
    else pull(floor, desk, back);
  });
}

function setStatus(desk: Desk, status: Status, now: number): void {
  if (status === desk.status) return;
  finishSpell(desk, now);
  desk.status = status;
  desk.since = now;
}

function finishSpell(desk: Desk, now: number): void {
  if (now > desk.since) desk.shift.spells.push({ status: desk.status, from: desk.since, to: now });
}
