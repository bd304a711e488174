import { type ChildProcess, spawn } from "node:child_process";
import { CliError } from "../../base/errors.ts";
import type { RemoteObject } from "../../export/remote-partition.ts";
import {
  type Body,
  type Folder,
  type FolderOptions,
  type GetOptions,
  type ListOptions,
  type Source,
  SourceError,
  type SourceTuning,
  type Take,
} from "../source.ts";
import { listFolder, listTree, type TreeEntry, versionOf } from "../tree.ts";
import { noSuchFile, permissionDenied, SftpClient, SftpStatus } from "./sftp-client.ts";
import { explainSsh, type SshTarget } from "./ssh-error.ts";

export interface SftpConfig {
  type: "sftp";
  url: string; // sftp://user@host:port/path, never with a password
  identity: string | null; // key file, absolute; null: the keys of the agent and of ssh's configuration
  knownHosts: string | null; // absolute; null: ~/.ssh/known_hosts
}

const readBytes = 64 * 1024;
const concurrentReads = 16;
const handshakeMs = 15_000; // the key exchange precedes the first byte

/**
 * Opens an SFTP server through the system's `ssh`, with its keys, agent, configuration and known hosts. An unknown host key
 * is refused, and nothing prompts at the terminal. Without ETags, an object's version is its size and mtime, which are read
 * again after the last byte.
 */
export function openSftp(options: SftpConfig, tuning: SourceTuning = {}): Source {
  return new Sftp(options, tuning);
}

interface Connection {
  client: SftpClient;
  child: ChildProcess;
}

class Sftp implements Source {
  private readonly where: string;
  private readonly target: SshTarget;
  private readonly root: string;
  private readonly args: string[];
  private readonly idleMs: number;
  private connection: Connection | null = null;

  constructor(options: SftpConfig, tuning: SourceTuning) {
    const url = new URL(options.url);
    this.where = options.url.replace(/\/$/, "");
    const { identity, knownHosts } = options;
    this.target = { where: this.where, host: hostOf(url), identity, knownHosts };
    this.root = rootOf(url);
    this.idleMs = tuning.idleMs ?? 20_000;
    this.args = sshArguments(options, url, this.idleMs);
  }

  describe(): string {
    return this.where;
  }

  list(prefix: string, options: ListOptions = {}): AsyncIterable<RemoteObject[]> {
    return listTree(this.reader(options), prefix, options);
  }

  folder(prefix: string, options: FolderOptions = {}): Promise<Folder> {
    return listFolder(this.reader(options), prefix);
  }

  async get(object: RemoteObject, begin: (body: Body) => Take, { offset = 0, signal }: GetOptions = {}): Promise<void> {
    const path = this.path(object.key);
    const verifyVersion = async () => {
      const now = await this.attempt((client) => client.stat(path), signal);
      if (versionOf(now) !== object.etag) throw new SourceError("changed", "changed since it was listed");
    };
    await verifyVersion();
    const handle = await this.attempt((client) => client.openFile(path), signal);
    const { client } = this.connect();
    const take = begin({ offset, md5: null, checksum: null });
    for await (const bytes of this.read(client, handle, offset, object.size, signal)) await take(bytes);
    await verifyVersion();
  }

  async close(): Promise<void> {
    const child = this.connection?.child;
    this.connection = null;
    child?.kill();
  }

  private reader({ signal, request = (page) => page() }: FolderOptions) {
    return (folder: string): Promise<TreeEntry[]> =>
      request(() =>
        this.attempt(async (client) => {
          try {
            return await client.readFolder(this.path(folder));
          } catch (error) {
            if (!(error instanceof SftpStatus && error.code === noSuchFile)) throw error;
            if (folder === "") throw this.noRoot();
            return [];
          }
        }, signal),
      );
  }

  private async *read(
    client: SftpClient,
    handle: Buffer,
    offset: number,
    size: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const ahead: { at: number; bytes: Promise<Buffer> }[] = [];
    let next = offset;
    const request = () => {
      const bytes = client.read(handle, next, Math.min(readBytes, size - next));
      bytes.catch(() => {});
      ahead.push({ at: next, bytes });
      next += readBytes;
    };
    try {
      while (next < size || ahead.length > 0) {
        while (next < size && ahead.length < concurrentReads) request();
        signal?.throwIfAborted();
        const read = ahead.shift();
        if (read === undefined) return;
        let chunk = await abortable(read.bytes, signal);
        const requested = Math.min(readBytes, size - read.at);
        yield chunk;
        // A server may return less than was requested.
        for (let received = chunk.length; received < requested && chunk.length > 0; received += chunk.length) {
          chunk = await client.read(handle, read.at + received, requested - received);
          yield chunk;
        }
        if (chunk.length === 0) return; // shorter than listed: verification fails it
      }
    } finally {
      client.close(handle);
    }
  }

  /** Runs work on the connection, which is opened again once it is lost. */
  private async attempt<T>(work: (client: SftpClient) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const { client } = this.connect();
    try {
      return await abortable(work(client), signal);
    } catch (error) {
      if (error instanceof SourceError || error instanceof CliError || signal?.aborted) throw error;
      if (!(error instanceof SftpStatus)) throw new SourceError("transient", (error as Error).message);
      if (error.code === noSuchFile) throw new SourceError("changed", "gone since it was listed", { cause: error });
      if (error.code === permissionDenied) throw new SourceError("denied", "access denied", { cause: error });
      throw new SourceError("broken", `the server refused: ${error.message}`, { cause: error });
    }
  }

  private connect(): Connection {
    if (this.connection !== null) return this.connection;
    const child = spawn("ssh", this.args, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    const client = new SftpClient(child.stdout, child.stdin);
    const connection = { client, child };
    this.connection = connection;
    let stderr = "";
    let broken: Error | null = null;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr.length < 4000) stderr += text;
    });
    let lastByte = performance.now();
    let allowed = Math.max(this.idleMs, handshakeMs);
    child.stdout.on("data", () => {
      lastByte = performance.now();
      allowed = this.idleMs;
    });
    const watch = setInterval(
      () => {
        if (client.open === 0) lastByte = performance.now();
        if (performance.now() - lastByte < allowed) return;
        broken = new SourceError("transient", `no byte for ${allowed} ms`);
        child.kill("SIGKILL");
      },
      Math.min(1000, this.idleMs / 2),
    );
    watch.unref();
    const end = (error: Error) => {
      clearInterval(watch);
      if (this.connection === connection) this.connection = null;
      client.fail(error);
    };
    child.on("error", (error) => end(this.noSsh(error)));
    child.on("close", (status) => end(broken ?? explainSsh(stderr, status, this.target)));
    return connection;
  }

  private path(key: string): string {
    const path = `${this.root}/${key.replace(/\/$/, "")}`;
    return key === "" ? this.root : path;
  }

  private noSsh(error: Error): Error {
    const { code } = error as NodeJS.ErrnoException;
    return new CliError("config", `cannot run ssh (${code})`, "install the OpenSSH client, which SFTP sources need");
  }

  private noRoot(): CliError {
    const next = "check the folder in `source: {url}` of kit.yaml: without one it is the login folder";
    return new CliError("noSuchBucket", `there is no such folder: ${this.where}`, next);
  }
}

/** Rejects as soon as the signal aborts, even if the promise never settles. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** `sftp://host` and `sftp://host/` are the login folder, `sftp://host/~/x` is inside it, any other path is absolute. */
function rootOf(url: URL): string {
  const path = decodeURIComponent(url.pathname).replace(/\/+$/, "");
  if (path === "") return ".";
  return path.startsWith("/~/") ? path.slice(3) : path;
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

// The syntax of ssh's configuration: in quotes, with percent signs doubled.
function quoted(path: string): string {
  return `"${path.replaceAll("%", "%%").replace(/["\\]/g, "\\$&")}"`;
}

function sshArguments({ identity, knownHosts }: SftpConfig, url: URL, idleMs: number): string[] {
  const options = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    ConnectTimeout: String(Math.max(1, Math.ceil(idleMs / 1000))),
    ServerAliveInterval: "15",
    ClearAllForwardings: "yes",
    ForwardAgent: "no",
    PermitLocalCommand: "no",
    ...(knownHosts !== null && { UserKnownHostsFile: quoted(knownHosts) }),
    ...(identity !== null && { IdentityFile: quoted(identity), IdentitiesOnly: "yes" }),
  };
  return [
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ...(url.port === "" ? [] : ["-p", url.port]),
    ...(url.username === "" ? [] : ["-l", decodeURIComponent(url.username)]),
    "-s",
    "--",
    hostOf(url),
    "sftp",
  ];
}
