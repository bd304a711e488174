import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { toCliError } from "../src/base/faults.ts";
import { type Effects, openOutput, type Progress, progressText } from "../src/cli/output.ts";

class Screen extends EventEmitter {
  text = "";
  isTTY: boolean;
  columns = 60;
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

function open({ json = false, terminal = false, env = {} as Record<string, string> } = {}) {
  const stdout = new Screen(terminal);
  const stderr = new Screen(terminal);
  const time = { now: 0 };
  const effects = { stdout, stderr, env, clock: () => time.now } as unknown as Effects;
  return { output: openOutput({ json }, effects), stdout, stderr, time };
}

const half: Progress = {
  step: "downloading",
  done: 5,
  total: 10,
  unit: "partitions",
  bytes: 2e6,
  totalBytes: 4e6,
};
const error = new CliError("noSuchBucket", "no bucket\nhere", "look again");

describe("output", () => {
  it("keeps results and messages apart", async () => {
    const { output, stdout, stderr } = open();
    output.say("working");
    output.warn("odd", "look");
    await output.result("42\n");
    await output.document({ n: 9007199254740993n, m: 5n });
    assert.equal(stdout.text, '42\n{\n  "n": "9007199254740993",\n  "m": 5\n}\n');
    assert.equal(stderr.text, "working\nwarning: odd\n  next: look\n");
  });

  it("prints an error with its next step, and the trace only when asked", () => {
    const { output, stderr } = open();
    output.error(error, false);
    assert.equal(stderr.text, "asapp-kit: no bucket\n  here\n  next: look again\n");
    output.error(error, true);
    assert.match(stderr.text, /at .*output\.test/);
  });

  it("speaks JSON lines on stderr with --json", () => {
    const { output, stderr } = open({ json: true });
    output.say("working");
    output.progress(half);
    output.event({ event: "progress", done: 5 });
    output.error(error, false);
    const events = stderr.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(events, [
      { event: "message", message: "working" },
      { event: "progress", done: 5 },
      { event: "error", exit: "noSuchBucket", code: 13, message: "no bucket\nhere", next: "look again" },
    ]);
  });

  it("writes plain lines now and again where nobody watches", () => {
    const { output, stderr, time } = open();
    for (time.now = 0; time.now <= 20_000; time.now += 1_000) output.progress(half);
    output.progress({ ...half, done: 10, bytes: 4e6 });
    assert.equal(stderr.text.split("\n").length - 1, 4);
    assert.ok(!stderr.text.includes("\x1b"));
  });

  it("redraws one line on a terminal and takes it away before anything else", async () => {
    const { output, stderr, time } = open({ terminal: true });
    output.progress(half);
    time.now = 50;
    output.progress(half);
    time.now = 200;
    output.progress(half);
    await output.result("done\n");
    assert.equal(stderr.text.split("\r\x1b[K").length, 3);
    assert.ok(stderr.text.endsWith("\r\x1b[K"));
    assert.ok(!stderr.text.includes("\n"));
    output.close();
  });

  it("colours on a terminal unless NO_COLOR is set", () => {
    const coloured = open({ terminal: true });
    coloured.output.error(error, false);
    assert.ok(coloured.stderr.text.includes("\x1b[31masapp-kit:"));
    const plain = open({ terminal: true, env: { NO_COLOR: "1" } });
    plain.output.error(error, false);
    assert.ok(!plain.stderr.text.includes("\x1b"));
  });

  it("goes on in silence when the reader of stdout has gone", async () => {
    const { output, stdout } = open();
    stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await output.result("42\n");
    assert.equal(output.closed, true);
    assert.equal(stdout.text, "");
  });

  it("says rate and time left once they mean something", () => {
    assert.equal(progressText(half), "downloading 5/10 partitions  2.0 MB of 4.0 MB");
    assert.equal(
      progressText({ ...half, rate: 5e5, secondsLeft: 4 }, 10),
      "[#####     ]  downloading 5/10 partitions  2.0 MB of 4.0 MB  500 kB/s  4.0 s left",
    );
    assert.equal(progressText({ step: "listing", done: 3, total: null, unit: "pages" }), "listing 3 pages");
  });
});

describe("errors", () => {
  const cases: [unknown, string, RegExp][] = [
    [{ code: "EACCES", message: "x", path: "/srv/data" }, "notWritable", /no permission: \/srv\/data \(EACCES\)/],
    [{ code: "EROFS", message: "x" }, "notWritable", /EROFS/],
    [{ code: "ENOSPC", message: "x" }, "diskFull", /no space left/],
    [{ code: "EADDRINUSE", message: "x", port: 3000 }, "portTaken", /port 3000 is in use/],
    [{ name: "AbortError", message: "x" }, "interrupted", /interrupted/],
    [new TypeError("x is not a function"), "internal", /x is not a function/],
    ["text", "internal", /text/],
  ];
  for (const [thrown, exit, message] of cases) {
    it(`makes ${exit} of ${JSON.stringify(thrown)}`, () => {
      const known = toCliError(thrown);
      assert.equal(known.exit, exit);
      assert.match(known.message, message);
      assert.ok(known.next);
      assert.equal(known.cause, thrown);
    });
  }

  it("leaves a CliError as it is", () => assert.equal(toCliError(error), error));
});
