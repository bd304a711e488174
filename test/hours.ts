// Partitions of hours that have just gone by, for what the command line decides by its own clock.
const begun = Math.floor(Date.now() / 3_600_000) * 3_600_000;

export interface Hour {
  path: string; // dt=2026-11-22/hr=05
  start: string; // 2026-11-22T05:00:00Z
  end: string; // 2026-11-22 06:00
}

/** The full hour that ended `back` hours before this one began. */
export function hourAgo(back: number): Hour {
  const iso = (time: number) => new Date(time).toISOString();
  const start = iso(begun - (back + 1) * 3_600_000);
  return {
    path: `dt=${start.slice(0, 10)}/hr=${start.slice(11, 13)}`,
    start: `${start.slice(0, 19)}Z`,
    end: iso(begun - back * 3_600_000)
      .slice(0, 16)
      .replace("T", " "),
  };
}
