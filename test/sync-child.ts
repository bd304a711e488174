// One sync in a process of its own, for tests that kill it. Arguments: the project's folder, kit.yaml's text, the time.
import { CliError } from "../src/base/errors.ts";
import { sync } from "../src/sync/sync.ts";
import { hasty, projectAt } from "./sync-kit.ts";

const [folder = "", yaml = "", time = ""] = process.argv.slice(2);
let begun = false;
try {
  const report = await sync(projectAt(folder, yaml), {
    now: new Date(time),
    limits: hasty,
    onProgress: () => {
      if (!begun) process.stdout.write("begun\n");
      begun = true;
    },
  });
  process.exitCode = report.failed.length > 0 ? 5 : 0;
  for (const { id, reason } of report.failed) console.error(JSON.stringify(id), reason);
} catch (error) {
  console.error(error);
  process.exitCode = error instanceof CliError ? 2 : 1;
}
