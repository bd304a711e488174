import { isolatedLines } from "../metrics/bidi.js";
import { textWidth, type Weight } from "./font.js";

/** A text wrapped to a width. A word wider than a line is broken; text beyond the last line becomes "…". */
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
  const shown = lines.slice(0, most);
  const last = cutText(`${shown.pop() ?? ""}…`, { width, size, weight });
  return isolatedLines([...shown, last]);
}

/** A text cut to a width, between letters and with "…" at the end. */
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
