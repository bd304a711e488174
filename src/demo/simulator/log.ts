import type { Centre, Intent, Queue, Rep } from "./centre.ts";

/** Times are milliseconds since 1970, UTC. An event that has not happened is null; `Infinity` is never used. */
export type Time = number;

/** All events, day by day: the source of both the feeds and the expected figures. */
export interface EventStream {
  seed: number;
  centre: Centre;
  from: Time; // start of the first business day
  now: Time; // days run to the end of its business day; exports end at it
  days: Iterable<DayLog>;
}

/** The ground truth: a stream with all its days in memory. */
export interface EventLog extends EventStream {
  days: DayLog[];
}

/** A business day with everything that began in it, even if it ended later. */
export interface DayLog {
  from: Time;
  issues: Issue[]; // by creation
  shifts: Shift[];
  glances: Glance[]; // sessions without messages
}

/** A conversation. */
export interface Issue {
  id: number;
  customer: number;
  session: string; // UUID
  createdAt: Time;
  platform: "web" | "ios" | "android" | "applebiz";
  device: "mobile" | "tablet" | "desktop";
  authenticated: boolean;
  subdivision: string;
  intent: Intent;
  alternative: Intent | null; // the runner-up for the first message
  disambiguations: number;
  messages: Message[]; // by time
  steps: FlowStep[]; // by time
  success: { at: Time; rule: string } | null;
  negation: { at: Time; rule: string } | null;
  opportunities: Opportunity[]; // each try to reach a rep, by time
  endedAt: Time;
  ending: Ending;
  endedBy: "customer" | "agent" | "autoend";
  survey: Survey | null;
}

export type Ending = "resolved" | "unresolved" | "timeout" | "auto" | "other";

export interface Message {
  at: Time;
  sender: "customer" | "bot" | "rep" | "rep_note" | "rep_whisper";
  rep: Rep | null;
  kind: "freehand" | "autosuggest" | "autocomplete" | "script" | null; // of a rep's message
  text: string;
}

export interface FlowStep {
  at: Time;
  flow: string;
  type: "FLOW_TYPE_UTILITY" | "FLOW_TYPE_BUSINESS" | "FLOW_TYPE_PRE_LIVE_CHAT";
  event: "MESSAGE_DISPLAYED" | "LINK_RESOLVED";
  name: string;
}

export interface Opportunity {
  at: Time;
  queue: Queue;
  reason: "by_request" | "by_end_srs" | "by_api_error" | "by_design" | "by_other";
  kind: "start" | "transfer" | "reengagement";
  outsideHours: boolean;
  visit: Visit | null; // null: assigned directly, or never queued
  assignment: Assignment | null;
  from: Assignment | null; // the one that was transferred
}

/** One wait in one queue. It always ends by assignment or abandonment. */
export interface Visit {
  queue: Queue;
  enteredAt: Time;
  exitedAt: Time;
  abandoned: boolean;
  busy: boolean; // the customer was asked whether to wait
  checkIn: CheckIn | null;
  late: number; // milliseconds by which the intraday tables learn of an abandon too late
}

export interface CheckIn {
  thresholdAt: Time;
  at: Time;
  resultAt: Time;
  accepted: boolean; // else taken out of the queue
}

export interface Assignment {
  rep: Rep;
  queue: Queue;
  at: Time;
  endedAt: Time; // disposition: the slot is free again
  endedBy: "rep" | "customer" | "batch";
  ending: "resolved" | "unresolved" | "timedout" | "transferred";
  customerLeftAt: Time | null;
  firstResponseAt: Time | null;
  ghost: boolean; // the customer never wrote to the rep
  transfer: Transfer | null;
  late: number; // as for Visit: of the disposition
}

export interface Transfer {
  requestedAt: Time;
  to: Queue;
  direct: boolean; // to a rep, past the queue
  auto: boolean;
  clicks: number;
  accepted: boolean; // a rep took it
  repliedAt: Time;
  receiver: Rep | null;
}

export interface Survey {
  at: Time;
  rating: number; // 1 to 5
  effort: number | null; // 1 to 7
  solved: boolean | null;
  comment: string | null;
}

/** A rep's day, from log-in to log-out, without gaps. */
export interface Shift {
  rep: Rep;
  from: Time;
  to: Time;
  spells: Spell[];
}

export interface Spell {
  status: Status;
  from: Time;
  to: Time;
}

export type Status = "Available" | "Pre-Break" | "Coffee Break" | "Lunch Break" | "Coaching" | "End of Shift";

export interface Glance {
  customer: number;
  from: Time;
  to: Time;
  events: number;
}
