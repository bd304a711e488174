import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { slashes } from "../../base/kit-folders.ts";
import { declarationsOf } from "./personal.ts";

/** A personal column that a loader ships all the same, and why. */
export interface Declared {
  dataset: string; // days.json, intraday/[day].json
  columns: string[];
  reason: string;
}

/** What these loaders of a folder declare. Throws CliError("build") at a declaration without a reason. */
export function declaredColumns(files: readonly string[], loaders: string): Declared[] {
  return files.flatMap((file) => {
    const name = slashes(relative(loaders, file));
    const declarations = declarationsOf(`data-loaders/${name}`, readFileSync(file, "utf8"));
    return declarations.map((declaration) => ({ dataset: name.replace(/\.sql$/, ""), ...declaration }));
  });
}

/** The declared columns of one dataset, by its name: those of `intraday/[day].json` for `intraday/2026-11-21.json`. */
export function declaredOf(dataset: string, all: readonly Declared[]): Set<string> {
  const fits = (pattern: string) =>
    new RegExp(`^${pattern.replace(/[.*+?^${}()|\\]/g, "\\$&").replace(/\[\w+\]/g, "[^/]+")}$`).test(dataset);
  return new Set(all.flatMap(({ dataset: pattern, columns }) => (fits(pattern) ? columns : [])));
}
