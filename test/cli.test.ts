import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { exitCodes } from "../src/base/errors.ts";
import { readArguments } from "../src/cli/arguments.ts";
import { common } from "../src/cli/command.ts";
import { commands } from "../src/commands/index.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { quoteText } from "../src/duckdb/quote.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { awsEnv, bin, type CliKit, cleanEnv, kitFolder, openCliKit, run } from "./cli-kit.ts";
import { importsIn } from "./imports.ts";
import { bucket, expand } from "./sync-kit.ts";
import { ended, output } from "./wait.ts";

const read = (path: string) => readFileSync(join(kitFolder, path), "utf8");

describe("help", () => {
  it("lists every command, and needs none of them for it", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const [name, { summary }] of Object.entries(commands))
      assert.match(stdout, new RegExp(`^ {2}${name} +${summary.replace(/[.()]/g, "\\$&")}$`, "m"));
  });

  it("prints the version of package.json", async () => {
    const { version } = JSON.parse(read("package.json"));
    assert.equal((await run(["--version"])).stdout, `${version}\n`);
    assert.equal(JSON.parse((await run(["sync", "--version", "--json"])).stdout).version, version);
  });

  for (const [name, { summary, load }] of Object.entries(commands)) {
    it(`shows what ${name} is for, its options, and examples that are accepted`, async () => {
      const { default: command } = await load();
      const { code, stdout } = await run([name, "--help"]);
      assert.equal(code, 0);
      assert.equal(command.summary, summary);
      assert.ok(stdout.startsWith(`usage: asapp-kit ${name}`));
      assert.equal((await run(["help", name])).stdout, stdout);
      for (const option of Object.keys({ ...command.options, ...common })) assert.ok(stdout.includes(`--${option} `));
      assert.ok(command.examples.length >= 2, `${name} has ${command.examples.length} examples`);
      for (const [line] of command.examples) {
        assert.ok(stdout.includes(line));
        const words = shellWords(line);
        assert.deepEqual(words.slice(0, 2), ["asapp-kit", name]);
        readArguments(words.slice(2), name, { ...command.options, ...common }, command.positionals);
      }
    });

    it(`gives ${name} a place in the README and in docs/commands.md`, () => {
      assert.match(read("README.md"), new RegExp(`^\\| \`${name}\` \\|`, "m"));
      assert.match(read("docs/commands.md"), new RegExp(`^## ${name}$`, "m"));
    });
  }

  it("names the same thing by the same option everywhere", async () => {
    const kinds = new Map<string, string>();
    for (const { load } of Object.values(commands)) {
      for (const [option, { type, short, multiple }] of Object.entries((await load()).default.options)) {
        if (option === "write") continue; // a file in `catalog`, the mapping in `wfm columns`
        const kind = JSON.stringify({ type, short, multiple });
        assert.equal(kinds.get(option) ?? kind, kind, `--${option}`);
        kinds.set(option, kind);
      }
    }
  });

  it("loads a command without the libraries that it works with", () => {
    const light = ["string-width", "yaml"];
    for (const { file, packages } of commandFiles())
      assert.deepEqual(
        packages.filter((name) => !light.includes(name)),
        [],
        file,
      );
  });
});

/** The commands' files, and the packages that loading one loads. */
function commandFiles(): { file: string; packages: string[] }[] {
  return readdirSync(join(kitFolder, "src", "commands"), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => {
      const file = `src/commands/${name}`;
      return {
        file,
        packages: [...loadedBy(file)].filter((path) => !path.startsWith("src/") && !path.startsWith("notebooks/")),
      };
    });
}

function loadedBy(file: string, loaded = new Set<string>()): Set<string> {
  loaded.add(file);
  for (const { name, when } of importsIn(read(file))) {
    if (when !== "start" || name.startsWith("node:")) continue;
    const path = name.startsWith(".") ? join(dirname(file), name).replace(/(notebooks.*)\.js$/, "$1.ts") : name;
    if (loaded.has(path)) continue;
    if (name.startsWith(".")) loadedBy(path, loaded);
    else loaded.add(path);
  }
  return loaded;
}

describe("exit codes", () => {
  const codes = Object.entries(exitCodes);

  it("are distinct, and documented one by one", () => {
    assert.equal(new Set(codes.map(([, code]) => code)).size, codes.length);
    const section = read("docs/commands.md").split("## Exit codes")[1]?.split("\n## ")[0] ?? "";
    const documented = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    assert.deepEqual(
      documented.sort((a, b) => a - b),
      codes.map(([, code]) => code).sort((a, b) => a - b),
    );
  });

  it("are each used somewhere", () => {
    const sources = readdirSync(join(kitFolder, "src"), { recursive: true })
      .map(String)
      .filter((file) => file.endsWith(".ts"))
      .map((file) => read(join("src", file)))
      .join("\n");
    for (const [name] of codes.filter(([name]) => name !== "ok"))
      assert.ok(sources.includes(`"${name}"`), `nothing ends with ${name}`);
  });
});

describe("cli", () => {
  let kit: CliKit;
  const metrics = (hour: string, ...issues: number[]) =>
    kit.partition(
      `convos_metrics/dt=2026-09-01/hr=${hour}`,
      issues.map((issue_id) => ({
        issue_id,
        company_marker: "acme",
        first_utterance_ts: `2026-09-01 ${hour}:00:00`,
      })),
    );
  before(async () => {
    kit = await openCliKit();
    metrics("05", 1, 2);
    metrics("06", 2, 3);
    kit.partition("convos_metrics/dt=2026-09-01/hr=07", [{ issue_id: 4 }], { marker: false });
    kit.partition("queue_wfm/dt=2026-09-01/hr=05/mi=15", []);
    kit.server.put(
      bucket,
      `${expand("utterances/dt=2026-09-01/hr=05")}/utterances.jsonl.gz`,
      gzipSync(`{"issue_id": 1, "sequence_id": 1}\n{"issue_id": oops}\n`),
    );
    kit.server.put(bucket, `${expand("utterances/dt=2026-09-01/hr=05")}/_SUCCESS`, "");
    kit.server.put(bucket, "readme.txt", "hello");
  });
  after(() => kit.close());

  it("plans without doing", async () => {
    const { code, stdout } = await kit.run(["sync", "--dry-run"]);
    assert.equal(code, 0);
    assert.match(stdout, /^add +convos_metrics 2026-09-01 05 +complete +1 /m);
    assert.match(stdout, /^wait +convos_metrics 2026-09-01 07 +overdue +1 .*no _SUCCESS/m);
    assert.match(stdout, /^4 to add, 0 to replace, \d+ B to fetch, 1 to wait for, 0 kept as they are$/m);
    assert.ok(!existsSync(join(kit.folder, "data")));
    assert.equal(kit.server.count("GetObject"), 0);
    const { plan, added } = JSON.parse((await kit.run(["sync", "--dry-run", "--json"])).stdout);
    assert.equal(added, 4);
    assert.deepEqual(plan[0].id, {
      feed: "convos_metrics",
      version: "1",
      format: "jsonl",
      dt: "2026-09-01",
      hr: "05",
      mi: null,
    });
  });

  it("knows nothing before the first sync, and says what to do", async () => {
    const { code, stdout } = await kit.run(["status"]);
    assert.equal(code, 0);
    assert.match(stdout, /nothing has been synced so far\n +next: asapp-kit sync/);
  });

  it("syncs, and says what came and what did not", async () => {
    const { code, stdout, stderr } = await kit.run(["sync"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^new +4 partitions of 3 feeds$/m);
    assert.match(stdout, /^overdue +1: convos_metrics 2026-09-01 07 \(no _SUCCESS, expected by .*\)$/m);
    assert.match(stdout, /^unreadable +1 line, listed by asapp-kit quarantine$/m);
    assert.match(stdout, /^through +2026-09-01 07:00 UTC$/m);
    assert.ok(!stderr.includes("\x1b"));
    assert.match(stderr, /^downloading 4\/4 partitions/m);
  });

  it("asks for no object the second time", async () => {
    kit.server.forget();
    const { code, stdout } = await kit.run(["sync"]);
    assert.equal(code, 0);
    assert.match(stdout, /^nothing new$/m);
    assert.equal(kit.server.count("GetObject"), 0);
    assert.equal((await kit.run(["sync", "--error-on-no-transfer"])).code, exitCodes.nothingNew);
  });

  it("speaks JSON: one document on stdout, events on stderr", async () => {
    metrics("08", 5);
    const { stdout, stderr } = await kit.run(["sync", "--full", "--json"]);
    const report = JSON.parse(stdout);
    assert.equal(report.added, 1);
    assert.equal(report.full, true);
    assert.equal(report.foreign, 1);
    assert.equal(report.warehouse.rows, 5);
    assert.equal(report.warehouse.dataThrough, "2026-09-01T09:00:00.000Z");
    const events = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).event);
    assert.deepEqual([...new Set(events)].sort(), ["listing", "partition", "planned", "progress"]);
  });

  it("tells the state from disk alone", async () => {
    kit.server.forget();
    const { stdout } = await kit.run(["status"]);
    assert.match(stdout, /^data through +2026-09-01 09:00 UTC, /m);
    assert.match(stdout, /^feed +complete +empty +overdue +rows +through \(UTC\) +lag$/m);
    assert.match(stdout, /^convos_metrics +3 +0 +1 +4 +2026-09-01 09:00 +\S.* !$/m);
    assert.match(stdout, /^ {2}convos_metrics: 1 partition overdue: 2026-09-01 07 \(.*\)\n {4}next: /m);
    assert.match(stdout, /^ {2}utterances: 1 line could not be read\n {4}next: asapp-kit quarantine/m);
    assert.equal(kit.server.requests.length, 0);
    const local = await kit.run(["status", "--feed", "convos_metrics", "--timezone", "Asia/Kathmandu"]);
    assert.match(local.stdout, /^convos_metrics .* 2026-09-01 14:45 /m);
    const status = JSON.parse((await kit.run(["status", "--json"])).stdout);
    assert.equal(status.ok, false);
    assert.equal(status.dataThrough, "2026-09-01T09:00:00Z");
    assert.equal(status.lastSync.outcome, "something new");
    const metricsNow = status.feeds.find(({ feed }: { feed: string }) => feed === "convos_metrics");
    assert.equal(metricsNow.rows, 4);
    assert.equal(metricsNow.rowsDelivered, 5);
    assert.deepEqual(
      metricsNow.unfinished.map(({ run, state }: Record<string, string>) => [run, state]),
      [["2026-09-01 07", "overdue"]],
    );
  });

  it("looks into the bucket only when asked", async () => {
    const { stdout } = await kit.run(["status", "--remote"]);
    assert.match(stdout, /^wait +convos_metrics 2026-09-01 07 /m);
    assert.equal(kit.server.count("GetObject"), 0);
  });

  it("answers queries in each format", async () => {
    const query = "select issue_id, first_utterance_ts as at from convos_metrics order by issue_id limit 2";
    const ask = async (...args: string[]) => (await kit.run(["sql", query, ...args])).stdout;
    assert.equal(await ask(), "issue_id,at\n1,2026-09-01T05:00:00Z\n2,2026-09-01T06:00:00Z\n");
    assert.match(await ask("--format", "table"), /^1 +2026-09-01 05:00:00Z$/m);
    assert.match(await ask("--format", "markdown"), /^\| 1 \| 2026-09-01 05:00:00Z \|$/m);
    assert.deepEqual(JSON.parse(await ask("--json")), [
      { issue_id: "1", at: "2026-09-01T05:00:00Z" },
      { issue_id: "2", at: "2026-09-01T06:00:00Z" },
    ]);
    assert.match(await ask("--timezone", "America/St_Johns"), /^1,2026-09-01T02:30:00-02:30$/m);
  });

  it("takes the query from a file or from standard input, and writes a file whole", async () => {
    writeFileSync(join(kit.folder, "q.sql"), "-- all of it\nfrom convos_metrics select count(*) as n;\n");
    assert.equal((await kit.run(["sql", "-f", "q.sql"])).stdout, "n\n4\n");
    assert.equal((await kit.run(["sql"], { input: "select 1 as n" })).stdout, "n\n1\n");
    assert.equal((await kit.run(["sql", "-"], { input: "select 2 as n" })).stdout, "n\n2\n");
    const { stdout, stderr } = await kit.run(["sql", "-f", "q.sql", "-o", "n.jsonl"]);
    assert.deepEqual([stdout, stderr], ["", "wrote n.jsonl\n"]);
    assert.equal(readFileSync(join(kit.folder, "n.jsonl"), "utf8"), '{"n":4}\n');
  });

  it("keeps every digit of a sum in parquet", async () => {
    const { code, stderr } = await kit.run([
      "sql",
      "select sum(9007199254740993::bigint) as total",
      "-o",
      "sum.parquet",
    ]);
    assert.equal(code, 0, stderr);
    const database = await openDatabase();
    const file = quoteText(join(kit.folder, "sum.parquet"));
    assert.deepEqual((await database.rows(`select total::varchar from ${file}`)).rows, [["9007199254740993"]]);
    database.close();
  });

  it("writes parquet that another DuckDB reads", async () => {
    const { code, stderr } = await kit.run(["sql", "from raw.convos_metrics -- all", "-o", "rows.parquet"]);
    assert.equal(code, 0, stderr);
    const database = await openDatabase();
    const file = quoteText(join(kit.folder, "rows.parquet"));
    assert.deepEqual((await database.rows(`select count(*), max(issue_id) from ${file}`)).rows, [[5, "5"]]);
    database.close();
  });

  it("points at the place in a query that is wrong, and leaves no file", async () => {
    const outputs = [[], ["-o", "x.csv"], ["-o", "x.parquet"]];
    const unknown = outputs.map(async (to) => {
      const { code, stdout, stderr } = await kit.run(["sql", "select issue_id,\n  colum from convos_metrics", ...to]);
      assert.equal(code, exitCodes.query);
      assert.equal(stdout, "");
      assert.match(stderr, /"colum" not found[\s\S]*\n +LINE 2: {3}colum.*\n +\^\n {2}next: asapp-kit schema FEED/);
    });
    const queries = [
      "select sum(x frm t",
      "from no_such",
      "select 1; select",
      "from read_csv('/etc/passwd')",
      "copy (select 1) to 'x.csv'",
      "",
    ];
    const refused = queries.map(async (query, i) => {
      const { code, stderr } = await kit.run(["sql", query, ...outputs[i % 3]!]);
      assert.equal(code, exitCodes.query, stderr);
    });
    await Promise.all([...unknown, ...refused]);
    assert.deepEqual(
      readdirSync(kit.folder).filter((name) => name.includes("x.")),
      [],
    );
  });

  it("fails with a query that fails after its first rows, and leaves no file", async () => {
    const late = "select if(i = 2000000, error('late')::int, i) as i from range(3000000) t(i)";
    const { code, stderr } = await kit.run(["sql", late, "-o", "late.csv"]);
    assert.equal(code, exitCodes.query);
    assert.match(stderr, /Invalid Input Error: late/);
    assert.ok(!existsSync(join(kit.folder, "late.csv")));
  });

  it("stops when the reader has enough", async () => {
    const child = spawn(process.execPath, [bin, "sql", "select * from range(30000000)"], {
      cwd: kit.folder,
      env: cleanEnv(awsEnv),
    });
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    await output("a first row", child.stdout);
    child.stdout.destroy();
    const code = await ended("a query whose reader left", child);
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("prints views that another DuckDB runs over the files themselves", async () => {
    const { code } = await kit.run(["views", "-o", "views.sql"]);
    assert.equal(code, 0);
    const script = readFileSync(join(kit.folder, "views.sql"), "utf8");
    const database = await openDatabase();
    await database.run(script);
    assert.deepEqual((await database.rows("select count(*), sum(issue_id::int) from convos_metrics")).rows, [[4, 11]]);
    database.close();
    const one = (await kit.run(["views", "--feed", "convos_metrics"])).stdout;
    assert.ok(one.length < script.length && one.includes("convos_metrics") && !one.includes("queue_wfm"));
  });

  it("lists lines that could not be read", async () => {
    const { stdout, stderr } = await kit.run(["quarantine"]);
    assert.match(stdout, /^utterances +utterances\/.*\.jsonl\.gz +2 +.*\{"issue_id": oops\}$/m);
    assert.match(stderr, /^1 line quarantined/m);
    const lines = JSON.parse((await kit.run(["quarantine", "--feed", "utterances", "--json"])).stdout);
    assert.equal(lines[0].line, 2);
    assert.equal((await kit.run(["quarantine", "--feed", "convos_metrics"])).stderr, "no line is quarantined\n");
  });

  it("describes a feed's columns and what changed in them", async () => {
    const { stdout } = await kit.run(["schema", "convos_metrics"]);
    assert.match(stdout, /^issue_id +VARCHAR +key +1 +2026-09-01 +2026-09-01 /m);
    kit.partition("convos_metrics/dt=2026-09-02/hr=05", [{ issue_id: 9, sudden_column: "x" }]);
    const sync = await kit.run(["sync", "--full", "--fail-on", "schema"]);
    assert.equal(sync.code, exitCodes.schemaChanged);
    assert.match(sync.stdout, /^new +1 partition of 1 feed$/m);
    assert.match(sync.stderr, /sudden_column/);
    assert.equal((await kit.run(["sync", "--fail-on", "schema"])).code, 0);
    const changes = JSON.parse((await kit.run(["schema", "--changes", "--json"])).stdout);
    assert.ok(
      changes.some(
        ({ column, change }: Record<string, string>) => column === "sudden_column" && change === "new_column",
      ),
    );
  });

  it("fails on row counts when asked to", async () => {
    const counted = (exported_rows: number) =>
      kit.partition("export_row_counts/dt=2026-09-02", [
        { export_name: "convos_metrics", export_date: "2026-09-01", export_interval: "hr=05", exported_rows },
      ]);
    counted(2);
    assert.equal((await kit.run(["sync", "--full", "--fail-on", "counts"])).code, 0);
    counted(3);
    const { code, stderr } = await kit.run(["sync", "--full", "--fail-on", "counts,schema"]);
    assert.equal(code, exitCodes.countsDiffer, stderr);
    const status = JSON.parse((await kit.run(["status", "--json"])).stdout);
    assert.ok(status.problems.some(({ what }: { what: string }) => /1 partition with fewer rows/.test(what)));
  });

  it("says who holds the lock", async () => {
    const { pid } = process;
    const holder = {
      pid,
      host: (await import("node:os")).hostname(),
      since: "2026-11-22T05:00:00.000Z",
      started: null,
    };
    writeFileSync(join(kit.folder, "data", "lock"), JSON.stringify(holder));
    const { code, stderr } = await kit.run(["sync"]);
    assert.equal(code, exitCodes.locked);
    assert.match(stderr, new RegExp(`process ${pid}, since 2026-11-22 05:00:00 UTC\\n {2}next: .*--wait`));
    rmSync(join(kit.folder, "data", "lock"));
  });

  it("fetches what it can, and ends with an error for what it cannot", async () => {
    metrics("09", 7);
    const broken = `${expand("convos_metrics/dt=2026-09-01/hr=10")}/convos_metrics.jsonl.gz`;
    kit.server.put(bucket, broken, "this is no gzip");
    kit.server.put(bucket, broken.replace("convos_metrics.jsonl.gz", "_SUCCESS"), "");
    const { code, stdout, stderr } = await kit.run(["sync", "--full"]);
    assert.equal(code, exitCodes.someFailed);
    assert.match(stdout, /^new +1 partition of 1 feed$/m);
    assert.match(stdout, /^failed +1: convos_metrics 2026-09-01 10: /m);
    assert.match(stderr, /1 partition could not be fetched/);
  });

  it("names what does not fit the layout, also of a feed that nobody knows and nothing came of", async () => {
    const own = await openCliKit();
    try {
      own.partition("reps/dt=2026-09-01", [{ rep_id: "r-1" }]);
      const folder = "mystery/version=1/format=jsonl/dt=2026-09-01";
      for (const name of ["data.jsonl.gz", "_SUCCESS"]) own.server.put(bucket, `${folder}/${name}`, "");
      const { code, stdout, stderr } = await own.run(["sync"]);
      assert.equal(code, exitCodes.someFailed);
      assert.match(
        stdout,
        /^failed +1: mystery 2026-09-01: data\.jsonl\.gz is not named like a data file of mystery$/m,
      );
      assert.match(stderr, /^warning: not read, .*: 1 path below feeds, e\.g\.\n +"mystery\/.*\/data\.jsonl\.gz"$/m);
      const status = await own.run(["status"]);
      assert.match(status.stdout, /^mystery +0 +1 +0$/m);
      assert.match(
        status.stdout,
        /mystery: 1 partition failed: 2026-09-01 \(data\.jsonl\.gz is not named like a data file/,
      );
    } finally {
      await own.close();
    }
  });

  it("takes exports from another place only when told that they moved", async () => {
    const own = await openCliKit("feeds: [reps]\n");
    try {
      for (const path of ["reps/dt=2026-09-01", "acme/reps/version=1/format=jsonl/dt=2026-09-02"])
        own.partition(path, [{ rep_id: "r-1" }]);
      assert.equal((await own.run(["sync"])).code, 0);
      own.config("prefix: acme\nfeeds: [reps]\n");
      const refused = await own.run(["sync"]);
      assert.equal(refused.code, exitCodes.config);
      assert.match(refused.stderr, /came from s3:.*now names s3:.*acme.*\n {2}next: .*sync --moved, once/);
      const moved = await own.run(["sync", "--moved"]);
      assert.equal(moved.code, 0, moved.stderr);
      assert.match(moved.stdout, /^new +1 partition of 1 feed$/m);
      assert.equal((await own.run(["sync", "--error-on-no-transfer"])).code, exitCodes.nothingNew);
    } finally {
      await own.close();
    }
  });

  it("finds what is damaged on disk, and fetches it again", async () => {
    const intact = await kit.run(["verify"]);
    assert.equal(intact.code, 0, intact.stderr);
    assert.match(intact.stdout, /all as in the manifest\n[\s\S]*: the warehouse matches the raw files$/m);
    const folder = join(kit.folder, "data", "raw", expand("convos_metrics/dt=2026-09-01/hr=05"));
    const bytes = readFileSync(join(folder, "convos_metrics.jsonl.gz"));
    bytes[bytes.length - 9]! ^= 1;
    writeFileSync(join(folder, "convos_metrics.jsonl.gz"), bytes);
    const damaged = await kit.run(["verify", "--feed", "convos_metrics"]);
    assert.equal(damaged.code, exitCodes.verifyFailed);
    assert.match(damaged.stdout, /^changed +raw\/convos_metrics\/.*\/hr=05\/convos_metrics\.jsonl\.gz$/m);
    assert.match(damaged.stderr, /next: asapp-kit verify --repair/);
    const repaired = JSON.parse((await kit.run(["verify", "--repair", "--json"])).stdout);
    assert.equal(repaired.ok, true);
    assert.equal(repaired.raw.repaired.length, 1);
    assert.equal((await kit.run(["verify"])).code, 0);
  });

  it("finds a wrong row in the warehouse, and makes it anew", async () => {
    const data = join(kit.folder, "data");
    const { days } = loadSnapshot(data).feeds.convos_metrics!;
    const second = days.find(({ dt }) => dt === "2026-09-02")!;
    copyFileSync(join(data, second.staged!), join(data, second.current!)); // without the first day of that week
    const { code, stdout } = await kit.run(["verify", "--feed", "convos_metrics"]);
    assert.equal(code, exitCodes.verifyFailed);
    assert.match(stdout, /^convos_metrics +(winner|content) +2026-09-01 +convos_metrics\/.*:1 /m);
    const repaired = await kit.run(["verify", "--feed", "convos_metrics", "--repair"]);
    assert.equal(repaired.code, 0, repaired.stdout);
    assert.match(repaired.stdout, /^made anew from the raw files: convos_metrics$/m);
    assert.equal((await kit.run(["verify"])).code, 0);
  });

  it("shows every version of a row, and why one won", async () => {
    const { code, stdout } = await kit.run(["explain", "convos_metrics", "issue_id=2"]);
    assert.equal(code, 0);
    assert.match(stdout, /^issue_id=2 .*\(2 versions\)$/m);
    assert.match(stdout, /^won +2026-09-01 06 .*\/hr=06\/convos_metrics\.jsonl\.gz:1$/m);
    assert.match(stdout, /^ +2026-09-01 05 .*\/hr=05\/convos_metrics\.jsonl\.gz:2$/m);
    const none = await kit.run(["explain", "convos_metrics", "issue_id=77"]);
    assert.equal(none.stderr, "no such row was delivered\n");
    const found = JSON.parse((await kit.run(["explain", "convos_metrics", "issue_id=2", "--json"])).stdout);
    assert.equal(found.keys[0].versions.length, 2);
    for (const [args, message] of [
      [["convos_metrics", "issue=2"], /has no column issue/],
      [["convos_metrics", "issue_id"], /not COLUMN=VALUE: issue_id/],
      [["convos_metrics"], /FEED COLUMN=VALUE… is missing/],
    ] as const) {
      const wrong = await kit.run(["explain", ...args]);
      assert.equal(wrong.code, exitCodes.usage);
      assert.match(wrong.stderr, message);
    }
  });

  it("names a folder that it cannot write to", async () => {
    writeFileSync(join(kit.folder, "plain-file"), "");
    const yaml = readFileSync(join(kit.folder, "kit.yaml"), "utf8").replace("data: data", "data: plain-file/data");
    writeFileSync(join(kit.folder, "elsewhere.yaml"), yaml);
    const { code, stderr } = await kit.run(["sync", "--config", "elsewhere.yaml"]);
    assert.equal(code, exitCodes.notWritable);
    assert.match(stderr, /plain-file.*\n {2}next: .*`data` in kit\.yaml/);
    const { code: output } = await kit.run(["sql", "select 1", "-o", "nowhere/x.csv"]);
    assert.equal(output, exitCodes.notWritable);
    mkdirSync(join(kit.folder, "folder.csv"));
    assert.equal((await kit.run(["sql", "select 1", "-o", "folder.csv"])).code, exitCodes.notWritable);
  });
});

/** The words of the first command of a line as a shell would see them, as far as the examples go. */
function shellWords(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
  const end = words.findIndex((word) => word === ">" || word === "&&");
  return end < 0 ? words : words.slice(0, end);
}
