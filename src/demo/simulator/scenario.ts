/** What happens on single days besides what seed and date draw. */
export interface Scenario {
  surges: Surge[];
  shortages: Shortage[];
}

/** More arrivals than usual, or fewer: from one to two times as many, or a share. */
export interface Surge {
  from: number;
  to: number;
  queue: string | null; // whose intents; null: all
  factor: number;
}

/** Of the reps at work whose first queue it is a few stay: one of the others goes home ill, the rest are in a meeting. */
export interface Shortage {
  from: number;
  to: number;
  queue: string;
  staying: number;
}
