import { CliError } from "../../base/errors.ts";
import { own } from "../../base/names.ts";
import { HttpError } from "../../http/http-error.ts";
import { SourceError } from "../source.ts";
import { adviceFor, outcomeOf, type Refusal } from "./s3-codes.ts";
import { unescapeXml } from "./s3-listing.ts";

export interface S3Target {
  where: string; // for messages: bucket and endpoint or region
  bucket: string;
  region: string;
  endpoint: string | null;
  profile: string | null;
  proxy?: string | null; // for messages: host and port of the proxy
}

const network: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "host name not found",
  EAI_AGAIN: "host name cannot be looked up at the moment",
  ECONNRESET: "connection broken off",
  EPIPE: "connection broken off",
  ETIMEDOUT: "connection timed out",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  TimeoutError: "no answer in time",
};
// outcome by code, else by status               for a listing        for an object
// expired                                       expired              expired
// key: InvalidAccessKeyId                       credentialsRefused   credentialsRefused
// signature: SignatureDoesNotMatch, …           credentialsRefused   denied: the listing was signed with the same key
// clock                                         clockSkew            clockSkew
// bucket                                        noSuchBucket         noSuchBucket
// elsewhere, other 3xx                          config                   config
// 407                                           unreachable          unreachable
// changed, 412, 404                             broken               changed
// throttled, 429, 503                           throttled            throttled
// 408, 5xx but 501, reset, timeout, unknown     transient            transient
// certificate                                   unreachable          unreachable
// denied, 403                                   accessDenied         denied
// broken, any other 4xx, 501                    broken               broken
// no credentials found                          noCredentials        noCredentials
/** Classifies a refusal: the error to throw, or "expired" when fresh credentials may help. */
export function classify(refusal: Refusal, target: S3Target, what: "listing" | "object"): Error | "expired" {
  const { status, code, message } = refusal;
  const outcome = outcomeOf(refusal, target.region);
  const reason = reasonText(refusal);
  const retryAfterMs = refusal.retryAfterMs ?? 0;
  switch (outcome) {
    case "expired":
      return "expired";
    case "key":
    case "signature":
      if (what === "object" && outcome === "signature") return new SourceError("denied", `refused (${reason})`);
      return new CliError(
        "credentialsRefused",
        `${target.where} refused the credentials${profileOf(target)} (${reason})`,
        "check that key id and secret belong together and to this environment; ASAPP issues one pair per environment",
      );
    case "clock":
      return new CliError(
        "clockSkew",
        `${target.where} refused the request: this machine's clock differs from the store's by more than 15 minutes`,
        "set the clock (for example by turning on automatic time), then run again",
      );
    case "bucket":
      return new CliError(
        "noSuchBucket",
        `there is no bucket ${target.bucket} at ${target.endpoint ?? `AWS, region ${target.region}`}`,
        "check company, environment, region or `bucket` in kit.yaml against the credentials file from ASAPP",
      );
    case "elsewhere":
      return elsewhere(refusal, target, reason);
    case "proxy":
      return proxyLogin(target, reason);
    case "changed":
      if (what === "listing") return refused(refusal, reason, what);
      return new SourceError("changed", status === 412 ? "changed since it was listed" : "gone since it was listed");
    case "throttled":
      return new SourceError("throttled", `the store asks to slow down (${reason})`, { retryAfterMs });
    case "transient":
      return new SourceError("transient", `the store failed (${status} ${reason})`, { retryAfterMs });
    case "denied":
      if (what === "object") return new SourceError("denied", `access denied (${reason}); ${adviceFor(refusal, what)}`);
      return new CliError(
        "accessDenied",
        `access denied to ${target.where}${profileOf(target)} (${reason})`,
        adviceFor(refusal, what),
      );
    case "broken":
      return refused(refusal, reason, what);
  }
  const trouble = own(network, code);
  if (trouble !== undefined) return new SourceError("transient", trouble);
  if (/CERT|VERIFY|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO/.test(code)) {
    return new CliError(
      "unreachable",
      `no trusted connection to ${target.where}: ${message}`,
      "if a proxy of your company inspects TLS, point AWS_CA_BUNDLE at its certificate; for a store without TLS write http:// in `endpoint`",
    );
  }
  if (/Credentials|TokenProvider|SSO/.test(code) && status === 0) return noCredentials(message, target);
  return new SourceError("transient", `the answer makes no sense (${reason})`);
}

/** The store's code and message in one line: `AccessDenied: Access Denied`. */
function reasonText({ code, message, storageClass }: Refusal): string {
  const words = message
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, 400);
  const archived = storageClass === undefined ? "" : `; storage class ${storageClass}`;
  return words === "" || words === code ? `${code}${archived}` : `${code}: ${words}${archived}`;
}

function refused(refusal: Refusal, reason: string, what: "listing" | "object"): SourceError {
  return new SourceError("broken", `the store refused (${refusal.status} ${reason}); ${adviceFor(refusal, what)}`);
}

function elsewhere({ region }: Refusal, target: S3Target, reason: string): CliError {
  const { bucket, endpoint } = target;
  if (region !== undefined && region !== target.region)
    return new CliError(
      "config",
      `bucket ${bucket} is not in region ${target.region} but in ${region} (${reason})`,
      `set region: ${region} in kit.yaml`,
    );
  return new CliError(
    "config",
    `${target.where} sends requests for bucket ${bucket} elsewhere (${reason})`,
    endpoint === null
      ? "set `region` in kit.yaml to the bucket's region: aws s3api get-bucket-location shows it"
      : "correct `endpoint` in kit.yaml (https:// instead of http://, another host or port), or `region`",
  );
}

function proxyLogin({ proxy, where }: S3Target, reason: string): CliError {
  return new CliError(
    "unreachable",
    `the proxy ${proxy ?? "on the way"} requires a login for ${where} (${reason})`,
    "put the login into HTTPS_PROXY (HTTP_PROXY for http://): http://user:password@host:port, with %40 for an @ in the password; or name the store in NO_PROXY",
  );
}

/** A network error, or the SDK's when it looks for credentials, as a refusal. */
export function refusalOf(error: Error & { code?: string; $metadata?: { httpStatusCode?: number } }): Refusal {
  const { code, name, message, $metadata } = error;
  if (error instanceof HttpError && error.status > 0)
    return { status: error.status, code: `HTTP ${error.status}`, message };
  return { status: $metadata?.httpStatusCode ?? 0, code: code ?? name, message };
}

/** An error response as a refusal: from the XML, `<Error><Code>…`, or the title of a proxy's HTML page. */
export function refusalIn(status: number, body: string, headers: Record<string, unknown>): Refusal {
  const text = (tag: string) => {
    const [, content] = new RegExp(`<${tag}(?:\\s[^>]*)?>([^<]+)</${tag}>`, "i").exec(body) ?? [];
    return content === undefined ? undefined : unescapeXml(content);
  };
  const message = text("Message") ?? text("title") ?? "";
  const header = headers["x-amz-bucket-region"];
  return {
    status,
    code: text("Code") ?? `HTTP ${status}`,
    message,
    region: regionOf(text("Region") ?? (typeof header === "string" ? header : undefined), message),
    storageClass: text("StorageClass"),
    retryAfterMs: retryAfter(headers["retry-after"]),
  };
}

// Some stores name the region in the message alone: "…; the region 'us-east-1' is wrong; expecting 'eu-west-1'".
function regionOf(region: string | undefined, message = ""): string | undefined {
  return region ?? /expecting '([a-z0-9-]+)'/.exec(message)?.[1];
}

export function credentialsExpired(target: S3Target): CliError {
  return new CliError(
    "credentialsExpired",
    `the credentials for ${target.where}${profileOf(target)} have expired`,
    `get fresh ones (for SSO: aws sso login${target.profile === null ? "" : ` --profile ${target.profile}`}) and run again; what was fetched so far is kept`,
  );
}

function noCredentials(message: string, target: S3Target): CliError {
  if (/expired|session has|refresh/i.test(message)) return credentialsExpired(target);
  return new CliError(
    "noCredentials",
    target.profile === null
      ? `no AWS credentials found for ${target.where}`
      : `profile ${target.profile} gives no AWS credentials for ${target.where}`,
    "import the file from ASAPP with `asapp-kit credentials import FILE`, set `profile` in kit.yaml, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  );
}

function retryAfter(header: unknown): number {
  const seconds = Number(header);
  return header !== undefined && seconds >= 0 && seconds < 3600 ? seconds * 1000 : 0;
}

function profileOf({ profile }: S3Target): string {
  return profile === null ? "" : ` of profile ${profile}`;
}
