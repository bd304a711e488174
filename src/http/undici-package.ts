// What the kit uses of undici. scripts/compile.js bundles it into one file.
export { buildConnector, Pool } from "undici";
