import { daysLater } from "../../notebooks/components/metrics/time-zone.ts";
import type { Receipt } from "../../notebooks/components/receipt/receipt.ts";
import type { ReplacedRun } from "../warehouse/snapshot/snapshot.ts";
import { figureReach } from "../warehouse/wfm/figure-inputs.ts";
import { chosenBy, difference, gaps, type Held, type HeldHere, nameOf, sumOf, weightOf } from "./partitions.ts";

/** What became of the partitions that a receipt rests on. Its digests prove each list. */
export interface FormerState {
  proven: boolean; // the lists account for every partition of the receipt
  held: HeldHere[]; // of the receipt's, as they were
  replaced: Map<string, ReplacedRun[]>; // former rows that are kept, of those exported again since; by feed
  added: HeldHere[]; // since
  again: { held: Held; kept: boolean }[]; // exported again since; kept: with the former rows
  lost: Held[]; // no longer here
}

/**
 * Compares the partitions of a receipt with those that are here. A receipt names none: it has sums of their hashes, so a choice
 * of partitions is the right one if its sums are.
 */
export function formerState(
  receipt: Receipt,
  here: readonly HeldHere[],
  knownAt: (held: Held) => number,
  replaced: ReadonlyMap<string, readonly ReplacedRun[]>,
): FormerState {
  const { runs, day } = receipt;
  const moment = receipt.known === null ? 0 : Date.parse(receipt.known);
  const first = daysLater(day, -figureReach);
  const kept = [...replaced].flatMap(([feed, list]) =>
    list
      .filter(({ run, from, until }) => run >= first && Date.parse(from) <= moment && moment < Date.parse(until))
      .map((entry) => ({ entry, held: formerOf(feed, entry) })),
  );
  const keptNames = new Set(kept.map(({ held }) => nameOf(held)));
  const others = here.filter((held) => !keptNames.has(nameOf(held)));
  const older = others.filter((held) => knownAt(held) <= moment);
  const newer = others.filter((held) => knownAt(held) > moment);
  const base = [...older, ...kept.map(({ held }) => held)];
  const wanted = (list: readonly Held[]) => ({
    name: difference(runs.names, sumOf(list.map((held) => weightOf(held).name))),
    content: difference(runs.contents, sumOf(list.map((held) => weightOf(held).content))),
  });
  const state = (options: Partial<FormerState>): FormerState => ({
    proven: true,
    held: older,
    replaced: new Map(
      [...new Set(kept.map(({ held }) => held.feed))].map((feed) => [
        feed,
        kept.filter(({ held }) => held.feed === feed).map(({ entry }) => entry),
      ]),
    ),
    added: newer,
    again: kept.map(({ held }) => ({ held, kept: true })),
    lost: [],
    ...options,
  });
  const all = wanted(here);
  if (all.name === 0n && all.content === 0n)
    return state({ held: [...here], replaced: new Map(), added: [], again: [] });
  const { name, content } = wanted(base);
  if (name === 0n && content === 0n) return state({});
  // Exported again under the marker's old time.
  const rewritten = older.filter(({ manifest }) => manifest.state === "replaced");
  if (name === 0n && rewritten.length > 0)
    return state({ again: [...state({}).again, ...rewritten.map((held) => ({ held, kept: false }))] });
  const nameWeight = (held: Held) => weightOf(held).name;
  // Exported again, and the former rows are not kept: among the newer ones, by name.
  const unkept = newer.filter(({ manifest }) => manifest.state === "replaced");
  for (const candidates of [unkept, newer]) {
    const again = chosenBy(candidates, nameWeight, name);
    if (again !== null && again.length > 0) {
      const names = new Set(again.map(nameOf));
      return state({
        added: newer.filter((held) => !names.has(nameOf(held))),
        again: [...state({}).again, ...again.map((held) => ({ held, kept: false }))],
      });
    }
  }
  // Came later than its marker says, as a copy does.
  const late = chosenBy(older, nameWeight, (1n << 48n) - name);
  if (late !== null && late.length > 0 && name !== 0n) {
    const names = new Set(late.map(nameOf));
    const held = older.filter((one) => !names.has(nameOf(one)));
    const exact = wanted([...held, ...kept.map((one) => one.held)]);
    if (exact.content === 0n) return state({ held, added: [...late, ...newer] });
  }
  // No longer here: a run that the others leave a gap for; or also some that were exported again.
  const holes = gaps([...here, ...kept.map(({ held }) => held)], day, moment);
  for (const again of [[], unkept]) {
    const rest = difference(runs.names, sumOf([...base, ...again].map((held) => weightOf(held).name)));
    const lost = chosenBy(holes, nameWeight, rest);
    if (lost === null) continue;
    return state({
      again: [...state({}).again, ...again.map((held) => ({ held, kept: false }))],
      added: newer.filter((held) => !(again as Held[]).includes(held)),
      lost,
    });
  }
  return state({ proven: false });
}

function formerOf(feed: string, { run, partition }: ReplacedRun): Held {
  return {
    feed,
    dt: run.slice(0, 10),
    run,
    version: String(partition.version),
    format: String(partition.format),
    fingerprint: String(partition.fingerprint ?? ""),
  };
}
