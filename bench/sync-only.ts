// `asapp-kit sync` without the warehouse, which the other clients of bench/sync lack: list, plan, download, verify.
import { openProject } from "../src/config/project.ts";
import { sync } from "../src/sync/sync.ts";

await sync(openProject(process.argv[2]));
