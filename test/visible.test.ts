import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { writeRows } from "../src/cli/formats.ts";
import { type Effects, openOutput } from "../src/cli/output.ts";
import { exceeds } from "../src/cli/shell/pager.ts";
import { table, textWidth } from "../src/cli/table.ts";
import { visible, visibleLines } from "../src/cli/visible.ts";
import fc from "./fast-check.ts";

class Screen extends EventEmitter {
  text = "";
  isTTY: boolean;
  columns = 80;
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  write(text: string, done?: () => void) {
    this.text += text;
    done?.();
    return true;
  }
}

function screens(terminal: boolean) {
  const [stdout, stderr] = [new Screen(terminal), new Screen(terminal)];
  const effects = { stdout, stderr, env: { NO_COLOR: "1" }, clock: () => 0 } as unknown as Effects;
  return { output: openOutput({}, effects), stdout, stderr };
}

// title of the window, clear screen, C1's CSI and OSC, a right-to-left override, a line separator, a byte order mark
const hostile = "a\x1b]0;owned\x07b\x1b[2Jc\x9b31md\x9d0;x\x9ce\u202egpj.exe\u2028f\ufeff\u2066\u061c\x7f";
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not get through
const moves = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

describe("what a terminal shows of other people's texts", () => {
  it("has control characters, C1 and turns of direction as escapes", () => {
    assert.equal(visible("a\tb\nc\x1b[0m"), "a\\tb\\nc\\u001b[0m");
    assert.equal(visible("\x9b\u202e\u2067\u2028\x7f"), "\\u009b\\u202e\\u2067\\u2028\\u007f");
    assert.equal(visibleLines("a\tb\nc\rd\x85"), "a\tb\nc\\rd\\u0085");
    assert.equal(visible("Zürich 日本 👨‍👩‍👧 خدمة"), "Zürich 日本 👨‍👩‍👧 خدمة", "ordinary letters stay");
  });

  it("never moves the cursor, whatever is in a text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.doesNotMatch(visible(text), /\n|\t/);
        assert.doesNotMatch(visibleLines(text), moves);
      }),
    );
  });

  for (const format of ["table", "line", "csv", "json", "jsonl", "markdown"] as const)
    it(`is safe as ${format}, names of columns included`, async () => {
      const { output, stdout } = screens(true);
      async function* batches() {
        yield [[hostile]];
      }
      const columns = [{ name: `n${hostile}`, type: "VARCHAR" }];
      await writeRows({ columns, batches: batches() }, format, output.result);
      assert.doesNotMatch(stdout.text, moves);
      assert.match(stdout.text, /owned/);
    });

  it("has an error of DuckDB's safe as well, on a terminal and in a log", () => {
    for (const terminal of [true, false]) {
      const { output, stderr } = screens(terminal);
      output.error(new CliError("query", `Binder Error: no column ${hostile}\n  LINE 1`, hostile), false);
      output.warn(hostile, hostile);
      output.say(hostile);
      assert.doesNotMatch(stderr.text, moves);
      assert.match(stderr.text, /LINE 1/);
    }
  });

  it("leaves csv and json in a pipe or file as they are", async () => {
    const { output, stdout } = screens(false);
    await output.result(`${hostile}\n`);
    assert.equal(stdout.text, `${hostile}\n`);
  });
});

describe("the width of a text on a terminal", () => {
  // as the terminals of xterm, kitty, iTerm2 and Windows count them
  const widths: [string, number][] = [
    ["plain", 5],
    ["日本語", 6],
    ["ｶﾅ", 2],
    ["한국", 4],
    ["e\u0301", 1],
    ["🇩🇪", 2],
    ["🇩🇪🇫🇷", 4],
    ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2],
    ["👨‍👩‍👧‍👦", 2],
    ["👍🏽", 2],
    ["❤️", 2],
    ["1️⃣", 2],
    ["☎", 1],
    ["𠮷", 2],
    ["a\u200bb", 2],
    ["नमस्ते", 3],
  ];
  for (const [text, width] of widths) it(`is ${width} for ${text}`, () => assert.equal(textWidth(text), width));

  it("lines tables up, and tells the pager what is too wide", () => {
    const text = table(
      [{ name: "queue" }, { name: "n", right: true }],
      widths.map(([name], i) => [name, String(i)]),
    );
    const lines = text.trimEnd().split("\n");
    const width = textWidth(lines[1]!);
    for (const line of lines.slice(2)) assert.equal(textWidth(line), width, line);
    assert.ok(exceeds("👨‍👩‍👧‍👦".repeat(50), { rows: 9, columns: 80 }));
    assert.ok(!exceeds("👨‍👩‍👧‍👦".repeat(40), { rows: 9, columns: 80 }));
  });
});
