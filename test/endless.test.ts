// What a store or a file could go on with for ever has a bound, and is named.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { openS3 } from "../src/sources/s3/s3.ts";
import { parseListPage } from "../src/sources/s3/s3-listing.ts";
import { ListingGuard } from "../src/sources/s3/s3-pages.ts";
import { sync } from "../src/sync/sync.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { verifyFeed } from "../src/warehouse/verify.ts";
import { isList, startFaultProxy } from "./fault-proxy.ts";
import { bucket, hasty, type Kit, now, openKit, projectAt } from "./sync-kit.ts";

const entry = (key: string) =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-22T05:00:00Z</LastModified><ETag>e</ETag><Size>1</Size></Contents>`;
const page = (keys: string[], more = "", head = "") =>
  `<ListBucketResult>${head}<IsTruncated>${more !== ""}</IsTruncated>${keys.map(entry).join("")}${more && `<NextContinuationToken>${more}</NextContinuationToken>`}</ListBucketResult>`;

describe("names in a listing", () => {
  const url = "<EncodingType>url</EncodingType>";
  const rows: [string, string, string][] = [
    [url, "a+b%2Bc%25d%2Fe%C3%A9", "a b+c%d/eé"],
    ["", "a+b%2Bc%25d", "a+b%2Bc%25d"],
    ["", "100%", "100%"],
    ["", "a&amp;b&#x41;&#65;&lt;", "a&bAA<"],
    ["<EncodingType/>", "a+b", "a+b"],
    ["<EncodingType> URL </EncodingType>", "a+b", "a b"],
    ["", "x&#x110000;y", "x&#x110000;y"],
  ];
  for (const [head, written, key] of rows)
    it(`are ${JSON.stringify(key)} for ${written} ${head === "" ? "without" : "with"} ${head}`, () =>
      assert.equal(parseListPage(page([written], "", head)).objects[0]!.key, key));

  it("are refused where they are not encoded as the answer says", () =>
    assert.throws(() => parseListPage(page(["100%"], "", url)), {
      trouble: "broken",
      message: /not URL-encoded: 100%/,
    }));

  it("are fetched under their own names from a store that heeds no encoding-type", async () => {
    const kit = await openKit();
    const keys = ["a b+c&d", "100%", "a%2Fb", "é", "x[1]?*#{y}'\"\\ z"];
    for (const key of keys) kit.put(key, key);
    const proxy = await startFaultProxy(kit.server.url);
    const plain = (xml: string) =>
      xml
        .replace(/<EncodingType>.*?<\/EncodingType>/, "")
        .replace(/<Key>(.*?)<\/Key>/g, (_, key) => `<Key>${decodeURIComponent(key).replace(/&/g, "&amp;")}</Key>`);
    proxy.rules.push({ match: isList, fault: { kind: "rewrite", body: plain } });
    const source = await openS3({ bucket, region: "us-east-1", profile: null, endpoint: proxy.url });
    const { objects } = await source.folder("");
    assert.deepEqual(
      objects.map(({ key }) => key).sort(),
      [...keys, "a%2Fb"].sort().filter((k, i, a) => a[i - 1] !== k),
    );
    for (const object of objects) await source.get(object, () => () => undefined);
    await source.close();
    await proxy.close();
    await kit.close();
  });
});

describe("endless listing", () => {
  let kit: Kit | null = null;
  afterEach(async () => {
    await kit?.close();
    kit = null;
  });

  // what the store answers to its n-th request for a feed             what is said
  const rows: [string, (n: number) => string, RegExp][] = [
    ["the same token", () => page(["a"], "again"), /token came for the second time/],
    ["two tokens in turn", (n) => page([`a${n}`], `t${n % 2}`), /token came for the second time/],
    ["empty pages", (n) => page([], `t${n}`), /1000 pages had no further name/],
    ["the same names", (n) => page(["a", "b"], `t${n}`), /1000 pages had no further name/],
    [
      "one more name each time",
      (n) => page([`a${String(n).padStart(9, "0")}`], `t${n}`),
      /1001 names on 1001 pages.*`sync\.max_listed` \(5000\)/,
    ],
    [
      "names without end",
      (n) =>
        page(
          Array.from({ length: 1000 }, (_, i) => `a${n + 10}-${i}`),
          `t${n}`,
        ),
      /6000 names on 6 pages.*`sync\.max_listed` \(5000\)/,
    ],
  ];
  for (const [what, answer, said] of rows)
    it(`of ${what} is named`, () => {
      const guard = new ListingGuard(5000);
      const read = () => {
        for (let n = 0; ; n++) guard.add(parseListPage(answer(n)));
      };
      assert.throws(read, { trouble: "broken", message: said });
    });

  const whole: typeof rows = [
    rows[0]!,
    rows[5]!,
    ["a page without end", () => page(["x".repeat(70_000_000)]), /page of the listing is longer than/],
  ];
  for (const [what, answer, said] of whole)
    it(`of ${what} leaves its feed as it is, and the others come`, async () => {
      let n = 0;
      kit = await openKit("sync: {max_listed: 5000}", {
        intercept: ({ operation }, response) => {
          const prefix = new URL(response.req.url!, "http://x").searchParams.get("prefix");
          if (operation !== "ListObjectsV2" || !prefix!.startsWith("utterances")) return false;
          response.writeHead(200).end(answer(n++));
          return true;
        },
      });
      kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{ issue_id: "1" }]);
      kit.partition("utterances/dt=2026-11-22/hr=05", [{ issue_id: "1" }]);
      const report = await kit.sync();
      assert.equal(report.added, 1);
      assert.equal(report.unlisted[0]!.feed, "utterances");
      assert.match(report.unlisted[0]!.reason, said);
    });

  it("is none where names come unsorted, twice, or after some empty pages", () => {
    const guard = new ListingGuard(5000);
    for (let n = 0; n < 900; n++) guard.add({ objects: [], folders: [], next: `e${n}` });
    for (const key of ["b", "a", "a", "c"]) guard.add(parseListPage(page([key], `t${Math.random()}`)));
    guard.add(parseListPage(page(["d"])));
  });
});

describe("decompression bomb", () => {
  let kit: Kit;
  afterEach(() => kit.close());
  const line = `${" ".repeat(1_000_000)}\n`;
  const bomb = gzipSync(line.repeat(100));

  it("is named, not taken and fetched once; the others come", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", { "convos_metrics.jsonl.gz": bomb });
    kit.partition("convos_metrics/dt=2026-11-22/hr=06", [{ issue_id: "1" }]);
    const { added, failed } = await kit.sync();
    assert.equal(added, 1);
    assert.match(
      failed[0]!.reason,
      /decompression bomb: \d+ bytes unpack to more than 6\d MB.*`sync\.max_ratio` \(200\)/,
    );
    assert.equal(kit.gets(), 2);
  });

  it("is none below 64 MB, in plain text, or where kit.yaml allows it", async () => {
    kit = await openKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", {
      "convos_metrics.jsonl.gz": gzipSync(line.repeat(60)),
    });
    kit.partition("convos_metrics/dt=2026-11-22/hr=06", {
      "convos_metrics.jsonl": Buffer.from(line.repeat(70)),
    });
    assert.deepEqual((await kit.sync()).failed, []);
    kit.partition("convos_metrics/dt=2026-11-22/hr=07", { "convos_metrics.jsonl.gz": bomb });
    const project = projectAt(
      kit.folder,
      `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data\nsync: {max_ratio: 2000}`,
    );
    assert.equal((await sync(project, { now, limits: hasty })).added, 1);
  });

  it("that lies in the data folder already is refused by staging and by verify", async () => {
    kit = await openKit("sync: {max_ratio: 2000}");
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", { "convos_metrics.jsonl.gz": bomb });
    await kit.sync();
    const strict = projectAt(kit.folder, `bucket: ${bucket}\nendpoint: ${kit.server.url}\ndata: data\n`);
    const { failed } = await updateWarehouse(strict, { now });
    assert.match(failed[0]!.reason, /decompression bomb/);
    assert.deepEqual((await updateWarehouse(kit.project, { now })).failed, []);
    const { differences } = await verifyFeed(strict, "convos_metrics");
    assert.match(JSON.stringify(differences), /decompression bomb/);
  });
});
