import { randomUUID } from "node:crypto";
import type { WriteStream } from "node:fs";
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CliError } from "../base/errors.ts";

/** Replaces `file` atomically by a draft that `write` writes. A failure leaves the old file, and no draft. */
export async function writeOutput(file: string, write: (path: string) => Promise<void>): Promise<void> {
  const folder = dirname(resolve(file));
  if (!existsSync(folder))
    throw new CliError(
      "notWritable",
      `no such folder: ${folder}`,
      `make it first, or choose another place for ${file}`,
    );
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw new CliError("notWritable", `is a folder: ${file}`, "name a file in it");
  const draft = join(folder, `.${basename(file)}.${randomUUID().slice(0, 8)}`);
  try {
    await write(draft);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Like `writeOutput`, for text or bytes in pieces. */
export async function writeOutputPieces<Piece extends string | Uint8Array>(
  file: string,
  produce: (write: (piece: Piece) => Promise<void>) => Promise<unknown>,
): Promise<void> {
  await writeOutput(file, async (path) => {
    const stream: WriteStream = createWriteStream(path, { flags: "wx" });
    const failed = new Promise<never>((_, reject) => stream.once("error", reject));
    failed.catch(() => {});
    const write = (piece: Piece) =>
      Promise.race([failed, new Promise<void>((done) => stream.write(piece, () => done()))]);
    try {
      await produce(write);
    } finally {
      await Promise.race([failed.catch(() => {}), new Promise<void>((done) => stream.end(() => done()))]);
    }
    await Promise.race([failed, Promise.resolve()]);
  });
}
