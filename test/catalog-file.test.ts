import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { exitCodes } from "../src/base/errors.ts";
import { openProject } from "../src/config/project.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { type CliKit, openCliKit } from "./cli-kit.ts";
import { ended, output } from "./wait.ts";

const python = process.env.ASAPP_KIT_TEST_PYTHON ?? "python3";
const noPython = spawnSync(python, ["-c", "import duckdb"]).status !== 0 ? `no duckdb package for ${python}` : false;

describe("the catalog as a DuckDB file", () => {
  let kit: CliKit;
  const file = () => join(kit.folder, "acme.duckdb");
  const windows = (hour: string, queue: string) =>
    kit.partition(`queue_wfm/dt=2026-09-01/hr=${hour}/mi=00`, [
      { instance_ts: `2026-09-01 ${hour}:00:00`, queue_id: queue, total_assignments: 4 },
    ]);
  const metrics = (hour: string, ...issues: number[]) =>
    kit.partition(
      `convos_metrics/dt=2026-09-01/hr=${hour}`,
      issues.map((issue_id) => ({ issue_id, total_handle_time: 100 * Number(hour), odd: { hour } })),
    );

  before(async () => {
    kit = await openCliKit("timezone: America/St_Johns\n");
    metrics("05", 1, 2);
    metrics("06", 2, 3);
    windows("05", "q1");
    const { code, stderr } = await kit.run(["sync"]);
    assert.equal(code, 0, stderr);
  });
  after(() => kit.close());

  it("wants to know where", async () => {
    const { code, stderr } = await kit.run(["catalog"]);
    assert.equal(code, exitCodes.usage);
    assert.match(stderr, /--write FILE\.duckdb, or `catalog: FILE` to kit\.yaml/);
  });

  it("tells what it wrote, and leaves nothing beside it", async () => {
    const { code, stdout, stderr } = await kit.run(["catalog", "--write", "acme.duckdb"]);
    assert.deepEqual([code, stdout], [0, ""], stderr);
    assert.match(stderr, /^wrote acme\.duckdb: \d+ tables and views, [\d.]+ MB, [\d.]+ s\n.*again after a sync.*\n$/);
    const told = JSON.parse((await kit.run(["catalog", "-w", "acme.duckdb", "--json"])).stdout);
    assert.deepEqual([told.file, told.bytes], [file(), statSync(file()).size]);
    assert.deepEqual(readdirSync(kit.folder).sort(), ["acme.duckdb", "data", "kit.yaml"]);
  });

  it("gives another client every name of the catalog, and its rows", { skip: noPython }, async () => {
    const catalog = await openCatalog(openProject(join(kit.folder, "kit.yaml")));
    const names = "select schema_name, view_name from duckdb_views() where not internal and database_name";
    const queries = [
      "select issue_id, total_handle_time::integer, odd::varchar, _line from convos_metrics order by issue_id",
      "select issue_id, _run from raw.convos_metrics order by all",
      "select queue_id, assignments::integer from wfm.queue_windows",
      "select feed, rows::integer from kit.feeds where rows > 0 order by feed",
      "select feed, run, lines::integer from kit.partitions order by all",
      "select file, rows::integer from kit.files order by all",
      "select count(*)::integer from kit.macros",
      "select count(*)::integer from kit.quarantine",
      "select count(*)::integer from kit.row_counts",
      "select local(timestamp '2026-09-01 05:00:00')::varchar, aht(4500, 300), service_level(1000, 60, 860)",
      "select round(wilson_low(81, 263), 4), round(erlang_c_required(100, 180, 20, 0.8), 2)",
    ];
    const found = ask(
      `c = duckdb.connect(${JSON.stringify(file())}, read_only=True)
out = [c.execute(q).fetchall() for q in given]
out.append(c.execute("${names} = 'acme' order by all").fetchall())`,
      queries,
    );
    for (const [i, query] of queries.entries()) assert.deepEqual(found[i], (await catalog.rows(query)).rows, query);
    await catalog.rows("show all tables");
    const ours = await catalog.rows(`${names} = 'memory' and view_name <> 'query_result' order by all`);
    assert.deepEqual(found.at(-1), ours.rows);
    catalog.close();
  });

  it("can be attached beside another database", { skip: noPython }, () => {
    const [counted] = ask(
      `c = duckdb.connect(); c.execute("attach '${file()}' as acme (read_only)")
out = [[c.execute("select count(*) from acme." + name).fetchone()[0] for name in given]]`,
      ["convos_metrics", "raw.convos_metrics", "wfm.queue_windows", "kit.row_counts", "kit.partitions"],
    );
    assert.deepEqual(counted, [3, 4, 1, 0, 3]);
  });

  it("never writes over what is not the kit's own", async () => {
    const write = (name: string, ...more: string[]) => kit.run(["catalog", "-w", name, ...more]);
    writeFileSync(join(kit.folder, "notes.txt"), "dear diary");
    const notes = await write("notes.txt");
    assert.equal(notes.code, exitCodes.notWritable);
    assert.match(notes.stderr, /notes\.txt .*not a readable DuckDB file[\s\S]*--force/);
    assert.equal(readFileSync(join(kit.folder, "notes.txt"), "utf8"), "dear diary");

    await change("theirs.duckdb", "create table other.precious as select 1");
    assert.match((await write("theirs.duckdb")).stderr, /was not written by the kit/);
    await write("mixed.duckdb");
    assert.equal((await write("mixed.duckdb")).code, 0);
    await change("mixed.duckdb", "create table other.precious as select 1");
    const mixed = await write("mixed.duckdb");
    assert.equal(mixed.code, exitCodes.notWritable);
    assert.match(mixed.stderr, /tables or views that the kit did not write[\s\S]*--force/);
    assert.equal((await write("mixed.duckdb", "--force")).code, 0);
    assert.equal((await write("mixed.duckdb")).code, 0);
    assert.equal((await write("nowhere/x.duckdb")).code, exitCodes.notWritable);
  });

  it("says which program has the file open for writing", { skip: noPython }, async () => {
    const holder = spawn(python, [
      "-c",
      `import duckdb; c = duckdb.connect(${JSON.stringify(file())}); print("open", flush=True); input()`,
    ]);
    await output("the file being open", holder.stdout!);
    const { code, stderr } = await kit.run(["catalog", "-w", "acme.duckdb"]);
    assert.equal(code, exitCodes.notWritable);
    assert.match(stderr, new RegExp(`open for writing in .*\\(PID ${holder.pid}\\)\\n.*read-only`));
    const closed = ended("the holder", holder);
    holder.stdin!.end("\n");
    await closed;
  });

  it("is written anew by the sync that brings news, under readers too", { skip: noPython }, async () => {
    kit.config("timezone: America/St_Johns\ncatalog: acme.duckdb\n");
    const first = await kit.run(["sync"]);
    assert.deepEqual([first.code, first.stderr.includes("catalog's file")], [0, false], first.stderr);
    const reader = spawn(python, [
      "-c",
      `import duckdb
c = duckdb.connect(${JSON.stringify(file())}, read_only=True)
for _ in range(2):
    print(c.execute("select count(*) from convos_metrics").fetchone()[0], flush=True)
    input()`,
    ]);
    assert.equal((await output("a first count", reader.stdout!)).trim(), "3");
    const before = statSync(file());
    assert.equal((await kit.run(["sync", "--full"])).code, 0);
    assert.equal(statSync(file()).ino, before.ino, "no news, and yet written");

    metrics("07", 3, 4, 5);
    const sync = await kit.run(["sync", "--full"]);
    assert.deepEqual([sync.code, sync.stderr.includes("catalog's file")], [0, false], sync.stderr);
    reader.stdin!.write("\n");
    const again = await output("a second count", reader.stdout!);
    assert.equal(again.trim(), "3", "who has the old file open reads the old state");
    const closed = ended("the reader", reader);
    reader.stdin!.end("\n");
    await closed;
    const [now] = ask(
      `c = duckdb.connect(${JSON.stringify(file())}, read_only=True)
out = c.execute("select count(*) from convos_metrics").fetchone()`,
      [],
    );
    assert.equal(now, 5);
  });

  it("does not fail a sync when it cannot be written", async () => {
    kit.config("catalog: notes.txt\n");
    metrics("08", 6);
    const { code, stdout, stderr } = await kit.run(["sync", "--full"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^new +1 partition/m);
    assert.match(stderr, /warning: the catalog file was not updated: .*notes\.txt/);
    assert.ok(existsSync(join(kit.folder, "notes.txt")));
  });

  /** Runs Python with a list `given`, and reads the list `out`. */
  function ask(code: string, given: string[]): unknown[] {
    const program = `import duckdb, json, sys\ngiven = json.loads(sys.argv[1])\n${code}\nprint(json.dumps(out))`;
    const ran = spawnSync(python, ["-c", program, JSON.stringify(given)], { encoding: "utf8" });
    assert.equal(ran.stderr, "");
    return JSON.parse(ran.stdout);
  }

  async function change(name: string, sql: string): Promise<void> {
    const database = await openDatabase();
    await database.run(`attach ${quoteText(join(kit.folder, name))} as other; ${sql}; detach other`);
    database.close();
  }
});
