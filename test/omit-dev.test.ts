import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { kitRoot } from "../src/base/kit-folders.ts";

// What `npm ci --omit=dev` leaves: the sources, and the packages that are not for development alone.
describe("a clone without development packages", () => {
  const folder = mkdtempSync(join(tmpdir(), "asapp-omit-dev-"));
  const node = (...rest: string[]) => execFileSync(process.execPath, rest, { cwd: folder, encoding: "utf8" });

  before(() => {
    const parts = ["bin", "data-loaders", "feeds.yaml", "notebooks", "scripts", "src", "package.json"];
    for (const part of [...parts, "observablehq.config.js", "observablehq.config.ts", "tsconfig.json"])
      cpSync(join(kitRoot, part), join(folder, part), {
        recursive: true,
        filter: (file) => !/notebooks.(data|\.observablehq)$/.test(file),
      });
    const { packages } = JSON.parse(readFileSync(join(kitRoot, "package-lock.json"), "utf8"));
    for (const [name, { dev }] of Object.entries<{ dev?: boolean }>(packages)) {
      const isTop = name.lastIndexOf("node_modules/") === 0;
      if (!isTop || dev === true || !existsSync(join(kitRoot, name))) continue;
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      symlinkSync(join(kitRoot, name), join(folder, name), "junction");
    }
    cpSync(join(kitRoot, "package-lock.json"), join(folder, "package-lock.json"));
    writeFileSync(join(folder, "kit.yaml"), "source: {path: bucket}\ntimezone: America/New_York\n");
    mkdirSync(join(folder, "bucket"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("compiles, answers SQL and builds the site", () => {
    assert.equal(existsSync(join(folder, "node_modules", "typescript")), false);
    node("scripts/compile.js");
    assert.match(node("bin/asapp-kit.js", "sql", "select 41 + 1 as n", "--format", "csv"), /^n\r?\n42\b/);
    node("bin/asapp-kit.js", "build", "--no-sync");
    assert.ok(existsSync(join(folder, "site", "today.html")));
  });
});
