import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { daysLater } from "../../notebooks/components/metrics/baseline.ts";
import { unmarked } from "../../notebooks/components/metrics/bidi.ts";
import { fileName } from "../../notebooks/components/metrics/format.ts";
import { allQueues } from "../../notebooks/components/metrics/interval.ts";
import type { Comparison } from "../../notebooks/components/metrics/today.ts";
import type { Grain } from "../../notebooks/components/metrics/windows.ts";
import { csv, csvFile } from "../../notebooks/components/picture/csv.ts";
import { generatedNote, type Picture } from "../../notebooks/components/picture/picture.ts";
import { cardColumns, type DayFacts, dayCard, dayFacts } from "../../notebooks/components/share/day-card.ts";
import { CliError } from "../base/errors.ts";
import type { Project } from "../config/project.ts";
import { columnText, type DayData, loadDay, queueOf, queuesOfDay } from "../site/share/share.ts";
import { picturePng, pictureSvg } from "../site/share/share-image.ts";
import type { Context } from "./command.ts";
import { replaceFile } from "./output-file.ts";
import { type ShareFormat, shareFormatOf } from "./share-format.ts";

export interface ShareWish {
  queue: string | undefined; // All queues; in HTML, all to choose from
  date: string | undefined; // the newest day with data
  grain: Grain;
  comparison: Comparison;
  format: ShareFormat | undefined;
  out: string | undefined; // a file, or with `all` a folder
  all: boolean;
  post: string | undefined; // a webhook
  image: string | undefined; // address of the picture, for the message
  link: string | undefined; // address of the page, for the message
}

export interface SharedFile {
  queue: string;
  file: string;
  bytes: number;
}

export interface Shared {
  day: string;
  title: string;
  lead: string;
  files: SharedFile[];
  posted: string | null; // the webhook's host
}

/** Makes the files and posts the message that were asked for. Arguments are checked before any data is read. */
export async function runShare(project: Project, wish: ShareWish, context: Context): Promise<Shared> {
  const { output, now, signal } = context;
  const format = shareFormatOf(wish);
  const post = wish.post === undefined ? undefined : await import("../site/share/share-post.ts");
  const host = post?.webhookHost(wish.post!) ?? null;
  if (wish.all && statSync(wish.out ?? ".", { throwIfNoEntry: false })?.isFile())
    throw new CliError("usage", `is a file: ${wish.out}`, "--all writes one file per queue: name a folder");
  const data = await loadDay(project, wish.date, now, wish.comparison);
  if (data.missing.length > 0)
    output.warn(
      `queue_wfm has no column for ${data.missing.map(columnText).join(", ")}: left out`,
      "asapp-kit wfm columns shows what came, and maps it",
    );
  if (wish.comparison === "last" && data.weekBefore.length === 0)
    output.warn(
      `no intraday data for ${daysLater(data.day, -7)}: nothing to compare the headline with`,
      "--compare usual takes the median of the weeks before",
    );
  const queues = wish.all ? queuesOfDay(data) : [chosenQueue(wish.queue, data)];
  const make = await maker(data, wish, now);
  const named = fileNames(queues, data.day);
  const files: SharedFile[] = [];
  if (wish.all) mkdirSync(wish.out ?? ".", { recursive: true });
  if (format !== null)
    for (const [i, queue] of queues.entries()) {
      if (signal.aborted) throw new CliError("interrupted", "interrupted");
      const file = wish.all
        ? join(wish.out ?? ".", `${named[i]}.${format}`)
        : (wish.out ?? `${named[i]}.${format}`);
      const content = await make.file(queue, format);
      await replaceFile(file, async (path) => writeFileSync(path, content));
      files.push({ queue, file, bytes: Buffer.byteLength(content) });
      if (wish.all) output.progress({ step: "drawing", done: i + 1, total: queues.length, unit: "queues" });
    }
  const card = make.card(queues[0]!);
  if (post)
    await post.postMessage(wish.post!, post.slackMessage(card, wish), {
      signal,
      onRetry: (reason) => output.warn(`${reason}; trying again`),
    });
  const { title, lead } = card;
  return { day: data.day, title: unmarked(title), lead: unmarked(lead), files, posted: host };
}

// What is made of one queue. The script of HTML files is bundled once.
async function maker(data: DayData, { grain, queue: named, all }: ShareWish, now: Date) {
  const generated = generatedNote(now, data.site.timezone);
  const facts = (queue: string) => dayFacts(data, queue, grain);
  const cardOf = (of: DayFacts): Picture => {
    const card = dayCard(of);
    const missing = data.missing.map(columnText).join(", ");
    const notes = missing ? [...card.notes, `No column is known for ${missing}.`] : card.notes;
    return { ...card, notes: [...notes, generated] };
  };
  let script: string | undefined;
  return {
    card: (queue: string) => cardOf(facts(queue)),
    async file(queue: string, format: ShareFormat): Promise<string | Uint8Array> {
      const of = facts(queue);
      if (format === "csv") return csvFile(csv(cardColumns(of), of.rows));
      const card = cardOf(of);
      if (format === "svg") return `${pictureSvg(card)}\n`;
      if (format === "png") return picturePng(card);
      if (format === "pdf") return (await import("../site/share/share-pdf.ts")).picturePdf(card, now);
      const { pageScript, sharedHtml, sharedPage } = await import("../site/share/share-html.ts");
      script ??= await pageScript();
      const fixed = all || named !== undefined ? queue : null;
      return sharedHtml(sharedPage(data, { queue: fixed, grain, generated }), card, of, script);
    },
  };
}

function chosenQueue(name: string | undefined, data: DayData): string {
  if (name === undefined) return allQueues;
  const queue = queueOf(name, data);
  if (queuesOfDay(data).includes(queue)) return queue;
  throw new CliError(
    "usage",
    `${queue} has no data on ${data.day}`,
    "another --date, or --all for the queues that have some",
  );
}

// Names that differ on file systems which take "A" for "a" as well.
function fileNames(queues: readonly string[], day: string): string[] {
  const taken = new Set<string>();
  return queues.map((queue) => {
    for (let n = 1; ; n++) {
      const name = fileName("wfm", queue, n === 1 ? day : `${n}-${day}`);
      const key = name.normalize("NFKD").toLowerCase();
      if (taken.has(key)) continue;
      taken.add(key);
      return name;
    }
  });
}
