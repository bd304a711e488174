// What the kit uses of the YAML package, whose 73 files scripts/compile.js bundles into one.
export {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  parseDocument,
  stringify,
  visit,
  type YAMLMap,
} from "yaml";
