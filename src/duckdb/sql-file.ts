import { readFileSync } from "node:fs";

/** A query that has a file of its own. */
export interface SqlFile {
  select: string; // without the comments before it
  needs: string[]; // relations it reads, by their qualified names: "main.issue_queues"
  given: string[]; // relations that whoever runs it brings: see withRelations
}

const root = new URL("../../../src/", import.meta.url); // this file runs from dist/src/duckdb
const texts = new Map<string, string>();

/** The text of a file of SQL, by its path below src/. It is read when it is first asked for. */
export function sqlText(path: string): string {
  const text = texts.get(path) ?? readFileSync(new URL(path, root), "utf8");
  texts.set(path, text);
  return text;
}

/**
 * A query of a file. The comments before it say what one row is; those that begin with `Needs:` and `Given:` name the
 * relations that it reads.
 */
export function sqlFile(path: string): SqlFile {
  const [, comment = "", select = ""] = /^((?:--[^\n]*\n)*)([\s\S]*)$/.exec(sqlText(path)) ?? [];
  const lines = comment.split("\n").map((line) => line.replace(/^-- ?/, ""));
  const named = (word: string) =>
    lines.filter((line) => line.startsWith(`${word}: `)).flatMap((line) => line.slice(word.length + 2).split(", "));
  return { select: select.trim(), needs: named("Needs"), given: named("Given") };
}

/** A query with relations that it takes for given, each as SQL that selects it, by its name. */
export function withRelations(given: Readonly<Record<string, string>>, select: string): string {
  const names = Object.entries(given).map(([name, sql]) => `${name} as (\n${sql}\n)`);
  return `with ${names.join(",\n")}\nselect * from (\n${select}\n)`;
}
