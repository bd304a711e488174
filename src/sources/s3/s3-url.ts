/** A query string as it is signed: escaped, and sorted by name. */
export function queryString(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join("&");
}

/** Escapes everything but letters, digits and -._~, as a signature requires. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function escapeKey(key: string): string {
  return key.split("/").map(escaped).join("/");
}
