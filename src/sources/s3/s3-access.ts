import type { Http } from "../../http/http.ts";
import { S3Client } from "./s3-sdk.ts";
import { SdkHandler } from "./s3-sdk-handler.ts";

export interface S3Options {
  bucket: string;
  region: string;
  endpoint: string | null;
  profile: string | null;
  etagIsMd5?: boolean; // default: true, for what looks like one
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** What the SDK is asked for: who may read the bucket, and where it is. */
export interface S3Access {
  credentials(): Promise<Credentials>;
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
  let url: URL | null = null;
  let refused = ""; // the credentials that the store called expired
  let renewal: Promise<unknown> = Promise.resolve();
  return {
    credentials: () => client.config.credentials(),
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

function nameOf({ accessKeyId, sessionToken = "" }: Credentials): string {
  return `${accessKeyId} ${sessionToken}`;
}
