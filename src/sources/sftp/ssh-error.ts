import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { CliError } from "../../base/errors.ts";
import { SourceError } from "../source.ts";

export interface SshTarget {
  where: string; // for messages: the URL
  host: string;
  identity: string | null; // key file; null: the keys of the agent and of ssh's configuration
  knownHosts: string | null; // null: ssh's default
}

// ssh reports                                                   error
// Permission denied, Too many authentication failures           noCredentials for an unusable key file; else credentialsRefused
// Host key verification failed, … IDENTIFICATION HAS CHANGED    unreachable: an unknown host is never trusted
// subsystem request failed                                      unreachable
// Unable to negotiate                                           unreachable
// Could not resolve hostname … not known                        unreachable
// Bad configuration option, terminating                         config
// any other: refused, timed out, reset, DNS failure             transient
/** Why ssh ended, by its standard error. */
export function explainSsh(stderr: string, status: number | null, target: SshTarget): Error {
  const { where, host, knownHosts } = target;
  const last = stderr.trim().split(/\r?\n/).at(-1) ?? "";
  const unreachable = (message: string, next: string) => new CliError("unreachable", message, next);
  if (/Permission denied|Too many authentication failures/.test(stderr))
    return unusableKey(target) ?? refused(where, last);
  if (/Host key verification failed|IDENTIFICATION HAS CHANGED|host key is known/.test(stderr)) {
    const changed = stderr.includes("IDENTIFICATION HAS CHANGED");
    const missing = knownHosts !== null && !existsSync(knownHosts);
    return unreachable(
      `the host key of ${where} ${changed ? "differs from the known one" : "is not known"}${missing ? `: no such file: ${knownHosts}` : ""}`,
      "ask ASAPP for the fingerprint of the host key, compare it, and add the key to known_hosts (ssh-keyscan shows it)",
    );
  }
  if (/subsystem request failed/.test(stderr))
    return unreachable(`${where} offers no SFTP`, "check `source: {url}` in kit.yaml");
  if (/Unable to negotiate/.test(stderr))
    return unreachable(
      `${where} and this ssh have no method in common: ${last.slice(0, 300)}`,
      `allow one of its methods for ${host} in ~/.ssh/config, or ask for a newer server`,
    );
  if (/Could not resolve hostname.*(not known|No such host|nodename nor servname)/.test(stderr))
    return unreachable(
      `cannot reach ${where}: host name not found (${host})`,
      "check the host in `source: {url}` of kit.yaml, the VPN and the DNS",
    );
  if (/Bad configuration option|terminating, \d+ bad configuration/.test(stderr))
    return new CliError("config", `ssh rejects its configuration: ${last}`, "correct ~/.ssh/config");
  return new SourceError("transient", last === "" ? `ssh ended with ${status}` : last.slice(0, 300));
}

function refused(where: string, last: string): CliError {
  return new CliError(
    "credentialsRefused",
    `${where} refused the key (${last})`,
    "check `source: {url, identity}` in kit.yaml: ASAPP knows the user sftp<company> by the public key that you sent them",
  );
}

// ssh reports little about a key that it cannot read, and nothing about a passphrase, for which it may not ask here.
function unusableKey({ identity }: SshTarget): CliError | null {
  if (identity === null) return null;
  const unusable = (message: string, next: string) => new CliError("noCredentials", message, next);
  const stats = statSync(identity, { throwIfNoEntry: false });
  if (!stats?.isFile())
    return unusable(
      `${stats === undefined ? "no such key file" : "the key is not a file"}: ${identity}`,
      "correct `source: {identity}` in kit.yaml; `ssh-keygen -t ed25519 -f FILE` makes a key, whose .pub goes to ASAPP",
    );
  if (identity.endsWith(".pub"))
    return unusable(
      `the key file is the public half of a key: ${identity}`,
      "name the file without .pub in `source: {identity}` of kit.yaml",
    );
  const { status, stderr } = spawnSync("ssh-keygen", ["-y", "-P", "", "-f", identity], {
    encoding: "utf8",
    timeout: 5_000,
    windowsHide: true,
  });
  if (status === null || status === 0) return null; // the key is sound, or cannot be examined
  if (/UNPROTECTED|too open|bad permissions/.test(stderr))
    return unusable(`other users can read the key file, so ssh does not use it: ${identity}`, `chmod 600 ${identity}`);
  if (/passphrase/.test(stderr))
    return unusable(
      `the key file is locked by a passphrase: ${identity}`,
      `unlock it for this session: ssh-add ${identity} (without an agent: eval "$(ssh-agent)" first); or remove the passphrase: ssh-keygen -p -f ${identity}`,
    );
  const why = stderr.trim().split(/\r?\n/).at(-1) ?? "";
  return unusable(
    `the key file cannot be read: ${identity}${why && ` (${why})`}`,
    "name a private key in OpenSSH's format in `source: {identity}` of kit.yaml, readable by you alone",
  );
}
