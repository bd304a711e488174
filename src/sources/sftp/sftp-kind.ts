import { text } from "../../base/yaml.ts";
import type { Read, SourceKind } from "../kind.ts";
import type { SftpConfig } from "./sftp.ts";

const inside = {
  url: text("a URL such as sftp://user@host:22/path", sftpUrl),
  identity: text("a key file such as ~/.ssh/id_ed25519"),
  known_hosts: text("a file"),
};

/** An SFTP server. */
export const sftp = {
  type: "sftp",
  noun: "an SFTP server",
  selectedBy: "url",
  top: {},
  inside,
  feed: {},
  concurrency: 16,
  settings: "`source: {url}`",
  read({ source = {} }: { source?: Read<typeof inside> | undefined }, { absolute }): SftpConfig | null {
    const { url, identity, known_hosts: knownHosts } = source;
    if (url === undefined) return null;
    const file = (path: string | undefined) => (path === undefined ? null : absolute(path));
    return { type: "sftp", url, identity: file(identity), knownHosts: file(knownHosts) };
  },
  validate() {},
  dataName: ({ url }) => new URL(url).hostname,
  localFolder: () => null,
  selection: () => ({ bucket: null, prefix: "" }),
  place(source, _, prefix) {
    const root = source.url.replace(/\/$/, "");
    return prefix === "" ? root : `${root}/${prefix}`;
  },
  async open(source, _, tuning) {
    const { openSftp } = await import("./sftp.ts");
    return openSftp(source, tuning);
  },
} as const satisfies SourceKind<SftpConfig>;

function sftpUrl(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : null;
  const isValid = url?.protocol === "sftp:" && url.hostname !== "" && url.username !== "" && url.password === "";
  if (!isValid) throw new Error(`invalid url: ${written} (as in sftp://user@host:22/path)`);
  return written;
}
