import type { StagedColumn, StagePath } from "../snapshot/snapshot.ts";
import { DayRefused } from "./day-files.ts";
import type { DayEvidence } from "./day-summary.ts";
import type { LineCounts } from "./line-counts.ts";
import { type StageRules, type StageSchema, unknownKeys } from "./shared-schema.ts";

/** How a day is read. */
export interface DayState {
  path: StagePath;
  schema: StageSchema; // as it was when the read began
  spelled: ReadonlySet<string>; // time columns that are read in every spelling
  reads: number; // before this one
}

/** The outcome of a read. `schema` is the feed's afterwards: with what this day learned, and others meanwhile. */
export type Outcome = { schema: StageSchema } & (
  | { is: "unfit" } // a value does not fit its type
  | { is: "lost" } // a line is no object, or rows and lines do not agree
  | { is: "outgrown" } // rows already staged do not fit these columns
  | { is: "unknown"; keys: readonly string[]; unknown: readonly string[]; error: Error } // a key has no column
  | { is: "uncast"; columns: readonly string[] } // times that a cast does not read
  | { is: "written"; unfit: readonly StagedColumn[]; evidence: DayEvidence } // unfit: with values in `_rescued`
);

/** What to do next. */
export type Step =
  | { do: "read"; state: DayState } // again
  | { do: "keep"; evidence: DayEvidence }
  | { do: "refuse"; error: Error };

const mostReads = 20;
const mostRescuedKeys = 20_000;

// a file of the day has                                             the day is read
// lines that do not begin an object, decimals beyond a DOUBLE       careful: line by line
// other long numbers                                                text
// neither                                                           typed
/** How a day is read first. `spelled`: time columns that were read in every spelling before. */
export function firstState(
  files: readonly Pick<LineCounts, "odd" | "long" | "lossy">[],
  schema: StageSchema,
  spelled: readonly string[] = [],
): DayState {
  const some = (what: "odd" | "long" | "lossy") => files.some((counts) => counts[what] > 0);
  const path = some("odd") || some("lossy") ? "careful" : some("long") ? "text" : "typed";
  return { path, schema, spelled: new Set(spelled), reads: 0 };
}

// path          outcome                                                     next
// typed         a value does not fit                                        read as text
// text          a value does not fit                                        read line by line
// typed, text   a line is no object, rows are lost                          read line by line
// careful       either                                                      refuse: a fault of the kit
// any           rows already staged do not fit the columns                  refuse: the day is read without them
// any           new keys, and on_new_column is freeze                       refuse
// any           new keys, with which too many have no column                refuse
// any           new keys, or another day brought them meanwhile             read with the present schema
// any           an unknown key, though the schema has all keys              refuse: what DuckDB says
// any           times that a cast does not read                             read those columns in every spelling
// any           values do not fit, and on_type_change is fail               refuse
// any           columns have another type by now                            read with the present schema
// any           anything else that is written                               keep
// any           the twentieth read, and it must be read again               refuse: a fault of the kit
/** The next step after a read. Pure. */
export function next(
  state: DayState,
  outcome: Outcome,
  { onNewColumn, onTypeChange }: Pick<StageRules, "onNewColumn" | "onTypeChange">,
): Step {
  const { path, schema } = state;
  const again = (change: Partial<DayState> = {}): Step => {
    if (state.reads + 1 >= mostReads) return fault("the day does not settle on a schema");
    return { do: "read", state: { ...state, schema: outcome.schema, ...change, reads: state.reads + 1 } };
  };
  switch (outcome.is) {
    case "unfit":
      if (path === "typed") return again({ path: "text" });
      return path === "text" ? again({ path: "careful" }) : fault("rows are lost");
    case "lost":
      return path === "careful" ? fault("rows are lost") : again({ path: "careful" });
    case "outgrown":
      return refuse("rows already staged do not fit the columns");
    case "unknown": {
      const { unknown, keys, error } = outcome;
      if (unknown.length > 0 && onNewColumn === "freeze")
        return refuse(
          `new ${unknown.length === 1 ? "column" : "columns"} ${unknown.join(", ")}, and on_new_column is freeze`,
        );
      if (outcome.schema.rescuedKeys.size > mostRescuedKeys)
        return refuse(`more than ${mostRescuedKeys} keys without a column: are they values?`);
      return unknownKeys(schema, keys).length > 0 ? again() : { do: "refuse", error };
    }
    case "uncast":
      return again({ spelled: new Set([...state.spelled, ...outcome.columns]) });
    case "written": {
      const [unfit] = outcome.unfit;
      if (unfit && onTypeChange === "fail")
        return refuse(`values of ${unfit.name} are no ${unfit.type}, and on_type_change is fail`);
      return haveOtherTypes(schema, outcome.schema) ? again() : { do: "keep", evidence: outcome.evidence };
    }
  }
}

function haveOtherTypes({ columns }: StageSchema, now: StageSchema): boolean {
  const byKey = new Map(now.columns.map((column) => [column.key, column]));
  return columns.some(({ key, type, untyped }) => {
    const column = byKey.get(key);
    return column?.type !== type || column.untyped !== untyped;
  });
}

function refuse(reason: string): Step {
  return { do: "refuse", error: new DayRefused(reason) };
}

function fault(what: string): Step {
  return { do: "refuse", error: new Error(`internal: ${what}`) };
}
