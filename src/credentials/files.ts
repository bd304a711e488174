import { randomUUID } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { replaceFile } from "../base/files.ts";

/** Where the AWS SDK and the AWS CLI look for profiles: `$AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`. */
export function credentialsFile(env: NodeJS.ProcessEnv = process.env): string {
  return expandHome(env.AWS_SHARED_CREDENTIALS_FILE || join(homedir(), ".aws", "credentials"));
}

/** `$AWS_CONFIG_FILE`, else `~/.aws/config`. */
export function awsConfigFile(env: NodeJS.ProcessEnv = process.env): string {
  return expandHome(env.AWS_CONFIG_FILE || join(homedir(), ".aws", "config"));
}

/** A file's content as Latin-1, one character per byte, so that writing it back changes none; null without the file. */
export function readBytes(file: string): string | null {
  return readText(file, "latin1");
}

/** A file's text; null without the file. */
export function readText(file: string, encoding: BufferEncoding = "utf8"): string | null {
  try {
    return readFileSync(file, encoding);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** True when others than the owner may read or write the file. */
export function isOpenToOthers(file: string): boolean {
  return process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0;
}

/**
 * Replaces a file atomically: a reader sees the old or the new content, and a failure leaves the old. Missing folders are
 * created for the owner alone. Of a link, the target is replaced. Without `mode`, an existing file keeps its mode.
 */
export function replaceBytes(file: string, bytes: Buffer, mode?: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const target = resolved(file);
  const existing = statSync(target, { throwIfNoEntry: false });
  const draft = join(dirname(target), `.asapp-kit-${randomUUID()}`);
  const write = () => {
    const descriptor = openSync(draft, "wx", mode ?? 0o666);
    try {
      const newMode = mode ?? (existing === undefined ? undefined : existing.mode & 0o777);
      if (newMode !== undefined) fchmodSync(descriptor, newMode);
      if (existing !== undefined && existing.uid !== process.getuid?.())
        fchownSync(descriptor, existing.uid, existing.gid);
      writeFileSync(descriptor, bytes);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  };
  replaceFile(target, write, draft);
}

function resolved(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
