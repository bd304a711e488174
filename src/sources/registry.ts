import { folder } from "./folder/folder-kind.ts";
import type { SourceKind } from "./kind.ts";
import { s3 } from "./s3/s3-kind.ts";
import { sftp } from "./sftp/sftp-kind.ts";

/** Every kind of source. */
export const kinds = [folder, sftp, s3] as const;

type Kind = (typeof kinds)[number];
type All<U> = (U extends unknown ? (u: U) => void : never) extends (all: infer I) => void ? I : never;

/** The configuration of a source. */
export type SourceConfig = NonNullable<ReturnType<Kind["read"]>>;

/** The options of all kinds in kit.yaml: at the top, inside `source`, and of a feed. */
export const topSourceOptions: All<Kind["top"]> = Object.assign({}, ...kinds.map(({ top }) => top));
export const insideSourceOptions: All<Kind["inside"]> = Object.assign({}, ...kinds.map(({ inside }) => inside));
export const feedSourceOptions: All<Kind["feed"]> = Object.assign({}, ...kinds.map(({ feed }) => feed));

export function kindOf(source: SourceConfig): SourceKind<SourceConfig> {
  return kinds.find(({ type }) => type === source.type) as SourceKind<SourceConfig>;
}
