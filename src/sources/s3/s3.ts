import { Readable } from "node:stream";

import { CliError } from "../../base/errors.ts";
import type { RemoteObject } from "../../export/remote-partition.ts";
import { type Agents, openAgents } from "../../http/agents.ts";
import { Connections, type Head } from "../../http/connections.ts";
import {
  type Body,
  type Checksum,
  type Folder,
  type FolderOptions,
  type GetOptions,
  type ListOptions,
  type Source,
  SourceError,
  type SourceTuning,
  type Take,
} from "../source.ts";
import type { Refusal } from "./s3-codes.ts";
import { credentialsExpired, judge, refusalIn, refusalOf, type S3Place } from "./s3-error.ts";
import { type ListPage, parseListPage, unquote } from "./s3-listing.ts";
import { ListingWatch } from "./s3-pages.ts";
import { ListObjectsV2Command, S3Client } from "./s3-sdk.ts";
import { Signer } from "./signing.ts";

export interface S3Options {
  bucket: string;
  region: string;
  endpoint: string | null;
  profile: string | null;
  etagIsMd5?: boolean; // default: true, for what looks like one
}

const longestPage = 64 * 1024 * 1024; // of a thousand names of a kilobyte each, encoded, there are 4

interface ListInput {
  Prefix: string;
  StartAfter?: string | undefined;
  Delimiter?: string;
  ContinuationToken?: string | undefined;
}

/**
 * Opens a bucket. Credentials, endpoints and listing are the SDK's; objects come over connections and with signatures of our own, at a
 * twentieth of GetObject's CPU time. Neither retries: that is the sync's business.
 */
export async function openS3(options: S3Options, tuning: SourceTuning = {}): Promise<Source> {
  // The kit pins the SDK, so its announcement of future releases is not for the person who runs a sync.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  return new S3Source(options, tuning);
}

class S3Source implements Source {
  private readonly place: S3Place;
  private readonly idleMs: number;
  private readonly maxListed: number | undefined;
  private readonly etagIsMd5: boolean;
  private readonly agents: Agents;
  private readonly connections: Connections;
  private readonly client: S3Client;
  private readonly signer: Signer;
  private base: URL | null = null;
  private refused = ""; // the access key and token that the store called expired
  private renewal: Promise<void> = Promise.resolve();

  constructor(options: S3Options, tuning: SourceTuning) {
    const { bucket, region, profile } = options;
    const endpoint =
      options.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL ?? null;
    const where = endpoint === null ? `s3://${bucket} (${region})` : `s3://${bucket} at ${endpoint}`;
    this.idleMs = tuning.idleMs ?? 20_000;
    this.maxListed = tuning.maxListed;
    this.etagIsMd5 = options.etagIsMd5 ?? true;
    this.agents = openAgents(
      endpoint ?? `https://s3.${region}.amazonaws.com`,
      (tuning.concurrency ?? 16) + 8,
    );
    this.place = { bucket, region, endpoint, profile, where, proxy: this.agents.proxy };
    this.connections = new Connections(this.agents.open, this.idleMs);
    this.client = new S3Client({
      region,
      maxAttempts: 1,
      ignoreConfiguredEndpointUrls: true,
      logger: {} as Console, // else every answer is filtered for a log that nobody keeps
      requestHandler: { ...this.agents.forSdk, connectionTimeout: this.idleMs },
      // The files of the shared configuration are read again whenever credentials are renewed.
      credentials: () =>
        this.client.config.credentialDefaultProvider({
          ignoreCache: true,
          ...(profile !== null && { profile }),
        })(),
      ...(endpoint !== null && { endpoint }),
      // A dot in a bucket's name does not fit the certificate of a virtual host.
      forcePathStyle: endpoint !== null || bucket.includes("."),
    });
    this.signer = new Signer(region);
  }

  describe(): string {
    return this.place.where;
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<RemoteObject[]> {
    for await (const page of this.pages({ Prefix: prefix, StartAfter: options.startAfter }, options)) {
      yield page.objects;
    }
  }

  async folder(prefix: string, options: FolderOptions = {}): Promise<Folder> {
    const found: Folder = { folders: [], objects: [] };
    for await (const { objects, folders } of this.pages({ Prefix: prefix, Delimiter: "/" }, options)) {
      found.folders.push(...folders.map((folder) => folder.slice(prefix.length, -1)));
      found.objects.push(...objects);
    }
    return found;
  }

  async get(
    object: RemoteObject,
    begin: (body: Body) => Take,
    { offset = 0, signal }: GetOptions = {},
  ): Promise<void> {
    let begun = false;
    let refusal: (() => Refusal) | null = null;
    try {
      this.base ??= await this.bucketUrl();
      const { start, headers } = this.agents.asked;
      const path = `${this.base.pathname.replace(/\/$/, "")}/${escapeKey(object.key)}`;
      const signed = await this.sign(this.base.host, path, object.etag, offset);
      const answer = ({ status, headers }: Head): Take => {
        if (status !== 200 && status !== 206) {
          const body = new TextBody();
          refusal = () => refusalIn(status, body.text, headers);
          return (bytes) => body.add(bytes);
        }
        if (unquote(headers.etag ?? object.etag) !== object.etag)
          throw new SourceError("changed", "changed since it was listed");
        begun = true;
        return begin(bodyOf(headers, status === 206 ? offset : 0, this.etagIsMd5));
      };
      await this.connections.get(start + path, { ...signed, ...headers }, answer, signal);
      if (refusal !== null) throw (refusal as () => Refusal)();
    } catch (error) {
      throw begun ? error : await this.explain(error, "object");
    }
  }

  async close(): Promise<void> {
    this.client.destroy();
    this.connections.close();
    this.agents.close();
  }

  private async *pages(
    input: ListInput,
    { signal, request = (page) => page() }: FolderOptions,
  ): AsyncIterable<ListPage> {
    const watch = new ListingWatch(this.maxListed);
    let token: string | null = null;
    do {
      const sent: ListInput =
        token === null ? input : { ...input, StartAfter: undefined, ContinuationToken: token };
      const page: ListPage = await request(async () => {
        const answer = await this.page(sent, signal);
        watch.see(answer);
        return answer;
      });
      // Folders made in a console are empty objects.
      yield { ...page, objects: page.objects.filter(({ key }) => !key.endsWith("/")) };
      token = page.next;
    } while (token !== null);
  }

  private async page(input: ListInput, signal?: AbortSignal): Promise<ListPage> {
    // No progress is to be seen inside a page, so it gets the idle time three times over.
    const timeout = AbortSignal.timeout(this.idleMs * 3);
    const command = new ListObjectsV2Command({ Bucket: this.place.bucket, EncodingType: "url", ...input });
    const answer = readAnswer(command);
    try {
      const abortSignal = signal ? AbortSignal.any([signal, timeout]) : timeout;
      await this.client.send(command, { abortSignal });
      if (answer.page === null) throw new SourceError("transient", "the answer is not a listing");
      return answer.page;
    } catch (error) {
      signal?.throwIfAborted();
      if (timeout.aborted) throw new SourceError("transient", "no answer to a listing in time");
      throw await this.explain(answer.refusal ?? error, "listing");
    }
  }

  private async sign(
    host: string,
    path: string,
    etag: string,
    offset: number,
  ): Promise<Record<string, string>> {
    const headers: Record<string, string> = {
      host,
      "x-amz-checksum-mode": "ENABLED",
      "if-match": `"${etag}"`,
    };
    if (offset > 0) headers.range = `bytes=${offset}-`;
    const { credentials, systemClockOffset } = this.client.config;
    return this.signer.sign(path, headers, await credentials(), new Date(Date.now() + systemClockOffset));
  }

  private async bucketUrl(): Promise<URL> {
    const { config } = this.client;
    const { bucket, region, endpoint } = this.place;
    const { url } = config.endpointProvider({
      Bucket: bucket,
      Region: region,
      UseFIPS: await config.useFipsEndpoint(),
      UseDualStack: await config.useDualstackEndpoint(),
      ForcePathStyle: config.forcePathStyle === true,
      ...(endpoint !== null && { Endpoint: endpoint }),
    });
    return url;
  }

  private async explain(error: unknown, what: "listing" | "object"): Promise<Error> {
    if (error instanceof CliError || error instanceof SourceError) return error;
    if (error instanceof Error && error.name === "AbortError") return error;
    const answer = isRefusal(error) ? error : refusalOf(error);
    const meaning = judge(answer, this.place, what);
    return meaning === "expired" ? await this.renew() : meaning;
  }

  /** Fetches fresh credentials, once for all requests that met the old ones. */
  private async renew(): Promise<Error> {
    try {
      const held = nameOf(await this.client.config.credentials());
      if (this.refused !== held) {
        this.refused = held;
        this.renewal = this.client.config.credentials({ forceRefresh: true }).then(() => {});
      }
      await this.renewal;
      if (nameOf(await this.client.config.credentials()) === this.refused)
        return credentialsExpired(this.place);
      return new SourceError("transient", "the credentials expired and were renewed");
    } catch {
      return credentialsExpired(this.place);
    }
  }
}

function nameOf(identity: { accessKeyId: string; sessionToken?: string }): string {
  return `${identity.accessKeyId} ${identity.sessionToken ?? ""}`;
}

interface ListAnswer {
  page: ListPage | null;
  refusal: Refusal | null;
}

/** Has the command's answer read by our own parsers, as the SDK's loses the words of what is no XML; it gets an empty one. */
function readAnswer(command: ListObjectsV2Command): ListAnswer {
  const answer: ListAnswer = { page: null, refusal: null };
  command.middlewareStack.add(
    (next) => async (sent) => {
      const result = await next(sent);
      const response = result.response as SdkResponse;
      const { statusCode, headers } = response;
      const text = await pageText(response.body);
      // What fails after it had begun to answer is an error with status 200.
      if (statusCode === 200 && !/<Error>\s*<Code>/.test(text)) answer.page = parseListPage(text);
      else answer.refusal = refusalIn(statusCode, text, headers);
      response.body = Readable.from([Buffer.from(statusCode === 200 ? "<ListBucketResult/>" : text)]);
      if (answer.refusal !== null && statusCode === 200) throw new Error("refused");
      return result;
    },
    { name: "readAnswer", step: "deserialize", priority: "low" },
  );
  return answer;
}

async function pageText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestPage)
      throw new SourceError("broken", `a page of the listing is longer than ${longestPage} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

interface SdkResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Readable;
}

function bodyOf(headers: Record<string, string>, offset: number, etagIsMd5: boolean): Body {
  const etag = unquote(headers.etag ?? "");
  // With a key of KMS or of the customer, the ETag looks like an MD5 and is none.
  const keyed =
    (headers["x-amz-server-side-encryption"] ?? "").startsWith("aws:kms") ||
    headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined;
  return {
    offset,
    md5: etagIsMd5 && !keyed && /^[0-9a-f]{32}$/i.test(etag) ? etag.toLowerCase() : null,
    checksum: offset === 0 ? checksumIn(headers) : null,
  };
}

function checksumIn(headers: Record<string, string>): Checksum | null {
  if (headers["x-amz-checksum-type"] === "COMPOSITE") return null;
  for (const algorithm of ["sha256", "sha1", "crc32", "crc32c", "crc64nvme"] as const) {
    const value = headers[`x-amz-checksum-${algorithm}`];
    if (value !== undefined && !value.includes("-")) return { algorithm, value };
  }
  return null;
}

/** The text of an answer, as much of it as anyone reads. */
class TextBody {
  text = "";
  add(bytes: Buffer): undefined {
    if (this.text.length < 65_536) this.text += bytes.toString("utf8");
  }
}

function isRefusal(error: unknown): error is Refusal {
  return typeof error === "object" && error !== null && !(error instanceof Error) && "status" in error;
}

function escapeKey(key: string): string {
  const escaped = key.split("/").map(encodeURIComponent).join("/");
  return escaped.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
