// A real SSH server on loopback, with the keys that its clients need.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { ended, until } from "./wait.ts";

const sshd = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"].find((path) => existsSync(path));

/** Why no test can meet an SSH server here; null where it can. */
export const noSshd =
  sshd === undefined || spawnSync("ssh", ["-V"]).error !== undefined ? "no OpenSSH server here" : null;

export interface Sshd {
  port: number;
  keys: string; // a folder: `user` is a key that may log in, `known` the known hosts
  /** The file of known hosts of what passes on to the server from another port. */
  knownAt(port: number): string;
  close(): Promise<void>;
}

export async function startSshd(): Promise<Sshd> {
  if (sshd === undefined) throw new Error("no OpenSSH server here");
  const keys = mkdtempSync(join(tmpdir(), "asapp-kit-sshd-"));
  for (const name of ["host", "user", "stranger", "barred", "blind"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(keys, name)]);
  const key = (name: string) => readFileSync(join(keys, `${name}.pub`), "utf8");
  const refusing = (request: string, name: string) => `command="internal-sftp -P ${request}" ${key(name)}`;
  writeFileSync(
    join(keys, "authorized"),
    [key("user"), refusing("open", "barred"), refusing("opendir", "blind")].join(""),
  );
  const port = await freePort();
  const config = {
    Port: port,
    ListenAddress: "127.0.0.1",
    HostKey: join(keys, "host"),
    AuthorizedKeysFile: join(keys, "authorized"),
    PidFile: "none",
    StrictModes: "no",
    UsePAM: "no",
    PasswordAuthentication: "no",
    KbdInteractiveAuthentication: "no",
    PermitRootLogin: "prohibit-password",
    MaxStartups: "100",
    Subsystem: "sftp internal-sftp",
  };
  writeFileSync(
    join(keys, "config"),
    Object.entries(config)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(""),
  );
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  const server = spawn(sshd, ["-D", "-e", "-f", join(keys, "config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  server.stderr!.on("data", (text) => {
    said += text;
  });
  await until("the SSH server to listen", () => said.includes("listening"), { state: () => said });
  const host = readFileSync(join(keys, "host.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  writeFileSync(join(keys, "known"), `[127.0.0.1]:${port} ${host}\n`);
  writeFileSync(join(keys, "known-other"), `[127.0.0.1]:${port} ${readFileSync(join(keys, "stranger.pub"), "utf8")}`);
  writeFileSync(join(keys, "known-none"), "");
  return {
    port,
    keys,
    knownAt(from) {
      const file = join(keys, `known-${from}`);
      writeFileSync(file, `[127.0.0.1]:${from} ${host}\n`);
      return file;
    },
    async close() {
      const end = ended("the SSH server", server);
      server.kill();
      await end;
      rmSync(keys, { recursive: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
