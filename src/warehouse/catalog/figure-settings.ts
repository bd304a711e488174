import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { type Config, policyOf, selectFeed } from "../../config/config.ts";
import type { Feed } from "../../export/feed.ts";
import { annotationsOf } from "../annotations/annotations.ts";
import { figureFeeds } from "../wfm/figure-inputs.ts";
import { counts, type KitTable, texts } from "./kit-source.ts";

/** A group of settings that reach the figures of a day, with the digest of its values. */
export interface FigureSetting {
  place: number; // in a receipt
  name: string; // where it is set
  digest: string; // four hex digits
}

/** The settings that reach the figures of the Today page, in the order of a receipt. */
export function figureSettings(config: Config, feeds: ReadonlyMap<string, Feed>): FigureSetting[] {
  const { site, timezone, company, environment, source, sync } = config;
  const { thresholdCounts, ...wfm } = site.wfm;
  const wfmFeed = selectFeed(config, "queue_wfm");
  const rules = figureFeeds.map((name) => {
    const { key, order, renamed, latestOnly, columns } = feeds.get(name) ?? {};
    const selected = selectFeed(config, name);
    const types = columns?.map((column) => [column.name, column.type]);
    return [key, order, renamed, latestOnly, types, policyOf(config, name), selected?.version, selected?.format];
  });
  const groups: [name: string, value: unknown][] = [
    [
      "the source: company, environment, bucket",
      [company, environment, source?.type, wfmFeed?.bucket, wfmFeed?.prefix],
    ],
    ["timezone", timezone],
    ["site.service_level", [site.serviceLevel, thresholdCounts]],
    ["site.wfm", wfm],
    ["site.queue_groups", entries(site.queueGroups)],
    ["site.open_hours", entries(site.openHours)],
    [
      "site.exclude_days and annotations",
      [[...site.excludedDays.keys()].sort(), annotationsOf(config).excludingContent()],
    ],
    ["site.privacy", site.privacy],
    ["site.forecast", contentOf(site.forecast)],
    ["site.schedule", contentOf(site.schedule)],
    ["feeds: their keys, types and versions", [rules, sync.futureHours]],
  ];
  return groups.map(([name, value], i) => ({ place: i + 1, name, digest: shortDigest(JSON.stringify(value)) }));
}

/** kit.figure_settings. */
export function figureSettingsTable(config: Config, feeds: ReadonlyMap<string, Feed>): KitTable {
  return {
    types: { ...counts("place"), ...texts("name", "digest") },
    rows: figureSettings(config, feeds).map((setting) => ({ ...setting })),
  };
}

function entries<T>(map: ReadonlyMap<string, T> | null): [string, T][] | null {
  return map && [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function contentOf(file: string | null): string | null {
  if (file === null || !existsSync(file)) return null;
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function shortDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 4);
}
