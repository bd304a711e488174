import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { valuesDigest } from "../notebooks/components/receipt/figure-digest.ts";
import {
  asciiReceipt,
  parseReceipt,
  printReceipt,
  type Receipt,
  ReceiptError,
  receiptLines,
} from "../notebooks/components/receipt/receipt.ts";
import { sha256 } from "../notebooks/components/receipt/sha256.ts";
import fc from "./fast-check.ts";

const plain: typeof fc.record = (model: object) => fc.record(model, { noNullPrototype: true }) as never;
const hex = (length: number) =>
  fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length }).map((all) => all.join(""));
const instant = fc
  .date({ min: new Date("2011-01-01T00:00:00Z"), max: new Date("2099-12-31T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString().replace(/\.\d+/, ""));
const queueName = fc.oneof(
  fc.string({ minLength: 1, unit: "grapheme", maxLength: 30 }),
  fc.string({ minLength: 1, unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "Billing",
    "All queues",
    "Ate\u0301ncion",
    "תמיכה; day 2026",
    "“VIP” & <co>",
    "a  b",
    " ",
    "%41",
    "check",
    "a\u0301",
    "=SUM(A1)",
    "Nº 1…",
    "ﬁrst ①",
    "Nº 1…",
  ),
);
const anyReceipt: fc.Arbitrary<Receipt> = plain({
  kind: fc.constantFrom("card", "workbook", "report", "message", "table"),
  figure: fc.constantFrom("day", "volume", "service-level", "net-staffing"),
  queue: queueName,
  day: instant.map((text) => text.slice(0, 10)),
  grain: fc.constantFrom(15, 30, 60),
  comparison: fc.constantFrom("forecast", "usual", "last", "none"),
  basis: fc.constantFrom("workload", "erlang"),
  hours: fc.constantFrom("open", "all"),
  service: plain({
    target: fc.double({ min: 0, max: 1, noNaN: true }),
    seconds: fc.integer({ min: 1, max: 3600 }),
    variant: fc.constantFrom("offered", "exclude_short_abandons"),
  }),
  offered: fc.option(fc.nat()),
  level: fc.option(fc.integer({ min: 0, max: 1000 }).map((tenths) => Number((tenths / 10).toFixed(1)))),
  through: fc.option(instant),
  asOf: fc.option(instant),
  known: fc.option(instant),
  kit: fc.constantFrom("0.2.0", "1.10.3-beta.2"),
  settings: fc.array(hex(4), { minLength: 11, maxLength: 11 }),
  runs: plain({ count: fc.nat(), names: hex(12), contents: hex(12) }),
  values: hex(12),
}) as fc.Arbitrary<Receipt>;

const receipt = (given: Partial<Receipt> = {}): Receipt => ({
  kind: "card",
  figure: "day",
  queue: "Atención en español",
  day: "2026-09-16",
  grain: 15,
  comparison: "usual",
  basis: "workload",
  hours: "open",
  service: { target: 0.8, seconds: 60, variant: "offered" },
  offered: 1243,
  level: 81.4,
  through: "2026-09-16T17:00:00Z",
  asOf: null,
  known: "2026-09-16T17:21:40Z",
  kit: "0.2.0",
  settings: ["3f2a", "91bc"],
  runs: { count: 1873, names: "8f0a62c1d3b4", contents: "1c2d3e4f5a6b" },
  values: "9a8b7c6d5e4f",
  ...given,
});
const property = <T>(values: fc.Arbitrary<T>, check: (value: T) => void) => fc.assert(fc.property(values, check));
const wellFormed = (name: string) => name.replace(/\p{Cs}/gu, "\ufffd");

describe("the text of a receipt", () => {
  it("is one line that reads as the same receipt, whatever the queue is called and the filters are", () => {
    property(anyReceipt, (any) => {
      const expected = { ...any, queue: wellFormed(any.queue) };
      for (const ascii of [false, true]) {
        const line = printReceipt(any, { ascii });
        assert.doesNotMatch(line, /[\n\r&<>"'”’]/);
        if (ascii) assert.match(line, /^[ -~]*$/);
        assert.deepEqual(parseReceipt(line), expected);
        for (const form of ["NFC", "NFD", "NFKC", "NFKD"])
          assert.deepEqual(parseReceipt(line.normalize(form)), expected);
        assert.deepEqual(receiptLines(`see ${line}.\nBest regards`).map(parseReceipt), [expected]);
      }
      assert.deepEqual(parseReceipt(asciiReceipt(printReceipt(any))), expected);
    });
  });

  it("tells every change of a single letter, or reads as the same receipt", () => {
    const letter = fc.string({ unit: "binary", minLength: 1, maxLength: 1 });
    const letters = fc.oneof(letter, fc.constantFrom(..."0123456789abcdefABCDEFOIL ;-.,:%"));
    property(
      fc.tuple(anyReceipt, fc.nat(), letters, fc.constantFrom("replace", "insert", "delete")),
      ([any, at, other, how]) => {
        const line = [...printReceipt(any)];
        const place = at % line.length;
        line.splice(place, how === "insert" ? 0 : 1, ...(how === "delete" ? [] : [other]));
        assertTold(line.join(""), any);
      },
    );
  });

  it("tells each cut, and each exchange of neighbours", () => {
    const any = receipt();
    const line = printReceipt(any);
    for (let at = 0; at < line.length - 1; at++) {
      assertTold(line.slice(0, at), any, /cut off|not a receipt|missing|mistyped/);
      assertTold(line.slice(0, at) + line[at + 1] + line[at] + line.slice(at + 2), any);
    }
  });

  const line = printReceipt(receipt());
  for (const [what, text] of [
    ["wrapped by a mail program", line.replace(/(.{50,70}?) /g, "$1\n")],
    ["quoted in an answer", `> ${line.replace(/(.{50,70}?) /g, "$1\r\n> ")}`],
    ["quoted twice", `>> ${line.replace(/(.{50,70}?) /g, "$1\n> > ")}`],
    ["in quoted-printable", line.replace(/(.{70})/g, "$1=\r\n")],
    ["with no-break spaces", line.replaceAll(" ", "\u00a0")],
    ["with entities for them", line.replaceAll(" ", "&nbsp;")],
    ["with dashes made typographic", line.replaceAll("-", "–")],
    ["in an accent taken apart", line.normalize("NFD")],
    ["in a sentence, with a label", `Receipt: “${line}”.`],
    ["with marks that have no width", line.replaceAll(";", "\u200b;\u2060")],
    [
      "with its digests in capitals",
      line.replace(/(settings|runs|values) [^;]*/g, (text) =>
        text.replace(/[a-f]/g, (x) => x.toUpperCase()).replace(/^\w+/, (x) => x.toLowerCase()),
      ),
    ],
    ["with its last part in small letters", line.replace(/check .*$/, (text) => text.toLowerCase())],
    ["with O for 0 and l for 1", line.replace(/check .*$/, (text) => text.replaceAll("0", "O").replaceAll("1", "l"))],
    ["wrapped inside of a digest", line.replace("8f0a62c1d3b4", "8f0a62\nc1d3b4")],
    ["between tabs", line.replaceAll(" ", "\t ")],
    ["with ASCII letters alone", asciiReceipt(line)],
  ] as const)
    it(`reads ${what}`, () => {
      assert.deepEqual(parseReceipt(text), receipt());
    });

  for (const [what, text, message] of [
    ["a digit of the day", line.replace("2026-09-16;", "2026-09-17;"), /mistyped at “day”: day 2026-09-17/],
    ["an impossible day", line.replace("2026-09-16;", "2026-09-31;"), /mistyped at “day”: day 2026-09-31/],
    ["a letter of the queue", line.replace("en espa", "de espa"), /mistyped at “queue”: queue Atención de español/],
    ["a word", line.replace("; through ", "; trough "), /“through” is missing before “as of”, or mistyped: trough/],
    ["a part that is left out", line.replace(/; through [^;]*/, ""), /“through” is missing before “as of”/],
    ["a digest", line.replace("9a8b7c6d5e4f", "9a8b7c6d5e4e"), /mistyped at “values”/],
    [
      "the last part",
      `${line.slice(0, -1)}${line.endsWith("A") ? "B" : "A"}`,
      /mistyped: its parts do not fit its last one/,
    ],
    ["the end", line.slice(0, -4), /cut off in “check”/],
    ["its second half", line.slice(0, 200), /cut off at “so far”/],
    ["another format", line.replace("receipt 1", "receipt 2"), /a receipt of format 2/],
    ["any other text", "the service level was 81 %", /not a receipt: it begins “asapp-kit receipt 1/],
  ] as const)
    it(`says where it is wrong: ${what}`, () => {
      assert.throws(
        () => parseReceipt(text),
        (error) => (error instanceof ReceiptError && message.test(error.message)) || assert.fail(String(error)),
      );
    });

  it("is shown as it is in docs/receipts.md", () => {
    const [shown = ""] = receiptLines(readFileSync(new URL("../../docs/receipts.md", import.meta.url), "utf8"));
    assert.deepEqual([parseReceipt(shown).queue, parseReceipt(shown).offered], ["Billing", 198]);
  });

  it("fits a small line of a card", () => {
    assert.ok(line.length < 520, String(line.length));
  });
});

describe("digests of receipts", () => {
  it("are SHA-256, of any text", () => {
    const expected = (text: string) => createHash("sha256").update(text, "utf8").digest("hex");
    property(fc.string({ unit: "binary", maxLength: 300 }), (text) => assert.equal(sha256(text), expected(text)));
    for (const length of [0, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1_000_000])
      assert.equal(sha256("a".repeat(length)), expected("a".repeat(length)), String(length));
  });

  it("of values count numbers to seven digits, and leave times out", () => {
    const columns = [
      { kind: "time" as const, value: (row: [string, number | null]) => row[0] },
      { value: (row: [string, number | null]) => row[1] },
    ];
    const digest = (...rows: [string, number | null][]) => valuesDigest({ columns, rows });
    assert.equal(digest(["09:00", 1 / 3], ["09:15", null]), digest(["9:00 AM", 0.33333330001], ["", null]));
    assert.notEqual(digest(["09:00", 1], ["", null]), digest(["09:00", 1], ["", 0]));
    assert.notEqual(digest(["", 1], ["", 2]), digest(["", 2], ["", 1]));
    assert.equal(digest(["", 12.5]), sha256("[12.5]").slice(0, 12));
  });
});

function assertTold(text: string, any: Receipt, message = /./): void {
  let read: Receipt;
  try {
    read = parseReceipt(text);
  } catch (error) {
    assert.ok(error instanceof ReceiptError, String(error));
    assert.match(error.message, message);
    return;
  }
  assert.deepEqual(read, { ...any, queue: wellFormed(any.queue) }, text);
}
