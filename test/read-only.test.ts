// Whatever `sql` is asked, the bytes below data/ stay, no file appears elsewhere, and the process lives on
// (cases/enable-logging).
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { runQuery } from "../src/commands/sql.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { quoteName, quoteText } from "../src/duckdb/quote.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import fc from "./fast-check.ts";
import { rawFixture } from "./raw-fixture.ts";

const fixture = rawFixture();
const { data } = fixture.project;
const elsewhere = mkdtempSync(join(tmpdir(), "read-only-"));
let catalog: Database;
let untouched: string;

const inside = (name: string) => quoteText(join(data, name));
const outside = (name: string) => quoteText(join(elsewhere, name));
const seen = () => [data, elsewhere].map(bytesBelow).join();
const read = (sql: string) => catalog.rows(sql, { readOnly: true });

function bytesBelow(folder: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const file = join(folder, name);
    hash.update(`${name}\n`);
    if (statSync(file).isFile()) hash.update(readFileSync(file));
  }
  return hash.digest("hex");
}

type Outcome = "read" | "refused" | "failed"; // "failed": DuckDB's own error

async function ask(sql: string): Promise<Outcome> {
  try {
    await read(sql);
    return "read";
  } catch (error) {
    assert.ok(error instanceof Error, sql);
    if (/transaction/i.test(error.message)) await read("rollback").catch(() => {});
    return error instanceof CliError && error.exit === "query" && /only read/.test(error.message)
      ? "refused"
      : "failed";
  }
}

before(async () => {
  fixture.put("reps", "2026-09-01", [{ rep_id: 1, name: "Rep 01" }]);
  fixture.put("convos_metrics", "2026-09-01 05", [
    { issue_id: 1, first_utterance_ts: "2026-09-01T05:00:00Z", assisted: 1 },
  ]);
  await updateWarehouse(fixture.project);
  writeFileSync(join(data, "a.csv"), "a\n1\n");
  untouched = seen();
  catalog = await openCatalog(fixture.project);
});

after(() => {
  catalog.close();
  fixture.delete();
  rmSync(elsewhere, { recursive: true, force: true });
});

describe("statements", () => {
  // as in the table above checkReads
  const reads = [
    "select 1",
    "(select 1)",
    "( -- a\n /* b /* c */ */ select 1)",
    "from reps",
    "values (1)",
    "with a as (select 1 as x) from a",
    "with checkpoint as (select 1 as call) select call from checkpoint", // apache/superset#30705
    "table reps",
    "show tables",
    "show all tables",
    "describe reps",
    "summarize reps",
    "pivot reps on rep_id using count(*)",
    "from (pivot reps on rep_id using count(*))",
    "unpivot (select 1 as a, 2 as b) on a, b",
    "explain from reps",
    "explain analyze from reps",
    "explain (format json) select 1",
    "explain analyze (select 1)",
    "pragma table_info('reps')",
    "pragma version",
    "pragma database_size",
    "begin; commit",
    "set variable n = 1; select getvariable('n')",
    "set schema = 'kit'; from files; reset schema",
    "use kit; use main",
    "create table mine as from reps; insert into mine from reps; update mine set name = 'x'; delete from mine; drop table mine",
    "create or replace temp view mine as select 'enable_logging (' as a; drop view mine",
    "create macro twice(a) as 2 * a; select twice(1); drop macro twice",
    "create macro few() as table select 1 as a; from few(); drop macro table few",
    "create table t (a int); alter table t add column b int; truncate t; drop table t",
    "merge into (select 1) using reps on true when matched then delete", // DuckDB's own refusal
    "select 'call enable_logging()' as a -- and checkpoint ()",
    "from query_table('reps')",
    `from ${"read_csv"}('DATA/a.csv')`,
    "from duckdb_functions() limit 1",
    "select /* ; */ 1; select ';'",
  ];
  for (const sql of reads)
    it(`run: ${sql}`, async () => {
      assert.notEqual(await ask(sql.replace("DATA", data)), "refused");
      assert.equal(seen(), untouched);
    });

  const refused = [
    `call enable_logging('QueryLog', storage='file', storage_config={'path': ${inside("log.csv")}})`,
    `call enable_logging('QueryLog', storage='file', storage_config={'path': ${outside("log.csv")}})`,
    `call enable_profiling(save_location = ${inside("catalog.json")}, format = 'json')`,
    `from enable_profiling(save_location = ${inside("catalog.json")}, format = 'json')`,
    `select * from (select * from "ENABLE_logging"('QueryLog'))`,
    `with a as (from enable_logging('QueryLog')) from a`,
    `select (select count(*) from enable_logging('QueryLog'))`,
    `select 1 where exists (from enable_logging('QueryLog'))`,
    `select 1 union all select count(*) from system.main.enable_logging('QueryLog')`,
    `from reps, lateral (from enable_logging('QueryLog'))`,
    `select list_transform([1], lambda x: (select count(*) from enable_logging('QueryLog')))`,
    `from query('from enable_logging()')`,
    `from query('from enable_' || 'logging()')`,
    `from json_execute_serialized_sql(json_serialize_sql('from enable_logging()'))`,
    `pragma json_execute_serialized_sql(json_serialize_sql('from enable_logging()'))`,
    `create macro f() as table from enable_logging()`,
    `create macro f() as (select count(*) from enable_logging /* */ ())`,
    `create view v as from enable_logging()`,
    `create view v(a) as from "enable_logging" ()`,
    `create table t as select * from enable_logging()`,
    `create table t as from enable_logging --\n ()`,
    `insert into reps from enable_logging()`,
    `create temp table t (a int default (write_log('x')))`,
    `set variable a = (select count(*) from enable_logging())`,
    `pivot (from enable_logging()) on a using count(*)`,
    `explain analyze from enable_logging()`,
    `explain analyze /* a */ -- b\r verbose from enable_logging()`,
    `explain analyze copy (select 1) to ${inside("x.csv")}`,
    `explain analyze create table t as from enable_logging()`,
    `prepare p as from enable_logging()`,
    `prepare p as select 1`,
    `execute p`,
    `deallocate p`,
    `select write_log('x')`,
    `select 1; call checkpoint()`,
    `/* ; */ call /* ; */ disable_logging()`,
    `-- \r call enable_logging()`,
    "\u200bcall enable_logging()",
    `call truncate_duckdb_logs()`,
    `call force_checkpoint()`,
    `call pragma_version()`,
    "checkpoint",
    "force checkpoint",
    "vacuum",
    "vacuum analyze reps",
    "analyze",
    `copy (select 1) to ${inside("x.csv")}`,
    `copy reps from ${inside("a.csv")}`,
    `with a as (select 1) copy a to ${inside("x.csv")}`, // DuckDB's parser refuses this
    `attach ${inside("x.duckdb")} as x`,
    "attach ':memory:' as x",
    "detach x",
    `export database ${inside("x")}`,
    `export /* */ database ${inside("x")}`,
    `import database ${inside("x")}`,
    `pragma import_database(${inside("x")})`,
    "copy from database memory to x",
    "install httpfs",
    "load httpfs",
    "update extensions",
    "comment on table reps is 'x'",
    "create secret (type http)",
    "create persistent secret s (type http)",
    "create or replace secret s (type http)",
    "drop secret s",
    "drop persistent secret s",
    "alter database memory set alias to x",
    `pragma profiling_output = ${inside("x")}`,
    `set profiling_output = ${inside("x")}`,
    `set global log_query_path = ${inside("x")}`,
    `set temp_directory = ${inside("x")}`,
    "set enable_external_access = true",
    "set custom_profiling_settings = '{}'",
    "reset lock_configuration",
    "reset all",
    "pragma enable_profiling",
    "pragma enable_profiling = 'json'",
    "pragma add_parquet_key('a', 'b')",
    "pragma copy_database('a', 'b')",
    "pragma force_checkpoint",
    "select 1\0; call enable_logging()",
  ];
  for (const sql of refused)
    it(`are refused: ${sql.replaceAll(data, "data").replace("\0", "\\0")}`, async () => {
      assert.notEqual(await ask(sql), "read");
      assert.equal(seen(), untouched);
      assert.deepEqual((await read("select count(*) from reps")).rows, [[1]]);
    });

  it("are refused with the next step", async () => {
    await assert.rejects(
      read("call enable_logging()"),
      (error) =>
        error instanceof CliError &&
        error.exit === "query" &&
        error.message === "CALL ENABLE_LOGGING is not allowed: queries only read" &&
        /--output/.test(error.next ?? ""),
    );
  });

  it("are refused of a query for a Parquet file as well", async () => {
    for (const [i, sql] of [
      "from enable_logging()",
      "select 1) ; call enable_logging(); (select 1",
      "call enable_logging()",
    ].entries()) {
      const file = join(elsewhere, `out-${i}.parquet`);
      const write = async () => {};
      const signal = new AbortController().signal;
      await assert.rejects(runQuery(fixture.project, sql, { format: "parquet", file, write, signal }));
      assert.ok(!existsSync(file));
      assert.equal(seen(), untouched);
    }
  });
});

describe("each function that DuckDB lists", () => {
  interface Listed {
    name: string;
    type: string;
    parameters: string[];
    types: string[];
    side_effects: boolean | null;
  }
  let functions: Listed[];
  before(async () => {
    functions = await catalog.objects<Listed>(`
      select distinct on (name, type) function_name as name, function_type as type, parameters, parameter_types as types,
        bool_or(has_side_effects) over (partition by function_name) as side_effects
      from duckdb_functions() where internal order by name, type, len(parameters)`);
  });

  const texts = (path: string, i: number) => [path, "'QueryLog'", "'from reps'", "'reps'", "'json'"][i % 5] ?? "'a'";
  const value = (type: string, path: string, i: number): string => {
    if (/^(.*)\[\d*\]$/.test(type) || type === "ANY[]") return type.startsWith("VARCHAR") ? `[${path}]` : "[1, 2]";
    if (/^STRUCT|^MAP/.test(type)) return `{'path': ${path}}`;
    if (/INT|DOUBLE|FLOAT|DECIMAL|BIGNUM/.test(type)) return "1";
    if (type === "BOOLEAN") return "true";
    if (type === "DATE" || /^TIME/.test(type)) return `'2026-09-01 05:00:00'::${type}`;
    if (type === "INTERVAL") return "interval 1 day";
    if (type === "POINTER") return "1::pointer";
    if (type === "LAMBDA") return "lambda x: x";
    return texts(path, i);
  };
  const named = (type: string, name: string, path: string): string => {
    if (/config/.test(name)) return `{'path': ${path}}`;
    if (/size/.test(name)) return "100000";
    if (/format|mode/.test(name)) return "'json'";
    if (/location|path|file/.test(name)) return path;
    return value(type, path, 0);
  };

  // What stands between the brackets: nothing, the positional arguments, a path; and for a table function each named one.
  const argumentLists = ({ name, type, parameters, types }: Listed, path: string) => {
    const isTable = type === "table";
    const at = parameters.map((parameter, i) => ({ i, parameter, type: types[i] ?? "ANY" }));
    const isNamed = ({ parameter }: { parameter: string }) => isTable && !/^col\d+$/.test(parameter);
    const plain = at.filter((one) => !isNamed(one)).map(({ i, type }) => value(type, path, i));
    const options = at.filter(isNamed).map(({ parameter, type }) => `${parameter} = ${named(type, parameter, path)}`);
    const config = ["'QueryLog'", "storage = 'file'", `storage_config = {'path': ${path}}`];
    const base = [[], plain, [path], [...plain, ...options], ...(name === "enable_logging" ? [config] : [])];
    const text = (lists: string[][]) => [...new Set(lists.map((list) => list.join(", ")))];
    return { base: text(base), options: text(options.map((option) => [...plain, option])) };
  };

  it("leaves the data alone, as a table, a call, a pragma, in a view, a macro and a new table", async () => {
    const outcomes = new Map<string, Set<Outcome>>();
    const note = async (name: string, sql: string) =>
      outcomes.set(name, (outcomes.get(name) ?? new Set()).add(await ask(sql)));
    for (const listed of functions.filter(({ type }) => /table|pragma/.test(type))) {
      const { name } = listed;
      for (const path of [inside("catalog.json"), outside("new.json")]) {
        const { base, options } = argumentLists(listed, path);
        for (const list of base) await note(name, `from ${name}(${list})`);
        const plain = base[1] ?? "";
        await note(name, `call ${name}(${plain})`);
        await note(name, `pragma ${name}(${plain})`);
        await note(name, `pragma ${name} = ${path}`);
        if (outcomes.get(name)!.has("read")) break;
        for (const list of options) await note(name, `from ${name}(${list})`);
        for (const list of [plain, base.at(-1)!]) {
          await note(name, `create or replace view probe as from "${name}"(${list})`);
          await note(name, `create or replace macro probe() as table from ${name}(${list})`);
          await note(name, `create or replace table probe as select * from ${name} (${list})`);
          await note(name, `explain analyze from ${name}(${list})`);
        }
        await note(name, `pragma ${name}`);
      }
    }
    assert.equal(seen(), untouched);
    assert.equal((await read("select count(*) from reps")).rows[0]![0], 1);
    for (const name of [
      "enable_logging",
      "enable_profiling",
      "disable_logging",
      "truncate_duckdb_logs",
      "arrow_scan",
      "query",
      "json_execute_serialized_sql",
      "checkpoint",
      "force_checkpoint",
      "import_database",
    ])
      assert.ok(!outcomes.get(name)!.has("read"), name);
  });

  it("leaves the data alone as a value", async () => {
    for (const listed of functions.filter(({ type }) => !/table|pragma/.test(type)))
      for (const list of argumentLists(listed, inside("new.json")).base.slice(1, 2))
        await ask(`select ${quoteName(listed.name)}(${list})`);
    assert.equal(seen(), untouched);
    assert.equal((await read("select count(*) from reps")).rows[0]![0], 1);
  });

  // A version of DuckDB that brings another one: look at what it does, then add it here or to read-only.ts.
  it("with effects beside its value is known", () => {
    const known = new Set(functions.flatMap(({ name, side_effects }) => (side_effects ? [name] : [])));
    assert.deepEqual([...known].sort(), [
      "current_connection_id",
      "current_query",
      "current_query_id",
      "current_transaction_id",
      "currval",
      "error",
      "gen_random_uuid",
      "nextval",
      "random",
      "setseed",
      "sleep_ms",
      "stats",
      "uuid",
      "uuidv4",
      "uuidv7",
      "write_log",
    ]);
  });
});

describe("each setting that DuckDB lists", () => {
  it("stays as it is, but for schema and search path", async () => {
    const settings = () => catalog.rows("select name, value from duckdb_settings() order by name");
    const former = await settings();
    for (const [name] of former.rows)
      for (const to of [inside("x")])
        for (const sql of [
          `set ${name} = ${to}`,
          `set global ${name} = ${to}`,
          `pragma ${name} = ${to}`,
          `reset ${name}`,
        ])
          if (!/schema|search_path/.test(String(name))) assert.notEqual(await ask(sql), "read", sql);
    assert.deepEqual(await settings(), former);
    assert.equal(seen(), untouched);
  });
});

describe("the check", () => {
  // Without it the walls of the catalog alone let this through: what the check is for.
  it("is needed", async () => {
    const walled = await openDatabase();
    await walled.sandbox([elsewhere]);
    const file = join(elsewhere, "profile.json");
    await walled.run(`call enable_profiling(save_location = ${quoteText(file)}, format = 'json')`);
    await walled.run("select 1");
    assert.ok(existsSync(file));
    walled.close();
    rmSync(file, { force: true });
    await assert.rejects(
      (await openDatabase()).rows(`call enable_profiling(save_location = ${quoteText(file)})`, {
        readOnly: true,
      }),
    );
  });

  // However a call is hidden between quotes, comments and brackets: either it is refused, or DuckDB does not see it either.
  it("is not led astray by quotes and comments", async () => {
    const piece = fc.constantFrom(
      ..."' \" $$ $a$ -- /* */ \n \r ; ( ) e' \\' \\ , 1e 'x' as select from \u00a0 \u200b 😀 é $ U&\"".split(" "),
      " ",
      " ",
      "select 1",
      "from reps",
      "explain analyze ",
      "create table z as ",
      "with a as (select 1) ",
      "from enable_profiling()",
      "select write_log('x')",
      "call enable_logging()",
      "; call enable_profiling()",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
        await ask(pieces.join(""));
        await read("rollback").catch(() => {});
        await read("drop table if exists z");
        const { rows } = await catalog.rows(
          "select value from duckdb_settings() where name in ('enable_profiling', 'enable_logging') and value not in ('', 'false', '0')",
        );
        assert.deepEqual(rows, []);
      }),
      { numRuns: 100 },
    );
    assert.equal(seen(), untouched);
  });
});
