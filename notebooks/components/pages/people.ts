import { html } from "../picture/dom.js";

/** A dataset that ships personal columns, as its loader declares. */
export interface Declared {
  dataset: string;
  columns: string;
  reason: string;
}

/** What a site holds about people, in words: to be handed to whoever has to agree to it. */
export function peopleStatement(declared: readonly Declared[]): HTMLElement {
  const rule =
    "What stands in this site's data was traced, when it was built, to the columns that it is made of. Columns that the kit marks as an id, a name or words that somebody wrote were counted, joined, filtered and grouped by, and nothing made of one is in the data";
  if (declared.length === 0) return html("p", { style: "max-width: 68ch" }, `${rule}.`);
  return html(
    "div",
    {},
    html("p", { style: "max-width: 68ch" }, `${rule}, but for what its author declared:`),
    html(
      "ul",
      {},
      declared.map(({ dataset, columns, reason }) =>
        html("li", {}, html("code", {}, dataset), `: ${columns}, because ${reason}`),
      ),
    ),
  );
}
