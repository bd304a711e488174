import { unmarked } from "../bidi.js";

// Marks of Latin, Greek, Cyrillic, Hebrew and Arabic, and the Arabic stroke that only lengthens a word. Vowel signs of other
// scripts are letters to their readers, and stay.
const marks =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]/g;

// Letters that Unicode does not decompose, as people type them.
const plain = new Map(
  Object.entries({ ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ł: "l", ı: "i", þ: "th", ς: "σ", "\u0649": "ي" }),
);

/** A text without case, accents, widths, directional marks and repeated spaces, for comparison. */
export function folded(text: string): string {
  return unmarked(text)
    .normalize("NFKD")
    .toLowerCase()
    .normalize("NFKD") // İ becomes i and a mark
    .replace(marks, "")
    .replace(/[ßæœøđðłıþς\u0649]/g, (letter) => plain.get(letter) ?? letter)
    .replace(/\s+/g, " ")
    .trim();
}

/** Whether a name contains each word of a query, in any order. An empty query matches every name. */
export function matchesName(query: string): (name: string) => boolean {
  const words = folded(query).split(" ").filter(Boolean);
  return (name) => {
    const text = words.length === 0 ? "" : folded(name);
    return words.every((word) => text.includes(word));
  };
}
