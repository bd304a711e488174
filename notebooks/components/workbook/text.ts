/** Characters that a cell holds. Source: Microsoft, Excel specifications and limits. */
export const longestText = 32_767;

/**
 * A text as the content of an XML element of a workbook. What XML cannot hold is written as `_xHHHH_`, and a text that looks
 * like that, or would with the escape behind it, as `_x005F_xHHHH_`, as Excel does. Source: ECMA-376 part 1, 22.4.2.4, ST_Xstring.
 */
export function xmlText(text: string): string {
  if (!special.test(text)) return text;
  return text
    .replace(escapeLike, "_x005F_")
    .replace(unwritable, (char) => `_x${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`)
    .replace(/[&<>"]/g, (char) => entities[char as keyof typeof entities]);
}

/** The text as far as a cell holds it, ending in "…" where it is cut. */
export function fitText(text: string): string {
  if (text.length <= longestText) return text;
  const end = longestText - 1;
  const halved = /[\ud800-\udbff]/.test(text.charAt(end - 1)) && /[\udc00-\udfff]/.test(text.charAt(end));
  return `${text.slice(0, halved ? end - 1 : end)}…`;
}

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
// A parser reads a carriage return as a line feed.
const unwritable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is searched for
  /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const escapeLike = /_(?=x[0-9a-f]{4}[_\u0000-\u0008\u000b-\u001f\ufffe\uffff\ud800-\udfff])/gi;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const special = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff\ud800-\udfff&<>"]|_x[0-9a-f]{4}_/i;
