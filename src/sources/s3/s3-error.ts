import { CliError } from "../../base/errors.ts";
import { own } from "../../base/names.ts";
import { HttpError } from "../../http/http-error.ts";
import { SourceError } from "../source.ts";
import { adviceFor, outcomeOf, type Refusal } from "./s3-codes.ts";
import { unescapeXml } from "./s3-listing.ts";

export interface S3Place {
  where: string; // for messages: bucket and endpoint or region
  bucket: string;
  region: string;
  endpoint: string | null;
  profile: string | null;
  proxy?: string | null; // host and port of the proxy on the way, for messages
}

const network: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "host name not found",
  EAI_AGAIN: "host name cannot be looked up just now",
  ECONNRESET: "connection broken off",
  EPIPE: "connection broken off",
  ETIMEDOUT: "connection timed out",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  TimeoutError: "no answer in time",
};
// outcome of the code, else of the status       for a listing        for an object
// expired                                       expired              expired
// key: InvalidAccessKeyId                       credentialsRefused   credentialsRefused
// signature: SignatureDoesNotMatch, …           credentialsRefused   denied: the listing was signed with the same key
// clock                                         clockSkew            clockSkew
// bucket                                        noSuchBucket         noSuchBucket
// elsewhere, other 3xx                          config                   config
// 407                                           unreachable          unreachable
// changed, 412, 404                             broken               changed
// throttled, 429, 503                           throttled            throttled
// 408, 5xx but 501, reset, timeout, no sense    transient            transient
// certificate                                   unreachable          unreachable
// denied, 403                                   accessDenied         denied
// broken, any other 4xx, 501                    broken               broken
// no credentials found                          noCredentials        noCredentials
/** What the answer means for the sync: an error to throw, or "expired", which fresh credentials may mend. */
export function judge(answer: Refusal, place: S3Place, what: "listing" | "object"): Error | "expired" {
  const { status, code, message } = answer;
  const outcome = outcomeOf(answer, place.region);
  const said = wordsOf(answer);
  const retryAfterMs = answer.retryAfterMs ?? 0;
  switch (outcome) {
    case "expired":
      return "expired";
    case "key":
    case "signature":
      if (what === "object" && outcome === "signature") return new SourceError("denied", `refused (${said})`);
      return new CliError(
        "credentialsRefused",
        `${place.where} refused the credentials${profileOf(place)} (${said})`,
        "check that key id and secret belong together and to this environment; ASAPP issues one pair per environment",
      );
    case "clock":
      return new CliError(
        "clockSkew",
        `${place.where} refused the request: this machine's clock differs from the store's by more than 15 minutes`,
        "set the clock (for example by turning on automatic time), then run again",
      );
    case "bucket":
      return new CliError(
        "noSuchBucket",
        `there is no bucket ${place.bucket} at ${place.endpoint ?? `AWS, region ${place.region}`}`,
        "check company, environment, region or `bucket` in kit.yaml against the credentials file from ASAPP",
      );
    case "elsewhere":
      return elsewhere(answer, place, said);
    case "proxy":
      return proxyLogin(place, said);
    case "changed":
      if (what === "listing") return refused(answer, said, what);
      return new SourceError("changed", status === 412 ? "changed since it was listed" : "gone since it was listed");
    case "throttled":
      return new SourceError("throttled", `the store asks to slow down (${said})`, { retryAfterMs });
    case "transient":
      return new SourceError("transient", `the store failed (${status} ${said})`, { retryAfterMs });
    case "denied":
      if (what === "object") return new SourceError("denied", `access denied (${said}); ${adviceFor(answer, what)}`);
      return new CliError(
        "accessDenied",
        `access denied to ${place.where}${profileOf(place)} (${said})`,
        adviceFor(answer, what),
      );
    case "broken":
      return refused(answer, said, what);
  }
  const trouble = own(network, code);
  if (trouble !== undefined) return new SourceError("transient", trouble);
  if (/CERT|VERIFY|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO/.test(code)) {
    return new CliError(
      "unreachable",
      `no trusted connection to ${place.where}: ${message}`,
      "if a proxy of your company inspects TLS, point AWS_CA_BUNDLE at its certificate; for a store without TLS write http:// in `endpoint`",
    );
  }
  if (/Credentials|TokenProvider|SSO/.test(code) && status === 0) return noCredentials(message, place);
  return new SourceError("transient", `the answer makes no sense (${said})`);
}

/** `AccessDenied: Access Denied`: the store's code and words, fit for one line. */
function wordsOf({ code, message, storageClass }: Refusal): string {
  const words = message
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, 400);
  const kept = storageClass === undefined ? "" : `; storage class ${storageClass}`;
  return words === "" || words === code ? `${code}${kept}` : `${code}: ${words}${kept}`;
}

function refused(answer: Refusal, said: string, what: "listing" | "object"): SourceError {
  return new SourceError("broken", `the store refused (${answer.status} ${said}); ${adviceFor(answer, what)}`);
}

function elsewhere({ region }: Refusal, place: S3Place, said: string): CliError {
  const { bucket, endpoint } = place;
  if (region !== undefined && region !== place.region)
    return new CliError(
      "config",
      `bucket ${bucket} is not in region ${place.region} but in ${region} (${said})`,
      `set region: ${region} in kit.yaml`,
    );
  return new CliError(
    "config",
    `${place.where} sends requests for bucket ${bucket} elsewhere (${said})`,
    endpoint === null
      ? "set `region` in kit.yaml to the bucket's region: aws s3api get-bucket-location tells it"
      : "correct `endpoint` in kit.yaml (https:// instead of http://, another host or port), or `region`",
  );
}

function proxyLogin({ proxy, where }: S3Place, said: string): CliError {
  return new CliError(
    "unreachable",
    `the proxy ${proxy ?? "on the way"} wants a login before it lets through to ${where} (${said})`,
    "put the login into HTTPS_PROXY (HTTP_PROXY for http://): http://user:password@host:port, with %40 for an @ in the password; or name the store in NO_PROXY",
  );
}

/** An error of the network, or of the SDK in search of credentials, as a refusal. */
export function refusalOf(error: Error & { code?: string; $metadata?: { httpStatusCode?: number } }): Refusal {
  const { code, name, message, $metadata } = error;
  if (error instanceof HttpError && error.status > 0)
    return { status: error.status, code: `HTTP ${error.status}`, message };
  return { status: $metadata?.httpStatusCode ?? 0, code: code ?? name, message };
}

/** The body of an error answer, `<Error><Code>…`, as a refusal; of a page of a proxy, its title. */
export function refusalIn(status: number, body: string, headers: Record<string, unknown>): Refusal {
  const text = (tag: string) => {
    const found = new RegExp(`<${tag}(?:\\s[^>]*)?>([^<]+)</${tag}>`, "i").exec(body)?.[1];
    return found === undefined ? undefined : unescapeXml(found);
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

// "…; the region 'us-east-1' is wrong; expecting 'eu-west-1'": some stores tell it in words alone.
function regionOf(told: string | undefined, message = ""): string | undefined {
  return told ?? /expecting '([a-z0-9-]+)'/.exec(message)?.[1];
}

export function credentialsExpired(place: S3Place): CliError {
  return new CliError(
    "credentialsExpired",
    `the credentials for ${place.where}${profileOf(place)} have expired`,
    `get fresh ones (for SSO: aws sso login${place.profile === null ? "" : ` --profile ${place.profile}`}) and run again; what was fetched so far is kept`,
  );
}

function noCredentials(message: string, place: S3Place): CliError {
  if (/expired|session has|refresh/i.test(message)) return credentialsExpired(place);
  return new CliError(
    "noCredentials",
    place.profile === null
      ? `no AWS credentials found for ${place.where}`
      : `profile ${place.profile} gives no AWS credentials for ${place.where}`,
    "import the file from ASAPP with `asapp-kit credentials import FILE`, set `profile` in kit.yaml, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  );
}

function retryAfter(header: unknown): number {
  const seconds = Number(header);
  return header !== undefined && seconds >= 0 && seconds < 3600 ? seconds * 1000 : 0;
}

function profileOf({ profile }: S3Place): string {
  return profile === null ? "" : ` of profile ${profile}`;
}
