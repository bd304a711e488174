import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { S3Error } from "./s3-error.ts";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expires?: Date; // of the session token
}

/** A request's target: its path, decoded but not normalized, and its query. */
export interface Target {
  path: string;
  query: URLSearchParams;
}

interface Claim {
  accessKeyId: string;
  scope: string; // date/region/service/aws4_request
  signedHeaders: string[];
  signature: string;
  time: string; // 20260901T051500Z
  token: string | undefined;
  payload: string; // the signed hash, or one of its placeholders
  expiresSeconds: number | null; // presigned URLs only
}

const maxSkew = 15 * 60_000;

/**
 * Checks the AWS Signature Version 4 of a request, in its header or its presigned URL, and returns its owner.
 * Throws the S3Error that S3 would answer. The signatures of single chunks in a streamed upload are not checked.
 */
export function verifySignature<C extends Credentials>(
  request: IncomingMessage,
  target: Target,
  credentials: readonly C[],
  now: Date,
): { owner: C; payload: string } {
  const claim = request.headers.authorization
    ? headerClaim(request, request.headers.authorization)
    : queryClaim(target.query);
  if (!claim) throw new S3Error("AccessDenied", "Access Denied");
  const owner = credentials.find(({ accessKeyId }) => accessKeyId === claim.accessKeyId);
  if (!owner) {
    throw new S3Error("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
  }
  checkTime(claim, now);
  const expected = signatureOf(request, target, claim, owner.secretAccessKey);
  if (!same(expected, claim.signature)) {
    throw new S3Error(
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    );
  }
  if (claim.token !== owner.sessionToken) {
    throw new S3Error("InvalidToken", "The provided token is malformed or otherwise invalid.");
  }
  if (owner.expires && owner.expires <= now) throw new S3Error("ExpiredToken", "The provided token has expired.");
  return { owner, payload: claim.payload };
}

/** Reads a request line without tidying it: "." and ".." in a key are part of its name. Throws InvalidURI. */
export function parseTarget(line: string): Target {
  const [path = "", ...query] = line.split("?");
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(query.join("?")) };
  } catch {
    throw new S3Error("InvalidURI", "Couldn't parse the specified URI.");
  }
}

/** Percent-encodes as Signature Version 4 wants it: all but unreserved characters, in capitals. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function headerClaim(request: IncomingMessage, header: string): Claim {
  const match = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=(\w+)$/.exec(
    header,
  );
  const time = request.headers["x-amz-date"];
  const payload = request.headers["x-amz-content-sha256"];
  if (!match || typeof time !== "string" || typeof payload !== "string") {
    throw new S3Error("AuthorizationHeaderMalformed", "The authorization header is malformed.");
  }
  const [, accessKeyId = "", scope = "", signedHeaders = "", signature = ""] = match;
  const token = request.headers["x-amz-security-token"];
  return {
    accessKeyId,
    scope,
    signedHeaders: signedHeaders.split(";"),
    signature,
    time,
    token: typeof token === "string" ? token : undefined,
    payload,
    expiresSeconds: null,
  };
}

function queryClaim(query: URLSearchParams): Claim | null {
  if (query.get("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256") return null;
  const [accessKeyId = "", ...scope] = (query.get("X-Amz-Credential") ?? "").split("/");
  const expires = Number(query.get("X-Amz-Expires"));
  if (!Number.isInteger(expires) || expires < 1 || expires > 604_800) {
    throw new S3Error("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds");
  }
  return {
    accessKeyId,
    scope: scope.join("/"),
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    time: query.get("X-Amz-Date") ?? "",
    token: query.get("X-Amz-Security-Token") ?? undefined,
    payload: query.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD",
    expiresSeconds: expires,
  };
}

function checkTime(claim: Claim, now: Date): void {
  const time = Date.parse(claim.time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (Number.isNaN(time)) throw new S3Error("AccessDenied", "AWS authentication requires a valid Date header");
  const age = now.getTime() - time;
  if (claim.expiresSeconds === null ? Math.abs(age) > maxSkew : age < -maxSkew) {
    throw new S3Error(
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
    );
  }
  if (claim.expiresSeconds !== null && age > claim.expiresSeconds * 1000) {
    throw new S3Error("AccessDenied", "Request has expired");
  }
}

function signatureOf(request: IncomingMessage, target: Target, claim: Claim, secret: string): string {
  const canonical = [
    request.method,
    target.path.split("/").map(encodeStrictly).join("/"),
    canonicalQuery(target.query),
    ...claim.signedHeaders.map((name) => `${name}:${headerText(request, name)}`),
    "",
    claim.signedHeaders.join(";"),
    claim.payload,
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", claim.time, claim.scope, sha256(canonical)].join("\n");
  const key = claim.scope.split("/").reduce<string | Buffer>((parent, part) => hmac(parent, part), `AWS4${secret}`);
  return hmac(key, text).toString("hex");
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .sort()
    .join("&");
}

function headerText(request: IncomingMessage, name: string): string {
  const value = request.headers[name] ?? "";
  return (Array.isArray(value) ? value.join(",") : value).trim().replace(/ +/g, " ");
}

export function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function same(a: string, b: string): boolean {
  const x = Buffer.from(a);
  const y = Buffer.from(b);
  return x.length === y.length && timingSafeEqual(x, y);
}
