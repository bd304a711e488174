import { type Names, noNames } from "../../base/names.ts";
import type { Feed } from "../../export/feed.ts";
import type { SchemaChange } from "./schema-change.ts";

/** A table of the export's schema document, export_docs.yaml. Everything but the name may be missing. */
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
 * Parses export_docs.yaml. Its structure is not published, so tables are found anywhere: in `schemas: [{tables}]`,
 * `tables: […]`, a plain list, or maps by name. Unknown content is skipped. Null if the text is not YAML.
 */
export async function parseDocs(text: string): Promise<DocTable[] | null> {
  const { parseAllDocuments } = await import("../../base/yaml-package.ts");
  const tops: unknown[] = [];
  try {
    for (const document of parseAllDocuments(text, { logLevel: "error", uniqueKeys: false })) {
      if (document.errors.length > 0) return null;
      tops.push(document.toJS({ maxAliasCount: -1 })); // aliases are not copied, and `maxVisits` bounds the traversal
    }
  } catch {
    return null;
  }
  const tables = new Map<string, DocTable>();
  for (const top of tops) for (const [name, value] of tablesIn(top)) tables.set(name, tableOf(name, value));
  return [...tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

// difference from the document before          change                          class
// additional table                             table_announced                 announced
// missing table                                table_removed                   breaking
// additional column                            column_announced                announced
// missing column, no deletion date before      column_removed                  breaking
// missing column with a deletion date before   column_removed                  deprecation
// another family of type                       type_announced                  breaking
// another key, another version                 key_changed, version_changed    breaking
// new date of deprecation or deletion          deprecated                      deprecation
// new date of end of life                      end_of_life                     end_of_life
/** The differences between two documents, by table. For the first document, only dates are differences. */
export function compareDocs(before: DocTable[] | null, after: DocTable[], dt: string): Names<SchemaChange[]> {
  const changes = noNames<SchemaChange[]>();
  const old = new Map(before?.map((table) => [table.name, table]));
  for (const table of after) {
    const former = old.get(table.name);
    const list: SchemaChange[] = [];
    if (before && !former) {
      const detail = `the schema document of ${dt} adds the table ${table.name}`;
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
    list.push(...tableChanges(former, table, dt), ...columnChanges(former, table, dt));
    if (list.length > 0) changes[table.name] = list;
    old.delete(table.name);
  }
  for (const { name, version } of old.values()) {
    const detail = `${name} is no longer in the schema document`;
    changes[name] = [{ dt, column: "", change: "table_removed", class: "breaking", from: version, to: null, detail }];
  }
  return changes;
}

/** The differences of a document from the registry: unknown columns, and other families of type. */
export function compareWithRegistry(feed: Pick<Feed, "columns">, table: DocTable, dt: string): SchemaChange[] {
  const registered = new Map(feed.columns.map((column) => [column.name, column]));
  return table.columns.flatMap(({ name, type }): SchemaChange[] => {
    const column = registered.get(name);
    if (!column) {
      const detail = `the schema document has ${name}, which is not in the registry`;
      return [{ dt, column: name, change: "column_announced", class: "announced", from: null, to: type, detail }];
    }
    const [registeredFamily, documentedFamily] = [typeFamily(column.published), typeFamily(type)];
    if (registeredFamily === null || documentedFamily === null || registeredFamily === documentedFamily) return [];
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

/** The family of a published type: `varchar(191)` and `character varying` are both text. */
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

function tableChanges(former: DocTable | undefined, table: DocTable, dt: string): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const add = (
    change: SchemaChange["change"],
    kind: SchemaChange["class"],
    from: string | null,
    to: string | null,
    detail: string,
  ) => changes.push({ dt, column: "", change, class: kind, from, to, detail });
  const { name } = table;
  if (former?.version && table.version && former.version !== table.version)
    add(
      "version_changed",
      "breaking",
      former.version,
      table.version,
      `${name} changes from version ${former.version} to ${table.version}`,
    );
  if (former && former.key.length > 0 && table.key.length > 0 && former.key.join() !== table.key.join())
    add(
      "key_changed",
      "breaking",
      former.key.join(", "),
      table.key.join(", "),
      `the key of ${name} is now ${table.key.join(", ")}`,
    );
  const replacement = table.replacement ? `; it is replaced by ${table.replacement}` : "";
  if (table.deprecated && table.deprecated !== former?.deprecated)
    add(
      "deprecated",
      "deprecation",
      former?.deprecated ?? null,
      table.deprecated,
      `${name} is deprecated from ${table.deprecated} on${replacement}`,
    );
  if (table.endOfLife && table.endOfLife !== former?.endOfLife)
    add(
      "end_of_life",
      "end_of_life",
      former?.endOfLife ?? null,
      table.endOfLife,
      `${name} reaches its end of life on ${table.endOfLife}${replacement}`,
    );
  return changes;
}

function columnChanges(former: DocTable | undefined, table: DocTable, dt: string): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const old = new Map(former?.columns.map((column) => [column.name, column]));
  for (const { name, type, deleted } of table.columns) {
    const before = old.get(name);
    old.delete(name);
    const base = { dt, column: name };
    if (former && !before)
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
        detail: `${name} is announced as ${type}, formerly ${before.type}`,
      });
    if (former && deleted && deleted !== before?.deleted)
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
      dt,
      column: name,
      change: "column_removed",
      from: type,
      to: null,
      class: deleted ? "deprecation" : "breaking",
      detail: `${name} is no longer in the schema document`,
    });
  return changes;
}

type Fields = Record<string, unknown>;

const maxDepth = 4; // nesting of maps
const maxVisits = 200_000;

// A table is a map with columns, named by a field or by its key. Aliases may be recursive or expand without bound: nested
// lists count towards the depth like maps, and the number of visits is limited.
function* tablesIn(value: unknown, depth = 0, key = "", visits = { left: maxVisits }): Generator<[string, Fields]> {
  visits.left -= 1;
  if (depth > maxDepth || visits.left < 0) return;
  if (Array.isArray(value)) {
    for (const item of value) yield* tablesIn(item, depth + Number(Array.isArray(item)), "", visits);
    return;
  }
  if (!isFields(value)) return;
  const name = text(value.name ?? value.table ?? value.table_name ?? value.feed) ?? key;
  if (value.columns !== undefined || value.fields !== undefined) {
    if (name) yield [name, value];
    return;
  }
  for (const [inner, item] of Object.entries(value)) yield* tablesIn(item, depth + 1, inner, visits);
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
