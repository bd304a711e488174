import { suggest } from "../../base/suggest.ts";
import { plural } from "../../base/words.ts";
import type { Config } from "../../config/config.ts";
import type { Database } from "../../duckdb/database.ts";

/** The pages' name for contacts without a queue name. */
export const noName = "(no name)";

/** A queue named in kit.yaml or in a file beside it, but in no feed. */
export interface UnknownQueue {
  queue: string;
  suggestion: string | null; // a queue of similar spelling
}

/** Unknown queues of one option. */
export interface NamedQueues {
  option: "site.queue_groups" | "site.open_hours";
  unknown: UnknownQueue[];
}

/** The queue names of the pages: those of windows, of queue entries and of `dim_queues`. */
export async function knownQueues(database: Database): Promise<string[]> {
  const { rows } = await database.rows(`
    select queue from wfm.queue_names
    union select queue_label(queue_name) from (
      select distinct queue_name from issue_queues union select distinct queue_name from dim_queues
    ) where queue_name is not null`);
  return rows.map(([name]) => String(name));
}

/** The names that are not `known`, each with a suggestion. Empty while no queue is known. */
export function unknownOf(names: readonly string[], known: readonly string[]): UnknownQueue[] {
  if (known.length === 0) return [];
  return names.filter((queue) => !known.includes(queue)).map((queue) => ({ queue, suggestion: suggest(queue, known) }));
}

/** The options of kit.yaml that name unknown queues, and so have no effect on them. */
export async function namedQueues(database: Database, { site }: Pick<Config, "site">): Promise<NamedQueues[]> {
  const groups = [...(site.queueGroups ?? [])];
  const hours = [...(site.openHours?.keys() ?? [])].filter((queue) => queue !== "default");
  const members = groups.flatMap(([, queues]) => queues);
  if (members.length + hours.length === 0) return [];
  const known = await knownQueues(database);
  const options: NamedQueues[] = [
    { option: "site.queue_groups", unknown: unknownOf(members, known) },
    // a group has its own opening hours
    { option: "site.open_hours", unknown: unknownOf(hours, [...known, ...groups.map(([name]) => name)]) },
  ];
  return options.filter(({ unknown }) => unknown.length > 0);
}

/** The unknown queues of an option, in words. */
export function namedText({ option, unknown }: NamedQueues): string {
  return `${option} names ${plural(unknown.length, "queue")} that no feed has: ${unknownText(unknown)}`;
}

export const listQueues = 'asapp-kit sql "from wfm.queue_names"';

/** The next step. */
export const namedNext = `name the queues in kit.yaml as in the exports: ${listQueues}`;

/** The first few unknown queues. */
export function unknownText(queues: readonly UnknownQueue[]): string {
  const names = queues.slice(0, 5).map(({ queue, suggestion }) => {
    const meant = suggestion === null ? "" : ` (did you mean "${suggestion}"?)`;
    return `"${queue}"${meant}`;
  });
  return `${names.join(", ")}${queues.length > names.length ? " and others" : ""}`;
}
