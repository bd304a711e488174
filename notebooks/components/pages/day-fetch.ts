/** A file that a page reads on demand: its rows, or why there are none. */
export interface Piece<Row> {
  rows: Row[];
  problem: string | null; // "data/intraday/2026-11-27.json: 404 Not Found"
}

/** For a page with nothing to read. */
export const noPiece: Piece<never> = { rows: [], problem: null };

/** Reads a file of rows. Never throws, as one missing file must not break the page. */
export async function piece<Row>(read: Promise<Row[]>): Promise<Piece<Row>> {
  try {
    return { rows: await read, problem: null };
  } catch (error) {
    return { rows: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Rows of a JSON file below the site's data/. Throws an Error that names the file. */
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
    throw failed("the response is not JSON");
  }
}

/** Title and lead of a page whose file could not be read. */
export function unreadableWords(what: string, problem: string): { title: string; lead: string } {
  return {
    title: `${what} cannot be shown: its file cannot be read`,
    lead: `${problem}. The data itself may be fine: build the site again, or copy all of its files to where it is served.`,
  };
}

const files = new Map<string, Promise<unknown[]>>();

/** The rows of a file, cached until the index of its days changes. */
export function cachedRows<Row>(index: { href: string }, url: string): Promise<Row[]> {
  const name = `${index.href} ${url}`;
  const cached = files.get(name) as Promise<Row[]> | undefined;
  if (cached) return cached;
  const rows = fetchRows<Row>(url);
  files.set(name, rows);
  rows.catch(() => files.delete(name));
  return rows;
}

/**
 * The address of a dataset that is not attached by name: Framework's preview serves datasets below _file, a built site
 * below data/. `index` is the address of an attached dataset.
 */
export function datasetUrl(index: string, name: string): string {
  const preview = new URL(index).searchParams.has("sha");
  return new URL(preview ? name : `../../data/${name}`, index).href;
}
