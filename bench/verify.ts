// `asapp-kit verify --feed utterances` over a short and a long history: seconds and peak memory of each.
//   node dist/bench/verify.js [--days 30,90] [--rows 2778]
// --rows: per hourly file; half of an hour's messages are delivered again in the next.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { updateWarehouse } from "../src/warehouse/update.ts";
import { rawFixture } from "../test/raw-fixture.ts";
import { at } from "./history.ts";
import { machine, measure } from "./measure.ts";

const { values } = parseArgs({
  options: { days: { type: "string", default: "30,90" }, rows: { type: "string", default: "2778" } },
});
const perHour = Number(values.rows);
const folder = mkdtempSync(join(tmpdir(), "kit-bench-"));
const fixture = rawFixture(undefined, folder);
const config = join(folder, "kit.yaml");
const kit = fileURLToPath(new URL("../../bin/asapp-kit.js", import.meta.url));

try {
  writeFileSync(config, `data: ${fixture.project.data}\n`);
  console.log(`${machine()}\n`);
  console.log("| rows | files | seconds | CPU seconds | peak MiB |\n|---|---|---|---|---|");
  let hours = 0;
  for (const days of values.days.split(",").map(Number)) {
    for (; hours < days * 24; hours++) fixture.put("utterances", at(hours), messages(hours), { level: 1 });
    const { failed } = await updateWarehouse(fixture.project);
    if (failed.length > 0) throw new Error(failed[0]!.reason);
    const command = [process.execPath, kit, "verify", "--feed", "utterances"];
    const { seconds, cpuSeconds, peakMiB } = measure(command, { ASAPP_KIT_CONFIG: config });
    const cells = [hours * perHour, hours, seconds.toFixed(1), cpuSeconds.toFixed(1), peakMiB.toFixed(0)];
    console.log(`| ${cells.join(" | ")} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function messages(hour: number): object[] {
  const half = Math.ceil(perHour / 2);
  return Array.from({ length: perHour }, (_, i) => {
    const number = (i < half ? hour : hour - 1) * half + (i % half);
    const created = new Date(Date.UTC(2025, 0, 1) + number * 2000).toISOString();
    return {
      instance_ts: created,
      created_ts: created,
      issue_id: 1_000_000 + Math.floor(number / 12),
      sender_id: 5_000_000 + (number % 9973),
      sender_type: number % 2 ? "customer" : "rep",
      utterance_type: "freehand",
      utterance: `message ${number} of a conversation about a bill`,
      sent_to_rep: true,
    };
  });
}
