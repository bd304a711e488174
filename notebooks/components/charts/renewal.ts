import type { SiteVersion } from "../metrics/site.js";
import { html, whenIdle } from "../picture/dom.js";

// the site's version   its sync        the page is busy   renewed for it before   what to do
// same                 any             -                  -                       nothing
// another              before ours     -                  -                       nothing: a host that is behind
// another              same or later   yes                -                       offer
// another              same or later   no                 yes                     offer: the host still gave the former page
// another              same or later   no                 no                      renew
/** Whether an open page is to be loaded again. Of one version at most once, so that it never goes round in circles. */
export function renewalOf(
  found: SiteVersion,
  page: { version: string; synced: string | null; busy: boolean; tried: readonly string[] },
): "nothing" | "offer" | "renew" {
  if (found.version === page.version) return "nothing";
  if ((found.synced ?? "") < (page.synced ?? "")) return "nothing";
  return page.busy || page.tried.includes(found.version) ? "offer" : "renew";
}

/** True while a reader edits, has something open, or has marked text: all that a new load would take away. */
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
  "[aria-invalid=true]", // written, and nowhere else yet
].join(", ");

const askEvery = 60_000;
const lookEvery = 5_000;

/** What the newest answer of the site's own server told: its clock, and its newest sync. */
export interface Told {
  server: number | null; // milliseconds ahead of this device's clock
  synced: string | null;
}

/**
 * Asks the site once a minute whether a newer build is there, and loads the page again when it is and nobody is busy in it.
 * `tick` is called every few seconds with what is known. A page that no build has stamped, as in a preview, asks nothing.
 */
export function followSite(synced: string | null, tick: (told: Told) => void): void {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="asapp-kit-version"]');
  const version = meta?.content ?? "";
  const told: Told = { server: null, synced: null };
  const bar = html("div", { class: "renewal", role: "status" });
  document.body.append(bar);
  let asked = Number.NEGATIVE_INFINITY;
  let found: SiteVersion | null = null;

  const act = () => {
    if (found === null) return;
    const action = renewalOf(found, { version, synced, busy: isBusy(), tried: tried() ?? [found.version] });
    if (action === "renew") renew(found.version);
    else if (action === "nothing") bar.replaceChildren();
    else if (!bar.hasChildNodes()) bar.append(...offer(found.version));
  };
  const ask = async () => {
    asked = performance.now();
    const begun = Date.now();
    try {
      const answer = await fetch(new URL(meta!.dataset.file!, document.baseURI), { cache: "no-store" });
      if (!answer.ok) return;
      const date = Date.parse(answer.headers.get("Date") ?? "");
      const age = Number(answer.headers.get("Age") ?? 0) * 1000 || 0; // of an answer that a cache kept
      if (!Number.isNaN(date)) told.server = date + age - (begun + Date.now()) / 2;
      const { version, synced } = (await answer.json()) as SiteVersion;
      if (typeof version !== "string") return;
      found = { version, synced };
      told.synced = synced;
    } catch {
      // offline, or no such file on this host: asked again in a minute
    }
  };
  const look = async (now = false) => {
    if (document.hidden) return;
    if (version !== "" && (now || performance.now() - asked >= askEvery)) await ask();
    tick(told);
    act();
  };
  setInterval(look, lookEvery);
  document.addEventListener("visibilitychange", () => look());
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) look(true);
  });
  whenIdle(() => look());
  backToPlace();
}

function offer(version: string): Node[] {
  const show = html("button", { type: "button", onclick: () => renew(version) }, "Show");
  return [html("span", {}, "Newer data is here."), show];
}

const [triedName, placeName] = ["kit-renewed", "kit-place"];

// Null where the browser keeps nothing: then only the reader loads the page again, for nothing else would end a circle.
function tried(): string[] | null {
  try {
    sessionStorage.setItem(triedName, sessionStorage.getItem(triedName) ?? "[]");
    return JSON.parse(sessionStorage.getItem(triedName)!) as string[];
  } catch {
    return null;
  }
}

function renew(version: string): void {
  const before = tried();
  if (before !== null) {
    sessionStorage.setItem(triedName, JSON.stringify([...before, version].slice(-20)));
    sessionStorage.setItem(placeName, JSON.stringify({ href: location.href, y: scrollY }));
  }
  location.reload();
}

// Charts come after the browser has given up on restoring the place.
function backToPlace(): void {
  let place: { href: string; y: number } | null = null;
  try {
    place = JSON.parse(sessionStorage.getItem(placeName) ?? "null");
    sessionStorage.removeItem(placeName);
  } catch {
    return;
  }
  if (place === null || place.href !== location.href || place.y === 0) return;
  const { y } = place;
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
