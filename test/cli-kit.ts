// The real command line as a child process, in a folder of its own, with no AWS settings but those of the test.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type S3Server, type S3ServerOptions, startS3Server } from "../src/demo/s3/s3-server.ts";
import { bucket, credentials, expand, putPartition } from "./sync-kit.ts";
import { ended } from "./wait.ts";

export const kitFolder = fileURLToPath(new URL("../..", import.meta.url));
export const bin = join(kitFolder, "bin", "asapp-kit.js");

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  input?: string;
  wrap?: string[]; // a program that runs it, such as ["sh", "-c", …]
}

export const awsEnv = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};

/** Runs `asapp-kit <args>` to its end. */
export function run(args: string[], { cwd, env = {}, input = "", wrap = [] }: RunOptions = {}): Promise<Ran> {
  const [program, ...rest] = [...wrap, process.execPath, bin, ...args];
  const child = spawn(program!, rest, { cwd, env: cleanEnv(env), stdio: "pipe" });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  return ended(`asapp-kit ${args.join(" ")}`, child).then((code) => ({ code, stdout, stderr }));
}

export function cleanEnv(env: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const { PATH, TZ, TMPDIR, HTTPS_PROXY: _, ...rest } = process.env;
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([name]) =>
      /^(LANG|LC_|SystemRoot|NODE_OPTIONS|NODE_V8_COVERAGE|LD_PRELOAD|FAKETIME)/.test(name),
    ),
  );
  return {
    ...kept,
    PATH,
    TZ,
    TMPDIR,
    HOME: "/nonexistent",
    NO_COLOR: "1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/nonexistent/config",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
    ...env,
  };
}

export interface CliKit {
  folder: string;
  server: S3Server;
  config(yaml: string): void; // writes kit.yaml: bucket, endpoint and what is given
  partition(path: string, rows: unknown[], options?: { marker?: boolean }): void;
  run(args: string[], options?: RunOptions): Promise<Ran>;
  close(): Promise<void>;
}

/** A folder with a kit.yaml for a bucket on loopback. */
export async function openCliKit(yaml = "", options: Partial<S3ServerOptions> = {}): Promise<CliKit> {
  const server = await startS3Server({ credentials: [credentials], buckets: [bucket], ...options });
  const folder = mkdtempSync(join(tmpdir(), "asapp-kit-cli-"));
  const kit: CliKit = {
    folder,
    server,
    config: (more) =>
      writeFileSync(join(folder, "kit.yaml"), `bucket: ${bucket}\nendpoint: ${server.url}\ndata: data\n${more}`),
    partition: (path, rows, { marker = true } = {}) =>
      putPartition((key, body) => void server.put(bucket, key, body), expand(path), rows, marker),
    run: (args, more = {}) => run(args, { cwd: folder, ...more, env: { ...awsEnv, ...more.env } }),
    close: async () => {
      await kit.server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  kit.config(yaml);
  return kit;
}
