import { xmlText } from "./text.js";

/** How a cell looks. */
export interface Style {
  format?: string | undefined; // Excel's number format; General by default
  head?: boolean; // of the first row
  wrap?: boolean;
  quoted?: boolean; // a text that stays one when it is entered again
}

const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';

/** The styles that a workbook uses, numbered as they come. */
export function styleSheet() {
  const formats: string[] = [];
  const cells = new Map<string, number>();
  const numbers = new Map<string, number>(); // of styles, by their members
  const index = (style: Style): number => {
    const { format = "General", head = false, wrap = false, quoted = false } = style;
    const key = `${format} ${head} ${wrap} ${quoted}`;
    const number = numbers.get(key) ?? added({ format, head, wrap, quoted });
    numbers.set(key, number);
    return number;
  };
  const added = ({ format, head, wrap, quoted }: Required<Style> & { format: string }): number => {
    if (format !== "General" && !formats.includes(format)) formats.push(format);
    const id = format === "General" ? 0 : 164 + formats.indexOf(format); // those below are built in
    const cell =
      `<xf numFmtId="${id}" fontId="${head ? 1 : 0}" fillId="${head ? 2 : 0}" borderId="0" xfId="0"` +
      `${id ? ' applyNumberFormat="1"' : ""}${head ? ' applyFont="1" applyFill="1"' : ""}${quoted ? ' quotePrefix="1"' : ""}` +
      (wrap ? ' applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>' : "/>");
    const at = cells.get(cell) ?? cells.size;
    cells.set(cell, at);
    return at;
  };
  index({});
  return {
    index,
    xml: () =>
      `<styleSheet ${main}>` +
      (formats.length === 0
        ? ""
        : `<numFmts count="${formats.length}">${formats
            .map((format, i) => `<numFmt numFmtId="${164 + i}" formatCode="${xmlText(format)}"/>`)
            .join("")}</numFmts>`) +
      '<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>' +
      '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>' +
      '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>' +
      '<fill><patternFill patternType="solid"><fgColor rgb="FFECEFF3"/><bgColor indexed="64"/></patternFill></fill></fills>' +
      '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
      '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
      `<cellXfs count="${cells.size}">${[...cells.keys()].join("")}</cellXfs>` +
      '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
  };
}
