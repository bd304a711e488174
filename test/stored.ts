import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Compares a text with `test/output/<name>`. A missing file is written, except in CI; a mismatch fails with the first line
 * that differs and is left beside it as `<name>-changed`, to be looked at. `node scripts/test.js --renew NAME…` writes what
 * the tests of these names make over what is stored; a folder of `test/output` is called like its test.
 */
export function stored(name: string, text: string): void {
  kept(`test/output/${name}`, text, dirname(name));
}

/** The same of any file of the kit that is made by a program; `test` is the name of the test that renews it. */
export function kept(name: string, text: string, test: string): void {
  const file = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const changed = file.replace(/(\.[^./]+)?$/, "-changed$1");
  if (process.env.ASAPP_KIT_RENEW || !existsSync(file)) {
    assert.ok(!process.env.CI, `${name} is missing: run the tests once outside CI`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  rmSync(changed, { force: true });
  const expected = readFileSync(file, "utf8");
  if (text === expected) return;
  writeFileSync(changed, text);
  assert.fail(
    `${name} ${firstDifference(expected, text)}\nCompare it with the -changed file beside it, then renew it: node scripts/test.js --renew ${test}`,
  );
}

/** "differs in line 3:" with that line of both texts. */
export function firstDifference(expected: string, text: string): string {
  const [before, after] = [expected.split("\n"), text.split("\n")];
  const at = before.findIndex((line, i) => line !== after[i]);
  const line = at < 0 ? before.length : at;
  return `differs in line ${line + 1}:\n- ${before[line] ?? "(end)"}\n+ ${after[line] ?? "(end)"}`;
}
