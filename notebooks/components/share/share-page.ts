import { cards } from "../charts/cards.js";
import { choice, segments } from "../charts/controls.js";
import { comparisonText, provenance } from "../charts/day-charts.js";
import { figure } from "../charts/figure.js";
import { describePage } from "../charts/masthead.js";
import { isolated } from "../metrics/bidi.js";
import type { QueueDay } from "../metrics/day-file.js";
import { fileName, longDay } from "../metrics/format.js";
import { allQueues, type IntradayDay } from "../metrics/interval.js";
import { type CloseLoad, closeText } from "../metrics/queues/at-close.js";
import { projectionText } from "../metrics/rest-of-day.js";
import type { Site } from "../metrics/site.js";
import { type Comparison, dataThrough } from "../metrics/today.js";
import type { Grain } from "../metrics/windows.js";
import { dayReceipt } from "../pages/day-receipt.js";
import { intervalDownloads, todayCards } from "../pages/today-page.js";
import { html } from "../picture/dom.js";
import { cardCharts, cardReceipt, dayFacts, dayTable, dayWords } from "./day-card.js";

/** The data embedded in a shared page. */
export interface SharedPage {
  site: Site;
  days: IntradayDay[];
  day: string;
  series: QueueDay[];
  weekBefore: QueueDay[]; // for the comparison with last week
  comparison: Comparison;
  loads: CloseLoad[]; // of the choices
  queues: string[]; // choices
  grain: Grain; // initial
  generated: string;
  asOf?: string | null; // the past moment whose state of knowledge it shows; ISO, UTC
}

/** Fills a shared page with headline, filters, charts and table, from the embedded data. */
function start(): void {
  const data: SharedPage = JSON.parse(elementById("shared-data").textContent ?? "");
  const { site, day, queues, generated } = data;
  document.documentElement.dataset.standalone = "true";
  const chosen = { queue: queues[0] ?? allQueues, grain: String(data.grain) };
  const content = html("div", {});
  const show = () => {
    const page = dayFacts(data, chosen.queue, Number(chosen.grain) as Grain);
    const words = dayWords(page);
    const through = dataThrough(page.windows);
    describePage(site.timezone, through);
    const notes = new Map([
      ["volume", [comparisonText(page), page.rest ? projectionText(page.rest) : ""].filter(Boolean).join(" ")],
      ["service-level", page.close ? closeText(page.close, page.closeQueue) : ""],
    ]);
    document.title = `${words.title} | ${site.title}`;
    content.replaceChildren(
      html(
        "header",
        { class: "masthead" },
        html("div", { class: "kicker" }, `${isolated(site.title)} · ${isolated(chosen.queue)} · ${longDay(day)}`),
        html("h1", {}, words.title),
        html("p", { class: "lead" }, words.lead),
        html(
          "p",
          { class: "fresh" },
          through === null ? null : `Data through ${page.zone.moment(through)}. Times in ${site.timezone}. `,
          generated,
        ),
      ),
      cards(todayCards(page)),
      html(
        "div",
        { class: "figures" },
        cardCharts(page).map((chart) =>
          figure({
            ...chart,
            rows: page.rows,
            footer: provenance(page, "queue_wfm", notes.get(chart.id) ?? ""),
            file: fileName(chart.id, chosen.queue, day),
            receipt: dayReceipt(page, chart.id, { columns: chart.columns, rows: page.rows }),
          }),
        ),
      ),
      html("h2", {}, "Every interval"),
      html("div", { class: "figure interval-table" }, intervalDownloads(page), dayTable(page)),
      ...receipt(cardReceipt(page)("report")),
    );
  };
  const filter = (name: keyof typeof chosen, control: ReturnType<typeof choice>) => {
    const element = control.element(chosen[name], (value) => {
      chosen[name] = value;
      show();
    });
    const id = `label-${name}`;
    if (element.getAttribute("role")) element.setAttribute("aria-labelledby", id);
    return html("div", { class: "filter" }, html("label", { id, for: element.id || null }, control.label), element);
  };
  const named = (value: string) => ({ value, text: value });
  const minutes = (value: string) => ({ value, text: `${value} min` });
  elementById("shared-page").replaceChildren(
    html(
      "form",
      { class: "filters", "aria-label": "Filters" },
      queues.length > 1 ? filter("queue", choice("queue", "Queue", queues.map(named))) : null,
      filter("grain", segments("interval", "Interval", ["15", "30", "60"].map(minutes))),
    ),
    content,
  );
  show();
}

function receipt(line: string | undefined): HTMLElement[] {
  return line === undefined ? [] : [html("p", { class: "receipt" }, line)];
}

function elementById(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element with the id ${id}`);
  return element;
}

start();
