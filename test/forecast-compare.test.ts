import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dayColumns } from "../notebooks/components/charts/day-charts.ts";
import { driverSentence, explain } from "../notebooks/components/charts/drivers.ts";
import type { QueueDay } from "../notebooks/components/metrics/day-file.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import { dayOfIntervals, type Interval } from "../notebooks/components/metrics/interval.ts";
import { issuedText } from "../notebooks/components/metrics/queues/forecast-age.ts";
import { timeZone } from "../notebooks/components/metrics/time-zone.ts";
import { type Comparison, comparedWith, comparisonOf } from "../notebooks/components/metrics/today.ts";
import { dayWindows } from "../notebooks/components/metrics/windows.ts";
import type { TodayPage } from "../notebooks/components/pages/today-page.ts";
import { rows as files } from "./chart-rows.ts";
import { type LargeCentre, largeCentre } from "./large-centre.ts";
import { runPage } from "./page-cells.ts";
import { windowRow } from "./window-row.ts";

const site = { variant: "offered", seconds: 60, target: 0.8, threshold_counts: "answered" as const };
const [day, timezone] = ["2026-09-01", "America/New_York"];
const starts = dayWindows(day, timeZone(timezone));

/** A day of which the windows from 08:00 on have these forecasts, and ten contacts each until `through`. */
function planned(plan: [contacts: number | null, handle?: number | null][], through = 96): Interval[] {
  const windows = starts.map((start, i) => {
    const [forecast = null, forecast_handle = null] = plan[i - 32] ?? [];
    const iso = new Date(start).toISOString();
    const came = i < through ? { assigned: i < 32 ? 0 : 10, abandoned: 0, within: 5, handle: 300 } : {};
    return windowRow(iso, { assigned: null, abandoned: null, within: null, forecast, forecast_handle, ...came });
  });
  const arrived = starts.map((_, i) => (i < through ? "1" : "0")).join("");
  const days = [{ day, arrived, staffed: arrived, through: new Date(starts[0]! + through * 900_000).toISOString() }];
  return dayOfIntervals({ windows, days, day, queue: "All queues", grain: 15, timezone });
}

describe("a forecast of the day", () => {
  it("expects nobody before its first and after its last window, and has no figure in a gap", () => {
    const rows = planned([[4], [null], [6]]);
    assert.deepEqual(
      [0, 31, 32, 33, 34, 35, 95].map((i) => rows[i]!.forecast),
      [0, 0, 4, null, 6, 0, 0],
    );
    assert.deepEqual([...new Set(planned([]).map(({ forecast }) => forecast))], [null]);
  });

  // asked for   the queue has a forecast of the day   compared with
  // forecast    yes                                   forecast
  // forecast    no                                    usual
  // other       -                                     as asked
  it("is compared with where there is one", () => {
    const [some, none] = [planned([[4]]), planned([])];
    assert.deepEqual(
      (["forecast", "usual", "last", "none"] as Comparison[]).map((asked) => [
        comparisonOf(asked, some),
        comparisonOf(asked, none),
      ]),
      [
        ["forecast", "usual"],
        ["usual", "usual"],
        ["last", "last"],
        ["none", "none"],
      ],
    );
  });

  it("is added up over the intervals that have come, its handle time weighted by its contacts", () => {
    const against = (plan: Parameters<typeof planned>[0]) => {
      const rows = planned(plan, 34);
      return comparedWith("forecast", rows, [], day, site as never);
    };
    const { label, offered, handle, service } = against([
      [4, 200],
      [16, 300],
      [99, 900],
    ])!;
    assert.deepEqual([label, offered, handle, service], ["the forecast", 20, 280, null]);
    assert.equal(against([[4, 200], [16], [99, 900]])!.handle, 200, "of those that have one");
    assert.equal(against([[4], [null], [6]]), null, "a sum with a gap would be too small");
  });

  it("gives the table its deviations, as the other comparisons do", async () => {
    const { values } = await runPage("today", { files, search: "?queue=Billing" });
    const page = values.get("page") as TodayPage;
    const columns = dayColumns(page);
    const row = page.rows.find(({ label }) => label === "09:30")!;
    const value = (label: string) => columns.find((column) => column.label === label)!.value(row);
    const offered = row.assigned! + row.abandoned!;
    assert.equal(value("Forecast"), row.forecast);
    assert.equal(value("Offered − forecast"), offered - row.forecast!);
    assert.equal(value("Offered vs forecast"), Number((offered / row.forecast! - 1).toFixed(4)));
    assert.equal(value("Handle − forecast"), row.handle! - row.forecastHandle!);
    assert.equal(value("Available − scheduled"), Number((row.available! - row.scheduled!).toFixed(2)));
    const usual = dayColumns({ ...page, comparison: "usual" });
    assert.equal(usual.find(({ label }) => label === "Offered − usual")!.value(row), offered - row.usual!);
    assert.deepEqual(
      dayColumns({ ...page, comparison: "none" }).filter(({ label }) => label.startsWith("Offered ")),
      [],
    );
  });

  it("explains an interval by forecast and schedule, and by the usual what these lack", async () => {
    const { values } = await runPage("today", { files, search: "?queue=Billing" });
    const page = values.get("page") as TodayPage;
    const net = page.net.find(({ row }) => row.label === "09:30")!;
    const { over } = net;
    const found = explain(net, page.basis, "forecast");
    assert.deepEqual(
      [found.usual.contacts, found.usual.handle, found.usual.available],
      [over.forecast, over.forecastHandle, over.scheduled],
    );
    const { volume, aht, staff, total } = found.drivers!;
    assert.ok(Math.abs(volume + aht + staff - total) < 1e-9);
    assert.ok(Math.abs(total - (net.net! - found.usual.net!)) < 1e-9);
    assert.match(driverSentence(found), /, by forecast [+−0]/);
    const bare = { ...net, over: { ...over, forecastHandle: null, scheduled: null } };
    const partly = explain(bare, page.basis, "forecast").usual;
    assert.deepEqual(
      [partly.contacts, partly.handle, partly.available],
      [over.forecast, over.former.handle, over.former.available],
    );
    assert.equal(explain(net, page.basis).usual.contacts, over.usual);
  });

  it("requires reps for the rest of the day without any schedule", async () => {
    const unscheduled = (rows: unknown) =>
      (rows as QueueDay[]).map((of) => ({ ...of, scheduled: of.start.length ? of.scheduled.map(() => null) : [] }));
    const name = Object.keys(files).find((file) => file.startsWith("intraday/") && file.endsWith("16"))!;
    const { values } = await runPage("today", { files: { ...files, [name]: unscheduled(files[name]) } });
    const page = values.get("page") as TodayPage;
    const ahead = page.rows.filter(({ state }, i) => state === "pending" && page.required![i] !== null);
    assert.ok(ahead.length > 10);
    assert.ok(page.net.every(({ ahead, net }) => !ahead || net === null));
    const next = page.rows.indexOf(ahead[0]!);
    const { contacts, handle } = page.net[next]!;
    assert.equal(page.required![next], (contacts! * handle!) / page.basis.chats! / 900);
  });
});

describe("the age of a forecast", () => {
  const start = Date.parse("2026-09-16T12:00:00Z");
  const [hour, day] = [3_600_000, 86_400_000];
  /** Hours of the day from 12:00 on, issued so long before; null: unknown. */
  const issued = (...ages: (number | null)[]) =>
    ages.map((age, i) => ({
      start: start + i * hour,
      forecast: 4,
      forecastIssued: age === null ? null : start + i * hour - age,
    }));

  it("is said by this table", () => {
    const table: [ReturnType<typeof issued>, string][] = [
      [[], ""],
      [issued(hour).map((row) => ({ ...row, forecast: 0 })), ""],
      [issued(null, null), "When it was issued is unknown."],
      [issued(6 * hour), "Issued Wed 16 Sep, 06:00, 6 h before 12:00."],
      [issued(0.75 * hour, 1.75 * hour), "Issued Wed 16 Sep, 11:15, 45 min before 12:00."],
      [issued(6 * hour, 0), "2 versions, issued from Wed 16 Sep, 06:00 to Wed 16 Sep, 13:00."],
      [
        issued(6 * hour, null),
        "Issued Wed 16 Sep, 06:00, 6 h before 12:00. When it was issued is unknown for 1 interval.",
      ],
      [issued(14 * day), "Issued Wed 2 Sep, 12:00, 14 days before 12:00."],
      [
        issued(14 * day, 14 * day + hour),
        "Issued Wed 2 Sep, 12:00, 14 days before 12:00. Old: issued more than 14 days before 1 of 2 intervals.",
      ],
      [
        issued(90 * day),
        "Issued Thu 18 Jun, 12:00, 90 days before 12:00. Old: issued more than 14 days before every interval.",
      ],
    ];
    for (const [rows, text] of table) assert.equal(issuedText(rows, zone("UTC")), text);
  });

  it("is shown under the chart and in its read-outs", async () => {
    const readouts = new Map<string, string>();
    const look = (displayed: Node[]) => {
      document.body.append(...displayed); // the charts of the next width follow the crosshair
      const chart = document.querySelector("#volume svg[role]")!;
      for (const key of ["Home", ...Array<string>(13).fill("ArrowRight")]) {
        chart.dispatchEvent(new document.defaultView!.KeyboardEvent("keydown", { key }));
        const said = chart.querySelector(".readout")!.textContent!;
        readouts.set(said.slice(0, 5), said);
      }
    };
    const search = "?queue=Billing&interval=60";
    const { displayed } = await runPage("today", { files, search, resized: { widths: [700, 760], look } });
    const figure = displayed.map((node) => (node as Element).querySelector?.("#volume")).find(Boolean)!;
    assert.match(figure.textContent!, /2 versions, issued from Mon 14 Sep, 06:00 to Wed 16 Sep, 12:00\./);
    assert.match(readouts.get("09:00")!, /forecast \d+[^·]*, issued 2 days before/);
    assert.match(readouts.get("14:00")!, /forecast \d+[^·]*, issued 2 h before/);
  });
});

describe("the comparison of Today", () => {
  const opened = async (search: string, forecast = true) => {
    const settings = (files.site as object[]).map((site) => ({ ...site, forecast }));
    const { values, displayed } = await runPage("today", { files: { ...files, site: settings }, search });
    const bar = displayed.find((node) => (node as HTMLElement).className === "filters") as HTMLElement;
    const chosen = [...bar.querySelectorAll<HTMLInputElement>("input[name=compare]")];
    return {
      compared: (values.get("page") as TodayPage).comparison,
      chosen: chosen.find(({ checked }) => checked)?.value,
      choices: chosen.map(({ value }) => value),
      unknown: bar.querySelector(".unknown-bar")?.textContent ?? "",
    };
  };

  // address            site has a forecast   this queue has   compared with   named as unknown
  // -                  yes                   yes              forecast        no
  // -                  yes                   no               usual           no
  // compare=forecast   yes                   no               usual           yes
  // compare=usual      yes                   yes              usual           no
  // -                  no                    -                usual           no
  // compare=forecast   no                    -                usual           yes
  it("is the forecast where there is one, and says where there is none", async () => {
    const not = "Compare with forecast not found; showing Usual instead. ";
    const cases: [search: string, forecast: boolean, compared: string, unknown: string][] = [
      ["?queue=Billing", true, "forecast", ""],
      ["", true, "usual", ""],
      ["?compare=forecast", true, "usual", not],
      ["?queue=Billing&compare=usual", true, "usual", ""],
      ["?queue=Billing", false, "usual", ""],
      ["?compare=forecast", false, "usual", not],
    ];
    for (const [search, forecast, compared, unknown] of cases) {
      const found = await opened(search, forecast);
      // a site without a forecast never asks for one
      if (forecast) assert.equal(found.compared, compared, search);
      assert.deepEqual([found.chosen, found.unknown], [compared, unknown], search);
      assert.equal(found.choices.includes("forecast"), forecast);
    }
  });
});

describe("the forecast of a group", () => {
  let centre: LargeCentre;
  before(async () => {
    centre = await largeCentre("{queue_groups: {Pair: [Queue 01, Queue 02]}}", 3);
    await centre.database.run(`insert into wfm.forecast_versions select 'Queue 0' || n, timestamp '2026-09-16 12:00' + slot * interval 15 minutes,
      1, 1, timestamp '2026-09-16 06:00' + n * interval 1 hour + slot * interval 7 hours from range(1, 3) as n (n), range(2) as slot (slot)`);
    await centre.database.run("delete from wfm.forecast");
    await centre.database.run(`insert into wfm.forecast values
      ('Queue 01', timestamp '2026-09-16 12:00', 10, 200), ('Queue 02', timestamp '2026-09-16 12:00', 30, 400),
      ('Queue 01', timestamp '2026-09-16 12:15', 10, 200), ('Queue 02', timestamp '2026-09-16 12:15', 30, null),
      ('Queue 01', timestamp '2026-09-16 12:30', 10, 200),
      ('Queue 01', timestamp '2026-09-16 12:45', 10, 200), ('Queue 02', timestamp '2026-09-16 12:45', 0, null)`);
  });
  after(() => centre.close());

  it("is the sum of its queues if each has one, its handle time weighted by contacts", async () => {
    const days = await centre.load<QueueDay>("intraday/[day]", { day: "2026-09-16" });
    const of = (queue: string) => {
      const { forecast, forecast_handle } = days.find((row) => row.queue === queue)!;
      const first = (Date.parse("2026-09-16T12:00:00Z") - Date.parse(days[0]!.start)) / 900_000;
      return [0, 1, 2, 3].map((i) => [forecast[first + i], forecast_handle[first + i]]);
    };
    assert.deepEqual(of("Pair"), [
      [40, 350],
      [40, null],
      [null, null],
      [10, 200],
    ]);
    assert.deepEqual(of("All queues"), Array(4).fill([null, null]));
  });

  it("has the age of its oldest, of versions issued in time", async () => {
    const days = await centre.load<QueueDay>("intraday/[day]", { day: "2026-09-16" });
    const of = (queue: string) => {
      const { start, forecast_issued } = days.find((row) => row.queue === queue)!;
      const first = (Date.parse("2026-09-16T12:00:00Z") - Date.parse(start)) / 900_000;
      return [0, 1].map((i) => forecast_issued[first + i] && forecast_issued[first + i]! * 60_000);
    };
    const [seven, eight] = ["2026-09-16T07:00:00Z", "2026-09-16T08:00:00Z"].map((time) => Date.parse(time));
    assert.deepEqual(
      [of("Queue 01"), of("Queue 02"), of("Pair")],
      [
        [seven, null],
        [eight, null],
        [seven, null],
      ],
    );
  });
});
