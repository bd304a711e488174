/**
 * A text of somebody else's on one line: control characters, those that turn the direction of writing and line
 * separators are written as escapes, since on a terminal they move the cursor, change settings or show text that is not
 * there. Source: Unicode TR36, section 3; ECMA-48 for C1.
 */
export function visible(text: string): string {
  return text.replace(hidden, escaped);
}

/** The same for text of several lines, whose line breaks and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(hidden, (letter) => (letter === "\n" || letter === "\t" ? letter : escaped(letter)));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const hidden = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function escaped(letter: string): string {
  const code = letter.charCodeAt(0);
  const short = JSON.stringify(letter).slice(1, -1);
  return short.length > 1 && short[0] === "\\" ? short : `\\u${code.toString(16).padStart(4, "0")}`;
}
