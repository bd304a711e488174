import { sha256 } from "./sha256.js";

/** The columns and rows behind a figure. */
export interface Shown<T> {
  columns: readonly { kind?: "day" | "time" | "share"; value: (row: T) => string | number | null }[];
  rows: readonly T[];
}

/**
 * A digest of the shown values, twelve hex digits: SHA-256 of the rows as JSON, a line each. Times are left out, since browsers
 * write local times in several ways and the place of a row tells its time. Numbers count to seven digits, since browsers differ
 * in the last one of an exponential.
 */
export function valuesDigest<T>({ columns, rows }: Shown<T>): string {
  const counted = columns.filter(({ kind }) => kind !== "time");
  const lines = rows.map((row) => JSON.stringify(counted.map(({ value }) => digits(value(row)))));
  return sha256(lines.join("\n")).slice(0, 12);
}

function digits(value: string | number | null): string | number | null {
  return typeof value === "number" ? Number(value.toPrecision(7)) : value;
}
