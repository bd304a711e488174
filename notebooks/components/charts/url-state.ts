/** Reads a filter from the page's address. */
export function readUrl(name: string): string | null {
  return new URLSearchParams(location.search).get(name);
}

/**
 * Writes filters into the page's address without a history entry; null removes one. Links to the site's other pages carry
 * the same filters, so that a queue or a range stays selected.
 */
export function writeUrl(filters: Record<string, string | null>): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(filters)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
    reportUnknown(name, null);
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

/** The address of Today for a queue and day, with the other filters of a page; `at` names an hour whose drivers it opens. */
export function todayLink(search: string, queue: string, day: string, at: string | null = null): string {
  const filters = new URLSearchParams(search);
  for (const name of [asOf, "at"]) filters.delete(name);
  filters.set("queue", queue);
  filters.set("date", day);
  if (at !== null) {
    filters.set("interval", "60");
    filters.set("at", at);
  }
  return `./today.html?${filters}`;
}

/** A value of the address that the page does not have, and what is shown instead. */
export interface Unknown {
  label: string; // "Queue"
  value: string; // as the address has it
  shown: string; // in words
}

const unknown = new Map<string, Unknown>();
const listeners = new Set<(unknown: Unknown[]) => void>();

/** Records that a value of the address is unknown, or no longer is (null). */
export function reportUnknown(name: string, entry: Unknown | null): void {
  if (entry === null ? !unknown.delete(name) : same(unknown.get(name), entry)) return;
  if (entry !== null) unknown.set(name, entry);
  for (const listener of listeners) listener([...unknown.values()]);
}

function same(before: Unknown | undefined, entry: Unknown): boolean {
  return before?.value === entry.value && before.shown === entry.shown;
}

/** Calls back with the unknown values of the address, now and on every change. */
export function onUnknown(listener: (unknown: Unknown[]) => void): void {
  listeners.add(listener);
  listener([...unknown.values()]);
}

/** In the address of a page without a day picker: how far the data reached when the link was copied. */
export const asOf = "asof";

const pins = new Map<string, () => Record<string, string>>();

/** Registers values that a link must contain to show the same later, when defaults have changed. */
export function pin(part: "data" | "filters" | "what-if", values: () => Record<string, string>): void {
  pins.set(part, values);
}

/** An address that keeps showing the same, whatever day is the newest when it is opened. */
export function pinnedUrl(anchor = ""): string {
  const url = new URL(location.href);
  // in this order: filters with a day remove what "data" pinned
  for (const values of [pins.get("data"), pins.get("filters"), pins.get("what-if")])
    for (const [name, value] of Object.entries(values?.() ?? {})) {
      if (value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
  url.hash = anchor;
  return url.href;
}
