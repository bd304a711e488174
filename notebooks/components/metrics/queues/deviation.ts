import { isChange } from "../baseline.js";
import { change } from "../format.js";
import type { QueueOfDay } from "./queue-board.js";
import { handleNoise } from "./worst-queues.js";

/** Deviation of a queue's figure, as a share; null where either is unknown. */
export interface Deviation {
  share: number | null;
  chance: boolean; // it is within noise
}

/** Contacts so far against the usual of the same intervals. */
export function volumeDeviation({ offered, compared }: QueueOfDay): Deviation {
  const usual = compared?.offered;
  return usual ? { share: offered / usual - 1, chance: !isChange(offered, usual) } : { share: null, chance: false };
}

/** Mean handle time against the usual. */
export function handleDeviation({ handle, compared, assigned }: QueueOfDay): Deviation {
  const usual = compared?.handle;
  if (handle === null || !usual) return { share: null, chance: false };
  const share = handle / usual - 1;
  return { share, chance: Math.abs(share) <= handleNoise(assigned) };
}

/** "+12%", in brackets where it is within noise. */
export function deviationText({ share, chance }: Deviation): string {
  return chance ? `(${change(share)})` : change(share);
}
