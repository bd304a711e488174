import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { filesBelow } from "../src/base/kit-folders.ts";
import { mirrorPages, watchSources } from "../src/site/mirror.ts";
import { until } from "./wait.ts";

describe("a project's copy of the pages", () => {
  let folder: string;
  let root: string;
  let sources: Map<string, string>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "asapp mirror #ü?-"));
    root = join(folder, "work", "pages");
    sources = new Map([
      ["", join(folder, "notebooks")],
      ["data", join(folder, "data-loaders")],
    ]);
    put("notebooks/index.md", "# Overview");
    put("notebooks/components/chart.ts", "export {};");
    put("notebooks/.observablehq/cache/data/days.json", "[]");
    put("notebooks/data/old.sql", "of an older kit");
    put("data-loaders/days.json.sql", "select 1");
    put("data-loaders/intraday/[day].json.sql", "select $day");
    mkdirSync(root, { recursive: true });
    mirrorPages(root, sources);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const text = (path: string) => readFileSync(join(root, path), "utf8");
  const time = (path: string) => statSync(join(root, path)).mtimeMs;

  it("has notebooks/ and the loaders, without what Framework keeps there", () => {
    assert.deepEqual(filesBelow(root), [
      ...["components/chart.ts", "data/days.json.sql", "data/intraday/[day].json.sql", "index.md"],
    ]);
    assert.ok(Math.abs(time("index.md") - statSync(join(folder, "notebooks", "index.md")).mtimeMs) < 1);
  });

  it("follows what is edited, added and removed, and leaves Framework's cache and the rest alone", () => {
    writeFileSync(join(root, "data", "days.json.sql"), "select 1");
    utimesSync(join(root, "data", "days.json.sql"), new Date(), new Date(Date.now() + 5000)); // as after news of data
    const touched = time("data/days.json.sql");
    mkdirSync(join(root, ".observablehq", "cache"), { recursive: true });
    writeFileSync(join(root, ".observablehq", "cache", "kept"), "");
    put("notebooks/index.md", "# Summary!"); // of the same length
    put("notebooks/new.md", "# New");
    rmSync(join(folder, "notebooks", "components"), { recursive: true });
    mirrorPages(root, sources);
    assert.equal(text("index.md"), "# Summary!");
    assert.equal(text("new.md"), "# New");
    assert.ok(filesBelow(root).includes(".observablehq/cache/kept"));
    assert.ok(!filesBelow(root).includes("components/chart.ts"));
    assert.equal(time("data/days.json.sql"), touched);
    put("data-loaders/days.json.sql", "select 2");
    mirrorPages(root, sources);
    assert.equal(text("data/days.json.sql"), "select 2");
    assert.ok(time("data/days.json.sql") > touched, "Framework takes no change that is older");
  });

  it("follows links, once round a circle and not into nothing", () => {
    put("shared/logo.svg", "<svg/>");
    symlinkSync(join(folder, "shared"), join(folder, "notebooks", "shared"));
    symlinkSync(join(folder, "notebooks"), join(folder, "notebooks", "again"));
    symlinkSync(join(folder, "nowhere"), join(folder, "notebooks", "broken.md"));
    mirrorPages(root, sources);
    assert.equal(text("shared/logo.svg"), "<svg/>");
    assert.ok(!filesBelow(root).some((path) => path.includes("again") || path.includes("broken")));
  });

  it("is kept while sources are edited, in new folders too", async () => {
    const end = watchSources(root, sources);
    try {
      const appears = (path: string, wanted: string) =>
        until(`${path} with ${JSON.stringify(wanted)}`, () => filesBelow(root).includes(path) && text(path) === wanted);
      put("notebooks/index.md", "# Edited");
      await appears("index.md", "# Edited");
      put("notebooks/deep/er/page.md", "# Deep");
      await appears("deep/er/page.md", "# Deep");
      put("notebooks/deep/er/page.md", "# Deeper");
      await appears("deep/er/page.md", "# Deeper");
      rmSync(join(folder, "notebooks", "deep"), { recursive: true });
      put("data-loaders/days.json.sql", "select 3");
      await appears("data/days.json.sql", "select 3");
    } finally {
      end();
    }
  });
});
