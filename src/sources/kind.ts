import type { Reader } from "../base/yaml.ts";
import type { Source, SourceTuning } from "./source.ts";

export type Options = Record<string, Reader<unknown>>;

/** The values that a record of options reads. */
export type Read<S> = { [K in keyof S]?: S[K] extends Reader<infer T> ? T | undefined : never };

export interface ReadingContext {
  environment: string; // default: prod
  absolute(path: string): string; // resolves a path relative to kit.yaml
}

/**
 * A kind of source: its options in kit.yaml, the place of its exports, and how it is opened. `C` is its configuration. No
 * kind imports another; a new one is a folder in src/sources and a line in registry.ts.
 */
export interface SourceKind<C extends { type: string }> {
  type: C["type"];
  noun: string; // for messages: "a bucket"
  selectedBy: string | null; // the option of `source` that selects it; null: its options are at the top of kit.yaml
  top: Options; // at the top of kit.yaml
  inside: Options; // inside `source`
  feed: Options; // of a feed
  concurrency: number; // default number of concurrent requests
  settings: string; // for messages: the options that say how it is reached
  /** Its configuration; null when kit.yaml has no source of this kind. */
  read(written: object, context: ReadingContext): C | null;
  /** Reports options that contradict each other. Called only when kit.yaml has no `source`. */
  validate(written: object, problem: (option: string, message: string) => void): void;
  /** The default name of the data folder below `data/`. */
  dataName(source: C): string;
  /** The local folder that holds the exports, or null. */
  localFolder(source: C): string | null;
  /** The defaults of a feed. */
  selection(source: C): { bucket: string | null; prefix: string };
  /** Where exports below a prefix come from. Two ways to the same exports, such as two endpoints, give the same place. */
  place(source: C, bucket: string | null, prefix: string): string;
  /** Opens the source. Loads the code of this kind only now. */
  open(source: C, bucket: string | null, tuning: SourceTuning): Promise<Source>;
}
