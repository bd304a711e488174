import { loadRegistry } from "../../export/registry.ts";
import { newColumn } from "./oddities.ts";

/**
 * The daily schema dump, in the shape of the published one: tables with keys, and columns with types and dates. The new
 * column is announced from the day on which it first appears.
 */
export function exportDocs(feeds: readonly string[], announcedOn: string | null): string {
  const registry = loadRegistry();
  const lines = ["schemas:", "  - name: demo", "    tables:"];
  for (const name of feeds) {
    const feed = registry.get(name);
    if (!feed) continue;
    const columns = feed.columns.map((column) => ({
      name: column.name,
      type: column.published ?? column.type.toLowerCase(),
      description: column.doc,
      primary: feed.key.includes(column.name),
      created: column.added,
      deleted: column.deprecated,
    }));
    if (announcedOn !== null && name === newColumn.feed) {
      const description = "Messages drafted from a summary";
      columns.push({ ...newColumn, description, primary: false, created: announcedOn, deleted: null });
    }
    lines.push(
      `      - name: ${name}`,
      "        schema: demo",
      `        description: ${JSON.stringify(feed.doc)}`,
      `        primary_key: ${JSON.stringify(feed.key)}`,
      `        sync_time: ${JSON.stringify(feed.cadenceMinutes === 1440 ? "1d" : "1h")}`,
      '        version: "1"',
      "        columns:",
    );
    for (const { name: column, type, description, primary, created, deleted } of columns) {
      lines.push(
        `          - {name: ${column}, type: ${JSON.stringify(type)}, description: ${JSON.stringify(description)}, ` +
          `pii: null, primary: ${primary}, created_date: ${created}, deleted_date: ${deleted}}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
