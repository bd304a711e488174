import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { loadersFolder, slashes } from "../base/kit-folders.ts";
import type { Project } from "../config/project.ts";
import { loadSnapshot } from "../warehouse/snapshot/snapshot.ts";
import { windowDays } from "../warehouse/wfm/window-days.ts";
import { declaredColumns } from "./privacy/declared.ts";

/** The answer to one .sql file for one set of parameters; pages attach it as FileAttachment("data/<name>"). */
export interface Dataset {
  name: string; // days.json, intraday/2026-11-21.json
  file: string; // data-loaders/days.json.sql
  sql: string; // its text
  parameters: Record<string, string>; // of a file such as [day].json.sql
}

/**
 * One dataset per .sql file. A file called `[day].json.sql` is one per day of `windowDays`, of queue_wfm or of the feed in a
 * comment, "-- Days of: feed"; any other `[name].json.sql` lists its values in a comment, "-- For name: a, b, c".
 */
export function listDatasets(
  { config, data }: Pick<Project, "config" | "data">,
  loaders = loadersFolder,
  snapshot = loadSnapshot(data),
): Dataset[] {
  return loaderFiles(loaders).flatMap((file): Dataset[] => {
    const name = slashes(relative(loaders, file)).replace(/\.sql$/, "");
    const parameter = /\[(\w+)\]/.exec(name)?.[1];
    const sql = readFileSync(file, "utf8");
    if (parameter === undefined) return [{ name, file, sql, parameters: declaredParameter(sql, loaders) }];
    const feed = /^-- Days of: (\w+)$/m.exec(sql)?.[1];
    const values = parameter === "day" ? windowDays(snapshot, config.timezone, feed) : listedValues(sql, parameter);
    return values.map((value) => ({
      name: name.replace(`[${parameter}]`, value),
      file,
      sql,
      parameters: { [parameter]: value },
    }));
  });
}

/** The value of $declared, for a query that names it: the personal columns that all loaders declare, as JSON. */
export function declaredParameter(sql: string, loaders = loadersFolder): Record<string, string> {
  if (!/\$declared\b/.test(sql)) return {};
  const declared = declaredColumns(loaderFiles(loaders), loaders);
  return {
    declared: JSON.stringify(declared.map(({ columns, ...rest }) => ({ ...rest, columns: columns.join(", ") }))),
  };
}

export function loaderFiles(loaders = loadersFolder): string[] {
  return readdirSync(loaders, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sql"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function listedValues(sql: string, parameter: string): string[] {
  const line = new RegExp(`^-- For ${parameter}:(.*)$`, "m").exec(sql)?.[1];
  return (line ?? "")
    .split(",")
    .map((value) => value.trim())
    .filter(Boolean);
}
