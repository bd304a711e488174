import { text } from "../../base/yaml.ts";
import type { Read, SourceKind } from "../kind.ts";

export interface FolderConfig {
  type: "folder";
  path: string; // absolute
}

const inside = { path: text("a folder") };

/** A folder in the bucket's layout. */
export const folder = {
  type: "folder",
  noun: "a folder",
  selectedBy: "path",
  top: {},
  inside,
  feed: {},
  concurrency: 16,
  settings: "`source: {path}`",
  read({ source = {} }: { source?: Read<typeof inside> | undefined }, { absolute }): FolderConfig | null {
    return source.path === undefined ? null : { type: "folder", path: absolute(source.path) };
  },
  validate() {},
  dataName: () => "local",
  localFolder: ({ path }) => path,
  selection: () => ({ bucket: null, prefix: "" }),
  place: ({ path }, _, prefix) => (prefix === "" ? path : `${path}/${prefix}`),
  async open({ path }) {
    const { openFolder } = await import("./folder.ts");
    return openFolder(path);
  },
} as const satisfies SourceKind<FolderConfig>;
