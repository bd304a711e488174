import assert from "node:assert/strict";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteName } from "../src/duckdb/quote.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { viewsScript } from "../src/warehouse/catalog/views.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import type { RawFixture } from "./raw-fixture.ts";

/** Fails unless two relations of two databases have the same columns and, in any order, the same rows. */
export async function sameRows(a: Database, b: Database, relation: string): Promise<number> {
  const [left, right] = await Promise.all([sorted(a, relation), sorted(b, relation)]);
  assert.deepEqual(left.columns, right.columns, `columns of ${relation}`);
  assert.deepEqual(left.rows, right.rows, `rows of ${relation}`);
  return left.rows.length;
}

async function sorted(database: Database, relation: string) {
  return database.rows(`select * from ${relation} order by ${["_run", "_file", "_line"].map(quoteName).join(", ")}`);
}

/** What a query answers, once `verify` and the printed views over the raw files have said the same of the feed. */
export async function settled(
  { project }: Pick<RawFixture, "project">,
  sql = "from things",
  feed = "things",
): Promise<unknown[][]> {
  const { differences } = await verifyFeed(project, feed, { bucketRows: 3 });
  assert.deepEqual(differences, []);
  const catalog = await openCatalog(project, { threads: 1 });
  const bare = await openDatabase({ threads: 1 });
  try {
    await bare.run(await viewsScript(project, { feeds: [feed] }));
    await sameRows(catalog, bare, `raw.${feed}`);
    await sameRows(catalog, bare, feed);
    return (await catalog.rows(sql)).rows;
  } finally {
    catalog.close();
    bare.close();
  }
}
