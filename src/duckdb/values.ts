import {
  DuckDBArrayValue,
  type DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  type DuckDBResult,
  DuckDBStructValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from "./duckdb-package.ts";

export interface ColumnType {
  name: string;
  type: string; // DuckDB's name: BIGINT, DECIMAL(18,3), VARCHAR[]
}

/**
 * A value that JavaScript holds exactly. Integers are numbers up to 2^53 and bigint beyond; other DECIMALs are numbers up to
 * 15 digits and text beyond; TIMESTAMP is ISO in UTC (`2026-09-01T05:15:00.25Z`), DATE is `2026-09-01`; TIME, INTERVAL, UUID
 * and BLOB are DuckDB's text; lists are arrays, structs and maps are objects.
 */
export type Value = null | boolean | number | bigint | string | Value[] | { [key: string]: Value };

/** The columns of a result, in order. */
export function columnTypes(result: DuckDBResult): ColumnType[] {
  return result
    .columnNames()
    .map((name, i) => ({ name, type: result.columnType(i).alias ?? String(result.columnType(i)) }));
}

/** The rows of a chunk. */
export function rowsOf(chunk: DuckDBDataChunk): Value[][] {
  return chunk.convertRows((value) => plain(value)) as Value[][];
}

function plain(value: DuckDBValue): Value {
  switch (typeof value) {
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
    case "object":
      return value === null ? null : plainObject(value);
    default:
      return value;
  }
}

function plainObject(value: Exclude<DuckDBValue, null | boolean | number | bigint | string>): Value {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return isoTime(value.micros, 6);
  if (value instanceof DuckDBTimestampNanosecondsValue) return isoTime(value.nanos, 9);
  if (value instanceof DuckDBDecimalValue) {
    if (value.scale === 0) return plain(value.value);
    const text = value.toString();
    return text.replace(/\D/g, "").replace(/^0+/, "").length <= 15 ? Number(text) : text;
  }
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(plain);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([key, item]) => [key, plain(item)]));
  }
  if (value instanceof DuckDBMapValue) {
    return Object.fromEntries(value.entries.map(({ key, value: item }) => [String(plain(key)), plain(item)]));
  }
  if (value instanceof DuckDBUnionValue || value instanceof DuckDBVariantValue) return plain(value.value);
  return String(value).replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\S*)$/, "$1T$2Z"); // TIMESTAMP_S and _MS
}

const farthest = 8_640_000_000_000n; // seconds that a JavaScript date can hold

function isoTime(units: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits);
  const fraction = ((units % scale) + scale) % scale;
  const seconds = (units - fraction) / scale;
  if (seconds > farthest || seconds < -farthest) return units > 0n ? "infinity" : "-infinity";
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  if (fraction === 0n) return `${whole}Z`;
  return `${whole}.${String(fraction).padStart(digits, "0").replace(/0+$/, "")}Z`;
}
