import { readFileSync, statSync } from "node:fs";
import { parseReceipt, type Receipt, ReceiptError, receiptLines } from "../../notebooks/components/receipt/receipt.ts";
import { zippedTexts } from "../../notebooks/components/workbook/unzip.ts";
import { CliError } from "../base/errors.ts";

const mostBytes = 256 * 1024 * 1024;
const longestPath = 1000;

/**
 * The receipts in an argument: a receipt, "-" for those on stdin, or a file that carries some: PNG, SVG, PDF, HTML, Excel, CSV
 * or text. Throws CliError("usage") for anything else, and says where a receipt is damaged.
 */
export function readReceipts(argument: string, stdin: () => string = () => readFileSync(0, "utf8")): Receipt[] {
  if (argument === "-") return receiptsIn(stdin(), "stdin");
  if (/asapp-kit\s*receipt\s*\d/i.test(argument)) return receiptsIn(argument, null);
  const stats = argument.length > longestPath ? undefined : statSync(argument, { throwIfNoEntry: false });
  if (stats === undefined) {
    const isName = /^\S+\.\w{2,5}$/.test(argument);
    throw new CliError(
      "usage",
      isName ? `no such file: ${argument}` : `not a receipt: ${argument.slice(0, 60)}`,
      "name a file, or the receipt itself in quotes: it begins “asapp-kit receipt 1; …” and ends with “check …”",
    );
  }
  if (!stats.isFile()) throw new CliError("usage", `not a file: ${argument}`, "name a file, or the receipt itself");
  if (stats.size > mostBytes) throw new CliError("usage", `${argument} is too large to carry a receipt`);
  return receiptsIn(textOf(argument, readFileSync(argument)), argument);
}

function receiptsIn(text: string, place: string | null): Receipt[] {
  const lines = [...receiptLines(text), ...receiptLines(text.replace(/<[^>]*>/g, " "))]; // in a picture, each line is an element
  const receipts = lines.flatMap(readable);
  if (receipts.length > 0) return distinct(receipts);
  if (/asapp-kit\s+receipt/i.test(text)) return [parsed(lines[0] ?? text, place === null ? "" : `${place}: `)]; // says where it is wrong
  throw new CliError(
    "usage",
    `${place} carries no receipt`,
    "chats and screenshots drop it from a picture: type the small line at its foot, in quotes",
  );
}

// A file holds a receipt more than once, in parts where the picture shows it.
function readable(line: string): Receipt[] {
  try {
    return [parseReceipt(line)];
  } catch (error) {
    if (!(error instanceof ReceiptError)) throw error;
    return [];
  }
}

function parsed(text: string, place: string): Receipt {
  try {
    return parseReceipt(text);
  } catch (error) {
    if (!(error instanceof ReceiptError)) throw error;
    throw new CliError(
      "usage",
      `${place}${error.message}`,
      "copy it again, from “asapp-kit receipt” to its last letter",
    );
  }
}

// A receipt is the same with and without the letters that ASCII lacks.
function distinct(receipts: readonly Receipt[]): Receipt[] {
  return [...new Map(receipts.map((receipt) => [JSON.stringify(receipt), receipt])).values()];
}

// The metadata of pictures and PDF hold it in ASCII letters, uncompressed.
function textOf(file: string, bytes: Uint8Array): string {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  if (!isZip) return Buffer.from(bytes).toString("utf8");
  try {
    return zippedTexts(bytes, ".xml").join("\n");
  } catch (error) {
    throw new CliError("usage", `${file} is a damaged workbook: ${(error as Error).message}`);
  }
}
