import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import type { SiteVersion } from "../../notebooks/components/metrics/site.ts";
import { slashes } from "../base/kit-folders.ts";
import { type Answer, withoutAttachments } from "./attachments.ts";

/** The file that open pages ask for once a minute, to see whether they are of the newest build. */
export const versionFile = "version.json";

/** What every page carries until a build has stamped it: a page without a version asks nothing. */
export const noVersion = `<meta name="asapp-kit-version" content="">`;

const stamped = /<meta name="asapp-kit-version" content="[^"]*"[^>]*>/;

/**
 * The version of a built site: another whenever a page, a component or a figure is another, and the same for the same. The
 * time of the sync is no part of it, for a sync without news changes nothing that is shown.
 */
export function siteVersion(pages: { page: string; html: string }[], answers: Map<string, Answer>): string {
  const hash = createHash("sha256");
  for (const { page, html } of pages)
    hash.update(`${page}\0${withoutAttachments(html).replace(stamped, "")}\0`);
  for (const { name, source } of answers.values()) hash.update(`${name}\0${figuresOf(name, source)}\0`);
  return hash.digest("hex").slice(0, 16);
}

/** The page with the version, and where it finds that of the newest build. */
export function stampVersion(html: string, page: string, version: string): string {
  const file = slashes(relative(dirname(page), versionFile));
  const meta = `<meta name="asapp-kit-version" content="${version}" data-file="${file}">`;
  return html.replace(stamped, meta);
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
