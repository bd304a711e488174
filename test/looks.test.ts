import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { looks } from "../notebooks/components/picture/looks.ts";
import { looksCss } from "../notebooks/components/picture/looks-css.ts";
import { mixOklab } from "../notebooks/components/picture/oklab.ts";
import { filesBelow, pagesFolder } from "../src/base/kit-folders.ts";
import { kept } from "./stored.ts";

const components = join(pagesFolder, "components");
const source = filesBelow(components)
  .filter((file) => !file.startsWith("picture"))
  .map((file) => readFileSync(join(components, file), "utf8"))
  .join("\n");

describe("looks", () => {
  it("are the same in the style sheet as in pictures: looks.css is made of their table", () => {
    kept("notebooks/looks.css", looksCss(), "looks");
  });

  it("are each of a mark that something draws", () => {
    const words = new Set(source.match(/[a-z][\w-]*/g));
    const made = /^(.*)-(line|text)$|^(shade|planned)-/; // put together, such as `${mark}-line`
    for (const name of Object.keys(looks))
      assert.ok(
        name.split(".").every((part) => words.has(part) || made.test(part)),
        name,
      );
  });

  it("mix colours as browsers do, so that other programs need not", () => {
    const table = [
      // first, share, second, as Chromium mixes them
      ["#2f6fb7", 0, "#ffffff", "#ffffff"],
      ["#2f6fb7", 77, "#ffffff", "#6090c9"],
      ["#d9691a", 49, "#ffffff", "#f1b798"],
      ["#5b9be0", 21, "#161c24", "#243447"],
      ["#000000", 70, "#ffffff", "#2e2e2e"],
      ["#00ff00", 91, "#123456", "#01eb31"],
    ] as const;
    for (const [first, share, second, mixed] of table) assert.equal(mixOklab(first, share, second), mixed);
  });

  it("stand in no style sheet that is written by hand", () => {
    for (const file of ["style.css", "planning.css", "intraday.css"]) {
      const css = readFileSync(join(pagesFolder, file), "utf8");
      const states = /[^{}]*:(?:hover|focus-visible)[^{}]*\{[^{}]*\}/g;
      assert.doesNotMatch(css.replace(states, ""), /^ +(fill|stroke[\w-]*|paint-order):/m, file);
    }
  });
});
