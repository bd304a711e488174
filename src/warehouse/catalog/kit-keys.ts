import type { Feed } from "../../export/feed.ts";
import { dedupeRule, type RelationColumn } from "../dedupe/dedupe.ts";
import type { FeedSnapshot } from "../snapshot/snapshot.ts";
import { counts, type KitSource, type KitTable, sum, texts, total } from "./kit-source.ts";

export function keysTable({ snapshot, feeds, columnsOf }: KitSource): KitTable {
  const rows = [...feeds.values()].map((feed) => {
    const feedSnapshot = snapshot.feeds[feed.name];
    const rule = dedupeRule(feed, columnsOf(feed.name));
    const groups = total((feedSnapshot?.days ?? []).map(({ dedupe }) => dedupe ?? {}));
    return {
      feed: feed.name,
      documented_key: feed.key.join(", ") || null,
      key: rule.wholeRows ? "whole rows" : rule.key.map(({ label }) => label).join(", "),
      order: [...rule.order.map(({ label, direction }) => `${label} ${direction}`), "the run"].join(", "),
      absent: rule.missing.join(", ") || null,
      renamed: rule.renamed.map(({ column, used }) => `${column}: ${used.join(", ")}`).join("; ") || null,
      latest_only: feed.latestOnly,
      by_order: groups.order ?? 0,
      by_run: groups.run ?? 0,
      by_tie: groups.tie ?? 0,
      suspect: feedSnapshot ? keyDoubts(feed, feedSnapshot, columnsOf(feed.name)) : null,
      warnings: feed.warnings.join(", ") || null,
      note: feed.note,
    };
  });
  return {
    types: {
      ...texts("feed", "documented_key", "key", "order", "absent", "renamed"),
      latest_only: "BOOLEAN",
      ...counts("by_order", "by_run", "by_tie"),
      ...texts("suspect", "warnings", "note"),
    },
    rows,
  };
}

export function dedupeTable({ snapshot }: KitSource): KitTable {
  const rows = Object.entries(snapshot.feeds).flatMap(([feed, { days }]) =>
    days.map((day) => ({
      feed,
      dt: day.dt,
      rows_delivered: day.rows,
      rows: day.currentRows,
      duplicates: day.rows - day.currentRows,
      by_order: day.dedupe?.order ?? 0,
      by_run: day.dedupe?.run ?? 0,
      by_tie: day.dedupe?.tie ?? 0,
    })),
  );
  return {
    types: {
      feed: "VARCHAR",
      dt: "DATE",
      ...counts("rows_delivered", "rows", "duplicates", "by_order", "by_run", "by_tie"),
    },
    rows,
  };
}

/** Why the data casts doubt on a feed's key; null without a reason. */
export function keyDoubts(feed: Feed, feedSnapshot: FeedSnapshot, columns: readonly RelationColumn[]): string | null {
  const delivered = sum(feedSnapshot.days.map(({ rows }) => rows));
  const kept = sum(feedSnapshot.days.map(({ currentRows }) => currentRows));
  if (delivered === 0) return null;
  const rule = dedupeRule(feed, columns);
  const { order = 0, run = 0, tie = 0 } = total(feedSnapshot.days.map(({ dedupe }) => dedupe ?? {}));
  const duplicated = order + run + tie;
  const reasons: string[] = [];
  if (tie > 0 && tie * 20 >= duplicated && !rule.wholeRows)
    reasons.push(
      kept <= 1 && delivered > 1
        ? "the key folds the whole table into one row"
        : `one run delivers ${tie} ${tie === 1 ? "key" : "keys"} more than once: the key may be too coarse`,
    );
  if (rule.missing.length > 0)
    reasons.push(
      rule.wholeRows
        ? `no key column is delivered (${rule.missing.join(", ")}): whole rows are the key`
        : `key ${rule.missing.length === 1 ? "column" : "columns"} not delivered: ${rule.missing.join(", ")}`,
    );
  if (feed.order.length > 0 && duplicated >= 20 && order * 100 < duplicated)
    reasons.push(
      `the declared order decides ${order === 0 ? "nothing" : `${order} of ${duplicated} keys`}: the run decides`,
    );
  return reasons.join("; ") || null;
}
