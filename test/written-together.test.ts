import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openDatabase } from "../src/duckdb/database.ts";
import { writeParquet, writeParquets } from "../src/warehouse/stage/inspect.ts";
import fc from "./fast-check.ts";

const runs = { numRuns: Number(process.env.ASAPP_KIT_RUNS ?? 6) };

describe("day files that are written together", () => {
  it("keep their rows in order, however they lie in DuckDB's chunks", async () => {
    const folder = mkdtempSync(join(tmpdir(), "asapp-small-"));
    const db = await openDatabase({ threads: 1 });
    // [rows before, rows]: few in a chunk of 2,048 and many in the next, all in one, whole chunks.
    const size = fc.oneof(fc.constantFrom(1, 230, 511, 2010, 2047, 2048, 2049), fc.nat({ max: 5000 }));
    let round = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(size, { minLength: 2, maxLength: 6 }), async (sizes) => {
          const place = join(folder, `${++round}`);
          mkdirSync(place);
          const one = (rows: number) => `select range as n, md5(range::varchar) as text from range(${rows})`;
          const all = sizes.map((rows, i) => `select *, ${i} as part from (${one(rows)})`).join(" union all ");
          const written = await writeParquets(db, `${all} order by part, n`, "part", place);
          for (const [i, rows] of sizes.entries()) {
            if (rows === 0) {
              assert.equal(written.get(i), undefined);
              continue;
            }
            const alone = join(place, "alone.parquet");
            await writeParquet(db, [`${one(rows)} order by n`], alone);
            assert.equal(written.get(i)!.rows, rows);
            assert.deepEqual(readFileSync(written.get(i)!.path), readFileSync(alone), `${rows} rows`);
          }
        }),
        { ...runs, examples: [[[2010, 2500]], [[2047, 1169, 1003]], [[1700, 400, 1900, 2300]]] },
      );
    } finally {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
