import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { type RawFixture, rawFixture } from "./raw-fixture.ts";
import { settled } from "./warehouse-rows.ts";

async function answers(raw: RawFixture, feed: string, sql: string): Promise<unknown[][]> {
  await updateWarehouse(raw.project);
  return settled(raw, sql, feed);
}

describe("identifiers", () => {
  // written in a line                                             one id
  const table: [string[], string][] = [
    [
      ["24790001", "24790001.0", "2.4790001E7", "2.4790001e+07", '"24790001"', '"24790001.0"', '"2.4790001E7"'],
      "24790001",
    ],
    [["9007199254740993", '"9007199254740993.000"'], "9007199254740993"],
    [["123456789012345678901234567890", '"123456789012345678901234567890"'], "123456789012345678901234567890"],
    [['"007"'], "007"],
    [['"7"', "7", "7.0", "7e0"], "7"],
    [['"007.0"'], "007.0"],
    [['"1e7"'], "1e7"],
    [['"12E5"'], "12E5"],
    [["1.5", '"1.5"'], "1.5"],
    [['"A.0"'], "A.0"],
    [["-3", "-3.0"], "-3"],
    [['"1.0.0"'], "1.0.0"],
  ];
  it("that are the same number are the same text, and others stay as they are", async () => {
    for (const files of [1, 2]) {
      const raw = rawFixture();
      try {
        const lines = table.flatMap(([ways, id]) =>
          ways.map((way) => `{"issue_id":${way},"note":"${id}","faq_id":"x"}`),
        );
        for (let hour = 0; hour < files; hour++)
          raw.put("convos_metrics", `2026-09-01 0${hour}`, files === 1 ? lines : [...lines].reverse());
        assert.deepEqual(
          await answers(raw, "convos_metrics", "select issue_id, note from convos_metrics order by 1"),
          table.map(([, id]) => [id, id]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
        );
      } finally {
        raw.delete();
      }
    }
  });

  it("beyond what a DOUBLE holds are exact, also with a fraction", async () => {
    const raw = rawFixture();
    try {
      const ways = ["24790001000000000001", "24790001000000000001.0", '"24790001000000000001"'];
      raw.put(
        "convos_metrics",
        "2026-09-01 01",
        ways.map((id) => `{"issue_id":${id}}`),
      );
      await updateWarehouse(raw.project);
      const catalog = await openCatalog(raw.project, { threads: 1 });
      const { rows } = await catalog.rows("select issue_id from convos_metrics");
      catalog.close();
      assert.deepEqual(rows, [["24790001000000000001"]]);
    } finally {
      raw.delete();
    }
  });

  it("that nothing documents are texts as well, in whatever case their column is called", async () => {
    const raw = rawFixture();
    try {
      raw.put("own_feed", "2026-09-01 01", [
        '{"own_id":24790001.0,"issueId":5,"n":1.0}',
        '{"own_id":"24790001","issueId":"5.0","n":1}',
      ]);
      assert.deepEqual(await answers(raw, "own_feed", 'select distinct own_id, "issueId", n from own_feed'), [
        ["24790001", "5", 1],
      ]);
    } finally {
      raw.delete();
    }
  });
});

describe("truth values", () => {
  const yes = [true, "t", "T", "Y", "yes", "YES", "on", "On", "1", 1, "1.0", 1.0, "TRUE"];
  const no = [false, "f", "F", "N", "no", "NO", "off", "Off", "0", 0, "0.0", 0.0, "False"];
  it("are read as exports of other stores write them, in BOOLEAN and in columns of 1 and 0", async () => {
    const raw = rawFixture();
    try {
      const rows = [...yes, ...no, "perhaps", "2", null].map((value, i) => ({
        issue_id: i,
        ftd_visit: value,
      }));
      raw.put("convos_intents", "2026-09-01 01", rows);
      const flags = [...yes, ...no, "perhaps", null].map((value, i) => ({
        issue_id: i,
        assisted: value,
        disambig_count: "y",
      }));
      raw.put("convos_metrics", "2026-09-01 01", flags);
      assert.deepEqual(
        (await answers(raw, "convos_intents", "select ftd_visit from convos_intents order by issue_id::int")).flat(),
        [...yes.map(() => true), ...no.map(() => false), null, null, null],
      );
      assert.deepEqual(
        (await answers(raw, "convos_metrics", "select assisted from convos_metrics order by issue_id::int")).flat(),
        [...yes.map(() => 1), ...no.map(() => 0), null, null],
      );
    } finally {
      raw.delete();
    }
  });
});

describe("on_new_column: rescue", () => {
  it("keeps rows apart of which no documented column was delivered", async () => {
    const raw = rawFixture((project) => {
      project.config.schema.onNewColumn = "rescue";
    });
    try {
      raw.put("convos_metrics", "2026-09-01 01", [{ a: 1 }, { a: 2, b: "x" }, { a: 2 }, { a: 1 }]);
      assert.deepEqual(
        (await answers(raw, "convos_metrics", "select _rescued::varchar from convos_metrics order by 1")).flat(),
        ['{"a":"1"}', '{"a":"2","b":"x"}', '{"a":"2"}'],
      );
    } finally {
      raw.delete();
    }
  });
});
