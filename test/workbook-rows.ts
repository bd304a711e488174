import { csvParseRows } from "d3";
import { strFromU8, unzipSync } from "fflate";

type Value = string | number | boolean | null;

/** The values of each sheet of a workbook of ours, by its name; times as Excel's numbers of days. */
export function workbookRows(bytes: Uint8Array): Map<string, Value[][]> {
  const parts = unzipSync(bytes);
  const part = (name: string) => strFromU8(parts[`xl/${name}.xml`]!);
  const names = [...part("workbook").matchAll(/<sheet name="([^"]+)"/g)].map(([, name]) => plain(name!));
  return new Map(names.map((name, i) => [name, rowsOf(part(`worksheets/sheet${i + 1}`))]));
}

function rowsOf(xml: string): Value[][] {
  const width = xml.match(/<col /g)?.length ?? 0;
  return [...xml.matchAll(/<row [^>]*>(.*?)<\/row>/gs)].map(([, cells]) => {
    const row: Value[] = Array(width).fill(null);
    for (const [, letters, attributes, content] of cells!.matchAll(/<c r="([A-Z]+)\d+"([^>]*)>(.*?)<\/c>/gs))
      row[columnOf(letters!)] = cellValue(attributes!, plain(content!.replace(/<[^>]*>/g, "")));
    return row;
  });
}

function cellValue(attributes: string, text: string): Value {
  if (attributes.includes("inlineStr")) return text;
  return attributes.includes('t="b"') ? text === "1" : Number(text);
}

function columnOf(letters: string): number {
  return [...letters].reduce((all, letter) => all * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function plain(xml: string): string {
  const entities = new Map([
    ["lt", "<"],
    ["gt", ">"],
    ["quot", '"'],
    ["amp", "&"],
  ]);
  return xml
    .replace(/&(\w+);/g, (_, name: string) => entities.get(name) ?? "")
    .replace(/_x([0-9A-F]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** The cells of a CSV file, with its head. */
export function csvRows(text: string): string[][] {
  return csvParseRows(text.replace(/^\ufeff/, ""));
}
