import { flag, text, token } from "../../base/yaml.ts";
import { hostility } from "../../export/layout.ts";
import type { Read, SourceKind } from "../kind.ts";

export interface S3Config {
  type: "s3";
  bucket: string;
  prefix: string; // no slash at either end; "" for none
  region: string;
  endpoint: string | null;
  profile: string | null;
  etagIsMd5: boolean; // false: an ETag that looks like an MD5 is not compared with the object
}

const feed = {
  bucket: text("a bucket name such as asapp-prod-acme-exports-us-east-1", bucket),
  prefix: text("a folder of the bucket such as messaging", prefix),
};

const top = {
  company: text("the company as spelled in the bucket's name", company),
  region: text("a region such as us-east-1", token("region")),
  ...feed,
  endpoint: text("a URL such as http://127.0.0.1:9000", endpoint),
  profile: text("the name of an AWS profile"),
  etag_is_md5: flag(),
};

type Written = Read<typeof top> & { environment?: string | undefined };

/** A bucket of S3, or of a store with its protocol. */
export const s3 = {
  type: "s3",
  noun: "a bucket",
  selectedBy: null,
  top,
  inside: {},
  feed,
  concurrency: 64,
  settings: "`region` and `endpoint`",
  read(written: Written, { environment }): S3Config | null {
    const region = written.region ?? regionOf(written.bucket) ?? "us-east-1";
    const name = written.bucket ?? conventionalBucket(environment, written.company, region);
    if (name === null) return null;
    const { prefix = "", endpoint = null, profile = null } = written;
    const etagIsMd5 = written.etag_is_md5 ?? true;
    return { type: "s3", bucket: name, prefix, region, endpoint, profile, etagIsMd5 };
  },
  validate(written: Written, problem) {
    if (written.bucket !== undefined || written.company !== undefined) return;
    for (const option of ["environment", "region", "prefix", "endpoint", "profile", "etag_is_md5"] as const) {
      if (written[option] !== undefined) {
        problem(option, `${option} has no effect without bucket, or company to derive the bucket's name from`);
        return;
      }
    }
  },
  dataName: ({ bucket }) => bucket,
  localFolder: () => null,
  selection: ({ bucket, prefix }) => ({ bucket, prefix }),
  place: (_, bucket, prefix) => `s3://${bucket}/${prefix}`,
  async open(source, bucket, tuning) {
    const { openS3 } = await import("./s3.ts");
    return openS3({ ...source, bucket: bucket ?? source.bucket }, tuning);
  },
} as const satisfies SourceKind<S3Config>;

function conventionalBucket(environment: string, company: string | undefined, region: string): string | null {
  return company === undefined ? null : `asapp-${environment}-${company}-exports-${region}`;
}

function regionOf(name: string | undefined): string | undefined {
  return /-exports-([a-z]{2}(?:-[a-z]+)+-\d)$/.exec(name ?? "")?.[1];
}

function company(written: string): string {
  const normalized = written.toLowerCase().replace(/[^a-z0-9-]+/g, "");
  if (normalized === written) return written;
  throw new Error(`invalid company: ${written} (as in the bucket's name, perhaps "${normalized}")`);
}

function bucket(written: string): string {
  const name = written.replace(/^s3:\/\//, "").replace(/\/$/, "");
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes("..")) return name;
  const next = bucketAdvice(written) ?? "3 to 63 lowercase letters, digits, dots and hyphens";
  throw new Error(`invalid bucket: ${written} (${next})`);
}

// Suggests bucket and prefix for a URL, an ARN or a path.
function bucketAdvice(written: string): string | null {
  const arn = /^arn:aws[a-z-]*:s3:::([^/]+)(?:\/(.*))?$/.exec(written);
  const path = /^(?:s3[an]?:\/\/)?([a-z0-9.-]+)\/(.*)$/.exec(written);
  const hosted = /^https?:\/\/([a-z0-9-]+)\.s3[.-][^/]*\/?(.*)$/.exec(written);
  const match = arn ?? hosted ?? path;
  if (match === null) return null;
  const prefix = (match[2] ?? "").replace(/^\/+|[/*]+$/g, "");
  return `written bucket: ${match[1]}${prefix === "" ? "" : ` and prefix: ${prefix}`}`;
}

function prefix(written: string): string {
  const inner = written.replace(/^\/+|\/+$/g, "");
  const reason = inner === "" ? null : hostility(inner);
  if (reason !== null) throw new Error(`invalid prefix: ${JSON.stringify(written)} (${reason})`);
  return inner;
}

function endpoint(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : null;
  const isValid =
    url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "" && url.hash === "";
  if (!isValid) throw new Error(`invalid endpoint: ${written} (a URL such as http://127.0.0.1:9000)`);
  return written.replace(/\/+$/, "");
}
