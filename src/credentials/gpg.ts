import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { CliError } from "../base/errors.ts";

export interface Decrypted {
  content: Buffer;
  warning: string | null;
}

const maxBytes = 1024 * 1024;

/**
 * Decrypts a file (binary or armored, `-` for standard input) with the user's gpg. The plain text comes through a pipe and
 * never touches the disk; gpg-agent asks for the passphrase. Throws CliError("noCredentials") when gpg is missing, has no
 * key for the file, or the file is not encrypted or incomplete, and CliError("usage") when it cannot be read.
 */
export async function decrypt(file: string, signal: AbortSignal): Promise<Decrypted> {
  if (file !== "-") requireFile(file);
  const { content, statuses, lastLine, large } = await runGpg(file, signal);
  const name = file === "-" ? "standard input" : file;
  if (large) throw new CliError("noCredentials", `${name} is larger than 1 MB: not a credentials file`, wrongFile);
  return { content, warning: classify(statuses, lastLine, name) };
}

const wrongFile = "give the file as it was delivered; `gpg --list-packets FILE` shows what a file holds";
const keyHints =
  "import that key with gpg --import, set GNUPGHOME if it is in another folder, or ask for a file encrypted for a key you have";

// gpg writes the text before it has verified the whole file, and exits with 2 when it only lacks the signer's public key:
// its status lines decide, not its output or exit status.
//
// DECRYPTION_OKAY   BADSIG   NO_PUBKEY   accepted
// yes               no       no          yes
// yes               no       yes         yes, with a warning
// yes               yes      any         no
// no                any      any         no
function classify(statuses: string[][], lastLine: string, name: string): string | null {
  const has = (...words: string[]) => statuses.some(([word = ""]) => words.includes(word));
  const refuse = (message: string, next: string) => new CliError("noCredentials", message, next);
  if (has("BADSIG"))
    throw refuse(`${name} has a signature that does not match`, "fetch the file again, or ask who sent it");
  if (has("DECRYPTION_OKAY")) {
    const signer = statuses.find(([word]) => word === "NO_PUBKEY")?.[1];
    return signer === undefined ? null : `the signature of key ${signer} was not checked: gpg does not have that key`;
  }
  const failure = statuses.find(([word, where = ""]) => word === "ERROR" && /pkdecrypt|symkey|passphrase/.test(where));
  if (failure !== undefined || has("CANCELED_BY_USER", "BAD_PASSPHRASE", "MISSING_PASSPHRASE")) {
    const [why, next] = passphraseProblem(Number.parseInt(failure?.[2] ?? "", 10) & 0xffff);
    throw refuse(`${name} was not decrypted: ${why}`, next);
  }
  const keyIds = statuses.filter(([word]) => word === "NO_SECKEY").map(([, key = ""]) => key);
  if (keyIds.length > 0) {
    const keys = keyIds.every((key) => /^0+$/.test(key)) ? "an unnamed key" : `key ${keyIds.join(", ")}`;
    throw refuse(`${name} is encrypted for ${keys}, for which gpg has no secret key`, keyHints);
  }
  if (has("BEGIN_DECRYPTION"))
    throw refuse(`${name} is damaged or incomplete`, "fetch it again, in binary mode, and compare its size");
  if (has("NODATA", "UNEXPECTED", "PLAINTEXT")) throw refuse(`${name} is not an encrypted file`, wrongFile);
  throw refuse(`gpg cannot decrypt ${name}${lastLine && `: ${lastLine}`}`, wrongFile);
}

// The lower 16 bits of a GnuPG error code.
function passphraseProblem(code: number): [why: string, next: string] {
  if (code === 11) return ["wrong passphrase", "try again"];
  if (code === 99) return ["the passphrase was not given", "try again, and type the passphrase of your key"];
  return [
    "gpg could not ask for the passphrase",
    "on a terminal, set GPG_TTY=$(tty) and try again; elsewhere, have gpg-agent hold the passphrase beforehand",
  ];
}

async function runGpg(file: string, signal: AbortSignal) {
  // gpg-agent asks for the passphrase on the terminal that is gpg's standard input.
  const args = ["--batch", "--status-fd", "2", "--output", "-", "--decrypt"];
  const child = spawn("gpg", file === "-" ? args : [...args, "--", resolve(file)], {
    stdio: ["inherit", "pipe", "pipe"],
    signal,
    windowsHide: true,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let statusText = "";
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) child.kill("SIGKILL");
    else chunks.push(chunk);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (statusText.length < maxBytes) statusText += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (!error.syscall?.startsWith("spawn")) return reject(error);
      const why = error.code === "ENOENT" ? "is not installed, or not in PATH" : `cannot run (${error.code})`;
      reject(new CliError("noCredentials", `gpg ${why}`, "install GnuPG: apt install gnupg, brew install gnupg"));
    });
    child.once("close", () => resolve());
  });
  const lines = statusText.split(/\r?\n/);
  const statusPrefix = "[GNUPG:] ";
  const statuses = lines
    .filter((line) => line.startsWith(statusPrefix))
    .map((line) => line.slice(statusPrefix.length).split(" "));
  const lastLine =
    lines
      .filter((line) => line.startsWith("gpg: "))
      .at(-1)
      ?.slice(5) ?? "";
  return { content: Buffer.concat(chunks), statuses, lastLine, large: size > maxBytes };
}

function requireFile(file: string): void {
  try {
    if (!statSync(file).isDirectory()) return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : `cannot read (${code})`;
    throw new CliError("usage", `${why}: ${file}`, "name the encrypted file as it was delivered");
  }
  throw new CliError("usage", `is a folder: ${file}`, "name the encrypted file in it");
}
