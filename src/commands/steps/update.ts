import { toCliError } from "../../base/faults.ts";
import { withLock } from "../../base/lock.ts";
import { duration, minute, plural } from "../../base/words.ts";
import type { Context } from "../../cli/command.ts";
import type { Project } from "../../config/project.ts";
import { quoteText } from "../../duckdb/quote.ts";
import { openCatalog } from "../../warehouse/catalog/catalog.ts";
import { formerSnapshot } from "../../warehouse/snapshot/snapshot.ts";
import { dataThrough } from "../../warehouse/snapshot/through.ts";
import { type UnfitColumn, unfitColumns, unfitNext, unfitText } from "../../warehouse/snapshot/unfit.ts";
import { keylessNext, keylessText, type LackingKey, lackingKeys } from "../../warehouse/stage/keyless.ts";
import { type UpdateOptions, updateWarehouse } from "../../warehouse/update.ts";
import { unmappedNext, unmappedText } from "../../warehouse/wfm/unmapped.ts";
import { columnReports } from "../../warehouse/wfm/wfm-report.ts";
import { refreshCatalog } from "./catalog-file.ts";

/** The outcome of an update of the warehouse, as in `--json`. */
export interface Updated {
  days: number; // days of feeds that were staged
  rows: number; // of these days
  quarantined: number; // unreadable lines of these days
  failed: { feed: string; dt: string; reason: string }[];
  schemaChanges: { feed: string; dt: string; column: string; change: string; detail: string }[];
  unfit: UnfitColumn[]; // columns of these days with values that do not fit
  keyless: LackingKey[]; // keys that rows of these days lack, counted over all days
  warnings: string[];
  dataThrough: string | null; // ISO, UTC: end of the newest complete window of any feed
  seconds: number;
}

/** Updates the warehouse with what the sync fetched, and shows the progress on stderr. Waits for the lock. */
export async function runUpdate(
  project: Project,
  { output, signal, now }: Pick<Context, "output" | "signal" | "now">,
  restage: Pick<UpdateOptions, "days" | "force"> = {},
): Promise<Updated> {
  const started = performance.now();
  const formerFeeds = new Set(Object.keys(formerSnapshot(project.data).feeds));
  const report = await withLock(project, { wait: true, signal }, () =>
    updateWarehouse(project, {
      ...restage,
      signal,
      now,
      onDay: (_day, done, total) => {
        const unit = total === 1 ? "day of a feed" : "days of feeds";
        output.progress({ step: "reading", done, total, unit });
      },
    }),
  );
  output.close();
  for (const { feed, dt, reason } of report.failed)
    output.warn(`${feed}${dt && ` ${dt}`} could not be staged: ${reason}`);
  for (const warning of report.warnings) output.warn(warning);
  const read = new Set(report.days.map(({ feed, dt }) => `${feed} ${dt}`));
  const unfit = unfitColumns(report.snapshot, (feed, { dt }) => read.has(`${feed} ${dt}`));
  for (const column of unfit.slice(0, maxUnfit)) output.warn(`${column.feed}: ${unfitText(column)}`, unfitNext(column));
  if (unfit.length > maxUnfit)
    output.warn(
      `${plural(unfit.length - maxUnfit, "more column")} with values that do not fit`,
      "asapp-kit status names them",
    );
  const keyless = lackingKeys(report.snapshot, (feed, dt) => read.has(`${feed} ${dt}`));
  for (const key of keyless.slice(0, maxUnfit)) output.warn(`${key.feed}: ${keylessText(key)}`, keylessNext(key));
  const empty = unmappedText(columnReports(project.config, report.snapshot));
  if (empty !== null) output.warn(empty, unmappedNext);
  try {
    await refreshCatalog(project, now);
  } catch (error) {
    const { message, next } = toCliError(error);
    output.warn(`the catalog file was not updated: ${message}`, next);
  }
  const sum = (of: "rows" | "quarantined") => report.days.reduce((total, day) => total + day[of], 0);
  return {
    days: report.days.length,
    rows: sum("rows"),
    quarantined: sum("quarantined"),
    failed: report.failed,
    schemaChanges: report.changes
      .filter(({ feed }) => formerFeeds.has(feed)) // a new feed has not changed
      .map(({ feed, dt, column, change, detail }) => ({ feed, dt, column, change, detail })),
    unfit,
    keyless,
    warnings: empty === null ? report.warnings : [...report.warnings, empty],
    dataThrough: dataThrough(report.snapshot)?.toISOString() ?? null,
    seconds: Math.round(performance.now() - started) / 1000,
  };
}

const maxUnfit = 5;

/** The warehouse's part of the text of `sync` and `build`. */
export function updateText(updated: Updated): string {
  const { days, rows, quarantined, unfit, keyless, schemaChanges, dataThrough, seconds } = updated;
  const lines: [string, string][] = [];
  if (days > 0) lines.push(["read", `${plural(rows, "row")} in ${duration(seconds)}`]);
  if (quarantined > 0) lines.push(["unreadable", `${plural(quarantined, "line")}, listed by asapp-kit quarantine`]);
  if (unfit.length > 0) {
    const values = unfit.reduce((sum, column) => sum + column.values, 0);
    const names = unfit.slice(0, 3).map(({ feed, column }) => `${feed}.${column}`);
    const more = unfit.length > names.length ? ", …" : "";
    lines.push(["do not fit", `${plural(values, "value")} of ${names.join(", ")}${more}, named by asapp-kit status`]);
  }
  if (keyless.length > 0) {
    const names = keyless.slice(0, 3).map(({ feed, columns }) => `${feed}.${columns.join("+")}`);
    const more = keyless.length > names.length ? ", …" : "";
    const without = keyless.reduce((sum, key) => sum + key.rows, 0);
    lines.push(["no key", `${plural(without, "row")} without ${names.join(", ")}${more}, named by asapp-kit status`]);
  }
  if (schemaChanges.length > 0)
    lines.push(["schema", `${plural(schemaChanges.length, "change")}, listed by asapp-kit schema --changes`]);
  if (dataThrough !== null) lines.push(["through", minute(new Date(dataThrough))]);
  return lines.map(([what, text]) => `${what.padEnd(10)}  ${text}\n`).join("");
}

/** The first changes of columns, values that do not fit and keys that rows lack, in words; null when there are none. */
export function changesText({ schemaChanges, unfit, keyless }: Updated): string | null {
  const values = new Set(unfit.map(({ feed, column }) => `${feed} ${column}`));
  const changes = schemaChanges.filter(
    ({ feed, column, change }) => change !== "values_rescued" || !values.has(`${feed} ${column}`),
  );
  const all = [
    ...unfit.map((column) => `${column.feed}: ${unfitText(column)}`),
    ...keyless.map((key) => `${key.feed}: ${keylessText(key)}`),
    ...changes.map(({ feed, detail }) => `${feed}: ${detail}`),
  ];
  if (all.length === 0) return null;
  const kinds = [
    ...(unfit.length > 0 ? [`${plural(unfit.length, "column")} with values that do not fit`] : []),
    ...(keyless.length > 0 ? [`${plural(keyless.length, "key")} that rows lack`] : []),
    ...(changes.length > 0 ? [`${plural(changes.length, "change")} of columns`] : []),
  ];
  return `${kinds.join(", ")}: ${all.slice(0, 3).join("; ")}${all.length > 3 ? "; …" : ""}`;
}

/** The number of partitions with fewer or more rows than export_row_counts says. */
export async function differingCounts(project: Project, feeds: string[] | null): Promise<number> {
  const database = await openCatalog(project);
  try {
    const only = feeds === null ? "" : `and feed in (${feeds.map(quoteText).join(", ")})`;
    const { rows } = await database.rows(
      `select count(*) from kit.row_counts where state in ('short', 'over') ${only}`,
    );
    return Number(rows.flat()[0]);
  } finally {
    database.close();
  }
}
