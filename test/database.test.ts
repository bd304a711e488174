import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { onConnections } from "../src/duckdb/connections.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteList, quoteName, quoteText } from "../src/duckdb/quote.ts";

describe("database", () => {
  let db: Database;
  before(async () => {
    db = await openDatabase({ threads: 2 });
  });
  after(() => db.close());
  const one = async (expression: string) => (await db.rows(`select ${expression}`)).rows[0]![0];

  it("keeps every digit", async () => {
    assert.equal(await one("9007199254740991"), 9007199254740991);
    assert.equal(await one("9007199254740993"), 9007199254740993n);
    assert.equal(await one("170141183460469231731687303715884105727"), 170141183460469231731687303715884105727n);
    assert.equal(await one("12345678901234567.89::decimal(20,2)"), "12345678901234567.89");
    assert.equal(await one("1234.50::decimal(20,2)"), 1234.5);
    assert.equal(await one("12345678901234567890::decimal(38,0)"), 12345678901234567890n);
    assert.equal(await one("0.1::double"), 0.1);
    assert.equal(await one("sum(x) from (values (1), (2)) t(x)"), 3);
  });

  it("answers queries that are asked at once, each with all of its rows", async () => {
    const counts = [1, 3000, 50_000, 2, 10_000];
    const answers = await Promise.all(counts.map((count) => db.rows(`from range(${count})`)));
    assert.deepEqual(
      answers.map(({ rows }) => rows.length),
      counts,
    );
  });

  it("gives times in UTC, whatever the zone of the machine", async () => {
    assert.equal(await one("timestamp '2026-09-01 05:15:00'"), "2026-09-01T05:15:00Z");
    assert.equal(await one("timestamp '2026-09-01 05:15:00.626'"), "2026-09-01T05:15:00.626Z");
    assert.equal(await one("timestamp '1969-12-31 23:59:59.999999'"), "1969-12-31T23:59:59.999999Z");
    assert.equal(await one("timestamptz '2026-09-01 05:15:00+05:30'"), "2026-08-31T23:45:00Z");
    assert.equal(await one("timestamp_ns '2026-09-01 05:15:00.123456789'"), "2026-09-01T05:15:00.123456789Z");
    assert.equal(await one("timestamp_s '2026-09-01 05:15:00'"), "2026-09-01T05:15:00Z");
    assert.equal(await one("'infinity'::timestamp"), "infinity");
    assert.equal(await one("date '2026-09-01'"), "2026-09-01");
    assert.equal(await one("time '05:15:00'"), "05:15:00");
    assert.equal(await one("current_setting('TimeZone')"), "UTC");
  });

  it("gives nested values as lists and objects", async () => {
    assert.deepEqual(await one("{'a': [1, 2], 'b': map {'x': date '2026-09-01'}, 'c': null}"), {
      a: [1, 2],
      b: { x: "2026-09-01" },
      c: null,
    });
  });

  it("names the columns and their types", async () => {
    const { columns } = await db.rows(`select 1::bigint as n, '{}'::json as "J j", 1.5::decimal(4,1) as d, [''] as l`);
    assert.deepEqual(columns, [
      { name: "n", type: "BIGINT" },
      { name: "J j", type: "JSON" },
      { name: "d", type: "DECIMAL(4,1)" },
      { name: "l", type: "VARCHAR[]" },
    ]);
  });

  it("runs several statements and returns the rows of the last", async () => {
    const { rows } = await db.rows("create temp table t as select 1 as a; insert into t values (2); from t order by a");
    assert.deepEqual(rows, [[1], [2]]);
    assert.deepEqual(await db.objects("from t order by a desc"), [{ a: 2 }, { a: 1 }]);
    await assert.rejects(db.rows(" -- nothing\n"), /the query is empty/);
  });

  it("streams a large result in batches", async () => {
    const { batches } = await db.stream("from range(100000)");
    let rows = 0;
    let largest = 0;
    for await (const batch of batches) {
      rows += batch.length;
      largest = Math.max(largest, batch.length);
    }
    assert.equal(rows, 100000);
    assert.ok(largest < 5000);
  });

  it("does not take a stream that fails for one that has ended", async () => {
    const late = "select if(i = 2000000, error('late')::int, i) as i from range(3000000) t(i)";
    const read = async () => {
      let rows = 0;
      for await (const batch of (await db.stream(late)).batches) rows += batch.length;
      return rows;
    };
    await assert.rejects(read(), /Invalid Input Error: late/);
    const stream = await db.stream(late);
    await assert.rejects(stream.countRest(), /Invalid Input Error: late/);
    const { batches } = await db.stream("from range(100000)");
    for await (const _ of batches) break;
    assert.equal(await one("7"), 7); // a stream that was left alone is in nobody's way
  });

  it("counts the rows of a stream that nobody reads", async () => {
    const { batches, countRest } = await db.stream("from range(1000000)");
    let read = 0;
    for await (const batch of batches) {
      read += batch.length;
      if (read > 3000) break;
    }
    assert.equal(read + (await countRest()), 1000000);
    assert.equal(await (await db.stream("from range(0)")).countRest(), 0);
  });

  it("streams within a transaction of the user's", async () => {
    await db.run("begin; create temp table streamed as from range(5)");
    assert.equal(await (await db.stream("from streamed")).countRest(), 5);
    await db.run("rollback");
    await assert.rejects(db.stream("from streamed"), /does not exist/);
  });

  it("shares items among connections, which a signal interrupts and the end closes", async () => {
    const db = await openDatabase({ threads: 1 });
    try {
      const used = new Map<Database, number>();
      const answers = await onConnections(db, 2, [1, 2, 3, 4], async (connection, item, number) => {
        used.set(connection, number);
        return (await connection.rows(`select ${item * item}`)).rows[0]![0];
      });
      assert.deepEqual(answers, [1, 4, 9, 16]);
      assert.deepEqual([...used.values()].sort(), [0, 1]);
      assert.ok(!used.has(db));
      const control = new AbortController();
      const endless = onConnections(
        db,
        2,
        [1, 2],
        (connection) => connection.rows("select count(*) from range(1000000000) a, range(1000000000) b"),
        control.signal,
      );
      setTimeout(() => control.abort(), 100);
      await assert.rejects(endless, /INTERRUPT/i);
      for (const connection of used.keys()) await assert.rejects(connection.rows("select 1"));
      assert.deepEqual((await db.rows("select 1")).rows, [[1]]);
    } finally {
      db.close();
    }
  });

  it("is interrupted by a signal, and can be used afterwards", async () => {
    const control = new AbortController();
    setTimeout(() => control.abort(), 50);
    const endless = db.rows("select count(*) from range(100000000000) a, range(1000) b", {
      signal: control.signal,
    });
    await assert.rejects(endless, (error) => error instanceof CliError && error.exit === "interrupted");
    await assert.rejects(db.rows("select 1", { signal: control.signal }), /interrupted/);
    assert.equal(await one("1"), 1);
  });

  it("quotes names, texts and lists", async () => {
    assert.equal(await one(`${quoteName('o"dd')} from (select 1 as ${quoteName('o"dd')})`), 1);
    assert.deepEqual(await one(`${quoteList(["it's", "\\n", ""])}`), ["it's", "\\n", ""]);
    assert.equal(await one(quoteText("'; drop table x; --")), "'; drop table x; --");
    assert.equal(await one(quoteText("a\0'b")), "a\0'b");
  });
});

describe("sandbox", () => {
  const root = mkdtempSync(join(tmpdir(), "asapp-sandbox-"));
  const inside = join(root, "in'side");
  let db: Database;
  before(async () => {
    mkdirSync(inside);
    writeFileSync(join(inside, "a.csv"), "a\n1\n");
    writeFileSync(join(root, "b.csv"), "a\n1\n");
    db = await openDatabase();
    await db.sandbox([inside]);
  });
  after(() => {
    db.close();
    rmSync(root, { recursive: true });
  });
  const read = (sql: string) => db.rows(sql, { readOnly: true });
  const file = (name: string) => quoteText(join(inside, name));

  it("reads below its roots", async () => {
    assert.deepEqual((await read(`from ${file("a.csv")}`)).rows, [[1]]);
    assert.deepEqual((await read("create temp table t as select 1 as a; pivot t on a using count(*)")).rows.length, 1);
    assert.ok((await read("explain select 1")).rows.length > 0);
    assert.ok((await read("summarize select 1 as a")).rows.length > 0);
  });

  const outside = ["b.csv", "in'side/../b.csv"];
  for (const name of outside) {
    it(`cannot read ${name}`, async () => {
      const text = quoteText(`${root}/${name}`);
      for (const from of [text, `read_text(${text})`, `read_blob(${text})`, `glob(${text})`, `read_json(${text})`]) {
        await assert.rejects(read(`from ${from}`), /disabled by configuration/);
      }
    });
  }

  const writes = [
    (to: string) => `copy (select 1) to ${to}`,
    (to: string) => `select 1; copy (select 1) to ${to}`,
    (to: string) => `explain analyze copy (select 1) to ${to}`,
    (to: string) => `explain /* ; */ analyze copy (select ';') to ${to}`,
    (to: string) => `prepare p as copy (select 1) to ${to}; execute p`,
    (to: string) => `attach ${to} as x`,
    (to: string) => `-- \r copy (\nselect 1) to ${to}`,
    (to: string) => `/* */ copy (select 1 /* */ from range(1)) to ${to}`,
    (to: string) => `export database ${to}`,
    (to: string) => `import database ${to}`,
  ];
  for (const [i, write] of writes.entries()) {
    it(`cannot write, even below its roots: ${write("…")}`, async () => {
      await assert.rejects(read(write(file(`w${i}`))));
      assert.ok(!existsSync(join(inside, `w${i}`)));
      assert.deepEqual(readdirSync(inside), ["a.csv"]);
    });
  }

  it("cannot be left", async () => {
    await assert.rejects(read("set enable_external_access = true"));
    await assert.rejects(read("set allowed_directories = ['/']"));
    await assert.rejects(read("reset lock_configuration"));
    await assert.rejects(read("install httpfs"));
    await assert.rejects(read("load httpfs"));
    await assert.rejects(read("from 'https://example.org/a.csv'"));
  });
});
