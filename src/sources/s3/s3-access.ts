import { createHash } from "node:crypto";
import type { Http } from "../../http/http.ts";
import { S3Client, SignatureV4 } from "./s3-sdk.ts";
import { SdkHandler } from "./s3-sdk-handler.ts";

export interface S3Options {
  bucket: string;
  region: string;
  endpoint: string | null;
  profile: string | null;
  etagIsMd5?: boolean; // default: true, for what looks like one
}

export interface Unsigned {
  url: URL; // of the host
  path: string; // escaped
  query: Record<string, string>;
  headers: Record<string, string>; // by lower-case name
}

/** What the SDK provides: credentials, the bucket's URL, and signatures. */
export interface S3Access {
  /** The headers of a GET with its signature. */
  sign(request: Unsigned): Promise<Record<string, string>>;
  /** Fetches fresh credentials, once for all requests whose credentials expired. False when they have not changed. */
  renew(): Promise<boolean>;
  /** The bucket's URL, to whose path a key is appended. */
  bucketUrl(): Promise<URL>;
  close(): void;
}

export function openAccess({ bucket, region, endpoint, profile }: S3Options, http: Http): S3Access {
  // The kit pins the SDK: its warnings about later releases do not concern the user.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const client = new S3Client({
    region,
    ignoreConfiguredEndpointUrls: true,
    requestHandler: new SdkHandler(http), // for requests for credentials, to STS and SSO
    // The shared configuration files are read again whenever credentials are renewed.
    credentials: () =>
      client.config.credentialDefaultProvider({
        ignoreCache: true,
        parentClientConfig: client.config, // to use the same request handler
        ...(profile !== null && { profile }),
      })(),
    ...(endpoint !== null && { endpoint }),
    // The certificate of a virtual host does not cover a bucket name with a dot.
    forcePathStyle: endpoint !== null || bucket.includes("."),
  });
  // It takes 63 to 82 µs of CPU time a request, our own signer took 24 to 32: see bench/RESULTS.md.
  const signer = new SignatureV4({
    region,
    service: "s3",
    uriEscapePath: false,
    applyChecksum: false,
    credentials: () => client.config.credentials(),
    sha256: client.config.sha256,
  });
  let url: URL | null = null;
  let expired = ""; // the credentials that the store refused as expired
  let renewal: Promise<unknown> = Promise.resolve();
  return {
    async sign({ url: { protocol, hostname, host }, path, query, headers }) {
      const unsigned = { host, ...headers, "x-amz-content-sha256": emptyHash };
      const signed = await signer.sign({ method: "GET", protocol, hostname, path, query, headers: unsigned });
      return signed.headers;
    },
    async renew() {
      const current = nameOf(await client.config.credentials());
      if (expired !== current) {
        expired = current;
        renewal = client.config.credentials({ forceRefresh: true });
      }
      await renewal;
      return nameOf(await client.config.credentials()) !== expired;
    },
    async bucketUrl() {
      const { config } = client;
      url ??= config.endpointProvider({
        Bucket: bucket,
        Region: region,
        UseFIPS: await config.useFipsEndpoint(),
        UseDualStack: await config.useDualstackEndpoint(),
        ForcePathStyle: config.forcePathStyle === true,
        ...(endpoint !== null && { Endpoint: endpoint }),
      }).url;
      return url;
    },
    close: () => client.destroy(),
  };
}

const emptyHash = createHash("sha256").digest("hex");

function nameOf({ accessKeyId, sessionToken = "" }: { accessKeyId: string; sessionToken?: string }): string {
  return `${accessKeyId} ${sessionToken}`;
}

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
