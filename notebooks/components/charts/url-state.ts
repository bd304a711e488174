/** Reads a filter from the page's address. */
export function readUrl(name: string): string | null {
  return new URLSearchParams(location.search).get(name);
}

/**
 * Writes filters into the page's address, without a new entry in the history; null takes one out. Links to the
 * site's other pages carry the same filters, so that a queue or a range stays chosen from page to page.
 */
export function writeUrl(filters: Record<string, string | null>): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(filters)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
    tellUnknown(name, null);
  }
  if (url.href !== location.href) history.replaceState(history.state, "", url);
  carryFilters();
}

export function carryFilters(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("#observablehq-sidebar a[href], a.carry")) {
    const url = new URL(link.href);
    if (url.origin !== location.origin) continue;
    const filters = new URLSearchParams(location.search);
    filters.delete(asOf);
    url.search = filters.toString();
    link.href = url.href;
  }
}

/** What an address asks for that the page does not have, and what it shows instead. */
export interface Unknown {
  label: string; // "Queue"
  value: string; // as the address has it
  shown: string; // in words
}

const unknown = new Map<string, Unknown>();
const listeners = new Set<(found: Unknown[]) => void>();

/** Notes that a value of the address is not known here, or that it is now (null). */
export function tellUnknown(name: string, found: Unknown | null): void {
  if (found === null ? !unknown.delete(name) : same(unknown.get(name), found)) return;
  if (found !== null) unknown.set(name, found);
  for (const listener of listeners) listener([...unknown.values()]);
}

function same(before: Unknown | undefined, found: Unknown): boolean {
  return before?.value === found.value && before.shown === found.shown;
}

/** Calls back with the unknown values of the address, now and whenever they are others. */
export function onUnknown(listener: (found: Unknown[]) => void): void {
  listeners.add(listener);
  listener([...unknown.values()]);
}

/** In the address of a page without a choice of day: up to when the data told where the link was copied. */
export const asOf = "asof";

const pins = new Map<string, () => Record<string, string>>();

/** Says what a link of this page must hold to show the same later, when other values are the usual ones. */
export function pin(part: "data" | "filters" | "what-if", values: () => Record<string, string>): void {
  pins.set(part, values);
}

/** The address of what is shown, whatever day is the newest when it is opened. */
export function pinnedUrl(anchor = ""): string {
  const url = new URL(location.href);
  // in this order: filters with a day take out what the data pinned
  for (const values of [pins.get("data"), pins.get("filters"), pins.get("what-if")])
    for (const [name, value] of Object.entries(values?.() ?? {})) {
      if (value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
  url.hash = anchor;
  return url.href;
}
