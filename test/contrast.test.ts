import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { heatFill, heatInk } from "../notebooks/components/charts/heat-colour.ts";
import { contrast } from "../notebooks/components/picture/contrast.ts";
import { colours, declarations, looks } from "../notebooks/components/picture/looks.ts";
import { mixOklab } from "../notebooks/components/picture/oklab.ts";

// WCAG 2.2: 1.4.3 asks 4.5:1 of text, 1.4.11 asks 3:1 of what must be seen to read a chart. Charts stand on sheets.
const themes = (["light", "dark"] as const).map((theme, i) => ({
  theme,
  colours: new Map(Object.entries(colours).map(([name, both]) => [name, both[i]!])),
}));

describe("contrast", () => {
  for (const { theme, colours } of themes) {
    const ratio = (one: string, other: string) => contrast(colours.get(one)!, colours.get(other)!);

    it(`of text is at least 4.5 to 1, ${theme}`, () => {
      for (const ink of ["ink", "ink-2", "ink-3", "blue-ink", "orange-ink"])
        for (const ground of ["paper", "sheet"])
          assert.ok(ratio(ink, ground) >= 4.5, `${ink} on ${ground}: ${ratio(ink, ground).toFixed(2)}`);
      for (const [ink, ground] of [
        ["blue-ink", "blue-wash"],
        ["orange-ink", "orange-wash"],
        ["ink", "blue-wash"],
        ["ink", "orange-wash"],
      ] as const)
        assert.ok(ratio(ink, ground) >= 4.5, `${ink} on ${ground}: ${ratio(ink, ground).toFixed(2)}`);
    });

    it(`of digits on a heat cell of any value is at least 4.5 to 1, ${theme}`, () => {
      for (const colour of ["blue", "orange"] as const)
        for (let share = 0; share <= 100; share++) {
          const ground = mixOklab(colours.get(colour)!, share, colours.get("sheet")!);
          const [, light, dark] = /light-dark\((#\w+), (#\w+)\)/.exec(heatInk({ colour, share }))!;
          const ratio = contrast(theme === "light" ? light! : dark!, ground);
          assert.ok(ratio >= 4.5, `${colour} ${share}%: ${ratio.toFixed(2)}`);
        }
    });

    it(`of marks is at least 3 to 1, ${theme}`, () => {
      for (const mark of ["blue", "orange", "blue-strong", "grey", "ink", "ink-2"])
        assert.ok(ratio(mark, "sheet") >= 3, `${mark} on sheet: ${ratio(mark, "sheet").toFixed(2)}`);
    });
  }

  it("is not lowered by opacity: no text, and nothing that is faint", () => {
    for (const [name, look] of Object.entries(looks)) {
      const { fill, opacity, size, weight } = look;
      const text = name === "text" || size !== undefined || weight !== undefined || /-text|label/.test(name);
      if (/few|running/.test(name) || text) assert.equal(opacity, undefined, name);
      assert.ok(fill === undefined || fill === "none" || fill in colours, name);
    }
    assert.match(heatFill({ colour: "blue", share: 30 }), /^color-mix\(in oklab, var\(--blue\) 30%, var\(--sheet\)\)$/);
    const faint = declarations(looks["blue.few"]!);
    assert.deepEqual(faint, [["fill", "color-mix(in oklab, var(--blue) 40%, var(--sheet))"]]);
  });
});
