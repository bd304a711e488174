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
