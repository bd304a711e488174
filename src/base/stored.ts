import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "./errors.ts";

/** What a JSON file of the data folder holds. */
export interface Stored<T> {
  value: T | null; // null: missing or unusable
  damage: string | null; // why it is unusable; null: it is fine, or missing
}

export type Fields = Record<string, unknown>;

// the file                              value    damage
// is missing                            null     null
// is a folder                           null     it is a folder
// is empty, or all NUL                  null     it is empty
// is cut short                          null     it is cut short, or no JSON
// has another `format`                  null     another version of the kit wrote it
// is null, {}, [], or of another shape  null     it does not say what it should
// is as written                         read     null
/**
 * Reads a JSON file that the kit wrote. `format` is its version number, null for a file without one; `shape` returns its
 * value, or null for a wrong shape. Throws only what would keep any file from being read, such as EACCES.
 */
export function readStored<T>(
  data: string,
  path: string,
  format: number | null,
  shape: (fields: Fields) => T | null,
): Stored<T> {
  const damaged = (damage: string): Stored<T> => ({ value: null, damage });
  let text: string;
  try {
    text = readFileSync(join(data, path), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { value: null, damage: null };
    if (code === "EISDIR") return damaged("it is a folder");
    throw error;
  }
  if (text.replaceAll("\u0000", "").trim() === "") return damaged("it is empty");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return damaged("it is cut short, or no JSON");
  }
  if (!isFields(parsed)) return damaged(wrongShape);
  if (format !== null && parsed.format !== format)
    return damaged(
      typeof parsed.format === "number"
        ? `another version of the kit wrote it (format ${parsed.format}, not ${format})`
        : wrongShape,
    );
  const value = shape(parsed);
  return value === null ? damaged(wrongShape) : { value, damage: null };
}

const wrongShape = "it does not say what it should";

/** True for a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** The values of an object, or the items of a list, if `is` holds for all of them; null otherwise. */
export function allOfKind<T>(values: unknown, is: (value: unknown) => value is T): T[] | null {
  if (typeof values !== "object" || values === null) return null;
  const list = Object.values(values);
  return list.every(is) ? list : null;
}

/** The error for an unusable file of the data folder. */
export function damagedFile(path: string, damage: string, next: string): CliError {
  return new CliError("verifyFailed", `${path} in the data folder cannot be read: ${damage}`, next);
}
