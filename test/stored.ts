import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Compares a text with `test/output/<name>`. A missing file is written, except in CI; a mismatch is left beside it
 * as `<name>-changed`, to be looked at and then moved over it.
 */
export function stored(name: string, text: string): void {
  const file = fileURLToPath(new URL(`../../test/output/${name}`, import.meta.url));
  const changed = file.replace(/(\.[^./]+)?$/, "-changed$1");
  if (!existsSync(file)) {
    assert.ok(!process.env.CI, `test/output/${name} is missing: run the tests once outside CI`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  rmSync(changed, { force: true });
  const expected = readFileSync(file, "utf8");
  if (text !== expected) writeFileSync(changed, text);
  assert.equal(text, expected, `test/output/${name} differs; compare it with the -changed file beside it`);
}
