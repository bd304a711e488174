// Lists a simulated bucket of 53 feeds x 400 hourly days, about a million keys, at 20 ms a request. Reports requests, seconds
// and peak memory of the listing and planning of a first and of a routine sync. Fetches nothing.
//   node dist/bench/many-keys.js [feeds=53] [days=400] [delay=20]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { namesOf } from "../src/base/names.ts";
import { parseConfig } from "../src/config/config.ts";
import { loadRegistry } from "../src/export/registry.ts";
import { writeLastSync } from "../src/sync/last-sync.ts";
import { sync } from "../src/sync/sync.ts";

const now = new Date("2026-11-22T12:00:00Z");
const [feeds = 53, days = 400, wait = 20] = process.argv.slice(2).map(Number);

if (process.env.BENCH_FOLDER) await child(process.env.BENCH_FOLDER);
else await parent();

async function child(folder: string): Promise<void> {
  const config = parseConfig(`bucket: big-bucket\nendpoint: ${process.env.BENCH_URL}\ndata: data`, "kit.yaml", folder);
  const project = { root: folder, configFile: null, config, feeds: loadRegistry(), data: config.data };
  const started = performance.now();
  const report = await sync(project, { now, dryRun: true, full: process.env.BENCH_FULL === "1" });
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  console.log(
    JSON.stringify({
      full: report.full,
      partitions: report.added + report.kept,
      objects: report.objects,
      seconds: Math.round(performance.now() - started) / 1000,
      cpuSeconds: Math.round((userCPUTime + systemCPUTime) / 1e5) / 10,
      peakMB: Math.round(maxRSS / 1024),
    }),
  );
}

async function parent(): Promise<void> {
  const bucket = simulate();
  const folder = mkdtempSync(join(tmpdir(), "asapp-kit-many-"));
  mkdirSync(join(folder, "data"));
  const server = createServer(async (request, response) => {
    bucket.requests += 1;
    await delay(wait);
    response.writeHead(200, { "content-type": "application/xml" });
    response.end(bucket.list(new URL(request.url ?? "/", "http://x").searchParams));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = async (full: boolean) => {
    bucket.requests = 0;
    const env = {
      ...process.env,
      BENCH_FOLDER: folder,
      BENCH_URL: url,
      BENCH_FULL: full ? "1" : "0",
      AWS_ACCESS_KEY_ID: "AKIDBENCH",
      AWS_SECRET_ACCESS_KEY: "bench",
    };
    const process_ = spawn(process.execPath, [fileURLToPath(import.meta.url)], { env, stdio: "inherit" });
    await new Promise((resolve) => process_.on("exit", resolve));
    console.log(`  ${bucket.requests} LIST requests`);
  };
  console.log(`${feeds} feeds x ${days} days: ${bucket.keys} keys, ${wait} ms a request`);
  await run(true);
  writeFileSync(join(folder, "data", "keep"), "");
  writeLastSync({ data: join(folder, "data") }, { ...bucket.note(url), format: 1 });
  await run(false);
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
}

interface Simulated {
  keys: number;
  requests: number;
  list(query: URLSearchParams): string;
  note(url: string): Omit<Parameters<typeof writeLastSync>[1], "format">;
}

function simulate(): Simulated {
  const names = [...loadRegistry().keys()].sort().slice(0, feeds);
  const dates = Array.from({ length: days }, (_, i) =>
    new Date(now.getTime() - (days - 1 - i) * 86_400_000).toISOString().slice(0, 10),
  );
  const perDay = 48;
  const folder = (feed: string) => `${feed}/version=1/format=jsonl/`;
  const key = (feed: string, index: number) => {
    const [day, rest] = [Math.floor(index / perDay), index % perDay];
    const hr = String(rest >> 1).padStart(2, "0");
    return `${folder(feed)}dt=${dates[day]}/hr=${hr}/${rest % 2 === 0 ? "_SUCCESS" : `${feed}.jsonl.gz`}`;
  };
  const total = days * perDay;
  const page = (prefix: string, after: string, feed: string) => {
    // The keys of a feed are sorted by index: a binary search finds the first one after a text.
    let [low, high] = [0, total];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (key(feed, middle) > after) high = middle;
      else low = middle + 1;
    }
    const keys: string[] = [];
    for (let i = low; i < total && keys.length < 1000; i++) {
      const one = key(feed, i);
      if (one.startsWith(prefix)) keys.push(one);
      else if (keys.length > 0) break;
    }
    const more = keys.length === 1000 && key(feed, total - 1) > keys[999]!;
    return { keys, more };
  };
  const answer = (prefix: string, inner: string, more: string | null) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>big-bucket</Name><Prefix>${prefix}</Prefix><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>${more !== null}</IsTruncated>${inner}${more === null ? "" : `<NextContinuationToken>${more}</NextContinuationToken>`}</ListBucketResult>`;
  const commons = (prefix: string, list: string[]) =>
    answer(
      prefix,
      list
        .map((name) => `<CommonPrefixes><Prefix>${encodeURIComponent(prefix + name)}</Prefix></CommonPrefixes>`)
        .join(""),
      null,
    );
  return {
    keys: names.length * total,
    requests: 0,
    list(query) {
      const prefix = query.get("prefix") ?? "";
      const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
      if (query.get("delimiter") === "/") {
        const depth = prefix.split("/").length;
        if (depth === 1)
          return commons(
            prefix,
            names.map((name) => `${name}/`),
          );
        if (depth === 2) return commons(prefix, ["version=1/"]);
        if (depth === 3) return commons(prefix, ["format=jsonl/"]);
        return commons(
          prefix,
          dates.map((dt) => `dt=${dt}/`),
        );
      }
      const { keys, more } = page(prefix, after, prefix.split("/")[0]!);
      const contents = keys.map((one) => {
        const marker = one.endsWith("_SUCCESS");
        const etag = marker ? "d41d8cd98f00b204e9800998ecf8427e" : createHash("md5").update(one).digest("hex");
        return `<Contents><Key>${encodeURIComponent(one)}</Key><LastModified>2026-11-22T10:30:00.000Z</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${marker ? 0 : 41000}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
      });
      return answer(prefix, contents.join(""), more ? keys[999]! : null);
    },
    note(url) {
      const known = {
        version: "1",
        format: "jsonl",
        versions: ["1"],
        waiting: 0,
        overdue: 0,
        failed: 0,
        encrypted: 0,
        unfinished: [],
      };
      const listedAs = JSON.stringify({
        bucket: "big-bucket",
        prefix: "",
        version: "1",
        format: "jsonl",
        since: null,
        lookbackDays: null,
        decrypts: false,
      });
      const at = now.toISOString();
      return {
        source: `s3://big-bucket at ${url}`,
        startedAt: at,
        finishedAt: at,
        full: true,
        lastFull: at,
        outcome: "something new",
        feeds: namesOf(names.map((name) => [name, { ...known, listedAs }] as const)),
      };
    },
  };
}
