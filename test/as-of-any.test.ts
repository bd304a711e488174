// Any exports in any order, synced at any times: each past moment has the winners among the rows that were known.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { pastOf } from "../src/warehouse/past/past.ts";
import { loadSnapshot } from "../src/warehouse/snapshot/snapshot.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";
import fc from "./fast-check.ts";
import { openKit } from "./sync-kit.ts";

const minute = 60_000;
const first = Date.parse("2026-11-19T20:00:00Z"); // the exports span midnight
const feed = "convos_metrics";

interface Version {
  hour: number; // of the partition, from `first`
  after: number; // minutes from the end of that hour to the marker
  rows: [issue: number, second: number][]; // key and order
}

const version = fc.record({
  hour: fc.integer({ min: 0, max: 6 }),
  after: fc.integer({ min: 1, max: 400 }),
  rows: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 3 })), { maxLength: 6 }),
});

const timeOf = ({ hour, after }: Version) => first + (hour + 1) * 60 * minute + after * minute;
const runOf = (hour: number) => new Date(first + hour * 60 * minute).toISOString().slice(0, 13).replace("T", " ");

const oldest: Version = { hour: -2, after: 1, rows: [[1, 1]] };

/** The winners by hand: the largest order, then the latest run, then the last line. */
function winners(versions: readonly Version[]): string[] {
  const best = new Map<number, { issue: number; second: number; run: string; line: number }>();
  for (const { hour, rows } of versions)
    for (const [i, [issue, second]] of rows.entries()) {
      const row = { issue, second, run: runOf(hour), line: i + 1 };
      const other = best.get(issue);
      const rank = (of: typeof row) => `${of.second} ${of.run} ${String(of.line).padStart(3, "0")}`;
      if (!other || rank(row) > rank(other)) best.set(issue, row);
    }
  return [...best.values()].map(({ issue, second, run, line }) => `${issue} ${second} ${run} ${line}`).sort();
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? entry.name : [],
  );
}

describe("as of any moment", () => {
  it("has the columns that were seen by then, in the types of now", async () => {
    const kit = await openKit();
    const put = (dt: string, row: object) => {
      const modified = new Date(`${dt}T06:02:00Z`);
      const folder = `${feed}/version=1/format=jsonl/dt=${dt}/hr=05`;
      kit.put(`${folder}/${feed}.jsonl.gz`, gzipSync(`${JSON.stringify(row)}\n`), { modified });
      kit.put(`${folder}/_SUCCESS`, "", { modified });
    };
    put("2026-11-17", { issue_id: 1, first_utterance_ts: "2026-11-17T05:00:00Z", extra: 5 });
    put("2026-11-18", { issue_id: 2, first_utterance_ts: "2026-11-18T05:00:00Z", extra: "five", later: true });
    await kit.sync();
    await updateWarehouse(kit.project);
    const rows = async (moment?: string) => {
      const past = moment === undefined ? {} : { past: { moment: new Date(moment) } };
      const database = await openCatalog(kit.project, past);
      const found = await database.objects(`select * from ${feed} order by issue_id`);
      database.close();
      return found;
    };
    const [then, now] = [await rows("2026-11-17T12:00:00Z"), await rows()];
    await kit.close();
    assert.equal(then.length, 1);
    assert.ok("later" in now[0]! && !("later" in then[0]!));
    assert.equal(then[0]!.extra, "5"); // text since the next day
  });

  it("keeps replaced rows for as long as kit.yaml says, and none at 0", async () => {
    for (const [setting, kept] of [
      ["1d", [0, 1, 1, 0]],
      ["0", [0, 0, 0, 0]],
    ] as const) {
      const kit = await openKit(`sync: {keep_replaced: ${setting}}`);
      const counts: number[] = [];
      const update = async (at: string, hr: string, issue: number) => {
        const modified = new Date(`2026-11-${at}:00Z`);
        const folder = `${feed}/version=1/format=jsonl/dt=2026-11-17/hr=${hr}`;
        const row = { issue_id: issue, first_utterance_ts: "2026-11-17T05:00:00Z" };
        kit.put(`${folder}/${feed}.jsonl.gz`, gzipSync(`${JSON.stringify(row)}\n`), { modified });
        kit.put(`${folder}/_SUCCESS`, "", { modified });
        await kit.sync({ now: modified });
        await updateWarehouse(kit.project, { now: modified });
        counts.push(loadSnapshot(kit.project.data).feeds[feed]?.replaced?.length ?? 0);
      };
      await update("17T06:02", "05", 1);
      await update("17T09:00", "05", 2);
      await update("18T08:00", "06", 3);
      await update("18T10:00", "07", 4);
      await update("18T11:00", "08", 5); // the file is deleted once no reader can have it open
      assert.deepEqual(counts.slice(0, 4), kept);
      assert.deepEqual(filesBelow(join(kit.project.data, "replaced")), []);
      await kit.close();
    }
  });

  it("has the winners among the rows that were known and are here, and names what is not", async () => {
    let [compared, lostOnes, replaced] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(version, { minLength: 3, maxLength: 10 }),
        fc.array(fc.integer({ min: 30, max: 900 }), { minLength: 1, maxLength: 4 }),
        async (drawn, syncs) => {
          const versions = [
            ...new Map([oldest, ...drawn].map((each) => [`${each.hour} ${timeOf(each)}`, each])).values(),
          ];
          versions.sort((a, b) => timeOf(a) - timeOf(b));
          const end = first + 1000 * minute;
          const times = [...syncs.map((at) => first + at * minute), end].sort((a, b) => a - b);
          const kit = await openKit();
          const here = new Set<Version>(); // seen by some sync
          const current = (moment: number) => {
            const latest = new Map<number, Version>();
            for (const each of versions) if (timeOf(each) <= moment) latest.set(each.hour, each);
            return latest;
          };
          try {
            let put = 0;
            for (const time of times) {
              for (; put < versions.length && timeOf(versions[put]!) <= time; put++) {
                const { hour, rows } = versions[put]!;
                const [dt, hr] = runOf(hour).split(" ");
                const folder = `${feed}/version=1/format=jsonl/dt=${dt}/hr=${hr}`;
                const modified = new Date(timeOf(versions[put]!));
                const lines = rows.map(([issue, second]) =>
                  JSON.stringify({ issue_id: issue, first_utterance_ts: `2026-11-19T10:00:0${second}Z`, put }),
                );
                kit.put(`${folder}/${feed}.jsonl.gz`, gzipSync(lines.map((line) => `${line}\n`).join("")), {
                  modified,
                });
                kit.put(`${folder}/_SUCCESS`, "", { modified });
              }
              await kit.sync({ now: new Date(time) });
              await updateWarehouse(kit.project, { now: new Date(time) });
              for (const each of current(time).values()) here.add(each);
            }
            const snapshot = loadSnapshot(kit.project.data);
            replaced += snapshot.feeds[feed]?.replaced?.length ?? 0;
            for (const moment of [...versions.map((each) => timeOf(each)), ...times, end + minute]) {
              const known = [...current(moment).values()];
              const database = await openCatalog(kit.project, { past: { moment: new Date(moment) } });
              const { rows } = await database.rows(
                `select issue_id || ' ' || second(first_utterance_ts) || ' ' || _run || ' ' || _line from ${feed} order by 1`,
              );
              database.close();
              const expected = winners(known.filter((each) => here.has(each)));
              assert.deepEqual(rows.map(([text]) => String(text)).sort(), expected);
              const due = (hour: number) => moment >= first + (hour + 2) * 60 * minute; // an hour of grace
              const lost = known.filter((each) => !here.has(each) && due(each.hour)).map(({ hour }) => runOf(hour));
              const { doubts } = await pastOf(kit.project, snapshot, new Date(moment));
              const named = doubts.map(({ run }) => run);
              assert.deepEqual(
                lost.filter((run) => !named.includes(run)),
                [],
              );
              lostOnes += lost.length;
              compared += 1;
            }
          } finally {
            await kit.close();
          }
        },
      ),
      { numRuns: 4, includeErrorInReport: true },
    );
    assert.ok(
      compared > 20 && replaced > 3 && lostOnes > 1,
      `${compared} moments, ${replaced} replaced, ${lostOnes} lost`,
    );
  });
});
