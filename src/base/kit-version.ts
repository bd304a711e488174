import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kitRoot } from "./kit-folders.ts";

/** The kit and its version, as files tell that it made: "asapp-notebook-kit 0.1.0". */
export function madeBy(): string {
  const { name, version } = kitVersion();
  return `${name} ${version}`;
}

/** The kit's name and version. */
export function kitVersion(): { name: string; version: string } {
  const { name, version } = JSON.parse(readFileSync(join(kitRoot, "package.json"), "utf8"));
  return { name, version };
}
