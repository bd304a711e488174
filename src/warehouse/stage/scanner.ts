import { own } from "../../base/names.ts";
import { isExactDouble } from "./line-counts.ts";

export interface Member {
  key: string; // as written, with quotes
  value: string; // as written
  lossy: boolean; // has a decimal that DOUBLE cannot hold
  broken: boolean; // has half a surrogate pair
}

/** The message says what is wrong, and where. */
export class Malformed extends Error {
  override name = "Malformed";
}

const deepest = 500;
const tooEarly = "malformed JSON: the line ends too early";
const numberPattern = /-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|nan|inf(?:inity)?)/iy;

/** Reads a line as a JSON object and keeps values as written. Accepts what DuckDB accepts, NaN and trailing commas included. */
export class Scanner {
  private readonly text: string;
  private at = 0;
  private lossy = false;
  private broken = false;

  constructor(text: string) {
    this.text = text;
  }

  /** The members in order. Throws Malformed. */
  object(): Member[] {
    const members: Member[] = [];
    this.space();
    if (this.text[this.at] !== "{") throw new Malformed(this.otherThanObject());
    this.at += 1;
    while (!this.ended("}")) {
      const from = this.at;
      this.string();
      const key = this.text.slice(from, this.at);
      this.space();
      this.expect(":");
      this.space();
      const start = this.at;
      this.lossy = false;
      this.broken = false;
      this.value(0);
      const value = this.text.slice(start, this.at);
      members.push({ key, value, lossy: this.lossy, broken: this.broken });
      this.comma("}");
    }
    this.space();
    if (this.at < this.text.length) throw this.malformed("after the object");
    return members;
  }

  private otherThanObject(): string {
    const first = this.text.charAt(this.at);
    this.value(0);
    this.space();
    if (this.at < this.text.length) return this.malformed().message;
    const kind = own({ "[": "an array", '"': "a string", n: "null", t: "a boolean", f: "a boolean" }, first);
    return `${kind ?? "a number"}, not an object`;
  }

  private value(depth: number): void {
    const { text } = this;
    const first = text[this.at];
    if (first === '"') this.string();
    else if (first === "{" || first === "[") this.container(depth);
    else if (first === "t") this.word("true");
    else if (first === "f") this.word("false");
    else if (text.startsWith("null", this.at)) this.word("null");
    else this.number();
  }

  private container(depth: number): void {
    if (depth >= deepest) throw this.malformed(`deeper than ${deepest} levels`);
    const end = this.text[this.at] === "{" ? "}" : "]";
    this.at += 1;
    while (!this.ended(end)) {
      if (end === "}") {
        this.string();
        this.space();
        this.expect(":");
        this.space();
      }
      this.value(depth + 1);
      this.comma(end);
    }
  }

  private string(): void {
    this.expect('"');
    const { text } = this;
    for (let at = this.at; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code > 92) continue;
      this.at = at + 1;
      if (code === 34) return;
      if (code === 92) {
        this.escape();
        at = this.at - 1;
      } else if (code < 32) throw this.malformed("at a control character in a string", -1);
      else if (Number.isNaN(code)) throw new Malformed(tooEarly);
    }
  }

  private escape(): void {
    const code = this.text[this.at];
    this.at += 1;
    if (code === "u") {
      const unit = this.unit();
      if (unit < 0xd800 || unit > 0xdfff) return;
      const paired = unit < 0xdc00 && this.text.startsWith("\\u", this.at);
      if (paired) {
        this.at += 2;
        const low = this.unit();
        if (low >= 0xdc00 && low <= 0xdfff) return;
        this.at -= 6; // not a low surrogate: an escape of its own
      }
      this.broken = true;
    } else if (!code || !'"\\/bfnrt'.includes(code)) throw this.malformed("at an escape", -1);
  }

  private unit(): number {
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.malformed("at an escape");
    this.at += 4;
    return Number.parseInt(digits, 16);
  }

  private number(): void {
    numberPattern.lastIndex = this.at;
    if (!numberPattern.test(this.text)) throw this.malformed();
    const digits = this.text.slice(this.at, numberPattern.lastIndex);
    this.at = numberPattern.lastIndex;
    if (digits.length >= 16 && /^-?\d+[.eE]/.test(digits) && !isExactDouble(digits)) this.lossy = true;
  }

  private word(word: string): void {
    if (!this.text.startsWith(word, this.at)) throw this.malformed();
    this.at += word.length;
  }

  private ended(end: string): boolean {
    this.space();
    if (this.text[this.at] !== end) return false;
    this.at += 1;
    return true;
  }

  private comma(end: string): void {
    this.space();
    if (this.text[this.at] !== end) this.expect(",");
  }

  private expect(character: string): void {
    if (this.text[this.at] !== character) throw this.malformed();
    this.at += 1;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 9 && code !== 13 && code !== 10) return;
      this.at += 1;
    }
  }

  private malformed(where = "", offset = 0): Malformed {
    const at = this.at + offset;
    if (at >= this.text.length) return new Malformed(tooEarly);
    return new Malformed(`malformed JSON at character ${at + 1}${where && `, ${where}`}`);
  }
}
