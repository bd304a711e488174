import {
  entries,
  fail,
  isMap,
  isNull,
  items,
  oneOf,
  orNull,
  type Reader,
  record,
  scalar,
  text,
  token,
  type Value,
} from "../base/yaml.ts";
import { date, feedName, feedOptions } from "../export/registry.ts";
import { feedSourceOptions } from "../sources/registry.ts";
import { days } from "./option-values.ts";

/** The policies for schema changes, at the top of kit.yaml and of a feed. */
export const schemaOptions = {
  on_new_column: oneOf("evolve", "rescue", "freeze"),
  on_type_change: oneOf("widen", "rescue", "fail"),
  on_missing_column: orNull(oneOf("null", "warn", "fail")), // an unquoted null stands for the policy "null"
};

/** The days to read, at the top of kit.yaml and of a feed. */
export const windowOptions = {
  since: text("a date such as 2026-09-01", date),
  lookback: text("a number of days such as 90d", days),
};

const selectionOptions = {
  ...feedSourceOptions,
  version: text("a version", token("version")),
  format: text("a format", token("format")),
  ...windowOptions,
  ...schemaOptions,
  ...feedOptions,
};

const feedEntry = record(selectionOptions);
export type FeedEntry = NonNullable<ReturnType<typeof feedEntry>>;

/** The `feeds` of kit.yaml as written. */
export interface WrittenFeeds {
  all: boolean; // every feed in the bucket
  excluded: Map<string, Value>;
  named: Map<string, { value: Value; entry: FeedEntry }>;
}

// feeds: all                       every feed in the bucket
// feeds: [a, b: {since: …}]        these feeds, with options where a map follows the name
// feeds: {a: , b: {since: …}}      the same as a map
// feeds: {all: , b: {since: …}}    every feed in the bucket, b with options
// feeds: {all: , b: false}         every feed in the bucket except b; exclusions alone imply `all`
export function feedsOption(): Reader<WrittenFeeds> {
  const read: Reader<WrittenFeeds> = (value) => {
    const result: WrittenFeeds = { all: false, excluded: new Map(), named: new Map() };
    for (const item of isMap(value) ? [value] : items(value)) {
      if (isMap(item)) for (const entry of entries(item, "feeds") ?? []) addFeed(result, entry);
      else {
        const name = text("the name of a feed")({ ...item, name: "", where: "an item of feeds" });
        if (name !== undefined) addFeed(result, { ...item, node: null, name });
      }
    }
    if (result.named.size === 0) {
      if (result.excluded.size > 0) result.all = true;
      else if (!result.all) fail(value, "feeds must name at least one feed, or all");
    }
    return result;
  };
  read.options = (feedEntry.options ?? []).map((path) => `<feed>.${path}`);
  return read;
}

function addFeed(feeds: WrittenFeeds, entry: Value): void {
  const { name, file, keyAt } = entry;
  const item = { ...entry, name: "", where: `feed ${name}` };
  if (name === "all") {
    feeds.all = true;
    if (!isNull(entry) && scalar(entry) !== true) {
      file.report(keyAt, "all takes no options: options of all feeds go to the top of the file");
    }
  } else if (!feedName.test(name)) {
    file.report(keyAt, `invalid feed name: ${name} (lowercase letters, digits and _)`);
  } else if (feeds.named.has(name) || feeds.excluded.has(name)) {
    file.report(keyAt, `feed ${name} is named twice`);
  } else if (scalar(entry) === false) {
    feeds.excluded.set(name, item);
  } else {
    feeds.named.set(name, { value: item, entry: isNull(entry) ? {} : (feedEntry(item) ?? {}) });
  }
}
