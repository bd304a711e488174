// What kit.yaml says of columns, snapshots and counts, each by the command line from a folder of exports.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { exitCodes } from "../src/base/errors.ts";
import { openDatabase } from "../src/duckdb/database.ts";
import { type Ran, run } from "./cli-kit.ts";
import { expand } from "./sync-kit.ts";

interface FolderKit {
  config(feeds: string): void;
  put(path: string, rows: (object | string)[]): void; // "things/dt=2026-09-01"; no rows: an empty partition
  remove(path: string): void;
  run(...args: string[]): Promise<Ran>;
  sync(...args: string[]): Promise<Ran>;
  rows(query: string): Promise<unknown[]>;
  delete(): void;
}

function folderKit(feeds: string): FolderKit {
  const folder = mkdtempSync(join(tmpdir(), "asapp-kit-policies-"));
  const at = (path: string) => join(folder, "exports", expand(path));
  const kit: FolderKit = {
    config: (text) => writeFileSync(join(folder, "kit.yaml"), `source: { path: exports }\ndata: data\n${text}\n`),
    put(path, rows) {
      mkdirSync(at(path), { recursive: true });
      const text = rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row)));
      const file = join(at(path), `${path.split("/")[0]}.jsonl`);
      if (rows.length > 0) writeFileSync(file, text.map((line) => `${line}\n`).join(""));
      writeFileSync(join(at(path), "_SUCCESS"), "");
    },
    remove: (path) => rmSync(at(path), { recursive: true }),
    run: (...args) => run(args, { cwd: folder }),
    sync: (...args) => kit.run("sync", "--full", ...args),
    async rows(query) {
      const { code, stdout, stderr } = await kit.run("sql", query, "--json");
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout).map((row: object) => Object.values(row));
    },
    delete: () => rmSync(folder, { recursive: true, force: true }),
  };
  kit.config(feeds);
  return kit;
}

const columns = "key: [id], columns: { id: VARCHAR, n: BIGINT }";
const strict = "on_new_column: freeze, on_type_change: fail, on_missing_column: fail";
const kept = "on_new_column: rescue, on_type_change: rescue, on_missing_column: warn";

describe("the policies for columns", () => {
  let kit: FolderKit;
  const feeds = (frozen: string) =>
    `feeds:\n  evolving: { ${columns} }\n  rescuing: { ${columns}, ${kept} }\n  frozen: { ${columns}, ${frozen} }`;
  const all = (dt: string, row: object) => {
    for (const feed of ["evolving", "rescuing", "frozen"]) kit.put(`${feed}/dt=2026-09-0${dt}`, [row]);
  };
  const delivered = (feed: string, names: string) => kit.rows(`select ${names} from raw.${feed} order by id`);
  before(async () => {
    kit = folderKit(feeds(strict));
    all("1", { id: "a", n: 1 });
    assert.equal((await kit.sync("--fail-on", "schema")).code, 0);
    all("2", { id: "b", n: 2, fresh: 5 });
    all("3", { id: "c", n: 2.5 });
    all("4", { id: "d" });
  });
  after(() => kit.delete());

  it("take in what they may, and name each day that they refuse, with what to do", async () => {
    const { code, stderr } = await kit.sync("--fail-on", "schema");
    assert.equal(code, exitCodes.someFailed);
    assert.match(stderr, /frozen 2026-09-02 .*new column fresh, and on_new_column is freeze$/m);
    assert.match(stderr, /frozen 2026-09-03 .*values of n are no BIGINT, and on_type_change is fail$/m);
    assert.match(stderr, /frozen 2026-09-04 .*n no longer delivered, and on_missing_column is fail$/m);
    assert.match(stderr, /rescuing 2026-09-04: n no longer delivered$/m);
    assert.doesNotMatch(stderr, /warning: evolving/);
    assert.match(stderr, /^asapp-kit: 3 days of a feed could not be staged\n {2}next: .*kit\.yaml/m);
  });

  it("evolve and widen: every value is in its column", async () => {
    assert.deepEqual(await delivered("evolving", "id, n, fresh, _rescued"), [
      ["a", 1, null, null],
      ["b", 2, 5, null],
      ["c", 2.5, null, null],
      ["d", null, null, null],
    ]);
  });

  it("rescue: what does not fit is kept in _rescued", async () => {
    assert.deepEqual(await delivered("rescuing", "id, n::varchar, _rescued::varchar"), [
      ["a", "1", null],
      ["b", "2", '{"fresh":"5"}'],
      ["c", null, '{"n":"2.5"}'],
      ["d", null, null],
    ]);
  });

  it("freeze and fail: the earlier days stay, and every run says so until the policy changes", async () => {
    assert.deepEqual(await delivered("frozen", "id"), [["a"]]);
    const again = await kit.run("sync");
    assert.equal(again.code, exitCodes.someFailed);
    assert.equal(again.stderr.match(/warning: frozen /g)?.length, 3);
    kit.config(feeds("on_type_change: rescue"));
    const changed = await kit.run("sync", "--fail-on", "schema");
    assert.equal(changed.code, exitCodes.schemaChanged, changed.stderr);
    assert.match(changed.stderr, /frozen: fresh is new/);
    assert.deepEqual(await delivered("frozen", "id, n::varchar, fresh::varchar, _rescued::varchar"), [
      ["a", "1", null, null],
      ["b", "2", "5", null],
      ["c", null, null, '{"n":"2.5"}'],
      ["d", null, null, null],
    ]);
    assert.equal((await kit.run("sync", "--fail-on", "schema")).code, 0);
    assert.equal((await kit.run("verify")).code, 0);
  });

  it("a policy that changes back leaves what it refuses as it was", async () => {
    kit.config(feeds(strict));
    const { code, stderr } = await kit.run("sync");
    assert.equal(code, exitCodes.someFailed, stderr);
    assert.deepEqual(await delivered("frozen", "id"), [["a"], ["b"], ["c"], ["d"]]);
    assert.equal((await kit.run("verify", "--feed", "frozen")).code, 0);
  });
});

describe("a feed that no document names", () => {
  it("is synced, told of, asked and explained like any other, whole rows being its key", async () => {
    const kit = folderKit("");
    try {
      const rows = [
        { id: 1, a: "x" },
        { id: 1, a: "x" },
        { id: 2, b: 1.5 },
      ];
      kit.put("brand_new/dt=2026-11-22/hr=05", rows);
      const { code, stdout } = await kit.sync();
      assert.equal(code, 0);
      assert.match(stdout, /^new +1 partition of 1 feed$/m);
      assert.match((await kit.run("status")).stdout, /^brand_new +1 +2 +2026-11-22 06:00 /m);
      assert.match((await kit.run("schema", "brand_new")).stdout, /^id +VARCHAR .*not documented$/m);
      const explained = await kit.run("explain", "brand_new", "id=1");
      assert.match(explained.stdout, /^brand_new: one row per a, b, id, _rescued$/m);
      assert.match((await kit.run("views", "--feed", "brand_new")).stdout, /create or replace view "brand_new"/);
      assert.match((await kit.sync("--feed", "brand_new")).stdout, /^nothing new$/m);
      for (const args of [
        ["sync", "--feed", "brand_nwe"],
        ["schema", "brand_nwe"],
        ["explain", "brand_nwe", "id=1"],
      ]) {
        const { code, stderr } = await kit.run(...args);
        assert.equal(code, exitCodes.unknownFeed);
        assert.match(stderr, /unknown feed brand_nwe \(did you mean "brand_new"\?\)/);
      }
    } finally {
      kit.delete();
    }
  });
});

describe("a feed that goes over to another version", () => {
  it("shows each day in one version: the old one until the new has as much of it", async () => {
    const feeds = (version: string) => `feeds:\n  things: { ${columns}${version} }`;
    const kit = folderKit(feeds(""));
    const put = (version: number, run: string) =>
      kit.put(`things/version=${version}/format=jsonl/dt=2026-09-01/hr=${run}`, [{ id: `${version} ${run}` }]);
    const ids = async () => (await kit.rows("select id from things order by id")).flat();
    try {
      for (const run of ["00", "01", "02"]) put(1, run);
      assert.equal((await kit.sync()).code, 0);
      for (const run of ["00", "01"]) put(2, run);
      assert.match((await kit.sync()).stderr, /things has a newer version 2, version 1 is read/);
      assert.deepEqual(await ids(), ["1 00", "1 01", "1 02"]);

      kit.config(feeds(", version: 2"));
      const half = await kit.sync();
      assert.equal(half.code, 0);
      assert.match(
        half.stderr,
        /things 2026-09-01 is read in version=1\/format=jsonl: version=2\/format=jsonl has 2 of the 3 hours/,
      );
      assert.deepEqual(await ids(), ["1 00", "1 01", "1 02"], "the old day is whole");
      assert.equal((await kit.run("verify")).code, 0);
      put(2, "02");
      assert.doesNotMatch((await kit.sync()).stderr, /is read in/);
      assert.deepEqual(await ids(), ["2 00", "2 01", "2 02"], "no row of the old one is left");
      assert.equal((await kit.run("verify")).code, 0);

      kit.config(feeds(", version: 1"));
      await kit.sync();
      assert.deepEqual(await ids(), ["1 00", "1 01", "1 02"]);
    } finally {
      kit.delete();
    }
  });
});

describe("a snapshot feed", () => {
  let kit: FolderKit;
  before(() => {
    kit = folderKit("feeds:\n  people: { key: [id], columns: { id: VARCHAR, v: BIGINT }, latest_only: true }");
  });
  after(() => kit.delete());

  const people = (...ids: string[]) => ids.map((id, v) => ({ id, v }));
  const ids = async () => (await kit.rows("select id from people order by id")).flat();
  const byTheScript = async () => {
    const database = await openDatabase();
    try {
      await database.run((await kit.run("views", "--feed", "people")).stdout);
      return (await database.rows("select id from people order by id")).rows.flat();
    } finally {
      database.close();
    }
  };
  const holds = async (...expected: string[]) => {
    const { code, stderr } = await kit.sync();
    assert.equal(code, 0, stderr);
    assert.deepEqual(await ids(), expected);
    assert.deepEqual(await byTheScript(), expected);
    const { code: verified, stdout } = await kit.run("verify", "--feed", "people");
    assert.equal(verified, 0, stdout);
  };

  it("is its newest run, whatever comes after or late", async () => {
    kit.put("people/dt=2026-09-02/hr=05", people("a", "b", "b"));
    await holds("a", "b");
    kit.put("people/dt=2026-09-02/hr=06", people("b", "c"));
    await holds("b", "c");
    kit.put("people/dt=2026-09-01/hr=23", people("late"));
    await holds("b", "c");
    kit.put("people/dt=2026-09-02/hr=04", people("late"));
    await holds("b", "c");
  });

  it("stays when the newest run is empty, and when a run of the past is gone from the bucket", async () => {
    kit.put("people/dt=2026-09-03/hr=00", []);
    kit.remove("people/dt=2026-09-02/hr=05");
    await holds("b", "c");
    kit.put("people/dt=2026-09-03/hr=01", people("d"));
    await holds("d");
  });

  it("explains which versions do not count", async () => {
    const { stdout, stderr } = await kit.run("explain", "people", "id=b");
    assert.match(stdout, /only the newest run counts/, stderr);
  });

  it("has one row per key of all runs again when the option goes", async () => {
    kit.config("feeds:\n  people: { key: [id], columns: { id: VARCHAR, v: BIGINT } }");
    await holds("a", "b", "c", "d", "late");
  });
});

describe("quarantine", () => {
  let kit: FolderKit;
  before(() => {
    kit = folderKit(`feeds:\n  things: { ${columns} }`);
  });
  after(() => kit.delete());

  it("lists lines, and after a change of the rule every line is still a row or in quarantine", async () => {
    kit.put("things/dt=2026-09-01/hr=05", [{ id: "a", n: 1 }, '{"id": oops}', "", { id: "a", n: "x" }]);
    kit.put("things/dt=2026-09-01/hr=06", ["[1]", { id: "b", n: 2 }]);
    assert.equal((await kit.sync()).code, 0);
    const files = () => kit.rows("select lines, blank, rows, quarantined from kit.files order by file");
    const expected = [
      [4, 1, 2, 1],
      [2, 0, 1, 1],
    ];
    assert.deepEqual(await files(), expected);
    const listed = (await kit.run("quarantine", "--json")).stdout;
    assert.deepEqual(
      JSON.parse(listed).map(({ line, text }: { line: number; text: string }) => [line, text]),
      [
        [2, '{"id": oops}'],
        [1, "[1]"],
      ],
    );
    kit.config("feeds:\n  things: { key: [id, n], columns: { id: VARCHAR, n: VARCHAR, more: BIGINT } }");
    const retried = await kit.run("quarantine", "--retry", "--json");
    assert.equal(retried.code, 0, retried.stderr);
    assert.equal(retried.stdout, listed);
    assert.deepEqual(await files(), expected);
    assert.deepEqual(await kit.rows("select id, n from things order by all"), [
      ["a", "1"],
      ["a", "x"],
      ["b", "2"],
    ]);
    const verified = await kit.run("verify");
    assert.equal(verified.code, 0, verified.stdout);
    assert.match(verified.stdout, /6 lines = 3 rows \+ 2 quarantined \+ 1 blank/);
    assert.equal((await kit.run("quarantine", "--retry", "--feed", "things")).code, 0);
  });
});

describe("what is gone from the bucket", () => {
  it("stays in the warehouse, as expired", async () => {
    const kit = folderKit(`feeds:\n  things: { ${columns} }`);
    try {
      kit.put("things/dt=2026-09-01/hr=05", [{ id: "a", n: 1 }]);
      kit.put("things/dt=2026-09-02/hr=05", [{ id: "b", n: 1 }]);
      await kit.sync();
      kit.remove("things/dt=2026-09-01/hr=05");
      const { code, stdout, stderr } = await kit.sync("--fail-on", "schema,counts");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^expired +1 gone from the bucket, kept here$/m);
      assert.deepEqual(await kit.rows("select id from things order by id"), [["a"], ["b"]]);
      assert.deepEqual(await kit.rows("select hr, state from kit.partitions order by dt"), [
        ["05", "expired"],
        ["05", "complete"],
      ]);
      assert.equal((await kit.run("verify")).code, 0);
      kit.put("things/dt=2026-09-01/hr=05", [{ id: "c", n: 1 }]);
      await kit.sync();
      assert.deepEqual(await kit.rows("select id from things order by id"), [["b"], ["c"]]);
    } finally {
      kit.delete();
    }
  });
});

describe("counts", () => {
  for (const name of ["export_name", "export_job"])
    it(`spelled ${name}: match, short, over, not published`, async () => {
      const kit = folderKit("");
      const counted = (five: number, six: number) =>
        kit.put(
          "export_row_counts/dt=2026-09-02",
          [five, six, 0].map((exported_rows, i) => ({
            [name]: "reps",
            export_date: "2026-09-01",
            export_interval: `hr=0${5 + i}`,
            exported_rows,
          })),
        );
      try {
        for (const hour of [5, 6, 8]) kit.put(`reps/dt=2026-09-01/hr=0${hour}`, [{ rep_id: "a" }, { rep_id: "a" }]);
        kit.put("reps/dt=2026-09-01/hr=07", []);
        counted(2, 2);
        const first = await kit.sync("--fail-on", "counts");
        assert.equal(first.code, 0, first.stderr);
        const status = (await kit.run("status")).stdout;
        assert.doesNotMatch(status, /export_row_counts says/);
        assert.match(status, /^ {2}1 partition of 1 feed without a count in export_row_counts, first on 2026-09-01$/m);
        counted(3, 1);
        const second = await kit.sync("--fail-on", "counts");
        assert.equal(second.code, exitCodes.countsDiffer);
        assert.match(second.stderr, /2 partitions with other row counts/);
        assert.deepEqual(await kit.rows("select hr, difference, state from kit.row_counts order by hr"), [
          ["05", -1, "short"],
          ["06", 1, "over"],
          ["07", 0, "match"],
          ["08", null, "not published"],
        ]);
        const told = (await kit.run("status")).stdout;
        assert.match(told, /reps: 1 partition with fewer rows than export_row_counts says/);
        assert.match(told, /reps: 1 partition with more rows than export_row_counts says/);
      } finally {
        kit.delete();
      }
    });
});
