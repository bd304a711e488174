import type { Receipt } from "../../notebooks/components/receipt/receipt.ts";
import { CliError } from "../base/errors.ts";
import { kitVersion } from "../base/kit-version.ts";
import type { Project } from "../config/project.ts";
import { type RawReport, verifyPartition } from "../sync/verify-raw.ts";
import { figureSettings } from "../warehouse/catalog/figure-settings.ts";
import { loadSnapshot, type ReplacedRun } from "../warehouse/snapshot/snapshot.ts";
import { figureFeeds } from "../warehouse/wfm/figure-inputs.ts";
import { type FormerState, formerState } from "./former-state.ts";
import { type Held, type HeldHere, heldPartitions, nameOf } from "./partitions.ts";
import { type Figure, openWorkshop, RebuildError, type Workshop } from "./rebuild.ts";

/** The outcome of a check. Everything in it is without ids and names of people, as is the receipt. */
export interface Checked {
  verdict: "equal" | "restated" | "not reproducible";
  receipt: Receipt;
  now: Figure | null; // computed from the raw files that are here; null: it could not be
  former: "equal" | "differs" | null; // computed from the partitions of then; null: they are not here, or are those of now
  again: (Run & { kept: boolean })[]; // exported again since; kept: the former rows are here
  late: Run[]; // came since, and were due when the receipt was made
  added: Run[]; // came since, of later times
  lost: Run[]; // the receipt rests on them, and they are not here
  damaged: string[]; // raw files below the data folder, with what is wrong
  settings: string[]; // that have other values now
  reasons: Reason[]; // why the figure is not reproducible here
}

export interface Run {
  feed: string;
  run: string;
}

export interface Reason {
  text: string;
  next?: string;
}

export interface CheckOptions {
  now: Date;
  signal?: AbortSignal | undefined;
  onStep?: (step: "reading" | "staging", done: number, total: number) => void;
}

// values of now   values from the partitions of then   verdict
// the receipt's   any                                  equal
// others          the receipt's                        restated
// others          former rows not kept                 restated, if settings and partitions are accounted for
// others          others, or partitions lost           not reproducible
// none            -                                    not reproducible
/**
 * Computes the figures of receipts anew from the raw files in the data folder, in a folder of its own, and compares. The caller
 * holds the lock. Writes nothing into the data folder.
 */
export async function checkReceipts(
  project: Project,
  receipts: readonly Receipt[],
  options: CheckOptions,
): Promise<Checked[]> {
  const workshop = openWorkshop(project, options.now, {
    signal: options.signal,
    onDay: (done, total) => options.onStep?.("staging", done, total),
  });
  const days = new Map<string, { here: HeldHere[]; damaged: string[] }>();
  try {
    const checked: Checked[] = [];
    for (const receipt of receipts) {
      options.signal?.throwIfAborted();
      let day = days.get(receipt.day);
      if (day === undefined) {
        const here = heldPartitions(project, receipt.day);
        day = { here, damaged: await damagedFiles(project, here, options) };
        days.set(receipt.day, day);
      }
      checked.push(await checkReceipt(project, receipt, workshop, day));
    }
    return checked;
  } finally {
    workshop.close();
  }
}

async function checkReceipt(
  project: Project,
  receipt: Receipt,
  workshop: Workshop,
  { here, damaged }: { here: readonly HeldHere[]; damaged: string[] },
): Promise<Checked> {
  const checked: Checked = {
    verdict: "not reproducible",
    receipt,
    now: null,
    former: null,
    again: [],
    late: [],
    added: [],
    lost: [],
    damaged,
    settings: settingsChanged(project, receipt),
    reasons: [],
  };
  if (!here.some(({ feed, dt }) => feed === "queue_wfm" && dt >= receipt.day)) {
    checked.reasons.push({
      text: `no partition of queue_wfm for ${receipt.day} or later is in the data folder`,
      next: "asapp-kit sync fetches the days of `lookback` or `since`, if the bucket still has them",
    });
    return checked;
  }
  if (checked.damaged.length > 0) {
    const [first = ""] = checked.damaged;
    const more = checked.damaged.length > 1 ? ` and ${checked.damaged.length - 1} more` : "";
    checked.reasons.push({
      text: `raw files are not as they were synced: ${first}${more}`,
      next: "asapp-kit verify --raw --repair fetches them again, if the bucket still has them",
    });
    return checked;
  }
  const snapshot = loadSnapshot(project.data);
  const replaced = new Map(
    figureFeeds.map((feed): [string, ReplacedRun[]] => [feed, snapshot.feeds[feed]?.replaced ?? []]),
  );
  try {
    const moment = receipt.asOf === null ? null : new Date(receipt.asOf);
    const present = await workshop.figure(receipt, { held: here, replaced, moment });
    checked.now = present.figure;
    const { known } = present;
    const knownAt = (held: Held) => known.get(nameOf(held)) ?? 0;
    const former = formerState(receipt, here, knownAt, replaced);
    tellRuns(checked, former, knownAt);
    if (checked.now.values === receipt.values) return { ...checked, verdict: "equal" };
    const changed = checked.again.length + checked.late.length + checked.added.length > 0;
    const whole = former.proven && former.lost.length === 0 && former.again.every(({ kept }) => kept);
    if (changed && whole && moment === null) {
      const old = await workshop.figure(receipt, {
        held: former.held,
        replaced: former.replaced,
        moment: former.replaced.size === 0 || receipt.known === null ? null : new Date(receipt.known),
      });
      checked.former = old.figure.values === receipt.values ? "equal" : "differs";
      if (checked.former === "equal") return { ...checked, verdict: "restated" };
    }
    checked.reasons = reasonsOf(project, checked, former);
    return checked.reasons.length === 0 ? { ...checked, verdict: "restated" } : checked;
  } catch (error) {
    if (!(error instanceof RebuildError || (error instanceof CliError && error.exit === "usage"))) throw error;
    checked.reasons = [{ text: error.message }, ...changedReasons(project, checked)];
    return checked;
  }
}

function tellRuns(checked: Checked, former: FormerState, knownAt: (held: Held) => number): void {
  const run = ({ feed, run }: Held): Run => ({ feed, run });
  const through = Date.parse(checked.receipt.through ?? "") || 0;
  const isLate = (held: Held) => startOf(held) < through && knownAt(held) > through;
  checked.again = former.again.map(({ held, kept }) => ({ ...run(held), kept }));
  checked.late = former.added.filter(isLate).map(run);
  checked.added = former.added.filter((held) => !isLate(held)).map(run);
  checked.lost = former.lost.map(run);
}

// "2026-09-01", "2026-09-01 05", "2026-09-01 05:15"
function startOf({ run }: Held): number {
  const [day = "", clock = "00"] = run.split(" ");
  return Date.parse(`${day}T${clock.length === 2 ? `${clock}:00` : clock}Z`);
}

function reasonsOf(project: Project, checked: Checked, former: FormerState): Reason[] {
  const { receipt, lost, again } = checked;
  const reasons: Reason[] = [];
  const { config } = project;
  const [first] = lost;
  const excluded = figureFeeds.filter((feed) => config.excluded.has(feed));
  if (first !== undefined)
    reasons.push({
      text: `${lost.length === 1 ? "a partition" : `${lost.length} partitions`} that it rests on ${lost.length === 1 ? "is" : "are"} not in the data folder: ${first.feed} ${first.run}${lost.length > 1 ? ` to ${lost.at(-1)?.feed} ${lost.at(-1)?.run}` : ""}`,
      next: "asapp-kit sync --full fetches what the bucket still has",
    });
  else if (!former.proven)
    reasons.push({
      text: "it rests on other partitions than those that are here, and which they were cannot be told",
      next: "check it on the machine where it was made, or after asapp-kit sync --full",
    });
  if (excluded.length > 0)
    reasons.push({ text: `kit.yaml leaves out ${excluded.join(", ")}`, next: "feeds in kit.yaml" });
  reasons.push(...changedReasons(project, checked));
  const unkept = again.filter(({ kept }) => !kept);
  if (receipt.asOf !== null && unkept[0] !== undefined)
    reasons.push({
      text: `${unkept[0].feed} ${unkept[0].run}${unkept.length > 1 ? ` and ${unkept.length - 1} more` : ""} was exported again since, and the former rows are not kept`,
      next: "sync.keep_replaced in kit.yaml says how long they are",
    });
  const changed = again.length + checked.late.length + checked.added.length > 0;
  if (reasons.length === 0 && (!changed || checked.former === "differs" || receipt.asOf !== null))
    reasons.push({
      text: "the same partitions and settings give other values here",
      next: "the file was made by a changed kit, or its receipt is that of another figure",
    });
  return reasons;
}

/** Settings and a version of the kit that are not those of the receipt. */
function changedReasons(project: Project, { receipt, settings }: Checked): Reason[] {
  const { version } = kitVersion();
  return [
    ...settings.map((name) => ({ text: settingText(project, receipt, name) })),
    ...(receipt.kit === version
      ? []
      : [
          {
            text: `it was made by version ${receipt.kit} of the kit, and this is ${version}`,
            next: `the figures of versions can differ: check it with ${receipt.kit}`,
          },
        ]),
  ];
}

function settingText({ config }: Project, { service }: Receipt, name: string): string {
  const { serviceLevel } = config.site;
  const text = (of: { variant: string; target: number; seconds: number }) =>
    `${of.variant}, ${of.target} in ${of.seconds} s`;
  if (name === "site.service_level" && text(service) !== text(serviceLevel))
    return `${name} was ${text(service)}, and is ${text(serviceLevel)}`;
  return `${name} has another value now`;
}

function settingsChanged({ config, feeds }: Project, { settings }: Receipt): string[] {
  const present = figureSettings(config, feeds);
  return present.filter(({ digest }, i) => settings[i] !== digest).map(({ name }) => name);
}

async function damagedFiles(
  project: Project,
  here: readonly HeldHere[],
  { signal, onStep }: CheckOptions,
): Promise<string[]> {
  const report: Pick<RawReport, "partitions" | "files" | "bytes" | "damaged"> = {
    partitions: 0,
    files: 0,
    bytes: 0,
    damaged: [],
  };
  for (const [i, { id, manifest }] of here.entries()) {
    signal?.throwIfAborted();
    await verifyPartition(project, id, manifest, report);
    if (i % 100 === 0) onStep?.("reading", i, here.length);
  }
  return report.damaged.map(({ path, problem }) => `${path} (${problem})`);
}
