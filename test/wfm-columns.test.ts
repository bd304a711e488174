import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readWfmReport } from "../src/commands/wfm.ts";
import { openProject } from "../src/config/project.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { guesses, nameScore } from "../src/warehouse/wfm/wfm-guess.ts";
import type { MetricReport } from "../src/warehouse/wfm/wfm-report.ts";
import { type CliKit, openCliKit, run } from "./cli-kit.ts";

type Row = Record<string, unknown>;

// Ten hours of a queue: every third window has an abandon, in every fifth everybody waited more than a minute.
function windows(day: string, rename: (row: Row) => Row): Row[] {
  return Array.from({ length: 40 }, (_, i) => {
    const start = new Date(Date.parse(`${day}T08:00:00Z`) + i * 900_000).toISOString().slice(0, 19);
    const slow = i % 5 === 4;
    const abandons = i % 3 === 0 && !slow ? 1 : 0;
    return rename({
      instance_ts: start.replace("T", " "),
      queue_name: "Queue Billing",
      total_assignments: 4 + (i % 3),
      total_abandons: abandons,
      avg_handle_time_seconds: 400.5 + i,
      avg_wrap_time_seconds: 40.5,
      avg_wait_time_seconds: slow ? 90.5 : 12.25,
      waits_under_60s: slow ? 0 : 4 + (i % 3),
      reps_in_queue: 3,
    });
  });
}

const renamed =
  (names: Record<string, string>, change: (row: Row) => Row = (row) => row) =>
  (row: Row) =>
    Object.fromEntries(Object.entries(change(row)).map(([name, value]) => [names[name] ?? name, value]));

const foreign = {
  total_assignments: "assigned_count",
  total_abandons: "abandoned_count",
  avg_handle_time_seconds: "mean_aht",
  avg_wrap_time_seconds: "meanWrapup",
  avg_wait_time_seconds: "average_wait",
  waits_under_60s: "answered_within_60_sec",
  reps_in_queue: "agents_staffed",
};

describe("guesses at a column", () => {
  const names = (metric: string, columns: string[], seconds = 60) =>
    guesses(
      { metric, usual: "", unit: null },
      columns.map((name) => ({ name, values: null })),
      seconds,
    ).map(({ column }) => column);

  it("know the words of each metric, and those that make it another", () => {
    const time = ["lin_ute_avail_min", "cum_ute_avail_min", "lin_avail_min", "lin_ute_total_min", "lin_busy_min"];
    assert.equal(names("utilized_available", time)[0], "lin_ute_avail_min");
    assert.equal(names("available", time)[0], "lin_avail_min");
    assert.equal(names("utilized", time)[0], "lin_ute_total_min");
    const counts = ["abandon_rate", "abandoned", "avg_abandon_time_sec"];
    assert.equal(names("abandons", counts)[0], "abandoned");
  });

  it("take no count of another threshold", () => {
    const columns = ["waits_under_30s", "waits_under_60s", "within_1_min", "sla_count"];
    assert.deepEqual(names("within_threshold", ["Within 1 Min", "within-2-min"]), ["Within 1 Min"]);
    assert.deepEqual(names("within_threshold", columns), ["sla_count", "waits_under_60s", "within_1_min"]);
    assert.deepEqual(names("within_threshold", columns, 30), ["sla_count", "waits_under_30s"]);
    assert.equal(nameScore("within_threshold", "waits_under_45s", "waits_under_60s", 45), 0);
  });

  it("look at the values too", () => {
    const values = { rows: 9, filled: 1, numeric: 1, whole: 1, min: 0, median: 5, max: 9 };
    const [first, second] = guesses(
      { metric: "abandons", usual: "total_abandons", unit: null },
      [
        { name: "abandoned_share", values: { ...values, whole: 0.1, max: 0.9 } },
        { name: "n_abandoned", values },
        { name: "abandon_note", values: { ...values, numeric: 0 } },
      ],
      60,
    );
    assert.deepEqual([first!.column, first!.note], ["n_abandoned", null]);
    assert.deepEqual([second!.column, second!.note], ["abandoned_share", "not whole numbers, as counts would be"]);
    const seconds = guesses(
      { metric: "logged_in", usual: "lin_logged_in_min", unit: "minutes" },
      [{ name: "logged_in", values: { ...values, max: 900 } }],
      60,
    );
    assert.equal(seconds[0]!.note, "looks like seconds: set rep_unit");
  });
});

describe("wfm columns", () => {
  let kit: CliKit;
  before(async () => {
    kit = await openCliKit();
  });
  after(() => kit.close());

  // Another export under the same bucket: what was synced before goes.
  const deliver = async (days: Record<string, (row: Row) => Row>, yaml = "", more: Record<string, Row[]> = {}) => {
    rmSync(join(kit.folder, "data"), { recursive: true, force: true });
    kit.config(yaml);
    for (const day of ["2026-09-01", "2026-09-02"])
      kit.partition(`queue_wfm/dt=${day}/hr=18/mi=00`, windows(day, days[day] ?? days.all!));
    kit.partition("queue_membership_wfm/dt=2026-09-02/hr=18/mi=00", more.membership ?? []);
    return kit.run(["sync", "--full"]);
  };
  const survey = () => readWfmReport(openProject(join(kit.folder, "kit.yaml")));
  const metric = async (name: string): Promise<MetricReport> =>
    (await survey()).feeds.flatMap(({ metrics }) => metrics).find((each) => each.metric === name)!;
  const columns = (...args: string[]) => kit.run(["wfm", "columns", ...args]);

  it("warns at a sync of every metric without a column, with columns seen and guesses", async () => {
    const { code, stderr } = await deliver({ all: renamed(foreign) });
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/warning:/g)?.length, 1, stderr);
    assert.match(stderr, /queue_wfm: 7 metrics without a column, so the charts stay empty/);
    assert.match(stderr, /abandons: total_abandons is not in the feed; probably abandoned_count/);
    assert.match(stderr, /unmapped columns: .*agents_staffed/);
    assert.match(stderr, /next: asapp-kit wfm columns/);
    const status = await kit.run(["status"]);
    assert.match(status.stdout, /queue_wfm: 7 metrics without a column: assignments, abandons/);
  });

  it("shows types, fill and values, and writes the clear guesses once they are confirmed", async () => {
    await deliver({ all: renamed(foreign) }, "# mine\nsite:\n  title: Acme # ours\n");
    const shown = await columns();
    assert.match(shown.stdout, /queue_wfm: 80 rows, 2026-09-01 to 2026-09-02/);
    assert.match(shown.stdout, /^ +abandoned_count +BIGINT +100% +0 +0 +1$/m);
    const refused = await columns("--write");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /site\.wfm\.queue\.abandons: abandoned_count \(was total_abandons\)/);
    assert.match(refused.stderr, /there is no terminal to confirm on/);
    assert.doesNotMatch(readFileSync(join(kit.folder, "kit.yaml"), "utf8"), /abandoned_count/);

    const written = await columns("--write", "--yes");
    assert.equal(written.code, 0, written.stderr);
    const yaml = readFileSync(join(kit.folder, "kit.yaml"), "utf8");
    assert.match(yaml, /# mine\nsite:\n {2}title: Acme # ours\n {2}wfm:\n {4}queue:\n/);
    for (const column of Object.values(foreign)) assert.ok(yaml.includes(`: ${column}\n`), column);
    assert.doesNotMatch((await kit.run(["sync"])).stderr, /warning/);
    const catalog = await openCatalog(openProject(join(kit.folder, "kit.yaml")));
    const { rows } = await catalog.rows(
      "select sum(assignments), sum(abandons), sum(within_threshold), max(reps) from wfm.queue_windows",
    );
    catalog.close();
    const all = [...windows("2026-09-01", (row) => row), ...windows("2026-09-02", (row) => row)];
    const sum = (name: string) => all.reduce((total, row) => total + Number(row[name]), 0);
    assert.deepEqual(rows, [[sum("total_assignments"), sum("total_abandons"), sum("waits_under_60s"), 3]]);
    const again = await columns("--write");
    assert.equal(again.code, 0);
    assert.match(again.stderr, /says so already/);
  });

  it("tells a metric that kit.yaml gives up from one that is missing", async () => {
    const { reps_in_queue: _, ...half } = foreign;
    const { stderr } = await deliver(
      { all: (row) => ({ ...renamed(half)(row), reps_in_queue: undefined }) },
      "site: {wfm: {queue: {reps: null, abandons: abandoned_count, assignments: assigned_count}}}\n",
    );
    assert.match(stderr, /queue_wfm: 4 metrics without a column/);
    assert.equal((await metric("reps")).state, "off");
    assert.equal((await metric("abandons")).state, "mapped");
  });

  it("sees that a mapped column holds no numbers", async () => {
    const texts = renamed({}, (row) => ({
      ...row,
      total_abandons: `n=${row.total_abandons}`,
      avg_wait_time_seconds: row.instance_ts,
    }));
    await deliver({ all: (row) => ({ ...texts(row), abandoned: row.total_abandons }) });
    const abandons = await metric("abandons");
    assert.equal(abandons.state, "no numbers");
    assert.equal(abandons.clear, "abandoned");
    assert.equal((await metric("wait_seconds")).state, "no numbers");
    const { code, stdout } = await kit.run([
      "sql",
      "--format",
      "json",
      "select count(wait_seconds) as n, count(abandons) as a from wfm.queue_windows",
    ]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), [{ n: 0, a: 0 }]);
  });

  it("takes the columns of the key in any letter case, so that no queue takes the place of another", async () => {
    const two = (names: Record<string, string>) => (row: Row) =>
      ["Queue Billing", "Queue Sales"].map((queue_name) => renamed(names)({ ...row, queue_name }));
    rmSync(join(kit.folder, "data"), { recursive: true, force: true });
    kit.config("");
    const other = { queue_name: "Queue_Name", instance_ts: "Instance_TS" };
    for (const [day, names] of [
      ["2026-09-01", {}],
      ["2026-09-02", other],
    ] as const) {
      const rows = windows(day, (row) => row).flatMap(two(names));
      kit.partition(`queue_wfm/dt=${day}/hr=18/mi=00`, rows);
    }
    kit.partition("queue_membership_wfm/dt=2026-09-02/hr=18/mi=00", []);
    const { code, stderr } = await kit.run(["sync", "--full"]);
    assert.equal(code, 0, stderr);
    const query = `select instance_ts::date::varchar as day, queue_name as queue, count(*)::integer as n
      from wfm.queue_windows group by all order by all`;
    const { stdout } = await kit.run(["sql", "--format", "json", query]);
    assert.deepEqual(
      JSON.parse(stdout),
      ["2026-09-01", "2026-09-02"].flatMap((day) =>
        ["Queue Billing", "Queue Sales"].map((queue) => ({ day, queue, n: 40 })),
      ),
    );
    const shown = (await columns()).stdout;
    assert.doesNotMatch(shown, /Queue_Name|Instance_TS/);
    assert.match(shown, /^queue_wfm: 160 rows, 2026-09-01 to 2026-09-02$/m, "the values of both spellings");
    assert.equal((await kit.run(["verify"])).code, 0);
  });

  it("sees a column renamed in the middle of history", async () => {
    await deliver({
      "2026-09-01": (row) => row,
      "2026-09-02": renamed({ total_abandons: "abandons_total" }),
    });
    const abandons = await metric("abandons");
    assert.equal(abandons.state, "ended");
    assert.equal(abandons.clear, "abandons_total");
    assert.match((await columns()).stdout, /abandons: total_abandons is no longer delivered; probably abandons_total/);
    const { code, stderr } = await columns("--write", "--yes");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /abandons: total_abandons\+abandons_total \(was total_abandons\)/);
    const yaml = readFileSync(join(kit.folder, "kit.yaml"), "utf8");
    assert.match(yaml, /abandons: \[total_abandons, abandons_total\]\n/);
    const shown = (await columns()).stdout;
    assert.match(shown, /^abandons +total_abandons +ended +BIGINT +50% .*\n +abandons_total +mapped +BIGINT +50% /m);
    assert.doesNotMatch(shown, /no longer delivered/);
    assert.equal((await metric("abandons")).state, "mapped");
    assert.match((await columns("--write")).stderr, /says so already/);
    const set = await columns("--set", "abandons=Abandons_Total + total_abandons", "--yes");
    assert.equal(set.code, 0, set.stderr);
    assert.match(readFileSync(join(kit.folder, "kit.yaml"), "utf8"), /abandons: \[abandons_total, total_abandons\]\n/);
    assert.match((await columns("--set", "abandons=total_abandons+left", "--yes")).stderr, /no column left/);
  });

  it("takes the first of several columns that holds a number in the row", async () => {
    const yaml = "site: {wfm: {queue: {abandons: [gone, Total_Abandons, later], reps: [note]}}}\n";
    await deliver(
      {
        "2026-09-01": (row) => ({ ...row, later: 100 }),
        "2026-09-02": renamed({ total_abandons: "later" }, (row) => ({ ...row, note: "many" })),
      },
      yaml,
    );
    const { stdout } = await kit.run([
      "sql",
      "--format",
      "json",
      "select instance_ts::date::varchar as day, sum(abandons) as n, count(reps) as reps from wfm.queue_windows group by all order by all",
    ]);
    const of = (day: string) => windows(day, (row) => row).reduce((sum, row) => sum + Number(row.total_abandons), 0);
    assert.deepEqual(
      JSON.parse(stdout),
      ["2026-09-01", "2026-09-02"].map((day) => ({ day, n: of(day), reps: 0 })),
    );
    const states = (await metric("abandons")).columns.map(({ column, state }) => `${column}: ${state}`);
    assert.deepEqual(states, ["gone: missing", "Total_Abandons: ended", "later: mapped"]);
    assert.equal((await metric("reps")).state, "no numbers");
    assert.match((await columns()).stdout, /^reps: note has no numbers; probably reps_in_queue$/m);
    kit.config("site: {wfm: {queue: {abandons: [a, {b: c}]}}}\n");
    const wrong = await kit.run(["status"]);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stderr, /kit\.yaml:4:\d+ option "abandons" in site\.wfm\.queue must be a column name/);
  });

  it("takes what is set by hand, and refuses names that nobody knows", async () => {
    await deliver({ all: renamed({ total_abandons: "left_queue" }) });
    const { code, stderr } = await columns("--set", "abandons=LEFT_QUEUE,reps=,wait_unit=minutes", "--yes");
    assert.equal(code, 0, stderr);
    assert.match(
      readFileSync(join(kit.folder, "kit.yaml"), "utf8"),
      /site:\n {2}wfm:\n {4}queue:\n {6}abandons: left_queue\n {6}reps:\n {4}wait_unit: minutes\n$/,
    );
    const wrong = await columns("--set", "abandon=left_queue", "--yes");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /unknown metric: abandon \(did you mean "abandons"\?\)/);
    assert.match((await columns("--set", "abandons=left", "--yes")).stderr, /queue_wfm has no column left/);
    assert.match((await columns("--set", "wait_unit=hours", "--yes")).stderr, /unknown wait_unit: hours/);
    assert.match((await columns("--set", "abandons", "--yes")).stderr, /not METRIC=COLUMN/);
    assert.match((await kit.run(["wfm", "colums"])).stderr, /did you mean "columns"/);
  });

  it("maps columns of any name, and writes them so that they are read again", async () => {
    const hostile = {
      total_assignments: 'Assigned "count"',
      total_abandons: "abandoned, left + lost",
      avg_handle_time_seconds: "Mean AHT (sec)",
      avg_wrap_time_seconds: "wrap'up; drop table x",
      avg_wait_time_seconds: "Ø wait=time ü",
      waits_under_60s: "answered within 60 s: #",
      reps_in_queue: "агенты reps %",
    };
    await deliver({ all: renamed(hostile) });
    assert.equal((await columns("--write", "--yes")).code, 0);
    const mapped = async () => {
      const states = (await survey()).feeds[0]!.metrics.map(({ columns }) => columns);
      return states.map((list) => list.map(({ column, state }) => `${column} ${state}`).join());
    };
    const wanted = Object.values(hostile).sort();
    assert.deepEqual((await mapped()).sort(), wanted.map((column) => `${column} mapped`).sort());
    kit.config("");
    const set = `abandons=abandoned, left + lost, wait_seconds=Ø WAIT=time ü+Mean AHT (sec),reps=агенты reps %`;
    assert.equal((await columns("--set", set, "--yes")).code, 0);
    const yaml = readFileSync(join(kit.folder, "kit.yaml"), "utf8");
    assert.match(yaml, /abandons: "abandoned, left \+ lost"\n {6}wait_seconds: \[Ø wait=time ü, Mean AHT \(sec\)\]\n/);
    const { stdout } = await kit.run([
      "sql",
      "--format",
      "json",
      "select sum(abandons) as abandons, min(reps) as reps from wfm.queue_windows",
    ]);
    assert.deepEqual(JSON.parse(stdout), [{ abandons: 22, reps: 3 }]);
  });

  it("gives the same to a machine", async () => {
    await deliver({ all: renamed({ total_abandons: "abandoned" }) });
    const { feeds, switches, changes } = JSON.parse((await columns("--json", "--write", "--yes")).stdout);
    assert.deepEqual(changes, [{ option: "site.wfm.queue.abandons", from: "total_abandons", to: "abandoned" }]);
    assert.equal(feeds[0].metrics[1].guesses[0].column, "abandoned");
    assert.equal(switches.length, 4);
  });

  it("says that neither feed is here", async () => {
    const folder = join(kit.folder, "empty");
    writeFileSync(join(kit.folder, "none.yaml"), `data: ${folder}\n`);
    const { code, stdout } = await run(["wfm", "columns", "--config", "none.yaml"], { cwd: kit.folder });
    assert.equal(code, 0);
    assert.match(stdout, /ASAPP exports them on request/);
  });

  it("says what the data say to the switches, and writes what they contradict", async () => {
    const minutes = (row: Row) => ({
      ...row,
      avg_wait_time_seconds: Number(row.avg_wait_time_seconds) / 60,
      avg_handle_time_seconds: Number(row.avg_handle_time_seconds) / 60,
      waits_under_60s: Number(row.waits_under_60s) + Number(row.total_abandons),
    });
    const reps = windows("2026-09-02", ({ instance_ts }) => ({
      instance_ts,
      rep_id: "7",
      queue_id: "1",
      company_id: "1",
      lin_logged_in_min: 900,
      lin_avail_min: 610.5,
      lin_busy_min: 0,
      lin_ute_total_min: 300,
      lin_ute_avail_min: 300,
      lin_ute_busy_min: 0,
    }));
    // Eight days, so that there are windows enough.
    const days = Object.fromEntries(["2026-09-01", "2026-09-02"].map((day) => [day, minutes]));
    for (const day of ["03", "04", "05", "06", "07", "08"])
      kit.partition(`queue_wfm/dt=2026-09-${day}/hr=18/mi=00`, windows(`2026-09-${day}`, minutes));
    await deliver(days, "", { membership: reps });
    const found = new Map((await survey()).switches.map((each) => [each.option.split(".").at(-1), each]));
    assert.equal(found.get("threshold_counts")!.suggests, "answered_and_abandoned");
    assert.equal(found.get("wait_unit")!.suggests, "minutes");
    assert.equal(found.get("handle_unit")!.suggests, "minutes");
    assert.equal(found.get("rep_unit")!.suggests, "seconds");
    assert.equal((await columns("--write", "--yes")).code, 0);
    const after = await survey();
    for (const each of after.switches)
      assert.ok(each.suggests === null || each.suggests === each.value, JSON.stringify(each));
    const { stdout } = await kit.run([
      "sql",
      "--format",
      "json",
      "select (select max(logged_in) from wfm.rep_windows) as logged_in, max(wait_seconds) as wait, min(handle_seconds) as handle from wfm.queue_windows",
    ]);
    assert.deepEqual(JSON.parse(stdout), [{ logged_in: 15, wait: 90.5, handle: 400.5 }]);
  });
});
