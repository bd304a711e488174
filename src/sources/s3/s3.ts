import { CliError } from "../../base/errors.ts";
import type { RemoteObject } from "../../export/remote-partition.ts";
import { type Begin, Http } from "../../http/http.ts";
import { HttpError } from "../../http/http-error.ts";
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
import { escapeKey, openAccess, queryString, type S3Access, type S3Options } from "./s3-access.ts";
import type { Refusal } from "./s3-codes.ts";
import { classify, credentialsExpired, refusalIn, refusalOf, type S3Target } from "./s3-error.ts";
import { type ListPage, parseListPage, unquote } from "./s3-listing.ts";
import { ListingGuard } from "./s3-pages.ts";

const longestPage = 64 * 1024 * 1024; // a thousand names of 1 kB each take 4 MB once encoded

interface ListInput {
  prefix: string;
  "start-after"?: string;
  delimiter?: string;
  "continuation-token"?: string;
}

interface GetRequest {
  what: "listing" | "object";
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/**
 * Opens a bucket. Credentials, region, endpoint and signatures are the SDK's; listings and objects come over the kit's HTTP
 * client, at a tenth of the SDK's CPU time. Retries are the caller's.
 */
export async function openS3(options: S3Options, tuning: SourceTuning = {}): Promise<Source> {
  return new S3Source(options, tuning);
}

class S3Source implements Source {
  private readonly target: S3Target;
  private readonly idleMs: number;
  private readonly maxListed: number | undefined;
  private readonly etagIsMd5: boolean;
  private readonly http: Http;
  private readonly access: S3Access;

  constructor(options: S3Options, tuning: SourceTuning) {
    const { bucket, region, profile } = options;
    const endpoint = options.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL ?? null;
    const where = endpoint === null ? `s3://${bucket} (${region})` : `s3://${bucket} at ${endpoint}`;
    this.idleMs = tuning.idleMs ?? 20_000;
    this.maxListed = tuning.maxListed;
    this.etagIsMd5 = options.etagIsMd5 ?? true;
    this.http = new Http({ connections: (tuning.concurrency ?? 16) + 8, idleMs: this.idleMs });
    const proxy = this.http.proxyOf(endpoint ?? `https://s3.${region}.amazonaws.com`);
    this.target = { bucket, region, endpoint, profile, where, proxy };
    this.access = openAccess({ ...options, endpoint }, this.http);
  }

  describe(): string {
    return this.target.where;
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<RemoteObject[]> {
    const { startAfter } = options;
    const input = { prefix, ...(startAfter !== undefined && { "start-after": startAfter }) };
    for await (const page of this.pages(input, options)) {
      yield page.objects;
    }
  }

  async folder(prefix: string, options: FolderOptions = {}): Promise<Folder> {
    const result: Folder = { folders: [], objects: [] };
    for await (const { objects, folders } of this.pages({ prefix, delimiter: "/" }, options)) {
      result.folders.push(...folders.map((folder) => folder.slice(prefix.length, -1)));
      result.objects.push(...objects);
    }
    return result;
  }

  async get(
    { key, etag }: RemoteObject,
    begin: (body: Body) => Take,
    { offset = 0, signal }: GetOptions = {},
  ): Promise<void> {
    const headers: Record<string, string> = {
      "x-amz-checksum-mode": "ENABLED",
      "if-match": `"${etag}"`,
    };
    if (offset > 0) headers.range = `bytes=${offset}-`;
    await this.request({ what: "object", key, headers, signal }, (head) => {
      if (unquote(head.headers.etag ?? etag) !== etag) throw new SourceError("changed", "changed since it was listed");
      return begin(bodyOf(head.headers, head.status === 206 ? offset : 0, this.etagIsMd5));
    });
  }

  async close(): Promise<void> {
    this.access.close();
    await this.http.close();
  }

  private async *pages(
    input: ListInput,
    { signal, request = (page) => page() }: FolderOptions,
  ): AsyncIterable<ListPage> {
    const guard = new ListingGuard(this.maxListed);
    const { "start-after": _, ...rest } = input;
    let token: string | null = null;
    do {
      const next: ListInput = token === null ? input : { ...rest, "continuation-token": token };
      const page: ListPage = await request(async () => {
        const listed = await this.page(next, signal);
        guard.add(listed);
        return listed;
      });
      // Folders made in a console are empty objects.
      yield { ...page, objects: page.objects.filter(({ key }) => !key.endsWith("/")) };
      token = page.next;
    } while (token !== null);
  }

  private async page(input: ListInput, stop?: AbortSignal): Promise<ListPage> {
    // A page shows no progress, so it may take three times the idle time.
    const timeout = AbortSignal.timeout(this.idleMs * 3);
    const signal = stop ? AbortSignal.any([stop, timeout]) : timeout;
    const query = { "list-type": "2", "encoding-type": "url", ...input };
    const body = new ListBody();
    try {
      await this.request({ what: "listing", query, signal }, () => (bytes) => body.add(bytes));
    } catch (error) {
      stop?.throwIfAborted();
      if (timeout.aborted) throw new SourceError("transient", "no answer to a listing in time");
      throw error;
    }
    const text = body.text();
    // A store that fails after the headers sends an error with status 200.
    if (/<Error>\s*<Code>/.test(text)) throw await this.explain(refusalIn(200, text, {}), "listing");
    return parseListPage(text);
  }

  /** Sends a signed GET, and passes a successful response to `begin`; throws any other as an error. */
  private async request({ what, key, query = {}, headers = {}, signal }: GetRequest, begin: Begin): Promise<void> {
    let begun = false;
    let refusal: (() => Refusal) | null = null;
    try {
      const url = await this.access.bucketUrl();
      const path = `${url.pathname.replace(/\/$/, "")}/${key === undefined ? "" : escapeKey(key)}`;
      const search = queryString(query);
      const signed = await this.access.sign({ url, path, query, headers });
      const pathAndQuery = search === "" ? path : `${path}?${search}`;
      const { origin } = url;
      await this.http.send({ method: "GET", origin, path: pathAndQuery, headers: signed, signal }, (head) => {
        const { status } = head;
        if (status === 200 || status === 206) {
          const take = begin(head);
          begun = what === "object";
          return take;
        }
        const body = new RefusalBody();
        refusal = () => refusalIn(status, body.text, head.headers);
        return (bytes) => body.add(bytes);
      });
    } catch (error) {
      if (error instanceof HttpError && error.code === "ETIMEDOUT") throw new SourceError("transient", error.message);
      if (error instanceof HttpError && error.code === "EINVAL")
        throw new SourceError("broken", `cannot be requested: ${error.message}`);
      throw begun ? error : await this.explain(error, what);
    }
    if (refusal !== null) throw await this.explain((refusal as () => Refusal)(), what);
  }

  private async explain(error: unknown, what: "listing" | "object"): Promise<Error> {
    if (error instanceof CliError || error instanceof SourceError) return error;
    if (error instanceof Error && error.name === "AbortError") return error;
    const refusal = error instanceof Error ? refusalOf(error) : (error as Refusal);
    const failure = classify(refusal, this.target, what);
    return failure === "expired" ? await this.renewed() : failure;
  }

  private async renewed(): Promise<Error> {
    const fresh = await this.access.renew().catch(() => false);
    return fresh
      ? new SourceError("transient", "the credentials expired and were renewed")
      : credentialsExpired(this.target);
  }
}

function bodyOf(headers: Record<string, string>, offset: number, etagIsMd5: boolean): Body {
  const etag = unquote(headers.etag ?? "");
  // Under a KMS or customer key, the ETag looks like an MD5 and is not one.
  const hasKey =
    (headers["x-amz-server-side-encryption"] ?? "").startsWith("aws:kms") ||
    headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined;
  return {
    offset,
    md5: etagIsMd5 && !hasKey && /^[0-9a-f]{32}$/i.test(etag) ? etag.toLowerCase() : null,
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

/** The beginning of the text of a refusal. */
class RefusalBody {
  text = "";
  add(bytes: Buffer): undefined {
    if (this.text.length < 65_536) this.text += bytes.toString("utf8");
  }
}

class ListBody {
  private readonly chunks: Buffer[] = [];
  private length = 0;

  add(bytes: Buffer): undefined {
    this.length += bytes.length;
    if (this.length > longestPage)
      throw new SourceError("broken", `a page of the listing is longer than ${longestPage} bytes`);
    this.chunks.push(Buffer.from(bytes));
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}
