import type { WindowRow } from "./interval.js";

/**
 * The rows of one day. Days are files of their own, fetched when they are looked at, so that a page with a year
 * behind it opens as fast as one with a week. `index` is the attachment that lists the days.
 */
export async function dayRows(index: { href: string }, day: string): Promise<WindowRow[]> {
  const response = await fetch(dayUrl(index.href, day), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${day}: ${response.status} ${response.statusText}`);
  return response.json();
}

export function dayUrl(index: string, day: string): string {
  return datasetUrl(index, `intraday/${day}.json`);
}

/**
 * A dataset that is not attached by name. Framework's preview serves what loaders make below _file; a built site has the
 * files in data/. `index` is the address of a dataset that is attached.
 */
export function datasetUrl(index: string, name: string): string {
  const preview = new URL(index).searchParams.has("sha");
  return new URL(preview ? name : `../../data/${name}`, index).href;
}
