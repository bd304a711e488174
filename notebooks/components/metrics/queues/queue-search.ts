import { unmarked } from "../bidi.js";

// Marks of Latin, Greek, Cyrillic, Hebrew and Arabic, and the Arabic stroke that only lengthens a word. Vowel signs of other
// scripts are letters to their readers, and stay.
const marks =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]/g;

// Letters that Unicode does not decompose, as people type them.
const plain = new Map(
  Object.entries({ ß: "ss", æ: "ae", œ: "oe", đ: "d", ð: "d", ł: "l", ı: "i", þ: "th", ς: "σ", "\u0649": "ي" }),
);

// letter   typed as
// ä ö ü    a o u, or with an e
// ø        o oe
// å        a aa
// A letter of these becomes its base and one of these signs, which stands for its second letter or for none.
const [orE, orA] = ["\ue000", "\ue001"];
const secondLetters = new RegExp(`[${orE}${orA}]`, "g");

/** A text without case, accents, widths, directional marks and repeated spaces, for comparison. */
export function folded(text: string): string {
  return spelled(text).replace(secondLetters, "");
}

/**
 * Whether a name contains each word of a query, in any order, where ä is a or ae, ö and ø are o or oe, ü is u or ue, and å is
 * a or aa. An empty query matches every name.
 */
export function matchesName(query: string): (name: string) => boolean {
  const words = spelled(query).split(" ").filter(Boolean).map(spellings);
  return (name) => {
    const text = words.length === 0 ? "" : spelled(name);
    return words.every((word) => word.test(text));
  };
}

// Folded, with second letters.
function spelled(text: string): string {
  return unmarked(text)
    .replace(secondLetters, "")
    .normalize("NFKD")
    .toLowerCase()
    .normalize("NFKD") // İ becomes i and a mark
    .replace(/(?<=[aou])\u0308/g, orE)
    .replace(/(?<=a)\u030a/g, orA)
    .replace(/ø/g, `o${orE}`)
    .replace(marks, "")
    .replace(/[ßæœđðłıþς\u0649]/g, (letter) => plain.get(letter) ?? letter)
    .replace(/\s+/g, " ")
    .trim();
}

// Finds a word in a spelled text.
function spellings(word: string): RegExp {
  const [e, a, none] = [`[e${orE}]`, `[a${orA}]`, `[${orE}${orA}]?`];
  const patterns = [...word].map((letter) => {
    if (letter === orE) return `${e}?`;
    if (letter === orA) return `${a}?`;
    if (letter === "e") return e + none;
    if (letter === "a") return a + none;
    return letter.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&") + none;
  });
  return new RegExp(patterns.join(""));
}
