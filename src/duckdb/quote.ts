import { CliError } from "../base/errors.ts";

/** A name in SQL: `rep"s` becomes `"rep""s"`. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string in SQL: `it's` becomes `'it''s'`. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\0") ? `(${quoted.replaceAll("\0", "' || chr(0) || '")})` : quoted;
}

/** A list of strings in SQL: `['a', 'b']`. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(", ")}]`;
}

/** A list of paths for DuckDB's readers, which would otherwise read `*`, `?` and `[` in them as patterns. */
export function quoteFiles(paths: readonly string[]): string {
  return quoteList(paths.map(literalPath));
}

/**
 * A pattern that matches this path alone. DuckDB lists folders to resolve a pattern, and opens any other path at once.
 * Throws CliError("config") for a path with a backslash and such a character: in a pattern DuckDB reads it as a slash.
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
