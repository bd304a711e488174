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
  headers: Record<string, string>; // by names in lower case
}

/** What the SDK is asked for: who may read the bucket, where it is, and signatures. */
export interface S3Access {
  /** The headers of a GET, and those that sign them. */
  sign(request: Unsigned): Promise<Record<string, string>>;
  /** Fetches fresh credentials, once for all requests that met the old ones. False when they are the old ones. */
  renew(): Promise<boolean>;
  /** The bucket's own URL, a key comes after its path. */
  bucketUrl(): Promise<URL>;
  close(): void;
}

export function openAccess({ bucket, region, endpoint, profile }: S3Options, http: Http): S3Access {
  // The kit pins the SDK, so its announcement of future releases is not for the person who runs a sync.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const client = new S3Client({
    region,
    ignoreConfiguredEndpointUrls: true,
    requestHandler: new SdkHandler(http), // for what credentials are asked of: STS, SSO
    // The files of the shared configuration are read again whenever credentials are renewed.
    credentials: () =>
      client.config.credentialDefaultProvider({
        ignoreCache: true,
        parentClientConfig: client.config, // so that it asks over the same handler
        ...(profile !== null && { profile }),
      })(),
    ...(endpoint !== null && { endpoint }),
    // A dot in a bucket's name does not fit the certificate of a virtual host.
    forcePathStyle: endpoint !== null || bucket.includes("."),
  });
  // It takes 63 to 82 µs of CPU time a request, where one of our own took 24 to 32: see bench/RESULTS.md.
  const signer = new SignatureV4({
    region,
    service: "s3",
    uriEscapePath: false,
    applyChecksum: false,
    credentials: () => client.config.credentials(),
    sha256: client.config.sha256,
  });
  let url: URL | null = null;
  let refused = ""; // the credentials that the store called expired
  let renewal: Promise<unknown> = Promise.resolve();
  return {
    async sign({ url: { protocol, hostname, host }, path, query, headers }) {
      const hashed = { host, ...headers, "x-amz-content-sha256": emptyHash };
      const signed = await signer.sign({ method: "GET", protocol, hostname, path, query, headers: hashed });
      return signed.headers;
    },
    async renew() {
      const held = nameOf(await client.config.credentials());
      if (refused !== held) {
        refused = held;
        renewal = client.config.credentials({ forceRefresh: true });
      }
      await renewal;
      return nameOf(await client.config.credentials()) !== refused;
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
