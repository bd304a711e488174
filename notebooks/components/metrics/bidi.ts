// A name may be in any script. A right-to-left name, or one with directional marks, would reorder the words and numbers
// around it, so it is isolated within a sentence.
// Source: Unicode Bidirectional Algorithm (UAX 9), sections 2.4 and 6.3.

const isolate = "\u2068"; // FIRST STRONG ISOLATE
const release = "\u2069"; // POP DIRECTIONAL ISOLATE
const marks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A name for use within a sentence, isolated if it is right-to-left. */
export function isolated(name: string): string {
  const plain = unmarked(name);
  return rightToLeft.test(plain) ? `${isolate}${plain}${release}` : plain;
}

/** A text without directional marks. */
export function unmarked(text: string): string {
  return text.replace(marks, "");
}

/** The lines of a wrapped text: an isolate that spans a line break is closed and reopened. */
export function isolatedLines(lines: readonly string[]): string[] {
  let open = 0;
  return lines.map((line) => {
    const start = isolate.repeat(open);
    for (const letter of line)
      if (letter === isolate) open += 1;
      else if (letter === release) open = Math.max(0, open - 1);
    return `${start}${line}${release.repeat(open)}`;
  });
}
