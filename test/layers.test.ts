import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const imports = new Map(
  [...sources("src"), ...sources("notebooks/components")].map((file) => [file, importsOf(file)]),
);

// The layers of src/, each with the folders it may import from besides itself and the files directly in src/.
const layers: Record<string, string[]> = {
  export: [],
  sync: ["export"],
  warehouse: ["export", "sync"],
  site: ["export", "sync", "warehouse"],
  demo: ["export"],
  credentials: ["export"],
};

// Each outside library has one door.
const doors: Record<string, RegExp> = {
  "@duckdb/node-api": /^src\/warehouse\/duckdb-package\.ts$/,
  "@aws-sdk/client-s3": /^src\/sync\/s3-sdk\.ts$/,
  yaml: /^src\/yaml-package\.ts$/,
  esbuild: /^src\/site\/(framework-cache|share-html)\.ts$/,
  "@resvg/resvg-js": /^src\/site\/share-image\.ts$/,
  pdfkit: /^src\/site\/share-pdf\.ts$/,
};

describe("layers", () => {
  for (const [layer, below] of Object.entries(layers)) {
    it(`lets ${layer} import ${below.length === 0 ? "no other layer" : `${below.join(", ")} alone`}`, () => {
      const allowed = [layer, ...below].map((name) => `src/${name}/`);
      const wrong = edges((file) => file.startsWith(`src/${layer}/`)).filter(
        ([, target]) => /^src\/[^/]+\//.test(target) && !allowed.some((folder) => target.startsWith(folder)),
      );
      assert.deepEqual(wrong, []);
    });
  }

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
      for (const [, target] of edges((from) => from === file))
        visit(target.replace(/^(notebooks\/.*)\.js$/, "$1.ts"), [...way, file]);
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
        .map((name): [string, string] => [file, slashed(normalize(join(dirname(file), name)))]),
    );
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
