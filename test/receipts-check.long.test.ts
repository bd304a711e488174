// Receipts of each kind, checked as a user would: after a re-export, a lost partition, a changed setting, a late window.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { parseReceipt, printReceipt, type Receipt } from "../notebooks/components/receipt/receipt.ts";
import { dayFacts, daySums, figureDigest } from "../notebooks/components/share/day-card.ts";
import { exitCodes } from "../src/base/errors.ts";
import { openProject, type Project } from "../src/config/project.ts";
import { loadDay } from "../src/site/share/share.ts";
import { makerOf } from "../src/site/share/share-files.ts";
import { sync } from "../src/sync/sync.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { runHere } from "./cli-here.ts";
import { shareEachKind } from "./shared-kinds.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";

const minute = 60_000;
const now = new Date("2026-09-16T18:41:00Z"); // of the demo
const later = new Date(now.getTime() + 90 * minute);
const day = "2026-09-16";

/** A copy of the project, bucket included, that a test may change. */
interface Copy {
  folder: string;
  project: Project;
  config: string;
}

describe("asapp-kit check", () => {
  let demo: DemoProject;
  let shared: string; // files of each kind
  let message: string;
  let original: Receipt;
  const copies: string[] = [];

  const copied = (change: (text: string) => string = (text) => text): Copy => {
    const folder = mkdtempSync(join(tmpdir(), "asapp-receipts-"));
    copies.push(folder);
    cpSync(demo.folder, folder, { recursive: true, preserveTimestamps: true });
    const config = join(folder, "kit.yaml");
    const text = readFileSync(config, "utf8").replaceAll(demo.folder, folder);
    writeFileSync(config, change(text));
    return { folder, config, project: openProject(config) };
  };
  const check = async (copy: Pick<Copy, "config">, what: string, ...more: string[]) => {
    const { code, stdout, stderr } = await runHere(["check", what, "--config", copy.config, ...more], {
      cwd: tmpdir(),
    });
    return { code, stdout, stderr, text: stdout + stderr };
  };
  const refresh = async ({ project }: Copy, at = later) => {
    await sync(project, { now: at, full: true, moved: true });
    await updateWarehouse(project, { now: at });
  };
  const everyKind = async (copy: Pick<Copy, "config">, expected: RegExp, exit: number) => {
    const files = readdirSync(shared).map((file) => join(shared, file));
    const { code, stdout, stderr } = await check(copy, message, ...files);
    const texts = stdout.split(/\n(?=\S)/);
    assert.equal(texts.length, files.length + 1, stdout + stderr);
    for (const text of texts) assert.match(text, expected);
    assert.equal(code, exit);
  };

  before(async () => {
    demo = await demoProject({ feeds: [...dayFeeds, "rep_utilized"], days: 2, conversationsPerDay: 250 });
    ({ folder: shared, message, receipt: original } = await shareEachKind(demo, now, day));
  });
  after(() => {
    demo?.delete();
    for (const folder of [shared, ...copies]) rmSync(folder, { recursive: true, force: true });
  });

  it("says equal for each kind, and writes nothing into the data folder", async () => {
    const stamps = () =>
      readdirSync(demo.project.data, { recursive: true, encoding: "utf8" })
        .filter((path) => !path.includes("lock"))
        .sort();
    const before = stamps();
    await everyKind(
      { config: demo.project.configFile! },
      /^equal: All queues, Wednesday 16 September 2026/,
      exitCodes.ok,
    );
    assert.deepEqual(stamps(), before);
  });

  it("says equal for each chart of the Today page, with its filters", async () => {
    const data = await loadDay(demo.project, day, now);
    const page = dayFacts({ ...data, basis: "erlang", hours: "all" }, "All queues", 30);
    const ids = ["volume", "service-level", "waits", "handle-time", "reps", "net-staffing", "intervals"];
    const lines = ids.map((figure) => {
      const { runs, settings, ...rest } = { ...original, ...page.receipt!, ...daySums(page) };
      const values = figureDigest(page, figure)!;
      return printReceipt({ ...rest, runs, settings, kind: "workbook", figure, grain: 30, values });
    });
    assert.equal(new Set(lines.map((line) => parseReceipt(line).values)).size, ids.length);
    const { code, stdout, stderr } = await check({ config: demo.project.configFile! }, lines[0]!, ...lines.slice(1));
    assert.equal(code, exitCodes.ok, stdout + stderr);
    assert.deepEqual(
      stdout.match(/^equal: .*(?= of All queues)/gm),
      ids.map((id) => `equal: ${id.replaceAll("-", " ")}`),
    );
  });

  it("reads the raw files, not what was staged from them", async () => {
    const copy = copied();
    for (const layer of ["staged", "current"]) rmSync(join(copy.project.data, layer), { recursive: true });
    const { code, text } = await check(copy, join(shared, "day.svg"));
    assert.match(text, /^equal/);
    assert.equal(code, exitCodes.ok);
  });

  describe("after a re-export of a window", () => {
    let copy: Copy;
    before(async () => {
      copy = copied();
      exportAgain(copy);
      await refresh(copy);
    });

    it("says restated, which run, and that it was right when it was made", async () => {
      const expected =
        /^restated since: [\s\S]*was \d+ contacts[\s\S]*is \d+ contacts[\s\S]*exported again: queue_wfm 2026-09-16 \d\d:\d\d\n[\s\S]*it was right when it was made/;
      await everyKind(copy, expected, exitCodes.restated);
    });

    it("gives the same facts as JSON", async () => {
      const { code, stdout } = await check(copy, join(shared, "day.xlsx"), "--json");
      const [{ verdict, now: present, former, again, added, late, lost, receipt }] = JSON.parse(stdout);
      assert.equal(code, exitCodes.restated);
      assert.deepEqual(
        { verdict, former, added, late, lost },
        { verdict: "restated", former: "equal", added: [], late: [], lost: [] },
      );
      assert.equal(again.length, 1);
      assert.ok(present.offered > receipt.offered);
    });

    it("says equal for what shows another day or no contacts of that window, and for the state of then", async () => {
      const past = await makerOf(await loadDay(copy.project, day, later, "usual", { moment: now }), 15, later).file(
        "All queues",
        "svg",
        null,
      );
      writeFileSync(join(copy.folder, "then.svg"), past);
      const { code, text } = await check(copy, join(copy.folder, "then.svg"));
      assert.match(text, /^equal: .*as known at 2026-09-16T18:41:00Z/);
      assert.equal(code, exitCodes.ok);
    });
  });

  it("says restated after a re-export whose former rows are not kept", async () => {
    const copy = copied((text) => `${text}sync:\n  keep_replaced: 0\n`);
    exportAgain(copy);
    await refresh(copy);
    await everyKind(
      copy,
      /^restated since: [\s\S]*exported again: queue_wfm 2026-09-16 [\s\S]*the rows of then are not kept/,
      exitCodes.restated,
    );
  });

  it("says equal after a re-export that changes nothing", async () => {
    const copy = copied();
    exportAgain(copy, (row) => row);
    await refresh(copy);
    const { code, text } = await check(copy, join(shared, "day.html"));
    assert.match(text, /^equal: [\s\S]*exported again: queue_wfm/);
    assert.equal(code, exitCodes.ok);
  });

  it("says restated after a window that came late", async () => {
    const copy = copied();
    const { project } = copy;
    // as if the run had not been there when the card was made
    const late = busy(copy);
    const bucket = bucketOf(copy);
    const aside = join(copy.folder, "aside");
    for (const folder of late) cpSync(join(bucket, folder), join(aside, folder), { recursive: true });
    for (const folder of [...late.map((folder) => join(bucket, folder)), project.data])
      rmSync(folder, { recursive: true });
    await refresh(copy, now);
    const card = await makerOf(await loadDay(project, day, now), 15, now).file("All queues", "svg", null);
    writeFileSync(join(copy.folder, "card.svg"), card);
    assert.match((await check(copy, join(copy.folder, "card.svg"))).text, /^equal/);
    cpSync(aside, bucket, { recursive: true });
    for (const folder of late)
      for (const file of readdirSync(join(bucket, folder))) utimesSync(join(bucket, folder, file), later, later);
    await refresh(copy);
    const { code, text } = await check(copy, join(copy.folder, "card.svg"));
    assert.match(
      text,
      /^restated since: [\s\S]*came late: queue_wfm 2026-09-16 15:00, queue_wfm 2026-09-16 15:30\n[\s\S]*it was right/,
    );
    assert.equal(code, exitCodes.restated);
  });

  it("says not reproducible after a partition was lost, and which", async () => {
    const copy = copied();
    for (const folder of busy(copy)) rmSync(join(bucketOf(copy), folder), { recursive: true });
    rmSync(copy.project.data, { recursive: true });
    await refresh(copy, now);
    const lost =
      /^not reproducible here: [\s\S]*2 partitions that it rests on are not in the data folder: queue_wfm 2026-09-16 15:00 to queue_wfm 2026-09-16 15:30/;
    await everyKind(copy, lost, exitCodes.notReproducible);
  });

  it("says equal after a partition was lost whose rows came again, and which", async () => {
    const copy = copied();
    rmSync(join(bucketOf(copy), busy(copy)[0]!), { recursive: true });
    rmSync(copy.project.data, { recursive: true });
    await refresh(copy, now);
    const { code, text } = await check(copy, join(shared, "day.png"));
    assert.match(text, /^equal: [\s\S]*no longer here: queue_wfm 2026-09-16 15:00/);
    assert.equal(code, exitCodes.ok);
  });

  it("says not reproducible after raw files were removed or damaged, and which", async () => {
    const copy = copied();
    const [lost = ""] = busy(copy);
    const folder = join(copy.project.data, "raw", lost);
    const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".gz"));
    const whole = readFileSync(join(folder, file));
    writeFileSync(join(folder, file), whole.subarray(0, whole.length - 5));
    const damaged = await check(copy, join(shared, "day.pdf"));
    assert.match(
      damaged.text,
      /^not reproducible here: [\s\S]*raw files are not as they were synced: raw\/queue_wfm\/.*\(short\)[\s\S]*verify --raw --repair/,
    );
    assert.equal(damaged.code, exitCodes.notReproducible);
    rmSync(folder, { recursive: true });
    await everyKind(copy, /^not reproducible here: [\s\S]*raw\/queue_wfm\/.*\(missing\)/, exitCodes.notReproducible);
  });

  it("says not reproducible after a setting changed, and which", async () => {
    const copy = copied((text) =>
      text.replace("site:\n", "site:\n  service_level: { target: 0.8, seconds: 60, variant: answered_only }\n"),
    );
    await everyKind(
      copy,
      /^not reproducible here: [\s\S]*site\.service_level was offered, 0\.8 in 60 s, and is answered_only, 0\.8 in 60 s/,
      exitCodes.notReproducible,
    );
    const zone = copied((text) => text.replace("America/New_York", "America/Chicago"));
    const { text } = await check(zone, join(shared, "day.png"));
    assert.match(text, /^not reproducible here: [\s\S]*timezone has another value now/);
  });

  it("says equal, and which, after a setting changed that does not reach the figure", async () => {
    const copy = copied((text) => text.replace("site:\n", "site:\n  exclude_days: [2026-09-01]\n"));
    const { code, text } = await check(copy, join(shared, "day.png"));
    assert.match(text, /^equal: [\s\S]*without effect on it: site\.exclude_days/);
    assert.equal(code, exitCodes.ok);
  });

  it("says not reproducible where the day is not, and for figures that the same data do not give", async () => {
    const copy = copied();
    const elsewhere = { ...original, day: "2026-12-24" };
    const absent = await check(copy, printReceipt(elsewhere));
    assert.match(absent.text, /not reproducible here: [\s\S]*no partition of queue_wfm for 2026-12-24 or later/);
    const other = await check(copy, printReceipt({ ...original, values: "0123456789ab" }));
    assert.match(other.text, /not reproducible here: [\s\S]*the same partitions and settings give other values/);
    const version = await check(copy, printReceipt({ ...original, values: "0123456789ab", kit: "0.0.9" }));
    assert.match(version.text, /made by version 0\.0\.9 of the kit, and this is/);
    const renamed = await check(copy, printReceipt({ ...original, queue: "Bil ling" }));
    assert.match(renamed.text, /no queue or group is called Bil ling here/);
    for (const { code } of [absent, other, version, renamed]) assert.equal(code, exitCodes.notReproducible);
  });
});

function bucketOf({ project }: Copy): string {
  const { source } = project.config;
  return (source as unknown as { path: string }).path;
}

/** The folders of an hour's windows with contacts, below the bucket. A later run has the windows of one alone, too. */
function busy(copy: Copy): string[] {
  return readdirSync(join(bucketOf(copy), "queue_wfm"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("_SUCCESS") && path.includes(`dt=${day}/hr=15/`))
    .map((path) => join("queue_wfm", path.slice(0, -"/_SUCCESS".length)))
    .sort();
}

/** Exports that window again, later, with changed rows. */
function exportAgain(copy: Copy, change = more): void {
  const folder = join(bucketOf(copy), busy(copy)[0]!);
  const at = new Date(now.getTime() + 60 * minute);
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    if (file.endsWith(".gz")) {
      const rows = gunzipSync(readFileSync(path))
        .toString()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      writeFileSync(path, gzipSync(rows.map((row) => `${JSON.stringify(change(row))}\n`).join(""), { level: 1 }));
    }
    utimesSync(path, at, at);
  }
}

function more(row: Record<string, unknown>): Record<string, unknown> {
  return { ...row, total_assignments: Number(row.total_assignments ?? 0) + 7 };
}
