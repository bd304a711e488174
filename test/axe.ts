import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const allRules: RunOptions = {
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
};

/** The rules that depend on the theme and on the width, for a page whose other rules have been checked in another. */
export const looksOnly: RunOptions = {
  resultTypes: ["violations"],
  runOnly: ["color-contrast", "link-in-text-block", "target-size"],
};

/** What axe-core finds wrong on a page: rule and place, one line each. */
export async function axeViolations(page: Page, rules: RunOptions = allRules): Promise<string[]> {
  await page.evaluate(source);
  const { violations } = await page.evaluate(
    (options) => (globalThis as unknown as { axe: { run(o: RunOptions): Promise<AxeResults> } }).axe.run(options),
    rules,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.filter(({ target }) => !isMenuButton(target)).map(({ html }) => `${id}: ${html.slice(0, 200)}`),
  );
}

// Framework's style sheet requires it beside the landmarks.
function isMenuButton([target]: unknown[]): boolean {
  return target === "#observablehq-sidebar-toggle";
}
