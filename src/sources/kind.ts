import type { Check } from "../base/yaml.ts";
import type { Source, SourceTuning } from "./source.ts";

export type Options = Record<string, Check<unknown>>;

/** What a record of options reads. */
export type Read<S> = { [K in keyof S]?: S[K] extends Check<infer T> ? T | undefined : never };

export interface ReadingContext {
  environment: string; // prod, unless kit.yaml names another
  absolute(path: string): string; // of a path that counts from kit.yaml
}

/**
 * A kind of source: its options in kit.yaml, where its exports lie, and how it is opened. `C` is what the configuration
 * holds of it. No kind knows another; a new one is a folder beside these and a line in registry.ts.
 */
export interface SourceKind<C extends { type: string }> {
  type: C["type"];
  noun: string; // for messages: "a bucket"
  selectedBy: string | null; // the option of `source` that says it is this kind; null: it has its options at the top
  top: Options; // at the top of kit.yaml
  inside: Options; // of `source` in kit.yaml
  feed: Options; // of a feed
  concurrency: number; // requests at once, unless kit.yaml says otherwise
  settings: string; // for messages: the options that say how it is reached
  /** Null when kit.yaml speaks of no source of this kind. */
  read(written: object, context: ReadingContext): C | null;
  /** Reports options that make no sense together; only asked where kit.yaml has no other kind. */
  check(written: object, problem: (option: string, message: string) => void): void;
  /** The name of the data folder below `data/` unless kit.yaml names one. */
  dataName(source: C): string;
  /** The folder of this machine that holds the exports; null for none. */
  localFolder(source: C): string | null;
  /** What a feed has unless it names its own. */
  selection(source: C): { bucket: string | null; prefix: string };
  /** Where exports below a prefix come from, without what may differ between two ways to the same place. */
  place(source: C, bucket: string | null, prefix: string): string;
  /** Loads the code that this kind alone needs. */
  open(source: C, bucket: string | null, tuning: SourceTuning): Promise<Source>;
}
