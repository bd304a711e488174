import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Scratch } from "../src/warehouse/stage/scratch.ts";

describe("scratch", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "asapp-kit-scratch-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("writes the next day over the files of the day before, the shorter over the longer", () => {
    const scratch = new Scratch(folder);
    const first = ["a longer text", "b"].map((text) => scratch.write(Buffer.from(text)));
    scratch.clear();
    const second = ["short", "also longer than b", "c"].map((text) => scratch.write(Buffer.from(text)));
    assert.deepEqual(second.slice(0, 2), first);
    const texts = second.map((path) => readFileSync(path!, "utf8"));
    assert.deepEqual(texts, ["short", "also longer than b", "c"]);
    assert.equal(readdirSync(folder).length, 3);
  });

  it("has room for so many bytes of a day, and again for the next", () => {
    const scratch = new Scratch(folder, 5);
    assert.ok(scratch.write(Buffer.from("123")));
    assert.equal(scratch.write(Buffer.from("456")), null);
    assert.ok(scratch.write(Buffer.from("45")), "what still fits goes in");
    scratch.clear();
    assert.ok(scratch.write(Buffer.from("456")));
  });

  it("says no where it cannot write, and does not try again", () => {
    const scratch = new Scratch(join(folder, "gone"));
    rmSync(join(folder, "gone"), { recursive: true });
    assert.equal(scratch.write(Buffer.from("a")), null);
    new Scratch(join(folder, "gone"));
    assert.equal(scratch.write(Buffer.from("a")), null);
  });
});
