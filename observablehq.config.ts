import { frameworkConfig } from "./src/site/framework.ts";

export default await frameworkConfig();
