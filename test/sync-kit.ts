// A bucket on loopback, a project in a temporary folder, and the words that the tests of the sync share.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { parseConfig } from "../src/config/config.ts";
import type { Project } from "../src/config/project.ts";
import type { PutOptions } from "../src/demo/s3/object-store.ts";
import { type S3Server, type S3ServerOptions, startS3Server } from "../src/demo/s3/s3-server.ts";
import { loadRegistry } from "../src/export/registry.ts";
import type { RemoteObject } from "../src/export/remote-partition.ts";
import type { Body, GetOptions, Source } from "../src/sources/source.ts";
import type { RetryLimits } from "../src/sync/retry.ts";
import { type SyncOptions, sync } from "../src/sync/sync.ts";

export const bucket = "asapp-prod-acme-exports-us-east-1";
export const credentials = { accessKeyId: "AKIDTEST", secretAccessKey: "test-secret" };
export const now = new Date("2026-11-22T12:00:00Z");

/** Waits of a few milliseconds where a real sync waits for seconds. */
export const hasty: Partial<RetryLimits> = { base: 2, cap: 20, idle: 5_000, first: 20_000, silence: 20_000 };

useCredentials(credentials);

export interface Kit {
  server: S3Server;
  project: Project;
  folder: string;
  put(key: string, body: string | Buffer, options?: PutOptions): void;
  /** A partition with its marker: rows as lines of `feed.jsonl.gz`, or files by name. */
  partition(path: string, rows: unknown[] | Record<string, Buffer>, options?: { marker?: boolean }): void;
  sync(options?: SyncOptions): ReturnType<typeof sync>;
  gets(): number;
  close(): Promise<void>;
}

export async function openKit(yaml = "", options: Partial<S3ServerOptions> = {}): Promise<Kit> {
  const server = await startS3Server({ credentials: [credentials], buckets: [bucket], ...options });
  const folder = mkdtempSync(join(tmpdir(), "asapp-kit-sync-"));
  const project = projectAt(folder, `bucket: ${bucket}\nendpoint: ${server.url}\ndata: data\n${yaml}`);
  const put = (key: string, body: string | Buffer, more: PutOptions = {}) =>
    void server.put(bucket, key, body, { modified: now, ...more });
  return {
    server,
    project,
    folder,
    put,
    partition: (path, rows, { marker = true } = {}) => putPartition(put, path, rows, marker),
    sync: (more) => sync(project, { now, limits: hasty, ...more }),
    gets: () => server.count("GetObject"),
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function projectAt(folder: string, yaml: string): Project {
  const config = parseConfig(yaml, "kit.yaml", folder);
  return {
    root: folder,
    configFile: join(folder, "kit.yaml"),
    config,
    feeds: loadRegistry(),
    data: config.data,
  };
}

/** An object's bytes as text, and what the source knew of them before. */
export async function read(
  source: Source,
  object: RemoteObject,
  options?: GetOptions,
): Promise<Body & { text: string }> {
  const chunks: Buffer[] = [];
  let known: Body | null = null;
  const begin = (body: Body) => {
    known = body;
    return (bytes: Buffer) => {
      chunks.push(Buffer.from(bytes));
      return undefined;
    };
  };
  await source.get(object, begin, options);
  return { ...known!, text: Buffer.concat(chunks).toString() };
}

/** `convos_metrics/dt=2026-11-22/hr=05` gets version 1 and jsonl. */
export function expand(path: string): string {
  return path.includes("version=") ? path : path.replace("/", "/version=1/format=jsonl/");
}

export function putPartition(
  put: (key: string, body: string | Buffer) => void,
  path: string,
  rows: unknown[] | Record<string, Buffer>,
  marker = true,
): void {
  const folder = expand(path);
  const feed = /([^/]+)\/version=/.exec(folder)![1];
  const files = Array.isArray(rows) ? { [`${feed}.jsonl.gz`]: lines(rows) } : rows;
  for (const [name, body] of Object.entries(files)) put(`${folder}/${name}`, body);
  if (marker) put(`${folder}/_SUCCESS`, "");
}

export function lines(rows: unknown[]): Buffer {
  return gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** Bytes that gzip cannot shrink, the same for the same seed. */
export function noise(size: number, seed: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < size; at += 64) blocks.push(createHash("sha512").update(`${seed} ${at}`).digest());
  return Buffer.concat(blocks).subarray(0, size);
}

/** Every file below a folder with a hash of its bytes; `times` adds when it was written. */
export function tree(folder: string, times = false): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const hash = createHash("md5").update(readFileSync(path)).digest("hex");
    files[relative(folder, path)] = times ? `${hash} ${statSync(path).mtimeMs}` : hash;
  }
  return Object.fromEntries(Object.entries(files).sort());
}

/** What a killed or disturbed sync must end up with: everything but the note of when it ran. */
export function endState(project: Project): Record<string, string> {
  const { "last-sync.json": _, ...files } = tree(project.data);
  return files;
}

export function useCredentials({
  accessKeyId,
  secretAccessKey,
}: {
  accessKeyId: string;
  secretAccessKey: string;
}): void {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/nonexistent/config",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
  });
  for (const name of ["AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CA_BUNDLE"]) delete process.env[name];
}
