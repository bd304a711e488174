import type { Site } from "../notebooks/components/metrics/site.ts";

/** A site without any settings of its own: in UTC, always open, 80 % answered in 60 s. */
export const testSite: Site = {
  title: "Test",
  timezone: "UTC",
  target: 0.8,
  seconds: 60,
  variant: "offered",
  threshold_counts: "answered",
  min_reps: 5,
  min_contacts: 10,
  week_start: 1,
  open_hours: null,
  synced_at: null,
  grace_minutes: 60,
  feeds: [],
};
