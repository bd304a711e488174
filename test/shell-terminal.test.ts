import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { exitCodes } from "../src/base/errors.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import { awsEnv, bin, type CliKit, cleanEnv, openCliKit } from "./cli-kit.ts";
import { noTerminal, Terminal } from "./terminal.ts";
import { until, within } from "./wait.ts";

const escapeKey = String.fromCharCode(27);
const prompt = `kit> ${escapeKey}[6G`; // readline puts the cursor after it

describe("sql on a terminal", { skip: noTerminal }, () => {
  let kit: CliKit;
  const open: Terminal[] = [];
  const history = () => join(kit.folder, "history");
  const metrics = (hour: string, ...issues: number[]) =>
    kit.partition(
      `convos_metrics/dt=2026-09-01/hr=${hour}`,
      issues.map((issue_id) => ({ issue_id, total_handle_time: 60 })),
    );

  async function shell({ env = {}, args = [], ...size }: Options = {}): Promise<Terminal> {
    const terminal = new Terminal([process.execPath, bin, "sql", ...args], {
      cwd: kit.folder,
      ...size,
      env: { ...cleanEnv(awsEnv), TERM: "xterm", PAGER: "", ASAPP_KIT_HISTORY: history(), ...env },
    });
    open.push(terminal);
    await terminal.until(prompt);
    return terminal;
  }
  /** Types a line, and returns what came until the next prompt. */
  async function answer(terminal: Terminal, line: string): Promise<string> {
    terminal.type(`${line}\r`);
    await terminal.until("\n");
    return (await terminal.until(prompt)).replace(/kit> $/, "");
  }
  async function leave(terminal: Terminal): Promise<number | null> {
    terminal.type("\x04");
    return await within("the end of the shell", terminal.exit);
  }

  before(async () => {
    kit = await openCliKit();
    metrics("05", 1, 2);
    metrics("06", 2, 3);
    const { code, stderr } = await kit.run(["sync"]);
    assert.equal(code, 0, stderr);
  });
  afterEach(() => {
    for (const terminal of open.splice(0)) terminal.kill();
  });
  after(() => kit?.close());

  it("answers statements of one or several lines, and leaves with Ctrl-D", async () => {
    const terminal = await shell();
    assert.equal(await answer(terminal, "select 1 as a; select 2 as b;"), "a\n-\n1\n1 row\nb\n-\n2\n1 row\n");
    terminal.type("select count(*) as n, -- of keys; not rows\r");
    await terminal.until("-> ");
    terminal.type("';' || $$;\r");
    await terminal.until("$> ");
    assert.match(await answer(terminal, "$$ as text from convos_metrics;"), /^n +text\n-+ +-+\n3 +;;\\n\n1 row\n$/);
    assert.equal(await leave(terminal), exitCodes.ok);
  });

  it("points at the place of an error, in the line it is on, and goes on", async () => {
    const terminal = await shell();
    terminal.type("select issue_id,\r");
    await terminal.until("-> ");
    const told = await answer(terminal, "  colum from convos_metrics;");
    assert.match(told, /^Binder Error: Referenced column "colum" not found/);
    assert.match(told, /\nLINE 2: {3}colum from convos_metrics\n {10}\^\n\.schema TABLE lists its columns\n$/);
    assert.match(await answer(terminal, "from no_such;"), /does not exist![\s\S]*\.tables lists what there is\n$/);
    assert.match(await answer(terminal, "copy (select 1) to 'x.csv';"), /\.output FILE writes a result\n$/);
    assert.match(await answer(terminal, "select 'x'::int;"), /^Conversion Error: /);
    assert.equal(await answer(terminal, "select 1 as fine;"), "fine\n----\n   1\n1 row\n");
    assert.equal(await leave(terminal), exitCodes.ok);
  });

  it("stops the query that runs with Ctrl-C, and not itself", async () => {
    const terminal = await shell();
    for (const query of [
      "select count(*) from range(10000000000) a, range(1000) b;", // while it computes
      "from range(1000000000000);", // while the rows are counted
    ]) {
      terminal.type(`${query}\r`);
      await terminal.until(query.slice(-5));
      await running(terminal);
      terminal.type("\x03");
      assert.match(await terminal.until(prompt), /interrupted|the first 1,000 rows, and there are more;/);
    }
    assert.match(await answer(terminal, "select 7 as still_here;"), / 7\n1 row\n$/);
    await leave(terminal);
  });

  it("throws away with Ctrl-C what was begun, and says how to leave when nothing was", async () => {
    const terminal = await shell();
    terminal.type("select 1,\r");
    await terminal.until("-> ");
    terminal.type("2 as wrong");
    await terminal.until("wrong");
    terminal.type("\x03");
    assert.match(await terminal.until(prompt), /\^C\n/);
    assert.match(await answer(terminal, "select 3 as right;"), /^right\n-+\n {4}3\n/);
    terminal.type("\x03");
    assert.match(await terminal.until(prompt), /\.quit or Ctrl-D leaves\n/);
    terminal.type(".quit\r");
    assert.equal(await within("the end of the shell", terminal.exit), exitCodes.ok);
  });

  it("completes names on Tab", async () => {
    const terminal = await shell();
    terminal.type("from convos_metr");
    await terminal.until("convos_metr");
    terminal.type("\t");
    await terminal.until("ics");
    terminal.type("\x03");
    await terminal.until(prompt);

    terminal.type("select m.issue_i from convos_metrics m");
    await terminal.until("metrics m");
    terminal.type("\x1b[D".repeat(" from convos_metrics m".length));
    terminal.type("\t");
    await terminal.until("m.issue_id");
    terminal.type("\x05 order by 1;\r");
    assert.match(await terminal.until(prompt), /issue_id\n-+\n1 *\n2 *\n3 *\n3 rows\n/);

    terminal.type(".mo");
    await terminal.until(".mo");
    terminal.type("\t");
    await terminal.until("de");
    terminal.type(" ma");
    await terminal.until(" ma");
    terminal.type("\t");
    await terminal.until("rkdown");
    terminal.type("\r");
    await terminal.until(prompt);
    assert.match(await answer(terminal, "select 1 as n;"), /^\| n \|\n\| ---: \|\n\| 1 \|\n/);
    await leave(terminal);
  });

  it("recalls what was typed in the session before, whole statements at a time", async () => {
    const first = await shell();
    first.type("select 40 +\r");
    await first.until("-> ");
    assert.match(await answer(first, "  2 as answer;"), /42/);
    await answer(first, " select 'hidden' as secret;");
    await answer(first, ".mode line");
    await leave(first);
    assert.equal(statSync(history()).mode & 0o777, 0o600);
    assert.ok(!readFileSync(history(), "utf8").includes("hidden"));

    const second = await shell();
    second.type("\x1b[A");
    await second.until(".mode line");
    second.type("\x1b[A");
    await second.until("answer;");
    second.type("\r");
    assert.match(await second.until(prompt), /answer\n-+\n +42\n1 row\n/);
    await leave(second);
  });

  it("lists tables, columns and macros, and changes how rows are shown", async () => {
    const terminal = await shell({ rows: 200, columns: 200 });
    const tables = await answer(terminal, ".tables");
    assert.match(tables, /^convos_metrics +3 +2026-09-01 07:00$/m);
    assert.match(tables, /^kit\.feeds$/m);
    assert.ok(!/^queue_wfm\b|^raw\./m.test(tables));
    assert.match(await answer(terminal, ".tables raw.convos_me*"), /^raw\.convos_metrics +4 /m);
    assert.match(await answer(terminal, ".schema convos_metrics"), /^issue_id +VARCHAR +\S/m);
    assert.match(await answer(terminal, ".schema kit.feeds"), /^rows +BIGINT$/m);
    assert.match(await answer(terminal, ".schema no_such"), /no table no_such[\s\S]*\.tables \* lists them all/);
    assert.match(await answer(terminal, ".macros wilson*"), /^wilson_low\(k, n, z := [\d.]+\)\n +Lower end/m);
    await answer(terminal, ".mode json");
    assert.match(await answer(terminal, "select 1 as a, 'x' as b;"), /^\[\n {2}\{"a":1,"b":"x"\}\n\]\n/);
    await answer(terminal, ".mode line");
    assert.match(await answer(terminal, "select 1 as a, 'x' as bcd;"), /^ {2}a = 1\nbcd = x\n/);
    assert.match(await answer(terminal, ".mode parquet"), /not one of table, line, csv/);
    await answer(terminal, ".timer on");
    assert.match(await answer(terminal, "select 1;"), /1 row, \d+\.\d{3} s\n$/);
    await answer(terminal, ".timezone America/St_Johns");
    assert.match(await answer(terminal, "select timestamp '2026-09-01 05:00' as t;"), /2026-09-01 02:30:00-02:30/);
    assert.match(await answer(terminal, ".help"), /^\.output \[FILE\] +\S[\s\S]*Ctrl-C stops a running query/m);
    assert.match(await answer(terminal, ".tabels"), /did you mean "tables"/);
    await leave(terminal);
  });

  it("shows some rows, and says how many there are", async () => {
    const terminal = await shell();
    await answer(terminal, ".maxrows 3");
    assert.equal(
      await answer(terminal, "from range(10000000);"),
      "range\n-----\n    0\n    1\n    2\nthe first 3 of 10,000,000 rows; .output FILE writes all, .maxrows N shows N\n",
    );
    assert.match(
      await answer(terminal, "select if(i = 5000000, error('late')::int, i) from range(10000000) t(i);"),
      /^Invalid Input Error: late/,
    );
    await leave(terminal);
  });

  it("writes results to files: text after text, parquet and json one each", async () => {
    const terminal = await shell();
    const file = (name: string) => join(kit.folder, name);
    assert.match(await answer(terminal, ".output out.csv"), /results go to out\.csv, as csv, until \.output/);
    assert.equal(await answer(terminal, "select 1 as a;"), "wrote 1 row to out.csv\n");
    assert.equal(await answer(terminal, "select 2 as a;"), "wrote 1 row to out.csv\n");
    assert.match(await answer(terminal, "select error('no');"), /^Invalid Input Error/);
    assert.equal(readFileSync(file("out.csv"), "utf8"), "a\n1\na\n2\n");
    await answer(terminal, ".output out.json");
    await answer(terminal, "select 3 as a;");
    assert.deepEqual(JSON.parse(readFileSync(file("out.json"), "utf8")), [{ a: 3 }]);
    await answer(terminal, "create table mine as select sum(9007199254740993::bigint) as total;");
    await answer(terminal, ".once out.parquet");
    assert.equal(await answer(terminal, "from mine;"), "wrote out.parquet\n");
    assert.match(await answer(terminal, "from mine;"), /9007199254740993\n1 row\n$/);
    assert.match(await answer(terminal, ".output nowhere/x.csv"), /results go/);
    assert.match(await answer(terminal, "select 1;"), /no such folder: .*nowhere/);
    assert.match(await answer(terminal, ".output"), /the screen/);
    const database = await openDatabase();
    const { rows } = await database.rows(`select total::varchar from ${quoteText(file("out.parquet"))}`);
    assert.deepEqual(rows, [["9007199254740993"]]);
    database.close();
    writeFileSync(file("some.sql"), "select 5 as five;\n-- and\nselect 6\n  as six");
    assert.match(await answer(terminal, ".read some.sql"), /five[\s\S]*six\n-+\n {2}6\n1 row\n$/);
    assert.match(await answer(terminal, ".read none.sql"), /cannot read none\.sql/);
    await leave(terminal);
  });

  it("streams four million rows through little memory", {
    skip: !existsSync("/proc/self/status"),
  }, async () => {
    const terminal = await shell();
    const peak = async () => {
      const status = readFileSync(`/proc/${await terminal.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024;
    };
    await answer(terminal, ".output big.csv");
    await answer(terminal, "select i, i * 2 as twice from range(100000) t(i);");
    const before = await peak();
    await answer(terminal, ".output big.csv");
    const told = await answer(terminal, "select i, i * 2 as twice from range(4000000) t(i);");
    assert.equal(told, "wrote 4,000,000 rows to big.csv\n");
    const grown = (await peak()) - before;
    assert.ok(grown < 100, `${grown} MB more for 60 MB of text`);
    await leave(terminal);
  });

  it("lets the pager show what is higher than the screen", async () => {
    const terminal = await shell({ env: { PAGER: "sed 's/^/paged: /'" }, rows: 10 });
    assert.equal(await answer(terminal, "select 1 as a;"), "a\n-\n1\n1 row\n");
    const long = await answer(terminal, "from range(20);");
    assert.match(long, /^paged: range\n[\s\S]*paged: +19\npaged: 20 rows\n20 rows\n$/);
    await answer(terminal, ".pager off");
    assert.ok(!(await answer(terminal, "from range(20);")).includes("paged"));
    await leave(terminal);

    const missing = await shell({ env: { PAGER: "no-such-pager-here" }, rows: 10 });
    assert.match(await answer(missing, "from range(20);"), /no pager: no-such-pager-here\nrange\n[\s\S]*20 rows\n$/);
    await leave(missing);
  });

  it("leaves Ctrl-C to the pager", async () => {
    const waits = `sh -c 'trap "echo trapped; exit" INT; echo waiting; while :; do sleep 0.1; done'`;
    const terminal = await shell({ env: { PAGER: waits }, rows: 10 });
    terminal.type("from range(20);\r");
    await terminal.until("waiting");
    terminal.type("\x03");
    assert.match(await terminal.until(prompt), /trapped[\s\S]*20 rows/);
    assert.match(await answer(terminal, "select 1 as still_here;"), /still_here/);
    await leave(terminal);
  });

  it("goes over to newer data at the next prompt, unless that would lose what was made", async () => {
    const terminal = await shell();
    const count = "select count(*) as n from convos_metrics;";
    assert.match(await answer(terminal, count), /\n3\n1 row\n$/);
    metrics("07", 4);
    assert.equal((await kit.run(["sync", "--full"])).code, 0);
    assert.match(await answer(terminal, "select 1;"), /1 row\nnewer data, through 2026-09-01 08:00 UTC\n$/);
    assert.match(await answer(terminal, count), /\n4\n1 row\n$/);

    await answer(terminal, "create table mine as select 1 as a;");
    metrics("08", 5, 6);
    assert.equal((await kit.run(["sync", "--full"])).code, 0);
    assert.match(await answer(terminal, count), /\n4\n1 row\nthere are newer data; \.refresh/);
    assert.match(await answer(terminal, count), /\n4\n1 row\n$/);
    assert.match(await answer(terminal, ".refresh"), /shows the newest data/);
    assert.match(await answer(terminal, count), /\n6\n1 row\n$/);
    assert.match(await answer(terminal, "from mine;"), /does not exist/);
    await leave(terminal);
  });

  it("paints on a terminal alone, and not when asked not to", async () => {
    const of = async (env: Record<string, string | undefined>) => {
      const terminal = await shell({ env });
      await answer(terminal, "from no_such;");
      await leave(terminal);
      return terminal.raw;
    };
    assert.ok((await of({ NO_COLOR: undefined })).includes(`${escapeKey}[31mCatalog Error`));
    const plain = await of({ NO_COLOR: "1" });
    assert.match(plain, /Catalog Error/);
    assert.doesNotMatch(plain, new RegExp(`${escapeKey}\\[\\d*m`));
  });

  it("leaves nothing behind, and wants a query for -o", async () => {
    const terminal = await shell();
    await leave(terminal);
    assert.ok(readdirSync(kit.folder).every((name) => !name.startsWith(".")));
    const wrong = new Terminal([process.execPath, bin, "sql", "-o", "x.csv"], {
      cwd: kit.folder,
      env: cleanEnv(awsEnv),
    });
    open.push(wrong);
    assert.match(await wrong.until("shell"), /no query to write the rows of/);
    assert.equal(await within("the end of the shell", wrong.exit), exitCodes.usage);
  });

  it("ends with the query that runs when it is told to", async () => {
    const terminal = await shell();
    terminal.type("select count(*) from range(10000000000) a, range(1000) b;\r");
    await terminal.until("b;");
    await running(terminal);
    process.kill(await terminal.pid, "SIGTERM");
    assert.equal(await within("the end of the shell", terminal.exit), exitCodes.interrupted);
  });

  // The query has begun once the process has used some more of a processor.
  async function running(terminal: Terminal): Promise<void> {
    if (!existsSync("/proc/self/stat")) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return;
    }
    const ticks = async () => {
      const fields = readFileSync(`/proc/${await terminal.pid}/stat`, "utf8")
        .split(") ")[1]!
        .split(" ");
      return Number(fields[11]) + Number(fields[12]);
    };
    const begin = await ticks();
    await until("the query to use the processor", async () => (await ticks()) >= begin + 20);
  }
});

interface Options {
  env?: Record<string, string | undefined>;
  args?: string[];
  rows?: number;
  columns?: number;
}
