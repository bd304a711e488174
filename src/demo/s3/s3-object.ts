import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { crc32 } from "./crc32.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { S3Error } from "./s3-error.ts";

export interface Answer {
  status: number;
  headers?: Record<string, string | number>;
  body?: string | Buffer;
}

/** A request for one object, its body read and its signature checked. */
export interface ObjectCall {
  request: IncomingMessage;
  mayDecrypt: boolean; // whether the caller may use the keys of KMS
  bucket: string;
  key: string;
  body: Buffer;
}

/** Answers GET and HEAD: conditions on the ETag first, then the range. */
export function getObject(store: ObjectStore, { request, bucket, key, mayDecrypt }: ObjectCall): Answer {
  const object = store.head(bucket, key);
  if (!object) throw new S3Error("NoSuchKey", "The specified key does not exist.");
  if (request.method === "GET") refuseLocked(object, mayDecrypt);
  const { headers } = request;
  const responseHeaders: Record<string, string | number> = {
    ETag: `"${object.etag}"`,
    "Last-Modified": object.modified.toUTCString(),
    "Accept-Ranges": "bytes",
    "Content-Type": "application/octet-stream",
    ...(object.encryption === "aws:kms" && { "x-amz-server-side-encryption": "aws:kms" }),
  };
  if (headers["if-match"] !== undefined && !matches(headers["if-match"], object.etag)) {
    throw new S3Error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  }
  if (headers["if-none-match"] !== undefined && matches(headers["if-none-match"], object.etag)) {
    return { status: 304, headers: responseHeaders };
  }
  const range = headers.range === undefined ? null : readRange(headers.range, object.size);
  if (range) {
    responseHeaders["Content-Range"] = `bytes ${range.start}-${range.end}/${object.size}`;
  } else if (object.crc32 && headers["x-amz-checksum-mode"] === "ENABLED") {
    responseHeaders["x-amz-checksum-crc32"] = object.crc32;
    responseHeaders["x-amz-checksum-type"] = "FULL_OBJECT";
  }
  const { start, end } = range ?? { start: 0, end: object.size - 1 };
  responseHeaders["Content-Length"] = end - start + 1;
  const body = request.method === "HEAD" ? undefined : store.read(bucket, key).subarray(start, end + 1);
  return { status: range ? 206 : 200, headers: responseHeaders, ...(body && { body }) };
}

/** Stores an object if the conditions hold and its checksums match. */
export function putObject(store: ObjectStore, { request, bucket, key, body }: ObjectCall): Answer {
  const { headers } = request;
  if (headers["x-amz-copy-source"]) throw new S3Error("NotImplemented", "Copying is not implemented");
  const existing = store.head(bucket, key);
  const fails =
    (headers["if-none-match"] === "*" && existing) ||
    (headers["if-match"] !== undefined && !(existing && matches(headers["if-match"], existing.etag)));
  if (fails) {
    throw new S3Error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  }
  const md5 = headers["content-md5"];
  if (typeof md5 === "string" && createHash("md5").update(body).digest("base64") !== md5) {
    throw new S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
  const checksum = headers["x-amz-checksum-crc32"];
  const wantsChecksum = checksum !== undefined || /crc32$/i.test(String(headers["x-amz-trailer"] ?? ""));
  if (typeof checksum === "string" && crc32(body) !== checksum) {
    throw new S3Error("BadDigest", "The CRC32 you specified did not match the calculated checksum.");
  }
  const object = store.put(bucket, key, body, { crc32: wantsChecksum });
  const etag = { ETag: `"${object.etag}"` };
  return { status: 200, headers: object.crc32 ? { ...etag, "x-amz-checksum-crc32": object.crc32 } : etag };
}

function refuseLocked({ storageClass, encryption }: StoredObject, mayDecrypt: boolean): void {
  if (storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE")
    throw new S3Error("InvalidObjectState", "The operation is not valid for the object's storage class", {
      StorageClass: storageClass,
    });
  if (encryption === "customer")
    throw new S3Error(
      "InvalidRequest",
      "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
    );
  if (encryption === "aws:kms" && !mayDecrypt)
    throw new S3Error(
      "AccessDenied",
      "User: arn:aws:iam::000000000000:user/acme is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:000000000000:key/demo because no identity-based policy allows the kms:Decrypt action",
    );
}

function matches(header: string, etag: string): boolean {
  return header.split(",").some((item) => item.trim() === "*" || item.trim().replace(/"/g, "") === etag);
}

// HTTP requires ignoring a header that is not a range of bytes.
function readRange(header: string, size: number): { start: number; end: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header);
  if (!match || header === "bytes=-") return null;
  const [, from = "", to = ""] = match;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (start >= size || (from === "" && Number(to) === 0)) {
    throw new S3Error("InvalidRange", "The requested range is not satisfiable");
  }
  return end < start ? null : { start, end };
}
