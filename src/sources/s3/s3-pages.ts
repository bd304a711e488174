import { SourceError } from "../source.ts";
import type { ListPage } from "./s3-listing.ts";

const idlePages = 1000; // S3 gives empty ones where it passes over deleted versions, a thousand at a time

/**
 * Watches a listing page by page. Throws SourceError("broken") when it cannot come to an end: a token that came before, a
 * thousand pages without a name that sorts after all before, more than `maxListed` names, or a page for each hundred of them.
 */
export class ListingWatch {
  private readonly maxListed: number;
  private readonly tokens = new Set<string>();
  private names = 0;
  private pages = 0;
  private idle = 0; // pages since the last that went on
  private last = "";

  constructor(maxListed = Number.POSITIVE_INFINITY) {
    this.maxListed = maxListed;
  }

  see({ objects, folders, next }: ListPage): void {
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
    if (this.idle >= idlePages) throw endless(`${idlePages} pages brought no further name`);
    if (this.names > this.maxListed || this.pages > Math.max(idlePages, this.maxListed / 100))
      throw endless(
        `${this.names} names on ${this.pages} pages and no end; if there are so many, raise \`sync.max_listed\` (${this.maxListed}) in kit.yaml`,
      );
  }
}

function endless(why: string): SourceError {
  return new SourceError("broken", `the listing does not end: ${why}`);
}
