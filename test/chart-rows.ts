// Small fixed rows for each page, as the site's datasets ship them: every state that a chart draws is in them once.

import type { Annotation } from "../notebooks/components/metrics/annotations/annotation.ts";
import type { AnnotationPeriod } from "../notebooks/components/metrics/annotations/before-after.ts";
import type { ConversationDay } from "../notebooks/components/metrics/conversations.ts";
import type { QueueDay } from "../notebooks/components/metrics/day-file.ts";
import type { HeatDay } from "../notebooks/components/metrics/heatmap.ts";
import type { IntradayDay } from "../notebooks/components/metrics/interval.ts";
import { type CloseDay, closeHours } from "../notebooks/components/metrics/queues/close-backtest.ts";
import type { Settling } from "../notebooks/components/metrics/queues/settling.ts";
import type { SlotDay, WaitingDate, WaitingDay } from "../notebooks/components/metrics/queues/waiting.ts";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { daysLater, weekday } from "../notebooks/components/metrics/time-zone.ts";
import type { FarOff, ScoredDay } from "../notebooks/components/pages/accuracy-page.ts";
import type { AlertRow } from "../notebooks/components/pages/alerts/alert-record.ts";
import type { FeedDay, FeedHealth } from "../notebooks/components/pages/health.ts";
import type { LastDay } from "../notebooks/components/pages/last-day.ts";
import type { QueueDay as HistoryDay } from "../notebooks/components/pages/overview.ts";
import type { QueueLoad } from "../notebooks/components/pages/queue-load.ts";

const today = "2026-09-16"; // a Wednesday, of which the windows up to 15:15 in New York have come
const all = "All queues";
const names = [all, "Billing", "Technical support with a very long name", "Sales"];
const before = (days: number) => daysLater(today, -days);
const range = (length: number) => Array.from({ length }, (_, i) => i);

function annotation(day: string, to: string | null, more: Partial<Annotation>): Annotation {
  const from = `${day}T04:00:00Z`;
  return {
    line: 2,
    from,
    to,
    whole_days: true,
    what: "",
    kind: "outage",
    queues: [],
    shown_for: [],
    exclude: false,
    ...more,
  };
}

const site: Site = {
  title: "Test contact centre",
  timezone: "America/New_York",
  target: 0.8,
  seconds: 60,
  variant: "offered",
  threshold_counts: "answered",
  min_reps: 3,
  min_contacts: 5,
  week_start: 1,
  open_hours: { default: range(7).map((i) => ({ weekday: i + 1, from: 480, to: 1200 })) },
  excluded_days: [{ day: before(14), name: "Founders' Day" }],
  annotations: [
    annotation(before(14), `${before(13)}T04:00:00Z`, { kind: "holiday", what: "Founders' Day", exclude: true }),
    annotation(before(5), `${before(2)}T04:00:00Z`, {
      kind: "campaign",
      what: "autumn offers, \u05de\u05d1\u05e6\u05e2",
    }),
    annotation(today, `${today}T15:30:00Z`, {
      from: `${today}T14:00:00Z`,
      whole_days: false,
      what: "payment service slow, and then down for everyone who pays by card in any of the shops",
      queues: ["Billing"],
      shown_for: ["Billing"],
    }),
    annotation(today, null, { from: `${today}T16:20:00Z`, whole_days: false, kind: "release", what: "new bot" }),
  ],
  synced_at: "2026-09-16T19:30:00Z",
  forecast: true,
  grace_minutes: 60,
  feeds: ["convos_metrics", "issue_queues", "queue_wfm", "rep_convos"].map((feed) => ({
    feed,
    cadence_minutes: 60,
    through: "2026-09-16T19:15:00Z",
    overdue: 0,
    failed: 0,
  })),
};

const lastDay: LastDay = {
  day: before(1),
  answered: 1000,
  abandoned: 60,
  answered_within: 860,
  abandoned_within: 20,
  abandoned_short: 10,
  entered: 640,
  direct: 425,
};

/** Today and Queues: `day` is running, the one before whole; both have the weeks before. */
const quarters = range(96);
const open = (i: number) => i >= 32 && i < 80;
const bell = (i: number) => (open(i) ? Math.round(14 * Math.sin(((i - 31) / 50) * Math.PI)) : 0);
const isHour = (hour: number) => (i: number) => Math.floor(i / 4) === hour;
const [restated, missing, empty] = [isHour(9), isHour(10), isHour(12)];
const [held, contradicts, few, together] = [isHour(13), isHour(14), isHour(19), isHour(11)];

function intraday(queue: string, through: number, share: number, day = today): QueueDay {
  const came = (i: number) => i < through && open(i) && !missing(i) && !(through < 96 && empty(i));
  const series = (of: (i: number) => number | null) => quarters.map((i) => (came(i) ? of(i) : null));
  const contacts = (i: number) => (through === 96 && few(i) ? 1 : Math.round(bell(i) * share * (i < 50 ? 1.2 : 0.8)));
  const abandoned = (i: number) => (contacts(i) > 8 ? 2 : contacts(i) > 4 ? 1 : 0);
  const late = (i: number) => (i > 50 ? Math.ceil(contacts(i) / 3) : 1);
  const staffed = (of: number) => (i: number) => (held(i) ? null : Math.round(of * share * 15 * 10) / 10);
  const isPlanned = queue === names[1] && day === today; // the others have no forecast
  const usually = (of: (i: number) => number | null) => quarters.map((i) => (open(i) ? of(i) : 0));
  return {
    queue,
    start: `${day}T04:00:00Z`,
    merged: quarters.map((i) => (came(i) ? (held(i) ? 0 : together(i) ? 60 : 15) : null)),
    contradicts: quarters.map((i) => (queue !== all && i < through && contradicts(i) ? 1 : 0)),
    assigned: series((i) => contacts(i) - abandoned(i)),
    abandoned: series(abandoned),
    within: series((i) => Math.max(0, contacts(i) - abandoned(i) - late(i))),
    wait: series((i) => (contacts(i) ? 18 + late(i) * 14 : null)),
    handle: series((i) => (contacts(i) ? 420 + 3 * i : null)),
    wrap: series((i) => (contacts(i) ? (i === 46 ? null : 60 + i) : null)),
    reps: series((i) => Math.round(10 * share) + (i % 3)),
    logged_in: series(staffed(11)),
    available: series(staffed(8)),
    busy: series(staffed(3)),
    utilized_available: series(staffed(6)),
    utilized_busy: series(staffed(1)),
    first_offered: series((i) => (restated(i) ? contacts(i) - 1 : null)),
    weeks: range(8).map((week) => usually((i) => Math.round(bell(i) * share * (0.8 + 0.05 * week)))),
    usual_offered: usually((i) => Math.round(8 * bell(i) * share)),
    usual_abandoned: usually((i) => Math.round(bell(i) * share)),
    usual_within: usually((i) => Math.round(6 * bell(i) * share)),
    usual_wait: usually(() => 35),
    usual_handle: usually(() => 500),
    usual_available: usually(() => 8 * share * 15),
    scheduled: quarters.map((i) => (open(i) && (queue === all || isPlanned) ? Math.round(90 * share) / 10 : null)),
    forecast: quarters.map((i) => (open(i) && isPlanned ? Math.round(bell(i) * share * 11) / 10 : null)),
    forecast_handle: quarters.map((i) => (open(i) && isPlanned ? 560 - i : null)),
    // another version at noon
    forecast_issued: quarters.map((i) =>
      isPlanned ? Date.parse(i < 48 ? "2026-09-14T10:00:00Z" : "2026-09-16T16:00:00Z") / 60_000 : null,
    ),
  };
}

const through = 61; // windows of today that have come
const arrived = quarters.map((i) => (i < through && !missing(i) ? "1" : "0")).join("");
const intradayDays: IntradayDay[] = [
  { day: before(7), arrived: "1".repeat(96), staffed: "1".repeat(96), through: "2026-09-10T04:00:00Z" },
  { day: before(1), arrived: "1".repeat(96), staffed: "1".repeat(96), through: "2026-09-16T04:00:00Z" },
  { day: today, arrived, staffed: arrived, through: "2026-09-16T19:15:00Z" },
];
const dayOf = (day: string, until: number) =>
  names.map((queue, i) => intraday(queue, until, i === 0 ? 1 : 0.7 - 0.2 * i, day));
const queues = names.map((queue, i) => ({ queue, kind: i === 0 ? "all" : "queue" }));

/** Waiting: the same two days, of which the third queue is held back. */
const waitingDays: WaitingDate[] = [
  { day: before(1), through: "2026-09-16T04:00:00Z" },
  { day: today, through: "2026-09-16T19:15:00Z" },
];

function waiting(queue: string, until: number, share: number, day: string): WaitingDay {
  const series = (of: (i: number) => number | null) => quarters.map((i) => (i < until && !missing(i) ? of(i) : null));
  const contacts = (i: number) => Math.round(bell(i) * share);
  const left = (i: number) => (contacts(i) > 4 ? 1 : 0);
  const line = (i: number) => Math.max(0, Math.round((contacts(i) - 5) * (i > 50 ? 0.8 : 0.3)));
  const part = (whole: (i: number) => number, parts: number[]) =>
    parts.map((each) => series((i) => Math.round(whole(i) * each)));
  const enough = queue !== names[2];
  const steps = [0, 5, 10, 30, 60, 90, 120, 300, 600, 1800, 3600];
  const sums = (whole: number) => steps.map((_, i) => Math.round(whole * (1 - 0.6 ** (i + 1))));
  return {
    queue,
    start: `${day}T04:00:00Z`,
    entered: series(contacts),
    direct: series((i) => Math.floor(contacts(i) / 2)),
    gone: series(contacts),
    waiting: series(line),
    oldest: series((i) => (enough && line(i) > 0 ? 60 * Math.ceil(line(i) / 3) : null)),
    answered: series((i) => contacts(i) - left(i)),
    abandoned: series(left),
    timed_out: series((i) => (left(i) > 0 && i % 4 === 0 ? 1 : 0)),
    answered_bands: part((i) => contacts(i) - left(i), [0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0]),
    abandoned_bands: part(left, [0, 0, 0, 0, 1, 0, 0]),
    leavers: series((i) => (enough ? left(i) : 0)),
    abandoned_wait: series((i) => (enough && left(i) ? (i < 50 ? 45.5 : 131.2) : null)),
    abandoned_longest: series((i) => (enough && left(i) ? (i < 50 ? 120 : 480) : null)),
    steps: enough ? steps : null,
    answered_by: enough ? sums(400 * share) : null,
    abandoned_by: enough ? sums(40 * share).map((n, i) => Math.round((n * i) / 10)) : null,
    abandoned_short: 2,
    gone_mean: enough ? 95.4 : null,
    gone_p50: enough ? 80 : null,
    gone_p90: enough ? 190 : null,
    exits: [
      { event: "NEW_REP", abandoned: false, exited: true, visits: 380 },
      { event: "CONVERSATION_END", abandoned: true, exited: true, visits: 30 },
      { event: "CUSTOMER_TIMEDOUT", abandoned: true, exited: true, visits: 9 },
      { event: null, abandoned: false, exited: false, visits: 1 },
    ],
  };
}

function slots(until: number, day: string): SlotDay {
  const series = (of: number) =>
    quarters.map((i) => (i < until && !missing(i) && !held(i) ? Math.round(of * (open(i) ? 1 : 0) * 10) / 10 : null));
  const merged = quarters.map((i) => (i >= until || missing(i) ? null : held(i) ? 0 : few(i) ? 60 : 15));
  return {
    start: `${day}T04:00:00Z`,
    merged,
    reps: series(12),
    logged_in: series(11),
    all_light: series(5),
    all_full: series(3),
    all_over: series(0.5),
    active_none: series(3.5),
    active_light: series(5),
    active_full: series(2.4),
    active_over: series(0.1),
    flex: series(0),
    slots: series(33),
    chats: series(17.5),
    effort: quarters.map(() => null),
    lacking: ["cum_weighted_seconds"],
  };
}

const loads: QueueLoad[] = names.map((queue, i) => ({
  queue,
  kind: i === 0 ? "all" : "queue",
  part: i === 0 ? 0 : 1,
  days: 28,
  contacts: 9000 / (i + 1),
  abandoned: 500 / (i + 1),
  busiest: 26 / (i + 1),
  busiest_slot: "11:30",
  handled: 8500 / (i + 1),
  handle_mean: 480,
  concurrency: 1.8,
  patience: 300,
  excluded: [before(14)],
}));

/** Heatmaps: five weeks of two queues, with a day when nothing came and one whose reps were too few. */
const heatDays: HeatDay[] = names.slice(0, 2).flatMap((queue, part) =>
  range(35).map((back): HeatDay => {
    const day = before(back + 1);
    const share = (weekday(day) > 5 ? 0.25 : 1) * (part === 0 ? 1 : 0.4) * (back < 7 ? 1.2 : 1);
    const offered = quarters.map((i) => (isHour(12)(i) && weekday(day) === 2 ? 0 : Math.round(bell(i) * share)));
    const abandoned = offered.map((count) => Math.floor(count / 9));
    return {
      day,
      queue,
      offered,
      abandoned,
      base: offered,
      good: offered.map((count, i) => Math.max(0, count - Math.ceil(count / (i > 56 ? 3 : 8)))),
      wait: offered.map((count, i) => count * (20 + i)),
      available: quarters.map((i) => (!open(i) ? 0 : isHour(18)(i) ? -1 : 90 * share)),
    };
  }),
);

/** Overview and Conversations: six weeks by day and channel; the last day is not whole, one was held back. */
const conversationDays: ConversationDay[] = ["All channels", "web"].flatMap((channel, i) =>
  range(42).map((at): ConversationDay => {
    const started = Math.round((300 + ((at * 37) % 80) - (weekday(before(41 - at)) > 5 ? 190 : 0)) / (i + 1));
    const last = at === 41;
    const ended = Math.round(started * (last ? 0.6 : 0.97));
    const withheld = at === 20;
    return {
      day: before(41 - at),
      complete: !last,
      channel,
      started,
      ended,
      assisted: Math.round(ended * 0.7),
      handled: Math.round(ended * 0.7),
      handle_p50: withheld ? null : 400 + ((at * 53) % 90),
      handle_p90: withheld ? null : 1100 + ((at * 71) % 400),
      handle_bins: null,
      queued: Math.round(ended * 0.7),
      wait_p50: withheld ? null : 20 + ((at * 13) % 30),
      wait_p90: withheld ? null : 90 + ((at * 29) % 120),
      wait_bins: null,
      resolved: Math.round(ended * 0.55),
      unresolved: Math.round(ended * 0.08),
      timeout: Math.round(ended * 0.12),
      auto: Math.round(ended * 0.2),
      other: Math.round(ended * 0.05),
      rated: Math.round(ended * 0.15),
      satisfied: withheld ? null : Math.round(ended * 0.15 * 0.8),
    };
  }),
);

const historyDays: HistoryDay[] = [all, "Billing"].flatMap((queue, i) =>
  range(42).map((at): HistoryDay => {
    const offered = Math.round((240 + ((at * 41) % 70)) / (i + 1));
    const abandoned = Math.round(offered * 0.06);
    const within = Math.round(offered * (0.7 + ((at * 7) % 20) / 100));
    return {
      day: before(41 - at),
      complete: at < 41,
      queue,
      offered,
      abandoned,
      within,
      assigned: offered - abandoned,
    };
  }),
);

/** Data health: one feed in each state of a partition. */
const partitionStates = ["failed", "overdue", "waiting", "replaced", "complete", "empty", "other"] as const;
const healthDays: FeedDay[] = partitionStates.flatMap((state, i) =>
  range(14).map(
    (at): FeedDay => ({
      feed: `feed_that_is_${state}`,
      day: before(13 - at),
      complete: 24,
      empty: 0,
      replaced: 0,
      waiting: 0,
      overdue: 0,
      failed: 0,
      other: 0,
      ...(at >= 13 - i ? { [state]: 1 } : {}),
      ...(at >= 13 - i && i > 4 ? { complete: 0, [state]: 24 } : {}),
    }),
  ),
);
const healthFeeds: FeedHealth[] = partitionStates.map((state, i) => ({
  feed: `feed_that_is_${state}`,
  kind: "conversation",
  about: "what is tested",
  cadence_minutes: 60,
  through: "2026-09-16T18:00:00Z",
  partitions: 336,
  complete: 330,
  empty: 3,
  waiting: 1,
  overdue: i === 1 ? 2 : 0,
  failed: i === 0 ? 1 : 0,
  delivered: 12_000,
  kept: 11_500,
  duplicates: 500,
  ties: 3,
  quarantined: 0,
  first_day: before(13),
}));

/** Baseline accuracy: four weeks of three queues, one with a forecast of its own. */
const scored: ScoredDay[] = names.flatMap((queue, i) =>
  range(28).flatMap((at) =>
    (["baseline", "forecast", "same"] as const)
      .filter((kind) => kind === "baseline" || i < 2)
      .map((kind): ScoredDay => {
        const contacts = Math.round((300 + ((at * 31) % 60)) / (i + 1));
        const distance = contacts * (kind === "forecast" ? 0.11 : 0.14 + 0.05 * i + ((at * 3) % 5) / 50);
        return {
          queue,
          kind,
          day: before(28 - at),
          complete: at < 27,
          expected: contacts + 6 - at,
          n: 24,
          without: 0,
          contacts,
          distance,
          error: 6 - at,
          floor: contacts * (0.08 + 0.04 * i),
        };
      }),
  ),
);
const farOff: FarOff[] = [
  { queue: all, day: before(3), start: "2026-09-13T15:00:00Z", weeks: 8, expected: 22, offered: 41 },
];

/** The backtest of the service level at close. */
const closes: CloseDay[] = range(20).map((at) => {
  const halves = range(48);
  const contacts = halves.map((i) => Math.round((bell(2 * i) + bell(2 * i + 1)) * (0.8 + 0.02 * at)));
  const assigned = contacts.map((n) => n - Math.round(n / 10));
  const abandoned = contacts.map((n) => Math.round(n / 10));
  const within = contacts.map((n, i) => Math.round(n * (0.6 + 0.01 * ((i * 7 + at) % 20))));
  const seen = (series: number[]) => closeHours.map((hour) => series.slice(0, 2 * hour - 1));
  return {
    queue: all,
    day: before(20 - at),
    assigned,
    abandoned,
    within,
    seen_assigned: seen(assigned),
    seen_abandoned: seen(abandoned),
    seen_within: seen(within),
    usual: halves.map((i) => bell(2 * i) + bell(2 * i + 1)),
    staff: halves.map((i) => (open(2 * i) ? 8 : null)),
    handle: 480,
    patience: 300,
  };
});

const alerts: AlertRow[] = [
  ["Service level", all, "service_level under target", true, 12],
  ["Counts", "All feeds", "feed counts differ", false, 0],
].map(([alert, subject, condition, replayed, fired]) => ({
  alert: String(alert),
  subject: String(subject),
  condition: String(condition),
  replayed: Boolean(replayed),
  days: 56,
  fired: Number(fired),
  days_fired: Number(fired) / 2,
  median_minutes: fired === 0 ? null : 45,
  longest_minutes: fired === 0 ? null : 150,
  minutes_before_end: fired === 0 ? null : 210,
  over_by_itself: Number(fired) / 2,
  brief: Number(fired) / 4,
  unfounded: 0,
  on_since: fired === 0 ? null : `${today}T13:10:00Z`,
}));

/** How long figures move: exported from 30 minutes on, final from 120. */
const settling: Settling[] = [20, 30, 40, 60, 90, 120, 180, 360].map((minutes) => {
  const left = Math.max(0, 120 - minutes) / 100;
  return {
    queue: all,
    minutes,
    windows: 400,
    known: minutes < 30 ? 0 : minutes < 40 ? 200 : 400,
    settled: minutes < 30 ? 0 : Math.round(400 * (1 - left / 10)),
    contacts: minutes < 30 ? null : 8000,
    moved: minutes < 30 ? 0 : Math.round(160 * left),
    handled: minutes < 30 ? null : 3_000_000,
    handle_moved: minutes < 30 ? null : 70_000 * left,
    level_contacts: minutes < 30 ? null : 8000,
    level_moved: minutes < 30 ? null : 90 * left,
  };
});

const annotationPeriods: AnnotationPeriod[] = (["before", "during", "after"] as const).map((period, i) => ({
  line: 2,
  period,
  starts: `${before(3 - i)}T14:00:00Z`,
  ends: `${before(3 - i)}T15:30:00Z`,
  offered: [101, 12, 140][i] ?? 0,
  usual: 100,
  low: 92,
  high: 108,
  weeks: 8,
}));

/** What the pages load, by name below data/. */
export const rows: Record<string, unknown> = {
  site: [site],
  queues,
  "queue-load": loads,
  "intraday-days": intradayDays,
  [`intraday/${before(7)}`]: dayOf(before(7), 96),
  [`intraday/${before(1)}`]: dayOf(before(1), 96),
  [`intraday/${today}`]: dayOf(today, through),
  "heatmap/0": heatDays.filter(({ queue }) => queue === all),
  "heatmap/1": heatDays.filter(({ queue }) => queue !== all),
  "close/0": closes,
  "close/1": [],
  days: conversationDays,
  "queue-days": historyDays,
  "health-feeds": healthFeeds,
  "health-days": healthDays,
  accuracy: scored,
  "accuracy-worst": farOff,
  settling,
  alerts,
  ...Object.fromEntries(
    ["oddities", "unfit", "dedupe", "counts", "changes", "quarantine", "suspected"].map((name) => [
      `health-${name}`,
      [],
    ]),
  ),
  personal: [],
  "last-day": [lastDay],
  annotations: annotationPeriods,
  "waiting-days": waitingDays,
  "waiting-queues": queues,
  ...Object.fromEntries(
    waitingDays.flatMap(({ day }) => {
      const until = day === today ? through : 96;
      return [
        [`waiting/${day}`, names.map((queue, i) => waiting(queue, until, i === 0 ? 1 : 0.7 - 0.2 * i, day))],
        [`slots/${day}`, [slots(until, day)]],
      ];
    }),
  ),
};

/** The same of a site to which nothing has come: its settings, and files without a row. */
export const noRows: Record<string, unknown> = {
  ...Object.fromEntries(Object.keys(rows).map((name) => [name, []])),
  site: [{ ...site, feeds: [], synced_at: null }],
};
