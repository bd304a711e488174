// What opening a database and reading its values need of DuckDB's package, which is 91 files; scripts/compile.js makes one of
// them, and leaves the native library where it is.
export {
  DuckDBArrayValue,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBMapValue,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  DuckDBStructValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
  StatementType,
} from "@duckdb/node-api";
