import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { slashes } from "../../base/kit-folders.ts";
import { declarationsOf } from "./personal.ts";

/** Personal columns that a loader ships on purpose, with the reason. */
export interface DeclaredColumns {
  dataset: string; // days.json, intraday/[day].json
  columns: string[];
  reason: string;
}

/** The declarations of these loaders. Throws CliError("build") at one without a reason. */
export function declaredColumns(files: readonly string[], loaders: string): DeclaredColumns[] {
  return files.flatMap((file) => {
    const name = slashes(relative(loaders, file));
    const declarations = declarationsOf(`data-loaders/${name}`, readFileSync(file, "utf8"));
    return declarations.map((declaration) => ({ dataset: name.replace(/\.sql$/, ""), ...declaration }));
  });
}

/** The declared columns of a dataset: `intraday/2026-11-21.json` has those of `intraday/[day].json`. */
export function declaredOf(dataset: string, all: readonly DeclaredColumns[]): Set<string> {
  const fits = (pattern: string) =>
    new RegExp(`^${pattern.replace(/[.*+?^${}()|\\]/g, "\\$&").replace(/\[\w+\]/g, "[^/]+")}$`).test(dataset);
  return new Set(all.flatMap(({ dataset: pattern, columns }) => (fits(pattern) ? columns : [])));
}
