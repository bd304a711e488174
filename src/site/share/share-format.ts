import { extname } from "node:path";
import { CliError } from "../../base/errors.ts";

export const shareFormats = ["png", "svg", "pdf", "html", "csv", "xlsx"] as const;
export type ShareFormat = (typeof shareFormats)[number];

/** The format by --format, --html or the file's extension; null if only a message is to be posted. */
export function shareFormatOf({
  format,
  out,
  all,
  post,
}: {
  format: ShareFormat | undefined;
  out: string | undefined;
  all: boolean;
  post: string | undefined;
}): ShareFormat | null {
  if (all || out === undefined) return format ?? (post !== undefined && !all && out === undefined ? null : "png");
  const ending = extname(out).slice(1).toLowerCase();
  const meant = shareFormats.find((name) => name === ending);
  const list = shareFormats.map((name) => `.${name}`).join(", ");
  if (meant === undefined)
    throw new CliError("usage", `cannot tell the format from the name: ${out}`, `let it end in one of ${list}`);
  if (format !== undefined && format !== meant)
    throw new CliError(
      "usage",
      `the file name ends in .${ending}, but --format is ${format}: ${out}`,
      `let it end in .${format}, or omit --format`,
    );
  return meant;
}
