// What reading and writing YAML need of its package, which is 73 files; scripts/compile.js makes one of them.
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
