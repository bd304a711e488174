import { CliError } from "../base/errors.ts";
import { hostility } from "../export/layout.ts";

/** One row of the delivered file. The secret is a function, so that printing or JSON never shows it. */
export interface AccessKey {
  row: number; // 1-based, header and blank lines not counted
  id: string;
  secret: () => string;
  bucket: string;
  prefix: string; // the sub-folder; "" for none
}

export interface Handover {
  keys: AccessKey[];
  problems: string[]; // "line 3: the secret is missing"; never a value of the file
}

const fields = ["id", "secret", "bucket", "sub-folder"];
const keyId = /^[A-Z0-9]{16,128}$/;

/**
 * Parses the decrypted file: `id<TAB>secret<TAB>bucket[<TAB>sub-folder]`, one row per environment, with or without a header.
 * Invalid rows become problems by line; these name a field but never its content, because misplaced columns may put a
 * secret anywhere.
 */
export function parseHandover(content: Uint8Array): Handover {
  const keys: AccessKey[] = [];
  const problems: string[] = [];
  const text = decode(content);
  if (text === null) return { keys, problems: ["the decrypted content is not text"] };
  let row = 0;
  let first = true;
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const cells = line.split("\t").map((cell) => cell.trim());
    while (cells.at(-1) === "") cells.pop();
    const [cell] = cells;
    if (cell === undefined) continue;
    const header = first && isHeader(cell);
    first = false;
    if (header) continue;
    row += 1;
    const key = readRow(row, cells);
    if (typeof key === "string") problems.push(`line ${index + 1}: ${key}`);
    else keys.push(key);
  }
  return { keys, problems };
}

/**
 * The row to import: the one with that number or bucket, else the only one. Throws CliError that lists the rows when none or
 * several match; invalid rows are an error only without a choice.
 */
export function chooseKey(
  { keys, problems }: Handover,
  file: string,
  { row, bucket }: { row?: number | undefined; bucket?: string | undefined } = {},
): AccessKey {
  const isChosen = row !== undefined || bucket !== undefined;
  if (keys.length === 0 || (!isChosen && problems.length > 0)) {
    const lines = problems.map((problem) => `${file}: ${problem}`);
    throw new CliError(
      "noCredentials",
      lines.length > 0 ? lines.join("\n") : `${file} has no row of credentials`,
      `each line must be ${fields.join("<TAB>")}, the last field optional${
        keys.length > 0 ? "; a good row can be taken with --row N or --bucket B" : ""
      }`,
    );
  }
  const bucketName = bucket?.replace(/^s3:\/\//, "").replace(/\/+$/, "");
  const candidates = keys.filter(
    (key) => (row === undefined || key.row === row) && (bucketName === undefined || key.bucket === bucketName),
  );
  const [only, ...others] = candidates;
  if (only && others.length === 0) return only;
  const choice = row === undefined ? `bucket ${bucketName}` : `row ${row}`;
  const count = candidates.length === 0 ? `no ${choice}` : isChosen ? `several rows for ${choice}` : "several rows";
  throw new CliError(
    "usage",
    [
      `${file} has ${count}`,
      ...(candidates.length === 0 ? [...keys.map(keyLine), ...problems] : candidates.map(keyLine)),
    ].join("\n"),
    isChosen && candidates.length > 1 ? "choose with --row N" : "choose with --row N or --bucket B",
  );
}

/** `…WXYZ`: enough to tell keys apart. */
export function masked(id: string): string {
  return `…${id.slice(-4)}`;
}

/** The profile's name when none is given: `asapp-prod-acme` of the bucket `asapp-prod-acme-exports-us-east-1`. */
export function profileName(bucket: string): string {
  return /^(.+)-exports(?:-|$)/.exec(bucket)?.[1] ?? bucket;
}

/** The region that the bucket's name ends in, or null. */
export function regionOf(bucket: string): string | null {
  const region = /-([a-z]{2}(?:-gov|-iso[a-z]?)?-(?:central|north|south|(?:north|south)?(?:east|west))-\d{1,2})$/;
  return region.exec(bucket)?.[1] ?? null;
}

function readRow(row: number, cells: string[]): AccessKey | string {
  if (cells.length === 1) return "no tab: the fields must be separated by tabs";
  if (cells.length > fields.length)
    return `${cells.length} fields, at most ${fields.length} expected: ${fields.join(", ")}`;
  const [id = "", secret = "", bucketCell = "", folder = ""] = cells;
  const bucket = bucketCell.replace(/^s3:\/\//, "").replace(/\/+$/, "");
  const prefix = folder.replace(/^\/+|\/+$/g, "");
  const missing = Object.entries({ id, secret, bucket }).find(([, cell]) => cell === "")?.[0];
  if (missing !== undefined) return `the ${missing} is missing`;
  if (!keyId.test(id)) return "the id is invalid: 16 or more capitals and digits";
  if (!/^[A-Za-z0-9/+=]{16,256}$/.test(secret)) return "the secret is invalid: 16 or more letters, digits and / + =";
  if (keyId.test(secret)) return "the secret looks like an id";
  if (bucket.includes("/")) return "a slash in the bucket: the rest belongs in the fourth field";
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes(".."))
    return "the bucket's name is invalid: 3 to 63 lowercase letters, digits, dots and hyphens";
  if (folder.includes(secret) || folder.split(/\s+/).some(looksSecret)) return "the sub-folder looks like a secret";
  const reason = prefix === "" ? null : hostility(prefix);
  if (reason !== null) return `the sub-folder is invalid: ${reason}`;
  return { row, id, secret: () => secret, bucket, prefix };
}

// "id", "Access Key ID", "# aws_access_key_id": words without digits, unlike an id.
function isHeader(cell: string): boolean {
  return /^#?[a-z _-]*(?:id|key)$/i.test(cell) && !keyId.test(cell);
}

// The sub-folder is shown and written to kit.yaml, and nearly any text is a valid folder name, even a misplaced secret.
function looksSecret(word: string): boolean {
  return /^[A-Za-z0-9/+=]{40}$/.test(word) && [/[A-Z]/, /[a-z]/, /[0-9]/].every((kind) => kind.test(word));
}

function keyLine({ row, id, bucket, prefix }: AccessKey): string {
  return `row ${row}: key ${masked(id)} for ${bucket}${prefix === "" ? "" : `, sub-folder ${prefix}`}`;
}

// Windows tools put a byte order mark first, or write UTF-16.
function decode(content: Uint8Array): string | null {
  const encoding = content[0] === 0xff && content[1] === 0xfe ? "utf-16le" : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(content);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
