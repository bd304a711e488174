import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import PDFDocument from "pdfkit";
import { textWidth, weights } from "../notebooks/components/picture/font.ts";
import { pagesFolder } from "../src/base/kit-folders.ts";
import { fontFiles, pictureFonts } from "../src/site/share/share-image.ts";

const latin = Array.from({ length: 0x180 - 0x20 }, (_, i) => String.fromCodePoint(0x20 + i)).filter(
  (letter) => !/\p{Cc}/u.test(letter),
);

// Another program's reading of a font file: the width of a letter in thousandths of the font size.
function widthIn(font: string | Buffer): (letter: string) => number {
  const pdf = new PDFDocument().font(font as string).fontSize(1000);
  return (letter) => Math.round(pdf.widthOfString(letter));
}

describe("the font of pictures", () => {
  for (const weight of weights) {
    it(`has its letters measured as its file says, ${weight}`, () => {
      const width = widthIn(fontFiles.find((file) => file.weight === weight)!.path);
      const known = latin.filter((letter) => textWidth(letter, 1000, weight) > 0); // the font lacks some
      for (const letter of known) {
        const off = Math.abs(width(letter) - textWidth(letter, 1000, weight));
        assert.ok(off <= 1, `${letter}: ${off} thousandths`);
      }
      assert.ok(known.length > 300);
    });

    it(`is the same for browsers as for other programs, ${weight}`, () => {
      const own = widthIn(fontFiles.find((file) => file.weight === weight)!.path);
      const { woff2 } = pictureFonts().find((font) => font.weight === weight)!;
      const theirs = widthIn(Buffer.from(woff2, "base64"));
      for (const letter of [...latin, ..."ΩαЖя▲●≥"]) assert.equal(theirs(letter), own(letter), letter);
    });
  }

  it("has its licence beside it", () => {
    const file = join(pagesFolder, "fonts", "LICENSE.txt");
    assert.ok(existsSync(file));
    assert.match(readFileSync(file, "utf8"), /SIL OPEN FONT LICENSE/i);
  });
});
