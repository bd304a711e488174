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
import { explainSsh, type SshPlace } from "./ssh-error.ts";

export interface SftpConfig {
  type: "sftp";
  url: string; // sftp://user@host:port/path, never with a password
  identity: string | null; // key file, absolute; null: the agent's and ssh's own
  knownHosts: string | null; // absolute; null: ~/.ssh/known_hosts
}

const readBytes = 64 * 1024;
const readsAhead = 16;
const handshakeMs = 15_000; // keys are exchanged and checked before the first byte is to be seen

/**
 * The exports by SFTP, through the system's own `ssh`: its keys, agent, configuration and known hosts hold here too, an
 * unknown host key is refused, and nothing ever asks at the terminal. No ETags: an object's version is its size and time
 * of change, and it is looked at again after the last byte.
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
  private readonly place: SshPlace;
  private readonly root: string;
  private readonly args: string[];
  private readonly idleMs: number;
  private connection: Connection | null = null;

  constructor(options: SftpConfig, tuning: SourceTuning) {
    const url = new URL(options.url);
    this.where = options.url.replace(/\/$/, "");
    const { identity, knownHosts } = options;
    this.place = { where: this.where, host: hostOf(url), identity, knownHosts };
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
    const settle = async () => {
      const now = await this.attempt((client) => client.stat(path), signal);
      if (versionOf(now) !== object.etag) throw new SourceError("changed", "changed since it was listed");
    };
    await settle();
    const handle = await this.attempt((client) => client.openFile(path), signal);
    const { client } = this.connect();
    const take = begin({ offset, md5: null, checksum: null });
    for await (const bytes of this.read(client, handle, offset, object.size, signal)) await take(bytes);
    await settle();
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
    const ask = () => {
      const bytes = client.read(handle, next, Math.min(readBytes, size - next));
      bytes.catch(() => {});
      ahead.push({ at: next, bytes });
      next += readBytes;
    };
    try {
      while (next < size || ahead.length > 0) {
        while (next < size && ahead.length < readsAhead) ask();
        signal?.throwIfAborted();
        const { at, bytes } = ahead.shift()!;
        let chunk = await abortable(bytes, signal);
        const wanted = Math.min(readBytes, size - at);
        yield chunk;
        // A server may give less than was asked for.
        for (let got = chunk.length; got < wanted && chunk.length > 0; got += chunk.length) {
          chunk = await client.read(handle, at + got, wanted - got);
          yield chunk;
        }
        if (chunk.length === 0) return; // shorter than listed: the check says so
      }
    } finally {
      client.close(handle);
    }
  }

  /** One piece of work on the connection, made anew when it is gone. Its idle time is watched. */
  private async attempt<T>(work: (client: SftpClient) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const { client } = this.connect();
    try {
      return await abortable(work(client), signal);
    } catch (error) {
      const known = error instanceof SourceError || error instanceof CliError;
      if (known || signal?.aborted) throw error;
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
    let complaint = "";
    let broken: Error | null = null;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (complaint.length < 4000) complaint += text;
    });
    let heard = performance.now();
    let allowed = Math.max(this.idleMs, handshakeMs);
    child.stdout.on("data", () => {
      heard = performance.now();
      allowed = this.idleMs;
    });
    const watch = setInterval(
      () => {
        if (client.open === 0) heard = performance.now();
        if (performance.now() - heard < allowed) return;
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
    child.on("close", (status) => end(broken ?? explainSsh(complaint, status, this.place)));
    return connection;
  }

  private path(key: string): string {
    const path = `${this.root}/${key.replace(/\/$/, "")}`;
    return key === "" ? this.root : path;
  }

  private noSsh(error: Error): Error {
    const { code } = error as NodeJS.ErrnoException;
    return new CliError("config", `cannot run ssh (${code})`, "install the OpenSSH client, it carries SFTP sources");
  }

  private noRoot(): CliError {
    const next = "check the folder in `source: {url}` of kit.yaml: without one it is the login folder";
    return new CliError("noSuchBucket", `there is no such folder: ${this.where}`, next);
  }
}

/** What a hanging connection must not hold up. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** `sftp://host` and `sftp://host/` are the login folder, `sftp://host/~/x` is inside it, the rest is absolute. */
function rootOf(url: URL): string {
  const path = decodeURIComponent(url.pathname).replace(/\/+$/, "");
  if (path === "") return ".";
  return path.startsWith("/~/") ? path.slice(3) : path;
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

// As ssh's configuration has it: in quotes, a percent sign doubled.
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
