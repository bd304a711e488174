import { SourceError } from "../source.ts";
import type { ListPage } from "./s3-listing.ts";

const maxIdlePages = 1000; // S3 returns empty pages while it skips deleted versions, a thousand at a time

/**
 * Guards against a listing that never ends, page by page. Throws SourceError("broken") for a repeated continuation token, a
 * thousand pages without a name that sorts after all earlier ones, more than `maxListed` names, or more than `maxListed` / 100
 * pages.
 */
export class ListingGuard {
  private readonly maxListed: number;
  private readonly tokens = new Set<string>();
  private names = 0;
  private pages = 0;
  private idle = 0; // pages since the last one with a later name
  private last = "";

  constructor(maxListed = Number.POSITIVE_INFINITY) {
    this.maxListed = maxListed;
  }

  add({ objects, folders, next }: ListPage): void {
    this.pages += 1;
    this.names += objects.length + folders.length;
    let greatest = this.last;
    for (const { key } of objects) if (key > greatest) greatest = key;
    for (const folder of folders) if (folder > greatest) greatest = folder;
    this.idle = greatest > this.last ? 0 : this.idle + 1;
    this.last = greatest;
    if (next === null) return;
    if (this.tokens.has(next)) throw endless("a continuation token came for the second time");
    this.tokens.add(next);
    if (this.idle >= maxIdlePages) throw endless(`${maxIdlePages} pages had no further name`);
    if (this.names > this.maxListed || this.pages > Math.max(maxIdlePages, this.maxListed / 100))
      throw endless(
        `${this.names} names on ${this.pages} pages and no end; if the bucket has that many, raise \`sync.max_listed\` (${this.maxListed}) in kit.yaml`,
      );
  }
}

function endless(why: string): SourceError {
  return new SourceError("broken", `the listing does not end: ${why}`);
}
