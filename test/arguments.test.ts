import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { moment, type Options, oneOf, readArguments, whole, zone } from "../src/cli/arguments.ts";

const options = {
  feed: { type: "string", multiple: true, doc: "" },
  port: { type: "string", value: "N", doc: "", parse: whole(1, 65_535) },
  "dry-run": { type: "boolean", doc: "" },
  output: { type: "string", short: "o", value: "FILE", doc: "" },
} as const satisfies Options;

const none = { name: "", least: 0, most: 0 };
const read = (argv: string[], positionals = none) => readArguments(argv, "try", options, positionals);
const problem = (argv: string[], positionals = none): string => {
  try {
    read(argv, positionals);
  } catch (error) {
    assert.ok(error instanceof CliError);
    assert.equal(error.exit, "usage");
    assert.equal(error.next, "asapp-kit try --help lists the options");
    return error.message;
  }
  assert.fail("accepted");
};

describe("arguments", () => {
  it("reads options in each spelling", () => {
    const { options } = read(["--feed", "a", "--feed=b,c", "--port", "80", "--dry-run", "-o", "x.csv"]);
    assert.deepEqual({ ...options }, { feed: ["a", "b", "c"], port: 80, "dry-run": true, output: "x.csv" });
    assert.equal(read(["-ox.csv"]).options.output, "x.csv");
    assert.equal(read(["--output=-x"]).options.output, "-x");
    assert.equal(read(["--output", "-"]).options.output, "-");
  });

  it("gives false, undefined and empty lists for what is not there", () => {
    assert.deepEqual({ ...read([]).options }, { feed: [], port: undefined, "dry-run": false, output: undefined });
  });

  it("keeps what follows -- as it is", () => {
    assert.deepEqual(read(["--", "--port"], { name: "WORD", least: 0, most: 1 }).rest, ["--port"]);
  });

  const mistakes: [string[], string][] = [
    [["--dry-rum"], 'unknown option --dry-rum (did you mean "--dry-run"?)'],
    [["--zzzzzzz"], "unknown option --zzzzzzz"],
    [["-x"], "unknown option -x"],
    [["--constructor"], "unknown option --constructor"],
    [["--port"], "option --port needs a value: --port N"],
    [["--port", "--dry-run"], "option --port needs a value: --port N"],
    [["--port", "80a"], "option --port: not a whole number from 1 to 65535: 80a"],
    [["--port", "0"], "option --port: not a whole number from 1 to 65535: 0"],
    [["--port=1", "--port=2"], "option --port is given twice"],
    [["--dry-run=no"], "option --dry-run takes no value: no"],
    [["--feed", ","], "option --feed needs a value"],
    [["word"], "unexpected argument: word"],
    [
      ["--prot=1", "--port=x"],
      'unknown option --prot (did you mean "--port"?)\noption --port: not a whole number from 1 to 65535: x',
    ],
  ];
  for (const [argv, message] of mistakes) {
    it(`says what is wrong with ${argv.join(" ")}`, () => assert.equal(problem(argv), message));
  }

  it("says which argument is missing", () => {
    assert.equal(problem([], { name: "FEED", least: 1, most: 1 }), "FEED is missing");
  });

  it("checks words, zones and moments", () => {
    assert.equal(oneOf(["csv", "json"])("csv"), "csv");
    assert.throws(() => oneOf(["csv", "json"])("cvs"), /not one of csv, json: cvs \(did you mean "csv"\?\)/);
    assert.equal(zone("America/St_Johns"), "America/St_Johns");
    assert.throws(() => zone("America/StJohns"), /did you mean "America\/St_Johns"/);
    assert.equal(moment("2026-09-01T05:15:00+05:30").toISOString(), "2026-08-31T23:45:00.000Z");
    assert.equal(moment("2026-09-01").toISOString(), "2026-09-01T00:00:00.000Z");
    for (const text of ["2026-09-01T05:15:00", "yesterday", "2026-13-01T00:00:00Z", "12"]) {
      assert.throws(() => moment(text), /not a time like/);
    }
  });
});
