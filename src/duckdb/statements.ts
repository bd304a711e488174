/** What an unfinished statement ends inside of; "" for none. */
export type Inside = "" | "(" | "'" | '"' | "$" | "*";

export interface Statements {
  whole: string[]; // without semicolons; none is blank
  rest: string; // the text after the last semicolon; "" for only space and comments
  inside: Inside;
}

/** Cuts a text at the semicolons outside strings, names, comments and dollar quotes. */
export function cutStatements(text: string): Statements {
  const whole: string[] = [];
  let start = 0;
  let depth = 0;
  let blank = true;
  let inside: Inside = "";
  for (let at = 0; at < text.length; ) {
    const [end, kind] = token(text, at);
    if (kind === ";") {
      if (!blank) whole.push(text.slice(start, at).trim());
      [start, depth, blank] = [end, 0, true];
    } else if (kind !== " ") blank = false;
    if (kind === "(") depth++;
    if (kind === ")") depth = Math.max(0, depth - 1);
    if (end > text.length) inside = kind as Inside;
    at = end;
  }
  const rest = blank && inside === "" ? "" : text.slice(start).trimStart();
  return { whole, rest, inside: inside === "" && depth > 0 ? "(" : inside };
}

type Kind = Inside | ";" | " " | "(" | ")" | "x";

// The end and kind of the token at `at`. The end of an unclosed token is beyond the text.
function token(text: string, at: number): [end: number, kind: Kind] {
  const next = (pattern: RegExp): number | null => {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : null;
  };
  const open = text.length + 1;
  const letter = text.charAt(at);
  if (letter === ";" || letter === "(" || letter === ")") return [at + 1, letter];
  if (letter === "'") return [next(/'(?:[^']|'')*'(?!')/y) ?? open, "'"];
  if (letter === '"') return [next(/"(?:[^"]|"")*"(?!")/y) ?? open, '"'];
  if (/\s/.test(letter)) return [at + 1, " "];
  if (text.startsWith("--", at)) return [next(/--[^\r\n]*[\r\n]?/y) ?? open, " "];
  if (text.startsWith("/*", at)) {
    const end = endOfComment(text, at);
    return end === null ? [open, "*"] : [end, " "];
  }
  const escaped = next(/e'/iy);
  if (escaped !== null) return [next(/e'(?:[^'\\]|''|\\[\s\S])*'(?!')/iy) ?? open, "'"];
  const quote = next(/\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy);
  if (quote !== null) {
    const tag = text.slice(at, quote);
    const end = text.indexOf(tag, quote);
    return [end < 0 ? open : end + tag.length, "$"];
  }
  return [next(/[\p{L}\p{N}_][\p{L}\p{N}_$]*/uy) ?? at + 1, "x"];
}

// Comments nest, as in PostgreSQL.
function endOfComment(text: string, at: number): number | null {
  let depth = 0;
  for (const { 0: mark, index } of text.slice(at).matchAll(/\/\*|\*\//g)) {
    depth += mark === "/*" ? 1 : -1;
    if (depth === 0) return at + index + 2;
  }
  return null;
}
