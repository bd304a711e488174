import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { csvParse } from "d3";
import { todayLink } from "../notebooks/components/charts/url-state.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import type { IntradayDay, WindowRow } from "../notebooks/components/metrics/interval.ts";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { boardColumns, boardCsv, boardSentence, queueBoard } from "../notebooks/components/pages/queue-board.ts";
import { windowRow } from "./window-row.ts";

const site: Site = {
  title: "Test",
  timezone: "UTC",
  target: 0.8,
  seconds: 60,
  variant: "offered",
  threshold_counts: "answered",
  min_reps: 5,
  min_contacts: 10,
  week_start: 1,
  open_hours: null,
  synced_at: null,
  grace_minutes: 60,
  feeds: [],
};
const day = "2026-09-16";
const arrived = "1".repeat(48) + "0".repeat(48);
const days: IntradayDay[] = [{ day, arrived, staffed: arrived, through: `${day}T12:00:00Z` }];

function window(queue: string, time: string, assigned: number, abandoned: number, within: number): WindowRow {
  const values = { queue, assigned, abandoned, within, wait: 30, weeks: [4, 6, 5, 7, 3] };
  return windowRow(`${day}T${time}:00Z`, values);
}

// Big misses by few points but many contacts, Small by many points but few, Fine meets it, Quiet had nobody.
const windows = [
  window("Big", "09:00", 900, 100, 700),
  window("Small", "09:15", 8, 2, 3),
  window("Fine", "09:00", 20, 0, 19),
  window("Fine", "10:30", 10, 0, 10),
  window("All queues", "09:00", 938, 102, 732),
];
const board = (queues: string[], rows: WindowRow[] = windows, date = day) =>
  queueBoard({ windows: rows, days, queues, day: date, grain: 30, zone: zone("UTC"), site });

describe("the board of queues", () => {
  it("puts the queue first that lacks the most answers, not the lowest share", () => {
    const { queues } = board(["All queues", "Fine", "Small", "Quiet", "Big"]);
    assert.deepEqual(
      queues.map(({ queue, missing }) => [queue, missing]),
      [
        ["Big", 100],
        ["Small", 5],
        ["Fine", 0],
        ["Quiet", null],
      ],
    );
  });

  it("adds a queue's intervals up before dividing", () => {
    const fine = board(["Fine"]).queues[0]!;
    assert.equal(fine.offered, 30);
    assert.equal(fine.service, 29 / 30);
    assert.equal(fine.abandonRate, 0);
    assert.equal(fine.wait, 30);
  });

  it("marks queues with too few contacts for a rate", () => {
    const { queues } = board(["Small", "Fine", "Quiet"]);
    assert.deepEqual(
      queues.map(({ queue, few }) => [queue, few]),
      [
        ["Small", false],
        ["Fine", false],
        ["Quiet", true],
      ],
    );
  });

  it("says which queue is worst, and how many miss the target", () => {
    const words = boardSentence(board(["Big", "Small", "Fine"]));
    assert.equal(words.title, "Big misses the target by 100 contacts by 12:00, the most of 3 queues");
    assert.match(words.lead, /^2 of 3 queues are under the 80% target\. In total 1,040 contacts on .*, 70\.4%/);
  });

  it("says so when all queues meet it", () => {
    assert.match(boardSentence(board(["Fine"])).title, /^The queue meets the 80% target/);
  });

  it("has words for a day without rows, and for a site without days", () => {
    assert.equal(boardSentence(board(["Big"], [])).title, "No queue has data for Wed 16 Sep");
    assert.equal(boardSentence(board([], [], "")).title, "No queue has data yet");
  });

  it("links to the queue on Today, with the day and the other filters", () => {
    const link = new URL(todayLink("?interval=60&date=2026-09-15", "Sales & Care", day), "http://site/queues");
    assert.equal(link.pathname, "/today.html");
    assert.deepEqual(Object.fromEntries(link.searchParams), {
      interval: "60",
      date: day,
      queue: "Sales & Care",
    });
  });

  it("saves the intervals that it plots, with the usual and the day's own numbers", () => {
    const rows = csvParse(boardCsv(board(["Big", "Fine"])));
    assert.equal(rows.length, 2 * 48);
    const fine = rows.filter((row) => row.Queue === "Fine" && Number(row["Offered (contacts)"]) > 0);
    assert.deepEqual(
      fine.map((row) => [
        row["Start, UTC"],
        row["Offered (contacts)"],
        row["The usual (contacts)"],
        row["Day so far: Contacts"],
      ]),
      [
        [`${day}T09:00:00.000Z`, "20", "5", "30"],
        [`${day}T10:30:00.000Z`, "10", "5", "30"],
      ],
    );
    const later = rows.find((row) => row["Start, UTC"] === `${day}T13:00:00.000Z`)!;
    assert.equal(later["Offered (contacts)"], "", "not yet");
  });

  it("writes a queue without data as gaps, never as zeros", () => {
    const [quiet] = board(["Big"], []).queues;
    const [name, ...figures] = boardColumns(site).map(({ value }) => value(quiet!));
    assert.equal(name, "Big");
    assert.ok(figures.every((value) => value === null));
  });
});
