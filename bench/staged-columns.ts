import type { Column } from "../src/export/feed.ts";
import type { StagedColumn } from "../src/warehouse/snapshot/snapshot.ts";

/** Documented columns of a feed that every one of these days delivered. */
export function stagedColumns(columns: readonly Column[], dts: readonly string[]): StagedColumn[] {
  return columns.map(({ name, type }) => ({
    name,
    type,
    key: name,
    documented: true,
    firstSeen: dts[0]!,
    lastSeen: dts.at(-1)!,
  }));
}
