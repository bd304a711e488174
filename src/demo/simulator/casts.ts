import type { Language } from "./phrases.ts";
import type { Random } from "./random.ts";

/** Queues, intents and staff of an invented contact centre. */
export interface Cast {
  queues: QueuePlan[];
  intents: IntentPlan[];
  reps(scale: number): number; // scale 1 is 3,000 conversations a day
  daysOff(i: number, random: Random): [number, number]; // weekdays of the rep of that number
  skills: number[]; // chance of a second queue, of a third
  slots: [slots: number, weight: number][];
  pace: number; // of a conversation with a rep: 2 takes twice as long
}

export interface QueuePlan {
  name: string;
  open: [number, number]; // hours by the local clock, weekdays; [0, 24] never closes
  weekend: [number, number];
  patience: number; // mean seconds until a waiting customer gives up
  share: number; // of the reps whose first queue it is
  shifts: ShiftPlan[]; // of its reps, in turn
  helps: string[] | null; // queues that its reps may have as well; null: any
  language: Language;
}

export interface ShiftPlan {
  start: number; // hours after the start of the business day
  hours: number;
}

export interface IntentPlan {
  code: string;
  name: string;
  parent: string;
  queue: string;
  weight: number;
  contained: number; // chance that the bot is enough
  turns: number; // mean turns with a rep
  flow: string;
}

export type CastName = keyof typeof casts;

/** The start of the shift whose reps come at weekends as on other days. */
export const nightShift = 15.75;

const always: [number, number] = [0, 24];
const smallDays = [0.5, 2.5, 4.5, 7.75, 7.75].map(fullShift);
const smallNights = Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? fullShift(nightShift) : smallDays[i % 5]!));

/** Twelve reps at least, who take several queues each: as many kinds of events from as few conversations as possible. */
const small: Cast = {
  queues: [
    smallQueue("Queue Billing", [7, 22], [8, 20], 260, 0.2),
    smallQueue("Queue Technical", always, always, 320, 0.22),
    smallQueue("Queue Account", [7, 22], [8, 20], 240, 0.14),
    smallQueue("Queue Orders", [8, 21], [9, 18], 220, 0.12),
    smallQueue("Queue Sales", [8, 21], [9, 18], 120, 0.12),
    smallQueue("Queue Mobile", [7, 23], [8, 22], 240, 0.08),
    smallQueue("Queue Retention", [9, 20], [10, 16], 180, 0.08),
    smallQueue("Queue Priority", always, always, 420, 0.04),
  ],
  intents: [
    intent("PAYBILL", "Pay a bill", "BILLING", "Queue Billing", 10, 0.74, 4, "PayBillFlow"),
    intent("BILLINFO", "Understand a bill", "BILLING", "Queue Billing", 7, 0.52, 5, "BillInfoFlow"),
    intent("BILLDISPUTE", "Dispute a charge", "BILLING", "Queue Billing", 4, 0.12, 8, "BillDisputeFlow"),
    intent("AUTOPAY", "Set up automatic payment", "BILLING", "Queue Billing", 3, 0.7, 4, "AutopayFlow"),
    intent("REFUND", "Ask for a refund", "BILLING", "Queue Billing", 3, 0.2, 6, "RefundFlow"),
    intent("INTERNETDOWN", "Connection does not work", "TECHNICAL", "Queue Technical", 8, 0.38, 8, "TroubleshootFlow"),
    intent("SLOWSPEED", "Connection is slow", "TECHNICAL", "Queue Technical", 5, 0.42, 8, "TroubleshootFlow"),
    intent("OUTAGE", "Ask about an outage", "TECHNICAL", "Queue Technical", 4, 0.78, 4, "OutageFlow"),
    intent("DEVICESETUP", "Set up a device", "TECHNICAL", "Queue Technical", 4, 0.35, 9, "DeviceSetupFlow"),
    intent("RESETPASSWORD", "Reset a password", "ACCOUNT", "Queue Account", 7, 0.81, 4, "PasswordFlow"),
    intent("UPDATEADDRESS", "Change an address", "ACCOUNT", "Queue Account", 4, 0.6, 5, "AddressFlow"),
    intent("CLOSEACCOUNT", "Close an account", "ACCOUNT", "Queue Retention", 2, 0.05, 8, "CloseAccountFlow"),
    intent("VERIFYIDENTITY", "Confirm who is asking", "ACCOUNT", "Queue Account", 3, 0.4, 5, "VerifyFlow"),
    intent("ORDERSTATUS", "Where is an order", "ORDERS", "Queue Orders", 8, 0.76, 4, "OrderStatusFlow"),
    intent("RETURNS", "Return a device", "ORDERS", "Queue Orders", 4, 0.45, 6, "ReturnsFlow"),
    intent("CHANGEORDER", "Change an order", "ORDERS", "Queue Orders", 2, 0.22, 6, "ChangeOrderFlow"),
    intent("NEWSERVICE", "Start a service", "SALES", "Queue Sales", 4, 0.18, 8, "NewServiceFlow"),
    intent("UPGRADE", "Upgrade a plan", "SALES", "Queue Sales", 4, 0.3, 7, "UpgradeFlow"),
    intent("PRICING", "Ask for prices", "SALES", "Queue Sales", 3, 0.55, 5, "PricingFlow"),
    intent("SIMSWAP", "Move a number to a new card", "MOBILE", "Queue Mobile", 3, 0.3, 6, "SimSwapFlow"),
    intent("ROAMING", "Use a phone abroad", "MOBILE", "Queue Mobile", 2, 0.62, 5, "RoamingFlow"),
    intent("DATAUSAGE", "See data used", "MOBILE", "Queue Mobile", 3, 0.77, 4, "DataUsageFlow"),
    intent("CANCEL", "Cancel a service", "RETENTION", "Queue Retention", 3, 0.06, 8, "CancelFlow"),
    intent("COMPLAINT", "Complain", "SYSTEM", "Queue Priority", 1, 0.03, 9, "ComplaintFlow"),
    intent("OTHER", "Something else", "SYSTEM", "Queue Account", 3, 0.25, 6, "SmallTalkFlow"),
  ],
  // Small teams need more reps for the same load per rep.
  reps: (scale) => Math.max(12, Math.round(20 * scale + 18 * Math.sqrt(scale))),
  daysOff: (i, random) => [i % 7, ((i % 7) + (random.chance(0.5) ? 1 : 3)) % 7],
  skills: [1, 0.4],
  slots: [
    [2, 2],
    [3, 5],
    [4, 2],
  ],
  pace: 1,
};

function smallQueue(
  name: string,
  open: [number, number],
  weekend: [number, number],
  patience: number,
  share: number,
): QueuePlan {
  const shifts = open === always ? smallNights : smallDays;
  return { name, open, weekend, patience, share, shifts, helps: null, language: "English" };
}

const weekdays: [number, number] = [8, 20];
const weekends: [number, number] = [9, 18];
// Mornings, afternoons, and some from nine to half past five.
const morning = { start: 1.8, hours: 6.3 };
const afternoon = { start: 7.8, hours: 6.3 };
const halves: ShiftPlan[] = [morning, afternoon, fullShift(3), morning, afternoon];

// Most work on Mondays, fewest at weekends; in another order than the shifts.
const weeks: [number, number][] = [
  [0, 6],
  [2, 4],
  [0, 2],
  [3, 6],
  [1, 3],
  [0, 6],
  [3, 5],
  [0, 4],
  [5, 6],
  [2, 4],
];

/**
 * Four large queues with a team each, a few small ones, one that never closes, one in Spanish. Conversations are long and
 * a rep has few at once, so that a team of a dozen is busy.
 */
const large: Cast = {
  queues: [
    largeQueue("Billing", 260, 0.185, ["Account", "Orders", "Retention"]),
    largeQueue("Technical support", 320, 0.18, ["Account", "Outages day and night"]),
    largeQueue("Account", 240, 0.13, ["Billing", "Technical support", "Orders"]),
    largeQueue("Orders", 220, 0.145, ["Account", "Sales"]),
    largeQueue("Sales", 150, 0.09, ["Business accounts", "Retention"]),
    largeQueue("Retention", 200, 0.075, ["Business accounts", "Billing"]),
    { ...largeQueue("Atención en español", 260, 0.075, ["Account", "Billing"]), language: "Spanish" },
    {
      ...largeQueue("Outages day and night", 360, 0.09, []),
      open: always,
      weekend: always,
      shifts: [1, 7.75, nightShift, 7.75, 3].map(fullShift),
    },
    largeQueue("Business accounts", 420, 0.03, ["Sales", "Retention"]),
  ],
  intents: [
    intent("PAYBILL", "Pay a bill", "BILLING", "Billing", 7, 0.55, 4, "PayBillFlow"),
    intent("BILLINFO", "Understand a bill", "BILLING", "Billing", 7, 0.35, 5, "BillInfoFlow"),
    intent("BILLDISPUTE", "Dispute a charge", "BILLING", "Billing", 4, 0.1, 8, "BillDisputeFlow"),
    intent("AUTOPAY", "Set up automatic payment", "BILLING", "Billing", 3, 0.55, 4, "AutopayFlow"),
    intent("REFUND", "Ask for a refund", "BILLING", "Billing", 3, 0.15, 6, "RefundFlow"),
    intent("SLOWSPEED", "Connection is slow", "TECHNICAL", "Technical support", 7, 0.3, 8, "TroubleshootFlow"),
    intent("DEVICESETUP", "Set up a device", "TECHNICAL", "Technical support", 6, 0.25, 9, "DeviceSetupFlow"),
    intent("WIFI", "Connect to the wireless network", "TECHNICAL", "Technical support", 6, 0.4, 6, "WifiFlow"),
    intent("RESETPASSWORD", "Reset a password", "ACCOUNT", "Account", 8, 0.6, 4, "PasswordFlow"),
    intent("UPDATEADDRESS", "Change an address", "ACCOUNT", "Account", 5, 0.4, 5, "AddressFlow"),
    intent("VERIFYIDENTITY", "Confirm who is asking", "ACCOUNT", "Account", 6, 0.25, 5, "VerifyFlow"),
    intent("OTHER", "Something else", "SYSTEM", "Account", 3, 0.2, 6, "SmallTalkFlow"),
    intent("ORDERSTATUS", "Where is an order", "ORDERS", "Orders", 9, 0.5, 4, "OrderStatusFlow"),
    intent("RETURNS", "Return a device", "ORDERS", "Orders", 6, 0.3, 6, "ReturnsFlow"),
    intent("CHANGEORDER", "Change an order", "ORDERS", "Orders", 4, 0.15, 6, "ChangeOrderFlow"),
    intent("NEWSERVICE", "Start a service", "SALES", "Sales", 2.5, 0.15, 8, "NewServiceFlow"),
    intent("UPGRADE", "Upgrade a plan", "SALES", "Sales", 2.5, 0.25, 7, "UpgradeFlow"),
    intent("PRICING", "Ask for prices", "SALES", "Sales", 2.5, 0.5, 5, "PricingFlow"),
    intent("CANCEL", "Cancel a service", "RETENTION", "Retention", 2.5, 0.06, 8, "CancelFlow"),
    intent("CLOSEACCOUNT", "Close an account", "RETENTION", "Retention", 1.5, 0.05, 8, "CloseAccountFlow"),
    intent("ESPANOL", "Ayuda en español", "ESPAÑOL", "Atención en español", 4, 0.3, 6, "AyudaFlow"),
    intent(
      "INTERNETDOWN",
      "Connection does not work",
      "TECHNICAL",
      "Outages day and night",
      2.5,
      0.3,
      7,
      "TroubleshootFlow",
    ),
    intent("OUTAGE", "Ask about an outage", "TECHNICAL", "Outages day and night", 3, 0.6, 4, "OutageFlow"),
    intent("COMPANY", "Question of a business customer", "BUSINESS", "Business accounts", 0.6, 0.1, 8, "BusinessFlow"),
  ],
  reps: (scale) => Math.max(30, Math.round(108 * scale)),
  daysOff: (i) => weeks[(i + 2 * Math.floor(i / 5)) % weeks.length]!,
  skills: [0.4],
  slots: [
    [1, 2],
    [2, 6],
    [3, 1],
  ],
  pace: 2,
};

function fullShift(start: number): ShiftPlan {
  return { start, hours: 8.4 };
}

function largeQueue(name: string, patience: number, share: number, helps: string[]): QueuePlan {
  return { name, open: weekdays, weekend: weekends, patience, share, shifts: halves, helps, language: "English" };
}

function intent(
  code: string,
  name: string,
  parent: string,
  queue: string,
  weight: number,
  contained: number,
  turns: number,
  flow: string,
): IntentPlan {
  return { code, name, parent, queue, weight, contained, turns, flow };
}

/** `small` is for tests, `large` is the demo's. */
export const casts = { small, large };
