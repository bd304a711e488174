import { strFromU8, unzipSync } from "fflate";

/** The texts in a ZIP file whose names end so, such as the parts of a workbook. Throws at a damaged file. */
export function zippedTexts(bytes: Uint8Array, end: string): string[] {
  const parts = unzipSync(bytes, { filter: ({ name }) => name.endsWith(end) });
  return Object.values(parts).map((part) => strFromU8(part));
}
