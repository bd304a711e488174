import { count, plural } from "../../base/words.ts";
import type { DaySnapshot, FeedSnapshot, Snapshot } from "./snapshot.ts";

/** A column with values that do not fit its type; `_rescued` keeps them. */
export interface UnfitColumn {
  feed: string;
  column: string;
  type: string;
  values: number; // that do not fit
  delivered: number; // values of the column on the days with such values
  whole: boolean; // on the newest of these days no value fits
  firstDay: string;
  lastDay: string;
  example: string; // as delivered, shortened; for the terminal only, since it may be personal
}

/** The columns with values that do not fit, on the days that `among` selects, by feed and column. */
export function unfitColumns(
  { feeds }: Pick<Snapshot, "feeds">,
  among: (feed: string, day: DaySnapshot) => boolean = () => true,
): UnfitColumn[] {
  return Object.entries(feeds)
    .flatMap(([feed, feedSnapshot]) => unfitOfFeed(feed, feedSnapshot, (day) => among(feed, day)))
    .sort((a, b) => (a.feed === b.feed ? (a.column < b.column ? -1 : 1) : a.feed < b.feed ? -1 : 1));
}

function unfitOfFeed(feed: string, feedSnapshot: FeedSnapshot, among: (day: DaySnapshot) => boolean): UnfitColumn[] {
  const columns = new Map<string, UnfitColumn>();
  const types = new Map(feedSnapshot.columns.map(({ name, type }) => [name, type]));
  for (const day of feedSnapshot.days) {
    if (!among(day)) continue;
    for (const { column, values, fit, example } of day.unfit ?? []) {
      const former = columns.get(column);
      columns.set(column, {
        feed,
        column,
        type: types.get(column) ?? "",
        whole: fit === 0,
        example,
        values: (former?.values ?? 0) + values,
        delivered: (former?.delivered ?? 0) + values + fit,
        firstDay: former?.firstDay ?? day.dt,
        lastDay: day.dt,
      });
    }
  }
  return [...columns.values()];
}

const longestExample = 60;

/** `first_utterance_ts: none of 50 values is a TIMESTAMP, e.g. "noon", since 2026-09-01`. */
export function unfitText(unfit: UnfitColumn): string {
  const { column, type, values, delivered, whole, firstDay, lastDay, example } = unfit;
  const share = (100 * values) / delivered;
  const some = `${count(values)} of ${plural(delivered, "value")} (${share < 1 ? "under 1" : Math.round(share)} %)`;
  const what =
    values === delivered
      ? `none of ${plural(delivered, "value")} fits ${type}`
      : `${some} ${values === 1 ? "does" : "do"} not fit ${type}${whole ? `, and on ${lastDay} none does` : ""}`;
  const cut = [...example].length > longestExample ? `${[...example].slice(0, longestExample).join("")}…` : example;
  return `${column}: ${what}, e.g. ${JSON.stringify(cut)}, since ${firstDay}`;
}

/** The next step for such a column. */
export function unfitNext({ feed, column }: Pick<UnfitColumn, "feed" | "column">): string {
  return `asapp-kit sql "select _file, _line, _rescued from raw.${feed} where _rescued is not null limit 20" shows them; they are kept as text. If the export intends them, write under \`feeds\` in kit.yaml: ${feed}: {columns: {${column}: VARCHAR}}`;
}
