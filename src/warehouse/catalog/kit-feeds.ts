import { type DedupeRule, dedupeRule } from "../dedupe/dedupe.ts";
import type { DaySnapshot } from "../snapshot/snapshot.ts";
import { keyDoubts } from "./kit-keys.ts";
import { counts, type KitSource, type KitTable, sum, texts, total } from "./kit-source.ts";

// Which rows of a past moment count is known once they are ranked.
const unranked = { rows: null, duplicates: null, ties: null };

export function feedsTable({ snapshot, lastSync, feeds, columnsOf, isPast }: KitSource): KitTable {
  const rows = [...feeds.values()].map((feed) => {
    const feedSnapshot = snapshot.feeds[feed.name];
    const days = feedSnapshot?.days ?? [];
    const unfinished = lastSync?.feeds[feed.name];
    const states = total(days.map(({ facts }) => facts?.states ?? {}));
    const { waiting = 0, overdue = 0, failed = 0, encrypted = 0 } = unfinished ?? {};
    const fetched = sum(Object.values(states));
    const delivered = sum(days.map((day) => day.rows));
    const kept = sum(days.map(({ currentRows }) => currentRows));
    const through = newest(days.map(({ facts }) => facts?.through ?? null));
    return {
      feed: feed.name,
      kind: feed.kind,
      doc: feed.doc,
      documented: feed.documented,
      cadence_minutes: feed.cadenceMinutes,
      partitions: fetched + waiting + overdue + failed + encrypted,
      complete: (states.complete ?? 0) + (states.replaced ?? 0) + (states.expired ?? 0),
      empty: states.empty ?? 0,
      replaced: states.replaced ?? 0,
      expired: states.expired ?? 0,
      waiting,
      overdue,
      failed,
      encrypted,
      rows_delivered: delivered,
      rows: kept,
      duplicates: delivered - kept,
      ties: total(days.map(({ dedupe }) => dedupe ?? {})).tie ?? 0,
      quarantined: sum(days.map(({ quarantined }) => quarantined)),
      rescued: sum(days.flatMap(({ rescued }) => Object.values(rescued ?? {}))),
      first_day: days[0]?.dt ?? null,
      last_day: days.at(-1)?.dt ?? null,
      data_through: through,
      version: unfinished?.version ?? null,
      unlisted: unfinished?.unlisted ?? null,
      suspect: feedSnapshot ? keyDoubts(feed, feedSnapshot, columnsOf(feed.name)) : null,
      ...(isPast ? unranked : {}),
    };
  });
  return {
    types: {
      ...texts("feed", "kind", "doc"),
      documented: "BOOLEAN",
      ...counts("cadence_minutes", "partitions", "complete", "empty", "replaced", "expired", "waiting", "overdue"),
      ...counts("failed", "encrypted", "rows_delivered", "rows", "duplicates", "ties", "quarantined", "rescued"),
      first_day: "DATE",
      last_day: "DATE",
      data_through: "TIMESTAMP",
      ...texts("version", "unlisted", "suspect"),
    },
    rows,
  };
}

/** One row per feed and day, from the snapshot alone, so that a year of all feeds is fast. */
export function daysTable({ snapshot, lastSync, isPast }: KitSource): KitTable {
  const unfinished = new Map<string, Record<string, number>>();
  for (const feed of Object.values(lastSync?.feeds ?? {})) {
    for (const { id, state } of feed.unfinished) {
      const key = `${id.feed} ${id.dt}`;
      unfinished.set(key, total([unfinished.get(key) ?? {}, { [state]: 1 }]));
    }
  }
  const daySnapshots = new Map<string, DaySnapshot>(
    Object.entries(snapshot.feeds).flatMap(([feed, { days }]) =>
      days.map((day): [string, DaySnapshot] => [`${feed} ${day.dt}`, day]),
    ),
  );
  const keys = [...new Set([...daySnapshots.keys(), ...unfinished.keys()])].sort();
  const rows = keys.map((key) => {
    const day = daySnapshots.get(key);
    const states = day?.facts?.states ?? {};
    const open = unfinished.get(key) ?? {};
    const [feed, dt] = key.split(" ") as [string, string];
    return {
      feed,
      dt,
      complete: states.complete ?? 0,
      empty: states.empty ?? 0,
      replaced: states.replaced ?? 0,
      expired: states.expired ?? 0,
      waiting: open.waiting ?? 0,
      overdue: open.overdue ?? 0,
      failed: open.failed ?? 0,
      encrypted: open.encrypted ?? 0,
      rows_delivered: day?.rows ?? 0,
      rows: isPast ? null : (day?.currentRows ?? 0),
      quarantined: day?.quarantined ?? 0,
      rescued: sum(Object.values(day?.rescued ?? {})),
      data_through: day?.facts?.through ?? null,
    };
  });
  return {
    types: {
      feed: "VARCHAR",
      dt: "DATE",
      ...counts("complete", "empty", "replaced", "expired", "waiting", "overdue", "failed", "encrypted"),
      ...counts("rows_delivered", "rows", "quarantined", "rescued"),
      data_through: "TIMESTAMP",
    },
    rows,
  };
}

export function columnsTable({ snapshot, feeds, columnsOf }: KitSource): KitTable {
  const rows = [...feeds.values()].flatMap((feed) => {
    const documented = new Map(feed.columns.map((column) => [column.name, column]));
    const staged = new Map(snapshot.feeds[feed.name]?.columns.map((column) => [column.name, column]));
    const rule: DedupeRule = dedupeRule(feed, columnsOf(feed.name));
    const keys = new Set(
      rule.wholeRows ? [] : rule.key.flatMap((term) => (term.whole === undefined ? term.columns : [])),
    );
    return columnsOf(feed.name).map(({ name, type }, i) => {
      const doc = documented.get(name);
      return {
        feed: feed.name,
        position: i + 1,
        column: name,
        type,
        doc: doc?.doc ?? null,
        personal: doc?.personal ?? null,
        key: keys.has(name),
        documented: doc !== undefined,
        assumed: doc?.assumed ?? false,
        published_type: doc?.published ?? null,
        added: doc?.added ?? null,
        deprecated: doc?.deprecated ?? null,
        first_seen: staged.get(name)?.firstSeen ?? null,
        last_seen: staged.get(name)?.lastSeen ?? null,
      };
    });
  });
  return {
    types: {
      feed: "VARCHAR",
      position: "BIGINT",
      ...texts("column", "type", "doc", "personal"),
      key: "BOOLEAN",
      documented: "BOOLEAN",
      assumed: "BOOLEAN",
      published_type: "VARCHAR",
      added: "DATE",
      deprecated: "DATE",
      first_seen: "DATE",
      last_seen: "DATE",
    },
    rows,
  };
}

export function changesTable({ snapshot }: KitSource): KitTable {
  // Documented changes of feeds without data; those with data have them among their own changes.
  const documented = Object.entries(snapshot.docs?.changes ?? {}).filter(([feed]) => !snapshot.feeds[feed]);
  const observed = Object.entries(snapshot.feeds).map(([feed, { changes }]) => [feed, changes] as const);
  const rows = [...observed, ...documented].flatMap(([feed, changes]) =>
    changes.map(({ dt, column, change, class: kind, from, to, detail }) => ({
      feed,
      dt,
      column,
      change,
      class: kind,
      from,
      to,
      detail,
    })),
  );
  return {
    types: { feed: "VARCHAR", dt: "DATE", ...texts("column", "change", "class", "from", "to", "detail") },
    rows,
  };
}

function newest(times: (string | null)[]): string | null {
  return times.reduce((last, time) => (time !== null && (last === null || time > last) ? time : last), null);
}
