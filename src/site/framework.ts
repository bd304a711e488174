import { existsSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { kitRoot, pagesFolder, slashes } from "../base/kit-folders.ts";
import { madeBy } from "../base/kit-version.ts";
import { openProject } from "../config/project.ts";
import { computeAll, datasetsReady, endWithParent, pagesBuiltFrom, siteOutput } from "./child.ts";
import { dropStaleDatasets, watchSnapshot } from "./dataset-inputs.ts";
import { listDatasets } from "./dataset-list.ts";
import { fillFrameworkCache, refuseNetwork } from "./framework-cache.ts";
import { watchSources } from "./mirror.ts";
import { allowedHosts, guardServers } from "./request-guard.ts";
import { claimSite, requireOwnSite } from "./site-owner.ts";
import { noVersion } from "./site-version.ts";
import { pagesTag } from "./staleness.ts";
import { openWorkspace } from "./workspace.ts";

// In the order of the sidebar. Pages without a file are left out.
const sections = [
  {
    name: "Intraday",
    pages: [
      { name: "Today", path: "/today" },
      { name: "Waiting", path: "/waiting" },
      { name: "Queues", path: "/queues" },
      { name: "Heatmaps", path: "/heatmaps" },
      { name: "Staffing", path: "/staffing" },
      { name: "Baseline accuracy", path: "/accuracy" },
    ],
  },
  { name: "History", pages: [{ name: "Conversations", path: "/conversations" }] },
  {
    name: "Reference",
    pages: [
      { name: "Data health", path: "/health" },
      { name: "Definitions", path: "/definitions" },
    ],
  },
];

/**
 * Framework's configuration. Also prepares what Framework needs before it reads a page: the project's copy of the pages, its
 * library cache, no telemetry, no network. A plain `observable build` or `observable preview` takes the same path.
 */
export async function frameworkConfig(argv = process.argv, env = process.env) {
  env.OBSERVABLE_TELEMETRY_DISABLE = "true";
  endWithParent(env);
  const project = openProject(undefined, env);
  const workspace = openWorkspace(project);
  await fillFrameworkCache(workspace.cache);
  refuseNetwork();
  const preview = argv.includes("preview");
  if (!env[datasetsReady]) await dropStaleDatasets(project);
  if (!env[datasetsReady] && !preview) env[computeAll] = "1";
  if (preview) {
    watchSnapshot(project);
    watchSources(workspace.pages);
    guardServers((env[allowedHosts] ?? "").split(",").filter(Boolean));
  } else if (!env[siteOutput]) {
    requireOwnSite(project, project.config.output);
    claimSite(project, project.config.output);
    rmSync(project.config.output, { recursive: true, force: true });
  }
  const path = (file: string) => slashes(relative(process.cwd(), file));
  const { title } = project.config.site;
  return {
    root: path(workspace.pages),
    output: path(env[siteOutput] ?? project.config.output),
    title,
    home: `<span class="kit-home">${escapeHtml(title)}</span>`,
    pages: sections.map(({ name, pages }) => ({
      name,
      pages: pages.filter(({ path }) => existsSync(join(pagesFolder, `${path}.md`))),
    })),
    preserveExtension: true, // links name files: a host need not map /today to today.html
    preserveIndex: true,
    pager: false,
    toc: false,
    search: false,
    style: "style.css",
    globalStylesheets: [],
    head: head(preview, env[pagesBuiltFrom]),
    header: "",
    footer: footer(),
    interpreters: { ".sql": [process.execPath, join(kitRoot, "dist", "src", "site", "loader.js")] },
    dynamicPaths: () =>
      listDatasets(project)
        .filter(({ parameters }) => Object.keys(parameters).length > 0)
        .map(({ name }) => `/data/${name}`),
  };
}

// Framework inlines modules; its preview also evaluates edited cells and opens a socket.
function head(preview: boolean, builtFrom: string | undefined): string {
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'unsafe-inline'${preview ? " 'unsafe-eval'" : ""}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    `connect-src 'self'${preview ? " ws:" : ""}`,
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'none'",
  ].join("; ");
  return [
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<meta name="referrer" content="no-referrer">`,
    `<meta name="robots" content="noindex">`,
    `<meta name="color-scheme" content="light dark">`,
    `<meta name="application-name" content="${madeBy()}">`, // in saved workbooks
    noVersion,
    ...(builtFrom ? [pagesTag(builtFrom)] : []),
    `<link rel="icon" href="data:image/svg+xml;base64,${Buffer.from(icon).toString("base64")}">`,
    // fonts embedded in saved pictures, fetched on demand
    ...[400, 600].map((weight) => `<link rel="kit-font" data-weight="${weight}" href="/fonts/inter-${weight}.woff2">`),
    `<script>${themeScript}${menuScript}</script>`,
  ].join("\n");
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1f5fae"/><path d="M3 11h2V8H3zM7 11h2V4H7zM11 11h2V6h-2z" fill="#fff"/></svg>`;

// Runs before the first paint, so that the page does not flash in the other theme.
const themeScript = `try{const t=localStorage.getItem("theme");if(t)document.documentElement.dataset.theme=t}catch{}`;

// Below the width from which the menu has its own column, it covers the page: it is closed when a page opens, and by its links.
const menuScript = `
{const wide=matchMedia("(min-width: calc(640px + 6rem + 272px))"); // Framework's
try{if(!wide.matches)sessionStorage.removeItem("observablehq-sidebar")}catch{}
addEventListener("click",({target})=>{
  const menu=document.getElementById("observablehq-sidebar-toggle");
  if(target.closest?.("#observablehq-sidebar a")&&!wide.matches&&menu.checked)menu.click();
})}`;

/** Escapes a text for an HTML element or attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function footer(): string {
  return `${madeBy()}. Aggregates only; see Definitions for what this site holds about people.`;
}
