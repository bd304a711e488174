import { type CastName, casts, type IntentPlan, type QueuePlan, type ShiftPlan } from "./casts.ts";
import { seeded } from "./random.ts";

export const company = { name: "demo", marker: "demo", id: 10001 };

export interface Queue extends QueuePlan {
  id: number;
  key: number;
}

export interface Intent extends Omit<IntentPlan, "queue"> {
  queue: Queue;
}

export interface Rep {
  id: number;
  name: string;
  lead: Lead;
  slots: number;
  queues: Queue[]; // the first is their own
  shift: ShiftPlan;
  daysOff: [number, number]; // weekdays
}

export interface Lead {
  id: number;
  name: string;
}

/** The contact centre's queues, staff and intents. */
export interface Centre {
  queues: Queue[];
  intents: Intent[];
  reps: Rep[];
  leads: Lead[];
  head: Lead;
  scale: number; // 1 is 3,000 conversations a day
  pace: number; // of conversations with reps: 2 takes twice as long
  zone: string; // IANA
}

export function openCentre(seed: number, conversationsPerDay: number, zone: string, castName: CastName): Centre {
  const cast = casts[castName];
  const random = seeded(seed, "centre");
  const scale = conversationsPerDay / 3000;
  const queues = cast.queues.map((plan, i): Queue => ({ id: 210001 + i, key: 100001 + i, ...plan }));
  const queueNamed = (name: string) => {
    const queue = queues.find((queue) => queue.name === name);
    if (queue === undefined) throw new Error(`no queue ${name}`);
    return queue;
  };
  const intents = cast.intents.map((plan): Intent => ({ ...plan, queue: queueNamed(plan.queue) }));
  const count = cast.reps(scale);
  const leads = Array.from({ length: Math.max(2, Math.round(count / 10)) }, (_, i) => person(70001 + i, "Lead", i));
  const reps = Array.from({ length: count }, (_, i): Rep => {
    const own = share(queues, (i + 0.5) / count);
    const skills = [own];
    const others = own.helps?.map(queueNamed) ?? queues;
    const learn = () => {
      const unknown = others.filter((queue) => !skills.includes(queue));
      if (unknown.length > 0) skills.push(random.pick(unknown));
    };
    const [second = 0, third = 0] = cast.skills;
    if (second === 1 || random.chance(second)) learn();
    const slots = random.weighted(cast.slots, ([, weight]) => weight)[0];
    if (third > 0 && random.chance(third)) learn();
    return {
      ...person(60001 + i, "Rep", i),
      lead: leads[i % leads.length]!,
      slots,
      queues: skills,
      shift: own.shifts[i % own.shifts.length]!,
      daysOff: cast.daysOff(i, random),
    };
  });
  return { queues, intents, reps, leads, head: person(79001, "Head", 0), scale, pace: cast.pace, zone };
}

export function isOpen(queue: Queue, weekday: number, minutes: number): boolean {
  const [from, to] = weekday === 0 || weekday === 6 ? queue.weekend : queue.open;
  return minutes >= from * 60 && minutes < to * 60;
}

function person(id: number, label: string, index: number): Lead {
  return { id, name: `${label} ${String(index + 1).padStart(2, "0")}` };
}

function share(queues: Queue[], at: number): Queue {
  let left = at;
  const [first, ...others] = queues;
  if (first === undefined) throw new Error("a centre has queues");
  for (const queue of [first, ...others]) {
    left -= queue.share;
    if (left < 0) return queue;
  }
  return first;
}
