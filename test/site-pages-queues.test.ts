import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { csvParse } from "d3";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import {
  type SortColumn,
  sortedRows,
  sortingOf,
  sortingText,
  sortTable,
} from "../notebooks/components/charts/sort-table.ts";
import { todayLink } from "../notebooks/components/charts/url-state.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import type { IntradayDay, WindowRow } from "../notebooks/components/metrics/interval.ts";
import { ordered, queueBoard } from "../notebooks/components/metrics/queues/queue-board.ts";
import { folded, matchesName } from "../notebooks/components/metrics/queues/queue-search.ts";
import { boardNumbers, boardSentence, foundQueues } from "../notebooks/components/pages/queue-board.ts";
import { queueColumns } from "../notebooks/components/pages/queue-table.ts";
import { csv } from "../notebooks/components/picture/csv.ts";
import { rows as pageRows } from "./chart-rows.ts";
import "./fast-check.ts";
import { runPage } from "./page-cells.ts";
import { testSite as site } from "./test-site.ts";
import { windowRow } from "./window-row.ts";

const day = "2026-09-16";
const arrived = "1".repeat(48) + "0".repeat(48);
const days: IntradayDay[] = [{ day, arrived, staffed: arrived, through: `${day}T12:00:00Z` }];

function window(queue: string, time: string, assigned: number, abandoned: number, within: number): WindowRow {
  const values = { queue, assigned, abandoned, within, wait: 30, weeks: [4, 6, 5, 7, 3] };
  return windowRow(`${day}T${time}:00Z`, values);
}

// Big misses by few points but many contacts, Small by many points but few, Fine meets it, Quiet had nobody.
const windows = [
  window("Big", "09:00", 900, 100, 700),
  window("Small", "09:15", 8, 2, 3),
  window("Fine", "09:00", 20, 0, 19),
  window("Fine", "10:30", 10, 0, 10),
  window("All queues", "09:00", 938, 102, 732),
];
const board = (queues: string[], rows: WindowRow[] = windows, date = day) =>
  queueBoard({ windows: rows, days, queues, day: date, zone: zone("UTC"), site });

describe("the board of queues", () => {
  it("puts the queue first that lacks the most answers, not the lowest share", () => {
    const { queues } = board(["All queues", "Fine", "Small", "Quiet", "Big"]);
    assert.deepEqual(
      ordered(queues, "day").map(({ queue, missing }) => [queue, missing]),
      [
        ["Big", 100],
        ["Small", 5],
        ["Fine", 0],
        ["Quiet", null],
      ],
    );
  });

  it("adds a queue's intervals up before dividing", () => {
    const fine = board(["Fine"]).queues[0]!;
    assert.equal(fine.offered, 30);
    assert.equal(fine.service, 29 / 30);
    assert.equal(fine.abandonRate, 0);
    assert.equal(fine.wait, 30);
  });

  it("marks queues with too few contacts for a rate", () => {
    const { queues } = board(["Small", "Fine", "Quiet"]);
    assert.deepEqual(
      queues.map(({ queue, few }) => [queue, few]),
      [
        ["Small", false],
        ["Fine", false],
        ["Quiet", true],
      ],
    );
  });

  it("says which queue is worst, and how many miss the target", () => {
    const words = boardSentence(board(["Big", "Small", "Fine"]));
    assert.equal(words.title, "Big misses the target by 100 contacts by 12:00, the most of 3 queues");
    assert.match(words.lead, /^2 of 3 queues are under the 80% target\. In total 1,040 contacts on .*, 70\.4%/);
  });

  it("says so when all queues meet it", () => {
    assert.match(boardSentence(board(["Fine"])).title, /^The queue meets the 80% target/);
  });

  it("has words for a day without rows, and for a site without days", () => {
    assert.equal(boardSentence(board(["Big"], [])).title, "No queue has data for Wed 16 Sep");
    assert.equal(boardSentence(board([], [], "")).title, "No queue has data yet");
  });

  it("links to the queue on Today, with the day and the other filters", () => {
    const link = new URL(todayLink("?interval=60&date=2026-09-15", "Sales & Care", day), "http://site/queues");
    assert.equal(link.pathname, "/today.html");
    assert.deepEqual(Object.fromEntries(link.searchParams), {
      interval: "60",
      date: day,
      queue: "Sales & Care",
    });
  });

  it("saves the intervals that it plots, with the usual and the day's own numbers", () => {
    const { columns, rows: points } = boardNumbers(board(["Big", "Fine"]), board(["Big", "Fine"]).queues);
    const rows = csvParse(csv(columns, points));
    assert.equal(rows.length, 2 * 48);
    const fine = rows.filter((row) => row.Queue === "Fine" && Number(row["Offered (contacts)"]) > 0);
    assert.deepEqual(
      fine.map((row) => [
        row["Start, UTC"],
        row["Offered (contacts)"],
        row["The usual (contacts)"],
        row["Day so far: Contacts (so far)"],
      ]),
      [
        [`${day}T09:00:00.000Z`, "20", "5", "30"],
        [`${day}T10:30:00.000Z`, "10", "5", "30"],
      ],
    );
    const later = rows.find((row) => row["Start, UTC"] === `${day}T13:00:00.000Z`)!;
    assert.equal(later["Offered (contacts)"], "", "not yet");
  });

  it("writes a queue without data as gaps, never as zeros", () => {
    const empty = board(["Big"], []);
    const [name, ...figures] = queueColumns(empty, "").map(({ value }) => value(empty.queues[0]!));
    assert.equal(name, "Big");
    assert.ok(figures.every((value) => value === null));
  });
});

describe("the orders of queues", () => {
  // B was short early, A in the last full hour; C has patience and staff to expect its close by
  const weeks = Array(4).fill(30);
  const usually = { weeks, usual_offered: 120, usual_abandoned: 6, usual_handle: 600, usual_available: 15 };
  const hours = Array.from(
    { length: 96 },
    (_, i) => `${String(Math.floor(i / 4)).padStart(2, "0")}:${String((i % 4) * 15).padStart(2, "0")}`,
  );
  const rows = [
    ...["11:00", "11:15", "11:30", "11:45"].map((time) => window("A", time, 20, 0, 8)),
    window("B", "09:00", 200, 0, 20),
    ...hours.map((time, i) =>
      windowRow(
        `${day}T${time}:00Z`,
        i < 48
          ? { queue: "C", ...usually, assigned: 30, within: 30, handle: 600, reps: 5, logged_in: 15, available: 15 }
          : { queue: "C", ...usually, assigned: null, abandoned: null, within: null },
      ),
    ),
  ];
  const loads = ["A", "B", "C"].map((queue) => ({ queue, kind: "queue", concurrency: 1, patience: 120 }));
  const all = queueBoard({ windows: rows, days, queues: ["A", "B", "C"], loads, day, zone: zone("UTC"), site });
  const names = (order: "day" | "now" | "risk") => ordered(all.queues, order).map(({ queue }) => queue);

  it("are by answers missing so far, in the last full hour, or expected at close", () => {
    assert.deepEqual(names("day"), ["B", "A", "C"]);
    assert.equal(all.hour!.label, "11:00");
    assert.deepEqual(
      all.queues.map(({ hour }) => hour!.missing),
      [32, null, 0],
    );
    assert.deepEqual(names("now"), ["A", "C", "B"]);
    // 30 contacts of ten minutes in a quarter-hour need 20 reps, and one is usual
    const { close } = all.queues[2]!;
    assert.ok(close!.missing > 800 && close!.level < 0.6, JSON.stringify(close));
    assert.deepEqual(names("risk"), ["C", "B", "A"]);
  });

  it("have the expected shortfall that follows from the expected level", () => {
    const { close, offered: soFar, projection } = all.queues[2]!;
    const contacts = soFar + projection!.usualRest * projection!.factor!;
    assert.ok(Math.abs(close!.missing - (0.8 - close!.level) * contacts) <= 1);
  });

  it("find queues by name, in the order asked for", () => {
    assert.deepEqual(
      foundQueues(all, "day", " a ").map(({ queue }) => queue),
      ["A"],
    );
    assert.deepEqual(foundQueues(all, "day", "nothing"), []);
    assert.equal(foundQueues(all, "day", "").length, 3);
  });
});

describe("the search for a queue", () => {
  const cases: [query: string, name: string, found: boolean][] = [
    ["billing", "Billing", true],
    ["BILL", "Billing", true],
    ["espanol", "Atención en Español", true],
    ["ATENCIÓN", "atencion", true],
    ["atencio\u0301n", "Atención", true], // decomposed, as macOS writes it
    ["español atención", "Atención en Español", true], // words in any order
    ["strasse", "Straße", true],
    ["Istanbul", "İstanbul", true],
    ["ısparta", "Isparta", true],
    ["schoen", "schön", true],
    ["schön", "SCHOEN", true],
    ["schon", "schön", true],
    ["schön", "schon", true],
    ["scho", "schön", true], // while it is typed
    ["choen", "schön", true],
    ["STRASSE", "straße", true],
    ["straße", "STRASSE", true],
    ["GROẞ", "gross", true],
    ["buerogebaeude", "Bürogebäude", true],
    ["buerogebaude", "Bürogebäude", true], // each umlaut for itself
    ["koebenhavn", "København", true],
    ["københavn", "Koebenhavn", true],
    ["malmoe", "Malmö", true],
    ["aarhus", "Århus", true],
    ["århus", "Aarhus", true],
    ["arhus", "Århus", true],
    ["oeuvre", "Œuvre", true],
    ["bezahlen", "Bäzahlen", false],
    ["blau", "Blaeu", false], // an e that is no umlaut
    ["blaue", "Blau", false],
    ["ｓｃｈｏｅｎ", "schön", true], // full width
    ["DİYARBAKIR", "diyarbakır", true],
    ["diyarbakir", "Diyarbakır", true],
    ["\ue000", "anything", true], // a private character is none
    ["lodz", "Łódź", true],
    ["kobenhavn", "København", true],
    ["da nang", "Đà Nẵng", true],
    ["ljubljana", "ǈubǉana", true],
    ["ο", "Ὀδυσσεύς", true],
    ["οδυσσευσ", "Ὀδυσσεύς", true],
    ["ﬁnance", "Finance", true],
    ["１２", "Team 12", true], // full width
    ["الدعم", "الدَّعْم الفني", true], // vowels of Arabic
    ["احمد", "أحمد", true],
    ["מכירות", "מְכִירוֹת", true],
    ["\u200fמכירות", "מכירות", true], // with a mark of direction
    ["हिंदी", "हिंदी सहायता", true],
    ["हद", "हिंदी", false], // vowel signs are letters
    ["한", "한국어", true],
    ["q 1", "Q  1", true],
    ["sales", "Billing", false],
    ["a.b", "aXb", false], // no pattern
    ["", "anything", true],
    ["  ", "anything", true],
  ];
  for (const [query, name, found] of cases)
    it(`${found ? "finds" : "does not find"} ${name} by "${query}"`, () =>
      assert.equal(matchesName(query)(name), found));

  it("finds every name by itself, by its capitals, and by its parts, whatever they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (name) => {
        assert.ok(matchesName(name)(name));
        assert.ok(matchesName(folded(name))(name));
        assert.equal(folded(folded(name)), folded(name));
      }),
    );
  });
});

describe("the spellings of a letter", () => {
  const letters = { ä: ["a", "ae"], ö: ["o", "oe"], ü: ["u", "ue"], ø: ["o", "oe"], å: ["a", "aa"], ß: ["ss"] };
  const typed = new Map(Object.entries(letters).map(([letter, ways]) => [letter, [letter, ...ways]]));
  const part = fc.constantFrom(...typed.keys(), "b", "n", "i", "s");

  it("find each other, in any mix and any part", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat(3)), (word, choices) => {
        const way = (letter: string) => {
          const ways = typed.get(letter) ?? [letter];
          return ways[choices.next().value! % ways.length]!;
        };
        const name = word.map(way).join("");
        const from = choices.next().value! % word.length;
        const query = word.slice(from).map(way).join("");
        const exact = word.join("");
        assert.ok(matchesName(exact)(name), `${exact} in ${name}`);
        assert.ok(matchesName(query)(exact), `${query} in ${exact}`);
        assert.ok(matchesName(query)(query.toUpperCase()));
      }),
    );
  });
});

describe("a sortable table", () => {
  type Row = { name: string; value: number | null };
  const columns: SortColumn<Row>[] = [
    { key: "name", label: "Name", value: ({ name }) => name },
    { key: "value", label: "Value", value: ({ value }) => value },
  ];
  const rows: Row[] = [
    { name: "Queue 10", value: 3 },
    { name: "queue 9", value: null },
    { name: "Queue 2", value: -1 },
    { name: "Élan", value: 3 },
    { name: "Zoo", value: 0 },
  ];
  const by = (key: string, down: boolean) => sortedRows(rows, columns, { key, down }).map(({ name }) => name);

  it("has numbers by value, ties as they came, and rows without a value last in both directions", () => {
    assert.deepEqual(by("value", true), ["Queue 10", "Élan", "Zoo", "Queue 2", "queue 9"]);
    assert.deepEqual(by("value", false), ["Queue 2", "Zoo", "Queue 10", "Élan", "queue 9"]);
  });

  it("has names as people count and without regard to case and accents", () => {
    assert.deepEqual(by("name", false), ["Élan", "Queue 2", "queue 9", "Queue 10", "Zoo"]);
  });

  it("keeps its order in the address, and the rows' own where the address names no column", () => {
    for (const sorting of [
      { key: "value", down: true },
      { key: "name", down: false },
    ])
      assert.deepEqual(sortingOf(sortingText(sorting), columns), sorting);
    for (const text of [null, "", "-", "nothing", "__proto__"]) assert.equal(sortingOf(text, columns), null);
    assert.deepEqual(sortedRows(rows, columns, null), rows);
    assert.deepEqual(sortingText(null), null);
  });
});

describe("the heads of a sortable table", () => {
  it("sort the rows, one at a time, and tell how", () => {
    const { window } = new JSDOM("");
    Object.assign(globalThis, { document: window.document, Node: window.Node });
    try {
      type Row = { name: string; value: number };
      const columns: SortColumn<Row>[] = [
        { key: "name", label: "Name", value: ({ name }) => name },
        { key: "value", label: "Value", value: ({ value }) => value },
      ];
      const rows = [3, 1, 2].map((value) => ({ name: "abc"[value - 1]!, value }));
      const told: unknown[] = [];
      const table = sortTable(columns, rows, {
        label: "Rows",
        sorting: null,
        faint: () => false,
        onSort: (sorting) => told.push(sortingText(sorting)),
      });
      const seen = () => [...table.querySelectorAll("tbody th")].map((cell) => cell.textContent).join("");
      const heads = [...table.querySelectorAll("thead th")];
      const press = (i: number) => heads[i]!.querySelector("button")!.click();
      const sorts = () => heads.map((head) => head.getAttribute("aria-sort"));
      assert.deepEqual([seen(), sorts()], ["cab", [null, null]]);
      press(1);
      assert.deepEqual([seen(), sorts()], ["cba", [null, "descending"]]);
      press(1);
      assert.deepEqual([seen(), sorts()], ["abc", [null, "ascending"]]);
      press(0);
      assert.deepEqual([seen(), sorts()], ["abc", ["ascending", null]]);
      press(0);
      assert.deepEqual([seen(), sorts()], ["cba", ["descending", null]]);
      assert.deepEqual(told, ["value", "-value", "-name", "name"]);
    } finally {
      for (const name of ["document", "Node"]) Reflect.deleteProperty(globalThis, name);
      window.close();
    }
  });
});

describe("the Queues page", () => {
  const page = (search: string, width = 1080) => runPage("queues", { files: pageRows, search, width });
  const element = (displayed: Node[], selector: string) =>
    displayed.map((node) => (node as Element).querySelector?.(selector)).find(Boolean) as Element;
  const text = (nodes: Iterable<Element>) => [...nodes].map((node) => node.textContent);

  it("has every queue in its table, as a link", async () => {
    const { displayed } = await page("");
    const heads = [...element(displayed, ".sort-table").querySelectorAll("tbody th")];
    assert.deepEqual(text(heads).sort(), ["Billing", "Sales", "Technical support with a very long name"]);
    for (const head of heads) {
      const { searchParams } = new URL(head.querySelector("a")!.getAttribute("href")!, "http://site/");
      assert.deepEqual([searchParams.get("queue"), searchParams.get("date")], [head.textContent, "2026-09-16"]);
    }
  });

  it("is sorted as its address says", async () => {
    const { displayed } = await page("?sort=-contacts");
    const table = element(displayed, ".sort-table");
    assert.equal(table.querySelector("[aria-sort]")!.textContent, "Contacts");
    assert.equal(text(table.querySelectorAll("tbody th"))[0], "Sales");
  });

  it("draws and lists the queues found, and says so if there is none", async () => {
    const { displayed } = await page("?find=TÉCH");
    assert.equal(displayed.flatMap((node) => [...((node as Element).querySelectorAll?.(".facet") ?? [])]).length, 1);
    assert.deepEqual(text(element(displayed, ".sort-table").querySelectorAll("tbody th")), [
      "Technical support with a very long name",
    ]);
    const none = await page("?find=nothing");
    const said = none.displayed.map((node) => node.textContent).find((words) => words?.startsWith("No queue of"));
    assert.equal(said, "No queue of 3 has “nothing” in its name.");
    assert.ok(!element(none.displayed, ".facet"));
    assert.ok(!element(none.displayed, ".sort-table"));
  });

  it("stays short and readable with 200 queues, a giant among them", async () => {
    const [first, ...others] = pageRows["intraday/2026-09-16"] as { queue: string; assigned: (number | null)[] }[];
    const many = Array.from({ length: 200 }, (_, i) => {
      const row = others[i % 3]!;
      const giant = i === 150 ? 400 : 1;
      return {
        ...row,
        queue: `Queue ${i}`,
        assigned: row.assigned.map((value) => (value === null ? null : value * giant)),
      };
    });
    const files = {
      ...pageRows,
      "intraday/2026-09-16": [first, ...many],
      queues: [{ queue: "All queues", kind: "all" }, ...many.map(({ queue }) => ({ queue, kind: "queue" }))],
    };
    const { displayed } = await runPage("queues", { files, width: 1080 });
    const chart = element(displayed, "svg.queue-board");
    assert.equal(chart.querySelectorAll(".facet").length, 12);
    assert.ok(Number(chart.getAttribute("height")) < 1200);
    assert.equal(element(displayed, ".sort-table").querySelectorAll("tbody tr").length, 200);
    // each on its own scale: the bars of every facet reach up to it
    for (const facet of chart.querySelectorAll(".facet")) {
      const tops = [...facet.querySelectorAll("path.blue")].flatMap((path) =>
        [...path.getAttribute("d")!.matchAll(/V([\d.]+)h/g)].map(([, top]) => Number(top)),
      );
      assert.ok(Math.min(...tops) < 160, `the highest bar begins at ${Math.min(...tops)}`);
    }
  });
});
