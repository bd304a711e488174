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

/** How many terminal cells a text takes: combining marks none, East Asian wide letters and emoji two. */
export function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const letter of text) {
    if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(letter)) continue;
    width +=
      /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]$|^\p{Emoji_Presentation}$/u.test(
        letter,
      )
        ? 2
        : 1;
  }
  return width;
}
