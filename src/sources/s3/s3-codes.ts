// The error codes that listing and getting can meet: those of S3's API reference, and those that Ceph, MinIO and Huawei OBS
// add.

/** The error of a store, of the SDK or of the network. */
export interface Refusal {
  status: number; // 0: no response
  code: string; // S3's error code, the network's error code, or the error's name
  message: string; // the store's own; may be ""
  region?: string | undefined; // the bucket's, if the store names it
  storageClass?: string | undefined; // of an archived object
  retryAfterMs?: number;
}

export type Outcome =
  | "expired"
  | "key"
  | "signature"
  | "clock"
  | "bucket"
  | "elsewhere"
  | "proxy"
  | "changed"
  | "throttled"
  | "transient"
  | "denied"
  | "broken";

const outcomes = new Map<string, Outcome>(
  Object.entries({
    expired: "ExpiredToken ExpiredTokenException TokenRefreshRequired RequestExpired",
    key: "InvalidAccessKeyId",
    signature: "SignatureDoesNotMatch InvalidToken InvalidClientTokenId InvalidSecurity",
    clock: "RequestTimeTooSkewed",
    bucket: "NoSuchBucket",
    elsewhere:
      "PermanentRedirect TemporaryRedirect Redirect IllegalLocationConstraintException BucketRegionError InvalidRegion",
    changed: "PreconditionFailed NoSuchKey NotFound NoSuchVersion",
    throttled:
      "SlowDown SlowDownRead SlowDownWrite ServiceUnavailable Throttling ThrottlingException TooManyRequests RequestLimitExceeded BandwidthLimitExceeded",
    transient: "InternalError RequestTimeout OperationAborted XMinioServerNotInitialized",
    denied: "AccessDenied AllAccessDisabled AccountProblem NotSignedUp UnauthorizedAccess UserSuspended InvalidPayer",
    broken: "InvalidObjectState NotImplemented MethodNotAllowed",
  }).flatMap(([outcome, codes]) => codes.split(" ").map((code) => [code, outcome as Outcome] as const)),
);

/** The outcome by the code, else by the status; null for neither. `region` is the one that the request was signed for. */
export function outcomeOf({ status, code, region: actual }: Refusal, region: string): Outcome | null {
  if (status === 407) return "proxy";
  if (code === "AuthorizationHeaderMalformed" && actual !== undefined && actual !== region) return "elsewhere";
  const outcome = outcomes.get(code);
  if (outcome !== undefined) return outcome;
  if (/^KMS/i.test(code)) return "denied";
  if (status >= 300 && status < 400) return "elsewhere";
  if (status === 412 || status === 404) return "changed";
  if (status === 429 || status === 503) return "throttled";
  if (status === 408 || (status >= 500 && status !== 501)) return "transient";
  if (status === 403) return "denied";
  return status >= 400 ? "broken" : null;
}

/** What the user can do about a refusal that no retry will change. */
export function adviceFor({ status, code, message }: Refusal, what: "listing" | "object"): string {
  if (code === "InvalidObjectState")
    return "it is archived: restore it in the bucket, or set `since` in kit.yaml to a day after it";
  if (/kms|ciphertext/i.test(`${code} ${message}`))
    return "the bucket is encrypted with a KMS key: ask its owner for kms:Decrypt on that key";
  if (/server.side encryption|customer.*key/i.test(message))
    return "it is encrypted with a key that each request must carry (SSE-C), which the kit does not support: ask for an export without it";
  if (["AccountProblem", "NotSignedUp", "UserSuspended", "AllAccessDisabled"].includes(code))
    return "the account of the bucket or of the key is blocked or incomplete: ask its owner";
  if (/requester/i.test(message) || code === "InvalidPayer")
    return "the bucket charges its readers (requester pays), which the kit does not support: ask its owner to pay for requests";
  if (code === "NotImplemented" || code === "MethodNotAllowed" || /list-type|ListObjectsV2/i.test(message))
    return "the store does not know this request: check that `endpoint` in kit.yaml speaks S3";
  if (code === "InvalidBucketName") return "correct `bucket` in kit.yaml";
  if (/AWS4-HMAC-SHA256|AuthorizationHeader/.test(`${code} ${message}`))
    return "check `region` and `endpoint` in kit.yaml";
  if (status === 404) return "check `endpoint` and `bucket` in kit.yaml";
  if (code !== "AccessDenied" && status !== 403) return "send this line to the operator of the store";
  return what === "listing"
    ? "the credentials are valid but may not list this bucket or prefix (s3:ListBucket): check `bucket` and `prefix` in kit.yaml (the sub-folder of the credentials file)"
    : "the credentials may not read it: they need s3:GetObject, and kms:Decrypt where the bucket is encrypted with a KMS key";
}
