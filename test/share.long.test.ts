import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";
import { strFromU8, unzipSync } from "fflate";
import type { QueueDay } from "../notebooks/components/metrics/day-file.ts";
import { fileName } from "../notebooks/components/metrics/format.ts";
import { allQueues, offered } from "../notebooks/components/metrics/interval.ts";
import { serviceLevelOf } from "../notebooks/components/metrics/today.ts";
import { csv, csvFile } from "../notebooks/components/picture/csv.ts";
import { receiptLines } from "../notebooks/components/receipt/receipt.ts";
import { cardColumns, dayCard, dayFacts } from "../notebooks/components/share/day-card.ts";
import { exitCodes } from "../src/base/errors.ts";
import { type DayData, loadDay, queuesOfDay } from "../src/site/share/share.ts";
import { picturePng, pictureSvg } from "../src/site/share/share-image.ts";
import { axeViolations } from "./axe.ts";
import { runHere } from "./cli-here.ts";
import { openCliKit, run } from "./cli-kit.ts";
import { findChromium, openChromium } from "./site-chromium.ts";
import { type DemoProject, dayFeeds, demoProject } from "./site-demo.ts";

const chromium = findChromium();

describe("share", () => {
  let demo: DemoProject;
  let data: DayData;
  let folder: string;
  const share = (...args: string[]) =>
    runHere(["share", ...args, "--config", demo.project.configFile!], { cwd: folder });
  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  before(async () => {
    demo = await demoProject({ feeds: dayFeeds });
    data = await loadDay(demo.project, undefined, new Date());
    folder = mkdtempSync(join(tmpdir(), "asapp-share-"));
  });

  after(() => {
    demo?.delete();
    rmSync(folder, { recursive: true, force: true });
  });

  it("draws the newest day of all queues, to a file named after them", async () => {
    const { code, stdout, stderr } = await run(["share", "wfm", "--config", demo.project.configFile!], {
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    const name = `wfm-all-queues-${data.day}.png`;
    assert.ok(stdout.startsWith(`${name}  `), stdout);
    const { width, height, pixel } = readPng(readFileSync(join(folder, name)));
    assert.equal(width, 1760);
    assert.deepEqual(pixel(0, 0), [255, 255, 255, 255]);
    // the headline is there though no font of the machine is read
    let dark = 0;
    for (let y = 100; y < 190; y++) for (let x = 64; x < 1600; x++) if (pixel(x, y)[0]! < 80) dark++;
    assert.ok(dark > 3000 && height > 1000, `${dark} dark pixels`);
  });

  it("draws the day as it was known at a moment, and says so", async () => {
    const noon = `${data.day} 12:00`;
    const { code, stdout, stderr } = await share("wfm", "--as-of", noon, "--format", "svg");
    assert.equal(code, 0, stderr);
    const name = `wfm-all-queues-${data.day}-known-at-${noon.replace(/\D/g, "")}.svg`;
    assert.ok(stdout.startsWith(`${name}  `), stdout);
    assert.match(stderr, new RegExp(`^as known at ${noon} .*by the times of the markers`));
    const said = [/aria-label="[^"]*/g, /<desc>.*?<\/desc>/gs, /<text.*?<\/text>/gs].map(
      (place) =>
        read(name)
          .match(place)!
          .join(" ")
          .match(/as known at/gi)?.length,
    );
    assert.deepEqual(said, [1, 2, 2], "the kicker in each, the note in the last two");
    const past = await loadDay(demo.project, undefined, new Date(), "usual", {
      moment: data.days.length ? new Date(`${data.day}T17:00:00Z`) : new Date(),
    });
    const sum = ({ series }: DayData) =>
      series.find(({ queue }) => queue === allQueues)!.assigned.reduce<number>((all, count) => all + (count ?? 0), 0);
    assert.ok(sum(past) > 0 && sum(past) < sum(data), `${sum(past)} of ${sum(data)}`);
  });

  it("gives the same bytes for the same card", () => {
    const card = dayCard(dayFacts(data, allQueues, 15));
    assert.deepEqual(picturePng(card), picturePng(card));
  });

  it("draws the numbers of the dataset, to the hundredth of a contact", async () => {
    const queue = queuesOfDay(data)[1]!;
    assert.equal((await share("wfm", "--queue", queue.toUpperCase(), "--interval", "30", "-o", "card.svg")).code, 0);
    const facts = dayFacts(data, queue, 30);
    const [volume, service] = groups(read("card.svg"));
    const known = facts.rows.filter((row) => (offered(row) ?? 0) > 0 && row.state !== "partial"); // a running one is paler
    const up = scaleOf(volume!, Number);
    const bars = (fill: string) =>
      elements(volume!, "rect")
        .filter((bar) => bar.fill === fill)
        .map((bar) => up(Number(bar.y)) - up(Number(bar.y) + Number(bar.height)));
    close(
      bars("#2f6fb7"),
      known.map((row) => row.assigned!),
    );
    close(
      bars("#d9691a"),
      known.map((row) => row.abandoned!),
    );
    const level = serviceLevelOf(facts.site);
    const levels = facts.rows.map((row) => level(row)).filter((value) => value !== null);
    const percent = scaleOf(service!, (text) => Number.parseFloat(text) / 100);
    close(
      elements(service!, "circle").map((dot) => percent(Number(dot.cy))),
      levels,
    );
  });

  it("makes a drawing that stands alone", async () => {
    await share("wfm", "-o", "alone.svg");
    const svg = read("alone.svg");
    assert.doesNotMatch(svg.replace(/<style>.*?<\/style>/, ""), /var\(|light-dark|color-mix| class=| style=/);
    assert.doesNotMatch(svg, /(?:href|src)="?(?!#)\w|url\((?!#|data:)/);
    assert.match(svg, /@font-face\{font-family:Inter;font-weight:600;src:url\(data:font\/woff2;base64,/);
    const { site } = data;
    for (const text of [
      site.title,
      "Wednesday 16 September 2026",
      "per 15 minutes",
      "Times in America/New_York",
      "Data through Wed 16 Sep, 14:15",
      "Source: queue_wfm",
      "n = ",
      "Generated ",
      `Answered within ${site.seconds} s / (answered + abandoned)`,
      "target 80%",
    ])
      assert.ok(svg.includes(text), text);
    assert.ok(!svg.includes("Contacts offered per interval ["), "no readout");
  });

  it("writes what is plotted as CSV", async () => {
    await share("wfm", "--interval", "60", "-o", "day.csv");
    const facts = dayFacts(data, allQueues, 60);
    const [line = null] = receiptLines(read("day.csv"));
    const receipt = { label: "Receipt", value: (row: object) => (row === facts.rows[0] ? line : null) };
    assert.equal(read("day.csv"), csvFile(csv([...cardColumns(facts), receipt], facts.rows)));
    assert.equal(read("day.csv").trimEnd().split("\r\n").length, 25);
    assert.ok(read("day.csv").includes(`${data.day}T04:00:00.000Z,${data.day} 00:00 EDT,`));
  });

  it("writes the plotted values as a workbook: a sheet for each chart, definitions, provenance", async () => {
    await share("wfm", "--interval", "60", "-o", "day.xlsx");
    const parts = unzipSync(readFileSync(join(folder, "day.xlsx")));
    const part = (name: string) => strFromU8(parts[`xl/${name}.xml`]!);
    const names = [...part("workbook").matchAll(/<sheet name="([^"]+)"/g)].map(([, name]) => name);
    assert.deepEqual(names, ["Volume", "Service level", "Waits", "Definitions", "Provenance"]);
    const facts = dayFacts(data, allQueues, 60);
    const volume = [...part("worksheets/sheet1").matchAll(/<c r="E(\d+)"[^>]*><v>(\d+)</g)].map(([, , n]) => Number(n));
    assert.deepEqual(
      volume,
      facts.rows.map(offered).filter((n) => n !== null),
    );
    assert.ok(part("worksheets/sheet5").includes(data.site.timezone));
  });

  it("plots the numbers of the CSV file and no others, whatever the day is compared with", () => {
    const weeks = ({ assigned }: QueueDay) =>
      Array.from({ length: 8 }, (_, week) =>
        assigned.map((count, i) => (count === null ? null : count + ((week * i) % 5))),
      );
    const series = data.series.map((day) => ({ ...day, weeks: weeks(day) }));
    for (const comparison of ["usual", "last", "none"] as const) {
      const facts = dayFacts({ ...data, series, comparison }, queuesOfDay(data)[1]!, 30);
      const [volume, service, waits] = groups(pictureSvg(dayCard(facts)));
      const table = numbers(csv(cardColumns(facts), facts.rows));
      const plotted = (name: string) => table[name]!.filter((value) => value !== null);
      const up = scaleOf(volume!, Number);
      const bars = (fill: string) =>
        elements(volume!, "rect")
          .filter((bar) => bar.fill === fill)
          .map((bar) => up(Number(bar.y)) - up(Number(bar.y) + Number(bar.height)));
      const steps = (look: Record<string, string>) =>
        elements(volume!, "path")
          .filter((path) => Object.entries(look).every(([name, value]) => path[name] === value))
          .flatMap(({ d }) => stepsOf(d!).map(up));
      const some = facts.rows.map((row) => (offered(row) ?? 0) > 0 && row.state !== "partial"); // a running one is paler
      close(
        bars("#2f6fb7"),
        table["Assigned (contacts)"]!.filter((_, i) => some[i]).map((value) => value!),
      );
      close(
        bars("#d9691a"),
        table["Abandoned (contacts)"]!.filter((_, i) => some[i]).map((value) => value!),
      );
      const [usual, last] = [steps(usualLook), steps(lastLook)];
      if (comparison === "usual") close(usual, plotted("Usual (contacts)"));
      else assert.deepEqual([usual, table["Usual (contacts)"]], [[], undefined]);
      if (comparison === "none") assert.deepEqual([last, table["A week before (contacts)"]], [[], undefined]);
      else close(last, plotted("A week before (contacts)"));
      assert.ok(comparison === "none" || last.length > 10);
      const percent = scaleOf(service!, (text) => Number.parseFloat(text) / 100);
      close(
        elements(service!, "circle").map((dot) => percent(Number(dot.cy))),
        plotted("Service level (share, 0 to 1)"),
      );
      const seconds = scaleOf(waits!, (text) => {
        const [minutes, rest] = text.split(":").map(Number);
        return minutes! * 60 + rest!;
      });
      close(
        elements(waits!, "rect")
          .filter(({ fill }) => fill?.startsWith("#") && fill !== "#e9e7e1") // bars of any paleness, without closed hours
          .map((bar) => Math.round(seconds(Number(bar.y)))),
        plotted("Wait (mean seconds)")
          .filter((value) => value > 0)
          .map(Math.round),
      );
    }
  });

  it("compares with what --compare names, in words, drawing and file alike", {
    skip: !chromium,
  }, async () => {
    const lead = async (...args: string[]) => {
      const { code, stdout, stderr } = await share("wfm", "-o", "compared.svg", "--json", ...args);
      assert.equal(code, 0, stderr);
      return { lead: (JSON.parse(stdout) as { lead: string }).lead, svg: read("compared.svg"), stderr };
    };
    const last = await lead("--compare", "last-week");
    assert.doesNotMatch(last.lead, /against/, "the first hours of that day are not here");
    assert.ok(last.svg.includes("A week before: Wednesday 9 September 2026"));
    const nothing = await lead("--compare", "nothing");
    assert.doesNotMatch(nothing.lead + nothing.svg, /against|A week before|The usual/);
    const before = await lead("--compare", "last-week", "--date", data.days[0]!.day);
    assert.match(before.stderr, /no intraday data for 2026-09-0\d: nothing to compare/);
    const wrong = await share("wfm", "--compare", "last");
    assert.equal(wrong.code, exitCodes.usage);
    assert.match(wrong.stderr, /last-week/);
    await share("wfm", "--compare", "last-week", "--html", "-o", "compared.html");
    const browser = await openChromium(chromium!);
    try {
      const page = await browser.newPage();
      await page.goto(pathToFileURL(join(folder, "compared.html")).href);
      assert.match((await page.locator(".lead").textContent())!, /contacts offered by 14:15, /);
      assert.match((await page.locator("#volume figcaption").textContent())!, /A week before: Wednesday 9/);
    } finally {
      await browser.close();
    }
  });

  it("writes a PDF of one page, with text in the picture's font", async () => {
    await share("wfm", "-o", "day.pdf");
    const pdf = readFileSync(join(folder, "day.pdf")).toString("latin1");
    assert.match(pdf, /^%PDF-1/);
    assert.equal(pdf.match(/\/Type \/Page\b/g)?.length, 1);
    assert.match(pdf, /\+Inter-SemiBold/);
    assert.ok(pdf.length < 100_000, `${pdf.length} bytes`);
  });

  it("writes one HTML file that works offline, with filters and a table", { skip: !chromium }, async () => {
    const [, queue, other] = queuesOfDay(data);
    await share("wfm", "--html", "-o", "all.html");
    await share("wfm", "--queue", queue!, "-o", "one.html");
    assert.ok(!read("one.html").includes(other!), "holds its own queue alone");
    assert.match(read("all.html"), /Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/);
    const browser = await openChromium(chromium!);
    try {
      for (const scripted of [true, false]) {
        const context = await browser.newContext({ offline: true, javaScriptEnabled: scripted });
        const page = await context.newPage();
        const problems: string[] = [];
        page.on("console", (message) => problems.push(message.text()));
        page.on("pageerror", (error) => problems.push(error.message));
        page.on("request", (request) => {
          if (!request.url().startsWith("file:")) problems.push(request.url());
        });
        await page.goto(pathToFileURL(join(folder, "all.html")).href);
        if (scripted) {
          const before = await page.locator("h1").textContent();
          await page.locator("select").selectOption(queue!);
          await page.getByText("60 min", { exact: true }).click();
          await page.waitForFunction((text) => document.querySelector("h1")?.textContent !== text, before);
          assert.ok((await page.locator("h1").textContent())!.startsWith(queue!));
          const sum = await page.locator(".kit-card .card-value").first().textContent();
          const total = dayFacts(data, queue!, 60).rows.reduce((all, row) => all + (offered(row) ?? 0), 0);
          assert.equal(sum, total.toLocaleString("en-US"));
          assert.ok((await page.locator(".interval-table tbody tr").count()) <= 24);
          assert.equal(await page.locator("#volume svg.panel").count(), 1);
          for (const colorScheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme });
            assert.deepEqual(await axeViolations(page), [], colorScheme);
          }
          await page.goto(pathToFileURL(join(folder, "one.html")).href);
          assert.equal(await page.locator("select").count(), 0);
        } else {
          assert.equal(await page.locator(".shared-still svg").count(), 1);
          assert.ok((await page.locator("table tbody tr").count()) > 20);
        }
        assert.deepEqual(problems, []);
        await context.close();
      }
    } finally {
      await browser.close();
    }
  });

  it("shows the same intervals in a file of one queue as on the page", async () => {
    const { sharedPage } = await import("../src/site/share/share-html.ts");
    const options = { grain: 15 as const, generated: "" };
    for (const queue of queuesOfDay(data)) {
      const { site, days, day, series } = sharedPage(data, { queue, ...options });
      assert.deepEqual(dayFacts({ site, days, day, series }, queue, 15).rows, dayFacts(data, queue, 15).rows);
    }
  });

  it("writes one file per queue into a folder", async () => {
    const { code, stdout } = await share("wfm", "--all", "--out", "cards/new", "--format", "svg", "--json");
    assert.equal(code, 0);
    const { files } = JSON.parse(stdout) as { files: { queue: string; file: string }[] };
    assert.deepEqual(
      files.map(({ queue }) => queue),
      queuesOfDay(data),
    );
    assert.deepEqual(readdirSync(join(folder, "cards/new")).sort(), files.map(({ file }) => file.slice(10)).sort());
  });

  it("says what is wrong, and what to do", async () => {
    mkdirSync(join(folder, "is.png"));
    writeFileSync(join(folder, "file"), "");
    const queue = data.queues[1]!;
    const cases: [args: string[], exit: keyof typeof exitCodes, says: RegExp][] = [
      [["wfm", "--queue", queue.slice(0, -1)], "usage", new RegExp(`did you mean "${queue}"\\?`)],
      [["wfm", "--queue", "x".repeat(500)], "usage", /no queue is called x{80}…\n {2}next: one of All queues/],
      [["wfm", "--date", "2026-09-01"], "usage", /no intraday data for 2026-09-01.*\n.*the nearest is 2026-09-0\d/],
      [["wfm", "--date", "2099-01-01"], "usage", /2099-01-01 is in the future/],
      [["wfm", "--date", "2026-02-30"], "usage", /not a day like 2026-09-01, today or yesterday/],
      [["wfm", "-o", "card.gif"], "usage", /cannot tell the format from the name: card\.gif/],
      [["wfm", "-o", "card.png", "--html"], "usage", /the file name ends in \.png, but --format is html/],
      [["wfm", "-o", "nowhere/card.png"], "notWritable", /no such folder/],
      [["wfm", "-o", "is.png"], "notWritable", /is a folder: is\.png/],
      [["wfm", "--all", "-o", "file"], "usage", /is a file: file/],
      [["wfm", "--all", "--queue", queue], "usage", /exclude each other/],
      [["wfm", "--interval", "20"], "usage", /not one of 15, 30, 60/],
      [["volume"], "usage", /cannot share volume/],
      [["wfm", "--post", "hooks.test/services/secret"], "usage", /--post needs the http or https address/],
      [["wfm", "--post", "env:NO_SUCH"], "usage", /the variable NO_SUCH is not set/],
    ];
    for (const [args, exit, says] of cases) {
      const { code, stdout, stderr } = await share(...args);
      assert.equal(code, exitCodes[exit], `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, says);
      assert.match(stderr, /\n {2}next: \S/);
      assert.doesNotMatch(stderr, /services/);
      assert.equal(stdout, "");
    }
    assert.ok(!existsSync(join(folder, "nowhere")));
  });

  it("takes queues of any name, and gives each a file of its own", async () => {
    const names = [
      "A/B",
      "a-b",
      "../../etc",
      "🦄",
      "🐴",
      "תמיכה",
      `L${"ong ".repeat(80)}`,
      `L${"ong ".repeat(90)}`,
      "\u202egnilliB",
    ];
    const kit = await openCliKit("timezone: Europe/Berlin\n");
    try {
      const rows = names.map((queue_name, i) => ({
        instance_ts: "2026-09-01T08:00:00+00:00",
        queue_name,
        company_marker: "x",
        total_assignments: 20 + i,
        total_abandons: i,
      }));
      kit.partition("queue_wfm/dt=2026-09-01/hr=08/mi=30", rows);
      assert.equal((await kit.run(["sync"])).code, 0);
      const { code, stdout, stderr } = await kit.run(["share", "wfm", "--all", "-o", "out", "--json"]);
      assert.equal(code, 0, stderr);
      const { files } = JSON.parse(stdout) as { files: { queue: string; file: string }[] };
      assert.equal(files.length, names.length + 1);
      const written = readdirSync(join(kit.folder, "out"));
      assert.equal(new Set(written.map((name) => name.toLowerCase())).size, names.length + 1);
      for (const name of written) {
        assert.match(name, /^wfm-[\p{L}\p{N}\p{M}-]+\.png$/u);
        assert.ok(Buffer.byteLength(name) < 200);
      }
      const html = await runHere(["share", "wfm", "--queue", "תמיכה", "-o", "x.pdf"], { cwd: kit.folder });
      assert.equal(html.code, 0, html.stderr);
    } finally {
      await kit.close();
    }
  });

  it("says when there is no WFM data, or no column to count by", async () => {
    const kit = await openCliKit("timezone: UTC\n");
    try {
      const none = await kit.run(["share", "wfm"]);
      assert.equal(none.code, exitCodes.noWfmData, none.stderr);
      assert.match(none.stderr, /queue_wfm has no rows here/);
      const row = { instance_ts: "2026-09-01T08:00:00+00:00", queue_name: "Billing", offered_total: 3 };
      kit.partition("queue_wfm/dt=2026-09-01/hr=08/mi=30", [row]);
      assert.equal((await kit.run(["sync"])).code, 0);
      const odd = await runHere(["share", "wfm"], { cwd: kit.folder });
      assert.equal(odd.code, exitCodes.noWfmData, odd.stderr);
      assert.match(odd.stderr, /no column of queue_wfm counts contacts: assignments \(/);
    } finally {
      await kit.close();
    }
  });

  it("leaves a metric without a column out, and says so", async () => {
    const kit = await openCliKit("timezone: UTC\n");
    try {
      kit.partition("queue_wfm/dt=2026-09-01/hr=08/mi=30", [
        { instance_ts: "2026-09-01T08:00:00+00:00", queue_name: "Billing", total_assignments: 4, total_abandons: 1 },
      ]);
      assert.equal((await kit.run(["sync"])).code, 0);
      const { code, stderr } = await runHere(["share", "wfm", "-o", "a.svg"], { cwd: kit.folder });
      assert.equal(code, 0, stderr);
      assert.match(stderr, /queue_wfm has no column for .*within_threshold/);
      assert.match(readFileSync(join(kit.folder, "a.svg"), "utf8"), /No column is known for/);
    } finally {
      await kit.close();
    }
  });
});

describe("file names", () => {
  it("keep letters of any script, and nothing that a file system minds", () => {
    assert.equal(fileName("wfm", "Billing & Returns", "2026-09-01"), "wfm-billing-returns-2026-09-01");
    assert.equal(fileName("wfm", "../CON: <a>|?*\\", "2026-09-01"), "wfm-con-a-2026-09-01");
    assert.equal(fileName("wfm", "Größe 東京", "2026-09-01"), "wfm-größe-東京-2026-09-01");
    assert.equal(fileName("wfm", "🦄", "2026-09-01"), "wfm-2026-09-01");
    assert.ok(Buffer.byteLength(fileName("wfm", "東".repeat(500), "2026-09-01")) < 200);
  });
});

describe("a picture", () => {
  it("keeps a queue's name from writing into it", () => {
    const parts = { lead: "", charts: [], notes: [] };
    const svg = pictureSvg({ ...parts, kicker: '<script>"&\u0000\u202e', title: "x".repeat(3000) });
    assert.ok(!["<script>", "\u0000", "\u202e"].some((text) => svg.includes(text)));
    assert.match(svg, /&#60;script&#62;&#34;&#38;\ufffd/);
    assert.equal(svg.match(/font-size="25"/g)?.length, 3, "a title has three lines at most");
    assert.match(svg, /x…<\/text>/);
  });
});

// The groups that hold the charts of a card, in order.
function groups(svg: string): string[] {
  return svg.split(/(?=<g transform="translate\(32 )/).slice(1);
}

function elements(svg: string, name: string): Record<string, string>[] {
  return [...svg.matchAll(new RegExp(`<${name}\\b([^>]*)>`, "g"))]
    .map(([, text]) =>
      Object.fromEntries([...text!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
    )
    .filter((found) => !("rx" in found));
}

const usualLook = { "stroke-width": "1.4" };
const lastLook = { stroke: "#5f6b76", "stroke-dasharray": "1.5 3" };

// The heights of a line of steps: each but the last starts a step, and its first corner ends the one before.
function stepsOf(d: string): number[] {
  const corners = [...d.matchAll(/[\d.]+,([\d.]+)/g)].map(([, y]) => Number(y));
  return corners.filter((_, i) => i % 2 === 0).slice(0, -1);
}

// The columns of a CSV file by their headers; null where there is no number.
function numbers(text: string): Record<string, (number | null)[]> {
  const [header, ...rows] = text
    .trimEnd()
    .split("\r\n")
    .map((line) => [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, bare]) => quoted ?? bare!));
  return Object.fromEntries(
    header!.map((name, i) => [name, rows.map((row) => (row[i] === "" ? null : Number(row[i])))]),
  );
}

// From a place on the vertical axis to its value, by the labels of the axis.
function scaleOf(svg: string, read: (text: string) => number): (y: number) => number {
  const labels = [...svg.matchAll(/<text x="[\d.]+" y="([\d.]+)" dy="0.32em" text-anchor="end"[^>]*>([^<]+)</g)];
  const [first, last] = [labels[0]!, labels.at(-1)!];
  const [y0, y1, v0, v1] = [Number(first[1]), Number(last[1]), read(first[2]!), read(last[2]!)];
  return (y) => v0 + ((y - y0) / (y1 - y0)) * (v1 - v0);
}

function close(found: number[], wanted: number[]): void {
  assert.equal(found.length, wanted.length);
  for (const [i, value] of found.entries())
    assert.ok(Math.abs(value - wanted[i]!) < 0.01, `${i}: ${value} for ${wanted[i]}`);
}

// Eight bits of RGBA without interlacing, as resvg writes it.
function readPng(png: Buffer) {
  assert.equal(png.toString("latin1", 1, 4), "PNG");
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  assert.deepEqual([png[24], png[25], png[28]], [8, 6, 0]);
  const data: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * 4;
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++)
    for (let i = 0; i < stride; i++) {
      const left = i < 4 ? 0 : pixels[y * stride + i - 4]!;
      const up = y === 0 ? 0 : pixels[(y - 1) * stride + i]!;
      const corner = i < 4 || y === 0 ? 0 : pixels[(y - 1) * stride + i - 4]!;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][raw[y * (stride + 1)]!]!;
      pixels[y * stride + i] = raw[y * (stride + 1) + 1 + i]! + guess;
    }
  return {
    width,
    height,
    pixel: (x: number, y: number) => [...pixels.subarray(y * stride + x * 4, y * stride + x * 4 + 4)],
  };
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
