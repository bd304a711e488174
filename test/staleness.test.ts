import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { namesOf } from "../src/base/names.ts";
import {
  type BuildRecord,
  emptyState,
  hashFile,
  hashInputs,
  isUpToDate,
  pagesRecord,
  pagesTag,
  readState,
  renew,
  type SiteState,
  withState,
} from "../src/site/staleness.ts";
import fc from "./fast-check.ts";
import { within } from "./wait.ts";

const stateFile = "site.state.json";
const module = new URL("../src/site/staleness.js", import.meta.url).href;

describe("the state of a site", () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "asapp-state #ü?-"));
  });
  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  const file = () => join(cache, stateFile);
  const record = (parts: Partial<SiteState>) => withState(cache, (_, record) => record(parts));
  const built = (inputs: string, output = ""): BuildRecord => ({ inputs, output });
  const whole: SiteState = {
    libraries: built("a"),
    datasets: built("b"),
    answers: namesOf([
      ["days.json", built("c", "12 1.5")],
      ["__proto__", built("d")],
    ]),
    rows: namesOf([["wfm.windows", { inputs: "e", output: { "2026-09-01": "f" } }]]),
  };

  it("tells whether a part is up to date", () => {
    for (const [record, inputs, mark, answer] of [
      [null, "a", "", false],
      [undefined, "a", "", false],
      [built("b", "x"), "a", "x", false],
      [built("a", "x"), "a", "y", false],
      [built("a", "x"), "a", "", false],
      [built("a", "x"), "a", "x", true],
      [built("a"), "a", "", true],
    ] as const)
      assert.equal(isUpToDate(record, inputs, mark), answer, JSON.stringify([record, inputs, mark]));
  });

  it("is renewed once by those who find it stale together, and again only when it is stale again", async () => {
    let built = 0;
    const renewTo = (inputs: string) =>
      renew(
        cache,
        ({ datasets }) => isUpToDate(datasets, inputs),
        async (record) => {
          built += 1;
          await new Promise((resolve) => setTimeout(resolve, 50));
          record({ datasets: { inputs, output: "" } });
        },
      );
    await Promise.all([renewTo("a"), renewTo("a"), renewTo("a")]);
    assert.equal(built, 1);
    await renewTo("a");
    assert.equal(built, 1);
    await renewTo("b");
    assert.equal(built, 2);
  });

  it("is read as it was recorded, part by part, in one file", async () => {
    for (const [part, value] of Object.entries(whole)) await record({ [part]: value });
    assert.deepEqual(readState(cache), whole);
    await record({ libraries: null, rows: emptyState().rows });
    assert.deepEqual(readState(cache), { ...whole, libraries: null, rows: emptyState().rows });
    assert.deepEqual(readdirSync(cache), [stateFile]);
  });

  it("is empty, and no error, whatever happened to its file; the next record repairs it", async () => {
    await record(whole);
    const text = readFileSync(file(), "utf8");
    const fields = JSON.parse(text);
    const damages: [string, string | null][] = [
      ["is not there", null],
      ["is empty", ""],
      ["is full of NUL", "\0".repeat(text.length)],
      ["is cut short", text.slice(0, -9)],
      ["is no JSON", "stamp"],
      ["is null", "null"],
      ["is a list", "[]"],
      ["has no format, as of before", JSON.stringify({ ...fields, format: undefined })],
      ["has another format", JSON.stringify({ ...fields, format: 0 })],
      ["lacks a part", JSON.stringify({ ...fields, answers: undefined })],
      ["has a part of another shape", JSON.stringify({ ...fields, libraries: "a" })],
      ["has an answer of another shape", JSON.stringify({ ...fields, answers: { "days.json": { inputs: "c" } } })],
      [
        "has rows of another shape",
        JSON.stringify({ ...fields, rows: { "wfm.windows": { inputs: "e", output: { day: 1 } } } }),
      ],
    ];
    for (const [what, damaged] of damages) {
      rmSync(file());
      if (damaged !== null) writeFileSync(file(), damaged);
      assert.deepEqual(readState(cache), emptyState(), what);
      await record({ datasets: built("b") });
      assert.deepEqual(readState(cache), { ...emptyState(), datasets: built("b") }, what);
    }
    rmSync(file());
    mkdirSync(join(file(), "folder"), { recursive: true });
    assert.deepEqual(readState(cache), emptyState());
    await record(whole);
    assert.deepEqual(readState(cache), whole);
  });

  it("is empty when its file is cut at any byte, and has no odd values when a byte is changed", async () => {
    await record(whole);
    const bytes = readFileSync(file());
    for (let at = 0; at < bytes.length - 1; at++) {
      writeFileSync(file(), bytes.subarray(0, at));
      assert.deepEqual(readState(cache), emptyState(), `cut at ${at}`);
    }
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        writeFileSync(file(), changed);
        for (const { inputs, output } of Object.values(readState(cache).answers))
          assert.ok(typeof inputs + typeof output === "stringstring");
      }),
    );
  });

  it("keeps the records of all processes that write at the same time", async () => {
    await record({ libraries: built("kept") });
    const script = `
      const { withState } = await import(${JSON.stringify(module)});
      const [cache, name] = process.argv.slice(1);
      for (let i = 0; i < 15; i++)
        await withState(cache, ({ answers }, record) => {
          answers[name + i] = { inputs: name, output: String(i) };
          record({ answers });
        });`;
    const children = ["a", "b", "c"].map((name) =>
      spawn(process.execPath, ["--input-type=module", "-e", script, cache, name], { stdio: "inherit" }),
    );
    const datasets = Promise.all(Array.from({ length: 5 }, (_, i) => record({ datasets: built(`in here ${i}`) })));
    assert.deepEqual(await Promise.all(children.map(codeOf)), [0, 0, 0]);
    await datasets;
    const { libraries, answers, datasets: last } = readState(cache);
    assert.deepEqual(libraries, built("kept"));
    assert.match(last!.inputs, /^in here \d$/);
    const names = ["a", "b", "c"].flatMap((name) => Array.from({ length: 15 }, (_, i) => name + i));
    assert.deepEqual(Object.keys(answers).sort(), names.sort());
    assert.deepEqual(readdirSync(cache), [stateFile]);
  });

  it("has no record of what a killed process was building, though its inputs go back to the former ones", async () => {
    await record(whole);
    const script = `
      const { withState } = await import(${JSON.stringify(module)});
      await withState(process.argv[1], (_, record) => {
        record({ libraries: null });
        process.kill(process.pid, "SIGKILL");
      });`;
    const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", script, cache], { stdio: "inherit" });
    assert.equal(signal, "SIGKILL");
    const { libraries, ...others } = readState(cache);
    assert.equal(isUpToDate(libraries, "a"), false);
    const { libraries: _, ...before } = whole;
    assert.deepEqual(others, before);
    await within("the lock of a dead process", record({ libraries: built("again") }), { seconds: 30 });
    assert.deepEqual(readState(cache), { ...whole, libraries: built("again") });
  });

  it("is in the pages of a site, as far as it concerns them", () => {
    const site = join(cache, "site");
    assert.equal(pagesRecord(site), null);
    mkdirSync(site);
    const write = (head: string) => writeFileSync(join(site, "index.html"), `<head>${head}</head>`);
    write("");
    assert.equal(pagesRecord(site), null);
    write(pagesTag("0123abcd"));
    assert.equal(isUpToDate(pagesRecord(site), "0123abcd"), true);
    assert.equal(isUpToDate(pagesRecord(site), "0123abce"), false);
  });

  it("hashes lists of inputs so that no two have the same hash", () => {
    const list = fc.array(fc.oneof(fc.constantFrom("", "a", "1:", "2:a", "é"), fc.string()), { maxLength: 4 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        assert.equal(hashInputs(...a) === hashInputs(...b), JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    assert.equal(hashInputs("é"), hashInputs(Buffer.from("é")));
    assert.equal(hashFile(join(cache, "none")), "none");
  });
});

async function codeOf(child: ChildProcess): Promise<number | null> {
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  return within("a process that records", closed);
}
