import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kitRoot } from "../src/base/kit-folders.ts";

/** The example of docs/site.md under "Add a chart": its query and its page, as they stand there. */
export function docsExample(): { query: string; page: string } {
  const docs = readFileSync(join(kitRoot, "docs/site.md"), "utf8");
  const block = (fence: string, language: string) => {
    const found = new RegExp(`^   ${fence}${language}\\n([\\s\\S]*?)^   ${fence}$`, "m").exec(docs)?.[1];
    if (!found) throw new Error(`docs/site.md has no example in ${language}`);
    return found.replace(/^ {3}/gm, "");
  };
  return { query: block("```", "sql"), page: block("````", "md") };
}
