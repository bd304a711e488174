import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesBelow, slashes } from "../base/kit-folders.ts";

/** The file of a dataset's answer and its place in the built site. */
export interface AnswerFile {
  name: string; // days.json
  path: string; // below the site: _file/data/days.868c44ae.json, or data/intraday/2026-11-21.json
  source: string; // absolute
  size: number;
}

/** The answers in a folder, by name. Framework names attached files by their content, and so does this. */
export function answerFiles(folder: string, attached: Set<string>): Map<string, AnswerFile> {
  const answers = new Map<string, AnswerFile>();
  for (const name of filesBelow(folder)) {
    const source = join(folder, name);
    const content = readFileSync(source);
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
    const path = attached.has(name) ? `_file/data/${name.replace(/\.\w+$/, `.${hash}$&`)}` : `data/${name}`;
    answers.set(name, { name, path, source, size: content.length });
  }
  return answers;
}

const registrations = /^registerFile\(("(?:[^"\\]|\\.)*"), (\{.*\})\);?$/gm;
const hashedName = /^_file\/data\/(.+)\.[0-9a-f]{8}(\.\w+)$/;

/** The datasets that a built page attaches from data/, with their files below the site. */
export function filesOf(html: string, page: string): { name: string; path: string }[] {
  return [...html.matchAll(registrations)].flatMap(
    ([, , json = "{}"]) => attachedAt(page, JSON.parse(json).path) ?? [],
  );
}

/** The page without the registrations of its attachments. */
export function withoutAttachments(html: string): string {
  return html.replace(registrations, "");
}

/** The page with its attachments pointed at these answers. `modified` is in milliseconds. */
export function pointPage(html: string, page: string, answers: Map<string, AnswerFile>, modified: number): string {
  return html.replace(registrations, (line, name: string, json: string) => {
    const file = JSON.parse(json) as { path: string };
    const answer = answers.get(attachedAt(page, file.path)?.name ?? "");
    if (answer === undefined) return line;
    const path = slashes(relative(dirname(page), answer.path));
    const entry = {
      ...file,
      path: path.startsWith(".") ? path : `./${path}`,
      lastModified: modified,
      size: answer.size,
    };
    return `registerFile(${name}, ${JSON.stringify(entry)});`;
  });
}

/** Pages of a built site, as paths below it. */
export function pagesOf(site: string): string[] {
  return filesBelow(site).filter((path) => path.endsWith(".html"));
}

function attachedAt(page: string, reference: string): { name: string; path: string } | null {
  const path = slashes(join(dirname(page), reference));
  const match = hashedName.exec(path);
  return match === null ? null : { name: `${match[1]}${match[2]}`, path };
}
