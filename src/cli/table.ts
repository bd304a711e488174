import stringWidth from "string-width";

export interface TableColumn {
  name: string;
  right?: boolean; // numbers
}

/** Plain aligned text: a header, a rule, the rows. Lines end where their last word ends. */
export function table(columns: TableColumn[], rows: string[][]): string {
  const widths = columns.map(({ name }, i) =>
    rows.reduce((width, row) => Math.max(width, textWidth(row[i]!)), textWidth(name)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => {
        const gap = " ".repeat(widths[i]! - textWidth(cell));
        return columns[i]!.right ? gap + cell : cell + gap;
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return `${[line(columns.map(({ name }) => name)), rule, ...rows.map(line)].join("\n")}\n`;
}

/** How many terminal cells a text takes: combining marks none, East Asian wide letters, emoji and flags two. */
export function textWidth(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}
