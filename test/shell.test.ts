import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Completion, completeFile, completeQuery, type Names, readNames } from "../src/cli/shell/complete.ts";
import { completeDotCommand, dotCommands, readDotCommand } from "../src/cli/shell/dot-commands.ts";
import { historyFile, openHistory } from "../src/cli/shell/history.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { cutStatements } from "../src/duckdb/statements.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import fc from "./fast-check.ts";
import { rawFixture } from "./raw-fixture.ts";

describe("statements of a shell", () => {
  // text, whole statements, what was begun, what it is inside
  const cases: [string, string[], string, string][] = [
    ["select 1;", ["select 1"], "", ""],
    ["select 1; select 2", ["select 1"], "select 2", ""],
    ["select 1;;  ;\n select 2 ;", ["select 1", "select 2"], "", ""],
    ["select 'a;b'';c';", ["select 'a;b'';c'"], "", ""],
    ["select 'a;", [], "select 'a;", "'"],
    ["select 'it''", [], "select 'it''", "'"],
    ["select e'\\';' ; x", ["select e'\\';'"], "x", ""],
    ["select '\\'; select 2", ["select '\\'"], "select 2", ""],
    ["select time'12:00';", ["select time'12:00'"], "", ""],
    ['select 1 as "a;""b";', ['select 1 as "a;""b"'], "", ""],
    ['select "a;', [], 'select "a;', '"'],
    ["select 1 -- one; 'two\n+ 1;", ["select 1 -- one; 'two\n+ 1"], "", ""],
    ["-- nothing; here", [], "", ""],
    ["select /* a /* b; */ ; */ 1;", ["select /* a /* b; */ ; */ 1"], "", ""],
    ["/* a; /* b */", [], "/* a; /* b */", "*"],
    ["select $$;$$, $x$ $$ ; $x$;", ["select $$;$$, $x$ $$ ; $x$"], "", ""],
    ["select $x$ ; $$", [], "select $x$ ; $$", "$"],
    ["select a$b$; select $1;", ["select a$b$", "select $1"], "", ""],
    ["select (1 + ", [], "select (1 + ", "("],
    ["select ')' || (1", [], "select ')' || (1", "("],
    ["", [], "", ""],
  ];
  for (const [text, whole, rest, inside] of cases)
    it(`cuts ${JSON.stringify(text)}`, () => assert.deepEqual(cutStatements(text), { whole, rest, inside }));

  const piece = fc.constantFrom(
    "select",
    "1",
    "'a;b'",
    "'it''s;'",
    "e'\\';'",
    '"x;""y"',
    "--c;'\n",
    "/*;'*/",
    "/*/*;*/;*/",
    "$$;'$$",
    "$t$;$$;$t$",
    "(",
    ")",
    "\n",
    " ",
    "é",
    "a1$",
  );
  const statement = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => `x ${pieces.join(" ")}`);

  it("finds each of several statements, whatever they hold", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 5 }), (statements) => {
        const { whole, rest, inside } = cutStatements(statements.map((text) => `${text};`).join("\n"));
        assert.deepEqual(
          whole,
          statements.map((text) => text.trim()),
        );
        assert.deepEqual([rest, inside], ["", ""]);
      }),
    );
  });

  it("comes to the same line by line as at once", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.constant(";")), { maxLength: 30 }), (pieces) => {
        const text = pieces.join(" ");
        const found: string[] = [];
        let begun = "";
        for (const line of text.split("\n")) {
          const cut = cutStatements(begun === "" ? line : `${begun}\n${line}`);
          found.push(...cut.whole);
          begun = cut.rest;
        }
        // A line that is all comment is dropped before a statement, and kept at once: so comments do not count.
        const bare = (texts: string[]) =>
          texts.map((text) => text.replace(/^(\s|--[^\n]*\n|\/\*(?:\/\*;\*\/;|;'|)\*\/)*/, ""));
        assert.deepEqual(bare(found), bare(cutStatements(text).whole));
      }),
    );
  });

  it("cuts nothing that DuckDB could not run", async () => {
    const database = await openDatabase();
    for (const sql of cases.flatMap(([, whole]) => whole).filter((sql) => !/\$1|\$b/.test(sql)))
      await database.rows(sql);
    database.close();
  });
});

describe("the history of a shell", () => {
  const folder = mkdtempSync(join(tmpdir(), "asapp-history-"));
  const file = join(folder, "state", "history");
  const open = (at: string | null = file) => {
    const warnings: string[] = [];
    return { ...openHistory(at, (reason) => warnings.push(reason)), warnings };
  };
  after(() => rmSync(folder, { recursive: true }));

  it("keeps entries of several lines for the next session, the newest first, each once", () => {
    const first = open();
    for (const entry of ["select 1;", "select\n  2;", "select 1;", " secret", ""]) first.add(entry);
    assert.deepEqual(open().entries, ["select 1;", "select\n  2;"]);
    assert.deepEqual(first.warnings, []);
  });

  it("is for its user alone", () => {
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, "state")).mode & 0o777, 0o700);
  });

  it("keeps what two shells at once add", () => {
    const [a, b] = [open(), open()];
    a.add("from a;");
    b.add("from b;");
    assert.deepEqual(open().entries.slice(0, 2), ["from b;", "from a;"]);
  });

  it("stays small, and survives half a line", () => {
    const many = Array.from({ length: 5000 }, (_, i) => `${JSON.stringify(`select ${i};`)}\n`).join("");
    writeFileSync(file, `${many}"select hal\n`, { mode: 0o600 });
    const { entries } = open();
    assert.deepEqual([entries.length, entries[0], entries[999]], [1000, "select 4999;", "select 4000;"]);
    assert.equal(readFileSync(file, "utf8").split("\n").length, 1001);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const history = open();
    history.add("x".repeat(30_000));
    assert.equal(history.entries.length, 1000);
  });

  it("goes on without its file, and says so once", () => {
    writeFileSync(join(folder, "plain"), "");
    const history = open(join(folder, "plain", "history"));
    history.add("select 1;");
    history.add("select 2;");
    assert.deepEqual(history.entries, ["select 2;", "select 1;"]);
    assert.equal(history.warnings.length, 1);
    const none = open(null);
    none.add("select 1;");
    assert.deepEqual(none.warnings, []);
  });

  it("lies where the user says, else below the state folder", () => {
    assert.equal(historyFile({ ASAPP_KIT_HISTORY: "/x/y" }), "/x/y");
    assert.equal(historyFile({ ASAPP_KIT_HISTORY: "" }), null);
    assert.equal(historyFile({ XDG_STATE_HOME: "/state" }), join("/state", "asapp-kit", "sql-history"));
  });
});

describe("completion in a shell", () => {
  const raw = rawFixture();
  let database: Database;
  let names: Names;
  const complete = (before: string, after = ""): Promise<Completion> => completeQuery(before, after, names, database);

  before(async () => {
    database = await openCatalog(raw.project);
    await database.run('create table mine as select 1 as abc, 2 as "Odd one"');
    names = await readNames(database);
  });
  after(() => {
    database.close();
    raw.delete();
  });

  // before the cursor, after it, the words (… for: among others)
  const cases: [string, string, string[]][] = [
    ["select * from convos_metri", "", ["convos_metrics", "convos_metrics_ended"]],
    ["from min", "", ["mine"]],
    ["from ki", "", ["kit."]],
    ["select * from kit.fe", "", ["feeds"]],
    ["from raw.convos_metri", "", ["convos_metrics", "convos_metrics_ended"]],
    ["from wfm.", "", ["queue_windows", "rep_windows", "…"]],
    ["select * from intents join conv", "", ["convos_metrics", "…"]],
    ["select * from intents, conv", "", ["convos_metrics", "…"]],
    ["describe min", "", ["mine"]],
    ["select ab", " from mine", ["abc", "…"]],
    ["select ", " from mine", ["abc", '"Odd one"']],
    ["select m.", " from mine as m", ["abc", '"Odd one"']],
    ["select * from mine m where m.a", "", ["abc"]],
    ["select mine.a", " from mine", ["abc"]],
    ['select m."O', " from mine m", ['"Odd one"']],
    ["from kit.columns select col", "", ['"column"', "…"]],
    ["select kit.columns.col", "", ['"column"']],
    ["with recent as (select 1) select * from rec", "", ["recent"]],
    ["select service_le", " from mine", ["service_level", "service_level_variant"]],
    ["select issue_i", "", ["issue_id", "…"]],
    ["sel", "", ["select"]],
    ["SEL", "", ["SELECT"]],
    ["select * from mine wh", "", ["where", "…"]],
    ["select regexp_ext", "", ["regexp_extract", "…"]],
    ["select 'from conv", "", []],
    ["select 1 /* from conv", "", []],
    ["select 1; from min", "", ["mine"]],
    ["select no_such_thing_at_al", "", []],
    ["select nothing.x", " from mine", []],
  ];
  for (const [text, rest, expected] of cases)
    it(`completes ${JSON.stringify(`${text}|${rest}`)}`, async () => {
      const [words, word] = await complete(text, rest);
      const wanted = expected.filter((each) => each !== "…");
      if (expected.includes("…")) for (const each of wanted) assert.ok(words.includes(each), `${each}: ${words}`);
      else assert.deepEqual(words, wanted);
      assert.ok(text.endsWith(word), word);
    });

  it("offers only what can follow", async () => {
    for (const [text, rest] of cases) {
      const [words, word] = await complete(text, rest);
      const begun = word.replace(/^"/, "").toLowerCase();
      for (const each of words) assert.ok(each.replace(/^"/, "").toLowerCase().startsWith(begun), `${text}: ${each}`);
    }
  });

  it("completes commands, their arguments and files", () => {
    const folder = mkdtempSync(join(tmpdir(), "asapp-complete-"));
    mkdirSync(join(folder, "reports"));
    writeFileSync(join(folder, "report.sql"), "");
    writeFileSync(join(folder, ".hidden"), "");
    const of = (line: string) => completeDotCommand(line, names)[0];
    assert.deepEqual(of(".ti"), [".timer", ".timezone"]);
    assert.deepEqual(of(".mode j"), ["json", "jsonl"]);
    assert.deepEqual(of(".timer o"), ["on", "off"]);
    assert.deepEqual(of(".schema kit.fe"), ["kit.feeds"]);
    assert.deepEqual(of(".schema min"), ["mine"]);
    assert.deepEqual(of(`.output ${folder}/re`).sort(), [`${folder}/report.sql`, `${folder}/reports/`]);
    assert.deepEqual(completeFile(`${folder}/.h`), [`${folder}/.hidden`]);
    assert.deepEqual(of(`.read ${folder}/nowhere/`), []);
    assert.deepEqual(of(".nonsense x"), []);
    rmSync(folder, { recursive: true });
  });
});

describe("commands of a shell", () => {
  it("knows each by its name, its beginning, and what psql calls it", () => {
    for (const [name, command] of Object.entries(dotCommands))
      assert.equal(readDotCommand(`.${name} x`)?.command, command);
    const meant: [string, string, string][] = [
      [".sch convos_metrics", "schema", "convos_metrics"],
      ["\\q", "quit", ""],
      ["exit", "quit", ""],
      ["quit;", "quit", ""],
      ["\\d", "tables", ""],
      ["\\d rep*", "schema", "rep*"],
      ["\\x", "mode", "line"],
      [".output 'a b.csv'", "output", "a b.csv"],
    ];
    for (const [line, name, argument] of meant)
      assert.deepEqual(readDotCommand(line), { command: dotCommands[name], argument }, line);
  });

  it("takes all else for SQL, and names what was meant by a misspelled one", () => {
    for (const line of ["select 1;", "help me", "", "from exit;"]) assert.equal(readDotCommand(line), null, line);
    assert.throws(() => readDotCommand(".tabels"), /no command \.tabels \(did you mean "tables"\?\)/);
  });
});
