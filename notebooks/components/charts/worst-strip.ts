import { unmarked } from "../metrics/bidi.js";
import { count, percent, plural, weekdayName } from "../metrics/format.js";
import { type WorstOptions, type WorstPeriod, type WorstQueue, worstQueues } from "../metrics/queues/worst-queues.js";
import { formula } from "../metrics/today.js";
import { html } from "../picture/dom.js";
import { todayLink } from "./url-state.js";

/**
 * The queues with most answers missing, a line each, for the last full hour and for the day so far; each a link to Today with
 * the other filters of `search`. Empty without a service level.
 */
export function worstStrip(options: WorstOptions & { search: string }): HTMLElement {
  const { search, day } = options;
  const periods = worstQueues(options);
  const line = ({ at }: WorstPeriod, { queue, missing, offered, service, why }: WorstQueue) =>
    html(
      "li",
      {},
      html(
        "a",
        {
          href: todayLink(search, queue, day, at),
          title: `${unmarked(queue)}: ${percent(service)} of ${plural(offered, "contact")} in time`,
        },
        html("bdi", { class: "worst-name" }, unmarked(queue)),
        " ",
        html("b", { class: "worst-missing" }, count(missing), html("span", {}, " missing")),
        " ",
        html("span", { class: "worst-why" }, why),
      ),
    );
  return html(
    "section",
    { class: "worst-strip", "aria-label": "Worst queues" },
    periods.map((period) =>
      html(
        "div",
        { class: period.missed > 0 ? "worst" : "worst met" },
        html("h2", {}, period.title),
        period.worst.length > 0
          ? html(
              "ol",
              {},
              period.worst.map((queue) => line(period, queue)),
            )
          : null,
      ),
    ),
    periods.some(({ missed }) => missed > 0) ? html("p", { class: "worst-note" }, note(options, periods)) : null,
  );
}

function note({ site, comparison, day }: WorstOptions, periods: readonly WorstPeriod[]): string {
  const against =
    comparison === "last"
      ? `last ${weekdayName(day)}`
      : comparison === "forecast"
        ? "the forecast, of a queue without one the usual"
        : "the usual";
  return [
    `Missing: further answers in time that would have met the ${percent(site.target, 0)} target; ${formula(site).replace(/^[A-Z]/, (start) => start.toLowerCase())}.`,
    comparison === "none"
      ? null
      : `Volume and handle time against ${against}, where the difference is more than chance.`,
    periods.some(({ few }) => few > 0)
      ? `Left out: queues with fewer than ${count(site.min_contacts)} contacts.`
      : null,
  ]
    .filter(Boolean)
    .join(" ");
}
