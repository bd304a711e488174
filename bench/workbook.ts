// 1,000,000 rows of 10 columns by `sql -o`: time, peak memory and size of an Excel workbook beside a CSV file.
//   node dist/bench/workbook.js [--rows 1000000] [--runs 3]
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine, measure, middle, usageTable } from "./measure.ts";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, runs: { type: "string", default: "3" } },
});
const formats = ["csv", "xlsx"];
const folder = mkdtempSync(join(tmpdir(), "kit-workbook-"));
const config = join(folder, "kit.yaml");
const bin = new URL("../../bin/asapp-kit.js", import.meta.url).pathname;
const query = `select i as id, timestamp '2026-01-01' + to_seconds(i * 7) as at, date '2026-01-01' + (i // 5000)::integer as day,
  'Queue ' || i % 50 as queue, md5(i::varchar) as issue_id, i % 7 as contacts, hash(i) % 100000 / 100.0 as wait_seconds,
  (hash(i, 1) % 1000 / 1000.0)::decimal(5, 3) as level, i % 3 = 0 as abandoned, if(i % 4 = 0, null, 'chat') as channel
  from range(${Number(values.rows)}) as rows (i)`;

try {
  writeFileSync(config, "data: data\n");
  const sizes: string[] = [];
  const rows = formats.map((format) => {
    const file = join(folder, `rows.${format}`);
    const command = [process.execPath, bin, "sql", "--config", config, query, "-o", file];
    const usage = middle(Array.from({ length: Number(values.runs) }, () => measure(command)));
    sizes.push(`${format} ${(statSync(file).size / 2 ** 20).toFixed(0)} MiB`);
    return { name: format, usage };
  });
  console.log(
    `${values.rows} rows of 10 columns; ${machine()}; median of ${values.runs}. Files: ${sizes.join(", ")}.\n`,
  );
  console.log(usageTable(rows, "csv"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
