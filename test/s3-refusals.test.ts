// What a store refuses stands in the report in its own words, with what to do about it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { type CliError, exitCodes } from "../src/base/errors.ts";
import { openS3 } from "../src/sources/s3/s3.ts";
import type { Refusal } from "../src/sources/s3/s3-codes.ts";
import { classify, refusalIn } from "../src/sources/s3/s3-error.ts";
import { SourceError } from "../src/sources/source.ts";
import { sync } from "../src/sync/sync.ts";
import { type CliKit, openCliKit } from "./cli-kit.ts";
import { bucket, credentials, expand, hasty, type Kit, lines, now, openKit, projectAt } from "./sync-kit.ts";

const hour = (hr: string) => expand(`convos_metrics/dt=2026-11-22/hr=${hr}`);
const body = lines([{ issue_id: "1" }]);

describe("object that a store refuses", () => {
  let kit: Kit;
  afterEach(() => kit.close());

  const put = (hr: string, options = {}) => {
    kit.put(`${hour(hr)}/convos_metrics.jsonl.gz`, body, options);
    kit.put(`${hour(hr)}/_SUCCESS`, "");
  };

  it("is archived: the reason says so, and what to do", async () => {
    kit = await openKit();
    put("05");
    put("06", { storageClass: "GLACIER" });
    put("07", { storageClass: "DEEP_ARCHIVE" });
    const { added, failed } = await kit.sync();
    assert.equal(added, 1);
    for (const [index, storageClass] of ["GLACIER", "DEEP_ARCHIVE"].entries())
      assert.match(
        failed[index]!.reason,
        new RegExp(
          `403 InvalidObjectState: The operation is not valid .*storage class ${storageClass}.*restore it in the bucket, or set \`since\``,
        ),
      );
    assert.ok(failed.every(({ denied }) => !denied));
  });

  it("needs a key of KMS that the credentials may not use", async () => {
    kit = await openKit("", { credentials: [{ ...credentials, mayDecrypt: false }] });
    put("05");
    put("06", { encryption: "aws:kms" });
    const { added, failed } = await kit.sync();
    assert.equal(added, 1);
    assert.match(failed[0]!.reason, /AccessDenied: User: .*kms:Decrypt on resource.*ask its owner for kms:Decrypt/);
  });

  it("is taken with an ETag that is no MD5, where the store says that a key of KMS encrypts it", async () => {
    kit = await openKit();
    put("05", { encryption: "aws:kms" });
    assert.deepEqual((await kit.sync()).failed, []);
  });

  it("is encrypted with the customer's own key", async () => {
    kit = await openKit();
    put("05", { encryption: "customer" });
    const [failed] = (await kit.sync()).failed;
    assert.match(failed!.reason, /400 InvalidRequest: The object was stored using.*SSE-C/);
  });

  it("has an ETag that looks like an MD5 and is none: the switch is named, and mends it", async () => {
    kit = await openKit();
    for (const hr of ["05", "06"]) put(hr, { etag: "0123456789abcdef0123456789abcdef" });
    const [failed] = (await kit.sync()).failed;
    assert.match(failed!.reason, /MD5 differs from the ETag \(fetched 3 times\).*`etag_is_md5: false` in kit\.yaml/);
    const project = projectAt(
      kit.folder,
      `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data\netag_is_md5: false`,
    );
    const report = await sync(project, { now, limits: hasty });
    assert.deepEqual([report.added, report.failed], [2, []]);
  });

  it("is still checked by length and gzip with etag_is_md5: false", async () => {
    kit = await openKit("etag_is_md5: false");
    kit.put(`${hour("05")}/convos_metrics.jsonl.gz`, Buffer.concat([body, Buffer.from("\0\0")]));
    kit.put(`${hour("05")}/_SUCCESS`, "");
    assert.match((await kit.sync()).failed[0]!.reason, /2 bytes after the end of the gzip/);
  });

  it("lies in another region: the store's word for it stands in the answer", async () => {
    kit = await openKit("", { region: "eu-west-1" });
    put("05");
    await assert.rejects(kit.sync(), {
      exit: "config",
      message: /not in region us-east-1 but in eu-west-1 \(AuthorizationHeaderMalformed: .*expecting 'eu-west-1'\)/,
      next: "set region: eu-west-1 in kit.yaml",
    });
  });
});

// answer: status, body                                         what      outcome, and words of the answer
const place = { bucket, region: "us-east-1", endpoint: null, profile: null, where: "s3://b (us-east-1)" };
const error = (code: string, message = "words", more = "") =>
  `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;
const rows: [number, string, "listing" | "object", string, RegExp][] = [
  [403, error("AccessDenied", "Access Denied"), "object", "denied", /AccessDenied: Access Denied\).*s3:GetObject/],
  [403, error("AccessDenied", "Access Denied"), "listing", "accessDenied", /s3:ListBucket/],
  [403, error("AllAccessDisabled"), "listing", "accessDenied", /AllAccessDisabled: words.*ask its owner/],
  [403, error("AccountProblem"), "object", "denied", /AccountProblem: words.*ask its owner/],
  [403, error("UserSuspended"), "object", "denied", /UserSuspended: words/],
  [403, error("AccessDenied", "Bucket is a requester pays bucket"), "object", "denied", /charges its readers/],
  [
    403,
    error("AccessDenied", "The ciphertext refers to a customer master key that does not exist"),
    "object",
    "denied",
    /kms:Decrypt/,
  ],
  [
    400,
    error("KMS.DisabledException", "arn:aws:kms:x is disabled."),
    "object",
    "denied",
    /KMS\.DisabledException: arn.*KMS/,
  ],
  [
    403,
    "<html><head><title>Blocked &amp; logged</title></head></html>",
    "object",
    "denied",
    /HTTP 403: Blocked & logged/,
  ],
  [403, "", "object", "denied", /HTTP 403\)/],
  [
    301,
    error("PermanentRedirect", "Use the endpoint", "<Endpoint>b.s3-eu-west-1.amazonaws.com</Endpoint>"),
    "listing",
    "config",
    /PermanentRedirect: Use the endpoint.*get-bucket-location/,
  ],
  [
    400,
    error("PermanentRedirect", "the region 'custom' is wrong; expecting 'eu-west-1'"),
    "listing",
    "config",
    /region: eu-west-1/,
  ],
  [307, error("TemporaryRedirect"), "object", "config", /TemporaryRedirect: words/],
  [400, error("IllegalLocationConstraintException"), "listing", "config", /IllegalLocationConstraintException: words/],
  [
    400,
    error("AuthorizationHeaderMalformed", "the Credential is mal-formed"),
    "listing",
    "broken",
    /`region` and `endpoint`/,
  ],
  [302, "", "listing", "config", /HTTP 302/],
  [
    400,
    error(
      "InvalidRequest",
      "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    ),
    "listing",
    "broken",
    /`region` and `endpoint`/,
  ],
  [400, error("InvalidBucketName"), "listing", "broken", /InvalidBucketName: words.*correct `bucket`/],
  [405, error("MethodNotAllowed"), "object", "broken", /405 MethodNotAllowed: words/],
  [501, error("NotImplemented"), "listing", "broken", /501 NotImplemented: words.*`endpoint`/],
  [404, "<html><title>404 Not Found</title></html>", "listing", "broken", /404 HTTP 404: 404 Not Found.*`endpoint`/],
  [404, error("NoSuchKey"), "object", "changed", /gone since/],
  [400, error("QuotaExceeded"), "object", "broken", /400 QuotaExceeded: words.*operator of the store/],
  [416, error("InvalidRange"), "object", "broken", /416 InvalidRange: words/],
  [
    500,
    error("InternalError", "We encountered an internal error."),
    "object",
    "transient",
    /500 InternalError: We encountered/,
  ],
  [503, error("SlowDown"), "object", "throttled", /SlowDown: words/],
  [400, error("InvalidToken"), "object", "denied", /InvalidToken: words/],
  [403, error("SignatureDoesNotMatch"), "listing", "credentialsRefused", /SignatureDoesNotMatch: words/],
  [407, "<html><title>Login</title></html>", "object", "unreachable", /proxy.*login.*HTTPS_PROXY/],
  [400, error("Odd", "one\u202etwo\u001b[31m\nthree"), "object", "broken", /Odd: one two \[31m three/],
];

describe("error answer of a store", () => {
  for (const [status, text, what, outcome, words] of rows)
    it(`is ${outcome} for ${what} with ${status} ${/<Code>(.*?)</.exec(text)?.[1] ?? text.slice(0, 30)}`, () => {
      const refusal: Refusal = refusalIn(status, text, {});
      const error = classify(refusal, place, what);
      assert.ok(error instanceof Error);
      const { exit, next = "" } = error as CliError;
      assert.equal(error instanceof SourceError ? error.trouble : exit, outcome);
      assert.match(`${error.message} ${next}`, words);
    });
});

describe("credentials that may list and not read", () => {
  let kit: CliKit;
  before(async () => {
    kit = await openCliKit("", { credentials: [{ ...credentials, allow: ["list"] }] });
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{ issue_id: "1" }]);
    kit.partition("convos_metrics/dt=2026-11-22/hr=06", [{ issue_id: "1" }]);
  });
  after(() => kit.close());

  for (const args of [["sync"], ["build", "--strict"], ["build"]])
    it(`end ${args.join(" ")} with 21`, async () => {
      const { code, stderr } = await kit.run(args);
      assert.equal(code, exitCodes.accessDenied, stderr);
      assert.match(stderr, /access denied to everything requested, 2 partitions.*AccessDenied: Access Denied/);
      assert.match(stderr, /s3:GetObject/);
    });

  it("end with 5 where something came all the same", async () => {
    const mixed = await openCliKit("", {
      intercept: ({ operation, key }, response) => {
        if (operation !== "GetObject" || !key.includes("hr=06")) return false;
        response.writeHead(403).end(error("AccessDenied", "Not this one"));
        return true;
      },
    });
    try {
      for (const hr of ["05", "06"]) mixed.partition(`convos_metrics/dt=2026-11-22/hr=${hr}`, [{ issue_id: "1" }]);
      const { code, stdout, stderr } = await mixed.run(["sync"]);
      assert.equal(code, exitCodes.someFailed, stderr);
      assert.match(stdout, /access denied \(AccessDenied: Not this one\)/);
    } finally {
      await mixed.close();
    }
  });
});

describe("proxy that requires a login", () => {
  const refusal = "<html><head><title>Proxy login</title></head></html>";
  const proxy = createServer((_, response) => void response.writeHead(407).end(refusal));
  proxy.on("connect", (_, socket) =>
    socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: ${refusal.length}\r\n\r\n${refusal}`),
  );
  before(() => new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve)));
  beforeEach(() => {
    process.env.http_proxy = `http://user:pass@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    process.env.https_proxy = process.env.http_proxy;
  });
  afterEach(() => {
    delete process.env.http_proxy;
    delete process.env.https_proxy;
  });
  after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });

  for (const endpoint of ["http://store.example:9000", "https://store.example"])
    for (const what of ["listing", "object"] as const)
      it(`is named for a ${what} of ${endpoint}, without its password`, async () => {
        const source = await openS3({ bucket, region: "us-east-1", profile: null, endpoint }, { idleMs: 3_000 });
        const object = { key: "x", size: 1, etag: "e", modified: now.toISOString() };
        const asked = what === "listing" ? source.folder("") : source.get(object, () => () => undefined);
        await assert.rejects(asked, (thrown: CliError) => {
          assert.equal(thrown.exit, "unreachable", String(thrown));
          assert.match(thrown.message, /the proxy 127\.0\.0\.1:\d+ requires a login for .*store\.example.*407/);
          assert.doesNotMatch(`${thrown.message} ${thrown.next}`, /user:pass@127/);
          return true;
        });
        await source.close();
      });
});
