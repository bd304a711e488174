import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const imports = new Map(
  [...sources("src"), ...sources("notebooks/components")].map((file) => [file, importsOf(file)]),
);

// Each room, and the rooms it may import from besides itself: those above it alone, so the arrows run one way. A folder
// belongs to the room of the longest name; files directly in src/ are the entry.
const metrics = "notebooks/components/metrics";
const picture = "notebooks/components/picture";
const charts = "notebooks/components/charts";
const pages = "notebooks/components/pages";
const shared = "notebooks/components/share";
const rooms: Record<string, string[]> = {
  [metrics]: [],
  [picture]: [metrics],
  [charts]: [metrics, picture],
  [pages]: [metrics, picture, charts],
  [shared]: [metrics, picture, charts, pages],
  "src/base": [],
  "src/export": ["src/base"],
  "src/http": ["src/base"],
  "src/sources": ["src/base", "src/export", "src/http"],
  "src/config": [metrics, "src/base", "src/export", "src/sources"],
  "src/sync": ["src/base", "src/export", "src/config", "src/sources"],
  "src/duckdb": ["src/base"],
  "src/warehouse/schema": ["src/base", "src/export"],
  "src/warehouse/snapshot": ["src/base", "src/warehouse/schema"],
  "src/warehouse/dedupe": warehouse("schema", "snapshot"),
  "src/warehouse/stage": warehouse("schema", "snapshot", "dedupe"),
  "src/warehouse/current": warehouse("snapshot", "dedupe", "stage"),
  "src/warehouse/wfm": [metrics, ...warehouse("snapshot", "dedupe", "current")],
  "src/warehouse/catalog": [metrics, ...warehouse("schema", "snapshot", "dedupe", "stage", "current", "wfm")],
  "src/warehouse": [
    metrics,
    ...warehouse("schema", "snapshot", "dedupe", "stage", "current", "wfm", "catalog"),
  ],
  "src/site/privacy": [...warehouse("snapshot", "catalog")],
  "src/site": [metrics, "src/site/privacy", ...warehouse("", "snapshot", "wfm", "catalog")],
  "src/site/share": [
    ...[metrics, picture, shared],
    ...["src/http", "src/site", "src/site/privacy", ...warehouse("catalog")],
  ],
  "src/credentials": ["src/base", "src/export", "src/config"],
  "src/demo": ["src/base", "src/export"],
  "src/cli": warehouse("snapshot", "catalog"),
  "src/commands/steps": ["src/cli", "src/site", ...warehouse("", "snapshot", "stage", "wfm", "catalog")],
  "src/commands": [
    ...[metrics, "src/cli", "src/commands/steps", "src/credentials", "src/demo", "src/sources"],
    ...["src/site", "src/site/share", ...warehouse("", "snapshot", "stage", "wfm", "catalog")],
  ],
  src: ["src/base", "src/cli", "src/commands"],
};

function warehouse(...names: string[]): string[] {
  const below = ["src/base", "src/export", "src/config", "src/sync", "src/duckdb"];
  return [...below, ...names.map((name) => (name === "" ? "src/warehouse" : `src/warehouse/${name}`))];
}

// Each outside library has one door.
const doors: Record<string, RegExp> = {
  "@duckdb/node-api": /^src\/duckdb\/duckdb-package\.ts$/,
  "@aws-sdk/client-s3": /^src\/sources\/s3\/s3-sdk\.ts$/,
  undici: /^src\/http\/(undici-package|http|http-route)\.ts$/,
  yaml: /^src\/base\/yaml-package\.ts$/,
  esbuild: /^src\/site\/(framework-cache|share\/share-html)\.ts$/,
  "@resvg/resvg-js": /^src\/site\/share\/share-image\.ts$/,
  pdfkit: /^src\/site\/share\/share-pdf\.ts$/,
};

describe("layers", () => {
  for (const [room, below] of Object.entries(rooms)) {
    it(`lets ${room} import ${below.length === 0 ? "no other room" : `${below.join(", ")} alone`}`, () => {
      const wrong = edges((file) => roomOf(file) === room).filter(
        ([, target]) => ![room, ...below].includes(roomOf(target)),
      );
      assert.deepEqual(wrong, []);
    });
  }

  it("has a room for each file, each room above those that it imports", () => {
    const names = Object.keys(rooms);
    for (const file of imports.keys()) assert.ok(names.includes(roomOf(file)), file);
    for (const [at, name] of names.entries())
      for (const below of rooms[name]!) assert.ok(names.indexOf(below) < at, `${name} imports ${below}`);
  });

  it("lets nothing but the command import the demo", () => {
    const wrong = edges((file) => !file.startsWith("src/demo/") && file !== "src/commands/demo.ts");
    assert.deepEqual(
      wrong.filter(([, target]) => target.startsWith("src/demo/")),
      [],
    );
  });

  it("has no circle of imports, not of types either", () => {
    const done = new Set<string>();
    const visit = (file: string, way: string[]) => {
      const at = way.indexOf(file);
      assert.equal(at, -1, `a circle: ${[...way.slice(at), file].join(" -> ")}`);
      if (done.has(file)) return;
      for (const [, target] of edges((from) => from === file)) visit(target, [...way, file]);
      done.add(file);
    };
    for (const file of imports.keys()) visit(file, []);
    assert.ok(done.size > 200);
  });

  it("keeps pages apart from src", () => {
    assert.deepEqual(
      edges((file) => file.startsWith("notebooks/")).filter(([, target]) => target.startsWith("src/")),
      [],
    );
  });

  for (const [library, door] of Object.entries(doors)) {
    it(`has one door to ${library}`, () => {
      const users = [...imports].filter(([, names]) => names.includes(library)).map(([file]) => file);
      assert.ok(users.length > 0);
      assert.deepEqual(
        users.filter((file) => !door.test(file)),
        [],
      );
    });
  }
});

function edges(from: (file: string) => boolean): [string, string][] {
  return [...imports]
    .filter(([file]) => from(file))
    .flatMap(([file, names]) =>
      names
        .filter((name) => name.startsWith("."))
        .map((name): [string, string] => [file, targetOf(file, name)]),
    );
}

function targetOf(file: string, name: string): string {
  return slashed(normalize(join(dirname(file), name))).replace(/^(notebooks\/.*)\.js$/, "$1.ts");
}

function roomOf(file: string): string {
  const names = Object.keys(rooms).filter((name) => file.startsWith(`${name}/`));
  return names.sort((a, b) => b.length - a.length)[0] ?? "";
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map((match) => match[1]!);
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => slashed(relative(root, join(entry.parentPath, entry.name))));
}

function slashed(path: string): string {
  return path.split(sep).join("/");
}
