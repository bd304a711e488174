import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { emptyConfig } from "../src/config/config.ts";
import type { Project } from "../src/config/project.ts";
import { markerName, partitionPath } from "../src/export/layout.ts";
import { type PartitionId, partitionKey } from "../src/export/partition.ts";
import { loadRegistry } from "../src/export/registry.ts";
import { fingerprint } from "../src/export/remote-partition.ts";
import { type ManifestPartition, partitionOf, readDay, writeDay } from "../src/sync/manifest.ts";

/** An object becomes a line of JSON, a text is a line as it is; a Buffer is the file's unpacked content. */
export type Content = (object | string)[] | Buffer;

export interface RawFixture {
  project: Project;
  /** Puts a whole partition in place, as a sync would. `at` is "2026-09-01", "2026-09-01 05" or "2026-09-01 05:15". */
  put(feed: string, at: string, content: Content | Record<string, Content>, options?: PutOptions): void;
  /** Takes a partition away, as if it had never been. */
  remove(feed: string, at: string, options?: Pick<PutOptions, "version" | "format">): void;
  delete(): void;
}

export interface PutOptions {
  version?: string;
  format?: string;
  state?: ManifestPartition["state"];
  gzip?: boolean; // default true
  level?: number; // of the compression
  spoil?: (bytes: Buffer) => Buffer; // what happens to the file after the manifest was written
}

/** A project in a folder of its own, or in the one given, with raw files and manifests and no sync. */
export function rawFixture(
  change: (project: Project) => void = () => {},
  root = mkdtempSync(join(tmpdir(), "asapp-raw-")),
): RawFixture {
  const config = emptyConfig(root);
  const project: Project = {
    root,
    configFile: null,
    config,
    feeds: new Map(loadRegistry()),
    data: config.data,
  };
  change(project);
  return {
    project,
    put(feed, at, content, options = {}) {
      const id = partition(feed, at, options);
      const objects = files(feed, content).map(([name, text]) => {
        const unpacked = toBuffer(text);
        const packed = name.endsWith(".gz") && options.gzip !== false;
        const stored = packed ? gzipSync(unpacked, { level: options.level }) : unpacked;
        const file = packed ? name : name.replace(/\.gz$/, "");
        const folder = join(project.data, "raw", partitionPath(id));
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, file), options.spoil?.(stored) ?? stored);
        writeFileSync(join(folder, markerName), "");
        const md5 = createHash("md5").update(stored).digest("hex");
        return { name: file, size: stored.length, md5, lines: countLines(unpacked), etag: md5, modified };
      });
      const marker = { size: 0, etag: "d41d8cd98f00b204e9800998ecf8427e", modified };
      const key = (name: string) => `${partitionPath(id)}/${name}`;
      const rows = objects.some(({ lines }) => lines > 0);
      store(project, id, {
        version: id.version,
        format: id.format,
        hr: id.hr,
        mi: id.mi,
        state: options.state ?? (rows ? "complete" : "empty"),
        fingerprint: fingerprint({
          id,
          marker: { ...marker, key: key(markerName) },
          objects: objects.map(({ name, size, etag }) => ({ key: key(name), size, etag, modified })),
        }),
        marker,
        objects,
      });
    },
    remove(feed, at, options = {}) {
      const id = partition(feed, at, options);
      const folder = join(project.data, "raw", partitionPath(id)); // a day's folder may hold those of its hours
      if (existsSync(folder))
        for (const entry of readdirSync(folder, { withFileTypes: true }))
          if (entry.isFile()) rmSync(join(folder, entry.name));
      store(project, id, null);
    },
    delete: () => rmSync(root, { recursive: true, force: true }),
  };
}

const modified = "2026-09-02T00:00:00.000Z";

function partition(feed: string, at: string, { version = "1", format = "jsonl" }: PutOptions): PartitionId {
  const [, dt, hr, mi] = /^(\S{10})(?: (\d\d)(?::(\d\d))?)?$/.exec(at)!;
  return { feed, version, format, dt: dt!, hr: hr ?? null, mi: mi ?? null };
}

function store(project: Project, id: PartitionId, entry: ManifestPartition | null): void {
  const day = readDay(project, id.feed, id.dt) ?? { format: 1, feed: id.feed, dt: id.dt, partitions: [] };
  const others = day.partitions.filter((other) => partitionKey(partitionOf(day, other)) !== partitionKey(id));
  writeDay(project, { ...day, partitions: entry === null ? others : [...others, entry] });
}

function files(feed: string, content: Content | Record<string, Content>): [string, Content][] {
  if (!Array.isArray(content) && !Buffer.isBuffer(content)) return Object.entries(content);
  return Array.isArray(content) && content.length === 0 ? [] : [[`${feed}.jsonl.gz`, content]];
}

function toBuffer(content: Content): Buffer {
  if (Buffer.isBuffer(content)) return content;
  const lines = content.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

function countLines(bytes: Buffer): number {
  const text = bytes.toString("latin1");
  return text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
