import { isolatedLines } from "../metrics/bidi.js";
import { textWidth, type Weight } from "./font.js";

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
  if (lines.length <= most) return isolatedLines(lines);
  const last = cutText(`${lines[most - 1]!}…`, { width, size, weight });
  return isolatedLines([...lines.slice(0, most - 1), last]);
}

/** A text that is not wider than that: as it is, or cut between letters, with "…" at its end. */
export function cutText(
  text: string,
  { width, size, weight = 400 }: { width: number; size: number; weight?: Weight },
): string {
  if (textWidth(text, size, weight) <= width) return text;
  const letters = graphemes(text.replace(/…$/, ""));
  while (letters.length > 0 && textWidth(`${letters.join("").trimEnd()}…`, size, weight) > width) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

function graphemes(text: string): string[] {
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
