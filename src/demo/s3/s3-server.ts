import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { own } from "../../base/names.ts";
import { memoryStore, type ObjectStore, type PutOptions, type StoredObject } from "./object-store.ts";
import { decodeBody, readBody } from "./s3-body.ts";
import { S3Error } from "./s3-error.ts";
import { element, escapeXml, listObjects, xml } from "./s3-listing.ts";
import { type Answer, getObject, type ObjectCall, putObject } from "./s3-object.ts";
import { type Credentials, parseTarget, verifySignature } from "./sigv4.ts";

export interface Client extends Credentials {
  allow?: ("list" | "read" | "write")[]; // default: all
  buckets?: string[]; // default: all
  mayDecrypt?: boolean; // objects that are encrypted with a key of KMS; default: true
}

export interface S3ServerOptions {
  credentials: Client[];
  buckets?: string[]; // created if missing
  store?: ObjectStore; // default: in memory
  port?: number; // default: any free one
  region?: string; // requests signed for another are refused; by default us-east-1, and no region is refused
  clock?: () => Date; // the server's own time, for signatures and session tokens
  /** Called first for each request. Returns true if it has answered or aborted the request. */
  intercept?: (request: LoggedRequest, response: ServerResponse) => boolean | Promise<boolean>;
}

export interface LoggedRequest {
  operation: string; // ListObjectsV2, GetObject, …; "?" if unknown
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

interface Call extends ObjectCall {
  operation: string;
  query: URLSearchParams;
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
 * Serves the subset of S3 that reading exports needs, in path style, on 127.0.0.1 alone: real signatures, listings,
 * ranges and conditions. For the demo and for tests only.
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
      if (options.region !== undefined) refuseOtherRegion(request, region);
      authorize(owner, operation, bucket);
      const body = decodeBody(request, raw, payload);
      const mayDecrypt = owner.mayDecrypt ?? true;
      const call = { operation, request, query: target.query, bucket, key, body, mayDecrypt };
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
    return own({ HEAD: "HeadBucket", PUT: "CreateBucket", DELETE: "DeleteBucket" }, method) ?? "?";
  }
  if (["uploads", "uploadId", "tagging", "acl"].some((name) => query.has(name))) return "?";
  return own({ GET: "GetObject", HEAD: "HeadObject", PUT: "PutObject", DELETE: "DeleteObject" }, method) ?? "?";
}

function refuseOtherRegion({ headers }: IncomingMessage, region: string): void {
  const signedFor = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1];
  if (signedFor === undefined || signedFor === region) return;
  throw new S3Error(
    "AuthorizationHeaderMalformed",
    `The authorization header is malformed; the region '${signedFor}' is wrong; expecting '${region}'`,
    { Region: region },
  );
}

function authorize(owner: Client, operation: string, bucket: string): void {
  const action = own(actions, operation);
  if (!action)
    throw new S3Error("NotImplemented", "A header or query you provided implies functionality that is not implemented");
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
  if (!store.buckets().includes(bucket)) throw new S3Error("NoSuchBucket", "The specified bucket does not exist");
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
      return { status: 200, body: listObjects(store, bucket, call.query) };
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

function failure(error: unknown, resource: string): Answer {
  const s3Error = error instanceof S3Error ? error : new S3Error("InternalError", String(error));
  const detail = [
    element("Code", s3Error.code),
    element("Message", s3Error.message),
    element("Resource", resource),
    ...Object.entries(s3Error.detail).map(([name, value]) => element(name, value)),
  ];
  return {
    status: s3Error.status,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${detail.join("")}<RequestId>demo</RequestId></Error>`,
  };
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers = {}, body }: Answer): void {
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
