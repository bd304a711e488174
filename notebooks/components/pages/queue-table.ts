import { measure } from "../charts/day-charts.js";
import { downloads } from "../charts/figure.js";
import { type SortColumn, type Sorting, sortedRows, sortingOf, sortingText, sortTable } from "../charts/sort-table.js";
import { readUrl, todayLink, writeUrl } from "../charts/url-state.js";
import { unmarked } from "../metrics/bidi.js";
import { change, clock, count, decimal, longDay, percent, roundTo, signed } from "../metrics/format.js";
import { type Deviation, deviationText, handleDeviation, volumeDeviation } from "../metrics/queues/deviation.js";
import type { QueueBoard, QueueOfDay } from "../metrics/queues/queue-board.js";
import { lacks } from "../metrics/site.js";
import { ends, formula } from "../metrics/today.js";
import { html } from "../picture/dom.js";

/** All figures of a day's queues. */
export function queueColumns(board: QueueBoard, search: string): SortColumn<QueueOfDay>[] {
  const { site, hour, zone, running, day } = board;
  const during = hour ? ends(hour, zone).join("–") : "last full hour";
  const known = (row: QueueOfDay) => row.intervals > 0 && !lacks(site, "assignments", "abandons");
  const of = (
    key: string,
    label: string,
    unit: string,
    value: (row: QueueOfDay) => number | null,
    text: (value: number | null) => string = count,
  ): SortColumn<QueueOfDay> => ({ key, ...measure(label, unit, value, text) });
  const deviation = (key: string, label: string, of: (row: QueueOfDay) => Deviation): SortColumn<QueueOfDay> => ({
    key,
    ...measure(label, "share", (row: QueueOfDay) => roundTo(of(row).share, 4)),
    text: (row) => deviationText(of(row)),
  });
  const short = (row: QueueOfDay, value: number | null) =>
    value !== null && value > 0 && !row.few ? "orange-text" : null;
  const reps = (value: number | null) => (value === null ? "–" : signed(value, 1));
  const usualDay = ({ projection }: QueueOfDay) => projection && projection.usualSoFar + projection.usualRest;
  return [
    {
      key: "queue",
      label: "Queue",
      value: ({ queue }) => queue,
      text: ({ queue }) => unmarked(queue),
      link: ({ queue }) => todayLink(search, queue, day),
    },
    of("contacts", "Contacts", "so far", (row) => (known(row) ? row.offered : null)),
    of("usual", "Usual", "contacts", ({ usual }) => (usual === null ? null : Math.round(usual))),
    deviation("volume", "Contacts vs usual", volumeDeviation),
    of("service", `Answered in ${site.seconds} s`, "share", ({ service }) => service, percent),
    of(
      "target",
      "Points vs target",
      "points",
      ({ service }) => (service === null ? null : roundTo((service - site.target) * 100, 1)),
      (value) => (value === null ? "–" : signed(value, 1)),
    ),
    {
      ...of("missing", "Short", "contacts", ({ missing }) => missing),
      mark: (row) => short(row, row.missing),
    },
    {
      ...of("hour", `Short, ${during}`, "contacts", (row) => row.hour?.missing ?? null),
      mark: (row) => short(row, row.hour?.missing ?? null),
    },
    of("abandoned", "Abandoned", "share", ({ abandonRate }) => abandonRate, percent),
    of("wait", "Mean wait", "seconds", ({ wait }) => wait, clock),
    of("handle", "Handle time", "mean seconds", ({ handle }) => handle, clock),
    deviation("handling", "Handle time vs usual", handleDeviation),
    {
      ...of("net", `Net reps, ${during}`, "FTE", (row) => roundTo(row.hour?.net ?? null, 2), reps),
      mark: (row) => ((row.hour?.net ?? 0) <= -0.5 ? "orange-text" : null),
    },
    ...(running
      ? [
          of(
            "projected",
            "By close",
            "contacts",
            ({ projection }) => roundTo(projection?.projected ?? null, 1),
            (value) => decimal(value, 0),
          ),
          of(
            "day",
            "By close vs usual",
            "share",
            (row) => {
              const usual = usualDay(row);
              return usual && row.projection?.projected ? roundTo(row.projection.projected / usual - 1, 4) : null;
            },
            change,
          ),
          of("level", "Level at close", "share", ({ close }) => roundTo(close?.level ?? null, 4), percent),
          {
            ...of("risk", "Short at close", "contacts", ({ close }) => close?.missing ?? null),
            mark: (row: QueueOfDay) => short(row, row.close?.missing ?? null),
          },
        ]
      : []),
  ];
}

/** The queues as one table that sorts by its heads, and as CSV in the same order; the sorting is in the address. */
export function queueTable(board: QueueBoard, queues: readonly QueueOfDay[], search: string): HTMLElement {
  const columns = queueColumns(board, search);
  let sorting: Sorting | null = sortingOf(readUrl("sort"), columns);
  if (queues.length === 0) return html("div", {});
  const words = `In brackets: within what chance gives. Usual: the same weekday's median, over the same intervals. Net reps: available minus required by workload, below zero too few; a rep of several queues counts in each. ${running(board)}`;
  return html(
    "div",
    { class: "figure queue-table" },
    downloads({
      file: `queues-${board.day}`,
      name: "queues",
      title: `Queues, ${board.day ? longDay(board.day) : "no day yet"}`,
      words: [formula(board.site), words],
      columns,
      rows: () => sortedRows(queues, columns, sorting),
    }),
    sortTable(columns, queues, {
      label: "Queues",
      sorting,
      faint: ({ few }) => few,
      onSort: (chosen) => {
        sorting = chosen;
        writeUrl({ sort: sortingText(chosen) });
      },
    }),
    html("p", { class: "none" }, words),
  );
}

function running({ running, site }: QueueBoard): string {
  return [
    running ? "Level at close: expected by Erlang A, from the projection and scheduled, else usual, reps." : "",
    `Faint: fewer than ${site.min_contacts} contacts.`,
  ].join(" ");
}
