import { own } from "../../base/names.ts";
import type { Database } from "../../duckdb/database.ts";
import type { Found, Kind } from "../schema/typing.ts";
import type { StagedColumn } from "../snapshot/snapshot.ts";
import { foundIn } from "./discover.ts";
import { foundBeyond, type RescuedValues } from "./inspect.ts";
import { rescuedName, type StageQuery } from "./stage-sql.ts";

/** What the values of a day are, by key. */
export interface DayTypes {
  /** Of documented columns what goes beyond their declared type, of others everything. `long`: numbers may be long. */
  all(
    columns: readonly StagedColumn[],
    rescued: ReadonlyMap<string, RescuedValues>,
    long: boolean,
  ): Promise<Map<string, Set<Found>>>;
  undocumented(columns: readonly StagedColumn[]): Promise<Map<string, Set<Found>>>;
}

const beyondDeclared: [declared: string, kind: Found][] = [
  ["BIGINT", "decimal"],
  ["BIGINT", "huge"],
  ["DATE", "timestamp"],
];

/** Looks in the day's Parquet file, and in the files it came from, each key once. `before`: found in rows taken over, by column. */
export function dayTypes(
  db: Database,
  parquet: string,
  { files, longest }: Pick<StageQuery, "files" | "longest">,
  before: Readonly<Record<string, Found[]>>,
): DayTypes {
  const read = new Map<string, Set<Found>>();
  const inFiles = async (keys: string[]): Promise<Map<string, Set<Found>>> => {
    const unread = keys.filter((key) => !read.has(key));
    if (unread.length > 0 && files.length > 0) {
      const paths = files.map(({ path }) => path);
      for (const [key, found] of await foundIn(db, paths, unread, longest)) read.set(key, found);
    }
    return new Map(keys.map((key) => [key, new Set(read.get(key))]));
  };
  const undocumented: DayTypes["undocumented"] = async (columns) => {
    const others = columns.filter(({ documented }) => !documented);
    const all = await inFiles(others.map(({ key }) => key));
    for (const { key, name } of others) for (const kind of own(before, name) ?? []) all.get(key)!.add(kind);
    return all;
  };
  return {
    undocumented,
    async all(columns, rescued, long) {
      const all = await undocumented(columns);
      const add = (key: string, found: Iterable<Found>) =>
        all.set(key, new Set([...(all.get(key) ?? []), ...found]));
      const beyond = await foundBeyond(
        db,
        parquet,
        columns
          .filter(({ documented }) => documented)
          .map(({ name, type, declared }) => ({ name, type, declared: declared ?? type })),
        long,
      );
      const large = columns.filter(({ name, type }) => type === "DOUBLE" && beyond.get(name)?.has("huge"));
      const texts = await inFiles(large.map(({ key }) => key));
      for (const { key, name } of large) {
        const found = beyond.get(name)!;
        found.delete("huge");
        for (const kind of texts.get(key)!) if (kind === "huge" || kind === "decimal") found.add(kind);
      }
      for (const column of columns) {
        const { key, name, type, declared = type, documented } = column;
        const kinds: ReadonlySet<Kind | Found> = rescued.get(rescuedName(column))?.kinds ?? new Set();
        if (documented) {
          const found = beyondDeclared.filter(([of, kind]) => of === declared && kinds.has(kind));
          add(key, [
            ...(beyond.get(name) ?? []),
            ...found.map(([, kind]) => kind),
            ...(own(before, name) ?? []),
          ]);
          // What a DOUBLE has in _rescued is what it would have rounded.
          if (type === "DOUBLE" && (kinds.has("wide") || kinds.has("huge"))) add(key, ["wide"]);
          // Half a surrogate pair: a text, of which the cleaned line has nothing.
        } else if (kinds.size > 0 && (!column.untyped || all.get(key)!.size === 0)) add(key, ["text"]);
      }
      return all;
    },
  };
}
