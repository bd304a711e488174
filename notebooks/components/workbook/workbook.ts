import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import type { CellValue, SheetColumn } from "./cells.js";
import { mostColumns, mostRows, sheetXml } from "./sheet.js";
import { sheetName } from "./sheet-name.js";
import { styleSheet } from "./styles.js";
import { xmlText } from "./text.js";

// Why not a library (npm, December 2026; 200,000 rows of 10 columns, peak memory, gzip in the browser): exceljs has had no
// release since 2023 (202 MB, 271 kB); write-excel-file holds all rows (636 MB, 20 kB); hucre streams (90 MB, 10 kB), but one
// sheet only, leaves texts beyond the limit of a cell and `_x0041_` as they are, drops infinity, marks no text as one, and is
// two months old. What is left is XML over fflate, which pdfkit brings anyway.

export interface Sheet {
  name: string;
  columns: readonly SheetColumn[];
  rows: Iterable<readonly CellValue[][]> | AsyncIterable<readonly CellValue[][]>; // in batches
}

/** What was written of a sheet's rows. */
export interface WrittenSheet {
  names: string[]; // of the sheets: more than one where the rows did not fit
  rows: number;
  cut: number; // texts
}

export interface Workbook {
  /** Adds a sheet, or several where rows do not fit one, each with the head. */
  sheet(sheet: Sheet): Promise<WrittenSheet>;
  close(): Promise<void>;
}

/** More than a workbook holds. */
export class WorkbookLimitError extends Error {}

/** Compresses the next piece of a file: raw deflate to a whole byte, which pieces before do not change. */
export type Deflate = (bytes: Uint8Array, last: boolean) => Uint8Array<ArrayBuffer>;

/**
 * Writes an Excel workbook in pieces, in bounded memory, compressed by fflate unless there is something faster; the same sheets give the same bytes. Throws WorkbookLimitError for
 * more than 16,384 columns, and for a sheet or file of 4 GiB.
 */
export function openWorkbook(write: (bytes: Uint8Array) => Promise<void> | void, deflate?: Deflate): Workbook {
  const zip = openZip(write, deflate);
  const styles = styleSheet();
  const sheets: { name: string; filter: string | null }[] = [];
  let begun = false;
  return {
    async sheet({ name, columns, rows }) {
      if (columns.length > mostColumns)
        throw new WorkbookLimitError(`${columns.length} columns, but a sheet holds ${mostColumns}`);
      if (!begun) await zip.part("_rels/.rels", packageRelations);
      begun = true;
      const written: WrittenSheet = { names: [], rows: 0, cut: 0 };
      const start = async (sample: readonly CellValue[][]) => {
        const unique = sheetName(
          name,
          sheets.map((sheet) => sheet.name),
        );
        sheets.push({ name: unique, filter: null });
        written.names.push(unique);
        const [xml, part] = [sheetXml(columns, styles), zip.open(`xl/worksheets/sheet${sheets.length}.xml`)];
        await part.write(declaration + xml.start(sample, sheets.length === 1));
        return { xml, part };
      };
      let sheet: Awaited<ReturnType<typeof start>> | null = null;
      const end = async ({ xml, part }: Awaited<ReturnType<typeof start>>) => {
        await part.close(xml.end());
        const last = sheets.at(-1);
        if (last && columns.length > 0) last.filter = xml.filter(last.name);
        written.cut += xml.cut();
      };
      for await (const batch of rows) {
        for (let from = 0; from < batch.length; ) {
          if (sheet?.xml.rows() === mostRows) {
            await end(sheet);
            sheet = null;
          }
          sheet ??= await start(batch.slice(from, from + 200));
          const { xml, part } = sheet;
          const some = batch.slice(from, from + Math.min(2000, mostRows - xml.rows()));
          await part.write(some.map((row) => xml.row(row)).join(""));
          from += some.length;
          written.rows += some.length;
        }
      }
      await end(sheet ?? (await start([])));
      return written;
    },
    async close() {
      const count = sheets.map((_, i) => i + 1);
      await zip.part("xl/styles.xml", styles.xml());
      await zip.part("xl/workbook.xml", workbookXml(sheets));
      await zip.part(
        "xl/_rels/workbook.xml.rels",
        relations([
          ...count.map((n): [string, string] => ["worksheet", `worksheets/sheet${n}.xml`]),
          ["styles", "styles.xml"],
        ]),
      );
      await zip.part("[Content_Types].xml", contentTypes(count));
      await zip.end();
    },
  };
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const openPackage = "http://schemas.openxmlformats.org/package/2006";
const spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const packageRelations = relations([["officeDocument", "xl/workbook.xml"]]);

function relations(targets: [type: string, target: string][]): string {
  const all = targets.map(
    ([type, target], i) => `<Relationship Id="rId${i + 1}" Type="${office}/${type}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="${openPackage}/relationships">${all.join("")}</Relationships>`;
}

function workbookXml(sheets: readonly { name: string; filter: string | null }[]): string {
  const all = sheets.map(({ name }, i) => `<sheet name="${xmlText(name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`);
  const filters = sheets.map(({ filter }, i) =>
    filter === null
      ? ""
      : `<definedName name="_xlnm._FilterDatabase" localSheetId="${i}" hidden="1">${filter}</definedName>`,
  );
  return (
    `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${office}">` +
    `<bookViews><workbookView/></bookViews><sheets>${all.join("")}</sheets>` +
    `<definedNames>${filters.join("")}</definedNames></workbook>`
  );
}

function contentTypes(sheets: readonly number[]): string {
  const part = (name: string, type: string) =>
    `<Override PartName="/xl/${name}.xml" ContentType="${spreadsheet}.${type}+xml"/>`;
  return (
    `<Types xmlns="${openPackage}/content-types">` +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    '<Default Extension="xml" ContentType="application/xml"/>' +
    `${part("workbook", "sheet.main")}${part("styles", "styles")}` +
    `${sheets.map((n) => part(`worksheets/sheet${n}`, "worksheet")).join("")}</Types>`
  );
}

// fflate writes no ZIP64, and wrong sizes beyond 4 GiB.
const mostBytes = 0xffff_ffff;

class ZipDeflatedBy extends ZipPassThrough {
  override compression = 8; // deflate
  readonly #deflate: Deflate;

  constructor(name: string, deflate: Deflate) {
    super(name);
    this.#deflate = deflate;
  }

  protected override process(bytes: Uint8Array, last: boolean): void {
    this.ondata(null, this.#deflate(bytes, last), last);
  }
}

function openZip(write: (bytes: Uint8Array) => Promise<void> | void, deflate?: Deflate) {
  const encoder = new TextEncoder();
  let pending: Uint8Array[] = [];
  let size = 0;
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    pending.push(bytes);
    size += bytes.length;
  });
  const flush = async () => {
    const pieces = pending;
    pending = [];
    for (const piece of pieces) await write(piece);
    if (size > mostBytes) throw new WorkbookLimitError("the workbook grows beyond 4 GiB");
  };
  const open = (name: string) => {
    const file = deflate ? new ZipDeflatedBy(name, deflate) : new ZipDeflate(name, { level: 6 });
    file.mtime = new Date(1980, 0, 1); // as Excel writes
    zip.add(file);
    const push = async (text: string, last: boolean) => {
      file.push(encoder.encode(text), last);
      if (file.size > mostBytes) throw new WorkbookLimitError("a sheet grows beyond 4 GiB");
      await flush();
    };
    return { write: (text: string) => push(text, false), close: (text: string) => push(text, true) };
  };
  return {
    open,
    part: (name: string, xml: string) => open(name).close(declaration + xml),
    async end() {
      zip.end();
      await flush();
    },
  };
}
