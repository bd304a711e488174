// Labels of charts at any width, with long names, names of other scripts and large numbers: none covers another, none leaves
// its chart. Widths are those of the pictures' font.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Annotation } from "../notebooks/components/metrics/annotations/annotation.ts";
import type { Site } from "../notebooks/components/metrics/site.ts";
import { textWidth } from "../notebooks/components/picture/font.ts";
import { type Look, looks, textSize } from "../notebooks/components/picture/looks.ts";
import { rows } from "./chart-rows.ts";
import { runPage } from "./page-cells.ts";

// Of figures on screens from 320 to 1600 pixels, with the menu beside them from 1024 on.
const widths = [320, 360, 390, 480, 599, 600, 768, 1007, 1024, 1280, 1600].map((screen) =>
  screen < 600 ? screen - 48 : screen < 1008 ? screen - 106 : Math.min(1080, screen - 400),
);

const names = new Map([
  ["long", "Premium International Customers – Returns, Refunds & Exchanges (Tier 2, Spanish/Portuguese) EMEA"],
  ["Arabic", "خدمة العملاء المميزين في الشرق الأوسط وشمال أفريقيا على مدار الساعة"],
  ["Japanese", "お客様サポートセンター・返品および交換に関するお問い合わせ窓口（プレミアム）"],
]);

const pages: Record<string, string[]> = {
  index: [""],
  today: ["", "?compare=last&interval=60&hours=all"],
  queues: [""],
  waiting: [""],
  heatmaps: ["", "?measure=staffing&week=difference&slot=30"],
  staffing: [""],
  accuracy: [""],
  conversations: ["", "?range=7"],
  health: [""],
};

describe("labels of charts", () => {
  for (const [page, searches] of Object.entries(pages))
    for (const search of searches)
      it(`of ${page}${search} never collide or leave the chart`, async () => {
        let seen = 0;
        for (const [kind, files] of inputs()) {
          const look = (displayed: Node[], width: number) => {
            for (const chart of chartsOf(displayed)) {
              const labels = labelsOf(chart);
              seen += labels.length;
              const label = `${page}${search}, ${kind}, ${width}: ${chart.getAttribute("aria-label")}`;
              assert.deepEqual(problems(labels, viewWidth(chart)), [], label);
            }
          };
          await runPage(page, { files, search, resized: { widths, look } });
        }
        assert.ok(seen > 100);
      });
});

function* inputs(): Generator<[string, Record<string, unknown>]> {
  const text = JSON.stringify(rows);
  for (const [kind, name] of names)
    yield [
      kind,
      JSON.parse(
        text.replaceAll("Billing", JSON.stringify(name).slice(1, -1)).replaceAll('"web"', JSON.stringify(name)),
      ),
    ];
  yield ["annotated", { ...rows, site: (rows.site as Site[]).map((site) => ({ ...site, annotations: crowd(site) })) }];
  yield ["large", JSON.parse(text, (key, value) => (large.has(key) ? times(value, 900) : value))];
}

// Three weeks of annotations of every length, one after another and over each other.
function crowd({ annotations = [] }: Site): Annotation[] {
  return Array.from({ length: 60 }, (_, i): Annotation => {
    const from = Date.parse("2026-08-27T04:10:00Z") + i * 8.3 * 3_600_000;
    const to = [null, from + 900_000, from + 7_200_000, from + 3 * 86_400_000][i % 4] ?? null;
    return {
      ...(annotations[i % annotations.length] as Annotation),
      from: new Date(from).toISOString(),
      to: to === null ? null : new Date(to).toISOString(),
    };
  });
}

const large = new Set([
  "assigned",
  "abandoned",
  "within",
  "weeks",
  "offered",
  "base",
  "good",
  "started",
  "ended",
  "assisted",
]);

function times(value: unknown, factor: number): unknown {
  if (Array.isArray(value)) return value.map((one) => times(one, factor));
  return typeof value === "number" ? value * factor : value;
}

function chartsOf(displayed: Node[]): SVGSVGElement[] {
  return displayed.flatMap((node) => [...(node as Element).querySelectorAll<SVGSVGElement>(".figure-body > svg")]);
}

interface Label {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function labelsOf(chart: SVGSVGElement): Label[] {
  return [...chart.querySelectorAll("text")].flatMap((element): Label[] => {
    const text = element.textContent ?? "";
    if (text.trim() === "" || element.closest(".pointer, .readout")) return [];
    const number = (name: string) => Number(element.getAttribute(name) ?? 0);
    const names = element.getAttribute("class")?.split(" ") ?? [];
    const { size = textSize, weight = 400 }: Look = Object.assign({}, ...names.map((name) => looks[name]));
    const width = textWidth(text, size, weight >= 550 ? 600 : 400);
    const [dx, dy] = moved(element);
    const anchor = element.getAttribute("text-anchor");
    const left = dx + number("x") - (anchor === "end" ? width : anchor === "middle" ? width / 2 : 0);
    const down = Number.parseFloat(element.getAttribute("dy") ?? "0");
    const base = dy + number("y") + down * (element.getAttribute("dy")?.endsWith("em") ? size : 1);
    return [{ text, left, right: left + width, top: base - 0.75 * size, bottom: base + 0.2 * size }];
  });
}

function moved(element: Element): [number, number] {
  let [x, y] = [0, 0];
  for (let node: Element | null = element; node; node = node.parentElement) {
    const [, dx = "0", dy = "0"] =
      /translate\(([-\d.]+)[, ]+([-\d.]+)\)/.exec(node.getAttribute("transform") ?? "") ?? [];
    [x, y] = [x + Number(dx), y + Number(dy)];
  }
  return [x, y];
}

function viewWidth(chart: SVGSVGElement): number {
  return Number(chart.getAttribute("viewBox")!.split(" ")[2]);
}

function problems(labels: Label[], width: number): string[] {
  const shown = ({ text, left, right }: Label) => `"${text}" ${Math.round(left)}–${Math.round(right)}`;
  const outside = labels
    .filter(({ left, right }) => left < -1 || right > width + 1)
    .map((one) => `outside: ${shown(one)}`);
  const pairs = labels.flatMap((one, i) => labels.slice(i + 1).map((other) => [one, other] as const));
  const covering = pairs.filter(
    ([one, other]) =>
      Math.min(one.right, other.right) - Math.max(one.left, other.left) > 0.5 &&
      Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 0.5,
  );
  return [...outside, ...covering.map(([one, other]) => `${shown(one)} meets ${shown(other)}`)];
}
