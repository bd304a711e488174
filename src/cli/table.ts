import stringWidth from "string-width";

export interface TableColumn {
  name: string;
  right?: boolean; // right-aligned
}

/** Plain aligned text: a header, a rule, the rows. Lines have no trailing space. */
export function table(columns: TableColumn[], rows: string[][]): string {
  const aligned = columns.map(({ name, right = false }, i) => ({
    right,
    width: rows.reduce((width, row) => Math.max(width, textWidth(row[i] ?? "")), textWidth(name)),
  }));
  const line = (cells: string[]) =>
    aligned
      .map(({ right, width }, i) => {
        const cell = cells[i] ?? "";
        const gap = " ".repeat(width - textWidth(cell));
        return right ? gap + cell : cell + gap;
      })
      .join("  ")
      .trimEnd();
  const rule = aligned.map(({ width }) => "-".repeat(width)).join("  ");
  return `${[line(columns.map(({ name }) => name)), rule, ...rows.map(line)].join("\n")}\n`;
}

/** The width of a text in terminal cells: none for combining marks, two for East Asian wide letters, emoji and flags. */
export function textWidth(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}
