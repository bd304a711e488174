import type { Config } from "../../config/config.ts";
import type { Database } from "../../duckdb/database.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { sqlFile } from "../../duckdb/sql-file.ts";
import { figureInputsSelect } from "../wfm/figure-inputs.ts";
import { noName } from "../wfm/named-queues.ts";

/** A view over other views: rows of feeds as contacts, or as windows of queues and queue groups. */
export interface Derived {
  schema: "history" | "wfm" | "kit";
  name: string;
  needs: string[];
  select: string;
}

/** The views behind the pages, each with the qualified names it needs. */
export function derivedRelations(config: Pick<Config, "site">): Derived[] {
  return [
    queueGroups(config),
    { schema: "kit", name: "figure_inputs", needs: ["kit.partitions", "wfm.days"], select: figureInputsSelect() },
    viewFile("history", "queue_names", "history-queue-names.sql"),
    viewFile("history", "visits", "visits.sql"),
    viewFile("history", "contacts", "contacts.sql"),
    viewFile("history", "flow", "flow.sql"),
    viewFile("history", "queue_windows", "queue-windows.sql"),
    viewFile("history", "scored", "scored.sql"),
    viewFile("history", "slots", "slots.sql"),
    viewFile("wfm", "queue_names", "queue-names.sql"),
    viewFile("wfm", "queue_states", "queue-states.sql"),
    viewFile("wfm", "intraday", "intraday.sql"),
    viewFile("wfm", "merged", "merged.sql"),
  ];
}

function viewFile(schema: Derived["schema"], name: string, file: string): Derived {
  const { needs, select } = sqlFile(`warehouse/wfm/${file}`);
  return { schema, name, needs, select };
}

/** Views with a local `day` in each row that many datasets read, each after those that it reads. */
export const keptRelations = [
  "history.windows",
  "history.days",
  "history.visits",
  "history.contacts",
  "history.flow",
  "history.queue_windows",
  "history.scored",
  "history.slots",
  "wfm.intraday",
  "wfm.merged",
  "wfm.queue_states",
];

/** Materializes views that many datasets read, once per catalog. */
export async function keepDerived(database: Database, names = keptRelations): Promise<void> {
  for (const name of names) {
    await database.run(`create table ${name}_kept as from ${name}`);
    await database.run(`create or replace view ${name} as from ${name}_kept`);
  }
}

/** A hash of the rows of each day, in any order. */
export async function contentByDay(database: Database, name: string): Promise<Record<string, string>> {
  const { rows } = await database.rows(
    `select day::varchar, count(*) || ' ' || sum(hash(kept)::hugeint) from ${name} as kept group by day order by day`,
  );
  return Object.fromEntries(rows.map(([day, content]) => [String(day), String(content)]));
}

/** kit.queue_groups: one row per group and queue of kit.yaml, under the names of the pages. A queue is in one group at most. */
function queueGroups({ site }: Pick<Config, "site">): Derived {
  const rows = [...(site.queueGroups ?? [])].flatMap(([group, queues]) =>
    queues.map(
      (queue) => `(${quoteText(group)}, ${queue === noName ? quoteText(noName) : `queue_label(${quoteText(queue)})`})`,
    ),
  );
  const types = "cast(null as varchar), cast(null as varchar)";
  return {
    schema: "kit",
    name: "queue_groups",
    needs: [],
    select: rows.length
      ? `select * from (values ${rows.join(", ")}) as groups (queue_group, queue)`
      : `select * from (select ${types}) as groups (queue_group, queue) where false`,
  };
}
