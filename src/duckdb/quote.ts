import { CliError } from "../base/errors.ts";

/** A name as SQL text: `rep"s` becomes `"rep""s"`. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as SQL text: `it's` becomes `'it''s'`. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\0") ? `(${quoted.replaceAll("\0", "' || chr(0) || '")})` : quoted;
}

/** A list of strings as SQL text: `['a', 'b']`. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(", ")}]`;
}

/** Paths of files as a list for DuckDB's readers, which else take `*`, `?` and `[` in them for patterns. */
export function quoteFiles(paths: readonly string[]): string {
  return quoteList(paths.map(literalPath));
}

/**
 * A path as a pattern that matches it alone. Such a path is found by listing its folders, others are opened at once.
 * Throws CliError("config") where a backslash stands beside such a mark: in a pattern DuckDB takes it for a slash.
 */
export function literalPath(path: string): string {
  if (!path.includes("\\")) return path.replace(/[*?[]/g, "[$&]");
  if (!/[*?[]/.test(path.replace(/\\./gs, ""))) return path;
  throw new CliError(
    "config",
    `DuckDB cannot open a path with a backslash and one of * ? [ in it: ${path}`,
    "rename the folder, or point `data` in kit.yaml elsewhere",
  );
}
