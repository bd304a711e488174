import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Grain } from "../../notebooks/components/metrics/windows.ts";
import type { Receipt } from "../../notebooks/components/receipt/receipt.ts";
import { dayFacts, daySums, figureDigest } from "../../notebooks/components/share/day-card.ts";
import { namesOf } from "../base/names.ts";
import type { Project } from "../config/project.ts";
import { type DayData, loadDay } from "../site/share/share.ts";
import { writeDay } from "../sync/manifest.ts";
import { openCatalog } from "../warehouse/catalog/catalog.ts";
import { type ReplacedRun, saveSnapshot } from "../warehouse/snapshot/snapshot.ts";
import { updateWarehouse } from "../warehouse/update.ts";
import { type Held, type HeldHere, nameOf } from "./partitions.ts";

/** A figure computed again. */
export type Figure = Pick<Receipt, "offered" | "level" | "through" | "values">;

export interface Built {
  figure: Figure;
  known: ReadonlyMap<string, number>; // when each partition was known, by `nameOf`; milliseconds
}

export interface RebuildOptions {
  signal?: AbortSignal | undefined;
  onDay?: (done: number, total: number) => void;
}

/** What a figure is computed from. */
export interface State {
  held: readonly HeldHere[];
  replaced: ReadonlyMap<string, ReplacedRun[]>; // former rows, by feed
  moment: Date | null; // as known then; null: now
}

/**
 * A data folder of its own, outside the project's, whose rows are staged and ranked anew from the raw files by the kit's own
 * steps. A second state stages only the days that differ; figures of one state are computed from the same rows.
 */
export interface Workshop {
  figure(receipt: Receipt, state: State): Promise<Built>;
  close(): void;
}

export function openWorkshop(project: Project, now: Date, options: RebuildOptions): Workshop {
  const data = mkdtempSync(join(tmpdir(), "asapp-check-"));
  symlinkSync(join(project.data, "raw"), join(data, "raw"));
  const { config } = project;
  const copy: Project = {
    ...project,
    data,
    config: { ...config, data, catalog: null, sync: { ...config.sync, keepReplacedMinutes: 0 } },
  };
  const listed = new Map<string, { feed: string; dt: string }>(); // days with a manifest
  const built = new Map<string, { files: DayData; known: Map<string, number> }>();

  const stage = async ({ held, replaced }: State) => {
    const byDay = new Map([...listed].map(([key, day]) => [key, { ...day, partitions: [] as HeldHere["manifest"][] }]));
    for (const { feed, dt, manifest } of held) {
      const key = `${feed} ${dt}`;
      const day = byDay.get(key) ?? { feed, dt, partitions: [] };
      day.partitions.push(manifest);
      byDay.set(key, day);
      listed.set(key, { feed, dt });
    }
    for (const day of byDay.values()) writeDay({ data }, { format: 1, ...day });
    const { signal, onDay } = options;
    const { snapshot, failed } = await updateWarehouse(copy, {
      now,
      ...(signal && { signal }),
      onDay: (_, done, total) => onDay?.(done, total),
    });
    const [failure] = failed;
    if (failure) throw new RebuildError(`${failure.feed} ${failure.dt} cannot be read: ${failure.reason}`);
    const feeds = Object.entries(snapshot.feeds).map(([name, feed]) => {
      const { replaced: _, ...rest } = feed;
      const runs = replaced.get(name) ?? [];
      for (const { rows } of runs) copyOnce(project.data, data, rows);
      return [name, runs.length === 0 ? rest : { ...rest, replaced: runs }] as const;
    });
    saveSnapshot(data, snapshot, { ...snapshot, feeds: namesOf(feeds) }, now);
  };

  return {
    async figure({ day, comparison, queue, grain, figure, basis, hours }, state) {
      const { held, replaced, moment } = state;
      const former = [...replaced.values()].flat().map(({ run, from, rows }) => [run, from, rows]);
      const key = JSON.stringify([day, comparison, moment, held.map(contentKey), former]);
      let rows = built.get(key);
      if (rows === undefined) {
        await stage(state);
        const files = await loadDay(copy, day, now, comparison, moment === null ? undefined : { moment });
        rows = { files, known: await knownTimes(copy) };
        built.set(key, rows);
      }
      if (!rows.files.queues.includes(queue)) throw new RebuildError(`no queue or group is called ${queue} here`);
      const page = dayFacts({ ...rows.files, basis, hours }, queue, grain as Grain);
      const values = figureDigest(page, figure);
      if (values === null) throw new RebuildError(`this version of the kit has no figure called ${figure}`);
      return { figure: { ...daySums(page), values }, known: rows.known };
    },
    close: () => rmSync(data, { recursive: true, force: true }),
  };
}

async function knownTimes(project: Project): Promise<Map<string, number>> {
  const database = await openCatalog(project);
  try {
    const { rows } = await database.rows(
      "select feed, run, version, format, epoch_ms(known_at)::double from kit.partitions where known_at is not null",
    );
    return new Map(
      rows.map(([feed, run, version, format, known]) => [`${feed} ${run} ${version} ${format}`, Number(known)]),
    );
  } finally {
    database.close();
  }
}

/** The figure cannot be computed here. */
export class RebuildError extends Error {}

function contentKey(held: Held): string {
  return `${nameOf(held)} ${held.fingerprint}`;
}

function copyOnce(from: string, to: string, path: string | null): void {
  if (path === null || existsSync(join(to, path)) || !existsSync(join(from, path))) return;
  mkdirSync(dirname(join(to, path)), { recursive: true });
  copyFileSync(join(from, path), join(to, path));
}
