import { createHmac, hash } from "node:crypto";
import type { Credentials } from "./s3-access.ts";

export interface Unsigned {
  path: string;
  search?: string; // the query, sorted by name
  headers: Record<string, string>;
}

const emptyHash = hash("sha256", "");

/**
 * Signs GET requests to S3 as AWS Signature Version 4 asks, all given headers and no body. The key of a day is derived
 * once: to derive it for each object costs more than to fetch it.
 */
export class Signer {
  private readonly region: string;
  private second = { of: Number.NaN, time: "" };
  private key: { of: string; bytes: Buffer } | null = null;

  constructor(region: string) {
    this.region = region;
  }

  /** The headers, by names in lower case, and those that sign them; path and query are escaped already. */
  sign(
    { path, search = "", headers }: Unsigned,
    credentials: Credentials,
    now: Date,
  ): Record<string, string> {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const time = this.timeOf(now);
    const scope = [time.slice(0, 8), this.region, "s3", "aws4_request"];
    const signed: Record<string, string> = {
      ...headers,
      "x-amz-content-sha256": emptyHash,
      "x-amz-date": time,
    };
    if (sessionToken !== undefined) signed["x-amz-security-token"] = sessionToken;
    const names = Object.keys(signed).sort();
    const list = names.join(";");
    const lines = names.map((name) => `${name}:${signed[name]!.trim().replace(/\s+/g, " ")}\n`).join("");
    const request = `GET\n${path}\n${search}\n${lines}\n${list}\n${emptyHash}`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope.join("/")}\n${hash("sha256", request)}`;
    const signature = createHmac("sha256", this.keyOf(secretAccessKey, scope)).update(text).digest("hex");
    signed.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join("/")}, SignedHeaders=${list}, Signature=${signature}`;
    return signed;
  }

  private timeOf(now: Date): string {
    const of = Math.floor(now.getTime() / 1000);
    if (this.second.of !== of)
      this.second = { of, time: new Date(of * 1000).toISOString().replace(/\.\d+|[-:]/g, "") };
    return this.second.time;
  }

  private keyOf(secret: string, scope: string[]): Buffer {
    const of = `${secret}\n${scope[0]}`;
    if (this.key?.of !== of) {
      const start = Buffer.from(`AWS4${secret}`);
      const bytes = scope.reduce((key, part) => createHmac("sha256", key).update(part).digest(), start);
      this.key = { of, bytes };
    }
    return this.key.bytes;
  }
}

/** A query as it is signed: escaped, and sorted by name. */
export function searchOf(query: Record<string, string | undefined>): string {
  const parts = Object.entries(query).filter(([, value]) => value !== undefined);
  return parts
    .map(([name, value]) => `${escaped(name)}=${escaped(value!)}`)
    .sort()
    .join("&");
}

/** Everything but letters, digits and -._~ as %XX: what a signature is made over. */
export function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
