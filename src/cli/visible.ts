/**
 * Escapes what could mislead on a terminal: control characters, direction marks and line separators, which move the cursor,
 * change settings or show text that is not there. Source: Unicode TR36, section 3; ECMA-48 for C1.
 */
export function visible(text: string): string {
  return text.replace(hidden, escaped);
}

/** The same, but keeps line breaks and tabs. */
export function visibleLines(text: string): string {
  return text.replace(hidden, (letter) => (letter === "\n" || letter === "\t" ? letter : escaped(letter)));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const hidden = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function escaped(letter: string): string {
  const code = letter.charCodeAt(0);
  const short = JSON.stringify(letter).slice(1, -1);
  return short.length > 1 && short[0] === "\\" ? short : `\\u${code.toString(16).padStart(4, "0")}`;
}
