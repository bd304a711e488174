import { readFileSync } from "node:fs";

/** A query from a .sql file. */
export interface SqlFile {
  select: string; // without the leading comments
  needs: string[]; // qualified names of the relations that it reads: "main.issue_queues"
  given: string[]; // relations that the caller supplies: see withRelations
}

const root = new URL("../../../src/", import.meta.url); // this file runs from dist/src/duckdb
const texts = new Map<string, string>();

/** The text of a .sql file, by its path below src/. Read once. */
export function sqlText(path: string): string {
  const text = texts.get(path) ?? readFileSync(new URL(path, root), "utf8");
  texts.set(path, text);
  return text;
}

/** A query from a file, whose leading comments `Needs:` and `Given:` name the relations that it reads. */
export function sqlFile(path: string): SqlFile {
  const [, comment = "", select = ""] = /^((?:--[^\n]*\n)*)([\s\S]*)$/.exec(sqlText(path)) ?? [];
  const lines = comment.split("\n").map((line) => line.replace(/^-- ?/, ""));
  const listAfter = (word: string) =>
    lines.filter((line) => line.startsWith(`${word}: `)).flatMap((line) => line.slice(word.length + 2).split(", "));
  return { select: select.trim(), needs: listAfter("Needs"), given: listAfter("Given") };
}

/** A query with its given relations, each as SQL by its name. */
export function withRelations(given: Readonly<Record<string, string>>, select: string): string {
  const names = Object.entries(given).map(([name, sql]) => `${name} as (\n${sql}\n)`);
  return `with ${names.join(",\n")}\nselect * from (\n${select}\n)`;
}
