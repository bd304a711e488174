import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { colours } from "../notebooks/components/picture/looks.ts";

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

    it(`of marks is at least 3 to 1, ${theme}`, () => {
      for (const mark of ["blue", "orange", "blue-strong", "grey", "ink", "ink-2"])
        assert.ok(ratio(mark, "sheet") >= 3, `${mark} on sheet: ${ratio(mark, "sheet").toFixed(2)}`);
    });
  }
});

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
