import { join } from "node:path";
import { isFatal } from "../../base/faults.ts";
import { type Database, openDatabase } from "../../duckdb/database.ts";
import { quoteFiles } from "../../duckdb/quote.ts";
import type { FeedSnapshot } from "../snapshot/snapshot.ts";

/** Days of these feeds whose staged file cannot be read completely. */
export async function damagedDays(
  data: string,
  feeds: (readonly [name: string, feed: FeedSnapshot])[],
): Promise<{ feed: string; dt: string }[]> {
  if (feeds.length === 0) return [];
  const database = await openDatabase({ threads: 1 });
  try {
    const damaged: { feed: string; dt: string }[] = [];
    for (const [feed, { days }] of feeds)
      for (const { dt, staged } of days)
        if (staged !== null && !(await isReadable(database, join(data, staged)))) damaged.push({ feed, dt });
    return damaged;
  } finally {
    database.close();
  }
}

async function isReadable(database: Database, file: string): Promise<boolean> {
  try {
    await database.rows(`select sum(hash(r)) from read_parquet(${quoteFiles([file])}) as r`);
    return true;
  } catch (error) {
    if (isFatal(error)) throw error;
    return false;
  }
}
