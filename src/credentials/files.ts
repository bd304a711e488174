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
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Where the AWS SDK and the AWS CLI look for profiles: `$AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`. */
export function credentialsFile(env: NodeJS.ProcessEnv = process.env): string {
  return local(env.AWS_SHARED_CREDENTIALS_FILE || join(homedir(), ".aws", "credentials"));
}

/** `$AWS_CONFIG_FILE`, else `~/.aws/config`. */
export function awsConfigFile(env: NodeJS.ProcessEnv = process.env): string {
  return local(env.AWS_CONFIG_FILE || join(homedir(), ".aws", "config"));
}

/** A file's content with a letter for each byte, so that writing it back changes none; null when there is no such file. */
export function readBytes(file: string): string | null {
  return readText(file, "latin1");
}

/** A file's text; null when there is no such file. */
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
 * Replaces a file: whoever reads it sees the old or the new one, and a failure leaves the old. Folders that are missing
 * are made for the owner alone. A link stays one, and the file it leads to is replaced. Without `mode`, an existing file
 * keeps its own.
 */
export function replaceBytes(file: string, bytes: Buffer, mode?: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const target = real(file);
  const before = statSync(target, { throwIfNoEntry: false });
  const beside = join(dirname(target), `.asapp-kit-${randomUUID()}`);
  const opened = openSync(beside, "wx", mode ?? 0o666);
  try {
    try {
      const kept = mode ?? (before === undefined ? undefined : before.mode & 0o777);
      if (kept !== undefined) fchmodSync(opened, kept);
      if (before !== undefined && before.uid !== process.getuid?.())
        fchownSync(opened, before.uid, before.gid);
      writeFileSync(opened, bytes);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    renameSync(beside, target);
  } finally {
    rmSync(beside, { force: true });
  }
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function local(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
