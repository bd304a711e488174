import { classifyFeed, readClock } from "../metrics/freshness.js";
import type { FreshSite } from "../metrics/site.js";
import { followSite, type ServerState } from "./renewal.js";

let state: ServerState | null = null; // null: not followed yet
let draw: () => void = () => {};

/** This device's clock, the server's clock if known, and the end of the newest build's sync. */
export function clock(): { device: number; server: number | null; synced: string | null } {
  const device = Date.now();
  const { ahead = null, synced = null } = state ?? {};
  return { device, server: ahead === null ? null : device + ahead, synced };
}

/** Calls `redraw` every few seconds, in place of an earlier one, and follows the site's builds. */
export function keepDrawing(site: Pick<FreshSite, "synced_at">, redraw: () => void): void {
  draw = redraw;
  if (state !== null) return;
  state = { ahead: null, synced: null };
  followSite(site.synced_at, (server) => {
    state = server;
    draw();
  });
}

/** The time in milliseconds; the end of the sync where this device's clock must be wrong. */
export function siteNow(site: Pick<FreshSite, "synced_at">): number {
  const { device, server, synced } = clock();
  const last = synced ?? site.synced_at;
  const syncedAt = last === null ? null : Date.parse(last);
  return readClock({ device, server, synced: syncedAt }).now ?? syncedAt ?? device;
}

/** The time, and again whenever the state of a feed changes or five minutes have passed. */
export async function* stateClock(site: FreshSite): AsyncGenerator<number> {
  let [shownStates, shownAt] = ["", 0];
  for (;;) {
    const now = siteNow(site);
    const synced = site.synced_at === null ? null : Date.parse(site.synced_at);
    const states = site.feeds.map(
      (feed) => classifyFeed(feed, { now, synced, graceMinutes: site.grace_minutes }).state,
    );
    if (states.join() !== shownStates || Math.abs(now - shownAt) > 300_000) {
      [shownStates, shownAt] = [states.join(), now];
      yield now;
    }
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
}
