import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { siteSidecar } from "../src/site/site-owner.ts";
import { removeAbandoned, restoreSite } from "../src/site/swap.ts";

describe("what a killed build left", () => {
  const { pid: gone } = spawnSync(process.execPath, ["-e", ""]);
  let folder: string;
  let site: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "asapp-left-"));
    site = join(folder, "site");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const put = (path: string) => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "index.html"), path);
  };

  it("is cleared, and nothing else: not of a build that runs, not a folder of somebody's beside the site", () => {
    const beside = siteSidecar(site);
    for (const kind of [".next-", ".old-", "."]) put(`${beside}${kind}${gone}`);
    put(`${beside}.next-${process.ppid}`);
    put(`${beside}.next-`);
    put(`${siteSidecar(join(folder, "site2"))}.next-${gone}`);
    for (const name of ["site", `site.${gone}`, `site.old-${gone}`, "site.2025"]) put(join(folder, name));
    removeAbandoned(beside);
    assert.deepEqual(
      readdirSync(join(folder, ".asapp-kit", "sites")),
      ["site.next-", `site.next-${process.ppid}`, `site2.next-${gone}`].sort(),
    );
    assert.deepEqual(
      readdirSync(folder),
      [".asapp-kit", "site", "site.2025", `site.${gone}`, `site.old-${gone}`].sort(),
    );
    removeAbandoned(join(folder, "nowhere", "site"));
  });

  it("is the former site, where the new one had not been moved into its place", () => {
    const beside = siteSidecar(site);
    put(`${beside}.old-${gone}`);
    put(`${beside}.next-${gone}`);
    restoreSite(site);
    assert.equal(readFileSync(join(site, "index.html"), "utf8"), `${beside}.old-${gone}`);
    put(`${beside}.old-${gone}`);
    restoreSite(site);
    assert.equal(readFileSync(join(site, "index.html"), "utf8"), `${beside}.old-${gone}`);
  });
});
