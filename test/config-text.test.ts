import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { setOptions } from "../src/config/config-text.ts";
import fc from "./fast-check.ts";

const abandons = { path: ["site", "wfm", "queue", "abandons"], value: "left_queue" };
const reps = { path: ["site", "wfm", "queue", "reps"], value: null };

describe("options set in kit.yaml", () => {
  it("begin a file that has none", () => {
    const wanted = "site:\n  wfm:\n    queue:\n      abandons: left_queue\n      reps:\n";
    assert.equal(setOptions("", [abandons, reps]), wanted);
    assert.equal(setOptions("# mine\n", [abandons, reps]), `# mine\n${wanted}`);
    assert.equal(setOptions("company: acme", [abandons, reps]), `company: acme\n${wanted}`);
  });

  it("leave every other byte as it is", () => {
    const before = [
      "company: acme   # the bucket",
      "",
      "site:",
      "    title: >",
      "      A  title",
      "      of two lines",
      "",
      "    # the feeds",
      "    wfm:",
      "        queue:",
      '            abandons: "old"   # since May',
      "            reps:",
      "",
      "# what follows",
      "sync: {max_age:   15m}",
      "",
    ].join("\n");
    const after = before.replace('"old"', "left_queue").replace("reps:\n", "reps: agents\n            busy: b\n");
    const settings = [abandons, { ...reps, value: "agents" }, { path: ["site", "wfm", "queue", "busy"], value: "b" }];
    assert.equal(setOptions(before, settings), after);
    assert.equal(setOptions(before.replaceAll("\n", "\r\n"), settings), after.replaceAll("\n", "\r\n"));
    assert.equal(setOptions(after, settings), after);
  });

  it("fill a map that is empty, and one in braces", () => {
    assert.equal(
      setOptions("site: # later\ncompany: acme\n", [abandons]),
      "site: # later\n  wfm:\n    queue:\n      abandons: left_queue\ncompany: acme\n",
    );
    const braces = setOptions("# mine\nsite: {title: A} # t\n", [abandons]);
    assert.match(braces, /^# mine\nsite: \{.*\} # t\n$/);
    assert.deepEqual(parse(braces), { site: { title: "A", wfm: { queue: { abandons: "left_queue" } } } });
  });

  it("hold any value, whatever stands around them", () => {
    const comment = fc.constantFrom("", "# note\n", "\n\n");
    const wfm = fc.constantFrom(
      "",
      "  wfm:\n",
      "  wfm:\n    queue:\n      # c\n      abandons: x # y\n",
      "  wfm: {}\n",
    );
    fc.assert(
      fc.property(comment, wfm, comment, fc.string({ minLength: 1 }), (before, middle, after, value) => {
        const text = `${before}company: acme\nsite:\n  title: A\n${middle}${after}sync:\n  grace: 60m\n`;
        const found = setOptions(text, [{ ...abandons, value }]);
        const expected = parse(text);
        expected.site.wfm ??= {};
        expected.site.wfm.queue ??= {};
        expected.site.wfm.queue.abandons = value;
        assert.deepEqual(parse(found), expected);
        for (const line of ["# note", "# c", "# y"]) assert.equal(found.includes(line), text.includes(line), line);
      }),
    );
  });
});
