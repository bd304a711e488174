// What reading YAML needs of its package, which is 73 files; scripts/compile.js makes one of them.
export { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
