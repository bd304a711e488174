import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "./errors.ts";

/** A JSON file of the data folder, as it was found. */
export interface Stored<T> {
  value: T | null; // null: there is none, or it cannot be used
  damage: string | null; // why it cannot be used; null: nothing is wrong
}

export type Fields = Record<string, unknown>;

// the file                              value    damage
// is not there                          null     null
// is a folder                           null     it is a folder
// is empty, or nothing but NUL          null     it is empty
// ends before its JSON does             null     it is cut short, or no JSON
// has another `format`                  null     another version of the kit wrote it
// is null, {}, [], or otherwise shaped  null     it does not say what it should
// is as it was written                  that     null
/**
 * Reads a JSON file that the kit wrote. `format` is the number that it begins with, null where it has none; `shape` gives
 * what it says, or null where that cannot be. Throws only what keeps every file from being read, such as EACCES.
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
  if (!isFields(parsed)) return damaged(unlike);
  if (format !== null && parsed.format !== format)
    return damaged(
      typeof parsed.format === "number"
        ? `another version of the kit wrote it (format ${parsed.format}, not ${format})`
        : unlike,
    );
  const value = shape(parsed);
  return value === null ? damaged(unlike) : { value, damage: null };
}

const unlike = "it does not say what it should";

/** True for what JSON calls an object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** The values of an object or the items of a list that are all of one kind; null when any is not, or it is neither. */
export function everyOne<T>(values: unknown, is: (value: unknown) => value is T): T[] | null {
  if (typeof values !== "object" || values === null) return null;
  const list = Object.values(values);
  return list.every(is) ? list : null;
}

/** What a reader says of a file of the data folder that cannot be used. */
export function damagedFile(path: string, damage: string, next: string): CliError {
  return new CliError("verifyFailed", `${path} in the data folder cannot be read: ${damage}`, next);
}
