import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesBelow, slashes } from "../base/kit-folders.ts";

/** A dataset's answer and where the built site has it. */
export interface Answer {
  name: string; // days.json
  path: string; // below the site: _file/data/days.868c44ae.json, or data/intraday/2026-11-21.json
  source: string; // absolute
  size: number;
}

/** The answers in a folder, by name. Those that a page attaches are named by content, as Framework does it. */
export function answersOf(folder: string, attached: Set<string>): Map<string, Answer> {
  const found = new Map<string, Answer>();
  for (const name of filesBelow(folder)) {
    const source = join(folder, name);
    const content = readFileSync(source);
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
    const path = attached.has(name) ? `_file/data/${name.replace(/\.\w+$/, `.${hash}$&`)}` : `data/${name}`;
    found.set(name, { name, path, source, size: content.length });
  }
  return found;
}

const registered = /^registerFile\(("(?:[^"\\]|\\.)*"), (\{.*\})\);?$/gm;
const hashed = /^_file\/data\/(.+)\.[0-9a-f]{8}(\.\w+)$/;

/** What a built page attaches from data/: names of datasets, and the files below the site. */
export function filesOf(html: string, page: string): { name: string; path: string }[] {
  return [...html.matchAll(registered)].flatMap(
    ([, , json]) => attachedAt(page, JSON.parse(json!).path) ?? [],
  );
}

/** The page without what it says of its attachments. */
export function withoutAttachments(html: string): string {
  return html.replace(registered, "");
}

/** The page with these answers for its attachments. `modified`: in milliseconds. */
export function pointPage(
  html: string,
  page: string,
  answers: Map<string, Answer>,
  modified: number,
): string {
  return html.replace(registered, (line, name: string, json: string) => {
    const file = JSON.parse(json) as { path: string };
    const answer = answers.get(attachedAt(page, file.path)?.name ?? "");
    if (answer === undefined) return line;
    const to = slashes(relative(dirname(page), answer.path));
    const facts = {
      ...file,
      path: to.startsWith(".") ? to : `./${to}`,
      lastModified: modified,
      size: answer.size,
    };
    return `registerFile(${name}, ${JSON.stringify(facts)});`;
  });
}

/** Pages of a built site, as paths below it. */
export function pagesOf(site: string): string[] {
  return filesBelow(site).filter((path) => path.endsWith(".html"));
}

function attachedAt(page: string, at: string): { name: string; path: string } | null {
  const path = slashes(join(dirname(page), at));
  const match = hashed.exec(path);
  return match === null ? null : { name: `${match[1]}${match[2]}`, path };
}
