import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { filesBelow, kitRoot } from "../src/base/kit-folders.ts";
import { openProject } from "../src/config/project.ts";
import { inputsOfAllDatasets } from "../src/site/dataset-inputs.ts";
import { fillFrameworkCache, refuseNetwork } from "../src/site/framework-cache.ts";

describe("Framework's library cache", () => {
  let cache: string;

  before(async () => {
    cache = mkdtempSync(join(tmpdir(), "asapp-cache-"));
    await fillFrameworkCache(cache);
  });

  after(() => rmSync(cache, { recursive: true, force: true }));

  const version = (name: string) =>
    JSON.parse(readFileSync(join(kitRoot, "node_modules", name, "package.json"), "utf8")).version;

  it("holds the versions of node_modules under the names that Framework looks for", () => {
    for (const name of ["d3", "@observablehq/plot"]) {
      assert.ok(statSync(join(cache, "_npm", `${name}@${version(name)}`, "_esm.js")).size > 0);
      assert.ok(statSync(join(cache, "_node", `${name}@${version(name)}`, "index.js")).size > 0);
    }
    assert.ok(readdirSync(join(cache, "_npm")).includes("lodash@0.0.0-not-included"));
  });

  it("imports nothing but its own files", () => {
    for (const folder of ["_npm", "_node"]) {
      const files = readdirSync(join(cache, folder), { recursive: true }).map(String);
      for (const file of files.filter((name) => name.endsWith(".js"))) {
        const text = readFileSync(join(cache, folder, file), "utf8");
        for (const [, target] of text.matchAll(/(?:from|import)\s*"([^"]+)"/g)) assert.match(target!, /^\.\.?\//, file);
      }
    }
  });

  it("is filled once", async () => {
    const file = join(cache, "_npm", `d3@${version("d3")}`, "_esm.js");
    const { mtimeMs } = statSync(file);
    await fillFrameworkCache(cache);
    assert.equal(statSync(file).mtimeMs, mtimeMs);
  });

  it("is filled by one of several that start at the same time, and again when a part of it is gone", async () => {
    const other = mkdtempSync(join(tmpdir(), "asapp-cache-"));
    try {
      await Promise.all(Array.from({ length: 3 }, () => fillFrameworkCache(other)));
      assert.deepEqual(filesBelow(other), filesBelow(cache));
      rmSync(join(other, "_node"), { recursive: true });
      await fillFrameworkCache(other);
      assert.deepEqual(filesBelow(other), filesBelow(cache));
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it("leaves nothing to download: an attempt is an error that names it", async () => {
    const { fetch } = globalThis;
    try {
      refuseNetwork();
      await assert.rejects(
        globalThis.fetch("https://cdn.example/x.js"),
        /refused to download https:\/\/cdn\.example\/x\.js/,
      );
    } finally {
      globalThis.fetch = fetch;
    }
  });
});

describe("the inputs of all datasets", () => {
  it("change with kit.yaml, and not with an empty data folder", () => {
    const folder = mkdtempSync(join(tmpdir(), "asapp-inputs-"));
    try {
      const config = join(folder, "kit.yaml");
      writeFileSync(config, "data: data\n");
      const inputs = () => inputsOfAllDatasets(openProject(config));
      const first = inputs();
      assert.equal(inputs(), first);
      writeFileSync(config, "data: data\nsite:\n  title: Another\n");
      const second = inputs();
      assert.notEqual(second, first);
      const { data } = openProject(config);
      rmSync(data, { recursive: true, force: true });
      assert.equal(inputs(), second);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
