import type { PartitionId } from "./partition.ts";

export const markerName = "_SUCCESS";
export const docsName = "export_docs";

/**
 * The kind of a key. Foreign keys are counted and ignored; hostile keys are refused and reported. A stray is below a feed
 * but does not fit the layout: a file in a partition's folder that is not named like a data file, or any other (id null).
 */
export type ParsedKey =
  | { kind: "data"; id: PartitionId; file: string; part: number | null; gzip: boolean; encrypted: boolean }
  | { kind: "marker"; id: PartitionId }
  | { kind: "docs"; dt: string | null; file: string; gzip: boolean; encrypted: boolean }
  | { kind: "stray"; id: PartitionId | null; file: string }
  | { kind: "foreign" }
  | { kind: "hostile"; reason: string };

const maxKeyBytes = 1024; // S3's own limit
const maxSegment = 200; // characters; file systems allow 255, and temporary names add some

const folderPattern =
  /^([a-z0-9_]+)\/version=([A-Za-z0-9._-]+)\/format=([A-Za-z0-9._-]+)\/dt=(\d{4}-\d{2}-\d{2})(?:\/hr=([01]\d|2[0-3])(?:\/mi=([0-5]\d))?)?\/([^/]+)$/;
const filePattern = /^([a-z0-9_]+)\.jsonl(?:\.(\d{2,4}))?(\.gz)?(\.enc)?$/;
const docsPattern = /^export_docs\.ya?ml(\.gz)?(\.enc)?$/;
const feedPathPattern = /^(?!export_docs\/)[a-z0-9_]+\/version=[^/]+\//;
const hiddenPattern = /(?:^|\/)[._]|\/$|_\$folder\$$/;
const foreign: ParsedKey = { kind: "foreign" };

/**
 * Parses `prefix/FEED/version=V/format=F/dt=D[/hr=HH[/mi=MM]]/FILE`, the layout of ASAPP's export documents. Feed, version
 * and format may be unknown. A data file's name must begin with its feed. Hidden names are foreign.
 */
export function parseKey(key: string, prefix = ""): ParsedKey {
  const reason = hostility(key);
  if (reason !== null) return { kind: "hostile", reason };
  const start = folderPrefix(prefix);
  if (!key.startsWith(start)) return foreign;
  const path = key.slice(start.length);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const docs = docsPattern.exec(name);
  if (docs !== null) {
    return {
      kind: "docs",
      dt: dateIn(path),
      file: name,
      gzip: docs[1] !== undefined,
      encrypted: docs[2] !== undefined,
    };
  }
  const match = folderPattern.exec(path);
  const stray = (id: PartitionId | null): ParsedKey =>
    feedPathPattern.test(path) && !isHidden(path) ? { kind: "stray", id, file: name } : foreign;
  const [, feed = "", version = "", format = "", dt = "", hr = null, mi = null] = match ?? [];
  if (!isDate(dt)) return stray(null);
  if (feed === docsName) {
    return name === markerName ? { kind: "docs", dt, file: name, gzip: false, encrypted: false } : foreign;
  }
  const id: PartitionId = { feed, version, format, dt, hr, mi };
  if (name === markerName) return { kind: "marker", id };
  const file = filePattern.exec(name);
  if (file === null || file[1] !== feed) return stray(id);
  return {
    kind: "data",
    id,
    file: name,
    part: file[2] === undefined ? null : Number(file[2]),
    gzip: file[3] !== undefined,
    encrypted: file[4] !== undefined,
  };
}

/** True for a path that Hadoop and Spark hide (a leading dot or underscore), and for a console's folder marker. */
export function isHidden(path: string): boolean {
  return hiddenPattern.test(path);
}

/** The partition's folder without the prefix: `convos_metrics/version=1/format=jsonl/dt=2026-09-01/hr=05/mi=15`. */
export function partitionPath(id: PartitionId): string {
  const day = `${id.feed}/version=${id.version}/format=${id.format}/dt=${id.dt}`;
  if (id.hr === null) return day;
  return id.mi === null ? `${day}/hr=${id.hr}` : `${day}/hr=${id.hr}/mi=${id.mi}`;
}

/** The full key of a partition's file in the bucket. */
export function objectKey(prefix: string, id: PartitionId, file: string): string {
  return `${folderPrefix(prefix)}${partitionPath(id)}/${file}`;
}

export function partitionPrefix(prefix: string, id: PartitionId): string {
  return `${folderPrefix(prefix)}${partitionPath(id)}/`;
}

export function feedPrefix(prefix: string, feed: string): string {
  return `${folderPrefix(prefix)}${feed}/`;
}

export function dayPrefix(prefix: string, feed: string, version: string, format: string, dt: string): string {
  return `${folderPrefix(prefix)}${feed}/version=${version}/format=${format}/dt=${dt}/`;
}

/** Compares versions, oldest first. Digits compare as numbers: 1.2 precedes 1.10. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

let lastDate = ""; // a listing repeats a date many times in a row

/** True for a calendar date, YYYY-MM-DD. */
export function isDate(text: string): boolean {
  if (text === lastDate) return true;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text)) return false;
  lastDate = text;
  return true;
}

/** Why a key must not become a local path; null for a safe key. */
export function hostility(key: string): string | null {
  if (key === "") return "empty key";
  if (key.length > maxKeyBytes / 3 && Buffer.byteLength(key) > maxKeyBytes)
    return `key of more than ${maxKeyBytes} bytes`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(key)) return "control character";
  if (key.includes("\\")) return "backslash";
  if (key.startsWith("/")) return "absolute path";
  if (/^[A-Za-z]:/.test(key)) return "drive letter";
  if (key.includes("//")) return "empty path segment";
  const dots = /(?:^|\/)(\.\.?)(?:\/|$)/.exec(key);
  if (dots !== null) return `path segment ${dots[1]}`;
  if (key.length > maxSegment && key.split("/").some((segment) => segment.length > maxSegment)) {
    return `path segment of more than ${maxSegment} characters`;
  }
  return null;
}

/** A prefix as keys begin with it: "", or text that ends in "/". */
export function folderPrefix(prefix: string): string {
  const inner = prefix.replace(/^\/+|\/+$/g, "");
  return inner === "" ? "" : `${inner}/`;
}

function dateIn(path: string): string | null {
  const dt = /(?:^|\/)dt=(\d{4}-\d{2}-\d{2})\//.exec(path)?.[1];
  return dt !== undefined && isDate(dt) ? dt : null;
}
