import assert from "node:assert/strict";
import type { Database } from "../src/warehouse/database.ts";
import { quoteName } from "../src/warehouse/database.ts";

/** Fails unless two relations of two databases have the same columns and, in any order, the same rows. */
export async function sameRows(a: Database, b: Database, relation: string): Promise<number> {
  const [left, right] = await Promise.all([sorted(a, relation), sorted(b, relation)]);
  assert.deepEqual(left.columns, right.columns, `columns of ${relation}`);
  assert.deepEqual(left.rows, right.rows, `rows of ${relation}`);
  return left.rows.length;
}

async function sorted(database: Database, relation: string) {
  return database.rows(
    `select * from ${relation} order by ${["_run", "_file", "_line"].map(quoteName).join(", ")}`,
  );
}
