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
  }
  if (url.href !== location.href) history.replaceState(history.state, "", url);
  carryFilters();
}

export function carryFilters(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("#observablehq-sidebar a[href], a.carry")) {
    const url = new URL(link.href);
    if (url.origin === location.origin) link.href = `${url.pathname}${location.search}${url.hash}`;
  }
}
