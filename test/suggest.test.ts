import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { editDistance, hint, suggest } from "../src/base/suggest.ts";
import fc from "./fast-check.ts";

const names = ["key", "order", "columns", "latest_only", "convos_metrics", "convos_metrics_ended"];

describe("suggest", () => {
  it("finds what a misspelled word was meant to be", () => {
    const cases: [string, string | null][] = [
      ["kee", "key"],
      ["ordre", "order"],
      ["Columns", "columns"],
      ["latest-only", "latest_only"],
      ["convo_metric", "convos_metrics"],
      ["col", "columns"],
      ["xyz", null],
      ["k", null],
      ["", null],
    ];
    for (const [word, meant] of cases) assert.equal(suggest(word, names), meant, word);
  });

  it("lists the choices where nothing is close", () => {
    assert.equal(hint("kee", names), 'did you mean "key"?');
    assert.equal(hint("zzz", ["a", "b"]), "one of a, b");
    assert.equal(hint("zzz", ["a", "b", "c"], 2), "one of a, b, …");
  });

  it("counts insertions, deletions, changes and swaps", () => {
    assert.equal(editDistance("abc", "abc"), 0);
    assert.equal(editDistance("abc", "ab"), 1);
    assert.equal(editDistance("abc", "acb"), 1);
    assert.equal(editDistance("", "abc"), 3);
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
        assert.equal(editDistance(a, b) === 0, a === b);
      }),
    );
  });
});
