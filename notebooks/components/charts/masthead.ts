import { dayName, zone } from "../metrics/format.js";
import { pageThrough } from "../metrics/freshness.js";
import type { OpenHours } from "../metrics/interval-state.js";
import { html } from "./dom.js";
import { type FreshOptions, type FreshSite, freshWords } from "./fresh-words.js";
import { clock, keepDrawing } from "./site-clock.js";
import { asOf, carryFilters, pin, readUrl, tellUnknown } from "./url-state.js";

/** What data-loaders/site.json.sql ships: one row. */
export interface Site extends FreshSite {
  title: string;
  target: number; // service level, 0..1
  seconds: number; // its threshold
  variant: string; // its formula
  threshold_counts: "answered" | "answered_and_abandoned";
  min_reps: number;
  min_contacts: number;
  week_start: number; // 1, Monday, to 7
  open_hours: Record<string, OpenHours[]> | null; // by queue; "default" for the others
  excluded_days?: { day: string; name: string | null }[]; // in no baseline, oldest first
}

/** Whether one of the metrics has no column, so that nothing can be said of it. */
export function lacks({ missing = [] }: Pick<Site, "missing">, ...metrics: string[]): boolean {
  return missing.some(({ metric }) => metrics.includes(metric));
}

/** What to say where a chart draws from these feeds and not all of their metrics have a column; "" where they have. */
export function missingText({ missing = [] }: Pick<Site, "missing">, feeds: string): string {
  const names = missing.filter(({ feed }) => feeds.includes(feed)).map(({ metric }) => metric);
  return names.length === 0
    ? ""
    : `No column is mapped to ${names.join(", ")}, so what needs it stays empty (asapp-kit wfm columns).`;
}

/** The head of a page: where it belongs, its message, and how fresh it is. */
export function masthead(options: {
  kicker: string;
  title: string;
  lead?: string | undefined;
  fresh: Fresh;
  share?: HTMLElement | undefined; // a menu for what the whole page shows
}): HTMLElement {
  queueMicrotask(carryFilters);
  pinData(options.fresh);
  return html(
    "header",
    { class: "masthead" },
    html("div", { class: "kicker" }, html("span", {}, options.kicker), themeSwitch(), options.share),
    html("h1", {}, options.title),
    options.lead ? html("p", { class: "lead" }, options.lead) : null,
    freshLine(options.fresh),
  );
}

// A page without a choice of day shows the newest data: its links say which those were.
function pinData({ site, options }: Fresh): void {
  const { through } = pageThrough(site.feeds, options);
  pin("data", () => ({ [asOf]: through ?? "" }));
  const written = readUrl(asOf);
  const time = Date.parse(written ?? "");
  const local = zone(site.timezone);
  const here = through === null ? "nothing" : local.moment(through);
  const value = Number.isNaN(time) ? written : local.moment(time);
  const other = written !== null && time !== Date.parse(through ?? "");
  tellUnknown(asOf, other ? { label: "Data through", value: value!, shown: here } : null);
}

/** The opening hours of a queue as kit.yaml has them; null where it has none. */
export function openHours({ open_hours }: Site, queue: string): OpenHours[] | null {
  const hours = new Map(Object.entries(open_hours ?? {}));
  return hours.get(queue) ?? hours.get("default") ?? null;
}

/** The days that are in no baseline. */
export function excludedDays({ excluded_days = [] }: Pick<Site, "excluded_days">): ReadonlySet<string> {
  return new Set(excluded_days.map(({ day }) => day));
}

/** "Thu 27 Nov (Thanksgiving)" */
export function excludedDay({ excluded_days = [] }: Pick<Site, "excluded_days">, day: string): string {
  const name = excluded_days.find((entry) => entry.day === day)?.name;
  return `${dayName(day)}${name ? ` (${name})` : ""}`;
}

/** The lines about time that every page carries: `of` names the feeds that its figures are made of. */
export function freshness(site: Site, options: FreshOptions): Fresh {
  document.documentElement.dataset.timezone = site.timezone; // pictures of the page's charts say when they were made
  return { site, options };
}

export interface Fresh {
  site: Site;
  options: FreshOptions;
}

// Ages go on while the page is open, by the server's clock where it is known.
function freshLine({ site, options }: Fresh): HTMLElement {
  const line = html("p", { class: "fresh" });
  const warning = html("p", { class: "warning-bar", role: "status" });
  let shown = "";
  const draw = () => {
    const words = freshWords(site, options, clock());
    const text = JSON.stringify(words);
    if (text === shown) return;
    shown = text;
    line.replaceChildren(
      ...words.items.map(({ label, value }) => html("span", {}, `${label} `, html("b", {}, value))),
    );
    const said = words.warning === null ? "" : `${words.warning.title} ${words.warning.text}`;
    if (warning.textContent === said) return;
    warning.replaceChildren();
    if (words.warning !== null) warning.append(html("b", {}, words.warning.title), ` ${words.warning.text}`);
  };
  draw();
  keepDrawing(site, draw);
  return html("div", {}, line, warning);
}

function themeSwitch(): HTMLElement {
  const root = document.documentElement;
  const words = { light: "Light", dark: "Dark", auto: "Auto" };
  const order = ["auto", "light", "dark"] as const;
  const current = () => (root.dataset.theme ?? "auto") as (typeof order)[number];
  const word = html("span", {});
  const button = html("button", { type: "button", class: "theme-switch" }, "◐ ", word);
  const say = () => {
    word.textContent = words[current()];
    button.title = `Theme: ${words[current()].toLowerCase()}`;
    button.setAttribute("aria-label", button.title);
  };
  button.addEventListener("click", () => {
    const next = order[(order.indexOf(current()) + 1) % order.length]!;
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      if (next === "auto") localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      // a private window keeps nothing
    }
    say();
  });
  say();
  return button;
}
