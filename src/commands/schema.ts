import { CliError } from "../base/errors.ts";
import { command } from "../cli/command.ts";
import { checkFeeds } from "../cli/feed-names.ts";
import { writeRows } from "../cli/formats.ts";
import type { Project } from "../config/project.ts";
import { openProject } from "../config/project.ts";
import type { Database } from "../duckdb/database.ts";
import { quoteName, quoteText } from "../duckdb/quote.ts";
import type { Value } from "../duckdb/values.ts";

export default command({
  summary: "a feed's columns, and how they changed",
  about: "filled is the share of the feed's rows (one per key) in which the column is not null.",
  positionals: { name: "FEED", least: 0, most: 1 },
  options: {
    changes: {
      type: "boolean",
      doc: "the history instead: columns that came, went, came back or changed their type",
    },
  },
  examples: [
    ["asapp-kit schema convos_metrics", "what the columns are called and mean"],
    ["asapp-kit schema --changes", "what changed in any feed so far"],
  ],
  async run(options, [feed], { config, output }) {
    if (feed === undefined && !options.changes)
      throw new CliError(
        "usage",
        "FEED is missing",
        "asapp-kit schema FEED, or asapp-kit schema --changes for all feeds",
      );
    const project = openProject(config);
    checkFeeds(project, feed === undefined ? [] : [feed]);
    const listed =
      options.changes || feed === undefined ? await schemaChanges(project, feed) : await schemaColumns(project, feed);
    if (output.json) await output.document(listed.objects);
    else await output.result(listed.text);
    return undefined;
  },
});

interface Listed {
  objects: Record<string, Value>[];
  text: string; // as a table
}

/** A feed's columns: type, key, share of rows with a value, first and last day, meaning. */
async function schemaColumns(project: Project, feed: string): Promise<Listed> {
  return withCatalog(project, async (database) => list(database, columns(feed, await filled(database, feed))));
}

/** The changes of the columns of one feed, or of all, oldest first. */
async function schemaChanges(project: Project, feed: string | undefined): Promise<Listed> {
  return withCatalog(project, (database) => list(database, changes(feed)));
}

async function withCatalog<T>(project: Project, work: (database: Database) => Promise<T>): Promise<T> {
  const { openCatalog } = await import("../warehouse/catalog/catalog.ts");
  const database = await openCatalog(project);
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

async function list(database: Database, query: string): Promise<Listed> {
  const { columns, rows } = await database.rows(query);
  let text = "";
  async function* batches() {
    yield rows;
  }
  await writeRows({ columns, batches: batches() }, "table", async (part) => {
    text += part;
  });
  return {
    objects: rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null]))),
    text,
  };
}

function changes(feed: string | undefined): string {
  const where = feed === undefined ? "" : `where feed = ${quoteText(feed)}`;
  return `select feed, dt, "column", class, change, "from", "to", detail from kit.schema_changes ${where} order by feed, dt, "column"`;
}

function columns(feed: string, share: Map<string, number | null>): string {
  const shares = JSON.stringify([...share].map(([name, filled]) => ({ name, filled })));
  return `select
    "column", type, case when key then 'key' end as key, s.filled, first_seen, last_seen,
    concat_ws('; ', case when assumed then 'assumed name' end, case when not documented then 'not documented' end,
      'deprecated ' || deprecated, nullif(doc, '')) as doc
  from kit.columns as c
  left join (select unnest(from_json(${quoteText(shares)}, '[{"name": "VARCHAR", "filled": "DOUBLE"}]'), recursive := true)) as s
    on s.name = c."column"
  where feed = ${quoteText(feed)} order by position`;
}

/** The share of rows with a value, by column; null without rows. */
async function filled(database: Database, feed: string): Promise<Map<string, number | null>> {
  const listed = await database.rows(
    `select "column" from kit.columns where feed = ${quoteText(feed)} order by position`,
  );
  const names = listed.rows.map(([name]) => String(name));
  if (names.length === 0) return new Map();
  const shares = names.map((name) => `round(count(${quoteName(name)}) / count(*), 4)`);
  const { rows } = await database.rows(`select ${shares.join(", ")} from ${quoteName(feed)}`);
  const [values = []] = rows;
  return new Map(names.map((name, i) => [name, values[i] as number | null]));
}
