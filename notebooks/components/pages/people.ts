import { html } from "../picture/dom.js";

/** A dataset that ships personal columns, as its loader declares. */
export interface Declared {
  dataset: string;
  columns: string;
  reason: string;
}

/** What a site holds about people, in words, for those who have to approve it. */
export function peopleStatement(declared: readonly Declared[]): HTMLElement {
  const rule =
    "When this site was built, all of its data was traced to source columns. Columns that hold ids, names or free text were used only to count, join, filter and group, and nothing derived from one is in the data";
  if (declared.length === 0) return html("p", { style: "max-width: 68ch" }, `${rule}.`);
  return html(
    "div",
    {},
    html("p", { style: "max-width: 68ch" }, `${rule}, except what its author declared:`),
    html(
      "ul",
      {},
      declared.map(({ dataset, columns, reason }) =>
        html("li", {}, html("code", {}, dataset), `: ${columns}, because ${reason}`),
      ),
    ),
  );
}
