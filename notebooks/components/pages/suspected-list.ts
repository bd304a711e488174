import { tellStatus } from "../charts/save.js";
import { type Suspected, suspectedLine, suspectedText, suspectedWhen } from "../metrics/annotations/suspected.js";
import { isolated } from "../metrics/bidi.js";
import { decimal } from "../metrics/format.js";
import type { Site } from "../metrics/site.js";
import { html } from "../picture/dom.js";

/** The events that nobody annotated, each with a line to paste into the annotations file. */
export function suspectedList(events: readonly Suspected[], { timezone, annotations }: Site): HTMLElement {
  if (events.length === 0) return html("p", { class: "none" }, "Nothing in the last 28 days looks like one.");
  const lines = events.map((event) => suspectedLine(event, timezone));
  const header = "from,to,what,queues,kind,exclude";
  const all = annotations?.length ? lines : [header, ...lines];
  return html(
    "div",
    { class: "figure" },
    html("div", { class: "figure-tools" }, ...copyButton(`Copy ${lines.length === 1 ? "the line" : "all lines"}`, all)),
    html(
      "ul",
      { class: "suspected" },
      events.map((event, i) =>
        html(
          "li",
          {},
          html("strong", {}, suspectedWhen(event, timezone)),
          ` ${event.queue === null ? "" : `${isolated(event.queue)}: `}${isolated(suspectedText(event))}`,
          event.kind === "outage" ? "." : `; ${decimal(event.usual, 1)} on average at other times.`,
          html(
            "div",
            { class: "figure-tools paste" },
            html("code", {}, lines[i] ?? ""),
            ...copyButton("Copy", [lines[i] ?? ""]),
          ),
        ),
      ),
    ),
  );
}

function copyButton(label: string, lines: readonly string[]): HTMLElement[] {
  const status = html("span", { class: "share-status", role: "status" });
  const copy = async () => {
    if (!navigator.clipboard) throw new Error("select the text and copy it");
    await navigator.clipboard.writeText(`${lines.join("\n")}\n`);
    return "Copied";
  };
  return [status, html("button", { type: "button", onclick: () => tellStatus(status, copy) }, label)];
}
