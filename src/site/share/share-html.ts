import { createHash } from "node:crypto";
import { join } from "node:path";
import { build } from "esbuild";
import {
  type Annotation,
  annotationsFor,
  annotationsWithin,
} from "../../../notebooks/components/metrics/annotations/annotation.ts";
import type { QueueDay } from "../../../notebooks/components/metrics/day-file.ts";
import { allQueues } from "../../../notebooks/components/metrics/interval.ts";
import { closeQueueOf } from "../../../notebooks/components/metrics/queues/at-close.ts";
import { daysLater } from "../../../notebooks/components/metrics/time-zone.ts";
import { markup, type Picture, picture } from "../../../notebooks/components/picture/picture.ts";
import { asciiReceipt } from "../../../notebooks/components/receipt/receipt.ts";
import { type DayFacts, dayTable } from "../../../notebooks/components/share/day-card.ts";
import type { SharedPage } from "../../../notebooks/components/share/share-page.ts";
import { kitRoot } from "../../base/kit-folders.ts";
import { madeBy } from "../../base/kit-version.ts";
import { escapeHtml } from "../framework.ts";
import type { DayData } from "./share.ts";
import { pageCss, pictureFonts } from "./share-image.ts";
import { withDocument } from "./svg-document.ts";

/** The script of a shared page: the components of the Today page in one bundle that loads nothing. */
export async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: kitRoot,
    entryPoints: [join("notebooks", "components", "share", "share-page.ts")],
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: ["es2022", "chrome96", "firefox96", "safari16"],
    minify: true,
    legalComments: "none",
    logLevel: "silent",
  });
  return outputFiles.map(({ text }) => text.trim()).join("\n");
}

/** The data of a shared page: the day of one queue, or of all queues to choose from. */
export function sharedPage(
  { site, days, day, series, weekBefore, comparison, loads, queues }: DayData,
  { queue, grain, generated, asOf }: { queue: string | null } & Pick<SharedPage, "grain" | "generated" | "asOf">,
): SharedPage {
  const ofQueue = (all: readonly QueueDay[]) =>
    queue === null ? [...all] : [...all.filter((of) => of.queue === queue), ...zeroWindow(all)];
  return {
    site: { ...site, annotations: annotationsShown(site, queue, day) },
    day,
    comparison,
    loads:
      queue === null
        ? loads.map(({ queue, kind, patience, concurrency }) => ({ queue, kind, patience, concurrency }))
        : [{ queue, kind: "queue", ...closeQueueOf(loads, queue) }],
    grain,
    generated,
    asOf,
    days: days.filter((entry) => entry.day === day || entry.day === daysLater(day, -7)),
    series: ofQueue(series),
    weekBefore: ofQueue(weekBefore),
    queues: queue === null ? queues.filter((name) => series.some((of) => of.queue === name)) : [queue],
  };
}

// Those of other queues and days are not the reader's.
function annotationsShown({ annotations, timezone }: DayData["site"], queue: string | null, day: string): Annotation[] {
  return annotationsWithin(annotationsFor(annotations, queue ?? allQueues), day, day, timezone);
}

/**
 * One HTML file that works as a mail attachment: it holds its script, style and data, and its policy lets it load nothing.
 * Where scripts are off, as in the preview of a mail program, it shows the picture and its table.
 */
export function sharedHtml(page: SharedPage, parts: Picture, facts: DayFacts, script: string): string {
  const fonts = pictureFonts();
  const still = withDocument(() => markup(picture(parts, fonts)) + markup(dayTable(facts)));
  const data = JSON.stringify(page).replaceAll("<", "\\u003c");
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${createHash("sha256").update(script).digest("base64")}'`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "font-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="application-name" content="${madeBy()}">
${parts.receipt ? `<meta name="receipt" content="${asciiReceipt(parts.receipt)}">` : ""}
${fonts.map(({ weight, woff2 }) => `<link rel="kit-font" data-weight="${weight}" href="data:font/woff2;base64,${woff2}">`).join("\n")}
<title>${escapeHtml(`${parts.title} | ${page.site.title}`)}</title>
<style>
${pageCss()
  .replace(/@import[^;]*;/g, "")
  .replaceAll("</", "<\\/")}
${pageStyle}
</style>
</head>
<body>
<main id="shared-page"><div class="shared-still">${still}</div></main>
<script type="application/json" id="shared-data">${data}</script>
<script>${script}</script>
</body>
</html>
`;
}

// The page infers from other queues whether the export writes rows of zeros for idle queues; this stub of a row stands for them.
function zeroWindow(series: readonly QueueDay[]): QueueDay[] {
  const zero = series.find(
    ({ queue, assigned, abandoned }) =>
      queue !== allQueues && assigned.some((count, i) => count === 0 && abandoned[i] === 0),
  );
  if (!zero) return [];
  const empty = Object.fromEntries(
    Object.entries(zero).map(([name, value]) => [name, Array.isArray(value) ? [] : value]),
  );
  return [{ ...(empty as unknown as QueueDay), queue: "", weeks: null, assigned: [0], abandoned: [0], merged: [null] }];
}

const pageStyle = `
body { margin: 0; background: var(--paper); color: var(--ink); }
#shared-page { max-width: 1000px; margin: 1.5rem auto; padding: 0 1rem; }
.shared-still svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; }
th { text-align: left; }
td { border-top: 1px solid var(--rule-2); }
.masthead h1 { font-size: 1.8rem; }
.masthead .kicker { padding-left: 0; }
.filters { position: static; margin: 0; }
.receipt { color: var(--ink-3); font-size: 0.7rem; line-height: 1.4; overflow-wrap: anywhere; }
`;
