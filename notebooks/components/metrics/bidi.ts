// Names come in any script. One that is written from right to left would turn the words and numbers around it, and one
// that holds marks of direction would do so on purpose: such a name is isolated where it stands in a sentence.
// Source: Unicode Bidirectional Algorithm (UAX 9), sections 2.4 and 6.3.

const isolate = "\u2068"; // of its own first letter's direction
const release = "\u2069";
const marks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A name as a part of a sentence: as it is, or between marks that keep its direction to itself. */
export function isolated(name: string): string {
  const plain = unmarked(name);
  return rightToLeft.test(plain) ? `${isolate}${plain}${release}` : plain;
}

/** A text without marks of direction, for whoever shows letters alone. */
export function unmarked(text: string): string {
  return text.replace(marks, "");
}

/** Lines of one text: what is isolated over the end of a line goes on to be so on the next. */
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
