import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type BinaryExpression, type ElementAccessExpression, type Node, SyntaxKind } from "typescript/unstable/ast";
import { API, type Checker, type Type } from "typescript/unstable/sync";
import { namesOf, noNames, own } from "../src/base/names.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

// Objects that are looked into by a text which is no literal, and whose names are none from outside.
const allowed = new Map([
  ["src/base/names.ts", "the two kinds of look-up that all others use"],
  ["src/site/share/svg-document.ts", "globals, by names of its own"],
]);

const environment = /^(ProcessEnv|IncomingHttpHeaders)$/; // made by Node, which has them hold texts alone

describe("names from outside", () => {
  const hostile = [...Object.getOwnPropertyNames(Object.prototype), "then", "toJSON"];

  it("are in a collection when they were put in, and not before", () => {
    for (const name of hostile) {
      const names = noNames<number>();
      assert.equal(names[name], undefined, name);
      names[name] = 1;
      assert.deepEqual(Object.entries(names), [[name, 1]]);
      const read = namesOf(Object.entries(JSON.parse(JSON.stringify(names)) as object));
      assert.deepEqual([Object.keys(read), read[name]], [[name], 1]);
      assert.equal(own({}, name), undefined, name);
      assert.equal(own(Object.fromEntries([[name, 2]]), name), 2);
    }
  });

  it("look into no object that has a prototype, anywhere in the source", () => {
    const wrong = lookups().filter(({ file }) => !allowed.has(file));
    assert.deepEqual(
      wrong.map(({ file, line, text, type }) => `${file}:${line} ${text} of ${type}`),
      [],
      "use a Map; `Names` where JSON is needed; or `own` for a table of ours",
    );
  });
});

interface Lookup {
  file: string;
  line: number;
  text: string;
  type: string;
}

// text of an index       object                            wrong
// "literal", a number    any                               no: TypeScript knows the name
// one of some literals   any                               no: the same
// any text               array, Names, the environment     no
// any text               other                             yes, `name in object` too
// (`...object`)          Names                             yes: the copy is none, for it has a prototype
function lookups(): Lookup[] {
  const api = new API({ cwd: root });
  try {
    const config = join(root, "tsconfig.json");
    const { program, checker } = api.updateSnapshot({ openProjects: [config] }).getProject(config)!;
    return program
      .getSourceFileNames()
      .map((name) => ({ name, file: relative(root, name) }))
      .filter(({ file }) => /^(src|notebooks)\//.test(file))
      .flatMap(({ name, file }) => {
        const source = program.getSourceFile(name)!;
        const line = (node: Node) => source.text.slice(0, node.getStart(source)).split("\n").length;
        return wrongIn(source, checker).map(({ node, type }) => ({
          file,
          line: line(node),
          text: node.getText(source).slice(0, 60),
          type: checker.typeToString(type),
        }));
      });
  } finally {
    api.close();
  }
}

function wrongIn(source: Node, checker: Checker): { node: Node; type: Type }[] {
  const nodes: Node[] = [];
  const visit = (node: Node) => {
    const isIn =
      node.kind === SyntaxKind.BinaryExpression &&
      (node as BinaryExpression).operatorToken.kind === SyntaxKind.InKeyword;
    if (isIn || node.kind === SyntaxKind.ElementAccessExpression || node.kind === SyntaxKind.SpreadAssignment)
      nodes.push(node);
    node.forEachChild(visit);
  };
  visit(source);
  return nodes.flatMap((node) => {
    const [object, index] = partsOf(node);
    const found = checker.getTypeAtLocation(object)!;
    const type = checker.getNonNullableType(found) ?? found;
    const name = checker.typeToString(type);
    const isNames = /^Names</.test(name);
    if (index === null) return isNames ? [{ node, type }] : [];
    const anyText = /^(string|any)$/.test(checker.typeToString(checker.getTypeAtLocation(index)!));
    if (!anyText || isNames || environment.test(name) || checker.isArrayLikeType(type)) return [];
    return [{ node, type }];
  });
}

function partsOf(node: Node): [object: Node, index: Node | null] {
  if (node.kind === SyntaxKind.SpreadAssignment) return [(node as unknown as { expression: Node }).expression, null];
  if (node.kind === SyntaxKind.BinaryExpression) {
    const { left, right } = node as BinaryExpression;
    return [right, left];
  }
  const { expression, argumentExpression } = node as ElementAccessExpression;
  return [expression, argumentExpression];
}
