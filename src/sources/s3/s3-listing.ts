import { own } from "../../base/names.ts";
import type { RemoteObject } from "../../export/remote-partition.ts";
import { SourceError } from "../source.ts";

/** A page of a listing. */
export interface ListPage {
  objects: RemoteObject[];
  folders: string[]; // common prefixes, in full
  next: string | null; // continuation token; null on the last page
}

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * Parses the XML of ListObjectsV2, ten times as fast as a general parser: the daily listing of a large bucket is bound by
 * it. Throws a transient SourceError for a page that is cut short or is no listing.
 */
export function parseListPage(xml: string): ListPage {
  if (!xml.includes("<ListBucketResult")) throw new SourceError("transient", "the answer is not a listing");
  if (!xml.trimEnd().endsWith("</ListBucketResult>")) throw new SourceError("transient", "the listing is cut short");
  const page: ListPage = { objects: [], folders: [], next: null };
  // Some stores ignore the request for encoded names.
  const decode = /<EncodingType>\s*url\s*<\/EncodingType>/i.test(xml) ? decodeKey : (key: string) => key;
  let rest = "";
  let at = 0;
  for (;;) {
    const start = xml.indexOf("<Contents>", at);
    const end = start === -1 ? -1 : xml.indexOf("</Contents>", start);
    if (end === -1) break;
    rest += xml.slice(at, start);
    page.objects.push(objectIn(xml.slice(start, end), decode));
    at = end + "</Contents>".length;
  }
  rest += xml.slice(at);
  for (const [, inner = ""] of rest.matchAll(/<CommonPrefixes>(.*?)<\/CommonPrefixes>/gs)) {
    page.folders.push(decode(textOf(inner, "Prefix")));
  }
  if (textOf(rest, "IsTruncated") === "true") {
    page.next = textOf(rest, "NextContinuationToken");
    if (page.next === "") throw new SourceError("broken", "the listing is truncated, and has no continuation token");
  }
  return page;
}

function objectIn(xml: string, decode: (key: string) => string): RemoteObject {
  const size = Number(textOf(xml, "Size"));
  const modified = timeOf(textOf(xml, "LastModified"));
  const key = decode(textOf(xml, "Key"));
  if (key === "" || !Number.isSafeInteger(size) || modified === null)
    throw new SourceError("transient", "the listing has an invalid entry");
  return { key, size, etag: unquote(textOf(xml, "ETag")), modified };
}

function timeOf(text: string): string | null {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return text;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function textOf(xml: string, tag: string): string {
  const start = xml.indexOf(`<${tag}>`);
  if (start === -1) return "";
  const from = start + tag.length + 2;
  return unescapeXml(xml.slice(from, xml.indexOf(`</${tag}>`, from)));
}

/** Resolves the entities and numeric references of XML text. */
export function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name: string) =>
    hex || decimal
      ? character(hex ? Number.parseInt(hex, 16) : Number(decimal), whole)
      : (own(entities, name) ?? whole),
  );
}

function character(code: number, whole: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

function decodeKey(key: string): string {
  if (!key.includes("%") && !key.includes("+")) return key;
  try {
    return decodeURIComponent(key.replace(/\+/g, " "));
  } catch {
    throw new SourceError("broken", `the listing has a name that is not URL-encoded: ${key.slice(0, 200)}`);
  }
}

/** An ETag without its quotes. */
export function unquote(etag: string): string {
  return etag.replace(/^(W\/)?"|"$/g, "");
}
