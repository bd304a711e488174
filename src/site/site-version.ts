import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import type { SiteVersion } from "../../notebooks/components/metrics/site.ts";
import { slashes } from "../base/kit-folders.ts";
import { type AnswerFile, withoutAttachments } from "./attachments.ts";

/** The file that open pages poll once a minute for a newer build. */
export const versionFile = "version.json";

/** The tag of a page that no build has stamped: a page without a version polls nothing. */
export const noVersion = `<meta name="asapp-kit-version" content="">`;

const versionTag = /<meta name="asapp-kit-version" content="[^"]*"[^>]*>/;

/**
 * The version of a built site, which changes exactly when a page, a component or a figure does. The time of the sync does
 * not count: a sync without news changes nothing on a page.
 */
export function siteVersion(pages: { page: string; html: string }[], answers: Map<string, AnswerFile>): string {
  const hash = createHash("sha256");
  for (const { page, html } of pages) hash.update(`${page}\0${withoutAttachments(html).replace(versionTag, "")}\0`);
  for (const { name, source } of answers.values()) hash.update(`${name}\0${figuresOf(name, source)}\0`);
  return hash.digest("hex").slice(0, 16);
}

/** The page with its version and the path of the version file. */
export function stampVersion(html: string, page: string, version: string): string {
  const file = slashes(relative(dirname(page), versionFile));
  const meta = `<meta name="asapp-kit-version" content="${version}" data-file="${file}">`;
  return html.replace(versionTag, meta);
}

export function versionText(version: string, synced: string | null): string {
  return `${JSON.stringify({ version, synced } satisfies SiteVersion)}\n`;
}

function figuresOf(name: string, source: string): string {
  const text = readFileSync(source, "utf8");
  if (name !== "site.json") return text;
  const rows = JSON.parse(text) as Record<string, unknown>[];
  return JSON.stringify(rows.map(({ synced_at: _, ...row }) => row));
}
