import type { SiteVersion } from "../metrics/site.js";
import { html, whenIdle } from "../picture/dom.js";

// the site's version   its sync        page busy   tried before   action
// same                 any             -           -              nothing
// another              before ours     -           -              nothing: the host lags behind
// another              same or later   yes         -              offer
// another              same or later   no          yes            offer: the host still served the previous page
// another              same or later   no          no             renew
/** Whether to reload an open page: at most once per version, so that it never loops. */
export function renewalOf(
  site: SiteVersion,
  page: { version: string; synced: string | null; busy: boolean; tried: readonly string[] },
): "nothing" | "offer" | "renew" {
  if (site.version === page.version) return "nothing";
  if ((site.synced ?? "") < (page.synced ?? "")) return "nothing";
  return page.busy || page.tried.includes(site.version) ? "offer" : "renew";
}

/** Whether a reload would lose something: the reader edits, has something open or has selected text. */
export function isBusy(page: Document = document): boolean {
  const editing = page.activeElement?.matches(
    "input, select, textarea, [contenteditable]:not([contenteditable=false])",
  );
  if (editing || page.querySelector(opened) !== null) return true;
  return page.getSelection()?.isCollapsed === false;
}

const opened = [
  "dialog[open]",
  "[role=dialog]",
  "[role=menu]:not([hidden])",
  "[aria-expanded=true]",
  "#observablehq-main details[open]",
  ".drivers",
  "[aria-invalid=true]", // input not saved anywhere yet
].join(", ");

const askEvery = 60_000;
const lookEvery = 5_000;

/** The site's server by its last answer: its clock and its newest sync. */
export interface ServerState {
  ahead: number | null; // milliseconds by which its clock is ahead of this device's
  synced: string | null;
}

/**
 * Asks the site once a minute for a newer build, and reloads the page if there is one and the reader is not busy. Calls
 * `tick` every few seconds with the server's state. A page without a build's stamp, as in a preview, does not ask.
 */
export function followSite(synced: string | null, tick: (server: ServerState) => void): void {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="asapp-kit-version"]');
  const version = meta?.content ?? "";
  const server: ServerState = { ahead: null, synced: null };
  const bar = html("div", { class: "renewal", role: "status" });
  document.body.append(bar);
  let lastAsked = Number.NEGATIVE_INFINITY;
  let newest: SiteVersion | null = null;

  const act = () => {
    if (newest === null) return;
    const action = renewalOf(newest, { version, synced, busy: isBusy(), tried: tried() ?? [newest.version] });
    if (action === "renew") renew(newest.version);
    else if (action === "nothing") bar.replaceChildren();
    else if (!bar.hasChildNodes()) bar.append(...offer(newest.version));
  };
  const ask = async () => {
    lastAsked = performance.now();
    const begun = Date.now();
    try {
      const answer = await fetch(new URL(meta?.dataset.file ?? "", document.baseURI), { cache: "no-store" });
      if (!answer.ok) return;
      const date = Date.parse(answer.headers.get("Date") ?? "");
      const age = Number(answer.headers.get("Age") ?? 0) * 1000 || 0; // of a cached answer
      if (!Number.isNaN(date)) server.ahead = date + age - (begun + Date.now()) / 2;
      const { version, synced } = (await answer.json()) as SiteVersion;
      if (typeof version !== "string") return;
      newest = { version, synced };
      server.synced = synced;
    } catch {
      // offline, or no such file on this host: try again in a minute
    }
  };
  const look = async (now = false) => {
    if (document.hidden) return;
    if (version !== "" && (now || performance.now() - lastAsked >= askEvery)) await ask();
    tick(server);
    act();
  };
  setInterval(look, lookEvery);
  document.addEventListener("visibilitychange", () => look());
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) look(true);
  });
  whenIdle(() => look());
  restoreScroll();
}

function offer(version: string): Node[] {
  const show = html("button", { type: "button", onclick: () => renew(version) }, "Show");
  return [html("span", {}, "Newer data is available."), show];
}

const [triedName, scrollName] = ["kit-renewed", "kit-place"];

// Null where storage is disabled: then only the reader reloads, as nothing would stop a loop.
function tried(): string[] | null {
  try {
    const versions = sessionStorage.getItem(triedName) ?? "[]";
    sessionStorage.setItem(triedName, versions);
    return JSON.parse(versions) as string[];
  } catch {
    return null;
  }
}

function renew(version: string): void {
  const before = tried();
  if (before !== null) {
    sessionStorage.setItem(triedName, JSON.stringify([...before, version].slice(-20)));
    sessionStorage.setItem(scrollName, JSON.stringify({ href: location.href, y: scrollY }));
  }
  location.reload();
}

// Charts are drawn after the browser has given up restoring the scroll position.
function restoreScroll(): void {
  let saved: { href: string; y: number } | null = null;
  try {
    saved = JSON.parse(sessionStorage.getItem(scrollName) ?? "null");
    sessionStorage.removeItem(scrollName);
  } catch {
    return;
  }
  if (saved === null || saved.href !== location.href || saved.y === 0) return;
  const { y } = saved;
  const stop = new AbortController();
  for (const event of ["wheel", "touchstart", "keydown", "pointerdown"])
    addEventListener(event, () => stop.abort(), { signal: stop.signal, passive: true });
  const until = performance.now() + 5_000;
  const step = () => {
    if (stop.signal.aborted) return;
    const tall = document.documentElement.scrollHeight >= y + innerHeight;
    if (tall) scrollTo(0, y);
    if (tall || performance.now() > until) stop.abort();
    else setTimeout(step, 100);
  };
  step();
}
