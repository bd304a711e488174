import type { NewColumn, TypeChange } from "../../config/config.ts";
import type { Feed } from "../../export/feed.ts";
import type { Found } from "../schema/typing.ts";
import type { StagedColumn } from "../snapshot/snapshot.ts";
import { type FoundKey, mergedColumns, withFound, withKeys } from "./columns.ts";

/** The schema a day is read with. Immutable. */
export interface StageSchema {
  columns: readonly StagedColumn[];
  rescuedKeys: ReadonlySet<string>; // keys without a column
}

/** What a day adds to its schema. */
export interface Learned {
  keys?: readonly FoundKey[]; // that neither columns nor `rescuedKeys` had
  found?: ReadonlyMap<string, ReadonlySet<Found>>; // in columns, by key
}

/** The rules for all days of a feed. */
export interface StageRules {
  key: Pick<Feed, "key" | "renamed">;
  rangesOf: ReadonlySet<string>; // documented columns whose least and largest values are recorded
  onNewColumn: NewColumn;
  onTypeChange: TypeChange;
}

/** The schema of a feed whose days are staged concurrently: each day starts from the current one and adds what it learns. */
export interface SharedSchema {
  rules: StageRules;
  current(): StageSchema;
  /** Adds it; returns the new current schema. */
  learn(learned: Learned): StageSchema;
  /** Adds the columns of a staged day; false when a name would stand for two keys. */
  adopt(columns: readonly StagedColumn[]): boolean;
}

export function sharedSchema(rules: StageRules, start: StageSchema): SharedSchema {
  let schema = start;
  return {
    rules,
    current: () => schema,
    learn(learned) {
      schema = withLearned(schema, learned, rules);
      return schema;
    },
    adopt(columns) {
      const merged = mergedColumns(schema.columns, columns);
      if (merged === null) return false;
      schema = { ...schema, columns: merged };
      return true;
    },
  };
}

// on_new_column    a key without a column        on_type_change   values of another kind than the column had
// evolve           a column, `_rescued` beyond   widen            its type follows from all of them
//                  a thousand of them            rescue, fail     the same while it has no value yet, else nothing
// rescue           `_rescued`
// freeze           nothing: the day is refused
/** The schema with what a day learned. The order of days affects no type, only which of two clashing keys gets the plain name. */
export function withLearned(
  { columns, rescuedKeys }: StageSchema,
  { keys = [], found }: Learned,
  { onNewColumn, onTypeChange }: Pick<StageRules, "onNewColumn" | "onTypeChange">,
): StageSchema {
  const next = (onNewColumn === "evolve" ? withKeys(columns, keys) : columns).map((column) => {
    const kinds = onTypeChange === "widen" || column.untyped ? found?.get(column.key) : undefined;
    return kinds ? withFound(column, kinds) : column;
  });
  if (onNewColumn === "freeze" || keys.length === 0) return { columns: next, rescuedKeys };
  const named = new Set(next.map(({ key }) => key));
  const others = keys.map(({ key }) => key).filter((key) => !named.has(key));
  return { columns: next, rescuedKeys: new Set([...rescuedKeys, ...others]) };
}

/** The keys that a schema lacks. Keys that begin with U+0001 are the kit's own. */
export function unknownKeys({ columns, rescuedKeys }: StageSchema, keys: readonly string[]): string[] {
  const columnKeys = new Set(columns.map(({ key }) => key));
  return keys.filter((key) => !columnKeys.has(key) && !rescuedKeys.has(key) && !key.startsWith("\u0001"));
}
