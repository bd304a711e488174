import { selectFeed } from "../../config/config.ts";
import { feedOf, type Project } from "../../config/project.ts";
import type { Rules } from "./evaluate.ts";

/** The settings of a project that decide a verdict. */
export function rulesOf(project: Pick<Project, "config" | "feeds">, now: Date): Rules {
  const { config } = project;
  const today = now.toISOString().slice(0, 10);
  return {
    config,
    cadence: (name) => {
      const { cadenceMinutes, endOfLife } = feedOf(project, name);
      const ended = endOfLife !== null && endOfLife < today;
      return ended || selectFeed(config, name) === null ? Number.POSITIVE_INFINITY : (cadenceMinutes ?? 1440);
    },
  };
}
