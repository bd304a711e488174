import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { importsIn } from "./imports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const imports = new Map([...sources("src"), ...sources("notebooks/components")].map((file) => [file, importsOf(file)]));

// Each room, and the rooms it imports from besides itself, as docs/architecture.md has them. A folder belongs to the room of
// the longest name; files directly in src/ are the entry.
const rooms = roomsOf(readFileSync(join(root, "docs", "architecture.md"), "utf8"));

// Each outside library has one door.
const doors: Record<string, RegExp> = {
  "@duckdb/node-api": /^src\/duckdb\/duckdb-package\.ts$/,
  "@aws-sdk/client-s3": /^src\/sources\/s3\/s3-sdk\.ts$/,
  undici: /^src\/http\/(undici-package|http|http-route)\.ts$/,
  yaml: /^src\/base\/yaml-package\.ts$/,
  esbuild: /^src\/site\/(framework-cache|share\/share-html)\.ts$/,
  "@resvg/resvg-js": /^src\/site\/share\/share-image\.ts$/,
  fflate: /^notebooks\/components\/workbook\/(workbook|unzip)\.ts$/,
  pdfkit: /^src\/site\/share\/share-pdf\.ts$/,
};

describe("layers", () => {
  for (const [room, below] of rooms) {
    it(`lets ${room} import ${below.length === 0 ? "no other room" : `${below.join(", ")} alone`}`, () => {
      const targets = edges((file) => roomOf(file) === room).filter(([, target]) => roomOf(target) !== room);
      const wrong = targets.filter(([, target]) => !below.includes(roomOf(target)));
      assert.deepEqual(wrong, []);
      const unused = below.filter((name) => !targets.some(([, target]) => roomOf(target) === name));
      assert.deepEqual(unused, [], "docs/architecture.md lists more than is imported");
    });
  }

  it("has a room for each file, each room above those that import it, none wider than 25 files", () => {
    const names = [...rooms.keys()];
    for (const file of imports.keys()) assert.ok(names.includes(roomOf(file)), file);
    for (const [room, below] of rooms)
      for (const name of below) assert.ok(names.indexOf(name) < names.indexOf(room), `${room} imports ${name}`);
    const folders = new Map<string, number>();
    for (const file of imports.keys()) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
    assert.deepEqual(
      [...folders].filter(([, files]) => files > 25),
      [],
    );
  });

  it("lets src see formulas, pictures, workbooks and the card of a day of the pages, and nothing else", () => {
    const seen = edges((file) => file.startsWith("src/")).map(([, target]) => roomOf(target));
    const components = [...new Set(seen)].filter((room) => room.startsWith("notebooks/"));
    assert.deepEqual(
      components.sort(),
      ["metrics", "picture", "receipt", "share", "workbook"].map((name) => `notebooks/components/${name}`),
    );
  });

  it("are told in docs/architecture.md by names of files that exist", () => {
    const text = readFileSync(join(root, "docs", "architecture.md"), "utf8");
    const files = ["src", "test", "notebooks", "data-loaders", "docs"].flatMap(filesIn);
    const named = [...text.matchAll(/`([\w./-]+\.(?:ts|sql|md|css))`/g)].map(([, name]) => name!);
    const missing = named.filter((name) => !files.some((file) => file === name || file.endsWith(`/${name}`)));
    assert.deepEqual(missing, []);
    assert.ok(named.length > 50);
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
      names.filter((name) => name.startsWith(".")).map((name): [string, string] => [file, targetOf(file, name)]),
    );
}

function targetOf(file: string, name: string): string {
  return slashed(normalize(join(dirname(file), name))).replace(/^(notebooks\/.*)\.js$/, "$1.ts");
}

function roomOf(file: string): string {
  const names = [...rooms.keys()].filter((name) => file.startsWith(`${name}/`));
  return names.sort((a, b) => b.length - a.length)[0] ?? "";
}

/** The table of rooms: `room`, what it holds, the short names of the rooms it imports. */
function roomsOf(text: string): Map<string, string[]> {
  const table = [...text.matchAll(/^\| `((?:src|notebooks)\b[^`]*)` \| [^|]+ \| ([^|]+) \|$/gm)];
  const names = new Map(table.map(([, room]) => [shortName(room!), room!]));
  return new Map(
    table.map(([, room, below]) => [
      room!,
      below === "–" ? [] : below!.split(", ").map((name) => names.get(name) ?? `unknown room ${name}`),
    ]),
  );
}

function shortName(room: string): string {
  return room.replace(/^(notebooks\/components|src)\//, "").replace("warehouse/", "");
}

function importsOf(file: string): string[] {
  return importsIn(readFileSync(join(root, file), "utf8")).map(({ name }) => name);
}

function sources(folder: string): string[] {
  return filesIn(folder).filter((file) => file.endsWith(".ts"));
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => slashed(relative(root, join(entry.parentPath, entry.name))));
}

function slashed(path: string): string {
  return path.split(sep).join("/");
}
