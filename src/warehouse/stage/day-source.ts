import { join } from "node:path";
import type { FileDetail } from "../snapshot/snapshot.ts";
import { cleanFile } from "./careful.ts";
import type { CountedFile, ListedFile } from "./day-files.ts";
import type { DayTypes } from "./discover.ts";
import type { QuarantineFile } from "./quarantine.ts";
import type { StageQuery } from "./stage-sql.ts";

/** The lines of a day, from its files as delivered or cleaned. */
export interface DaySource {
  query: Pick<StageQuery, "files" | "longest" | "cleaned">;
  details: FileDetail[]; // of each file
  types: DayTypes;
}

type TypesOf = (query: DaySource["query"]) => DayTypes;

/** The files as delivered. */
export function rawSource(counted: readonly CountedFile[], typesOf: TypesOf): DaySource {
  const files = counted.map(({ file: { path, run, md5 }, lines, readAt }) => ({
    detail: { file: path, md5, run, lines, blank: 0, rows: lines, quarantined: 0 },
    readAt,
  }));
  return sourceOf(files, { longest: 0, cleaned: false }, typesOf);
}

/** The files cleaned, below `folder`: every line an object, other lines in quarantine. */
export async function cleanedSource(
  data: string,
  files: readonly ListedFile[],
  folder: string,
  quarantine: QuarantineFile,
  typesOf: TypesOf,
): Promise<DaySource> {
  const cleaned: ReadableFile[] = [];
  let longest = 0;
  for (const { path, run, md5 } of files) {
    const readAt = join(folder, `${path}.clean`);
    const { longest: bytes, ...counts } = await cleanFile(join(data, "raw", path), readAt, (line) =>
      quarantine.add({ file: path, ...line }),
    );
    cleaned.push({ detail: { file: path, md5, run, ...counts }, readAt });
    longest = Math.max(longest, bytes);
  }
  return sourceOf(cleaned, { longest, cleaned: true }, typesOf);
}

interface ReadableFile {
  detail: FileDetail;
  readAt: string; // absolute
}

function sourceOf(
  files: readonly ReadableFile[],
  how: Pick<StageQuery, "longest" | "cleaned">,
  typesOf: TypesOf,
): DaySource {
  const stageFiles = files.map(({ detail, readAt }) => ({ path: readAt, ...detail }));
  const query = { files: stageFiles.filter(({ rows }) => rows > 0), ...how };
  return { query, details: files.map(({ detail }) => detail), types: typesOf(query) };
}
