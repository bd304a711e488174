import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { zone } from "../notebooks/components/metrics/format.ts";
import { dayOfIntervals, type IntradayDay, type WindowRow } from "../notebooks/components/metrics/interval.ts";
import { handleNoise, type WorstOptions, worstQueues } from "../notebooks/components/metrics/queues/worst-queues.ts";
import { serviceLevelVariants } from "../notebooks/components/metrics/service-level.ts";
import { shortfallOf, summarize } from "../notebooks/components/metrics/today.ts";
import { noRows, rows as pageRows } from "./chart-rows.ts";
import "./fast-check.ts";
import { runPage } from "./page-cells.ts";
import { testSite as site } from "./test-site.ts";
import { windowRow } from "./window-row.ts";

const day = "2026-09-16";
const all = [{ queue: "All queues", kind: "all" }];

/** A day of which the first `windows` quarter-hours have arrived. */
function until(windows: number): IntradayDay[] {
  const arrived = "1".repeat(windows) + "0".repeat(96 - windows);
  const through = new Date(Date.parse(`${day}T00:00:00Z`) + windows * 900_000).toISOString();
  return [{ day, arrived, staffed: arrived, through }];
}

function inWindow(queue: string, time: string, values: Partial<WindowRow>): WindowRow {
  return windowRow(`${day}T${time}:00Z`, { queue, ...values });
}

/** A queue's contacts in the first quarter of an hour, and nothing in the others. */
function hourOf(queue: string, hour: string, offered: number, within: number, values: Partial<WindowRow> = {}) {
  const first = { assigned: offered, within, ...values };
  return ["00", "15", "30", "45"].map((minute) =>
    inWindow(queue, `${hour}:${minute}`, minute === "00" ? first : { ...values, assigned: 0, within: 0 }),
  );
}

function worst(windows: WindowRow[], options: Partial<WorstOptions> = {}) {
  const names = [...new Set(windows.map(({ queue }) => queue))].filter((queue) => queue !== "All queues");
  return worstQueues({
    files: { day: windows, weekBefore: [] },
    days: until(56), // through 14:00
    queues: [...all, ...names.map((queue) => ({ queue, kind: "queue" }))],
    loads: [],
    day,
    comparison: "usual",
    basis: "workload",
    zone: zone(options.site?.timezone ?? "UTC"),
    site,
    ...options,
  });
}

describe("the worst queues", () => {
  it("are three, by answers missing and not by share, of the last full hour and of the day so far", () => {
    const [hour, so] = worst([
      ...hourOf("Big", "13", 1000, 700),
      ...hourOf("Tiny", "13", 9, 0),
      ...hourOf("Small", "13", 20, 5),
      ...hourOf("Fine", "13", 50, 50),
      ...hourOf("Third", "13", 30, 20),
      ...hourOf("Fourth", "13", 30, 22),
      ...hourOf("Early", "09", 400, 0),
    ]);
    assert.deepEqual(
      hour!.worst.map(({ queue, missing }) => [queue, missing]),
      [
        ["Big", 100],
        ["Small", 11],
        ["Third", 4],
      ],
    );
    assert.deepEqual([hour!.at, hour!.missed, hour!.ranked, hour!.few], ["13:00", 4, 5, 1]);
    assert.equal(hour!.title, "4 of 5 queues missed the target between 13:00 and 14:00");
    assert.deepEqual(
      so!.worst.map(({ queue, missing }) => [queue, missing]),
      [
        ["Early", 320],
        ["Big", 100],
        ["Small", 11],
      ],
    );
    assert.deepEqual([so!.at, so!.title], [null, "5 of 6 queues missed the target by 14:00"]);
  });

  it("with as many missing come by lower share, then by volume, then by name", () => {
    const [hour] = worst([
      ...hourOf("b", "13", 20, 11),
      ...hourOf("a", "13", 20, 11),
      ...hourOf("larger", "13", 40, 27),
      ...hourOf("lower", "13", 10, 3),
    ]);
    assert.deepEqual(
      hour!.worst.map(({ queue, missing }) => [queue, missing]),
      [
        ["lower", 5],
        ["a", 5],
        ["b", 5],
      ],
    );
  });

  // ranked   missed   few    title
  const titles: [name: string, windows: WindowRow[], title: string][] = [
    ["no contacts", [inWindow("A", "13:00", {}), ...hourOf("A", "09", 0, 0)], "No contacts by 14:00"],
    ["too few everywhere", hourOf("A", "13", 4, 0), "No queue had 10 contacts between 13:00 and 14:00"],
    ["one that met it", hourOf("A", "13", 40, 40), "The queue met the target between 13:00 and 14:00"],
    [
      "all met it",
      [...hourOf("A", "13", 40, 40), ...hourOf("B", "13", 40, 32)],
      "All 2 queues met the target between 13:00 and 14:00",
    ],
    [
      "all met it but one with few",
      [...hourOf("A", "13", 40, 40), ...hourOf("B", "13", 40, 32), ...hourOf("C", "13", 3, 0)],
      "All 2 queues with at least 10 contacts met the target between 13:00 and 14:00",
    ],
    ["one of one", hourOf("A", "13", 40, 4), "1 of 1 queue missed the target between 13:00 and 14:00"],
    [
      "inconsistent counts",
      hourOf("A", "13", 40, 4).map((row) => ({ ...row, within: null, contradicts: 1 })),
      "Inconsistent counts between 13:00 and 14:00",
    ],
  ];
  for (const [name, windows, title] of titles)
    it(`have a title for ${name}`, () => {
      const [first] = worst(windows);
      assert.equal(first!.title, title);
      assert.deepEqual(first!.worst.length > 0, / missed /.test(title));
    });

  it("take the last hour of which four windows are complete, and in which a queue had contacts", () => {
    const windows = [...hourOf("A", "12", 40, 10), ...hourOf("A", "13", 40, 10), ...hourOf("A", "14", 0, 0)];
    const at = (count: number) => worst(windows, { days: until(count) }).map((period) => period.at);
    assert.deepEqual(at(55), ["12:00", null], "13:45 has not come");
    assert.deepEqual(at(56), ["13:00", null]);
    assert.deepEqual(at(60), ["13:00", null], "nobody came from 14:00");
    assert.deepEqual(at(3), [null], "no hour is full");
    const whole = worst(windows, { days: until(96) });
    assert.match(whole[1]!.title, / on Wed 16 Sep$/);
  });

  it("name an hour in the site's zone, also where it is off by three quarters or the clock repeats it", () => {
    const kathmandu = { ...site, timezone: "Asia/Kathmandu" }; // 13:00 there is 07:15 UTC
    const at = ["07:15", "07:30", "07:45", "08:00"];
    const windows = at.map((time) => inWindow("A", time, { assigned: 10, within: 1 }));
    const flags = "1".repeat(57) + "0".repeat(39);
    const days = [{ day, arrived: flags, staffed: flags, through: `${day}T08:30:00Z` }];
    const [hour] = worst(windows, { days, site: kathmandu });
    assert.deepEqual([hour!.at, hour!.title], ["13:00", "1 of 1 queue missed the target between 13:00 and 14:00"]);
    assert.equal(hour!.worst[0]!.offered, 40);
  });

  it("are none of groups, of another queue's windows, or without a day, a service level or a file", () => {
    const windows = [...hourOf("A", "13", 40, 10), ...hourOf("Pair", "13", 80, 10)];
    const queues = [...all, { queue: "Pair", kind: "group" }, { queue: "A", kind: "queue" }];
    assert.deepEqual(
      worst(windows, { queues })[0]!.worst.map(({ queue }) => queue),
      ["A"],
    );
    assert.deepEqual(worst([]), []);
    assert.deepEqual(worst(windows, { day: "" }), []);
    assert.deepEqual(worst(windows, { day: "2026-09-15" }), []);
    const missing = [{ feed: "queue_wfm", metric: "within_threshold" }];
    assert.deepEqual(worst(windows, { site: { ...site, missing } }), []);
  });

  it("lack what Today says that they lack, for any counts and any formula", () => {
    const counts = fc.record({
      assigned: fc.option(fc.nat(30)),
      abandoned: fc.option(fc.nat(9)),
      within: fc.option(fc.nat(32)),
    });
    const windows = fc.array(
      fc.record({ queue: fc.constantFrom("a", "b", "__proto__", "د"), slot: fc.nat(55), counts }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(windows, fc.constantFrom(...serviceLevelVariants), (list, variant) => {
        const start = Date.parse(`${day}T00:00:00Z`);
        const rows = list.map(({ queue, slot, counts }) =>
          windowRow(new Date(start + slot * 900_000).toISOString(), { queue, ...counts }),
        );
        const settings = { ...site, variant, min_contacts: 1 };
        const periods = worst(rows, { site: settings });
        for (const period of periods) {
          const missing = period.worst.map((queue) => queue.missing);
          assert.deepEqual(
            missing,
            [...missing].sort((a, b) => b - a),
          );
          for (const found of period.worst) {
            const frame = {
              windows: rows,
              days: until(56),
              day,
              queue: found.queue,
              grain: 15,
              timezone: "UTC",
            } as const;
            const inside = dayOfIntervals(frame).filter(
              ({ label }) => period.at === null || label.slice(0, 3) === period.at.slice(0, 3),
            );
            assert.equal(found.missing, shortfallOf(summarize(inside).served, settings));
            assert.equal(found.offered, summarize(inside).offered);
          }
        }
      }),
    );
  });
});

describe("the drivers of a worst queue", () => {
  const usually = {
    weeks: [10, 10, 10, 10],
    usual_offered: 40,
    usual_abandoned: 0,
    usual_handle: 300,
    usual_available: 45,
  };
  const now = { assigned: 10, within: 1, handle: 300, reps: 3, logged_in: 45, available: 50 };
  const why = (values: Partial<WindowRow>, options: Partial<WorstOptions> = {}) =>
    worst(
      ["00", "15", "30", "45"].map((minute) => inWindow("A", `13:${minute}`, { ...usually, ...now, ...values })),
      options,
    ).map((period) => period.worst[0]!.why);

  // 40 contacts of 300 s an hour need 3.33 reps; 50 minutes a window are 3.33. Noise: 40 ± 12.6 contacts; 2 / sqrt(40) = 32 %
  // for the mean handle time.
  const cases: [what: string, values: Partial<WindowRow>, words: string][] = [
    ["as usual", {}, "no driver stands out"],
    ["more contacts, within noise", { assigned: 13, available: 60 }, "no driver stands out"],
    ["more contacts", { assigned: 20, available: 120 }, "volume +100%"],
    ["fewer contacts", { assigned: 4 }, "no driver stands out"],
    ["longer, within noise", { handle: 390, available: 80 }, "no driver stands out"],
    ["longer", { handle: 450, available: 80 }, "handle time +50%"],
    ["shorter", { handle: 150 }, "no driver stands out"],
    ["reps short", { available: 15 }, "2.3 reps short"],
    ["under half a rep short", { available: 44 }, "no driver stands out"],
    ["fewer reps than usual, though enough", { handle: 60, available: 30 }, "1.0 fewer reps than usual"],
    [
      "all three, the strongest first",
      { assigned: 20, handle: 450, available: 60 },
      "6.0 reps short, volume +100%, handle time +50%",
    ],
    ["far more", { assigned: 120, available: 1000 }, "volume 12 times the usual"],
    ["contacts where usually none", { weeks: [0, 0, 0, 0], usual_offered: 0 }, "40 contacts, usually none"],
    [
      "no usual and no reps",
      { weeks: null, usual_offered: null, usual_handle: null, usual_available: null, available: null },
      "nothing to compare with",
    ],
  ];
  for (const [what, values, words] of cases)
    it(`are, with ${what}: ${words}`, () => {
      const [hour] = why(values);
      assert.equal(hour, words);
    });

  it("say nothing of reps that are withheld, and of what period reps are that are reported together", () => {
    assert.equal(why({ merged: 0, available: null, handle: null })[0], "no driver stands out; reps held back");
    assert.equal(why({ merged: 0, available: null, handle: null, assigned: 20 })[0], "volume +100%");
    const together = why({ merged: 1440, available: 15 });
    assert.deepEqual(together, Array(2).fill("2.3 reps short over the day so far"));
  });

  it("of the day name the hour in which reps are shortest", () => {
    assert.equal(why({ available: 15 })[1], "2.3 reps short at 13:00");
  });

  it("take last week where that is compared with, and only reps where nothing is", () => {
    const before = ["00", "15", "30", "45"].map((minute) => ({
      ...inWindow("A", `13:${minute}`, { assigned: 10, within: 9, handle: 200, weeks: null }),
      start: Date.parse(`2026-09-09T13:${minute}:00Z`),
    }));
    const files = {
      day: ["00", "15", "30", "45"].map((minute) =>
        inWindow("A", `13:${minute}`, { ...usually, ...now, available: 15 }),
      ),
      weekBefore: before,
    };
    const flags = "1".repeat(96);
    const days = [{ day: "2026-09-09", arrived: flags, staffed: flags, through: "2026-09-10T00:00:00Z" }, ...until(56)];
    assert.equal(why({}, { files, days, comparison: "last" })[0], "2.3 reps short, handle time +50%");
    assert.equal(why({}, { files, days, comparison: "none" })[0], "2.3 reps short");
  });

  it("need more than chance gives a mean of so many handle times", () => {
    assert.equal(handleNoise(0), 2);
    assert.equal(handleNoise(100), 0.2);
    assert.equal(handleNoise(100_000), 0.05);
  });
});

describe("the strip of the worst queues", () => {
  const text = (nodes: Node[]) => nodes.map((node) => (node as Element).outerHTML ?? "").join("");
  const fragment = (displayed: Node[]) =>
    displayed
      .flatMap((node) => [...((node as Element).querySelectorAll?.(".worst-strip") ?? []), node as Element])
      .find((node) => node.className === "worst-strip");

  // of the rows themselves, without any of the page's code: answers missing of the queues with 5 contacts
  function missingByHand(from: number, to: number): [queue: string, missing: number][] {
    const rows = pageRows["intraday/2026-09-16"] as { queue: string; [count: string]: unknown }[];
    return rows
      .filter(({ queue }) => queue !== "All queues")
      .map((row) => {
        const sum = (name: string) =>
          (row[name] as number[]).slice(from, to).reduce<number>((total, value) => total + (value ?? 0), 0);
        const offered = sum("assigned") + sum("abandoned");
        return [row.queue, offered < 5 ? 0 : Math.ceil(0.8 * offered - sum("within") - 1e-9)] as [string, number];
      })
      .filter(([, missing]) => missing > 0)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 3);
  }

  for (const [page, search] of [
    ["today", "?queue=Sales&compare=last"],
    ["index", ""],
  ] as const)
    it(`on ${page} has the centre's worst, whatever queue is chosen, as its rows have them, each a link`, async () => {
      const { displayed } = await runPage(page, { files: pageRows, search });
      const strip = fragment(displayed)!;
      assert.ok(strip, text(displayed).slice(0, 200));
      const [hour, so] = [...strip.querySelectorAll(".worst")];
      // 15:15 in New York is the 61st window; the last full hour begins at 14:00, the 56th
      for (const [block, from, to] of [
        [hour!, 56, 60],
        [so!, 0, 61],
      ] as const) {
        const shown = [...block.querySelectorAll("a")].map((link) => [
          link.querySelector(".worst-name")!.textContent,
          Number(link.querySelector(".worst-missing")!.textContent!.replace(" missing", "")),
        ]);
        assert.deepEqual(shown, missingByHand(from, to));
        for (const link of block.querySelectorAll("a")) {
          const filters = new URL(link.getAttribute("href")!, "http://site/index.html").searchParams;
          assert.equal(filters.get("queue"), link.querySelector(".worst-name")!.textContent);
          assert.equal(filters.get("date"), "2026-09-16");
          assert.equal(filters.get("at"), block === hour ? "14:00" : null);
          assert.equal(filters.get("interval"), block === hour ? "60" : null);
          assert.equal(filters.get("compare"), search ? "last" : null, "other filters stay");
        }
      }
    });

  it("opens the panel of the hour that it names", async () => {
    const { displayed } = await runPage("index", { files: pageRows });
    const href = fragment(displayed)!.querySelector("a")!.getAttribute("href")!;
    const search = new URL(href, "http://site/").search;
    const { displayed: today } = await runPage("today", { files: pageRows, search });
    const panel = today.find((node) => (node as Element).className === "drivers-place") as Element;
    assert.match(panel.querySelector("h2")!.textContent!, /^14:00–15:00: /);
  });

  it("is above a word on taking an interval apart, where one has data", async () => {
    const hint = async (files: typeof pageRows) => {
      const { displayed } = await runPage("today", { files });
      return displayed.map((node) => (node as Element).querySelector?.(".take-apart")?.textContent).find(Boolean);
    };
    assert.match((await hint(pageRows))!, /^Click an interval to take it apart.*Take 15:00–15:15 apart$/);
    assert.equal(await hint(noRows), undefined);
  });

  it("is empty where nothing has been synced", async () => {
    const { displayed } = await runPage("today", { files: noRows });
    assert.equal(fragment(displayed)?.children.length ?? 0, 0);
  });
});
