import { seeded } from "./random.ts";

export const company = { name: "demo", marker: "demo", id: 10001 };

export interface Queue {
  id: number;
  key: number;
  name: string;
  open: [number, number]; // hours by the local clock, weekdays; [0, 24] never closes
  weekend: [number, number];
  patience: number; // mean seconds until a waiting customer gives up
  reps: number; // share of the reps whose first queue it is
}

export interface Intent {
  code: string;
  name: string;
  parent: string;
  queue: Queue;
  weight: number;
  contained: number; // chance that the bot is enough
  turns: number; // mean turns with a rep
  flow: string;
}

export interface Rep {
  id: number;
  name: string;
  lead: Lead;
  slots: number;
  queues: Queue[]; // the first is their own
  shift: number; // hours after the start of the business day
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
  zone: string; // IANA
}

//  name        open      weekend   patience  reps
const queueTable: [string, [number, number], [number, number], number, number][] = [
  ["Billing", [7, 22], [8, 20], 260, 0.2],
  ["Technical", [0, 24], [0, 24], 320, 0.22],
  ["Account", [7, 22], [8, 20], 240, 0.14],
  ["Orders", [8, 21], [9, 18], 220, 0.12],
  ["Sales", [8, 21], [9, 18], 120, 0.12],
  ["Mobile", [7, 23], [8, 22], 240, 0.08],
  ["Retention", [9, 20], [10, 16], 180, 0.08],
  ["Priority", [0, 24], [0, 24], 420, 0.04],
];

// code, name, parent, queue, weight, contained, turns, flow
const intentTable: [string, string, string, string, number, number, number, string][] = [
  ["PAYBILL", "Pay a bill", "BILLING", "Billing", 10, 0.74, 4, "PayBillFlow"],
  ["BILLINFO", "Understand a bill", "BILLING", "Billing", 7, 0.52, 5, "BillInfoFlow"],
  ["BILLDISPUTE", "Dispute a charge", "BILLING", "Billing", 4, 0.12, 8, "BillDisputeFlow"],
  ["AUTOPAY", "Set up automatic payment", "BILLING", "Billing", 3, 0.7, 4, "AutopayFlow"],
  ["REFUND", "Ask for a refund", "BILLING", "Billing", 3, 0.2, 6, "RefundFlow"],
  ["INTERNETDOWN", "Connection does not work", "TECHNICAL", "Technical", 8, 0.38, 8, "TroubleshootFlow"],
  ["SLOWSPEED", "Connection is slow", "TECHNICAL", "Technical", 5, 0.42, 8, "TroubleshootFlow"],
  ["OUTAGE", "Ask about an outage", "TECHNICAL", "Technical", 4, 0.78, 4, "OutageFlow"],
  ["DEVICESETUP", "Set up a device", "TECHNICAL", "Technical", 4, 0.35, 9, "DeviceSetupFlow"],
  ["RESETPASSWORD", "Reset a password", "ACCOUNT", "Account", 7, 0.81, 4, "PasswordFlow"],
  ["UPDATEADDRESS", "Change an address", "ACCOUNT", "Account", 4, 0.6, 5, "AddressFlow"],
  ["CLOSEACCOUNT", "Close an account", "ACCOUNT", "Retention", 2, 0.05, 8, "CloseAccountFlow"],
  ["VERIFYIDENTITY", "Confirm who is asking", "ACCOUNT", "Account", 3, 0.4, 5, "VerifyFlow"],
  ["ORDERSTATUS", "Where is an order", "ORDERS", "Orders", 8, 0.76, 4, "OrderStatusFlow"],
  ["RETURNS", "Return a device", "ORDERS", "Orders", 4, 0.45, 6, "ReturnsFlow"],
  ["CHANGEORDER", "Change an order", "ORDERS", "Orders", 2, 0.22, 6, "ChangeOrderFlow"],
  ["NEWSERVICE", "Start a service", "SALES", "Sales", 4, 0.18, 8, "NewServiceFlow"],
  ["UPGRADE", "Upgrade a plan", "SALES", "Sales", 4, 0.3, 7, "UpgradeFlow"],
  ["PRICING", "Ask for prices", "SALES", "Sales", 3, 0.55, 5, "PricingFlow"],
  ["SIMSWAP", "Move a number to a new card", "MOBILE", "Mobile", 3, 0.3, 6, "SimSwapFlow"],
  ["ROAMING", "Use a phone abroad", "MOBILE", "Mobile", 2, 0.62, 5, "RoamingFlow"],
  ["DATAUSAGE", "See data used", "MOBILE", "Mobile", 3, 0.77, 4, "DataUsageFlow"],
  ["CANCEL", "Cancel a service", "RETENTION", "Retention", 3, 0.06, 8, "CancelFlow"],
  ["COMPLAINT", "Complain", "SYSTEM", "Priority", 1, 0.03, 9, "ComplaintFlow"],
  ["OTHER", "Something else", "SYSTEM", "Account", 3, 0.25, 6, "SmallTalkFlow"],
];

/** Shifts begin these hours after the business day does; nights only where a queue never closes. */
export const shiftStarts = { early: 0.5, day: 2.5, middle: 4.5, late: 7.75, night: 15.75 };

const slotWeights: [slots: number, weight: number][] = [
  [2, 2],
  [3, 5],
  [4, 2],
];

export function openCentre(seed: number, conversationsPerDay: number, zone: string): Centre {
  const random = seeded(seed, "centre");
  const scale = conversationsPerDay / 3000;
  const queues = queueTable.map(([name, open, weekend, patience, reps], i) => ({
    id: 210001 + i,
    key: 100001 + i,
    name: `Queue ${name}`,
    open,
    weekend,
    patience,
    reps,
  }));
  const queueNamed = (name: string) => {
    const queue = queues.find((queue) => queue.name === `Queue ${name}`);
    if (queue === undefined) throw new Error(`no queue ${name}`);
    return queue;
  };
  const intents = intentTable.map(([code, name, parent, queue, weight, contained, turns, flow]) => {
    return { code, name, parent, queue: queueNamed(queue), weight, contained, turns, flow };
  });
  // Small teams need more reps for the same load per rep.
  const count = Math.max(12, Math.round(20 * scale + 18 * Math.sqrt(scale)));
  const leads = Array.from({ length: Math.max(2, Math.round(count / 10)) }, (_, i) => person(70001 + i, "Lead", i));
  const reps = Array.from({ length: count }, (_, i) => {
    const ownQueue = share(queues, (i + 0.5) / count);
    const isAlwaysOpen = ownQueue.open[0] === 0 && ownQueue.open[1] === 24;
    const others = queues.filter((queue) => queue !== ownQueue);
    const second = random.pick(others);
    const starts = [shiftStarts.early, shiftStarts.day, shiftStarts.middle, shiftStarts.late, shiftStarts.late];
    const firstDayOff = i % 7;
    return {
      ...person(60001 + i, "Rep", i),
      lead: leads[i % leads.length]!,
      slots: random.weighted(slotWeights, ([, weight]) => weight)[0],
      queues: [ownQueue, second, ...(random.chance(0.4) ? [random.pick(others.filter((q) => q !== second))] : [])],
      shift: isAlwaysOpen && i % 4 === 0 ? shiftStarts.night : starts[i % starts.length]!,
      daysOff: [firstDayOff, (firstDayOff + (random.chance(0.5) ? 1 : 3)) % 7] as [number, number],
    };
  });
  return { queues, intents, reps, leads, head: person(79001, "Head", 0), scale, zone };
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
    left -= queue.reps;
    if (left < 0) return queue;
  }
  return first;
}
