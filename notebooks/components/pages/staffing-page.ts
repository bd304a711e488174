import { line } from "d3";
import { type Card, cards } from "../charts/cards.js";
import { crosshair } from "../charts/crosshair.js";
import { figure, sharedColumn, type TableColumn } from "../charts/figure.js";
import { emptyPanel, panel } from "../charts/panel.js";
import { isolated } from "../metrics/bidi.js";
import { clock, count, decimal, fileName, percent, plural, roundTo, zone } from "../metrics/format.js";
import { pageThrough } from "../metrics/freshness.js";
import { excludedDay, type Site } from "../metrics/site.js";
import { html, svg } from "../picture/dom.js";
import type { QueueLoad } from "./queue-load.js";
import { assumptions, chosenSentence, type StaffingPoint, type WhatIf } from "./staffing-model.js";

/** Both models side by side, as figures. */
export function staffingCards(result: WhatIf): HTMLElement {
  const { c, a, workOnly, inputs, chosen, overloaded } = result;
  const need = (label: string, required: WhatIf["c"], why: string): Card => ({
    label,
    value: required ? plural(required.agents, "rep") : "–",
    note: required
      ? `${count(required.scheduled)} scheduled; set by the ${required.binds === "nothing" ? "lack of contacts" : required.binds === "occupancy" ? "occupancy cap" : "service level"}`
      : why,
  });
  return cards([
    need("Erlang C: no abandonment", c, "unknown"),
    need("Erlang A: with abandonment", a, inputs.patience === null ? "needs a mean patience" : "unknown"),
    {
      label: "Workload only",
      value: workOnly ? plural(workOnly.agents, "rep") : "–",
      note: workOnly
        ? `${count(workOnly.scheduled)} scheduled; ${decimal(result.work)} busy at ${percent(inputs.cap, 0)} occupancy`
        : "unknown",
    },
    {
      label: chosen ? `With ${plural(chosen.reps, "rep")}` : "With the reps given",
      value: overloaded ? "Too few" : chosen ? percent(chosen.c.serviceLevel, 0) : "–",
      ...(overloaded
        ? { delta: { text: "demand exceeds staff", tone: "bad" } as const }
        : chosen && inputs.target !== null && chosen.c.serviceLevel !== null
          ? {
              delta: {
                text:
                  chosen.c.serviceLevel >= inputs.target - 1e-9
                    ? "target met by Erlang C"
                    : "target missed by Erlang C",
                tone: chosen.c.serviceLevel >= inputs.target - 1e-9 ? "good" : "bad",
              } as const,
            }
          : {}),
      note: chosen
        ? `mean wait ${clock(chosen.c.asaSeconds)} (C)${chosen.a ? `, ${clock(chosen.a.meanWaitAllSeconds)} (A), ${percent(chosen.a.pAbandon)} abandon (A)` : ""}`
        : "no contacts",
    },
  ]);
}

/** Service level by number of reps, with its table. */
export function staffingFigure(
  result: WhatIf,
  options: { queue: string; site: Site; load: QueueLoad | undefined },
): HTMLElement {
  const { inputs, points, overloaded, work } = result;
  const { queue, site, load } = options;
  const { through } = pageThrough(site.feeds, { of: ["issue_queues", "rep_convos"] });
  return html(
    "div",
    { class: "figures" },
    overloaded
      ? html(
          "p",
          { class: "overload", role: "status" },
          html("b", {}, "Demand exceeds staff. "),
          chosenSentence(result).replace(/^Demand exceeds staff: /, ""),
        )
      : null,
    figure({
      id: "service-by-reps",
      title: curveTitle(result),
      subtitle: curveSubtitle(result, queue),
      legend: [
        { text: "Erlang C, no abandonment", mark: "blue" },
        ...(inputs.patience === null ? [] : [{ text: "Erlang A, with abandonment", mark: "orange" }]),
        ...(work !== null && points.some(({ reps }) => reps <= work)
          ? [{ text: "Demand exceeds staff (C)", mark: "grey-soft" }]
          : []),
      ],
      footer: [
        "Models: M/M/n (Erlang C) and M/M/n+M (Erlang A, solved exactly).",
        `Target ${percent(inputs.target, 0)}, occupancy cap ${percent(inputs.cap, 0)}, shrinkage ${percent(inputs.shrinkage, 0)}.`,
        `Times in ${site.timezone}.${through === null ? "" : ` Data through ${zone(site.timezone).dateTime(through)}.`}`,
        staffingSource(load, site),
      ].join(" "),
      draw: (width) => curveChart(result, width),
      rows: points,
      columns: [sharedColumn("Queue", queue), ...columns],
      file: fileName("staffing", queue, ""),
    }),
  );
}

/** The contacts behind the prefilled values. */
export function staffingSource(load: QueueLoad | undefined, site: Site): string {
  if (!load) return "No history of this queue: that needs both issue_queues and rep_convos.";
  const { contacts, excluded } = load;
  const without = excluded.length ? ` Excluded: ${excluded.map((day) => excludedDay(site, day)).join(", ")}.` : "";
  return `Prefilled from n = ${count(contacts)} contacts of the last four whole weeks.${without} Source: issue_queues, rep_convos, rep_utilized.`;
}

export function assumptionList(): HTMLElement {
  return html(
    "ul",
    { class: "assumptions" },
    assumptions.map((text) => html("li", {}, text)),
  );
}

function curveTitle({ c, a, inputs }: WhatIf): string {
  if (!c) return "No curve to show";
  const goal = percent(inputs.target, 0);
  if (!a) return `${goal} in time takes ${plural(c.agents, "rep")} by Erlang C`;
  if (a.agents === c.agents) return `${goal} in time takes ${plural(c.agents, "rep")} by either model`;
  return `${goal} in time takes ${plural(c.agents, "rep")} by Erlang C and ${count(a.agents)} by Erlang A`;
}

function curveSubtitle({ inputs, points, effectiveAht }: WhatIf, queue: string): string {
  const what = `Indicative: share of contacts answered within ${decimal(inputs.seconds, 0)} s by number of reps on the queue, ${isolated(queue)}`;
  if (points.length === 0) return `${what}.`;
  return [
    what,
    `${decimal(inputs.contacts)} contacts in ${inputs.minutes} minutes`,
    `${clock(effectiveAht)} of rep time each (${clock(inputs.aht)} / ${decimal(inputs.concurrency, 2)} concurrent chats)`,
    ...(inputs.patience === null ? [] : [`mean patience ${clock(inputs.patience)}`]),
  ]
    .join(", ")
    .concat(".");
}

/** Service level by reps: two curves, the target, the requirement and the reps given. */
function curveChart(result: WhatIf, width: number): SVGSVGElement {
  const { points, inputs, c, a, work, chosen } = result;
  if (points.length === 0) return emptyPanel(width, "Nothing to draw: an input or the contacts are missing.");
  const narrow = width < 520;
  const every = Math.max(1, Math.ceil(points.length / (narrow ? 6 : 14)));
  const base = panel({
    width,
    height: narrow ? 260 : 320,
    slots: points.length,
    max: 1,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    format: (value) => percent(value, 0),
    tick: () => null,
    shade: (slot) => (work !== null && (points[slot]?.reps ?? 0) <= work ? "closed" : null),
    label: "Service level by number of reps",
    description: `Curves of Erlang C${a ? " and Erlang A" : ""}; line: the target of ${percent(inputs.target, 0)}.`,
    crosshair: crosshair(),
    margin: { right: narrow ? 12 : 92, bottom: 38 },
    readout: (at) => {
      const point = points[at];
      if (!point) return "";
      const wait =
        point.c.state === "overloaded"
          ? "demand exceeds staff"
          : `${percent(point.c.serviceLevel)}, wait ${clock(point.c.asaSeconds)}`;
      return [
        plural(point.reps, "rep"),
        `C ${wait}`,
        point.a
          ? `A ${percent(point.a.answeredWithinTargetOfOffered)}${narrow ? "" : `, ${percent(point.a.pAbandon)} abandon`}`
          : null,
      ]
        .filter(Boolean)
        .join(" · ");
    },
  });
  const { marks, x, y, height, margin } = base;
  for (const note of base.root.querySelectorAll(".shades .note")) {
    if (Number(note.previousElementSibling?.getAttribute("width")) < 135) note.remove();
    else note.textContent = "demand exceeds staff";
  }
  const middle = (at: number) => x(at + 0.5);
  points.forEach(({ reps }, i) => {
    if (i % every === 0)
      marks.append(svg("text", { x: middle(i), y: height - margin.bottom + 16, "text-anchor": "middle" }, count(reps)));
  });
  marks.append(svg("text", { x: x(points.length / 2), y: height - 4, "text-anchor": "middle" }, "reps on the queue"));
  const { target } = inputs;
  if (target !== null) {
    marks.append(svg("line", { class: "target", x1: x(0), x2: x(points.length), y1: y(target), y2: y(target) }));
    marks.append(
      svg(
        "text",
        narrow
          ? { class: "target-label", x: x(0) + 4, y: y(target) - 5 }
          : { class: "target-label", x: x(points.length) + 5, y: y(target), dy: "0.32em" },
        `target ${percent(target, 0)}`,
      ),
    );
  }
  const curve = (value: (point: StaffingPoint) => number | null, mark: string, need: number | undefined) => {
    const dots = points.flatMap((point, i) => {
      const share = value(point);
      return share === null ? [] : [{ x: middle(i), y: y(share), needed: point.reps === need }];
    });
    const path = line<(typeof dots)[number]>()
      .x(({ x }) => x)
      .y(({ y }) => y);
    marks.append(svg("path", { class: `line ${mark}-line`, d: path(dots) }));
    for (const { x, y, needed } of dots)
      if (needed || points.length <= 40)
        marks.append(svg("circle", { class: `dot ${mark}`, cx: x, cy: y, r: needed ? 5.5 : 2.2 }));
  };
  curve(({ a }) => a?.answeredWithinTargetOfOffered ?? null, "orange", a?.agents);
  curve(({ c }) => c.serviceLevel, "blue", c?.agents);
  const given = inputs.reps === null || !chosen ? -1 : points.findIndex(({ reps }) => reps >= chosen.reps);
  if (chosen && given >= 0)
    marks.append(
      svg("line", { class: "given", x1: middle(given), x2: middle(given), y1: y(0), y2: y(1) }),
      svg("text", { class: "given-label", x: middle(given) + 4, y: y(0) - 6 }, `${count(chosen.reps)} given`),
    );
  return base.root;
}

function number(
  label: string,
  value: (point: StaffingPoint) => number | null,
  text: (value: number | null) => string,
): TableColumn<StaffingPoint> {
  return {
    label,
    value: (point) => roundTo(value(point), 5),
    text: (point) => text(value(point)),
  };
}

const columns: TableColumn<StaffingPoint>[] = [
  { label: "Reps", value: ({ reps }) => reps },
  { label: "State (C)", value: ({ c }) => (c.state === "overloaded" ? "demand exceeds staff" : c.state) },
  number("In time, C", ({ c }) => c.serviceLevel, percent),
  number(
    "Mean wait, C, s",
    ({ c }) => c.asaSeconds,
    (value) => decimal(value),
  ),
  number("Waits, C", ({ c }) => c.pWait, percent),
  number("Occupancy, C", ({ c }) => c.occupancy, percent),
  number("In time, A", ({ a }) => a?.answeredWithinTargetOfOffered ?? null, percent),
  number(
    "Mean wait, A, s",
    ({ a }) => a?.meanWaitAllSeconds ?? null,
    (value) => decimal(value),
  ),
  number("Abandons, A", ({ a }) => a?.pAbandon ?? null, percent),
  number("Occupancy, A", ({ a }) => a?.occupancy ?? null, percent),
];
