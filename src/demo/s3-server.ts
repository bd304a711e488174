import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "./crc32.ts";
import { memoryStore, type ObjectStore, type PutOptions, type StoredObject } from "./object-store.ts";
import { S3Error } from "./s3-error.ts";
import { element, escapeXml, listObjects, xml } from "./s3-listing.ts";
import { type Credentials, parseTarget, sha256, type Target, verifySignature } from "./sigv4.ts";

export interface Client extends Credentials {
  allow?: ("list" | "read" | "write")[]; // default: all
  buckets?: string[]; // default: all
}

export interface S3ServerOptions {
  credentials: Client[];
  buckets?: string[]; // made when they are not there yet
  store?: ObjectStore; // default: in memory
  port?: number; // default: any free one
  region?: string; // default: us-east-1
  clock?: () => Date; // the server's own time, for signatures and session tokens
  /** Sees each request first. Returns true when it has answered, or broken off, by itself. */
  intercept?: (request: LoggedRequest, response: ServerResponse) => boolean | Promise<boolean>;
}

export interface LoggedRequest {
  operation: string; // ListObjectsV2, GetObject, …; as far as it was understood
  bucket: string;
  key: string;
  range: string | null;
  status: number; // 0 until answered
}

export interface S3Server {
  url: string;
  store: ObjectStore;
  requests: LoggedRequest[];
  count(operation: string): number;
  forget(): void; // empties the log
  put(bucket: string, key: string, body: string | Buffer, options?: PutOptions): StoredObject;
  delete(bucket: string, key: string): void;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  headers?: Record<string, string | number>;
  body?: string | Buffer;
}

interface Call {
  operation: string;
  request: IncomingMessage;
  target: Target;
  bucket: string;
  key: string;
  body: Buffer;
}

const actions: Record<string, "list" | "read" | "write"> = {
  ListBuckets: "list",
  HeadBucket: "list",
  GetBucketLocation: "list",
  ListObjectsV2: "list",
  GetObject: "read",
  HeadObject: "read",
  PutObject: "write",
  DeleteObject: "write",
  CreateBucket: "write",
  DeleteBucket: "write",
};

/**
 * Serves the part of S3 that reading exports needs, in path style, on 127.0.0.1 alone: real signatures, listings,
 * ranges and conditions. For the demo and for tests; not for data that matters.
 */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const store = options.store ?? memoryStore();
  const region = options.region ?? "us-east-1";
  const clock = options.clock ?? (() => new Date());
  const requests: LoggedRequest[] = [];
  for (const bucket of options.buckets ?? []) store.createBucket(bucket);

  const server = createServer(async (request, response) => {
    const logged: LoggedRequest = { operation: "?", bucket: "", key: "", range: null, status: 0 };
    requests.push(logged);
    try {
      const target = parseTarget(request.url ?? "/");
      const [, bucket = "", ...rest] = target.path.split("/");
      const key = rest.join("/");
      const operation = operationOf(request.method ?? "", bucket, key, target.query);
      Object.assign(logged, { operation, bucket, key, range: request.headers.range ?? null });
      response.on("finish", () => {
        logged.status = response.statusCode;
      });
      if (options.intercept && (await options.intercept(logged, response))) return;
      const raw = await readBody(request);
      const { owner, payload } = verifySignature(request, target, options.credentials, clock());
      authorize(owner, operation, bucket);
      const call = { operation, request, target, bucket, key, body: decodeBody(request, raw, payload) };
      send(request, response, perform(store, region, call));
    } catch (error) {
      if (!response.headersSent) send(request, response, failure(error, request.url ?? "/"));
      else response.destroy();
    }
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    requests,
    count: (operation) => requests.filter((request) => request.operation === operation).length,
    forget: () => requests.splice(0),
    put: (bucket, key, body, put) => store.put(bucket, key, Buffer.from(body), put),
    delete: (bucket, key) => store.delete(bucket, key),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

// method         on                    operation
// GET            /                     ListBuckets
// GET            /bucket?location      GetBucketLocation
// GET            /bucket?list-type=2   ListObjectsV2
// HEAD           /bucket               HeadBucket
// PUT, DELETE    /bucket               CreateBucket, DeleteBucket
// GET, HEAD      /bucket/key           GetObject, HeadObject
// PUT, DELETE    /bucket/key           PutObject, DeleteObject
function operationOf(method: string, bucket: string, key: string, query: URLSearchParams): string {
  if (bucket === "") return method === "GET" ? "ListBuckets" : "?";
  if (key === "") {
    if (method === "GET" && query.has("location")) return "GetBucketLocation";
    if (method === "GET" && query.get("list-type") === "2") return "ListObjectsV2";
    return { HEAD: "HeadBucket", PUT: "CreateBucket", DELETE: "DeleteBucket" }[method] ?? "?";
  }
  if (["uploads", "uploadId", "tagging", "acl"].some((name) => query.has(name))) return "?";
  return { GET: "GetObject", HEAD: "HeadObject", PUT: "PutObject", DELETE: "DeleteObject" }[method] ?? "?";
}

function authorize(owner: Client, operation: string, bucket: string): void {
  const action = actions[operation];
  if (!action)
    throw new S3Error(
      "NotImplemented",
      "A header or query you provided implies functionality that is not implemented",
    );
  const allowed = !owner.allow || owner.allow.includes(action);
  const inside = !owner.buckets || bucket === "" || owner.buckets.includes(bucket);
  if (!allowed || !inside) throw new S3Error("AccessDenied", "Access Denied");
}

function perform(store: ObjectStore, region: string, call: Call): Answer {
  const { operation, bucket, key } = call;
  if (operation === "ListBuckets") return listBuckets(store);
  if (operation === "CreateBucket") {
    store.createBucket(bucket);
    return { status: 200, headers: { Location: `/${bucket}` } };
  }
  if (!store.buckets().includes(bucket))
    throw new S3Error("NoSuchBucket", "The specified bucket does not exist");
  switch (operation) {
    case "HeadBucket":
      return { status: 200, headers: { "x-amz-bucket-region": region } };
    case "GetBucketLocation":
      return {
        status: 200,
        body: xml("LocationConstraint", [region === "us-east-1" ? "" : escapeXml(region)]),
      };
    case "DeleteBucket":
      if (store.keys(bucket).length > 0) {
        throw new S3Error("BucketNotEmpty", "The bucket you tried to delete is not empty");
      }
      store.deleteBucket(bucket);
      return { status: 204 };
    case "ListObjectsV2":
      return { status: 200, body: listObjects(store, bucket, call.target.query) };
    case "PutObject":
      return putObject(store, call);
    case "DeleteObject":
      store.delete(bucket, key);
      return { status: 204 };
    default:
      return getObject(store, call);
  }
}

function listBuckets(store: ObjectStore): Answer {
  const buckets = store.buckets().map((name) => `<Bucket>${element("Name", name)}</Bucket>`);
  return { status: 200, body: xml("ListAllMyBucketsResult", [`<Buckets>${buckets.join("")}</Buckets>`]) };
}

function getObject(store: ObjectStore, { request, bucket, key }: Call): Answer {
  const object = store.head(bucket, key);
  if (!object) throw new S3Error("NoSuchKey", "The specified key does not exist.");
  const { headers } = request;
  const described: Record<string, string | number> = {
    ETag: `"${object.etag}"`,
    "Last-Modified": object.modified.toUTCString(),
    "Accept-Ranges": "bytes",
    "Content-Type": "application/octet-stream",
  };
  if (headers["if-match"] !== undefined && !matches(headers["if-match"], object.etag)) {
    throw new S3Error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  }
  if (headers["if-none-match"] !== undefined && matches(headers["if-none-match"], object.etag)) {
    return { status: 304, headers: described };
  }
  const range = headers.range === undefined ? null : readRange(headers.range, object.size);
  if (range) {
    described["Content-Range"] = `bytes ${range.start}-${range.end}/${object.size}`;
  } else if (object.crc32 && headers["x-amz-checksum-mode"] === "ENABLED") {
    described["x-amz-checksum-crc32"] = object.crc32;
    described["x-amz-checksum-type"] = "FULL_OBJECT";
  }
  const { start, end } = range ?? { start: 0, end: object.size - 1 };
  described["Content-Length"] = end - start + 1;
  const body = request.method === "HEAD" ? undefined : store.read(bucket, key).subarray(start, end + 1);
  return { status: range ? 206 : 200, headers: described, ...(body && { body }) };
}

function putObject(store: ObjectStore, { request, bucket, key, body }: Call): Answer {
  const { headers } = request;
  if (headers["x-amz-copy-source"]) throw new S3Error("NotImplemented", "Copying is not implemented");
  const held = store.head(bucket, key);
  const refused =
    (headers["if-none-match"] === "*" && held) ||
    (headers["if-match"] !== undefined && !(held && matches(headers["if-match"], held.etag)));
  if (refused) {
    throw new S3Error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  }
  const md5 = headers["content-md5"];
  if (typeof md5 === "string" && createHash("md5").update(body).digest("base64") !== md5) {
    throw new S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
  const sent = headers["x-amz-checksum-crc32"];
  const asked = sent !== undefined || /crc32$/i.test(String(headers["x-amz-trailer"] ?? ""));
  if (typeof sent === "string" && crc32(body) !== sent) {
    throw new S3Error("BadDigest", "The CRC32 you specified did not match the calculated checksum.");
  }
  const object = store.put(bucket, key, body, { crc32: asked });
  const etag = { ETag: `"${object.etag}"` };
  return { status: 200, headers: object.crc32 ? { ...etag, "x-amz-checksum-crc32": object.crc32 } : etag };
}

function matches(header: string, etag: string): boolean {
  return header.split(",").some((item) => item.trim() === "*" || item.trim().replace(/"/g, "") === etag);
}

// A header that is no range of bytes is ignored, as HTTP asks.
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

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// What was signed: a hash of the body, nothing, or a stream of chunks each with its own length line.
function decodeBody(request: IncomingMessage, raw: Buffer, payload: string): Buffer {
  if (payload.startsWith("STREAMING-")) return dechunk(request, raw);
  if (payload !== "UNSIGNED-PAYLOAD" && sha256(raw) !== payload) {
    throw new S3Error(
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  return raw;
}

function dechunk(request: IncomingMessage, raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf("\r\n", at);
    const length = lineEnd < 0 ? Number.NaN : Number.parseInt(raw.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(length) || lineEnd + 2 + length > raw.length) {
      throw new S3Error("IncompleteBody", "The request body terminated unexpectedly");
    }
    at = lineEnd + 2 + length + 2;
    if (length === 0) break;
    parts.push(raw.subarray(lineEnd + 2, lineEnd + 2 + length));
  }
  const body = Buffer.concat(parts);
  const trailer = /^x-amz-checksum-crc32:(\S+)/m.exec(raw.toString("latin1", at - 2));
  if (trailer && crc32(body) !== trailer[1]) {
    throw new S3Error("BadDigest", "The CRC32 you specified did not match the calculated checksum.");
  }
  const declared = request.headers["x-amz-decoded-content-length"];
  if (declared !== undefined && Number(declared) !== body.length) {
    throw new S3Error("IncompleteBody", "You did not provide the number of bytes specified by the header");
  }
  return body;
}

function failure(error: unknown, resource: string): Answer {
  const known = error instanceof S3Error ? error : new S3Error("InternalError", String(error));
  const detail = [
    element("Code", known.code),
    element("Message", known.message),
    element("Resource", resource),
  ];
  return {
    status: known.status,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${detail.join("")}<RequestId>demo</RequestId></Error>`,
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body }: Answer,
): void {
  const text = typeof body === "string";
  response.writeHead(status, {
    Server: "asapp-kit-demo",
    "x-amz-request-id": "demo",
    ...(text && { "Content-Type": "application/xml" }),
    ...(body !== undefined && { "Content-Length": Buffer.byteLength(body) }),
    ...(body === undefined && status !== 204 && status !== 304 && { "Content-Length": 0 }),
    ...headers,
  });
  if (request.method === "HEAD" || body === undefined) response.end();
  else response.end(body);
}
