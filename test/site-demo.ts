import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openProject, type Project } from "../src/config/project.ts";
import { fillBucket } from "../src/demo/bucket.ts";
import { demoBucket } from "../src/demo/demo.ts";
import { folderStore } from "../src/demo/s3/object-store.ts";
import { simulateLazily } from "../src/demo/simulator/simulate.ts";
import { sync } from "../src/sync/sync.ts";
import { updateWarehouse } from "../src/warehouse/update.ts";

export interface DemoProject {
  folder: string;
  project: Project;
  delete(): void;
}

/** Feeds that the pages are made from. */
export const siteFeeds = [
  "convos_metadata_ended",
  "convos_metrics",
  "convos_metrics_ended",
  "customer_feedback",
  "dim_queues",
  "export_row_counts",
  "issue_queues",
  "queue_membership_wfm",
  "queue_wfm",
  "rep_convos",
  "reps",
];

/** Those that a shared card of a day is made from. */
export const dayFeeds = ["dim_queues", "issue_queues", "queue_membership_wfm", "queue_wfm", "rep_convos"];

/** A small contact centre's exports, synced from a folder and staged: what the site is built from in tests. */
export async function demoProject({
  days = 8,
  conversationsPerDay = 400,
  feeds = siteFeeds,
  seed = 4,
  name = "",
} = {}): Promise<DemoProject> {
  const now = new Date("2026-09-16T18:41:00Z"); // a Wednesday, 14:41 in New York
  const parent = mkdtempSync(join(tmpdir(), "asapp-site-"));
  const folder = join(parent, name);
  const bucket = join(folder, "bucket");
  mkdirSync(bucket, { recursive: true });
  const exports = simulateLazily({ seed, days, now, conversationsPerDay });
  fillBucket(folderStore(bucket), demoBucket, exports, { feeds });
  const config = join(folder, "kit.yaml");
  writeFileSync(
    config,
    [
      "source:",
      `  path: ${JSON.stringify(join(bucket, demoBucket))}`,
      "data: data",
      "timezone: America/New_York",
      "site:",
      "  title: Test contact centre",
      "  privacy:",
      "    min_reps: 2",
      "",
    ].join("\n"),
  );
  const project = openProject(config);
  await sync(project, { now });
  await updateWarehouse(project, { now });
  return { folder, project, delete: () => rmSync(parent, { recursive: true, force: true }) };
}
