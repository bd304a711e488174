import { type FillSummary, fillBucket } from "./bucket.ts";
import type { History } from "./feeds/history.ts";
import { folderStore, memoryStore } from "./s3/object-store.ts";
import { type S3Server, startS3Server } from "./s3/s3-server.ts";
import type { CastName } from "./simulator/casts.ts";
import type { Scenario } from "./simulator/scenario.ts";
import { simulateLazily } from "./simulator/simulate.ts";
import { localTime } from "./simulator/zone.ts";

export const demoBucket = "asapp-prod-demo-exports-us-east-1";
export const demoRegion = "us-east-1";

/** Accepted only by the embedded server on loopback. */
export const demoCredentials = {
  accessKeyId: "DEMO-ACCESS-KEY",
  secretAccessKey: "demo-secret-that-opens-nothing",
};

const zones = ["America/New_York", "Europe/London", "Asia/Tokyo", "America/Los_Angeles"];

/** The zone where it is closest to three in the afternoon, so that the running day has data and is not over. */
export function demoZone(now: Date): string {
  const fromThree = (zone: string) => Math.abs(localTime(now.getTime(), zone).minutes - 15 * 60);
  return zones.reduce((best, zone) => (fromThree(zone) < fromThree(best) ? zone : best));
}

export interface DemoOptions {
  seed: number;
  days: number;
  now: Date;
  conversationsPerDay?: number; // default: 3000
  zone?: string; // default: America/New_York
  cast?: CastName; // default: small
  scenario?: Scenario; // default: none
  history?: History; // days of feeds; default: all of them, all days
  port?: number; // of the bucket; default: any free one
  folder?: string; // keep the bucket there as files; default: in memory
  onListening?: (url: string) => void; // called before the bucket is filled, which answers nothing until then
}

export interface Demo {
  url: string;
  bucket: string;
  region: string;
  credentials: typeof demoCredentials;
  server: S3Server;
  filled: FillSummary;
  close(): Promise<void>;
}

/** Starts a bucket on 127.0.0.1 with the exports of a simulated contact centre. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const store = options.folder === undefined ? memoryStore() : folderStore(options.folder);
  if (store.buckets().includes(demoBucket)) store.deleteBucket(demoBucket);
  const server = await startS3Server({
    credentials: [{ ...demoCredentials, allow: ["list", "read"] }],
    store,
    region: demoRegion,
    ...(options.port !== undefined && { port: options.port }),
  });
  options.onListening?.(server.url);
  const filled = fillBucket(store, demoBucket, simulateLazily(options), {
    ...(options.history && { history: options.history }),
  });
  return {
    url: server.url,
    bucket: demoBucket,
    region: demoRegion,
    credentials: demoCredentials,
    server,
    filled,
    close: () => server.close(),
  };
}
