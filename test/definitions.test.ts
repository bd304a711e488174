import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { serviceLevelVariants } from "../notebooks/components/metrics/service-level.ts";
import { definitions } from "../notebooks/components/pages/definitions.ts";
import { type Database, openDatabase } from "../src/duckdb/database.ts";
import { loadRegistry } from "../src/export/registry.ts";
import { macrosScript, readMacros } from "../src/warehouse/catalog/macros.ts";

describe("definitions", () => {
  const macros = readMacros();
  let db: Database;
  before(async () => {
    db = await openDatabase({ threads: 1 });
    await db.run(macrosScript({ timezone: "UTC", variant: "offered" }));
  });
  after(() => db.close());

  it("name functions that exist", async () => {
    for (const { id, component } of definitions) {
      const [file, name] = component;
      const module = await import(new URL(`../notebooks/components/metrics/${file}.js`, import.meta.url).href);
      assert.equal(typeof module[name], "function", `${id}: ${file}.${name}`);
    }
  });

  it("name macros that exist", async () => {
    const { rows } = await db.rows("select function_name from duckdb_functions() where function_type = 'macro'");
    const known = new Set(rows.flat());
    for (const { id, macro } of definitions) if (macro) assert.ok(known.has(macro), `${id}: ${macro}`);
  });

  it("cover every macro that is a metric", () => {
    const helpers = new Set(["Ratios", "Queues", "Time"]);
    const told = new Set(definitions.map(({ macro }) => macro));
    const parts = [
      "service_level_variant",
      "service_parts",
      "weighted_mean",
      "handle_weight",
      "if_enough",
      "whole_agents",
      "chat_factor",
      "contact_blocks",
      "merged_minutes",
      "erlang_b",
      "usual_low",
      "noise_low",
      "wilson_high",
    ];
    const left = macros.filter(({ name, group }) => !helpers.has(group) && !told.has(name)).map(({ name }) => name);
    assert.deepEqual(left.sort(), parts.sort());
    for (const variant of serviceLevelVariants)
      assert.ok(definitions.some(({ id }) => id === `service_level_${variant}`));
  });

  it("name feeds that exist", () => {
    const feeds = loadRegistry();
    for (const { id, feeds: named } of definitions)
      for (const feed of named) assert.ok(feeds.has(feed), `${id}: ${feed}`);
  });

  it("have an id and a name of their own, and one worked number", () => {
    assert.equal(new Set(definitions.map(({ id }) => id)).size, definitions.length);
    assert.equal(new Set(definitions.map(({ name }) => name)).size, definitions.length);
    for (const { id, worked, unit } of definitions) {
      const value = worked.value();
      if (id === "mape") assert.equal(value, null);
      else assert.ok(value !== null && Number.isFinite(value), id);
      if (unit === "share" && value !== null) assert.ok(value >= 0 && value <= 1, id);
    }
  });
});
