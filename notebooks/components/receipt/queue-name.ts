// A queue may have any name. Letters, digits, single spaces and a few signs stand for themselves; all else that a mail
// program, a chat or an editor changes (quotes, dashes, brackets, markup, marks without width, doubled spaces) is
// percent-encoded, as are letters that one of Unicode's normal forms replaces, such as º in NFKC.

const plainSign = /^[\p{L}\p{M}\p{Nd} ,/+-]$/u;
const asciiSign = /^[A-Za-z0-9 ,/+-]$/;

/** A queue's name as it is written in a receipt. `ascii`: with ASCII letters alone. */
export function writtenName(name: string, ascii = false): string {
  const letters = [...name.replace(/\p{Cs}/gu, "\ufffd")];
  const stays = (letter: string) => (ascii ? asciiSign : plainSign).test(letter) && letter.normalize("NFKC") === letter;
  const doubled = (letter: string, i: number) => /[ -]/.test(letter) && letters[i - 1] === letter;
  const text = letters
    .map((letter, i) => {
      const atEnd = letter === " " && (i === 0 || i === letters.length - 1);
      return stays(letter) && !atEnd && !doubled(letter, i)
        ? letter
        : encodeURIComponent(letter).replace(/^([^%])$/, hex);
    })
    .join("");
  return text.normalize("NFKC") === text ? text : writtenName(name, true);
}

/** The name that was written. Throws at a wrong encoding. */
export function readName(text: string): string {
  if (text === "") throw new Error("no name");
  return decodeURIComponent(text);
}

// encodeURIComponent leaves a few signs as they are.
function hex(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
