import { type Names, noNames } from "../../base/names.ts";
import type { Feed } from "../../export/feed.ts";
import type { SchemaChange } from "./schema-change.ts";

/** A table as the export's own schema document describes it. Everything but the name may be missing. */
export interface DocTable {
  name: string;
  version: string | null;
  key: string[];
  order: string[];
  deprecated: string | null; // YYYY-MM-DD
  endOfLife: string | null; // YYYY-MM-DD
  replacement: string | null;
  columns: DocColumn[];
}

export interface DocColumn {
  name: string;
  type: string | null; // as written
  deleted: string | null; // YYYY-MM-DD
}

/**
 * Reads export_docs.yaml. Its shape is not published: tables are taken from wherever they are, as `schemas: [{tables}]`,
 * `tables: […]`, a plain list, or maps by name, and what is unknown or unreadable is passed over. Null: no YAML at all.
 */
export async function parseDocs(text: string): Promise<DocTable[] | null> {
  const { parseAllDocuments } = await import("../../base/yaml-package.ts");
  const tops: unknown[] = [];
  try {
    for (const document of parseAllDocuments(text, { logLevel: "error", uniqueKeys: false })) {
      if (document.errors.length > 0) return null;
      tops.push(document.toJS({ maxAliasCount: -1 })); // what they share is not copied, and `mostLooks` bounds the rest
    }
  } catch {
    return null;
  }
  const tables = new Map<string, DocTable>();
  for (const top of tops) for (const [name, value] of tablesIn(top)) tables.set(name, tableOf(name, value));
  return [...tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

// what a document says that the one before did not     change                class
// a table more                                         table_announced       announced
// a table less                                         table_removed         breaking
// a column more                                        column_announced      announced
// a column less, not said to be deleted before         column_removed        breaking
// a column less, said to be deleted before             column_removed        deprecation
// another kind of type                                 type_announced        breaking
// another key, another version                         key_changed, version_changed    breaking
// a date of deprecation or deletion                    deprecated            deprecation
// a date of end of life                                end_of_life           end_of_life
/** The differences between two documents, by table. Without one before, nothing is new but dates. */
export function compareDocs(before: DocTable[] | null, after: DocTable[], dt: string): Names<SchemaChange[]> {
  const changes = noNames<SchemaChange[]>();
  const old = new Map(before?.map((table) => [table.name, table]));
  for (const table of after) {
    const was = old.get(table.name);
    const list: SchemaChange[] = [];
    if (before && !was) {
      const detail = `the schema document of ${dt} has a new table ${table.name}`;
      list.push({
        dt,
        column: "",
        change: "table_announced",
        class: "announced",
        from: null,
        to: table.version,
        detail,
      });
    }
    list.push(...tableChanges(was, table, dt), ...columnChanges(was, table, dt));
    if (list.length > 0) changes[table.name] = list;
    old.delete(table.name);
  }
  for (const { name, version } of old.values()) {
    const detail = `${name} is no longer in the schema document`;
    changes[name] = [
      { dt, column: "", change: "table_removed", class: "breaking", from: version, to: null, detail },
    ];
  }
  return changes;
}

/** What the document says otherwise than the registry: columns that it does not know, and another kind of type. */
export function compareWithRegistry(
  feed: Pick<Feed, "columns">,
  table: DocTable,
  dt: string,
): SchemaChange[] {
  const known = new Map(feed.columns.map((column) => [column.name, column]));
  return table.columns.flatMap(({ name, type }): SchemaChange[] => {
    const column = known.get(name);
    if (!column) {
      const detail = `the schema document has ${name}, which the registry does not know`;
      return [
        { dt, column: name, change: "column_announced", class: "announced", from: null, to: type, detail },
      ];
    }
    const [here, there] = [typeFamily(column.published), typeFamily(type)];
    if (here === null || there === null || here === there) return [];
    const detail = `${name} is ${type} in the schema document, ${column.published} in the registry`;
    return [
      {
        dt,
        column: name,
        change: "type_announced",
        class: "breaking",
        from: column.published,
        to: type,
        detail,
      },
    ];
  });
}

/** The kind of value behind a published type: `varchar(191)` and `character varying` are both text. */
export function typeFamily(type: string | null): string | null {
  const name = type?.toLowerCase() ?? "";
  if (/char|text|string|uuid/.test(name)) return "text";
  if (/bool/.test(name)) return "boolean";
  if (/timestamp|datetime/.test(name)) return "time";
  if (/^date\b/.test(name)) return "date";
  if (/int|double|float|real|numeric|decimal|number/.test(name)) return "number";
  if (/json|super|struct|array|map/.test(name)) return "nested";
  return null;
}

function tableChanges(was: DocTable | undefined, table: DocTable, dt: string): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const add = (
    change: SchemaChange["change"],
    kind: SchemaChange["class"],
    from: string | null,
    to: string | null,
    detail: string,
  ) => changes.push({ dt, column: "", change, class: kind, from, to, detail });
  const { name } = table;
  if (was?.version && table.version && was.version !== table.version)
    add(
      "version_changed",
      "breaking",
      was.version,
      table.version,
      `${name} goes from version ${was.version} to ${table.version}`,
    );
  if (was && was.key.length > 0 && table.key.length > 0 && was.key.join() !== table.key.join())
    add(
      "key_changed",
      "breaking",
      was.key.join(", "),
      table.key.join(", "),
      `the key of ${name} is now ${table.key.join(", ")}`,
    );
  const instead = table.replacement ? `; ${table.replacement} replaces it` : "";
  if (table.deprecated && table.deprecated !== was?.deprecated)
    add(
      "deprecated",
      "deprecation",
      was?.deprecated ?? null,
      table.deprecated,
      `${name} is deprecated from ${table.deprecated} on${instead}`,
    );
  if (table.endOfLife && table.endOfLife !== was?.endOfLife)
    add(
      "end_of_life",
      "end_of_life",
      was?.endOfLife ?? null,
      table.endOfLife,
      `${name} ends on ${table.endOfLife}${instead}`,
    );
  return changes;
}

function columnChanges(was: DocTable | undefined, table: DocTable, dt: string): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const old = new Map(was?.columns.map((column) => [column.name, column]));
  for (const { name, type, deleted } of table.columns) {
    const before = old.get(name);
    old.delete(name);
    const base = { dt, column: name };
    if (was && !before)
      changes.push({
        ...base,
        change: "column_announced",
        class: "announced",
        from: null,
        to: type,
        detail: `${name} is announced`,
      });
    const [from, to] = [typeFamily(before?.type ?? null), typeFamily(type)];
    if (before && from && to && from !== to)
      changes.push({
        ...base,
        change: "type_announced",
        class: "breaking",
        from: before.type,
        to: type,
        detail: `${name} is announced as ${type}, was ${before.type}`,
      });
    if (was && deleted && deleted !== before?.deleted)
      changes.push({
        ...base,
        change: "deprecated",
        class: "deprecation",
        from: before?.deleted ?? null,
        to: deleted,
        detail: `${name} is deprecated from ${deleted} on`,
      });
  }
  for (const { name, type, deleted } of old.values())
    changes.push({
      ...{ dt, column: name, change: "column_removed", from: type, to: null },
      class: deleted ? "deprecation" : "breaking",
      detail: `${name} is no longer in the schema document`,
    } satisfies SchemaChange);
  return changes;
}

type Fields = Record<string, unknown>;

const deepest = 4; // maps within each other
const mostLooks = 200_000;

// A table is whatever has columns, under its own name or that of its key. An alias may name what it stands in, or make much
// of little: lists count as maps do where they are in each other, and no document is looked through without end.
function* tablesIn(
  value: unknown,
  depth = 0,
  key = "",
  looks = { left: mostLooks },
): Generator<[string, Fields]> {
  looks.left -= 1;
  if (depth > deepest || looks.left < 0) return;
  if (Array.isArray(value)) {
    for (const item of value) yield* tablesIn(item, depth + Number(Array.isArray(item)), "", looks);
    return;
  }
  if (!isFields(value)) return;
  const name = text(value.name ?? value.table ?? value.table_name ?? value.feed) ?? key;
  if (value.columns !== undefined || value.fields !== undefined) {
    if (name) yield [name, value];
    return;
  }
  for (const [inner, item] of Object.entries(value)) yield* tablesIn(item, depth + 1, inner, looks);
}

function tableOf(name: string, table: Fields): DocTable {
  const columns = namedItems(table.columns ?? table.fields).map(([column, fields]) => ({
    name: column,
    type: text(fields.type ?? fields.data_type),
    deleted: date(fields.deleted_date ?? fields.deleted ?? fields.deprecation_date ?? fields.deprecated),
    primary: fields.primary === true,
  }));
  const key = list(table.primary_key ?? table.unique_key ?? table.key);
  return {
    name,
    version: text(table.version),
    key: key.length > 0 ? key : columns.filter(({ primary }) => primary).map((column) => column.name),
    order: list(table.ordering_key ?? table.order),
    deprecated: date(table.deprecation_date ?? table.deprecated),
    endOfLife: date(table.actual_eol_date ?? table.expected_eol_date ?? table.end_of_life),
    replacement: text(table.replacement_table ?? table.replacement),
    columns: columns.map(({ primary: _, ...column }) => column),
  };
}

function namedItems(value: unknown): [string, Fields][] {
  if (Array.isArray(value)) {
    return value.flatMap((item): [string, Fields][] => {
      if (typeof item === "string") return [[item, {}]];
      const name = isFields(item) ? text(item.name ?? item.column ?? item.column_name) : null;
      return name ? [[name, item as Fields]] : [];
    });
  }
  if (!isFields(value)) return [];
  return Object.entries(value).map(([name, item]) => [name, isFields(item) ? item : { type: item }]);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function list(value: unknown): string[] {
  const items = Array.isArray(value) ? value : (text(value)?.split(",") ?? []);
  return items.map((item) => text(item)?.trim() ?? "").filter((item) => item !== "");
}

function text(value: unknown): string | null {
  if (typeof value === "string") return value.trim() || null;
  return typeof value === "number" ? String(value) : null;
}

function date(value: unknown): string | null {
  const written = value instanceof Date ? value.toISOString() : text(value);
  return /^\d{4}-\d\d-\d\d/.exec(written ?? "")?.[0] ?? null;
}
