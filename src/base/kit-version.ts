import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kitRoot } from "./kit-folders.ts";

/** The kit's name and version. */
export function kitVersion(): { name: string; version: string } {
  const { name, version } = JSON.parse(readFileSync(join(kitRoot, "package.json"), "utf8"));
  return { name, version };
}
