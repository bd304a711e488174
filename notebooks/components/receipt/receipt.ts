import { readName, writtenName } from "./queue-name.js";
import { sha256 } from "./sha256.js";

/** What a card, workbook, report or message rests on. All that is needed to compute its figure again; nothing personal. */
export interface Receipt {
  kind: (typeof kinds)[number];
  figure: string; // "day": the card; else the id of a chart of the Today page
  queue: string;
  day: string; // YYYY-MM-DD in the zone
  grain: number; // minutes of an interval
  comparison: (typeof comparisons)[number];
  basis: (typeof bases)[number]; // of required reps
  hours: (typeof hours)[number];
  service: { target: number; seconds: number; variant: string };
  offered: number | null; // contacts of the day so far
  level: number | null; // service level of the day so far, percent with one decimal
  through: string | null; // end of the newest complete interval; instants are ISO, UTC, whole seconds
  asOf: string | null; // the past moment whose state of knowledge it shows
  known: string | null; // when the newest of the partitions was known
  kit: string; // version
  settings: string[]; // four hex digits for each group of settings, in the order of kit.figure_settings
  runs: Runs;
  values: string; // twelve hex digits of the shown values
}

/** Digest of partitions: their number, and sums modulo 2^48 of the hashes of their names, and of names with fingerprints. */
export interface Runs {
  count: number;
  names: string; // twelve hex digits
  contents: string;
}

export type ReceiptKind = Receipt["kind"];

/** Writes the receipt of what is shown as that kind; undefined where a figure has none. */
export type ReceiptOf = (kind: ReceiptKind) => string | undefined;

const kinds = ["card", "workbook", "report", "message", "table"] as const;
const comparisons = ["forecast", "usual", "last", "none"] as const;
const bases = ["workload", "erlang"] as const;
const hours = ["open", "all"] as const;

/** A text that is no receipt, or a damaged one. The message says where. */
export class ReceiptError extends Error {}

// A line of fields: a word, then its value. The last one, `check`, has a letter for each field before it, which tells the place
// of a mistake, and a hash of all.
interface Field {
  word: string;
  write(receipt: Receipt): string;
  read(value: string, receipt: Partial<Receipt>): void; // throws at what it cannot read
}

const fields: Field[] = [
  // "card", or the chart in it: "workbook of waits"
  {
    word: "",
    write: ({ kind, figure }) => (figure === "day" ? kind : `${kind} of ${figure}`),
    read(value, receipt) {
      const [, kind = "", figure = "day"] = /^(\w+)(?: of ([a-z-]+))?$/.exec(value) ?? [];
      Object.assign(receipt, { kind: oneOf(kinds, kind), figure });
    },
  },
  {
    word: "queue",
    write: ({ queue }) => writtenName(queue),
    read: (value, receipt) => Object.assign(receipt, { queue: readName(value) }),
  },
  field("day", "day", (day) => day, dayIn),
  {
    word: "shown",
    write: ({ grain, comparison, basis, hours }) =>
      `per ${grain} min, compared with ${comparison}, reps by ${basis}, ${hours} hours`,
    read(value, receipt) {
      const match = /^per (15|30|60) min, compared with (\w+), reps by (\w+), (\w+) hours$/.exec(value);
      const [, grain, comparison = "", basis = "", shown = ""] = match ?? [];
      Object.assign(receipt, {
        grain: Number(grain),
        comparison: oneOf(comparisons, comparison),
        basis: oneOf(bases, basis),
        hours: oneOf(hours, shown),
      });
    },
  },
  field(
    "service level",
    "service",
    ({ variant, target, seconds }) => `${variant}, target ${target} in ${seconds} s`,
    (text) => {
      const [, variant = "", target, seconds] = /^(\w+), target ([\d.e-]+) in ([\d.e-]+) s$/.exec(text) ?? [];
      return { target: numberIn(target), seconds: numberIn(seconds), variant };
    },
  ),
  {
    word: "so far",
    write: ({ offered, level }) => `${offered ?? "no"} contacts, ${level === null ? "no level" : `${level} %`}`,
    read(value, receipt) {
      const [, offered, level] = /^(\d+|no) contacts, (no level|[\d.]+ ?%)$/.exec(value) ?? [];
      Object.assign(receipt, {
        offered: offered === "no" ? null : numberIn(offered),
        level: level === "no level" ? null : numberIn(level?.replace(/ ?%$/, "")),
      });
    },
  },
  field("through", "through", instant, instantIn),
  field("as of", "asOf", instant, instantIn),
  field("known", "known", instant, instantIn),
  field("kit", "kit", (version) => version, tight),
  field(
    "settings",
    "settings",
    (groups) => groups.join("."),
    (text) => tight(text).toLowerCase().split("."),
  ),
  field(
    "runs",
    "runs",
    ({ count, names, contents }) => `${count} ${names} ${contents}`,
    (text) => {
      const [, count, names = "", contents = ""] = /^(\d+)([\da-f]{12})([\da-f]{12})$/i.exec(tight(text)) ?? [];
      return { count: numberIn(count), names: names.toLowerCase(), contents: contents.toLowerCase() };
    },
  ),
  field(
    "values",
    "values",
    (digits) => digits,
    (text) => tight(text).toLowerCase(),
  ),
];

function field<K extends keyof Receipt>(
  word: string,
  key: K,
  write: (value: Receipt[K]) => string,
  read: (text: string) => Receipt[K],
): Field {
  return {
    word,
    write: (receipt) => write(receipt[key]),
    read: (text, receipt) => Object.assign(receipt, { [key]: read(text) }),
  };
}

const head = "asapp-kit receipt 1";

/**
 * The receipt as one line of text, which survives a mail program, a chat, and retyping. `ascii`: with ASCII letters alone, for
 * the metadata of files; it reads as the same receipt.
 */
export function printReceipt(receipt: Receipt, { ascii = false } = {}): string {
  const written = writtenFields(receipt);
  const text = ascii ? writtenFields(receipt, (name) => writtenName(name, true)) : written;
  return [head, ...text, `check ${checkOf(written)}`].join("; ");
}

/** A printed receipt in ASCII letters. */
export function asciiReceipt(line: string): string {
  return printReceipt(parseReceipt(line), { ascii: true });
}

function writtenFields(receipt: Receipt, nameOf = writtenName): string[] {
  return fields.map(
    ({ word, write }) => `${word}${word && " "}${word === "queue" ? nameOf(receipt.queue) : write(receipt)}`,
  );
}

/** The receipts in a text, as they stand there, each once. */
export function receiptLines(text: string): string[] {
  const pattern = /asapp-kit\s+receipt\s+\d+\s*;(?:(?!asapp-kit\s+receipt)[\s\S])*?check\s+[\w-]+(?:\s*-\s*\w+)?/giu;
  const lines = tidied(text).match(pattern) ?? [];
  return [...new Set(lines)];
}

/**
 * Reads a receipt that was copied, wrapped, quoted or retyped. Throws ReceiptError, which says what is wrong and where, for any
 * other text and for one of which a letter changed.
 */
export function parseReceipt(text: string): Receipt {
  const tidy = tidied(text);
  const [, version, rest = ""] = /asapp-kit\s*receipt\s*(\d+)\s*;(.*)$/isu.exec(tidy) ?? [];
  if (version === undefined) throw new ReceiptError(`not a receipt: it begins “${head}; …” and ends with “check …”`);
  if (version !== "1")
    throw new ReceiptError(`a receipt of format ${version}, which this version of the kit cannot read`);
  const parts = rest.split(";").map((part) => part.trim());
  const receipt: Partial<Receipt> = {};
  for (const [i, { word, read }] of fields.entries()) {
    const part = parts[i];
    const name = word || "kind";
    const next = fields[i + 1]?.word ?? "check";
    if (part === undefined || (part === "" && i === parts.length - 1))
      throw new ReceiptError(`the receipt is cut off: it ends before “${name}”`);
    const begins = word === "" || part.toLowerCase().startsWith(`${word} `);
    const value = part.slice(word.length).trim();
    try {
      if (!begins) throw new Error();
      read(value, receipt);
    } catch {
      const where =
        i === parts.length - 1 ? `the receipt is cut off at “${name}”` : `the receipt is mistyped at “${name}”`;
      throw new ReceiptError(
        begins ? `${where}: ${shown(part)}` : `“${name}” is missing before “${next}”, or mistyped: ${shown(part)}`,
      );
    }
  }
  const whole = receipt as Receipt;
  const written = writtenFields(whole);
  const [, check] = /^check\s+(.*)$/is.exec(parts.slice(fields.length).join(";")) ?? [];
  if (check === undefined) throw new ReceiptError("the receipt is cut off: it ends before “check”");
  const expected = checkOf(written).replace("-", "");
  const given = check
    .replace(/\W/g, "")
    .toUpperCase()
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1")
    .slice(0, expected.length);
  if (given.length < expected.length) throw new ReceiptError("the receipt is cut off in “check”, its last part");
  if (given === expected) return whole;
  const wrong = fields.flatMap(({ word }, i) => (given[i] === expected[i] ? [] : [`“${word || "kind"}”`]));
  const places = wrong.length > 0 && wrong.length <= 3 ? wrong.join(", ") : "";
  throw new ReceiptError(
    places
      ? `the receipt is mistyped at ${places}: ${shown(written.filter((_, i) => given[i] !== expected[i]).join("; "))}`
      : "the receipt is mistyped: its parts do not fit its last one, “check”",
  );
}

// Copying changes what is no letter: quotes and dashes become typographic, lines are wrapped and quoted, marks without width
// come in, and accents come apart.
function tidied(text: string): string {
  return text
    .normalize("NFC")
    .replace(/=\r?\n/g, "") // quoted-printable
    .replace(/&nbsp;|&#160;|&#xa0;/gi, " ")
    .replace(/[\p{Cf}]/gu, "")
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/(^|\n)[ \t]*(?:>[ \t]*)+/g, "$1")
    .replace(/\s+/gu, " ");
}

const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's base 32: none is taken for another

function checkOf(written: readonly string[]): string {
  const marks = written.map((text) => letters[Number.parseInt(sha256(text).slice(0, 2), 16) & 31]).join("");
  return `${marks}-${sha256(written.join("; ")).slice(0, 8).toUpperCase()}`;
}

function oneOf<T extends string>(all: readonly T[], text: string): T {
  const found = all.find((one) => one === text.toLowerCase());
  if (found === undefined) throw new Error();
  return found;
}

function instant(text: string | null): string {
  return text ?? "none";
}

function instantIn(text: string): string | null {
  const written = tight(text).toUpperCase();
  if (written === "NONE") return null;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(written) || Number.isNaN(Date.parse(written))) throw new Error();
  return written;
}

function dayIn(text: string): string {
  const day = tight(text);
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || !new Date(`${day}T00:00Z`).toISOString().startsWith(day)) throw new Error();
  return day;
}

function numberIn(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || text === "" || Number.isNaN(value)) throw new Error();
  return value;
}

function tight(text: string): string {
  return text.replace(/\s/gu, "");
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
