import { CliError } from "../errors.ts";
import { SourceError } from "./source.ts";

export interface S3Place {
  where: string; // for messages: bucket and endpoint or region
  bucket: string;
  region: string;
  endpoint: string | null;
  profile: string | null;
}

/** What a store, the SDK or the network answered instead of what was asked for. */
export interface Refusal {
  status: number; // 0: no answer at all
  code: string; // S3's error code, the network's error code, or the error's name
  message: string;
  region?: string | undefined; // where the bucket is, when the store says so
  retryAfterMs?: number;
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
const expired = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"];
const refused = [
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "InvalidToken",
  "InvalidClientTokenId",
  "InvalidSecurity",
];
const throttled = [
  "SlowDown",
  "ServiceUnavailable",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
  "RequestLimitExceeded",
  "BandwidthLimitExceeded",
];
const gone = ["PreconditionFailed", "NoSuchKey", "NotFound", "NoSuchVersion"];

// answer                                        for a listing        for an object
// ExpiredToken, TokenRefreshRequired            expired              expired
// InvalidAccessKeyId                            credentialsRefused   credentialsRefused
// SignatureDoesNotMatch, InvalidToken           credentialsRefused   denied: the listing was signed with the same key
// RequestTimeTooSkewed                          clockSkew            clockSkew
// NoSuchBucket                                  noSuchBucket         noSuchBucket
// another region                                config               config
// 412, 404                                      changed              changed
// SlowDown, 429, 503                            throttled            throttled
// 408, 5xx, RequestTimeout, reset, timeout      transient            transient
// answer that makes no sense                    transient            transient
// certificate                                   unreachable          unreachable
// AccessDenied, 403                             accessDenied         denied
// no credentials found                          noCredentials        noCredentials
/** What the answer means for the sync: an error to throw, or "expired", which fresh credentials may mend. */
export function judge(answer: Refusal, place: S3Place, what: "listing" | "object"): Error | "expired" {
  const { status, code, message } = answer;
  if (expired.includes(code)) return "expired";
  if (refused.includes(code)) {
    if (what === "object" && code !== "InvalidAccessKeyId")
      return new SourceError("denied", `refused (${code})`);
    return new CliError(
      "credentialsRefused",
      `${place.where} refused the credentials${profileOf(place)} (${code})`,
      "check that key id and secret belong together and to this environment; ASAPP issues one pair per environment",
    );
  }
  if (code === "RequestTimeTooSkewed") {
    return new CliError(
      "clockSkew",
      `${place.where} refused the request: this machine's clock differs from the store's by more than 15 minutes`,
      "set the clock (for example by turning on automatic time), then run again",
    );
  }
  if (code === "NoSuchBucket") {
    return new CliError(
      "noSuchBucket",
      `there is no bucket ${place.bucket} at ${place.endpoint ?? `AWS, region ${place.region}`}`,
      "check company, environment, region or `bucket` in kit.yaml against the credentials file from ASAPP",
    );
  }
  if (isElsewhere(answer, place)) {
    return new CliError(
      "config",
      `bucket ${place.bucket} is not in region ${place.region}${answer.region ? ` but in ${answer.region}` : ""}`,
      `set region: ${answer.region ?? "<the bucket's region>"} in kit.yaml`,
    );
  }
  if (status === 412 || gone.includes(code) || (status === 404 && what === "object")) {
    return new SourceError(
      "changed",
      status === 412 ? "changed since it was listed" : "gone since it was listed",
    );
  }
  const retryAfterMs = answer.retryAfterMs ?? 0;
  if (throttled.includes(code) || status === 429 || status === 503)
    return new SourceError("throttled", `the store asks to slow down (${code})`, { retryAfterMs });
  if (status >= 500 || status === 408 || code === "RequestTimeout")
    return new SourceError("transient", `the store failed (${status} ${code})`, { retryAfterMs });
  if (code in network) return new SourceError("transient", network[code]!);
  if (/CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO/.test(code)) {
    return new CliError(
      "unreachable",
      `no trusted connection to ${place.where}: ${message}`,
      "if a proxy of your company inspects TLS, point AWS_CA_BUNDLE at its certificate; for a store without TLS write http:// in `endpoint`",
    );
  }
  if (/Credentials|TokenProvider|SSO/.test(code) && status === 0) return noCredentials(message, place);
  if (status === 403 || code === "AccessDenied") {
    if (what === "object") return new SourceError("denied", `access denied (${code})`);
    return new CliError(
      "accessDenied",
      `access denied to ${place.where}${profileOf(place)}`,
      "the credentials are valid but may not list this bucket or prefix: check `bucket` and `prefix` in kit.yaml (the sub-folder of the credentials file)",
    );
  }
  if (status >= 400) return new SourceError("broken", `the store refused (${status} ${code})`);
  return new SourceError("transient", `the answer makes no sense (${code})`);
}

/** An error of the SDK or of node:http as a refusal. */
export function refusalOf(error: unknown): Refusal {
  const thrown = error as {
    name?: string;
    code?: string;
    Code?: string;
    message?: string;
    Region?: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string>; statusCode?: number };
  };
  const headers = thrown.$response?.headers ?? {};
  return {
    status: thrown.$metadata?.httpStatusCode ?? thrown.$response?.statusCode ?? 0,
    code: thrown.Code ?? thrown.code ?? thrown.name ?? "Error",
    message: thrown.message ?? String(error),
    region: thrown.Region ?? headers["x-amz-bucket-region"],
    retryAfterMs: retryAfter(headers["retry-after"]),
  };
}

/** The body of an error answer, `<Error><Code>…`, as a refusal. */
export function refusalIn(status: number, body: string, headers: Record<string, unknown>): Refusal {
  const region = /<Region>([^<]+)<\/Region>/.exec(body)?.[1] ?? headers["x-amz-bucket-region"];
  return {
    status,
    code: /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? `HTTP ${status}`,
    message: /<Message>([^<]+)<\/Message>/.exec(body)?.[1] ?? "",
    region: typeof region === "string" ? region : undefined,
    retryAfterMs: retryAfter(headers["retry-after"]),
  };
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

function isElsewhere({ status, code, region }: Refusal, place: S3Place): boolean {
  if (["PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException"].includes(code))
    return true;
  if (status === 301 || status === 307) return true;
  return code === "AuthorizationHeaderMalformed" && region !== undefined && region !== place.region;
}

function retryAfter(header: unknown): number {
  const seconds = Number(header);
  return header !== undefined && seconds >= 0 && seconds < 3600 ? seconds * 1000 : 0;
}

function profileOf({ profile }: S3Place): string {
  return profile === null ? "" : ` of profile ${profile}`;
}
