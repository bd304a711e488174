import { classifyFeed, readClock } from "../metrics/freshness.js";
import type { FreshSite } from "../metrics/site.js";
import { followSite, type Told } from "./renewal.js";

let told: Told | null = null; // null: nobody follows the site yet
let draw: () => void = () => {};

/** What is known of the time: this device's clock, the server's, and the end of the newest build's sync. */
export function clock(): { device: number; server: number | null; synced: string | null } {
  const device = Date.now();
  const { server = null, synced = null } = told ?? {};
  return { device, server: server === null ? null : device + server, synced };
}

/** Draws again every few seconds, in place of what was drawn before, and follows the site's builds. */
export function keepDrawing(site: Pick<FreshSite, "synced_at">, again: () => void): void {
  draw = again;
  if (told !== null) return;
  told = { server: null, synced: null };
  followSite(site.synced_at, (now) => {
    told = now;
    draw();
  });
}

/** The time in milliseconds; that of the sync where this device's clock cannot be right. */
export function siteNow(site: Pick<FreshSite, "synced_at">): number {
  const { device, server, synced } = clock();
  const last = synced ?? site.synced_at;
  const syncedAt = last === null ? null : Date.parse(last);
  return readClock({ device, server, synced: syncedAt }).now ?? syncedAt!;
}

/** The time, and again when the judgement of a feed has changed, or five minutes have passed. */
export async function* stateClock(site: FreshSite): AsyncGenerator<number> {
  let [shownStates, said] = ["", 0];
  for (;;) {
    const now = siteNow(site);
    const synced = site.synced_at === null ? null : Date.parse(site.synced_at);
    const states = site.feeds.map(
      (feed) => classifyFeed(feed, { now, synced, graceMinutes: site.grace_minutes }).state,
    );
    if (states.join() !== shownStates || Math.abs(now - said) > 300_000) {
      [shownStates, said] = [states.join(), now];
      yield now;
    }
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
}
