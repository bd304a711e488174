import { type QueueDay, windowRows } from "../metrics/day-file.js";
import type { WindowRow } from "../metrics/interval.js";
import { whenIdle } from "../picture/dom.js";

/** A file that a page reads when it is looked at: its rows, or why there are none. */
export interface Piece<Row> {
  rows: Row[];
  problem: string | null; // "data/intraday/2026-11-27.json: 404 Not Found"
}

/** Of a page that has nothing to read. */
export const noPiece: Piece<never> = { rows: [], problem: null };

/** Reads a file of rows; never throws, for one missing file must not take the page with it. */
export async function piece<Row>(read: Promise<Row[]>): Promise<Piece<Row>> {
  try {
    return { rows: await read, problem: null };
  } catch (error) {
    return { rows: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Rows that a site has as JSON below data/. Throws an Error that names the file. */
export async function fetchRows<Row>(url: string): Promise<Row[]> {
  const name = new URL(url).pathname.replace(/^.*\/data\//, "data/");
  const failed = (reason: string) => new Error(`${name}: ${reason}`);
  const response = await fetch(url, { cache: "no-cache" }).catch((error: Error) => {
    throw failed(error.message);
  });
  if (!response.ok) throw failed(`${response.status} ${response.statusText}`.trim());
  try {
    return await response.json();
  } catch {
    throw failed("the answer is no JSON");
  }
}

/** The head of a page whose file could not be read. */
export function lostWords(what: string, problem: string): { title: string; lead: string } {
  return {
    title: `${what} cannot be shown: its file cannot be read`,
    lead: `${problem}. Nothing is known to be wrong with the data: build the site again, or copy all of its files to where it is served.`,
  };
}

const kept = new Map<string, Promise<WindowRow[]>>();

/**
 * The rows of one day. Days are files of their own, fetched when they are looked at, so that a page with a year
 * behind it opens as fast as one with a week. `index` is the attachment that lists the days; it has another address when
 * Framework's preview has new data for the open page.
 */
export function dayRows(index: { href: string }, day: string): Promise<WindowRow[]> {
  const name = `${index.href} ${day}`;
  const known = kept.get(name);
  if (known) return known;
  const rows = fetchRows<QueueDay>(datasetUrl(index.href, `intraday/${day}.json`)).then(windowRows);
  kept.set(name, rows);
  rows.catch(() => kept.delete(name));
  return rows;
}

/**
 * Fetches the days before and after one that is drawn, when the browser has time, and lets the page prepare them: most
 * readers step to them next.
 */
export function readAhead(
  index: { href: string },
  days: readonly { day: string }[],
  day: string,
  prepare: (windows: WindowRow[], day: string) => void = () => {},
): void {
  const at = days.findIndex((entry) => entry.day === day);
  const beside = at < 0 ? [] : [days[at - 1], days[at + 1]].filter((entry) => entry !== undefined);
  whenIdle(() => {
    for (const near of beside)
      dayRows(index, near.day).then(
        (windows) => prepare(windows, near.day),
        () => {}, // told when it is looked at
      );
  });
}

/**
 * A dataset that is not attached by name. Framework's preview serves what loaders make below _file; a built site has the
 * files in data/. `index` is the address of a dataset that is attached.
 */
export function datasetUrl(index: string, name: string): string {
  const preview = new URL(index).searchParams.has("sha");
  return new URL(preview ? name : `../../data/${name}`, index).href;
}
