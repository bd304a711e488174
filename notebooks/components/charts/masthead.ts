import { zone } from "../metrics/format.js";
import { pageThrough } from "../metrics/freshness.js";
import type { Site } from "../metrics/site.js";
import { html } from "../picture/dom.js";
import { type FreshOptions, freshWords } from "./fresh-words.js";
import { clock, keepDrawing } from "./site-clock.js";
import { asOf, carryFilters, pin, readUrl, reportUnknown } from "./url-state.js";

/** The head of a page: section, headline and freshness. */
export function masthead(options: {
  kicker: string;
  title: string;
  lead?: string | undefined;
  fresh: Fresh;
  share?: HTMLElement | undefined; // share menu of the whole page
}): HTMLElement {
  queueMicrotask(carryFilters);
  pinData(options.fresh);
  return html(
    "header",
    { class: "masthead" },
    html("div", { class: "kicker" }, html("span", {}, options.kicker), themeSwitch(), options.share),
    html("h1", {}, withUnits(options.title)),
    options.lead ? html("p", { class: "lead" }, options.lead) : null,
    freshLine(options.fresh),
  );
}

// A number and its unit stay in one line.
function withUnits(text: string): string {
  return text.replace(/(\d) (s|min)\b/g, "$1\u00a0$2");
}

// A page without a day picker shows the newest data; its links record how far those reached.
function pinData({ site, options }: Fresh): void {
  const { through } = pageThrough(site.feeds, options);
  pin("data", () => ({ [asOf]: through ?? "" }));
  const written = readUrl(asOf);
  const time = Date.parse(written ?? "");
  const local = zone(site.timezone);
  const shown = through === null ? "nothing" : local.moment(through);
  const value = Number.isNaN(time) ? written : local.moment(time);
  const differs = value !== null && time !== Date.parse(through ?? "");
  reportUnknown(asOf, differs ? { label: "Data through", value, shown } : null);
}

/** A page's freshness: `of` names the feeds behind its figures. */
export function freshness(site: Site, options: FreshOptions): Fresh {
  describePage(site.timezone, options.shown ?? pageThrough(site.feeds, options).through);
  return { site, options };
}

/** Records the zone of a page, and how far the data shown reach (ISO or ms), for the files that it saves. */
export function describePage(timezone: string, through: number | string | null): void {
  const { dataset } = document.documentElement;
  dataset.timezone = timezone;
  if (through === null) delete dataset.through;
  else dataset.through = new Date(through).toISOString();
}

export interface Fresh {
  site: Site;
  options: FreshOptions;
}

// Ages are updated while the page is open, by the server's clock where known.
function freshLine({ site, options }: Fresh): HTMLElement {
  const line = html("p", { class: "fresh" });
  const warning = html("p", { class: "warning-bar", role: "status" });
  let shown = "";
  const draw = () => {
    const words = freshWords(site, options, clock());
    const text = JSON.stringify(words);
    if (text === shown) return;
    shown = text;
    line.replaceChildren(...words.items.map(({ label, value }) => html("span", {}, `${label} `, html("b", {}, value))));
    const message = words.warning === null ? "" : `${words.warning.title} ${words.warning.text}`;
    if (warning.textContent === message) return;
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
    const next = order[(order.indexOf(current()) + 1) % order.length] ?? "auto";
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      if (next === "auto") localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      // storage may be disabled
    }
    say();
  });
  say();
  return button;
}
