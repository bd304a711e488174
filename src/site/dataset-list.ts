import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { timeZone } from "../../notebooks/components/time-zone.ts";
import type { Project } from "../project.ts";
import { loadSnapshot } from "../warehouse/snapshot.ts";
import { loadersFolder, slashes } from "./folders.ts";

/** What a page asks for as FileAttachment("data/<name>"): the answer to one .sql file, for one set of parameters. */
export interface Dataset {
  name: string; // days.json, intraday/2026-11-21.json
  file: string; // data-loaders/days.json.sql
  sql: string; // its text
  parameters: Record<string, string>; // of a file such as [day].json.sql
}

/**
 * One dataset per .sql file. A file called `[day].json.sql` is one per day with WFM windows; any other `[name].json.sql`
 * lists its values in a comment, "-- For name: a, b, c".
 */
export function listDatasets(project: Project, loaders = loadersFolder): Dataset[] {
  return loaderFiles(loaders).flatMap((file): Dataset[] => {
    const name = slashes(relative(loaders, file)).replace(/\.sql$/, "");
    const parameter = /\[(\w+)\]/.exec(name)?.[1];
    const sql = readFileSync(file, "utf8");
    if (parameter === undefined) return [{ name, file, sql, parameters: {} }];
    const values = parameter === "day" ? intradayDays(project) : listedValues(sql, parameter);
    return values.map((value) => ({
      name: name.replace(`[${parameter}]`, value),
      file,
      sql,
      parameters: { [parameter]: value },
    }));
  });
}

export function loaderFiles(loaders = loadersFolder): string[] {
  return readdirSync(loaders, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sql"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * The days, in the site's zone, that the intraday pages show: those with WFM windows, newest 92. A UTC day touches
 * two local ones, so the first or last may turn out empty.
 */
function intradayDays(project: Project, limit = 92): string[] {
  const { feeds } = loadSnapshot(project.data);
  const zone = timeZone(project.config.timezone);
  const days = new Set<string>();
  for (const { dt } of feeds.queue_wfm?.days ?? []) {
    const start = Date.parse(`${dt}T00:00:00Z`);
    days.add(zone.date(start)).add(zone.date(start + 86_399_999));
  }
  return [...days].sort().slice(-limit);
}

function listedValues(sql: string, parameter: string): string[] {
  const line = new RegExp(`^-- For ${parameter}:(.*)$`, "m").exec(sql)?.[1];
  return (line ?? "")
    .split(",")
    .map((value) => value.trim())
    .filter(Boolean);
}
