import { compareKeys, type ObjectStore, type StoredObject } from "./object-store.ts";
import { S3Error } from "./s3-error.ts";
import { encodeStrictly } from "./sigv4.ts";

/** The answer to ListObjectsV2: keys and common prefixes in one order, at most `max-keys` of them together. */
export function listObjects(store: ObjectStore, bucket: string, query: URLSearchParams): string {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const startAfter = query.get("start-after") ?? "";
  const token = query.get("continuation-token");
  const maxKeys = readMaxKeys(query.get("max-keys"));
  const encode = query.get("encoding-type") === "url" ? encodeKey : escapeXml;

  const after = token === null ? startAfter : readToken(token);
  const done = token === null ? "" : after; // a common prefix that the page before ended with
  const keys = store.keys(bucket);
  const contents: StoredObject[] = [];
  const prefixes: string[] = [];
  let last = "";
  let truncated = false;
  for (let i = firstNotBefore(keys, compareKeys(after, prefix) > 0 ? after : prefix); i < keys.length; i++) {
    const key = keys[i]!;
    if (!key.startsWith(prefix)) break;
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = cut < 0 ? key : key.slice(0, cut + delimiter.length);
    if (key === after || (entry !== key && (entry === last || entry === done))) continue;
    if (contents.length + prefixes.length >= maxKeys) {
      truncated = maxKeys > 0;
      break;
    }
    const object = cut < 0 ? store.head(bucket, key) : undefined;
    if (object) contents.push(object);
    else prefixes.push(entry);
    last = entry;
  }
  return xml("ListBucketResult", [
    element("Name", bucket),
    element("Prefix", prefix, encode),
    delimiter && element("Delimiter", delimiter, encode),
    query.has("start-after") && element("StartAfter", startAfter, encode),
    token !== null && element("ContinuationToken", token),
    query.get("encoding-type") === "url" && element("EncodingType", "url"),
    element("MaxKeys", maxKeys),
    element("KeyCount", contents.length + prefixes.length),
    element("IsTruncated", truncated),
    truncated && element("NextContinuationToken", writeToken(last)),
    ...contents.map(
      (object) =>
        `<Contents>${element("Key", object.key, encode)}${element("LastModified", object.modified.toISOString())}` +
        `<ETag>&quot;${object.etag}&quot;</ETag>${element("Size", object.size)}${element("StorageClass", object.storageClass)}</Contents>`,
    ),
    ...prefixes.map((entry) => `<CommonPrefixes>${element("Prefix", entry, encode)}</CommonPrefixes>`),
  ]);
}

export function xml(root: string, children: (string | false)[]): string {
  const space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} ${space}>${children.filter(Boolean).join("")}</${root}>`;
}

export function element(name: string, value: string | number | boolean, write = escapeXml): string {
  return `<${name}>${write(String(value))}</${name}>`;
}

/** Escapes text for XML. Control characters, which XML 1.0 excludes, become references as in S3; few parsers accept them. */
export function escapeXml(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold them
    /[<>&"'\u0000-\u001f]/g,
    (c) => `&#x${c.charCodeAt(0).toString(16)};`,
  );
}

function encodeKey(key: string): string {
  return key.split("/").map(encodeStrictly).join("/");
}

function readMaxKeys(text: string | null): number {
  if (text === null || text === "") return 1000;
  if (!/^\d+$/.test(text))
    throw new S3Error("InvalidArgument", "Provided max-keys not an integer or within integer range");
  return Math.min(Number(text), 1000);
}

function writeToken(last: string): string {
  return Buffer.from(`after:${last}`).toString("base64url");
}

function readToken(token: string): string {
  const text = Buffer.from(token, "base64url").toString();
  if (!text.startsWith("after:")) {
    throw new S3Error("InvalidArgument", "The continuation token provided is incorrect");
  }
  return text.slice("after:".length);
}

function firstNotBefore(keys: readonly string[], bound: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(keys[middle]!, bound) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
