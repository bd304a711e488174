// Framework looks for this name first. It takes the compiled observablehq.config.ts, so that no TypeScript is
// translated at start (tsx would keep a cache outside the project folder).
export { default } from "./dist/observablehq.config.js";
