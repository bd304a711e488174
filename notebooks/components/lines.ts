import { inter } from "./inter.js";

export type Weight = 400 | 600;

/** How wide a text is in the pictures' font, in pixels. Letters that the font lacks are taken as one em wide. */
export function textWidth(text: string, size: number, weight: Weight = 400): number {
  const { widths } = inter.find((file) => file.weight === weight)!;
  let sum = 0;
  for (const letter of text) {
    const code = letter.codePointAt(0)!;
    sum += code < 0x180 ? (widths[code - 0x20] ?? 0) : code < 0x2e80 ? 640 : 1000;
  }
  return (sum * size) / 1000;
}

/** A text in lines of at most that width. A word wider than a line is broken; what is beyond the last line becomes "…". */
export function wrapText(
  text: string,
  { width, size, weight = 400, most = 10 }: { width: number; size: number; weight?: Weight; most?: number },
): string[] {
  const fits = (line: string) => textWidth(line, size, weight) <= width;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (fits(longer)) {
      line = longer;
      continue;
    }
    if (line) lines.push(line);
    line = "";
    for (const letter of graphemes(word)) {
      if (line && !fits(line + letter)) {
        lines.push(line);
        line = "";
      }
      line += letter;
    }
  }
  if (line) lines.push(line);
  if (lines.length <= most) return lines;
  const letters = graphemes(lines[most - 1]!);
  while (letters.length > 0 && !fits(`${letters.join("")}…`)) letters.pop();
  return [...lines.slice(0, most - 1), `${letters.join("").trimEnd()}…`];
}

function graphemes(text: string): string[] {
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
