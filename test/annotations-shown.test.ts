// Which annotations a chart, a card and a shared file show, and in which words.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Annotation,
  annotatedText,
  annotationsFor,
  annotationsWithin,
  annotationText,
  onDays,
  onIntervals,
  onLocalInterval,
  slotText,
} from "../notebooks/components/metrics/annotations/annotation.ts";
import { beforeAfter, periodChange, periodText } from "../notebooks/components/metrics/annotations/before-after.ts";
import type { QueueDay } from "../notebooks/components/metrics/day-file.ts";
import { zone } from "../notebooks/components/metrics/format.ts";
import type { IntradayDay } from "../notebooks/components/metrics/interval.ts";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { whatHappened } from "../notebooks/components/pages/what-happened.ts";
import { markup } from "../notebooks/components/picture/picture.ts";
import { cardColumns, dayCard, dayFacts } from "../notebooks/components/share/day-card.ts";
import { sharedPage } from "../src/site/share/share-html.ts";
import { withDocument } from "../src/site/share/svg-document.ts";
import { rows as pageRows } from "./chart-rows.ts";

const newYork = "America/New_York";

function annotation(from: string, to: string | null, more: Partial<Annotation> = {}): Annotation {
  return {
    line: 2,
    from,
    to,
    whole_days: false,
    what: "chat down",
    kind: "outage",
    queues: [],
    shown_for: [],
    exclude: false,
    ...more,
  };
}

const hours = (first: string, n: number) =>
  Array.from({ length: n }, (_, i) => {
    const start = Date.parse(first) + i * 3_600_000;
    return { start, end: start + 3_600_000 };
  });
const brief = (list: readonly { first: number; last: number; text: string }[]) =>
  list.map(({ first, last, text }) => [first, last, text]);

describe("annotations of a queue", () => {
  it("are those of all queues, its own and those of its group, and every one for all queues", () => {
    const list = [
      annotation("2026-11-10T15:00:00Z", null, { what: "all" }),
      annotation("2026-11-10T15:00:00Z", null, { what: "A", queues: ["A"], shown_for: ["A", "Pair"] }),
      annotation("2026-11-10T15:00:00Z", null, { what: "Pair", queues: ["Pair"], shown_for: ["A", "B", "Pair"] }),
      annotation("2026-11-10T15:00:00Z", null, { what: "C", queues: ["C"], shown_for: ["C"] }),
    ];
    const shown = (queue: string) => annotationsFor(list, queue).map(({ what }) => what);
    assert.deepEqual(shown("All queues"), ["all", "A", "Pair", "C"]);
    assert.deepEqual(shown("A"), ["all", "A", "Pair"]);
    assert.deepEqual(shown("B"), ["all", "Pair"]);
    assert.deepEqual(shown("Pair"), ["all", "A", "Pair"]);
    assert.deepEqual(shown("D"), ["all"]);
    assert.deepEqual(annotationsFor(undefined, "A"), []);
  });
});

describe("annotations on intervals", () => {
  const rows = hours("2026-11-10T14:00:00Z", 6); // from 9:00 to 15:00 in New York

  it("cover every interval that they touch, also where they begin before or end after the chart", () => {
    const of = (from: string, to: string | null) =>
      brief(onIntervals([annotation(`2026-11-${from}Z`, to && `2026-11-${to}Z`)], rows, newYork));
    assert.deepEqual(of("10T15:00:00", "10T17:00:00"), [[1, 2, "outage 10:00–12:00: chat down"]]);
    assert.deepEqual(of("10T15:30:00", "10T15:31:00"), [[1, 1, "outage 10:30–10:31: chat down"]]);
    assert.deepEqual(of("10T16:00:00", null), [[2, 2, "outage 11:00: chat down"]]);
    assert.deepEqual(of("09T10:00:00", "10T14:30:00"), [
      [0, 0, "outage Mon 9 Nov 05:00 – Tue 10 Nov 09:30: chat down"],
    ]);
    assert.deepEqual(of("10T19:00:00", "12T20:00:00"), [
      [5, 5, "outage Tue 10 Nov 14:00 – Thu 12 Nov 15:00: chat down"],
    ]);
    assert.deepEqual(
      of("01T00:00:00", "30T00:00:00").map(([first, last]) => [first, last]),
      [[0, 5]],
    );
    assert.deepEqual(of("10T20:00:00", "10T21:00:00"), []);
    assert.deepEqual(of("10T13:00:00", "10T14:00:00"), []);
    assert.deepEqual(of("10T20:00:00", null), []);
  });

  it("are told by slot, the first two of many", () => {
    const many = onIntervals(
      [1, 2, 3, 4].map((n) => annotation("2026-11-10T15:00:00Z", null, { what: `${n}`, kind: "other" })),
      rows,
      newYork,
    );
    assert.equal(slotText(many, 1), "note 10:00: 1 · note 10:00: 2 · and 2 more");
    assert.equal(slotText(many, 0), "");
    assert.equal(annotatedText([...many, ...many]).split(";").length, 5);
    assert.match(annotatedText([...many, ...many]), /; and 4 more\.$/);
    assert.equal(annotatedText([]), "");
  });
});

describe("annotations on days", () => {
  const days = ["2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03"].map((day) => ({ day }));
  const whole = (from: string, to: string) =>
    brief(onDays([annotation(from, to, { whole_days: true, kind: "holiday", what: "x" })], days, newYork));

  // Tools that add 24 hours show an extra day, or one too few, at a clock change.
  it("are whole local days where the clock changes, and end with the day, not with the next", () => {
    assert.deepEqual(whole("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"), [[1, 1, "holiday Sun 1 Nov: x"]]);
    assert.deepEqual(whole("2026-10-31T04:00:00Z", "2026-11-02T05:00:00Z"), [
      [0, 1, "holiday Sat 31 Oct – Sun 1 Nov: x"],
    ]);
    assert.deepEqual(whole("2026-10-20T04:00:00Z", "2026-10-31T04:00:00Z"), []);
    const spring = [{ day: "2026-03-08" }, { day: "2026-03-09" }];
    const of = annotation("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", { whole_days: true });
    assert.deepEqual(
      onDays([of], spring, newYork).map(({ first, last }) => [first, last]),
      [[0, 0]],
    );
  });

  it("are found by day, and end at 24:00 of a day rather than at 00:00 of the next", () => {
    const of = annotation("2026-11-03T03:00:00Z", "2026-11-03T05:00:00Z");
    assert.equal(annotationText(of, newYork), "outage Mon 2 Nov 22:00–24:00: chat down");
    assert.deepEqual(annotationsWithin([of], "2026-11-03", "2026-11-05", newYork), []);
    assert.deepEqual(annotationsWithin([of], "2026-11-01", "2026-11-02", newYork), [of]);
  });

  it("are found by local interval, as in a heatmap of the last week", () => {
    const of = annotation("2026-11-02T15:00:00Z", "2026-11-02T16:15:00Z"); // 10:00 to 11:15
    const at = (day: string, slot: string) => onLocalInterval([of], { day, slot, minutes: 60 }, newYork).length;
    assert.deepEqual(
      ["09:00", "10:00", "11:00", "12:00"].map((slot) => at("2026-11-02", slot)),
      [0, 1, 1, 0],
    );
    assert.equal(at("2026-11-03", "10:00"), 0);
  });

  it("keep a right-to-left text within its words, and name several queues", () => {
    const of = annotation("2026-11-02T15:00:00Z", null, { what: "מבצע", queues: ["A", "B", "C"] });
    assert.equal(annotationText(of, newYork), "outage Mon 2 Nov 10:00: \u2068מבצע\u2069 (A and 2 queues more)");
  });
});

describe("a period of an annotation", () => {
  const period = {
    line: 2,
    period: "during" as const,
    starts: "2026-11-10T15:00:00Z",
    ends: "2026-11-10T18:00:00Z",
    offered: 60,
    usual: 100,
    low: 92,
    high: 108,
    weeks: 8,
  };

  it("is outside of chance as the kit's charts have it: further from the usual than 2 sqrt(usual)", () => {
    assert.deepEqual(periodChange(period, 10), {
      offered: 60,
      usual: 100,
      chance: { low: 80, high: 120 },
      share: -0.4,
      outside: true,
    });
    assert.equal(periodChange({ ...period, offered: 80 }, 10).outside, false);
    assert.equal(periodChange({ ...period, offered: 79 }, 10).outside, true);
    assert.equal(periodChange({ ...period, usual: null }, 10).outside, false);
  });

  it("is told with its chance, a change within it in brackets, none of few contacts", () => {
    const text = (change: object) => periodText(periodChange({ ...period, ...change }, 10));
    assert.equal(text({}), "60, usual 100 ± 20, −40%");
    assert.equal(text({ offered: 110 }), "110, usual 100 ± 20, (+10%)");
    assert.equal(text({ offered: 3, usual: 9 }), "3, usual 9 ± 6");
    assert.equal(text({ usual: null }), "60");
    assert.equal(periodText(null), "–");
  });

  it("stands beside its annotation, newest first; one that has not passed is unknown", () => {
    const list = [annotation("2026-11-10T15:00:00Z", null), annotation("2026-11-11T15:00:00Z", null, { line: 3 })];
    const [second, first] = beforeAfter(list, [period, { ...period, line: 3, period: "before" }], 10);
    assert.deepEqual([first?.during?.offered, first?.before, first?.after], [60, null, null]);
    assert.deepEqual([second?.before?.offered, second?.during], [60, null]);
  });
});

describe("a shared day", () => {
  const [site] = pageRows.site as [Site];
  const days = pageRows["intraday-days"] as IntradayDay[];
  const day = days.at(-1)!.day;
  const series = pageRows[`intraday/${day}`] as QueueDay[];
  const facts = (queue: string) => dayFacts({ site, days, day, series }, queue, 60);

  it("tells what happened on the card, in its table, and not what happened to another queue", () => {
    const note = (queue: string) => dayCard(facts(queue)).notes.find((text) => text.startsWith("Annotated"));
    assert.match(
      note("Billing")!,
      /^Annotated: outage 10:00–11:30: payment service .* \(Billing\); release 12:20: new bot\.$/,
    );
    assert.match(note("All queues")!, /payment service/);
    assert.equal(note("Sales"), "Annotated: release 12:20: new bot.");
    const of = facts("Billing");
    const column = cardColumns(of).find(({ label }) => label === "Annotations")!;
    const told = of.rows.flatMap((row) => (column.value(row) ? [zone(newYork).time(row.start)] : []));
    assert.deepEqual(told, ["10:00", "11:00", "12:00"]);
    assert.equal(
      cardColumns(dayFacts({ site, days, day: days[0]!.day, series: [] }, "Sales", 60)).some(
        ({ label }) => label === "Annotations",
      ),
      false,
    );
  });

  it("carries the annotations of its queue and day alone", () => {
    const data = {
      site,
      days,
      day,
      series,
      weekBefore: [],
      comparison: "usual",
      loads: [],
      queues: ["All queues", "Billing", "Sales"],
      missing: [],
      knownAt: null,
    } as const;
    const shipped = (queue: string | null) =>
      sharedPage(
        { ...data, loads: [], queues: [...data.queues], weekBefore: [], missing: [] },
        { queue, grain: 60, generated: "" },
      ).site.annotations!.map(({ what }) => what.slice(0, 7));
    assert.deepEqual(shipped("Sales"), ["new bot"]);
    assert.deepEqual(shipped("Billing"), ["payment", "new bot"]);
    assert.deepEqual(shipped(null), ["payment", "new bot"]);
  });
});

describe("the section What happened", () => {
  const [site] = pageRows.site as [Site];
  const text = (of: Site, days = { from: "2026-09-10", to: "2026-09-12" }) =>
    withDocument(() => markup(whatHappened(of, [], days)));

  it("says what to do without a file, and when nothing falls into the range", () => {
    assert.match(text({ ...site, annotations: [] }), /site\.annotations in kit\.yaml/);
    assert.match(text(site, { from: "2026-01-01", to: "2026-01-02" }), /No annotation touches these days/);
  });
});
