/**
 * A name that Excel takes for a sheet, distinct from `taken` in any letter case: at most 31 characters, none of []:*?/\, no
 * apostrophe at an end, not "History". Source: Microsoft, "Rename a worksheet".
 */
export function sheetName(name: string, taken: Iterable<string>): string {
  const used = new Set([...taken].map(key));
  const plain = trimmed(
    name
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them
      .replace(/[[\]:*?/\\\u0000-\u001f\u007f\ufffe\uffff]+/g, " ")
      .replace(/[\ud800-\udfff]/g, (half, at: number, all: string) => (isPaired(all, at) ? half : " "))
      .replace(/\s+/g, " "),
  );
  const base = plain === "" ? "Sheet" : /^history$/i.test(plain) ? `${plain} of data` : plain;
  for (let n = 1; ; n++) {
    const ending = n === 1 ? "" : ` ${n}`;
    const unique = `${trimmed(cut(base, 31 - ending.length))}${ending}`;
    if (!used.has(key(unique))) return unique;
  }
}

function key(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

function trimmed(text: string): string {
  return text.replace(/^[\s']+|[\s']+$/g, "");
}

function cut(text: string, length: number): string {
  return isPaired(text, length) && /[\udc00-\udfff]/.test(text.charAt(length))
    ? text.slice(0, length - 1)
    : text.slice(0, length);
}

// Whether the UTF-16 unit there is a half of a whole character.
function isPaired(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff || (text.codePointAt(at - 1) ?? 0) > 0xffff;
}
