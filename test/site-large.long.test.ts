import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { measures, views } from "../notebooks/components/metrics/heatmap.ts";
import { measureNames, viewNames } from "../notebooks/components/pages/heatmap-page.ts";
import { type SiteServer, serveSite } from "../src/site/serve.ts";
import { largeSite } from "./large-site.ts";
import { findChromium, openChromium, saved, visit } from "./site-chromium.ts";
import { until } from "./wait.ts";

const chromium = findChromium();

describe("the site at 90 days x 50 queues", { skip: chromium ? false : "no Chromium found" }, () => {
  let folder: string;
  let server: SiteServer;
  let browser: Browser;
  const open = (path: string, options?: BrowserContextOptions) => visit(browser, server.url + path, options);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "asapp-large-"));
    const { site } = await largeSite(folder, {
      dayFiles: 2, // the newest, and the one before, which is read ahead
      options: [
        "site:",
        "  queue_groups: { Pair: [Queue 01, Queue 03] }",
        "  exclude_days: { 2026-09-02: Founders' Day, 2026-08-12: }",
        "",
      ].join("\n"),
    });
    server = await serveSite(site, { port: 0 });
    browser = await openChromium(chromium!);
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const path of [
    "today",
    "queues",
    "heatmaps",
    "waiting",
    "staffing",
    "accuracy",
    "heatmaps?measure=staffing&queue=Queue+04", // of the largest part
  ])
    it(`needs less than 450 kB to show ${path} for the first time`, async () => {
      const { page, bytes, problems, close } = await open(path);
      assert.deepEqual(problems, []);
      const [received, charts] = [await bytes(), await page.locator(".figure svg *").count()];
      assert.ok(received > 100_000 && received < 450_000, `${received} bytes`);
      assert.ok(charts > 30, `${charts} marks`);
      await close();
    });

  it("has everything of a running day on Today", async () => {
    const { page, problems, close } = await open("today?queue=Pair");
    const title = (id: string) => page.locator(`#${id} .figure-title`).innerText();
    const legend = (id: string) => page.locator(`#${id} .legend`).innerText();
    assert.match(await page.locator("h1").innerText(), /^Pair: [\d.]+% answered within 60\ss, .* target$/);
    assert.match(
      await page.locator(".masthead .lead").innerText(),
      /contacts offered by 14:00, (?:.*% on|in line with) the usual, .* abandoned .*Answering [\d,]+ more contacts in time would have met the target\..*About [\d,]+ expected by the end/,
    );
    assert.match(await title("volume"), /^Volume is .* the usual: [\d,]+ offered against [\d,]+$/);
    for (const text of [
      "Usual Wednesday (median and middle half of 8, 2 excluded)",
      "A week before",
      "Outside of chance: more or fewer than usual",
      "Projection, not data",
    ])
      assert.ok((await legend("volume")).includes(text), text);
    for (const mark of [".usual-band", ".usual-line", ".last-week", ".projected-fill"])
      assert.ok((await page.locator(`#volume .marks ${mark}`).count()) > 0, mark);
    assert.match(
      await page.locator("#volume figcaption").innerText(),
      /median of 8 Wednesdays.*Excluded: Wed 12 Aug, Wed 2 Sep \(Founders' Day\)\. Projection: .*This holds if the rest of the day keeps its usual shape/,
    );
    assert.match(await title("service-level"), /under the 80% target$/);
    assert.ok((await legend("service-level")).includes("Gap to the target"));
    assert.match((await page.locator("#service-level svg[role] .target-label").first().textContent()) ?? "", /80%/);
    assert.match(await title("waits"), /^Mean wait .*longest .* at \d\d:\d\d$/);
    assert.match(await title("handle-time"), /^Mean handle time ≈ .* wrap-up$/);
    assert.match(await title("reps"), /^Available reps had chats \d+% of the time/);
    assert.ok((await page.locator("#net-staffing .marks rect").count()) > 20);
    assert.match(
      await page.locator("#net-staffing .figure-subtitle").innerText(),
      /^Indicative: available minus required/,
    );
    assert.match(
      await page.locator("#net-staffing figcaption").innerText(),
      /A rep of several queues is available to each/,
    );
    assert.equal(await page.locator(".masthead .fresh", { hasText: "Data through" }).count(), 1);
    assert.doesNotMatch(await page.locator("main").innerText(), /\blive\b(?! chat)/i);
    await page.locator('label:has(input[name=hours][value="all"])').click();
    await page.locator("#volume figcaption", { hasText: "Closed hours hidden" }).waitFor({ state: "detached" });
    for (const [interval, rows] of [
      ["15", 96],
      ["30", 48],
      ["60", 24],
    ] as const) {
      await page.locator(`label:has(input[name=interval][value="${interval}"])`).click();
      await page.locator("#volume .figure-subtitle", { hasText: `per ${interval} minutes` }).waitFor();
      const lines = readFileSync(await saved(page, "#volume", "CSV"), "utf8")
        .trimEnd()
        .split("\r\n");
      assert.equal(lines.length, rows + 1);
    }
    assert.ok((await page.locator(".interval-table tbody tr").count()) >= 10);
    assert.deepEqual(problems, []);
    await close();
  });

  it("prints Today without controls, and nothing wider than the paper", async () => {
    const { page, close } = await open("today");
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 703, height: 1032 }); // A4 less its margins
    assert.equal(await page.locator("main").locator("button:visible, select:visible, input:visible").count(), 0);
    const beyond = await page.evaluate(() =>
      [...document.querySelectorAll("main figure svg[role], main table, main .kit-card")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => `${element.localName} in ${element.closest("[id]")?.id}`),
    );
    assert.deepEqual(beyond, []);
    assert.equal(
      await page
        .locator(".legend")
        .first()
        .evaluate((legend) => getComputedStyle(legend).printColorAdjust),
      "exact",
    );
    await close();
  });

  it("opens an interval by keyboard and by mouse", async () => {
    const { page, close } = await open("today");
    assert.equal(await page.locator("#filter-queue option").count(), 52);
    await takesApart(page);
    await close();
  });

  it("reaches every control and chart of Today with the Tab key, in the order of the page", async () => {
    const { page, close } = await open("today");
    const seen: string[] = [];
    for (let i = 0; i < 90; i++) {
      await page.keyboard.press("Tab");
      seen.push(
        await page.evaluate(() => {
          const at = document.activeElement!;
          const figure = at.closest("figure");
          return `${figure ? `${figure.id} ` : ""}${at.localName}${at.id ? `#${at.id}` : ""}`;
        }),
      );
    }
    const wanted = [
      "select#filter-queue",
      ...["volume", "service-level", "waits", "handle-time", "reps", "net-staffing"].map((id) => `${id} svg`),
    ];
    const places = wanted.map((name) => seen.indexOf(name));
    assert.ok(
      places.every((place, i) => place > (places[i - 1] ?? -1)),
      seen.join(", "),
    );
    await close();
  });

  it("puts the queue with the worst shortfall first on Queues, with eight numbers, and opens it by keyboard", async () => {
    const { page, problems, close } = await open("queues");
    const facets = page.locator(".queue-board .facet");
    assert.equal(await facets.count(), 12);
    assert.equal(await page.locator(".sort-table tbody tr").count(), 50);
    const missing = (await page.locator(".facet-state").allTextContents()).map((text) =>
      Number(/^[\d,]+(?= short$)/.exec(text)?.[0].replace(",", "") ?? 0),
    );
    assert.ok(missing[0]! > 0);
    assert.deepEqual(
      missing,
      [...missing].sort((a, b) => b - a),
    );
    const labels = await facets.first().locator(".facet-label").allTextContents();
    assert.deepEqual(
      labels.map((label) => label.replace(/ \(?[+\u2212].*/, "")),
      ["contacts", "in 60 s", "abandoned", "mean wait", "handle", "net reps", "by close", "at close"],
    );
    const bars = facets.first().locator("path.blue").first();
    assert.equal(
      await bars.evaluate((path) => getComputedStyle(path).fill),
      await page
        .locator(".legend .mark rect")
        .first()
        .evaluate((mark) => getComputedStyle(mark).fill),
    );
    for (const text of await facets.first().locator(".facet-value").allTextContents())
      assert.match(text, /^[+\u2212]?[\d,.:]+%?$/);
    assert.match(
      await page.locator("figcaption").first().innerText(),
      /Excluded: Wed 12 Aug, Wed 2 Sep \(Founders' Day\)/,
    );
    await page.locator("#filter-find").fill("QUEUE 07");
    await page.waitForFunction(() => document.querySelectorAll(".queue-board .facet").length === 1);
    assert.equal(await page.locator("#filter-find").evaluate((field) => field === document.activeElement), true);
    assert.equal(new URL(page.url()).searchParams.get("find"), "QUEUE 07");
    await page.locator("#filter-find").fill("");
    await page.waitForFunction(() => document.querySelectorAll(".queue-board .facet").length === 12);
    await page.locator(".sort-head", { hasText: "Mean wait" }).focus();
    await page.keyboard.press("Enter");
    assert.equal((await page.locator('[aria-sort="descending"]').innerText()).trim(), "Mean wait");
    assert.equal(new URL(page.url()).searchParams.get("sort"), "wait");
    const download = page.waitForEvent("download");
    await page.locator(".queue-table button", { hasText: "Download CSV" }).click();
    const table = readFileSync(await (await download).path(), "utf8")
      .trimEnd()
      .split("\r\n");
    assert.equal(table.length, 51);
    assert.equal(table[1]!.split(",")[0], await page.locator(".sort-table tbody th").first().innerText());
    const name = (await facets.first().locator(".facet-name").textContent())!;
    await facets.first().focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/today\.html\?/);
    await page.locator("h1", { hasText: name }).waitFor();
    assert.deepEqual(problems, []);
    await close();
  });

  it("shows the week as median, last week and difference on Heatmaps, each cell with n and state by keyboard", async () => {
    const { page, problems, close } = await open("heatmaps?queue=Queue+01");
    const [chart, said] = [page.locator("#heatmap svg[role].heatmap"), page.locator("#announced")];
    // A chart that is drawn anew meanwhile has no cell chosen.
    const tenOnMonday = async () => {
      let text = "";
      await until("Monday at 10:00", async () => {
        await chart.focus();
        await page.keyboard.press("Home");
        if (!(await announces(page, "Mon 00:00  closed"))) return false;
        for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowRight");
        if (!(await announces(page, "Mon 10:00"))) return false;
        text = (await said.textContent()) ?? "";
        return true;
      });
      return text;
    };
    for (const measure of measures)
      for (const view of views) {
        await page.selectOption("#filter-measure", measure);
        await page.getByText(viewNames[view], { exact: true }).filter({ visible: true }).first().click();
        await page.waitForFunction(
          ([label, week]) =>
            document.querySelector("#heatmap svg[role]")?.getAttribute("aria-label")?.startsWith(label!) &&
            document.querySelector("#heatmap figcaption") &&
            new URLSearchParams(location.search).get("week") === week,
          [measureNames[measure], view === "usual" ? null : view],
        );
        const [monday, where] = [await tenOnMonday(), `${measure} ${view}`];
        assert.match(monday, /^Mon 10:00 {2}[−+]?[\d.:]+.* · n = [\d,]+/, where);
        assert.equal(monday.includes(" · 8 weeks"), view !== "last", where);
        for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowDown");
        assert.ok(await announces(page, "Wed 10:00"), where);
        assert.equal((await said.textContent())!.includes("8 weeks, 2 excluded"), view !== "last", where);
      }
    assert.deepEqual(problems, []);
    await close();
  });

  it("has net staffing of a queue, from the reps that the membership feed tells of, and says what that is worth", async () => {
    const { page, close } = await open("heatmaps?measure=staffing&queue=Queue+04");
    assert.match(await page.locator("h1").innerText(), /^Queue 04: tightest staffing .* FTE$/);
    const footer = await page.locator("#heatmap figcaption").innerText();
    assert.match(footer, /Source: queue_membership_wfm, issue_queues, rep_convos\. Each rep counts once\./);
    assert.match(footer, /net staffing of queues does not add up/);
    await close();
  });

  it("has both models side by side on Staffing, called indicative, with what they assume", async () => {
    const { page, problems, close } = await open("staffing?queue=Queue+01");
    const labels = await page.locator(".kit-card .card-label").allTextContents();
    assert.deepEqual(labels.slice(0, 3), ["Erlang C: no abandonment", "Erlang A: with abandonment", "Workload only"]);
    assert.match(await page.locator(".kicker").innerText(), /indicative/i);
    assert.match(
      await page.locator("#service-by-reps .figure-subtitle").innerText(),
      /^Indicative: .*Queue 01, .* contacts in 30 minutes/,
    );
    assert.match(
      await page.locator("#service-by-reps figcaption").innerText(),
      /M\/M\/n .*Erlang A.* Target 80%, occupancy cap 85%, shrinkage 30%/,
    );
    assert.ok((await page.locator("h2:has-text('Assumptions') ~ * li").count()) >= 6);
    assert.deepEqual(problems, []);
    await close();
  });

  it("has the noise floor beside the misses on Baseline accuracy, by queue", async () => {
    const { page, problems, close } = await open("accuracy?queue=Queue+02");
    assert.match(
      await page.locator("h1").innerText(),
      /^Queue 02: the baseline missed half-hours by [\d.]+%; chance alone accounts for [\d.]+%$/,
    );
    assert.ok((await page.locator("#daily .marks .floor").count()) > 20);
    await page.locator("#queues summary").click();
    await page.locator("#queues tbody tr").first().waitFor();
    assert.equal(await page.locator("#queues tbody tr").count(), 52);
    const heads = await page.locator("#queues thead th").allTextContents();
    for (const head of ["WAPE", "Noise floor", "Bias"]) assert.ok(heads.includes(head), head);
    assert.match(
      await page.locator("#queues figcaption").innerText(),
      /Excluded from scores and baselines: Wed 12 Aug, Wed 2 Sep/,
    );
    assert.deepEqual(problems, []);
    await close();
  });
});

/** Whether a read-out that begins with a text is announced, which comes a moment after a key. */
function announces(page: Page, start: string): Promise<boolean> {
  const begins = (text: string) => document.querySelector("#announced")?.textContent?.startsWith(text) ?? false;
  return page.waitForFunction(begins, start, { timeout: 3000 }).then(
    () => true,
    () => false,
  );
}

/** By keyboard and by mouse: an interval opens into volume, handle time and staff, stays in the address, and closes. */
async function takesApart(page: Page): Promise<void> {
  const at = () => new URL(page.url()).searchParams.get("at");
  const focused = () =>
    page.evaluate(
      () => document.activeElement!.closest("figure, .drivers")?.getAttribute("id") ?? document.activeElement!.id,
    );
  await page.locator("#waits svg[role]").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  assert.equal(at(), null, "nothing to take apart that has not come");
  await page.keyboard.press("Home");
  for (let i = 0; i < 40; i++) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert.equal(at(), "10:00");
  assert.equal(await page.evaluate(() => document.activeElement!.id), "drivers-title");
  const headings = await page.locator(".drivers tbody th").allTextContents();
  assert.deepEqual(
    headings.map((text) => text.split(",")[0]),
    ["Volume", "Handle time", "Staff", "Required FTE", "Net staffing"],
  );
  assert.match(await page.locator(".drivers p").first().innerText(), /^Net staffing was .* together .* reps\.$/);
  assert.equal(await page.locator("#volume .picked").evaluate((node) => (node as SVGElement).style.display), "");
  await linesUp(page);
  await page.locator("#volume .share-open").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".drivers").count(), 1, "Escape closes the menu alone");
  await page.locator(".drivers h2").focus();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".drivers").count(), 0);
  assert.deepEqual([at(), await focused()], [null, "waits"], "the focus is where it was");
  await page.keyboard.press("Escape");
  assert.equal(at(), null);
  await page.locator(".take-apart button").click();
  assert.equal(at(), "13:45", "the newest");
  await page.reload({ waitUntil: "networkidle" });
  assert.equal(await page.locator(".drivers").count(), 1, "the address opens it again");
  await page.locator(".drivers button").click();
  assert.equal(await page.locator(".drivers").count(), 0);
  assert.deepEqual([at(), await focused()], [null, "volume"]);
  await page.locator("#volume svg[role]").click({ position: { x: 400, y: 100 } });
  assert.equal(await page.locator(".drivers").count(), 1);
}

// Numbers end at one edge; bars start at one line, stay in their cells, and have their effects' proportions.
async function linesUp(page: Page): Promise<void> {
  const rows = await page.locator(".drivers tbody tr").evaluateAll((all) =>
    all.map((row) => {
      const [, , effect, cell] = row.querySelectorAll("td") as unknown as Element[] as [
        Element,
        Element,
        Element,
        Element,
      ];
      const [box, bar] = [cell.getBoundingClientRect(), cell.querySelector("i")?.getBoundingClientRect()];
      const zero = (box.left + box.right) / 2;
      return {
        effect: Number(effect.textContent!.replace("\u2212", "-").replace("+", "")),
        end: effect.getBoundingClientRect().right,
        height: row.getBoundingClientRect().height,
        bar: bar && { left: (bar.left - zero) / (box.width / 2), right: (bar.right - zero) / (box.width / 2) },
      };
    }),
  );
  assert.equal(new Set(rows.map(({ end }) => Math.round(end))).size, 1);
  assert.ok(Math.max(...rows.map(({ height }) => height)) < 40, "no number wraps");
  const barred = rows.flatMap(({ effect, bar }) => (bar ? [{ effect, ...bar }] : []));
  assert.equal(barred.length, 4);
  const widest = Math.max(...barred.map(({ effect }) => Math.abs(effect)));
  for (const { effect, left, right } of barred) {
    const [from, to] = [Math.min(0, effect / widest), Math.max(0, effect / widest)];
    assert.ok(Math.abs(left - from) < 0.12 && Math.abs(right - to) < 0.12, `${effect}: ${left} to ${right}`);
  }
}
