import { pickedPanel, pickHint } from "../charts/sheet.js";
import { bandNames, loadParts } from "../charts/waiting.js";
import { isolated } from "../metrics/bidi.js";
import { clock, count, decimal, duration, plural } from "../metrics/format.js";
import { type Load, loadOf, type SlotInterval, type WaitingInterval } from "../metrics/queues/waiting.js";
import { maximum, sum } from "../metrics/rollup.js";
import { span } from "../metrics/today.js";
import { html } from "../picture/dom.js";
import type { WaitingPage } from "./waiting-page.js";

/** The figures of the interval that the reader picked. */
export function chosenWaiting(page: WaitingPage): HTMLElement {
  const { rows, crosshair } = page;
  return pickedPanel(crosshair, {
    labels: rows.map(({ label }) => label),
    pickable: (slot) => hasArrived(rows[slot]),
    panel: (slot, onClose) => waitingPanel(page, slot, onClose),
  });
}

/** How to see the figures of an interval, with a button for the newest one; null where none has arrived. */
export function takeWaitingApart({ rows, zone, crosshair }: WaitingPage): HTMLElement | null {
  const slot = rows.findLastIndex(hasArrived);
  const row = rows[slot];
  return row ? pickHint(crosshair, slot, `Take ${span(row, zone)} apart`) : null;
}

/** The flow through the queue in one interval, its waits by band, and the slots of its reps. */
export function waitingPanel(page: WaitingPage, slot: number, onClose: () => void): HTMLElement | null {
  const { rows, whole, zone, queue, site } = page;
  const row = rows[slot];
  if (!row) return null;
  const before = whole[whole.findIndex(({ start }) => start === row.start) - 1];
  const line = (label: string, value: number | null, text: (value: number | null) => string = count) =>
    html("tr", {}, html("th", { scope: "row" }, label), html("td", { class: "number" }, text(value)));
  return html(
    "section",
    { class: "drivers", role: "region", "aria-labelledby": "drivers-title" },
    html(
      "header",
      {},
      html("h2", { id: "drivers-title", tabindex: -1 }, `${span(row, zone)}: ${headline(row)}`),
      html("button", { type: "button", onclick: onClose }, "Close"),
    ),
    html("p", {}, flowSentence(row, before?.waiting ?? null)),
    html(
      "table",
      {},
      html("caption", { class: "sr-only" }, "Flow through the queue"),
      html(
        "tbody",
        {},
        line(`Waiting at ${zone.time(row.start)}`, before?.waiting ?? null),
        line("Entered the queue", row.entered),
        line("Left the queue", row.gone),
        line(`Waiting at ${zone.time(row.end)}`, row.waiting),
        line("Oldest wait then", row.oldest, clock),
        line("Assigned without a queue", row.direct),
        line("Answered", row.answered),
        line("Abandoned", row.abandoned),
        line("Mean wait of the abandoned", row.abandonedWait, clock),
        line("Timed out", row.timedOut),
      ),
    ),
    bandsTable(row),
    html("p", {}, slotSentence(page.slots[slot], page.chats)),
    html(
      "p",
      { class: "source" },
      [
        `${isolated(queue)}. Entered and left are visits to the queue, answered and abandoned are contacts, in the interval in which their wait ended.`,
        row.waiting && row.oldest === null
          ? `The oldest wait is held back for queues with fewer than ${site.min_contacts} contacts in the day.`
          : "",
        "Source: issue_queues, rep_convos; reps of all queues: rep_utilized.",
      ]
        .filter(Boolean)
        .join(" "),
    ),
  );
}

function hasArrived(row: WaitingInterval | undefined): boolean {
  return row !== undefined && (row.waiting !== null || row.entered !== null);
}

function headline({ waiting, oldest }: WaitingInterval): string {
  if (waiting === null) return "its end has not arrived";
  if (waiting === 0) return "nobody waiting at its end";
  return `${plural(waiting, "contact")} waiting at its end${oldest === null ? "" : `, the oldest for ${duration(oldest)}`}`;
}

// waiting before and after   entered or left   words
// any                        nobody            nobody did
// one unknown                somebody          who did
// as many                    somebody          as many, who did
// more, fewer                somebody          grew, shrank, who did
function flowSentence({ waiting, entered, gone }: WaitingInterval, before: number | null): string {
  if (!entered && !gone) return "Nobody entered or left the queue.";
  const moved = `${count(entered)} entered and ${count(gone)} left`;
  if (waiting === null || before === null) return `${moved}.`;
  if (waiting === before) return `As many wait at its end as at its start: ${moved}.`;
  return `The queue ${waiting > before ? "grew" : "shrank"} from ${count(before)} to ${count(waiting)}: ${moved}.`;
}

function bandsTable({ answeredBands, abandonedBands }: WaitingInterval): HTMLElement | null {
  const all = [...(answeredBands ?? []), ...(abandonedBands ?? [])];
  const most = maximum(bandNames.map((_, i) => (answeredBands?.[i] ?? 0) + (abandonedBands?.[i] ?? 0)));
  if (!most || !sum(all)) return null;
  const head = ["Wait", "Answered", "Abandoned"].map((label, i) =>
    html("th", { scope: "col", class: i > 0 && "number" }, label),
  );
  return html(
    "table",
    {},
    html("caption", { class: "sr-only" }, "Contacts by wait"),
    html("thead", {}, html("tr", {}, head, html("td"))),
    html(
      "tbody",
      {},
      bandNames.map((name, i) => {
        const [answered, abandoned] = [answeredBands?.[i] ?? 0, abandonedBands?.[i] ?? 0];
        return html(
          "tr",
          {},
          html("th", { scope: "row" }, name),
          html("td", { class: "number" }, count(answered)),
          html("td", { class: "number" }, count(abandoned)),
          html(
            "td",
            { class: "bars", "aria-hidden": "true" },
            bar(answered / most, "blue"),
            bar(abandoned / most, "orange"),
          ),
        );
      }),
    ),
  );
}

function bar(share: number, mark: string): HTMLElement {
  return html("i", { class: `effect-bar ${mark}`, style: `width:${(share * 100).toFixed(2)}%` });
}

function slotSentence(row: SlotInterval | undefined, chats: WaitingPage["chats"]): string {
  const load = row ? loadOf(row, chats) : null;
  if (!row || !load) return row?.merged === 0 ? "Slots: held back, too few reps." : "Slots: not delivered.";
  const parts = loadParts.map(({ name, text }) => `${decimal(load[name as keyof Load])} ${text.toLowerCase()}`);
  const { slots, chats: taken } = row.figures;
  const use = slots === null || taken === null ? "" : ` ${decimal(taken)} chats in ${decimal(slots, 0)} slots.`;
  return `Reps of all queues, full-time equivalents: ${parts.join(", ")}.${use}`;
}
