import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { loadRegistry } from "../src/export/registry.ts";
import { checkColumns, checkFiles, shippedColumns } from "../src/site/privacy/guard.ts";
import { checkIdentifiers, findIdentifiers, queueLabels, siteWords } from "../src/site/privacy/identifiers.ts";

const feeds = loadRegistry();

// The same, with no more columns than the tables of this test have.
const fewFeeds = new Map(
  ["rep_activity", "utterances", "sms_events"].map((name) => {
    const feed = feeds.get(name)!;
    const columns = feed.columns.filter((column) =>
      ["rep_id", "rep_name", "issue_id", "utterance"].includes(column.name),
    );
    const own = name === "utterances" ? columns.filter((column) => /issue_id|utterance/.test(column.name)) : columns;
    return [name, { ...feed, columns: own }];
  }),
);

describe("checkColumns", () => {
  const check = (source: string, ...names: string[]) =>
    checkColumns(
      "data-loaders/days.json.sql",
      source,
      names.map((name) => ({ name })),
      feeds,
    );
  const refusal = (pattern: RegExp) => (error: unknown) =>
    error instanceof CliError && error.exit === "build" && pattern.test(error.message) && error.next !== undefined;

  it("reads the list of a loader over several comment lines", () => {
    const source = "-- One row per day.\n-- Ships: day, channel,\n--   conversations\nselect 1 -- Ships: no";
    assert.deepEqual(shippedColumns(source), ["day", "channel", "conversations"]);
  });

  it("lets the columns through that the loader lists", () => {
    check("-- One row per day.\n-- Ships: day, conversations\nselect 1", "day", "conversations");
  });

  it("stops a column that is not listed, as a new one of the export would be", () => {
    assert.throws(() => check("-- Ships: day\nselect *", "day", "smart_summary"), refusal(/"smart_summary"/));
  });

  it("stops a loader without a list", () => {
    assert.throws(() => check("-- One row per day.\nselect 1", "day"), refusal(/does not say what it ships/));
  });

  it("stops columns that hold ids, texts or names in any feed, listed or not", () => {
    for (const name of ["issue_id", "customer_id", "rep_id", "csid", "utterance", "rep_name", "disposition_notes"])
      assert.throws(() => check(`-- Ships: ${name}\nselect 1`, name), refusal(new RegExp(`"${name}"`)));
  });
});

describe("the built site", () => {
  let folder: string;
  let database: Database;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "guard-"));
    database = await openDatabase();
    await database.run(`
      create schema kit;
      create view kit.feeds as
        select * from (values ('rep_activity', 3), ('utterances', 1), ('sms_events', 0)) as t (feed, rows);
      create view issue_queues as select 'Queue Billing' as queue_name;
      create view queue_wfm as select 'Queue Orders' as queue_name;
      create view dim_queues as select 'Rep 07 and friends' as queue_name;
      create view kit.queue_groups as select 'Front office' as queue_group;
      create view rep_activity as
        select * from (values ('4711', 'Rep 07'), ('4712', 'Rep 08'), ('4713', 'Queue Orders')) as t (rep_id, rep_name);
      create view utterances as select unnest([7000001, 7000002, 7000003]) as issue_id, 'Billing' as utterance;
    `);
  });

  after(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const site = (name: string, files: Record<string, string>) => {
    const root = join(folder, name);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  };

  it("passes with aggregates, days, times and queue names", async () => {
    const root = site("clean", {
      "index.html": "<h1>Overview</h1>",
      "_file/data/days.json": JSON.stringify([
        {
          day: "2026-11-21",
          start: "2026-11-21T05:15:00Z",
          queue: "Billing",
          contacts: 4711,
          seconds: 7000001,
        },
        { day: "2026-11-22", start: "2026-11-22T05:15:00Z", queue: "Billing", contacts: 12, seconds: 180 },
      ]),
    });
    checkFiles(root);
    assert.deepEqual(await findIdentifiers(database, fewFeeds, siteWords(root)), []);
  });

  it("looks up whole texts, and names and ids inside them, and no ordinary word or count", () => {
    const root = site("words", {
      "data/words.json": JSON.stringify([
        { label: "Maria del Carmen de la Cruz Ruiz", remark: "the order decides 6 of 11980 keys" },
      ]),
    });
    const words = [...siteWords(root).folded.keys()];
    for (const word of ["maria del carmen de la cruz ruiz", "maria del", "carmen de la cruz", "the order decides"])
      assert.ok(words.includes(word), word);
    for (const word of ["maria", "order", "11980", "keys"]) assert.ok(!words.includes(word), word);
  });

  // each a text, list or struct that holds the name "Rep 07" or the id 7000001
  const wrapped: [string, unknown][] = [
    ["in another case", { a: "REP 07" }],
    ["behind a mark", { a: "#7000001" }],
    ["inside a sentence", { a: "the slowest of them was rep 07 on Monday, by far, as in every week" }],
    ["among others", { a: "Ann, Rep 07, Bob" }],
    ["in a list", { a: ["x", "Rep 07"] }],
    ["in a struct in a list", { a: [{ b: { c: "Rep 07" } }] }],
    ["as a name of an entry", { a: { "Rep 07": 1 } }],
    ["in JSON text", { a: '{"who":"Rep 07","n":1}' }],
    ["in the text of an annotation", { annotations: [{ what: "rep 07 away", queues: [] }] }],
    ["as one number", { a: 7000001 }],
    ["in a list of numbers", { a: [7000001, 7000002] }],
    ["between dashes", { a: "issue-7000001-a" }],
  ];
  for (const [i, [how, row]] of wrapped.entries())
    it(`finds a name or id ${how}`, async () => {
      const root = site(`wrapped-${i}`, { "data/a.json": JSON.stringify([row]) });
      assert.notDeepEqual(await findIdentifiers(database, fewFeeds, siteWords(root)), []);
    });

  it("takes no part of a queue's name for a person, and no declared column", async () => {
    const rows = [{ queue: "Rep 07 and friends", rep: "Rep 08" }];
    const root = site("labels", { "_file/data/a.0123abcd.json": JSON.stringify(rows) });
    const labels = await queueLabels(database);
    const declared = (dataset: string) => new Set(dataset === "a.json" ? ["rep"] : []);
    assert.deepEqual(await findIdentifiers(database, fewFeeds, siteWords(root, { labels, declared }), labels), []);
    assert.notDeepEqual(await findIdentifiers(database, fewFeeds, siteWords(root, { labels }), labels), []);
  });

  it("finds an id under a harmless column name, as text and as number", async () => {
    const root = site("ids", {
      "data/text.json": JSON.stringify([{ agent: "4712", n: 3 }]),
      "data/numbers.json": JSON.stringify([{ ref: 7000001 }, { ref: 7000002 }, { ref: 7000003 }]),
    });
    const found = await findIdentifiers(database, fewFeeds, siteWords(root));
    assert.deepEqual([...new Set(found.map(({ file }) => file))].sort(), ["data/numbers.json", "data/text.json"]);
  });

  it("finds a name, and says where without showing it whole", async () => {
    const root = site("names", { "data/reps.json": JSON.stringify([{ label: "Rep 07", aht: 410 }]) });
    await assert.rejects(
      checkIdentifiers(database, fewFeeds, siteWords(root)),
      (error) =>
        error instanceof CliError &&
        error.exit === "build" &&
        /data\/reps\.json holds Re… of rep_activity\.rep_name/.test(error.message) &&
        !error.message.includes("Rep 07"),
    );
  });

  it("finds an id in the text of a page", async () => {
    const root = site("page", { "index.html": "<p>See conversation 7000002.</p>" });
    assert.equal((await findIdentifiers(database, fewFeeds, siteWords(root)))[0]?.file, "index.html");
  });

  it("allows no file that could carry rows", () => {
    for (const name of ["days.parquet", "data/kit.duckdb", "rows.jsonl.gz", "main.js.map"])
      assert.throws(() => checkFiles(site(`file-${name.replace(/\W/g, "-")}`, { [name]: "x" })), CliError);
  });
});
