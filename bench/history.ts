// Hours of convos_metrics: wide rows, each key delivered three times.
import type { Column } from "../src/export/feed.ts";
import { loadRegistry } from "../src/export/registry.ts";
import type { RawFixture } from "../test/raw-fixture.ts";

export const feed = loadRegistry().get("convos_metrics")!;

const firstHour = Date.UTC(2025, 0, 1);
const hourMs = 3_600_000;
const bodies = 4096;

/** Fills a project with `hours` partitions of `rows` rows each, and returns the bytes of JSON. */
export function fill({ put }: Pick<RawFixture, "put">, hours: number, rows: number): number {
  let bytes = 0;
  for (let h = 0; h < hours; h++) {
    const text = hour(h, rows);
    bytes += text.length;
    put(feed.name, at(h), text, { level: 1 });
  }
  return bytes;
}

/** The partition of an hour, counted from the first: "2025-01-01 05". */
export function at(h: number): string {
  return new Date(firstHour + h * hourMs).toISOString().slice(0, 13).replace("T", " ");
}

/** The lines of an hour: issues that begin in it, one hour before it, and three hours before it. */
export function hour(h: number, rows: number): Buffer {
  const part = Math.ceil(rows / 3);
  const lines: string[] = [];
  for (let i = 0; i < rows; i++) {
    const begun = h - [0, 1, 3][Math.floor(i / part)]!;
    const issue = 1_000_000 + (begun + 3) * part + (i % part);
    const start = new Date(firstHour + begun * hourMs + (i % part) * 1000).toISOString().slice(0, -1);
    lines.push(`{"issue_id":${issue},"first_utterance_ts":"${start}000+00:00",${body(issue % bodies)}}\n`);
  }
  return Buffer.from(lines.join(""), "latin1");
}

const others = feed.columns.filter(({ name }) => name !== "issue_id" && name !== "first_utterance_ts");
const made: string[] = [];

// The rest of a row. There are so many that none recurs within gzip's window.
function body(number: number): string {
  made[number] ??= JSON.stringify(
    Object.fromEntries(others.map((column, i) => [column.name, sample(column, number, i)])),
  ).slice(1, -1);
  return made[number];
}

function sample({ name, type }: Column, number: number, place: number): unknown {
  const random = (Math.imul((number + 1) ^ (place << 20), 0x9e3779b1) >>> 5) / 2 ** 27;
  if (random > 0.9) return null;
  if (type === "TIMESTAMP")
    return new Date(firstHour + Math.floor(random * 1e9)).toISOString().replace("Z", "000+00:00");
  if (type === "DOUBLE") return Math.floor(random * 1_000_000) / 1000;
  if (type === "BIGINT") return Math.floor(random * 50);
  if (type === "BOOLEAN") return random < 0.5;
  if (name === "platform") return ["web", "ios", "android"][Math.floor(random * 3)];
  return name.endsWith("_id") ? 20_000_000 + Math.floor(random * 10_000_000) : `word_${Math.floor(random * 100)}`;
}
