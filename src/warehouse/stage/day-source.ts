import { join } from "node:path";
import type { FileDetail } from "../snapshot/snapshot.ts";
import { cleanFile } from "./careful.ts";
import type { CountedFile, ListedFile } from "./day-files.ts";
import type { DayTypes } from "./discover.ts";
import type { QuarantineFile } from "./quarantine.ts";
import type { StageQuery } from "./stage-sql.ts";

/** The lines of a day: of its files as they are, or of cleaned ones. */
export interface DaySource {
  query: Pick<StageQuery, "files" | "longest" | "cleaned">;
  details: FileDetail[]; // of each file
  types: DayTypes;
}

type TypesOf = (query: DaySource["query"]) => DayTypes;

/** The files as they were unpacked. */
export function rawSource(files: readonly ListedFile[], counted: readonly CountedFile[], typesOf: TypesOf): DaySource {
  const details = files.map(({ path, run, md5 }, i) => {
    const { lines } = counted[i]!;
    return { file: path, md5, run, lines, blank: 0, rows: lines, quarantined: 0 };
  });
  return sourceOf(details, (_, i) => counted[i]!.readAt, { longest: 0, cleaned: false }, typesOf);
}

/** The files with their lines cleaned, written below `folder`: each an object, what is none in quarantine. */
export async function cleanedSource(
  data: string,
  files: readonly ListedFile[],
  folder: string,
  quarantine: QuarantineFile,
  typesOf: TypesOf,
): Promise<DaySource> {
  const cleanedAt = (path: string) => join(folder, `${path}.clean`);
  const details: FileDetail[] = [];
  let longest = 0;
  for (const { path, run, md5 } of files) {
    const { longest: bytes, ...counts } = await cleanFile(join(data, "raw", path), cleanedAt(path), (line) =>
      quarantine.add({ file: path, ...line }),
    );
    details.push({ file: path, md5, run, ...counts });
    longest = Math.max(longest, bytes);
  }
  return sourceOf(details, ({ file }) => cleanedAt(file), { longest, cleaned: true }, typesOf);
}

function sourceOf(
  details: FileDetail[],
  readAt: (detail: FileDetail, index: number) => string,
  how: Pick<StageQuery, "longest" | "cleaned">,
  typesOf: TypesOf,
): DaySource {
  const files = details.map((detail, i) => ({ path: readAt(detail, i), ...detail }));
  const query = { files: files.filter(({ rows }) => rows > 0), ...how };
  return { query, details, types: typesOf(query) };
}
