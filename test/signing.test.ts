import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { Signer, searchOf } from "../src/sources/s3/signing.ts";
import fc from "./fast-check.ts";

class Sha256 {
  private readonly state;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.state = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as Uint8Array);
  }
  update(data: Uint8Array) {
    this.state.update(data);
  }
  async digest() {
    return new Uint8Array(this.state.digest());
  }
}

const text = fc.stringMatching(/^[!-~]{1,40}$/);
const credentials = fc.record(
  { accessKeyId: text, secretAccessKey: text, sessionToken: text },
  { requiredKeys: ["accessKeyId", "secretAccessKey"] },
);
const requests = fc.array(
  fc.record({
    path: fc
      .array(fc.stringMatching(/^([A-Za-z0-9=_.~-]|%2B|%E2%82%AC)+$/), { minLength: 1 })
      .map((parts) => `/${parts.join("/")}`),
    query: fc.dictionary(
      fc.constantFrom("list-type", "prefix", "start-after", "continuation-token", "delimiter"),
      fc.string({ unit: "grapheme", maxLength: 12 }),
    ),
    headers: fc.dictionary(
      fc.constantFrom("range", "x-amz-checksum-mode", "if-match", "x-amz-request-payer"),
      fc.stringMatching(/^[ -~]*$/),
    ),
    credentials,
    now: fc.date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true }),
  }),
  { minLength: 1, maxLength: 4 },
);

describe("Signer", () => {
  it("signs as the SDK's signer does, whatever it signed before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("us-east-1", "eu-central-1"), requests, async (region, all) => {
        const signer = new Signer(region);
        for (const { path, query, headers, credentials, now } of all) {
          const given = { host: "exports.example:9000", ...headers };
          const sdk = new SignatureV4({
            ...{ credentials, region, service: "s3", sha256: Sha256 },
            ...{ uriEscapePath: false, applyChecksum: false },
          });
          const request = {
            ...{ method: "GET", protocol: "https:", hostname: "exports.example", path, query },
            headers: { ...given, "x-amz-content-sha256": createHash("sha256").digest("hex") },
          };
          const expected = (await sdk.sign(request, { signingDate: now })).headers;
          assert.deepEqual(
            signer.sign({ path, search: searchOf(query), headers: given }, credentials, now),
            expected,
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});
