/** What of one feed could not be taken in: its earlier state stays, and the others go on. */
export interface Trouble {
  feed: string;
  dt: string; // "": not of one day
  reason: string;
}
